"""Waiting until a log has come so far: for what another process records, or a primary sends.

    wait_for(engine, [Position("beijing", 41)], seconds=30)

Looking is reading the head of the log, a single row; nothing need notify anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic, sleep

from sqlalchemy import Engine

from ledger import reading
from ledger.engine import read_transaction
from ledger.errors import BehindError
from ledger.identity import Position, format_position

__all__ = ["wait_for"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.5  # seconds


def wait_for(engine: Engine, positions: Iterable[Position], *, seconds: float) -> None:
    """Come back once the entries at these positions are on file; BehindError if not all are in
    time."""
    deadline = monotonic() + seconds
    pause = _FIRST_PAUSE
    for position in positions:
        while (size := _size(engine, position.log)) <= position.number:
            left = deadline - monotonic()
            if left <= 0:
                raise BehindError(
                    "{position} is not on file here after {seconds} s of waiting, {log} has {size} "
                    "entries: wait longer with --wait-seconds, or ask the server that records",
                    position=format_position(*position),
                    seconds=f"{seconds:g}",
                    log=position.log,
                    size=size,
                )
            sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)


def _size(engine: Engine, log: str) -> int:
    with read_transaction(engine) as connection:
        return reading.log_head(connection, log).size
