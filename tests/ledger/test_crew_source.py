"""A log read by several processes: the same as by one, whatever becomes of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial

import orjson
import pytest

from cli.desk import Desk
from ledger.crew_source import CrewSource
from ledger.errors import IntegrityFailure
from ledger.readings import LogSource
from ledger.ruling import Recorded
from support.places import Place, Places

CENTERS = [f"hechuan/id:c{number:03}" for number in range(60)]
FACT = {"type": "FactEstablished", "on": "2022-02-02", "fact": "dissolution"}

Found = tuple[str, int, int]


@pytest.fixture
def place(places: Places) -> Place:
    """Where the ledger is."""
    return places.new()


@pytest.fixture
def desk(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A ledger of sixty centers with two facts each, read seven centers at a time."""
    monkeypatch.setattr("ledger.readings._BATCH", 7)
    desk = Desk(place.url, create=True, trust=place.trust)
    desk.initialise()
    for _ in range(2):
        desk.record([orjson.dumps(FACT | {"center": center}) for center in CENTERS])
    yield desk
    desk.close()


def look(center: str, entries: list[Recorded] | IntegrityFailure) -> Found:
    """The center, how many of its entries were seen (-1: unreadable), and by which process."""
    return center, -1 if isinstance(entries, IntegrityFailure) else len(entries), os.getpid()


def look_elsewhere(here: int, center: str, entries: list[Recorded] | IntegrityFailure) -> Found:
    """The same; whoever it is but `here` is killed at it."""
    if os.getpid() != here and center > CENTERS[20]:
        os.kill(os.getpid(), signal.SIGKILL)
    return look(center, entries)


def mistake_elsewhere(here: int, center: str, entries: list[Recorded] | IntegrityFailure) -> Found:
    """The same; whoever it is but `here` makes a mistake."""
    if os.getpid() != here and center > CENTERS[20]:
        raise LookupError(center)
    return look(center, entries)


def seen(found: Iterator[tuple[int, Found]]) -> list[tuple[int, str, int]]:
    """What was found, whoever found it."""
    return [(entries, center, count) for entries, (center, count, _) in found]


def test_two_read_as_one_does(desk: Desk) -> None:
    """The same centers in the same order, each once; and more than one process reads."""
    alone = seen(LogSource(desk.engine).each("hechuan", look))
    assert alone == [(2, center, 2) for center in CENTERS]
    together = CrewSource(desk.engine, jobs=2)
    readers: set[int] = set()
    for _ in range(40):  # the other one may only just have started
        found = list(together.each("hechuan", look))
        assert seen(iter(found)) == alone
        readers |= {pid for _, (_, _, pid) in found}
        if len(readers) > 1:
            return
    pytest.fail("nobody helped")


def test_begins_after_a_center(desk: Desk) -> None:
    """Centers up to one can be left out."""
    found = seen(CrewSource(desk.engine, jobs=2).each("hechuan", look, after=CENTERS[40]))
    assert found == [(2, center, 2) for center in CENTERS[41:]]


@pytest.mark.parametrize("work", [look_elsewhere, mistake_elsewhere], ids=["killed", "mistaken"])
def test_what_others_drop_is_done_here(work: object, desk: Desk) -> None:
    """Where another process is gone or fails, every center is still handed over once, in order."""
    source = CrewSource(desk.engine, jobs=3)
    found = seen(source.each("hechuan", partial(work, os.getpid())))  # type: ignore[arg-type]
    assert found == [(2, center, 2) for center in CENTERS]


def test_a_mistake_here_is_said(desk: Desk) -> None:
    """What cannot be done in this process either is raised."""
    with pytest.raises(LookupError):
        list(CrewSource(desk.engine, jobs=2).each("hechuan", partial(mistake_elsewhere, 0)))


def test_unreadable_entries_are_told(desk: Desk, place: Place) -> None:
    """What is wrong with a center's entries comes in their place, from whichever process."""
    with place.raw() as raw:
        raw.run("UPDATE entries SET type = 'Nothing/1' WHERE stream = ?", CENTERS[30])
    found = seen(CrewSource(desk.engine, jobs=2).each("hechuan", look))
    assert found == [(2, center, -1 if center == CENTERS[30] else 2) for center in CENTERS]
    with pytest.raises(IntegrityFailure, match="cannot be read"):
        desk.rebuild("hechuan", jobs=2)
    assert [(d.center, d.unread is None) for d in desk.compare("hechuan", jobs=2)] == [
        (CENTERS[30], False)
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_register_is_the_same(jobs: int, desk: Desk) -> None:
    """A rebuild by several gives the register it was, and a comparison finds what one finds."""
    before = list(desk.shelf.rows("hechuan"))
    steps: list[int] = []
    desk.rebuild("hechuan", lambda done, _size: steps.append(done), jobs=jobs)
    assert list(desk.shelf.rows("hechuan")) == before
    assert steps == list(range(2, 121, 2))
    assert not desk.compare("hechuan", jobs=jobs)


def test_memory_has_one_reader() -> None:
    """A ledger in memory lives in its connection: nobody is started, and nothing waits."""
    desk = Desk("sqlite://", create=True)
    desk.record([orjson.dumps(FACT | {"center": center}) for center in CENTERS])
    assert CrewSource(desk.engine, jobs=2).jobs == 1
    desk.rebuild("hechuan", jobs=2)
    assert not desk.compare("hechuan")
    assert not desk.verify().problems
    desk.close()
