"""Checkpoints from several hands at once, while others record, without anchor or by a wrong clock:
afterwards there is one root for each size, and the log verifies."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cli.desk import Desk
from ledger.checkpoint import open_checkpoint
from ledger.checkpoints import all_checkpoints
from ledger.engine import read_transaction
from ledger.errors import ConflictError
from ledger.reading import read_log
from support.command import start
from support.places import Place, Places

pytestmark = pytest.mark.slow

ROUNDS = 3
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def fact(name: str) -> bytes:
    """A line that records a fact of a center, under a key."""
    return (
        f'{{"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:{name}", '
        f'"fact": "dissolution", "key": "{name}"}}\n'
    ).encode()


def desk_of(place: Place, *, now: datetime = NOW) -> Desk:
    """A desk at the place's ledger, by whose clock it is always the same time."""
    return Desk(place.url, create=True, clock=lambda: now, trust=place.trust)


def record(place: Place, *names: str, now: datetime = NOW) -> None:
    """Record a fact for each name."""
    desk = desk_of(place, now=now)
    desk.record([fact(name) for name in names])
    desk.close()


def seal(place: Place, *, now: datetime = NOW) -> list[bytes]:
    """A checkpoint; nothing where another was faster."""
    desk = desk_of(place, now=now)
    try:
        return [sealing.note for sealing in desk.proofs.checkpoint(["hechuan"], None)]
    except ConflictError:
        return []
    finally:
        desk.close()


@pytest.fixture
def place(places: Places) -> Place:
    """The place of a ledger with a key and one entry."""
    place = places.new()
    desk = desk_of(place)
    desk.initialise()
    desk.proofs.make_key("example.gov.cn", None)
    desk.close()
    record(place, "first")
    return place


def assert_one_history(place: Place, printed: Iterable[bytes]) -> None:
    """Every note ever printed is the stored one of its size, and the whole verifies."""
    desk = desk_of(place)
    with read_transaction(desk.engine) as connection:
        stored = {one.size: one.root for one in all_checkpoints(connection, "hechuan")}
    for note in printed:
        found, _, _ = open_checkpoint(note, [])
        assert stored[found.size] == found.root
    anchor = desk.proofs.anchors.note("hechuan")
    assert anchor is not None
    assert open_checkpoint(anchor, [])[0].size == max(stored)
    assert [problem.code for problem in desk.verify().problems] == []
    desk.close()


def test_two_commands_at_once(place: Place) -> None:
    """Of two checkpoints made at once one succeeds, the other too or it asks to try again."""
    printed = []
    for number in range(ROUNDS):
        record(place, f"n{number}")
        processes = [start(place, "log", "checkpoint") for _ in range(2)]
        said = [process.communicate(timeout=300) for process in processes]
        ended = [process.returncode for process in processes]
        assert set(ended) <= {0, 4}, said
        assert 0 in ended
        printed += [out for (out, _), status in zip(said, ended, strict=True) if status == 0]
    printed += seal(place)
    assert_one_history(place, printed)


@pytest.mark.parametrize("loses_anchor", [False, True], ids=["", "anchor deleted"])
def test_sealing_while_others_record(place: Place, loses_anchor: bool) -> None:
    """Two writers and two who seal get on with each other, even if the anchor goes now and then."""

    def write(writer: str) -> list[bytes]:
        for number in range(3 * ROUNDS):
            record(place, f"{writer}{number}")
        return []

    def sign(_name: str) -> list[bytes]:
        printed = []
        for _ in range(ROUNDS):
            printed += seal(place)
            if loses_anchor:
                (place.trust / "hechuan.checkpoint").unlink(missing_ok=True)
        return printed

    with ThreadPoolExecutor(4) as pool:
        works = [pool.submit(write, name) for name in "ab"]
        works += [pool.submit(sign, name) for name in "cd"]
        printed = [note for work in works for note in work.result()]
    printed += seal(place)
    assert_one_history(place, printed)


def test_clock_set_back(place: Place) -> None:
    """A clock that is set back by a month breaks neither the order of entries nor a checkpoint."""
    printed = seal(place)
    before = NOW - timedelta(days=30)
    record(place, "earlier", now=before)
    printed += seal(place, now=before)
    record(place, "later")
    printed += seal(place)
    assert len(printed) == 3
    assert_one_history(place, printed)
    desk = desk_of(place)
    with read_transaction(desk.engine) as connection:
        instants = [row.recorded for row in read_log(connection, "hechuan")]
    assert instants == sorted(instants)
    desk.close()
