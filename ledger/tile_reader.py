"""Reading subtrees for proofs: from full tiles, and where a tile is not full, from what is below.

    with read_transaction(engine) as connection:
        read = tile_reader(connection, "beijing", size=checkpoint.size)
        proof = prove_inclusion(read, index=41, size=checkpoint.size)

Each level of tiles asks for one statement, two where the proof reaches the right edge. What is read
is not checked here: a proof is right if it gives the root of the checkpoint, and `ledger.verify`
says what is wrong where it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select

from ledger.errors import IntegrityFailure, MalformedError
from ledger.lookup import Lookup
from ledger.merkle import Subtree, SubtreeReader, is_hash, reader_of
from ledger.schema import entries, tiles
from ledger.statements import Statement, rows_of
from ledger.tiles import TILE_BYTES, TILE_WIDTH, Tile, place_of, split_hashes, tile_of

__all__ = ["read_below", "read_tile_hashes", "tile_reader"]

# A tile with the subtrees inside it takes about 50 KB.
_TILES_KEPT = 256


def tile_reader(connection: Connection, log: str, *, size: int) -> SubtreeReader:
    """A reader of the subtrees of a log's first `size` leaves; keeps the tiles it has read.

    The reader raises IntegrityFailure where tiles or leaf hashes are missing, MalformedError for a
    subtree that reaches beyond `size`.
    """
    kept: dict[Tile, SubtreeReader] = {}

    def read(subtrees: Sequence[Subtree], /) -> list[bytes]:
        for subtree in subtrees:
            if subtree.number + 1 << subtree.level > size:
                raise MalformedError("no such subtree in a tree of {size}", size=size)
        places = [(tile_of(subtree, size=size), place_of(subtree)) for subtree in subtrees]
        if len(kept) > _TILES_KEPT:
            kept.clear()
        missing = {tile for tile, _ in places} - kept.keys()
        for tile, hashes in read_tile_hashes(connection, log, missing):
            kept[tile] = reader_of(hashes)
        return [kept[tile]((place,))[0] for tile, place in places]

    return read


def read_tile_hashes(
    connection: Connection, log: str, wanted: Iterable[Tile]
) -> Iterator[tuple[Tile, list[bytes]]]:
    """The hashes of tiles, by level and number; raises IntegrityFailure for what is missing."""
    for level, group in groupby(sorted(wanted), key=attrgetter("level")):
        full = []
        for tile in group:
            if tile.is_full:
                full.append(tile)
            else:
                yield tile, read_below(connection, log, tile)
        if full:
            yield from _read_full(connection, log, level, [tile.number for tile in full])


def read_below(connection: Connection, log: str, tile: Tile) -> list[bytes]:
    """The hashes of a tile that need have no row: leaf hashes, or the roots of the tiles below.

    Raises IntegrityFailure for what is missing.
    """
    first = tile.number * TILE_WIDTH
    stop = first + tile.width
    if tile.level == 0:
        rows = rows_of(connection, _LEAVES, log, first, stop)
    else:
        rows = rows_of(connection, _ROOTS, log, tile.level - 1, first, stop)
    hashes = [found for (found,) in rows]
    if len(hashes) != tile.width or not all(map(is_hash, hashes)):
        raise _missing(log, tile)
    return hashes


def _read_full(
    connection: Connection, log: str, level: int, numbers: Sequence[int]
) -> Iterator[tuple[Tile, list[bytes]]]:
    found = dict(_FULL.rows(connection, log, level, among=numbers))
    for number in dict.fromkeys(numbers):
        data = found.get(number)
        if data.__class__ is not bytes or len(data) != TILE_BYTES:
            raise _missing(log, Tile(level, number))
        yield Tile(level, number), split_hashes(data)


def _missing(log: str, tile: Tile) -> IntegrityFailure:
    return IntegrityFailure(
        "hashes over the entries {first} to {last} of the log {log} are missing or damaged: "
        "run `taizhang log verify`",
        first=tile.start,
        last=tile.stop - 1,
        log=log,
    )


_FULL = Lookup(tiles, tiles.c.number, tiles.c.hashes, key="number", same=("log", "level"))
_LEAVES = Statement(
    select(entries.c.leaf)
    .where(entries.c.log == bindparam("log_"))
    .where(entries.c.position >= bindparam("start"), entries.c.position < bindparam("stop"))
    .order_by(entries.c.position),
    "log_",
    "start",
    "stop",
)
_ROOTS = Statement(
    select(tiles.c.root)
    .where(tiles.c.log == bindparam("log_"), tiles.c.level == bindparam("level_"))
    .where(tiles.c.number >= bindparam("start"), tiles.c.number < bindparam("stop"))
    .order_by(tiles.c.number),
    "log_",
    "level_",
    "start",
    "stop",
)
