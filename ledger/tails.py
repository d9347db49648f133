"""What a writer knew of a log when it ended, kept for the next one of the same engine.

It is good for as long as the stored head is still the same: a root stands for every leaf, and so
for every stream head. Taken out while in use, so that no two writers share one.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from ledger.merkle import Frontier
from ledger.tile_writer import TileGrowth

__all__ = ["Tail", "keep_tail", "take_tail"]

_HEADS_KEPT = 16_384


class Tail(NamedTuple):
    """The end of a log: its stored head (size, root, frontier's bytes), the frontier itself,
    version and leaf of some streams, the unfinished tile, and when the last entry was recorded."""

    head: tuple[int, bytes, bytes]
    frontier: Frontier
    heads: dict[str, tuple[int, bytes]]
    tiles: TileGrowth
    recorded: str


_tails: WeakKeyDictionary[Engine, dict[str, Tail]] = WeakKeyDictionary()


def take_tail(engine: Engine, log: str) -> Tail | None:
    """The tail kept for a log, which is then kept no longer."""
    return _tails.setdefault(engine, {}).pop(log, None)


def keep_tail(engine: Engine, log: str, tail: Tail) -> None:
    """Keep the tail of a log, unless it has grown too large."""
    if len(tail.heads) <= _HEADS_KEPT:
        _tails.setdefault(engine, {})[log] = tail
