"""A standby answers every question, says up to where, waits when told to, and records nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import sleep

import pytest
from sqlalchemy import text

from cli.desk import Desk
from ledger.engine import open_engine, read_transaction
from ledger.errors import ConflictError
from ledger.event_recorders import TaizhangApplicationRecorder
from ledger.readings import LogSource, RegisterShelf
from projections.register import RegisterRow
from projections.running import catch_up
from support.counter import DEMO, GULOU, YINXING, Run, fact
from support.postgres import Server

pytestmark = pytest.mark.slow

Pair = tuple[Server, Server]
_NUMBERS = count(1)

READINGS = {
    "show": ("center", "show", YINXING),
    "list": ("center", "list"),
    "history": ("center", "history", YINXING),
    "why": ("center", "why", YINXING),
    "eligible": ("center", "eligible", GULOU),
    "round": ("round", "show", "beijing:evaluation:2022"),
    "audit": ("audit",),
    "deadlines": ("deadlines",),
    "what-if": ("what-if", "--scheme", "beijing", "--policy", "beijing/1"),
    "policies": ("policy", "list"),
    "log": ("log", "show"),
    "leaf": ("log", "show", "beijing#3"),
    "verify": ("log", "verify"),
    "checkpoint": ("log", "checkpoint", "--newest"),
    "prove": ("log", "prove", "beijing#3"),
    "consistency": ("log", "consistency", "beijing", "1"),
    "publish": ("log", "publish", "site"),
    "export": ("evidence", "export", YINXING, "-o", "file.evidence.json"),
    "check": ("projection", "check"),
}


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of keys."""
    return tmp_path_factory.mktemp("trust")


@pytest.fixture(scope="module")
def both(primary_and_standby: Pair, trust: Path) -> Pair:
    """The demo's town on a primary and a standby, sealed."""
    primary, standby = primary_and_standby
    desk = Desk(primary.create_database("town"), create=True, trust=trust)
    desk.initialise()
    desk.record((DEMO / "town.jsonl").read_bytes().splitlines())
    desk.proofs.make_key("example.gov.cn", None)
    desk.proofs.checkpoint(["beijing"], None)
    desk.close()
    standby.caught_up(primary)
    return primary, standby


@pytest.fixture
def fresh(primary_and_standby: Pair, trust: Path) -> Iterator[Desk]:
    """A ledger of the test's own on the primary, with one entry."""
    primary, standby = primary_and_standby
    desk = Desk(primary.create_database(f"own_{next(_NUMBERS)}"), create=True, trust=trust)
    desk.initialise()
    desk.record([fact("first").encode()])
    standby.caught_up(primary)
    yield desk
    desk.close()


def there(desk: Desk, standby: Server) -> str:
    """The URL of the same ledger on the standby."""
    return standby.url(desk.engine.url.database or "")


@contextmanager
def paused(standby: Server) -> Iterator[None]:
    """The standby takes in what the primary sends, and does not show it."""
    standby.run("SELECT pg_wal_replay_pause()")
    while standby.row("SELECT pg_get_wal_replay_pause_state()") != ("paused",):
        sleep(0.01)
    try:
        yield
    finally:
        standby.run("SELECT pg_wal_replay_resume()")


# --- questions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READINGS)
def test_standby_answers(
    both: Pair, run: Run, trust: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A standby gives the primary's answer to every question."""
    monkeypatch.setenv("TAIZHANG_TRUST", str(trust))
    said = []
    for server in both:
        shutil.rmtree("site", ignore_errors=True)  # where one of them publishes
        said.append(run(*READINGS[name], url=server.url("town")))
    at_primary, at_standby = said
    assert (at_standby.status, at_standby.stdout) == (at_primary.status, at_primary.stdout)
    assert at_primary.status in (0, 1)


def test_standby_says_what_it_is(both: Pair, run: Run) -> None:
    """People are told that they asked a standby and how far it has come; a primary says nothing."""
    primary, standby = both
    said = run("center", "list", url=standby.url("town"))
    assert "is a standby; the answer speaks up to beijing#" in said.stderr
    assert "standby" not in run("center", "list", url=primary.url("town")).stderr


def test_standby_records_nothing(both: Pair, run: Run) -> None:
    """What records is refused on a standby, and says whom to ask."""
    said = run("record", str(DEMO / "late.jsonl"), "--json", url=both[1].url("town"))
    assert (said.status, said.json["error"]["code"]) == (1, "read_only")
    assert "target_session_attrs=read-write" in said.stderr


# --- behind -------------------------------------------------------------------------------------


def test_standby_is_waited_for(
    fresh: Desk, primary_and_standby: Pair, run: Run, tmp_path: Path
) -> None:
    """Who waits for what the receipt named reads what was written; who does not, reads an older
    state that says so."""
    standby = primary_and_standby[1]
    (tmp_path / "more.jsonl").write_text(fact("second"))
    asked = ("center", "show", "hechuan/id:second", "--json")
    with paused(standby):
        (upto,) = run("record", "more.jsonl", "--json", url=fresh.url).json["upto"]
        late = run(*asked, "--wait-for", upto, "--wait-seconds", "0.2", url=there(fresh, standby))
        assert (late.status, late.json["error"]["code"]) == (4, "behind")
        assert run(*asked, url=there(fresh, standby)).status == 3
        listed = run("center", "list", "--json", url=there(fresh, standby)).json
        assert (len(listed["centers"]), listed["upto"]) == (1, ["hechuan#0"])
    found = run(*asked, "--wait-for", upto, url=there(fresh, standby))
    assert (found.status, found.json["upto"]) == (0, "hechuan#1")


def test_register_is_folded_for_it(fresh: Desk, primary_and_standby: Pair, run: Run) -> None:
    """Where the register is behind, a standby folds what is missing and gives the same list."""
    primary, standby = primary_and_standby
    fresh.record([fact("second").encode()])
    database = fresh.engine.url.database or ""
    listed = run("center", "list", "--json", url=fresh.url).json
    primary.run("DELETE FROM register; DELETE FROM reading_heads", database=database)
    standby.caught_up(primary)
    assert run("center", "list", "--json", url=there(fresh, standby)).json == listed
    assert primary.run("SELECT * FROM reading_heads", database=database) == []


# --- followers ----------------------------------------------------------------------------------


def test_projection_reads_from_a_standby(fresh: Desk, primary_and_standby: Pair) -> None:
    """A projection may read the log on a standby and write its rows on the primary: it goes as far
    as the standby, and never back."""
    primary, standby = primary_and_standby
    database = fresh.engine.url.database or ""
    primary.run("DELETE FROM register; DELETE FROM reading_heads", database=database)
    standby.caught_up(primary)
    reader = open_engine(standby.url(database))
    source, shelf = LogSource(reader), RegisterShelf(fresh.engine, RegisterRow)
    assert catch_up(source, shelf, "hechuan") == 1
    with paused(standby):
        fresh.record([fact("second").encode()])  # which brings the register up to date itself
        assert catch_up(source, shelf, "hechuan") == 2
    reader.dispose()
    assert [row.center for row in shelf.rows("hechuan")] == [
        "hechuan/id:first", "hechuan/id:second"
    ]  # fmt: skip
    assert fresh.compare("hechuan") == []


def test_subscription_polls_a_standby(fresh: Desk, primary_and_standby: Pair) -> None:
    """A subscription of the library's on a standby gives what is recorded on the primary, in
    order."""
    standby = primary_and_standby[1]
    reader = open_engine(there(fresh, standby))
    recorder = TaizhangApplicationRecorder(reader, "hechuan")
    lines = [fact(f"c{number}").encode() for number in range(5)]
    with recorder.subscribe(gt=None) as subscription, ThreadPoolExecutor(1) as pool:
        first = next(subscription)
        pool.submit(lambda: [fresh.record([line]) for line in lines])
        found = [first, *(next(subscription) for _ in lines)]
    reader.dispose()
    last = found[0].id
    assert [event.id for event in found] == list(range(last, last + 6))
    assert [json.loads(event.state)["entry"]["key"] for event in found] == [
        "key-first", *(f"key-c{number}" for number in range(5))
    ]  # fmt: skip


def test_broken_off_reading_is_told(fresh: Desk, primary_and_standby: Pair) -> None:
    """Where a standby has to break off a long reading in order to go on, it says that, and not
    that somebody holds the ledger."""
    primary, standby = primary_and_standby
    database = fresh.engine.url.database or ""
    standby.set(max_standby_streaming_delay="0")
    reader = open_engine(standby.url(database))
    try:
        with pytest.raises(ConflictError, match="standby broke the reading off"):
            read_while_vacuumed(reader, primary, standby, database)
    finally:
        standby.set(max_standby_streaming_delay=None)
        reader.dispose()


def read_while_vacuumed(reader: object, primary: Server, standby: Server, database: str) -> None:
    """Go on reading what was deleted and vacuumed away meanwhile."""
    with read_transaction(reader) as connection:  # type: ignore[arg-type]  # an engine
        connection.execute(text("SELECT * FROM register")).all()
        primary.run("DELETE FROM register", database=database)
        primary.run("VACUUM register", database=database)
        standby.caught_up(primary)
        connection.execute(text("SELECT * FROM register")).all()
