"""Recording again where the server went away: under the same keys nothing is recorded twice.

After a failover another server takes writes, and what was being recorded when the first one went is
on file there or not. If the server went before the commit was sent, nothing is; if the answer to
the commit was lost, nobody knows, and only lines that all have a key may be sent once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from time import monotonic, sleep
from typing import Any, TypeVar

from ledger.errors import ConflictError, OutcomeUnknownError, UnreachableError
from ledger.parsing import ParsedLine, parse_lines

__all__ = ["until_answered"]

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds


def until_answered(
    attempt: Callable[[], T],
    lines: Iterable[bytes],
    *,
    today: date,
    seconds: float,
    told: Callable[[ConflictError], None] | None = None,
) -> T:
    """What `attempt`, which records the lines, gives; tried again for so many seconds where the
    server went away and the lines can be read again. `told` hears of each failure before that.

    Raises what the first attempt with an unknown outcome raised, else what the last one did.
    """
    back = _way_back(lines)
    deadline: float | None = None
    unknown: OutcomeUnknownError | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            return attempt()
        except (OutcomeUnknownError, UnreachableError) as error:
            if unknown is None and isinstance(error, OutcomeUnknownError):
                unknown = error
                may_repeat = back is not None and _have_keys(lines, back, today)
            else:
                may_repeat = back is not None
            if deadline is None:
                deadline = monotonic() + seconds
            if not may_repeat or monotonic() + pause > deadline:
                raise unknown or error from error.__cause__
            if told is not None:
                told(error)
        assert back is not None  # noqa: S101  else it could not be repeated
        back()
        sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _way_back(lines: Any) -> Callable[[], object] | None:
    """How to come back to where the lines began; None where they can be read but once."""
    if isinstance(lines, Sequence):
        return lambda: None
    try:
        start = lines.tell()
    except (AttributeError, OSError):
        return None
    return lambda: lines.seek(start)


def _have_keys(lines: Iterable[bytes], back: Callable[[], object], today: date) -> bool:
    """Whether each of the entries has a key."""
    back()
    return all(
        isinstance(line, ParsedLine) and all(entry.key is not None for entry in line.entries)
        for line in parse_lines(lines, today=today)
    )
