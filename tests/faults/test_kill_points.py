"""Killed at any named point, a command leaves a sound ledger, and run again it completes.

Acknowledged is what a command that ended with status 0 has said. Whatever the point: none of it is
lost, and no two roots are signed for one size of one log. `log publish` is killed in a file of its
own.
What a killed witness answers next stands in test_killed_witness.py.
"""

from __future__ import annotations

import re
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.desk import Desk
from ledger.checkpoint import open_checkpoint
from ledger.note import format_vkey
from support.command import Answer, run
from support.growing_log import LEDGER, GrowingLog
from support.places import Place, PostgresPlaces
from support.postgres import Server

pytestmark = pytest.mark.slow

RECORD = ("record", "more.jsonl")
CHECKPOINT = ("log", "checkpoint")
RESTORE = ("restore", "recent.db", "--force")
WITNESS = ("log", "witness", "sign", "request", "-o", "answer", "--key", "w.key", "--state",
           "state", "--log", format_vkey(LEDGER.key))  # fmt: skip

POINTS = {
    "append.written": RECORD,
    "append.committed": RECORD,
    "seal.appended": CHECKPOINT,
    "seal.signed": CHECKPOINT,
    "seal.committed": CHECKPOINT,
    "anchor.heads": CHECKPOINT,
    "anchor.moved": CHECKPOINT,
    "backup.copied": ("backup", "other.db"),
    "restore.ready": RESTORE,
    "restore.placed": RESTORE,
    "repair.mended": ("log", "repair", "--from", "backup.db"),
    "repair.committed": ("log", "repair", "--from", "backup.db"),
    "witness.kept": WITNESS,
}
"""Every point by its name, and the command that comes to it."""

SOURCES = Path(__file__).parents[2]
NAMED = re.compile(r'\breached\("([^"]+)"\)')


def fact(name: str) -> str:
    """A line that records a fact of a center, under a key."""
    return (
        f'{{"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:{name}", '
        f'"fact": "dissolution", "key": "{name}"}}\n'
    )


def desk_of(folder: Path, name: str = "ledger.db") -> Desk:
    """A desk at a ledger of the folder, with the folder's trust folder."""
    return Desk(f"sqlite:///{folder / name}", create=True, trust=folder / "ledger.db.trust")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sealed ledger, its backup, another one made at its next checkpoint, one entry
    more that is not sealed, and a file to record; and a witness's key and request."""
    folder = tmp_path_factory.mktemp("made")
    desk = desk_of(folder)
    desk.initialise()
    desk.proofs.make_key("example.gov.cn", None)
    desk.record([fact("a").encode(), fact("b").encode()])
    desk.proofs.checkpoint(["hechuan"], None)
    desk.close()
    shutil.copyfile(folder / "ledger.db", folder / "backup.db")
    desk = desk_of(folder)
    desk.record([fact("c").encode()])
    desk.proofs.checkpoint(["hechuan"], None)
    desk.close()
    shutil.copyfile(folder / "ledger.db", folder / "recent.db")
    desk = desk_of(folder)
    desk.record([fact("d").encode()])
    desk.close()
    (folder / "more.jsonl").write_text(fact("e") + fact("f"), encoding="utf-8")
    init = ("log", "witness", "init", "-o", "w.key", "--name", "w", "--no-passphrase")
    assert run(folder, *init).status == 0
    (folder / "request").write_bytes(GrowingLog(9).request(0, 9))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to kill in."""
    return Path(shutil.copytree(made, tmp_path / "here"))


def kill(folder: Path, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the point's command until it dies there."""
    if point.startswith("repair."):
        damage(folder)
    monkeypatch.setenv("TAIZHANG_FAILPOINT", point)
    assert run(folder, *POINTS[point]).status == -signal.SIGKILL
    monkeypatch.delenv("TAIZHANG_FAILPOINT")


def damage(folder: Path) -> None:
    """Alter one entry that the backup has too."""
    with closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as database:
        ((trigger,),) = database.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'entries_refuse_update'"
        )
        database.execute("DROP TRIGGER entries_refuse_update")
        database.execute("UPDATE entries SET payload = '{}' WHERE position = 0")
        database.execute(trigger)


def notes(folder: Path) -> Iterator[bytes]:
    """Every checkpoint that stands in a ledger, a backup, a trust folder or a witness's state."""
    for path in folder.rglob("*.checkpoint"):
        yield path.read_bytes()
    for path in (*folder.glob("*.db"), *folder.glob("*.db.before-*"), *folder.glob(".*restoring")):
        with closing(sqlite3.connect(path)) as database:
            yield from (note for (note,) in database.execute("SELECT note FROM checkpoints"))


def has_one_root_each(folder: Path, printed: list[bytes]) -> bool:
    """Whether no log and size bears two roots in anything that was signed."""
    roots: dict[tuple[str, int], bytes] = {}
    for note in (*printed, *notes(folder)):
        found, _, _ = open_checkpoint(note, [])
        if roots.setdefault((found.origin, found.size), found.root) != found.root:
            return False
    return bool(roots)


def problems(folder: Path) -> list[str]:
    """The codes of what `log verify` finds."""
    desk = desk_of(folder)
    found = [problem.code for problem in desk.verify().problems]
    desk.close()
    return found


def known_keys(*ledgers: Path) -> set[str]:
    """The keys of all entries in some ledgers."""
    found: set[str] = set()
    for path in ledgers:
        with closing(sqlite3.connect(path)) as database:
            found.update(key for (key,) in database.execute("SELECT key FROM keys"))
    return found


def sealed(folder: Path) -> bytes:
    """The checkpoint made now."""
    desk = desk_of(folder)
    (sealing,) = desk.proofs.checkpoint(["hechuan"], None)
    desk.close()
    return sealing.note


ELSEWHERE = {
    "publish.ready", "publish.file", "publish.done",
    "migrate.written", "migrate.committed",
    "move.copied", "move.closed", "move.opened",
}  # fmt: skip
"""Killed in test_killed_publish.py in ledger/test_migrating.py and cli/test_moving.py."""


def test_every_point_is_killed_at() -> None:
    """The points listed here are those the sources name."""
    files = [path for room in ("ledger", "cli") for path in (SOURCES / room).rglob("*.py")]
    named = {name for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert named == set(POINTS) | ELSEWHERE


@pytest.mark.parametrize("point", [point for point in POINTS if POINTS[point] != WITNESS])
def test_killed_and_run_again(point: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run again the command completes; the ledger is sound, nothing is lost, each size has one
    root."""
    kill(folder, point, monkeypatch)
    again = run(folder, *POINTS[point])
    assert again.status == 0, again.stderr
    assert problems(folder) == []
    ledgers = [folder / "ledger.db", *folder.glob("ledger.db.before-*")]
    acknowledged = set("abcd") | ({"e", "f"} if POINTS[point] == RECORD else set())
    assert known_keys(*ledgers) >= acknowledged
    assert has_one_root_each(folder, [*checkpoints_in(again, point), sealed(folder)])


def checkpoints_in(answer: Answer, point: str) -> list[bytes]:
    """The checkpoint a command printed, if that is what it prints."""
    return [answer.stdout.encode()] if POINTS[point] == CHECKPOINT else []


@pytest.mark.parametrize("point", [point for point in POINTS if not point.startswith("repair.")])
def test_killed_and_looked_at(point: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after the kill the ledger is sound, or `log verify` says what to run."""
    kill(folder, point, monkeypatch)
    if point == "restore.ready":
        said = run(folder, "log", "verify")
        assert (said.status, "run `taizhang restore` again" in said.stderr) == (3, True)
    else:
        assert problems(folder) == []


@pytest.mark.parametrize("point", ["repair.mended", "repair.committed"])
def test_killed_repair_is_seen(point: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed repair mended all or nothing."""
    kill(folder, point, monkeypatch)
    mended = point == "repair.committed"
    assert problems(folder) == ([] if mended else ["entry_altered"])


# --- a server goes on when its client is killed ---------------------------------------------------


@pytest.fixture
def place(postgres: Server, tmp_path: Path) -> Iterator[Place]:
    """A sealed ledger on a server, and one entry more that is not sealed."""
    places = PostgresPlaces(tmp_path, postgres)
    place = places.new()
    with closing(server_desk(place)) as desk:
        desk.initialise()
        desk.proofs.make_key("example.gov.cn", None)
        desk.record([fact("a").encode(), fact("b").encode()])
        desk.proofs.checkpoint(["hechuan"], None)
        desk.record([fact("d").encode()])
    (place.folder / "more.jsonl").write_text(fact("e") + fact("f"), encoding="utf-8")
    yield place
    places.close()


def server_desk(place: Place) -> Desk:
    """A desk at a ledger on a server."""
    return Desk(place.url, create=True, trust=place.trust)


@pytest.mark.parametrize("point", [p for p in POINTS if POINTS[p] in (RECORD, CHECKPOINT)])
def test_killed_client_of_a_server(
    point: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after the kill the ledger is sound; run again the command completes, nothing is lost,
    each size has one root."""
    monkeypatch.setenv("TAIZHANG_FAILPOINT", point)
    assert run(place, *POINTS[point]).status == -signal.SIGKILL
    monkeypatch.delenv("TAIZHANG_FAILPOINT")
    with closing(server_desk(place)) as desk:
        assert desk.verify().problems == ()
    again = run(place, *POINTS[point])
    assert again.status == 0, again.stderr
    with closing(server_desk(place)) as desk:
        printed = [one.note for one in desk.proofs.checkpoint(["hechuan"], None)]
        assert desk.verify().problems == ()
    with place.raw() as raw:
        stored = [note for (note,) in raw.run("SELECT note FROM checkpoints")]
        keys = {key for (key,) in raw.run("SELECT key FROM keys")}
    assert keys == set("abd") | ({"e", "f"} if POINTS[point] == RECORD else set())
    printed += checkpoints_in(again, point)
    assert has_one_root_each(place.folder, [*printed, *stored])


# --- a restore after a kill -----------------------------------------------------------------------


def go_on_from(backup: str, folder: Path) -> bytes:
    """Put a backup back, record one entry, seal: the checkpoint."""
    assert run(folder, "restore", backup, "--force").status == 0
    desk = desk_of(folder)
    desk.record([fact("x").encode()])
    desk.close()
    return sealed(folder)


@pytest.mark.parametrize("point", ["seal.committed", "anchor.heads"])
def test_restore_after_killed_checkpoint(
    point: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A size that was signed, but not anchored, is not signed again with another root."""
    kill(folder, point, monkeypatch)
    shown = run(folder, "log", "checkpoint", "--newest").stdout.encode()
    assert has_one_root_each(folder, [shown, go_on_from("recent.db", folder)])
    assert problems(folder) == []


def test_restore_killed_after_checkpoint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, where the restore is killed as well, and leaves nothing in its place."""
    kill(folder, "seal.committed", monkeypatch)
    kill(folder, "restore.ready", monkeypatch)
    assert has_one_root_each(folder, [go_on_from("recent.db", folder)])


def test_nothing_begins_in_an_empty_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a killed restore left no ledger, recording does not begin another one."""
    kill(folder, "restore.ready", monkeypatch)
    assert run(folder, *RECORD).status == 3
    assert not (folder / "ledger.db").exists()


@pytest.mark.parametrize("point", ["backup.copied", "restore.ready"])
def test_copies_of_the_killed_go(point: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed backup or restore left half done is removed by the next one."""
    kill(folder, point, monkeypatch)
    left = [*folder.glob(".*.new"), *folder.glob(".*.restoring")]
    assert run(folder, *POINTS[point]).status == 0
    assert [path for path in left if path.exists()] == []
