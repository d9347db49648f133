"""Writing tiles: each is recorded with the entry that completes it, in the same transaction.

The leaf hashes of the unfinished tile are kept from one append to the next where that is possible,
and else read from the entries when the tile is complete. A tile of an upper level is made once in
65,536 entries, from the roots of the 256 tiles below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from ledger.errors import IntegrityFailure
from ledger.merkle import tree_root
from ledger.schema import tiles
from ledger.statements import Insert, Statement
from ledger.tile_reader import read_below
from ledger.tiles import TILE_HEIGHT, TILE_WIDTH, Tile

__all__ = ["TileGrowth", "Write"]

Write = Callable[[Statement, Sequence[tuple[object, ...]]], None]
"""Carries out a statement for each row, in the append transaction."""


class TileGrowth:
    """The unfinished tile of a log, as far as its leaf hashes are at hand."""

    def __init__(self, log: str, size: int) -> None:
        self._log = log
        self._start = size  # position of the first leaf kept
        self._leaves: list[bytes] = []

    def extend(
        self,
        connection: Connection,
        leaves: Sequence[bytes],
        roots: Sequence[bytes],
        *,
        write: Write,
    ) -> None:
        """Take the leaves of entries just recorded, and write the tiles they complete.

        `roots` are the roots of these tiles of level 0. Raises IntegrityFailure where hashes
        recorded earlier are missing or give another root.
        """
        self._leaves += leaves
        if not roots:
            return
        self._complete_first(connection, roots[0])
        first = self._start // TILE_WIDTH
        done = len(roots) * TILE_WIDTH
        parts = [
            b"".join(self._leaves[start : start + TILE_WIDTH])
            for start in range(0, done, TILE_WIDTH)
        ]
        numbers = range(first, first + len(roots))
        write(
            _INSERT,
            [(self._log, 0, *row) for row in zip(numbers, roots, parts, strict=True)],
        )
        for number in numbers:
            self._write_above(connection, number, write)
        self._start += done
        del self._leaves[:done]

    def extend_unfinished(self, leaf: bytes) -> None:
        """Take the leaf of an entry that completes no tile."""
        self._leaves.append(leaf)

    def _complete_first(self, connection: Connection, root: bytes) -> None:
        """Read the leaves that were recorded before this object was there to keep them."""
        number, width = divmod(self._start, TILE_WIDTH)
        if not width:
            return
        self._leaves[:0] = read_below(connection, self._log, Tile(0, number, width))
        self._start -= width
        if tree_root(self._leaves[:TILE_WIDTH]) != root:
            raise IntegrityFailure(
                "the entries of the log {log} do not fit its head: run `taizhang log verify`",
                log=self._log,
            )

    def _write_above(self, connection: Connection, number: int, write: Write) -> None:
        level = 0
        while (number + 1) % TILE_WIDTH == 0:
            level, number = level + 1, number >> TILE_HEIGHT
            roots = read_below(connection, self._log, Tile(level, number))
            write(_INSERT, [(self._log, level, number, tree_root(roots), b"".join(roots))])


_INSERT = Insert(tiles)
