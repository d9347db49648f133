"""Keep a reading in step with a log: catch up, rebuild beside the live rows, compare.

The log and the table come in through two narrow interfaces, so that nothing in here knows a
database. A row
is always folded from the whole stream of its center; streams are short, and late facts reorder
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from heapq import merge
from operator import attrgetter
from typing import Protocol, TypeVar

from ledger.damage import shown
from ledger.errors import IntegrityFailure
from ledger.ruling import Recorded
from projections.center import CenterState
from projections.fold import fold
from projections.register import RegisterRow, digest, row_of

__all__ = [
    "BATCH",
    "Difference",
    "Progress",
    "Shelf",
    "Source",
    "catch_up",
    "caught_up",
    "compare",
    "rebuild",
]

T = TypeVar("T")

_NO_CENTER = "no such center"

BATCH = 20_000
"""Positions taken in per transaction."""

Progress = Callable[[int, int], None]
"""Told how many entries are done, of how many."""


class Source(Protocol):
    """The log, as far as a reading needs it."""

    def size(self, log: str) -> int:
        """How many entries the log has."""

    def touched(self, log: str, start: int, stop: int) -> list[str]:
        """Centers with an entry at a position in [start, stop), sorted."""

    def streams(self, log: str, centers: Sequence[str]) -> Iterator[tuple[str, list[Recorded]]]:
        """Every entry of each of the centers."""

    def each(
        self, log: str, work: Callable[[str, list[Recorded] | IntegrityFailure], T]
    ) -> Iterator[tuple[int, T]]:
        """Of each center, sorted: how many entries it has, and what `work` gives for it with all of
        them, or with what is wrong with them. It may be carried out in other processes."""


class Shelf(Protocol):
    """The table a reading stands in, with the position it speaks up to."""

    def position(self, log: str) -> int:
        """How many entries the live rows have taken in."""

    def put(self, log: str, rows: Iterable[RegisterRow], *, upto: int, expected: int) -> bool:
        """Write rows and move the position from `expected` to `upto`, in one transaction; False if
        somebody was faster."""

    def replace(self, log: str, rows: Iterator[RegisterRow], *, upto: int) -> None:
        """Write all rows beside the live ones, then swap."""

    def rows(self, log: str) -> Iterator[RegisterRow]:
        """The live rows, sorted by center."""

    def stored(self, log: str) -> Iterator[RegisterRow]:
        """The same as they are stored: their values may be of any type."""


class Difference:
    """A center whose row does not say what its entries say; `fields` names what differs.

    With `unread` the row was not compared: that is why its entries cannot be read.
    """

    __slots__ = ("center", "fields", "unread")

    def __init__(
        self, center: str, fields: Sequence[str], *, unread: IntegrityFailure | None = None
    ) -> None:
        self.center = center
        self.fields = fields
        self.unread = unread


def catch_up(
    source: Source,
    shelf: Shelf,
    log: str,
    *,
    states: Callable[[str], CenterState | None] | None = None,
    progress: Progress | None = None,
) -> int:
    """Bring the register up to the end of the log; returns the position it then speaks up to.

    `states` may hand over states already folded up to the end of the log, so that nothing is read
    twice.
    """
    size = source.size(log)
    position = shelf.position(log)
    while position < size:
        stop = min(position + BATCH, size)
        centers = source.touched(log, position, stop)
        # A state that already knows entries beyond this batch would put the row ahead of its
        # position.
        ready = {
            c: s
            for c in centers
            if states is not None and (s := states(c)) is not None and s.position < stop
        }
        rows = [row_of(state) for state in ready.values()]
        rows += _rows_at(source, log, [c for c in centers if c not in ready], stop)
        if not shelf.put(log, rows, upto=stop, expected=position):
            position = shelf.position(log)
            continue
        position = stop
        if progress is not None:
            progress(position, size)
    return position


def caught_up(
    source: Source, shelf: Shelf, log: str, *, size: int | None = None
) -> Iterator[RegisterRow]:
    """The rows as of the first `size` entries (default: all there are), sorted by center, whether
    the live ones are behind that or ahead; nothing is written."""
    size = source.size(log) if size is None else size
    position = shelf.position(log)
    behind = source.touched(log, position, size) if position < size else []
    fresh = _rows_at(source, log, behind, size)
    stale = {*behind}

    def known() -> Iterator[RegisterRow]:
        for row in shelf.rows(log):
            if row.center in stale:
                continue
            if row.position < size:
                yield row
            else:
                yield from _rows_at(source, log, [row.center], size)

    yield from merge(known(), fresh, key=attrgetter("center"))


def _rows_at(source: Source, log: str, centers: Sequence[str], size: int) -> list[RegisterRow]:
    streams = source.streams(log, centers)
    return [row for center, entries in streams for row in _row_at(center, entries, size)]


def _row_at(center: str, entries: Sequence[Recorded], size: int) -> tuple[RegisterRow, ...]:
    """The row of a center as of the first `size` entries of its log; none if it had none then."""
    kept = [r for r in entries if r.position < size]
    return (row_of(fold(center, kept)),) if kept else ()


def rebuild(source: Source, shelf: Shelf, log: str, *, progress: Progress | None = None) -> str:
    """Fold everything again beside the live rows and swap; returns the digest of what then is
    live."""
    size = source.size(log)
    done = 0

    def folded() -> Iterator[RegisterRow]:
        nonlocal done
        for entries, (_, rows) in source.each(log, partial(_expected, size=size)):
            if isinstance(rows, IntegrityFailure):
                raise rows
            done += entries
            if progress is not None:
                progress(done, size)
            yield from rows

    shelf.replace(log, folded(), upto=size)
    return digest(shelf.rows(log))


def compare(
    source: Source, shelf: Shelf, log: str, *, progress: Progress | None = None
) -> list[Difference]:
    """Every center whose live row differs from a replay up to the position the rows speak up to;
    raises IntegrityFailure where the head of the log or of the register is none."""
    upto = shelf.position(log)
    size = source.size(log)
    if upto > size:
        return [Difference(log, ("position",))]
    found: list[Difference] = []
    live = _Live(shelf.stored(log), found)
    done = 0
    for entries, (center, expected) in source.each(log, partial(_expected, size=upto)):
        row = live.row_of(center)
        if isinstance(expected, IntegrityFailure):
            found.append(Difference(center, (), unread=expected))
            continue
        done += entries
        if progress is not None:
            progress(done, size)
        fields = _differing(row, expected)
        if fields:
            found.append(Difference(center, fields))
    live.finish()
    return found


def _expected(
    center: str, entries: list[Recorded] | IntegrityFailure, *, size: int
) -> tuple[str, tuple[RegisterRow, ...] | IntegrityFailure]:
    if isinstance(entries, IntegrityFailure):
        return center, entries
    return center, _row_at(center, entries, size)


def _differing(row: RegisterRow | None, expected: tuple[RegisterRow, ...]) -> Sequence[str]:
    if not expected:
        return () if row is None else (_NO_CENTER,)
    if row is None:
        return ("missing",)
    return tuple(
        name for name in RegisterRow._fields if getattr(row, name) != getattr(expected[0], name)
    )


class _Live:
    """The live rows, asked for center by center in their order; whoever is not asked for is noted
    in `found`."""

    def __init__(self, rows: Iterator[RegisterRow], found: list[Difference]) -> None:
        self._rows = rows
        self._found = found
        self._next = next(rows, None)

    def row_of(self, center: str) -> RegisterRow | None:
        """The row of the center, if there is one."""
        while (row := self._next) is not None:
            if row.center.__class__ is str and row.center > center:
                return None
            self._next = next(self._rows, None)
            if row.center == center:
                return row
            self._note(row)
        return None

    def finish(self) -> None:
        """Note the rows that are left."""
        while (row := self._next) is not None:
            self._note(row)
            self._next = next(self._rows, None)

    def _note(self, row: RegisterRow) -> None:
        self._found.append(Difference(str(shown(row.center)), (_NO_CENTER,)))
