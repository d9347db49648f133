"""`record --batch`: what was recorded stays, and the same command again goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from cli.desk import Desk
from cli.progress import counting
from ledger.receipt import Receipt
from support.command import COMMAND
from support.counter import Run
from support.terminal import at_terminal


def line(number: int, **more: object) -> str:
    """A fact of a center of its own, under a key."""
    fact = {
        "type": "FactEstablished",
        "on": "2022-02-02",
        "center": f"hechuan/id:c{number}",
        "fact": "dissolution",
        "key": f"k{number}",
    }
    return json.dumps(fact | more) + "\n"


def size_of(url: str) -> int:
    """How many entries the log of hechuan has."""
    desk = Desk(url)
    try:
        return desk.source.size("hechuan")
    finally:
        desk.close()


def test_earlier_batches_stay(run: Run, tmp_path: Path) -> None:
    """A bad line keeps its batch out; what stands before stays, and sent again is skipped."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    lines = [line(number) for number in range(10)]
    bad = [*lines[:7], line(7, on="2022-02-31"), *lines[8:]]
    said = run("record", "-", "--batch", "3", "--json", url=url, stdin="".join(bad))
    assert said.status == 2
    assert (said.json["error"]["line"], said.json["error"]["next_line"]) == (8, 7)
    assert "nothing of their batch was recorded" in said.stderr
    assert "before line 7 is recorded" in said.stderr
    assert size_of(url) == 6
    again = run("record", "-", "--batch", "3", "--json", url=url, stdin="".join(lines)).json
    assert (again["recorded"], again["skipped"]) == (4, 6)
    assert again["positions"] == [f"hechuan#{number}" for number in range(6, 10)]
    assert run("log", "verify", url=url).status == 0


def test_batches_demand_keys(run: Run, tmp_path: Path) -> None:
    """A line without a key could be recorded twice: it is malformed in batches alone."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    keyless = json.dumps({k: v for k, v in json.loads(line(1)).items() if k != "key"}) + "\n"
    said = run("record", "-", "--batch", "5", url=url, stdin=line(0) + keyless)
    assert said.status == 2
    assert "line 2: recorded in batches, every line needs a key" in said.stderr
    assert "nothing of the file is recorded" in said.stderr
    assert size_of(url) == 0
    assert run("record", "-", url=url, stdin=line(0) + keyless).status == 0


def test_other_content_stops_a_batch(run: Run, tmp_path: Path) -> None:
    """A known key with other content keeps the batch out, and the words say so."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    other = line(1) + line(2) + line(1, on="2022-02-03")
    said = run("record", "-", "--batch", "2", url=url, stdin=other)
    assert said.status == 4
    assert "nothing of its batch was recorded" in said.stderr
    assert size_of(url) == 2


def test_no_batches_without_recording(run: Run, tmp_path: Path) -> None:
    """Batches cannot be played: a later one would be judged without the earlier ones."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert run("record", "-", "--batch", "2", "--dry-run", url=url, stdin=line(1)).status == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_interrupted_batches_go_on(
    sent: signal.Signals, status: int, ledger_url: str, tmp_path: Path
) -> None:
    """Interrupted, the batches before stay and it is said where to go on; again, it is whole."""
    desk = Desk(ledger_url, create=True, trust=tmp_path / "trust")
    desk.initialise()
    desk.close()
    known = {"TAIZHANG_LEDGER": ledger_url, "TAIZHANG_TRUST": "trust", "TAIZHANG_LANG": "en"}
    lines = [line(number) for number in range(25)]
    command = [*COMMAND, "record", "-", "--batch", "10"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ | known,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("".join(lines[:15]).encode())
        process.stdin.flush()
        end = time.monotonic() + 120
        while size_of(ledger_url) < 10:
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(1)  # now it waits for the rest of the second batch
        process.send_signal(sent)
        said = process.stderr.read().decode()
    assert process.returncode == status, said
    assert "before line 11 is recorded" in said
    assert size_of(ledger_url) == 10
    desk = Desk(ledger_url, trust=tmp_path / "trust")
    receipt = desk.record([text.encode() for text in lines])
    assert (receipt.recorded, receipt.skipped) == (15, 10)
    assert not desk.verify().problems
    desk.close()


@pytest.mark.parametrize(
    ("is_recorded", "size"), [(True, 2), (False, 0)], ids=["committed", "taken back"]
)
def test_interrupted_in_the_commit(
    is_recorded: bool, size: int, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can tell whether the commit was in time, that is said, and how to find out."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if is_recorded:
        monkeypatch.setattr(
            "ledger.book.reached", lambda point: interrupt() if "committed" in point else None
        )
    else:
        monkeypatch.setattr("ledger.book.reached", lambda _point: event.listen(*commits))
    commits = (Engine, "commit", interrupt)
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert run("init", "--no-passphrase", url=url).status == 0
    try:
        said = run("record", "-", url=url, stdin=line(1) + line(2))
    finally:
        if event.contains(*commits):
            event.remove(*commits)
    assert said.status == 130
    assert "Interrupted in the commit: all of it was recorded, or nothing." in said.stderr
    assert "log show" in said.stderr
    assert size_of(url) == size
    assert run("log", "verify", url=url).status == 0


@pytest.mark.slow
def test_termination_records_nothing(tmp_path: Path) -> None:
    """SIGTERM before the commit ends with 143, says so, and how to go on."""
    known = {"TAIZHANG_LEDGER": "sqlite:///ledger.db", "TAIZHANG_LANG": "en"}
    with subprocess.Popen(
        [*COMMAND, "record", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ | known,
    ) as process:
        time.sleep(3)  # it waits for the end of its input
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert process.returncode == 143
    assert "Interrupted; nothing was recorded." in said
    assert "--batch" in said


@pytest.mark.slow
def test_terminal_sees_the_rate(tmp_path: Path) -> None:
    """A terminal sees lines and rate; the JSON answer is as it is without one."""
    (tmp_path / "file.jsonl").write_text("".join(line(number) for number in range(3)))
    with at_terminal(tmp_path, "record", "file.jsonl", "--json") as terminal:
        status, stdout = terminal.finish()
    assert status == 0, terminal.shown
    assert json.loads(stdout)["recorded"] == 3
    assert "/s" in terminal.shown


def test_long_work_is_summed_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What took long leaves one line with count, seconds and rate."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("cli.progress.monotonic", iter([0.0, 2.0, 4.0, 4.0]).__next__)
    with counting("recording") as count:
        assert count is not None
        count(2000)
    assert "2,000" in capsys.readouterr().err.splitlines()[-1]


def test_runs_of_a_receipt_leave_memory() -> None:
    """Entries of two logs by turns make a run each; a receipt holds only the last one."""
    receipt = Receipt()
    for number in range(50):
        receipt.count("beijing", number, number + 1)
        receipt.count("xian", number, number + 1)
    assert len(receipt._runs) == 99
    assert list(receipt.positions())[-2:] == ["beijing#49", "xian#49"]
    assert receipt.recorded == 100
