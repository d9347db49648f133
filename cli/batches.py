"""Record a long file batch by batch, each a transaction of its own.

What was recorded stays when a later batch is refused or the command is interrupted. Every line must
have a key, so that the whole file can be sent again: what is on file is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ledger.errors import LedgerError

if TYPE_CHECKING:
    from pathlib import Path

    from cli.desk import Desk
    from ledger.errors import ConflictError
    from ledger.receipt import Receipt

__all__ = ["LONGEST", "record_in_batches"]

LONGEST = 100_000
"""Lines a batch may have; they are held in memory, so that they can be sent again."""


def record_in_batches(
    desk: Desk,
    lines: Iterable[bytes],
    size: int,
    *,
    historical: bool = False,
    folder: Path | None = None,
    progress: Callable[[int], None] | None = None,
    told: Callable[[ConflictError], None] | None = None,
) -> Receipt:
    """Rule and record so many lines after another, each batch or nothing of it; one receipt.

    `desk.next_line` says all the time with which line the rest begins. Raises what `Desk.record`
    raises, with `next_line`.
    """
    from ledger.receipt import Receipt

    whole = Receipt()
    desk.next_line = first = 1
    for batch in _batches(lines, size):
        numbers = range(first, first := first + len(batch))
        try:
            receipt = desk.record(
                batch,
                historical=historical,
                folder=folder,
                batch=numbers,
                progress=progress,
                told=told,
            )
        except LedgerError as error:
            error.next_line = desk.next_line or numbers.start
            raise
        desk.next_line = numbers.stop
        whole.add(receipt)
    return whole


def _batches(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    rest = iter(lines)
    while batch := list(islice(rest, size)):
        yield batch
