"""Up to which position an answer speaks, and waiting until it can speak of one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cli.desk import Desk
from projections import running
from support.counter import GULOU, YINXING, Run, fact

ONE_LOG = {
    "show": ("center", "show", YINXING),
    "history": ("center", "history", YINXING),
    "why": ("center", "why", YINXING),
    "eligible": ("center", "eligible", GULOU),
    "round": ("round", "show", "beijing:evaluation:2022"),
    "what-if": ("what-if", "--scheme", "beijing", "--policy", "beijing/1"),
}
ALL_LOGS = {
    "list": ("center", "list"),
    "audit": ("audit",),
    "deadlines": ("deadlines",),
    "log-show": ("log", "show"),
    "log-verify": ("log", "verify"),
}


def end_of(url: str) -> str:
    """The last position of the only log."""
    desk = Desk(url)
    (head,) = desk.logs()
    desk.close()
    return f"{head.log}#{head.size - 1}"


@pytest.mark.parametrize("name", ONE_LOG)
def test_answer_names_its_end(run: Run, town: str, name: str) -> None:
    """An answer of one log says which entry is the last it knows of."""
    assert run(*ONE_LOG[name], "--json", url=town).json["upto"] == end_of(town)


@pytest.mark.parametrize("name", ALL_LOGS)
def test_answers_name_their_ends(run: Run, town: str, name: str) -> None:
    """An answer of all logs says it of each."""
    assert run(*ALL_LOGS[name], "--json", url=town).json["upto"] == [end_of(town)]


@pytest.mark.parametrize("name", ["show", "history", "why", "eligible", "round"])
def test_known_at_is_the_end(run: Run, town: str, name: str) -> None:
    """What is asked as known at a position speaks up to it."""
    said = run(*ONE_LOG[name], "--known-at", "beijing#139", "--json", url=town)
    assert said.json["upto"] == "beijing#139"
    assert run("deadlines", "--known-at", "beijing#139", "--json", url=town).json["upto"] == [
        "beijing#139"
    ]


def test_before_everything_is_null(run: Run, town: str) -> None:
    """Before the first entry there is no position to name."""
    said = run(
        "center", "eligible", GULOU, "--known-at", "2000-01-01T00:00:00Z", "--json", url=town
    )
    assert said.json["upto"] is None


# --- exactly up to there ------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """A ledger of two centers."""
    made = Desk(f"sqlite:///{tmp_path}/ledger.db", create=True)
    made.initialise()
    made.record([fact("a").encode(), fact("b").encode()])
    yield made
    made.close()


def test_later_entries_are_left_out(desk: Desk) -> None:
    """What is recorded while a question is answered is not in the answer."""
    view = desk.view("hechuan")
    desk.record([fact("a", key="second").encode(), fact("c").encode()])
    assert [r.position for r in desk.entries("hechuan/id:a", view)] == [0]
    assert [len(found) for _, found in desk._known_streams(view, None)] == [1, 1, 0]
    assert [acts for acts, _ in desk.audit("hechuan", size=2)] == [0, 0]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("position", [0, 1, 2, 3, 4])
def test_register_stands_where_asked(desk: Desk, size: int, position: int) -> None:
    """The register is that of a size, whether its live rows are behind it or ahead."""
    desk.record([fact("a", key="second").encode(), fact("c").encode()])
    upto = {"hechuan": position}
    desk.shelf.replace("hechuan", iter(list(desk.register(
        scheme=None, status=None, search=None, sizes=upto))), upto=position)  # fmt: skip
    assert desk.shelf.position("hechuan") == position
    rows = list(running.caught_up(desk.source, desk.shelf, "hechuan", size=size))
    expected = {"a": [0, 2], "b": [1], "c": [3]}
    known = {c: [p for p in at if p < size] for c, at in expected.items()}
    assert [(r.center, r.entries, r.position) for r in rows] == [
        (f"hechuan/id:{c}", len(at), at[-1]) for c, at in known.items() if at
    ]


# --- waiting ------------------------------------------------------------------------------------


def test_waits_until_it_is_there(desk: Desk, run: Run, tmp_path: Path) -> None:
    """A question asked too early is answered once another process has recorded."""
    (tmp_path / "more.jsonl").write_text(fact("c"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            lambda: Desk(desk.url).wait_for(["hechuan#1", "hechuan#2"], seconds=60)
        )
        assert not waiting.done()
        said = run("record", "more.jsonl", "--json", url=desk.url)
        assert said.json["upto"] == ["hechuan#2"]
        waiting.result(60)
    said = run("center", "show", "hechuan/id:c", "--wait-for", "hechuan#2", "--json", url=desk.url)
    assert (said.status, said.json["upto"]) == (0, "hechuan#2")


WAITING = [
    *ONE_LOG.values(), *ALL_LOGS.values(), ("log", "show", "beijing#1"),
    ("log", "prove", "beijing#1"), ("log", "consistency", "beijing", "1"),
    ("log", "publish", "site"), ("evidence", "export", YINXING, "-o", "file"),
    ("projection", "check"),
]  # fmt: skip


@pytest.mark.parametrize("command", WAITING, ids=" ".join)
def test_what_does_not_come_is_said(run: Run, town: str, command: tuple[str, ...]) -> None:
    """Every question can wait, and with what does not come in time it ends with status 4."""
    late = ("--wait-for", "beijing#9999", "--wait-seconds", "0.05")
    said = run(*command, *late, "--json", url=town)
    assert (said.status, said.json["error"]["code"]) == (4, "behind")
    assert "beijing#9999 is not on file here after 0.05 s" in said.stderr


def test_settings_wait_too(run: Run, town: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to wait for, and how long, may stand in the environment, for several logs."""
    monkeypatch.setenv("TAIZHANG_WAIT_FOR", "beijing#1 xian#0")
    monkeypatch.setenv("TAIZHANG_WAIT_SECONDS", "0")
    said = run("center", "list", url=town)
    assert said.status == 4
    assert "xian#0 is not on file here after 0 s of waiting, xian has 0 entries" in said.stderr


def test_only_positions_are_waited_for(run: Run, town: str) -> None:
    """Anything but a position is usage."""
    assert run("center", "list", "--wait-for", "41", url=town).status == 2


def test_skipped_lines_name_an_end(desk: Desk, run: Run, tmp_path: Path) -> None:
    """Where every line was on file already, the receipt still says what to wait for; where nothing
    is recorded because it is tried only, it does not."""
    (tmp_path / "again.jsonl").write_text(fact("a"))
    said = run("record", "again.jsonl", "--json", url=desk.url)
    assert (said.json["skipped"], said.json["upto"]) == (1, ["hechuan#1"])
    assert run("record", "again.jsonl", "--dry-run", "--json", url=desk.url).json["upto"] == []
