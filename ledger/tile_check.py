"""Checking the tiles of a log against leaf hashes recomputed from its entries.

A tile is read when the leaves below it are complete, and compared byte for byte. Where an entry is
damaged the tile may hold another hash for it; where entries are missing the tiles over them are not
compared. Rows nobody asked for are looked for at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from ledger.damage import Findings
from ledger.merkle import tree_root
from ledger.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    format_tile_path,
    split_hashes,
)

__all__ = ["NoTiles", "ReadTile", "TileCheck"]

# Positions are 64 bits wide: no log fills a tile of a higher level.
_LEVELS = 8


class ReadTile(Protocol):
    """Hands over the rows (root, hashes) there are for a tile."""

    def __call__(self, level: int, number: int, /) -> Sequence[tuple[Any, Any]]:
        """Return one row for a tile that is as it should be."""
        ...


class TileCheck:
    """Takes the leaf hashes of a log in order and notes which tiles do not fit.

    `roots` is where the tree that grows by the same leaves puts the roots of its level 8.
    """

    def __init__(self, findings: Findings, read: ReadTile) -> None:
        self.roots: dict[int, list[bytes]] = {TILE_HEIGHT: []}
        self._findings = findings
        self._read = read
        self._first = 0  # position of the first leaf kept
        self._leaves: list[bytes] = []
        self._doubts: set[tuple[int, int]] = set()  # level and number of hashes not known
        # By level the hashes of its unfinished tile, from level 1; None once entries are missing.
        self._above: dict[int, list[bytes]] | None = {}

    def take(self, leaves: Sequence[bytes]) -> None:
        """Compare the tiles that the next leaves complete; call it after the tree has grown."""
        kept = self._leaves
        kept += leaves
        done = 0
        while len(kept) - done >= (width := TILE_WIDTH - self._first % TILE_WIDTH):
            if width == TILE_WIDTH:  # else the first entries below the tile are missing
                self._check(self._first // TILE_WIDTH, kept[done : done + width])
            self._first += width
            done += width
        del kept[:done]

    def doubt(self, leaf: bytes) -> None:
        """Take the leaf of a damaged entry; a tile may hold another hash for it."""
        self._doubts.add((0, self._first + len(self._leaves)))
        self.take((leaf,))

    def skip(self, position: int) -> None:
        """Note that the entries from here to a position are missing."""
        self._first = position
        self._leaves.clear()
        self._above = None
        self.roots.clear()

    def finish(self, keys: Iterable[tuple[Any, Any]], *, size: int) -> None:
        """Note the rows, by level and number, that are no tile of a log of this size."""
        for level, number in keys:
            if not _is_tile(level, number, size):
                said = "a row of tiles belongs to no tile of the log: level {level}, {number}"
                self._findings.add("foreign_row", said, level=level, number=number)

    def _check(self, number: int, leaves: list[bytes]) -> None:
        known = self.roots.get(TILE_HEIGHT)
        root = known.pop(0) if known else tree_root(leaves)
        self._compare(Tile(0, number), leaves, root)
        level = 1
        while self._above is not None:
            hashes = self._above.setdefault(level, [])
            hashes.append(root)
            if len(hashes) < TILE_WIDTH:
                break
            number //= TILE_WIDTH
            root = tree_root(hashes)
            self._compare(Tile(level, number), hashes, root)
            self._above[level] = []
            level += 1

    def _compare(self, tile: Tile, hashes: list[bytes], root: bytes) -> None:
        doubts: set[int] = set()
        if self._doubts:
            places = enumerate(range(tile.number * TILE_WIDTH, (tile.number + 1) * TILE_WIDTH))
            doubts = {index for index, place in places if (tile.level, place) in self._doubts}
        if doubts:
            self._doubts.add((tile.level + 1, tile.number))
        rows = self._read(tile.level, tile.number)
        if not rows:
            self._add(tile, "tile_missing", "is missing")
        elif len(rows) > 1:
            self._add(tile, "tile_altered", "is there more than once")
        elif tuple(rows[0]) != (root, b"".join(hashes)):
            self._blame(tile, hashes, doubts, *rows[0])

    def _blame(
        self, tile: Tile, hashes: list[bytes], doubts: set[int], root: object, data: Any
    ) -> None:
        """Say below which hashes of a tile the entries are that do not fit it."""
        if data.__class__ is not bytes or len(data) != TILE_BYTES:
            self._add(tile, "tile_altered", "does not hold 256 hashes")
            return
        found = split_hashes(data)
        wrong = [
            index
            for index, pair in enumerate(zip(found, hashes, strict=True))
            if pair[0] != pair[1] and index not in doubts
        ]
        if wrong:
            below = range(wrong[0], wrong[-1] + 1)
            self._add(tile, "tile_altered", "holds other hashes than they give", below)
        elif root != tree_root(found):
            self._add(tile, "tile_altered", "is kept with another root than its own")

    def _add(self, tile: Tile, code: str, said: str, below: range = range(TILE_WIDTH)) -> None:
        leaves = 1 << TILE_HEIGHT * tile.level
        self._findings.add(
            code,
            "{position}: the tile {tile} over this entry and those up to number {last} " + said,
            position=tile.start + below.start * leaves,
            last=tile.start + below.stop * leaves - 1,
            tile=format_tile_path(tile),
        )


def _is_tile(level: Any, number: Any, size: int) -> bool:
    if not level.__class__ is number.__class__ is int or not 0 <= level < _LEVELS or number < 0:
        return False
    return Tile(level, number).stop <= size


class NoTiles(TileCheck):
    """Compares nothing: for checks that begin in the middle of a log."""

    def __init__(self) -> None:
        super().__init__(Findings(), lambda _level, _number: ())
        self.roots = {}

    def take(self, leaves: Sequence[bytes]) -> None:
        """Compare nothing."""

    def doubt(self, leaf: bytes) -> None:
        """Compare nothing."""

    def skip(self, stop: int) -> None:
        """Compare nothing."""
