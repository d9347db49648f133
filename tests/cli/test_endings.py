"""How runs end: exit status, JSON errors, interruptions, pipes, and never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import command
from support.counter import DEMO, GULOU, HAITANG, YINXING, Run

COMMAND = [sys.executable, "-c", "from cli.main import main; main()"]

BAD_LINES = (
    ("center", "list", "--nonsense"),
    ("center", "list", "--status", "closed"),
    ("center", "show"),
    ("center", "show", GULOU, "--on", "2022-13-01"),
    ("centre", "show"),
    ("center", "shw"),
    ("record",),
    ("record", "a", "b"),
    ("log", "show", "--on"),
    ("center", "list", "--csv"),
)


@pytest.mark.parametrize("arguments", BAD_LINES, ids=" ".join)
def test_usage_error_is_json(arguments: tuple[str, ...], run: Run, town: str) -> None:
    """A command line that cannot be read is answered in JSON where JSON was asked for."""
    said = run(*arguments, "--json", url=town)
    assert said.status == 2
    assert said.json["ok"] is False
    assert said.json["error"]["code"] == "usage"
    assert said.json["error"]["message"]
    assert "Error: " in said.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("center", "eligible", YINXING, "--on", "2023-01-31"), 1),
        (("audit",), 1),
        (("record", "-"), 1),
        (("center", "show", "beijing/1"), 2),
        (("center", "show", "91110108MA1D00009X"), 2),
        (("log", "show", "beijing"), 2),
        (("center", "show", GULOU, "--known-at", "yesterday"), 2),
        (("center", "show", "beijing/91110108MA10000177"), 3),
        (("center", "show", GULOU, "--known-at", "beijing#999"), 3),
        (("center", "show", "shanghai/91110108MA10000177"), 3),
        (("log", "show", "beijing#999"), 3),
        (("log", "verify", "--scheme", "xian"), 3),
        (("policy", "show", "beijing/9"), 3),
        (("record", "nowhere.jsonl"), 3),
    ],
    ids=str,
)
def test_no_has_its_status(arguments: tuple[str, ...], status: int, run: Run, town: str) -> None:
    """Each kind of no has its exit status, and its error in JSON; `ok` is false."""
    stdin = (DEMO / "again.jsonl").read_text(encoding="utf-8")
    said = run(*arguments, "--json", url=town, stdin=stdin)
    assert said.status == status
    assert said.json["ok"] is False


def test_other_content_is_conflict(run: Run, town: str) -> None:
    """A known key with other content ends with status 4."""
    line = (
        f'{{"type": "WithdrawalRequested", "on": "2023-01-01", "center": "{GULOU}", '
        '"key": "gulou-revoked"}\n'
    )
    said = run("record", "-", "--json", url=town, stdin=line)
    assert said.status == 4
    assert said.json["error"]["code"] == "key_conflict"


def test_damage_has_status_five(run: Run, tmp_path: Path) -> None:
    """A ledger that was tampered with ends with status 5 and names the entry."""
    import sqlite3

    url = f"sqlite:///{tmp_path}/ledger.db"
    assert run("record", str(DEMO / "town.jsonl"), url=url).status == 0
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("DROP TRIGGER entries_refuse_update")
        database.execute("UPDATE entries SET effective = '2019-01-01' WHERE position = 7")
    database.close()
    said = run("log", "verify", "--json", url=url)
    assert said.status == 5
    assert "beijing#7" in {problem["position"] for problem in said.json["problems"]}
    assert "beijing#7" in run("log", "verify", url=url, language="zh").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("center", "list"),
        ("center", "show", HAITANG),
        ("center", "why", HAITANG),
        ("audit",),
        ("log", "show"),
        ("log", "verify"),
        ("projection", "check"),
    ],
    ids=" ".join,
)
def test_question_creates_no_ledger(arguments: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    """Where no ledger is, a question says so and how to make one, and leaves no file behind."""
    said = run(*arguments)
    assert said.status == 3
    assert "taizhang init" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_recording_creates_the_ledger(run: Run, tmp_path: Path) -> None:
    """`record` makes the ledger it is told of, with the regulations in it."""
    said = run("record", str(DEMO / "town.jsonl"), url=f"sqlite:///{tmp_path}/new.db")
    assert said.status == 0
    assert (tmp_path / "new.db").exists()
    assert run("log", "verify", url=f"sqlite:///{tmp_path}/new.db").status == 0


@pytest.mark.parametrize("file", ["nowhere.jsonl", "-"])
def test_playing_creates_no_ledger(file: str, run: Run, tmp_path: Path) -> None:
    """`record --dry-run`, and `record` of a file that is not there, make no ledger."""
    town = (DEMO / "town.jsonl").read_text(encoding="utf-8")
    arguments = ("record", file) if file != "-" else ("record", "-", "--dry-run")
    said = run(*arguments, stdin=town)
    assert said.status == (0 if file == "-" else 3)
    assert list(tmp_path.iterdir()) == []


def test_policies_need_no_ledger(run: Run) -> None:
    """Regulations can be read before there is a ledger."""
    assert run("policy", "list").status == 0
    assert run("policy", "show", "xian/2016").status == 0


def test_own_mistake_is_no_traceback(run: Run, town: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of the program ends with 70 and what to report, and no traceback."""
    monkeypatch.setattr("cli.desk.Desk.register", lambda *_, **__: 1 / 0)
    said = run("center", "list", "--json", url=town)
    assert said.status == 70
    assert said.json["error"]["code"] == "internal"
    assert "ZeroDivisionError" in said.stderr
    assert "Traceback" not in said.stderr
    os.environ["TAIZHANG_DEBUG"] = "1"
    assert "Traceback" in run("center", "list", url=town).stderr


@pytest.mark.slow
def test_interruption_records_nothing(tmp_path: Path) -> None:
    """Ctrl-C before the commit ends with 130, says so, and nothing is recorded."""
    assert command.run(tmp_path, "init").status == 0
    with subprocess.Popen(
        [*COMMAND, "record", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "TAIZHANG_LEDGER": "sqlite:///ledger.db", "TAIZHANG_LANG": "en"},
    ) as process:
        time.sleep(1)  # it waits for the end of its input
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr is not None
        assert "Interrupted; nothing was recorded." in process.stderr.read().decode()
    assert command.run(tmp_path, "log", "show", "--json").json["logs"] == []


def test_interruption_after_recording_says_so(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C after the commit does not claim that nothing was recorded."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("projections.running.catch_up", interrupt)
    said = run("record", str(DEMO / "town.jsonl"), url=f"sqlite:///{tmp_path}/new.db")
    assert said.status == 130
    assert "after everything was recorded" in said.stderr


@pytest.mark.slow
def test_closed_pipe_is_quiet(town: str) -> None:
    """Whoever stops reading hears no complaint."""
    with subprocess.Popen(
        [*COMMAND, "policy", "show", "xian/2016"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1"])
def test_chinese_in_any_locale(locale: str, town: str) -> None:
    """Chinese is printed as UTF-8 whatever the locale says."""
    done = subprocess.run(
        [*COMMAND, "center", "list"],
        env={
            **{k: v for k, v in os.environ.items() if k not in ("TAIZHANG_LANG", "LANG")},
            "LC_ALL": locale,
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "TAIZHANG_LEDGER": town,
        },
        capture_output=True,
        check=True,
    )
    assert "北京鼓楼示例医疗有限公司" in done.stdout.decode()
    assert "共 9 家" in done.stderr.decode()
