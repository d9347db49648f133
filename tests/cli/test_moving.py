"""A log that moves to another ledger: whole, under the same proofs, and never in two places."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from cli.desk import Desk
from ledger import reading
from ledger.checkpoint import open_checkpoint
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import ConflictError, IntegrityFailure, LedgerError, ReadOnlyError
from ledger.merkle import check_consistency
from ledger.moves import place_of
from ledger.moving import move_log
from ledger.recorder import Draft, append
from ledger.schema import PARTITIONED, metadata
from ledger.single_append import append_at_once
from support.command import COMMAND
from support.counter import DEMO, ERASE, PRIVATE, YINXING, Run
from support.postgres import Server

ROOT = str(Path(__file__).parents[2])
FACT = {"type": "FactEstablished", "on": "2024-05-06", "fact": "penalty"}


class Places:
    """Makes ledgers on one engine or another, under the trust folder of the first."""

    def __init__(self, folder: Path, server: Callable[[], Server]) -> None:
        self.folder = folder
        self.trust = folder / "trust"
        self._server = server
        self._made: list[str] = []

    def url(self, engine: str) -> str:
        """The URL of a new ledger."""
        name = f"place_{os.getpid()}_{len(self._made)}"
        self._made.append(name)
        postgres = engine == "postgresql"
        url = (
            self._server().create_database(name) if postgres else f"sqlite:///{self.folder}/{name}"
        )
        open_engine(url, create=True).dispose()
        return url

    def desk(self, url: str) -> Desk:
        """A desk at one of them."""
        return Desk(url, trust=self.trust)

    def in_force(self, log: str, *urls: str) -> list[str]:
        """In which of the ledgers the log may grow."""
        found = []
        for url in urls:
            head = head_of(url, log)
            if head.size and head.in_force_at is None:
                found.append(url)
        return found

    def close(self) -> None:
        """Drop what was made on the server."""
        for name in self._made:
            if not (self.folder / name).exists():
                self._server().drop_database(name)


@pytest.fixture
def places(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Places]:
    """Where ledgers are made; the trust folder is named to every command."""
    made = Places(tmp_path, lambda: request.getfixturevalue("postgres"))
    monkeypatch.setenv("TAIZHANG_TRUST", str(made.trust))
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, places: Places) -> str:
    """A ledger with two logs, sealed; in hechuan a private value, an erased one and a file."""
    return filled(places, request.param)


@pytest.fixture
def file(places: Places) -> str:
    """The same in a file."""
    return filled(places, "sqlite")


def filled(places: Places, engine: str) -> str:
    """A ledger with two logs."""
    url = places.url(engine)
    (places.folder / "decision.txt").write_text("决定", encoding="utf-8")
    desk = places.desk(url)
    desk.initialise()
    desk.proofs.make_key("example.gov.cn", None)
    desk.record((DEMO / "town.jsonl").read_bytes().splitlines())
    desk.record(
        [json.dumps(one, ensure_ascii=False).encode() for one in (PRIVATE, ERASE)],
        folder=places.folder,
    )
    desk.proofs.checkpoint(["beijing", "hechuan"], None)
    desk.close()
    return url


def fact(desk: Desk, log: str) -> None:
    """Record one more entry in a log."""
    desk.record([json.dumps({**FACT, "center": f"{log}/id:more"}).encode()])


def rows(url: str, log: str) -> dict[str, list[tuple[object, ...]]]:
    """All that a ledger has of a log, but where it is in force."""
    engine = open_engine(url)
    with read_transaction(engine) as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(
                    select(*(c for c in table.c if c.name != "in_force_at"))
                    .where(table.c.log == log)
                    .order_by(*table.primary_key)
                )
            ]
            for table in metadata.sorted_tables
            if "log" in table.c
        }
    engine.dispose()
    return found


def head_of(url: str, log: str) -> reading.LogHead:
    """The head of a log."""
    engine = open_engine(url)
    with read_transaction(engine) as connection:
        head = reading.log_head(connection, log)
    engine.dispose()
    return head


# --- moved --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_moved_log_is_whole(engine: str, source: str, places: Places, run: Run) -> None:
    """Between any two engines every row arrives as it was, and the new ledger verifies."""
    target = places.url(engine)
    for log in ("beijing", "hechuan"):
        before = rows(source, log)
        assert len(before) == len(PARTITIONED) + 2
        moved = run("log", "move", log, "--to", target, "--json", url=source)
        assert moved.status == 0, moved.stderr
        assert moved.json["size"] == len(before["entries"])
        assert rows(target, log) == before
    for url in (source, target):
        said = run("log", "verify", url=url)
        assert said.status == 0, said.stdout
        assert run("projection", "check", url=url).status == 0


def test_proofs_outlive_the_move(source: str, places: Places, run: Run) -> None:
    """What was proved and signed before the move holds after it, and the log goes on from it."""
    assert run("evidence", "export", YINXING, "-o", "old.json", url=source).status == 0
    assert run("log", "checkpoint", "--newest", "--scheme", "beijing", url=source).status == 0
    note = run("log", "checkpoint", "--newest", "--scheme", "beijing", url=source).stdout
    (places.folder / "old.note").write_text(note, encoding="utf-8")
    target = places.url("postgresql")
    assert run("log", "move", "beijing", "--to", target, url=source).status == 0
    desk = places.desk(target)
    fact(desk, "beijing")
    desk.close()
    sealed = run("log", "checkpoint", url=target)
    assert sealed.status == 0, sealed.stderr
    assert sealed.stdout.splitlines()[0] == note.splitlines()[0]
    key = run("log", "key", "show", url=target).stdout.split("1. ")[1].splitlines()[0]
    assert run("evidence", "check", "old.json", "--key", key).status == 0
    checked = run("log", "verify", "--checkpoint", "old.note", url=target)
    assert checked.status == 0, checked.stdout
    desk = places.desk(target)
    hashes, size, _ = desk.proofs.consistency(
        "beijing", old_size=int(note.splitlines()[1]), new_size=None
    )
    desk.close()
    old, new = (open_checkpoint(one.encode(), [])[0] for one in (note, sealed.stdout))
    assert check_consistency(
        old_size=old.size, new_size=size, old_root=old.root, new_root=new.root, proof=hashes
    )


def test_old_place_is_closed(source: str, places: Places, run: Run) -> None:
    """Where the log was, nothing is recorded or signed in it, other logs go on, and it verifies."""
    target = places.url("sqlite")
    desk = places.desk(source)
    desk.move("hechuan", target)
    with pytest.raises(ReadOnlyError, match="is kept at sqlite:///"):
        fact(desk, "hechuan")
    with pytest.raises(ReadOnlyError, match="is kept at"):
        desk.proofs.checkpoint(["hechuan"], None)
    fact(desk, "beijing")
    assert desk.logs_of(None) == ["beijing"]
    desk.close()
    assert rows(source, "hechuan")["vault"] == []
    moved = places.desk(target)
    fact(moved, "hechuan")
    moved.proofs.checkpoint(["hechuan"], None)
    moved.close()
    assert run("log", "checkpoint", url=source).status == 0
    copy = head_of(source, "hechuan")
    for arguments in (("center", "list"), ("center", "show", "hechuan/id:a"), ("log", "show")):
        said = run(*arguments, url=source)
        assert f"hechuan is in force at {copy.in_force_at}; here is a copy" in said.stderr
        assert f"the answer goes to hechuan#{copy.size - 1}." in said.stderr
        assert "here is a copy" not in run(*arguments, url=target).stderr
    heads = {head["log"]: head for head in run("log", "show", "--json", url=source).json["logs"]}
    assert heads["hechuan"]["in_force_at"] == copy.in_force_at
    assert "in_force_at" not in heads["beijing"]
    assert "here is a copy" not in run("center", "show", YINXING, url=source).stderr
    said = run("log", "verify", url=source)
    assert said.status == 0, said.stdout
    assert places.in_force("hechuan", source, target) == [target]


def test_copy_cannot_grow(source: str, places: Places) -> None:
    """The database itself refuses to move the head of a copy, whichever program asks."""
    desk = places.desk(source)
    desk.move("beijing", places.url("sqlite"))
    with pytest.raises(LedgerError, match="UPDATE is refused"), write_transaction(desk.engine) as c:
        c.execute(text("UPDATE logs SET size = size + 1 WHERE log = 'beijing'"))
    desk.close()


def test_log_may_come_back(source: str, places: Places, run: Run) -> None:
    """A log that grew at its new place can be moved back over the copy it left."""
    target = places.url("postgresql")
    desk, other = places.desk(source), places.desk(target)
    desk.move("hechuan", target)
    fact(other, "hechuan")
    other.move("hechuan", source)
    fact(desk, "hechuan")
    desk.close()
    other.close()
    assert places.in_force("hechuan", source, target) == [source]
    for url in (source, target):
        assert run("log", "verify", url=url).status == 0
    assert len(rows(source, "hechuan")["vault"]) == 1


def test_one_statement_finds_it_closed(places: Places) -> None:
    """The way that reads nothing before it appends writes nothing into a copy either."""
    source = places.url("postgresql")
    desk = places.desk(source)
    draft = Draft("hechuan/id:a", None, "T/1", "2020-01-01", b"{}")
    now = "2020-01-01T00:00:00.000000Z"
    with write_transaction(desk.engine) as connection:
        append(connection, "hechuan", [draft], recorded_at=now)
    assert append_at_once(desk.engine, "hechuan", draft, recorded_at=now) == 1
    other = places.desk(places.url("postgresql"))
    move_log(
        desk.engine,
        other.engine,
        "hechuan",
        check=lambda _: (),
        remember=desk.proofs.anchors.add_move,
    )
    assert append_at_once(desk.engine, "hechuan", draft, recorded_at=now) is None
    assert len(rows(source, "hechuan")["entries"]) == 2
    desk.close()
    other.close()


def test_verify_knows_what_moved(file: str, places: Places, run: Run) -> None:
    """A head that says of a move what the trust folder does not is named, and so the reverse."""
    target = places.url("sqlite")
    closing_it = "UPDATE logs SET in_force_at = '{}' WHERE log = 'hechuan'"
    changed(file, closing_it.format("sqlite:///elsewhere.db"))
    said = run("log", "verify", url=file)
    assert (
        said.status,
        "elsewhere.db, of which nothing is known" in " ".join(said.stdout.split()),
    ) == (5, True)
    changed(file, "UPDATE logs SET in_force_at = NULL")
    assert run("log", "move", "hechuan", "--to", target, url=file).status == 0
    assert run("log", "verify", url=file).status == 0
    changed(file, "UPDATE logs SET in_force_at = NULL")
    said = run("log", "verify", url=file)
    assert (said.status, "in force here, and it was moved" in " ".join(said.stdout.split())) == (
        5,
        True,
    )


def changed(url: str, statement: str) -> None:
    """Change a ledger file behind the program's back."""
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


# --- not moved ----------------------------------------------------------------------------------


def test_another_log_is_not_replaced(source: str, places: Places) -> None:
    """Where the other ledger has a log of that name, nothing is moved."""
    target = places.url("sqlite")
    desk, other = places.desk(source), places.desk(target)
    fact(other, "hechuan")
    with pytest.raises(ConflictError, match="another log hechuan"):
        desk.move("hechuan", target)
    fact(desk, "hechuan")
    desk.close()
    other.close()


def test_a_moved_log_moves_from_there(source: str, places: Places) -> None:
    """From a copy a log cannot be moved on, nor to the place where it is."""
    target = places.url("sqlite")
    desk = places.desk(source)
    desk.move("hechuan", target)
    with pytest.raises(ReadOnlyError, match="is kept at"):
        desk.move("hechuan", places.url("sqlite"))
    with pytest.raises(ConflictError, match="already"):
        desk.move("beijing", source)
    desk.close()


def test_damaged_log_is_not_moved(file: str, places: Places) -> None:
    """A log that does not verify stays where it is, and in force."""
    path = file.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DROP TRIGGER entries_refuse_update")
        database.execute("UPDATE entries SET payload = '{}' WHERE position = 3 AND log = 'beijing'")
    target = places.url("postgresql")
    desk = places.desk(file)
    with pytest.raises(IntegrityFailure, match="so it was not moved"):
        desk.move("beijing", target)
    desk.close()
    assert places.in_force("beijing", file, target) == [file]


def test_no_log_no_move(file: str, places: Places, run: Run) -> None:
    """A log without entries, and a ledger that is not there, are not found."""
    target = places.url("sqlite")
    assert run("log", "move", "xian", "--to", target, url=file).status == 3
    assert run("log", "move", "beijing", "--to", "sqlite:///none.db", url=file).status == 3


# --- interrupted --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("point", ["move.copied", "move.closed", "move.opened"])
def test_killed_move_is_run_again(point: str, source: str, places: Places, run: Run) -> None:
    """Wherever it is killed the log is in force in one place at most; run again, the move is
    done, with what was recorded in between."""
    target = places.url("postgresql")
    command = [*COMMAND, "--ledger", source, "log", "move", "hechuan", "--to", target]
    there = {**os.environ, "TAIZHANG_FAILPOINT": point, "PYTHONPATH": ROOT}
    killed = subprocess.run(command, env=there, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    expected = {"move.copied": [source], "move.closed": [], "move.opened": [target]}[point]
    assert places.in_force("hechuan", source, target) == expected
    for url in expected:
        desk = places.desk(url)
        fact(desk, "hechuan")
        desk.close()
    for url in {source, target} - {*expected}:
        desk = places.desk(url)
        with pytest.raises(ReadOnlyError):
            fact(desk, "hechuan")
        desk.close()
    again = run("log", "move", "hechuan", "--to", target, url=source)
    assert again.status == 0, again.stderr
    assert places.in_force("hechuan", source, target) == [target]
    for url in (source, target):
        said = run("log", "verify", url=url)
        assert said.status == 0, said.stdout
    assert len(rows(target, "hechuan")["entries"]) == 3 + len(expected)


@pytest.mark.slow
@pytest.mark.parametrize("is_lost", [False, True])
def test_restore_does_not_bring_it_back(is_lost: bool, file: str, places: Places, run: Run) -> None:
    """A backup from before the move does not put the log in force again where it was, whether the
    ledger it replaces is still there or not."""
    assert run("backup", "backup.db", url=file).status == 0
    target = places.url("sqlite")
    desk = places.desk(file)
    desk.move("hechuan", target)
    desk.close()
    if is_lost:
        Path(file.removeprefix("sqlite:///")).unlink()
    restored = run("restore", "backup.db", "--force", url=file)
    assert restored.status == 0, restored.stderr
    assert places.in_force("hechuan", file, target) == [target]
    assert places.in_force("beijing", file, target) == [file]
    assert rows(file, "hechuan")["vault"] == []


def test_place_names_no_password() -> None:
    """What a copy says of the place names neither user nor password."""
    engine = create_engine("postgresql+psycopg://owner:secret@db/taizhang?password=x&port=5433")
    assert place_of(engine) == "postgresql+psycopg://db/taizhang?port=5433"
