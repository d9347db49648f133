"""Tampering with tiles behind the ledger's back: each is named, with the entries it is over.

One ledger of 600 entries, without triggers, types and keys, as somebody could make it who may write
the file: two full tiles. A second one of 66,000 has a tile on level 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ledger.engine import open_engine, write_transaction
from ledger.recorder import Draft, LogWriter
from ledger.schema import tiles
from ledger.verify import Damage
from support.places import Place, Places
from support.tampering import changes, flip
from support.together import verified_twice

NOW = "2026-11-23T08:31:27.123456Z"
COLUMNS = [column.name for column in tiles.c]
ZEROS = bytes(32)


def _made(place: Place, size: int) -> Place:
    engine = open_engine(place.url, create=True)
    with write_transaction(engine) as connection, LogWriter(connection, "beijing") as writer:
        for start in range(0, size, 2_000):
            writer.append(
                [
                    Draft(f"beijing/id:c{number % 50}", None, "X/1", "2023-06-30", b"{}")
                    for number in range(start, min(start + 2_000, size))
                ],
                recorded_at=NOW,
            )
    engine.dispose()
    place.free("tiles", "entries")
    place.keep()
    return place


class _Open:
    """A ledger one may do anything to, and its check."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.engine: Engine = open_engine(place.url)
        self.raw = place.open_raw()

    def run(self, statement: str, *values: object) -> list[Any]:
        return self.raw.run(statement, *values)

    def problems(self) -> tuple[Damage, ...]:
        return verified_twice(self.engine).problems

    def named(self) -> list[tuple[str, str | None]]:
        return [(problem.code, problem.position) for problem in self.problems()]

    def alter(self, key: str, at: int, hashes: int = 1) -> None:
        """Put zeros in the place of some hashes of a tile."""
        ((data,),) = self.run(f"SELECT hashes FROM tiles WHERE {key}")
        altered = data[: 32 * at] + ZEROS * hashes + data[32 * (at + hashes) :]
        self.run(f"UPDATE tiles SET hashes = ? WHERE {key}", altered)


@pytest.fixture(scope="module")
def low_place(module_places: Places) -> Place:
    """A ledger of 600 entries."""
    return _made(module_places.new(), 600)


@pytest.fixture(scope="module")
def tall_place(module_places: Places) -> Place:
    """A ledger of 66,000 entries."""
    return _made(module_places.new(), 66_000)


def _opened(place: Place) -> Iterator[_Open]:
    place.put_back()
    opened = _Open(place)
    yield opened
    opened.engine.dispose()
    opened.raw.close()


@pytest.fixture
def low(low_place: Place) -> Iterator[_Open]:
    """The low ledger, as it was at first."""
    yield from _opened(low_place)


@pytest.fixture
def tall(tall_place: Place) -> Iterator[_Open]:
    """The tall ledger, as it was at first."""
    yield from _opened(tall_place)


def test_sound_tiles_are_clean(low: _Open) -> None:
    """Without tampering there is no problem, and the tiles are there."""
    assert low.problems() == ()
    assert low.run("SELECT level, number FROM tiles ORDER BY number") == [(0, 0), (0, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("column", COLUMNS)
def test_no_tile_cell_changes_unseen(low: _Open, column: str) -> None:
    """Whatever any cell of a tile is changed to is reported, with the entries it is over."""
    for rowid, number, before in low.run(f"SELECT rowid, number, {column} FROM tiles"):
        for expression, value in changes(before):
            change = f"UPDATE tiles SET {column} = {expression} WHERE rowid = ?"
            if not low.raw.try_to(change, value, rowid):
                continue
            places = [
                (int(p.position.split("#")[1]), p.values["last"])
                for p in low.problems()
                if p.code in ("tile_altered", "tile_missing") and p.position
            ]
            below = range(number * 256, number * 256 + 256)
            assert any(first in below and last in below for first, last in places), value
            low.run(f"UPDATE tiles SET {column} = ? WHERE rowid = ?", before, rowid)
    assert low.problems() == ()


def test_flipped_bit_names_the_entry(low: _Open) -> None:
    """A bit of a tile that flips names the one entry its hash is of."""

    @settings(max_examples=50 if low.place.is_file else 15, deadline=None)
    @given(number=st.integers(0, 1), bit=st.integers(0, 8192 * 8 - 1))
    def flipped(number: int, bit: int) -> None:
        ((before,),) = low.run("SELECT hashes FROM tiles WHERE number = ?", number)
        change = "UPDATE tiles SET hashes = ? WHERE number = ?"
        low.run(change, flip(before, bit), number)
        (problem,) = low.problems()
        low.run(change, before, number)
        place = number * 256 + bit // 256
        assert (problem.code, problem.position) == ("tile_altered", f"beijing#{place}")
        assert problem.values["last"] == place

    flipped()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DELETE FROM tiles WHERE number = 1", ("tile_missing", "beijing#256")),
        ("UPDATE tiles SET root = zeroblob(32) WHERE number = 1", ("tile_altered", "beijing#256")),
        ("INSERT INTO tiles SELECT * FROM tiles WHERE number = 0", ("tile_altered", "beijing#0")),
        ("INSERT INTO tiles SELECT log, 0, 2, root, hashes FROM tiles", ("foreign_row", None)),
        ("INSERT INTO tiles SELECT log, 1, 0, root, hashes FROM tiles", ("foreign_row", None)),
        ("INSERT INTO tiles SELECT log, -1, 0, root, hashes FROM tiles", ("foreign_row", None)),
        ("INSERT INTO tiles SELECT 'xian', 0, 0, root, hashes FROM tiles", ("foreign_row", None)),
        ("INSERT INTO tiles SELECT NULL, 0, 0, root, hashes FROM tiles", ("foreign_row", None)),
    ],
)
def test_each_damage_is_named_once(low: _Open, change: str, named: tuple[str, str | None]) -> None:
    """A tile that is missing, altered, doubled or added has its own code."""
    low.run(change)
    assert set(low.named()) == {named}


def test_swapped_tiles_are_named(low: _Open) -> None:
    """Tiles that trade places are reported, both of them."""
    low.run("UPDATE tiles SET number = 1 - number")
    assert low.named() == [("tile_altered", "beijing#0"), ("tile_altered", "beijing#256")]


def test_altered_range_is_an_interval(low: _Open) -> None:
    """Hashes altered side by side are named by the first and the last entry."""
    low.alter("number = 1", 10, 3)
    (problem,) = low.problems()
    assert (problem.position, problem.values["last"]) == ("beijing#266", 268)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE entries SET payload = x'00' WHERE position = 30", "entry_altered"),
        ("UPDATE entries SET leaf = zeroblob(32) WHERE position = 30", "leaf_altered"),
    ],
)
def test_damaged_entry_leaves_tiles_alone(low: _Open, change: str, code: str) -> None:
    """Where an entry or its leaf is damaged the tile over it is not blamed."""
    low.run(change)
    assert low.named() == [(code, "beijing#30")]


def test_tile_is_checked_beside_damage(low: _Open) -> None:
    """A damaged entry hides no other alteration of its tile."""
    low.run("UPDATE entries SET payload = x'00' WHERE position = 30")
    low.alter("number = 0", 31)
    assert low.named() == [("entry_altered", "beijing#30"), ("tile_altered", "beijing#31")]


def test_tiles_past_a_gap_are_checked(low: _Open) -> None:
    """Tiles over missing entries are not compared, the ones after them are."""
    low.run("DELETE FROM entries WHERE position = 30")
    assert {code for code, _ in low.named()} == {"position_gap", "stream_gap"}
    low.alter("number = 1", 0)
    assert ("tile_altered", "beijing#256") in low.named()


@pytest.mark.slow
def test_upper_tile_is_checked(tall: _Open) -> None:
    """A tile of level 1 is checked as those below it; a hash of it stands for 256 entries."""
    assert tall.problems() == ()
    tall.alter("level = 1", 7)
    (problem,) = tall.problems()
    named = (problem.code, problem.position, problem.values["last"])
    assert named == ("tile_altered", "beijing#1792", 2047)
    tall.run("DELETE FROM tiles WHERE level = 1")
    assert tall.named() == [("tile_missing", "beijing#0")]


@pytest.mark.slow
def test_upper_tile_outlives_damage_below(tall: _Open) -> None:
    """A damaged entry or tile below it does not put the blame on the tile of level 1."""
    tall.run("UPDATE entries SET payload = x'00' WHERE position = 30")
    tall.alter("level = 0 AND number = 2", 0)
    assert tall.named() == [("entry_altered", "beijing#30"), ("tile_altered", "beijing#512")]
