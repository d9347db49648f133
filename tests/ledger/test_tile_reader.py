"""Tiles in the ledger: written however entries come in, and every proof read back from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from sqlalchemy import Engine, text

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import IntegrityFailure, MalformedError
from ledger.merkle import (
    EMPTY_ROOT,
    Subtree,
    prove_consistency,
    prove_inclusion,
    reader_of,
    root_of,
    tree_root,
)
from ledger.recorder import Draft, LogWriter, append
from ledger.tile_reader import tile_reader
from support.asked import asked
from support.places import Places

NOW = "2026-11-23T08:31:27.123456Z"
LOG = "beijing"
TILES = "SELECT level, number, root, hashes FROM tiles WHERE log = 'beijing' ORDER BY 1, 2"
LEAVES = "SELECT leaf FROM entries WHERE log = 'beijing' ORDER BY position"


def _drafts(start: int, stop: int) -> list[Draft]:
    return [
        Draft(f"beijing/id:c{number % 40}", None, "X/1", "2023-06-30", b"%d" % number)
        for number in range(start, stop)
    ]


def _rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with read_transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def _leaves(engine: Engine) -> list[bytes]:
    return [leaf for (leaf,) in _rows(engine, LEAVES)]


def _filled(url: str, cuts: Sequence[int], *, reopen: bool = False) -> Engine:
    """A ledger to which entries were appended in transactions that end at the cuts."""
    engine = open_engine(url, create=True)
    for start, stop in zip((0, *cuts), cuts, strict=False):
        if reopen:
            engine.dispose()
            engine = open_engine(url)
        with write_transaction(engine) as connection:
            append(connection, LOG, _drafts(start, stop), recorded_at=NOW)
    return engine


@pytest.fixture(scope="module")
def engine(module_places: Places) -> Iterator[Engine]:
    """A ledger of 700 entries: two full tiles, a partial one, a partial one above."""
    made = _filled(module_places.new().url, (700,))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def tall(module_places: Places) -> Iterator[Engine]:
    """A ledger of 66,000 entries: one full tile on level 1."""
    made = open_engine(module_places.new().url, create=True)
    with write_transaction(made) as connection, LogWriter(connection, LOG) as writer:
        for start in range(0, 66_000, 3_000):
            writer.append(_drafts(start, start + 3_000), recorded_at=NOW)
    yield made
    made.dispose()


def _expected(leaves: list[bytes]) -> list[tuple[object, ...]]:
    """All full tiles of a tree, by definition."""
    rows, level, hashes = [], 0, leaves
    while len(hashes) >= 256:
        full = [hashes[start : start + 256] for start in range(0, len(hashes) - 255, 256)]
        roots = [tree_root(part) for part in full]
        for number, (root, part) in enumerate(zip(roots, full, strict=True)):
            rows.append((level, number, root, b"".join(part)))
        level, hashes = level + 1, roots
    return rows


# --- written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cuts",
    [(255,), (256,), (257,), (700,), (1, 255, 256, 513), (100, 300, 700), (256, 512), (255, 700)],
)
@pytest.mark.parametrize("reopen", [False, True])
def test_any_batching_gives_the_tiles(ledger_url: str, cuts: tuple[int, ...], reopen: bool) -> None:
    """Full tiles and no others are there, whoever kept what from one append to the next."""
    engine = _filled(ledger_url, cuts, reopen=reopen)
    assert _rows(engine, TILES) == _expected(_leaves(engine))
    engine.dispose()


@pytest.mark.slow
def test_upper_tiles_are_written(tall: Engine) -> None:
    """65,536 entries make a tile of level 1 from the roots of 256 tiles."""
    rows = _rows(tall, TILES)
    assert rows == _expected(_leaves(tall))
    assert [row[:2] for row in rows if row[0]] == [(1, 0)]


def test_refused_batch_leaves_no_tile(ledger_url: str) -> None:
    """A transaction that is rolled back takes its tiles with it, and the next one goes on."""
    engine = _filled(ledger_url, (200,))
    with suppress(ZeroDivisionError), write_transaction(engine) as connection:
        append(connection, LOG, _drafts(200, 300), recorded_at=NOW)
        raise ZeroDivisionError
    assert _rows(engine, TILES) == []
    with write_transaction(engine) as connection:
        append(connection, LOG, _drafts(300, 400), recorded_at=NOW)
    assert _rows(engine, TILES) == _expected(_leaves(engine))
    engine.dispose()


def test_altered_leaf_enters_no_tile(places: Places) -> None:
    """A leaf altered in the meantime is noticed when its tile is made; nothing is recorded."""
    place = places.new()
    _filled(place.url, (200,)).dispose()
    with place.raw() as raw:
        raw.run("UPDATE entries SET leaf = zeroblob(32) WHERE position = 7")
    engine = open_engine(place.url)
    with pytest.raises(IntegrityFailure, match="log verify"), write_transaction(engine) as writing:
        append(writing, LOG, _drafts(200, 300), recorded_at=NOW)
    assert len(_leaves(engine)) == 200
    engine.dispose()


# --- read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 64, 255, 256, 257, 300, 511, 512, 513, 700])
def test_proofs_come_from_tiles(engine: Engine, size: int) -> None:
    """Root, inclusion and consistency are read as from a list of leaves, at each size."""
    plain = reader_of(_leaves(engine)[:size])
    with read_transaction(engine) as connection:
        read = tile_reader(connection, LOG, size=size)
        assert root_of(read, size=size) == root_of(plain, size=size)
        for index in {0, size // 2, size - 1, min(size - 1, 255), min(size - 1, 256)}:
            found = prove_inclusion(read, index=index, size=size)
            assert found == prove_inclusion(plain, index=index, size=size)
        for old_size in {0, 1, size // 3, size - 1, size}:
            found = prove_consistency(read, old_size=old_size, new_size=size)
            assert found == prove_consistency(plain, old_size=old_size, new_size=size)


@pytest.mark.slow
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 66_000])
def test_proofs_come_from_upper_tiles(tall: Engine, size: int) -> None:
    """The same where a proof passes a full or a partial tile of level 1."""
    plain = reader_of(_leaves(tall)[:size])
    with read_transaction(tall) as connection:
        read = tile_reader(connection, LOG, size=size)
        assert root_of(read, size=size) == root_of(plain, size=size)
        for index in (0, 255, 256, 40_000, size - 2, size - 1):
            found = prove_inclusion(read, index=index, size=size)
            assert found == prove_inclusion(plain, index=index, size=size)
        for old_size in (1, 255, 256, 65_000, 65_535, size - 1):
            found = prove_consistency(read, old_size=old_size, new_size=size)
            assert found == prove_consistency(plain, old_size=old_size, new_size=size)


def test_reader_keeps_what_it_read(engine: Engine) -> None:
    """A second proof over the same tiles asks the database nothing."""
    with read_transaction(engine) as connection:
        read = tile_reader(connection, LOG, size=700)
        first = prove_inclusion(read, index=300, size=700)
        with asked(connection) as statements:
            again = prove_inclusion(read, index=300, size=700)
    assert (statements, again) == ([], first)


def test_subtree_past_the_end_is_refused(engine: Engine) -> None:
    """A reader for a size hands over nothing of later entries."""
    with read_transaction(engine) as connection:
        read = tile_reader(connection, LOG, size=300)
        assert len(read([Subtree(0, 299)])) == 1
        for subtree in (Subtree(0, 300), Subtree(8, 1), Subtree(9, 0)):
            with pytest.raises(MalformedError):
                read([subtree])


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("DELETE FROM tiles WHERE number = 0", "entries 0 to 255"),
        ("UPDATE tiles SET hashes = zeroblob(8191) WHERE number = 1", "entries 256 to 511"),
        ("UPDATE tiles SET root = x'00' WHERE number = 1", "entries 0 to 511"),
        ("DELETE FROM entries WHERE position = 600", "entries 512 to 699"),
        ("UPDATE entries SET leaf = x'78' WHERE position = 699", "entries 512 to 699"),
    ],
)
def test_missing_hashes_are_named(places: Places, damage: str, named: str) -> None:
    """A reader says over which entries hashes are missing, and gives no proof without them."""
    place = places.new()
    copy = _filled(place.url, (700,))
    with place.raw() as raw:
        raw.run(damage)
    with read_transaction(copy) as connection:
        read = tile_reader(connection, LOG, size=700)
        with pytest.raises(IntegrityFailure, match=named):
            read([Subtree(0, 0), Subtree(0, 300), Subtree(0, 699), Subtree(8, 0)])
    copy.dispose()


def test_empty_log_has_its_root(engine: Engine) -> None:
    """A log nobody wrote to has the root of the empty tree, and asks nothing."""
    with read_transaction(engine) as connection:
        assert root_of(tile_reader(connection, "xian", size=0), size=0) == EMPTY_ROOT
