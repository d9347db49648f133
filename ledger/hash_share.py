"""A share of a log, hashed again in whatever process has time for it, and put together again.

A share is a range of positions. Whoever takes it hashes its entries again, each stream going on
from the leaf that is stored for the entry before, and says what it began from and where it came to.
`join` accepts a share only where it began from what the shares before it came to; so every leaf
rests on the entries alone. Nothing is named here: where anything is wrong, `UnsoundError` is
raised, and everything is checked again in one process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ledger import reading
from ledger.beside import KeyCheck, VaultCheck
from ledger.crew import Task
from ledger.damage import Findings
from ledger.errors import LedgerError
from ledger.log_check import LogCheck
from ledger.merkle import HASH_BYTES
from ledger.references import Kept, References
from ledger.schema import entries
from ledger.statements import cursor_of
from ledger.stored import COLUMNS, EntryRow
from ledger.stream_table import START, StreamState
from ledger.tile_check import NoTiles

__all__ = ["Share", "UnsoundError", "cuts", "join", "share_tasks", "take_shares"]

ENTRIES_AT_ONCE = 8_192
"""Entries a process hashes before it is asked again."""

_CHUNK = 2_000


class UnsoundError(Exception):
    """Something is wrong, or may be."""


class Share(NamedTuple):
    """What the entries at start ≤ position < stop came to.

    `leaves` are their leaf hashes, one after the other; `streams` says of each stream they belong
    to what its first one here was hashed over, and where it stands after its last; `marks` are the
    rows the ledger wrote about itself. The rest is what they refer to: how many keys and private
    values fit, the values that are gone, those that were erased, the files and editions that must
    be kept, and the files known by their hash alone.
    """

    start: int
    stop: int
    leaves: bytes
    streams: dict[str, tuple[StreamState, StreamState]]
    marks: tuple[EntryRow, ...] = ()
    keys: int = 0
    values: int = 0
    gone: tuple[tuple[int, str, str], ...] = ()
    erased: tuple[tuple[int, tuple[str, ...]], ...] = ()
    files: frozenset[tuple[str, ...]] = frozenset()
    editions: frozenset[tuple[str, ...]] = frozenset()
    known_by_hash: frozenset[tuple[str, ...]] = frozenset()


def cuts(size: int, sizes: Iterable[int]) -> list[int]:
    """Where shares of a log begin and end, 0 and its size included.

    At every size somebody asks for the root of, and before the entry that brings the log there,
    which may be a seal.
    """
    asked = {place for one in sizes for place in (one - 1, one) if 0 < place < size}
    return sorted({*range(0, size, ENTRIES_AT_ONCE), *asked, size})


def share_tasks(log: str, size: int, sizes: Iterable[int], marks: frozenset[str]) -> Iterator[Task]:
    """The tasks that hash a whole log; the result of each is a list of shares."""
    places = [0]
    for place in cuts(size, sizes)[1:]:
        if places[-1] > places[0] and place - places[0] > ENTRIES_AT_ONCE:
            yield Task(take_shares, (log, tuple(places), marks))
            places = places[-1:]
        places.append(place)
    if places[-1] > places[0]:
        yield Task(take_shares, (log, tuple(places), marks))


def take_shares(
    connection: Connection, log: str, places: Sequence[int], marks: frozenset[str]
) -> list[Share]:
    """Hash the entries between the places again; raises UnsoundError where they do not fit."""
    try:
        return [_taken(connection, log, *ends, marks) for ends in pairwise(places)]
    except (LedgerError, LookupError, ValueError, TypeError) as error:
        raise UnsoundError from error


def join(check: LogCheck, share: Share) -> None:
    """Let a log go on by a share; raises UnsoundError where it does not go on from there."""
    streams = check.streams
    for stream, (before, after) in share.streams.items():
        if not streams.go_on(stream, before, after):
            raise UnsoundError
    data = share.leaves
    if check.size != share.start or len(data) != (share.stop - share.start) * HASH_BYTES:
        raise UnsoundError
    check.go_on([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])


class _Range(LogCheck):
    """A check that begins anywhere, and whose tree is somebody else's business."""

    def __init__(self, *parts: Any, start: int) -> None:
        super().__init__(*parts)
        self.size = start
        self.leaves: list[bytes] = []

    def _grow(self, leaves: list[bytes]) -> None:
        self.leaves += leaves


def _taken(connection: Connection, log: str, start: int, stop: int, marks: frozenset[str]) -> Share:
    findings = Findings(log)
    files, editions = _Trusting("file"), _Trusting("edition")
    references = References(findings, files=files, editions=editions)
    check = _Range(log, findings, references, NoTiles(), start=start)
    keys, values = KeyCheck(connection, check), VaultCheck(connection, check)
    begun: dict[str, StreamState] = {}
    own: list[EntryRow] = []
    for rows in _rows(connection, log, start, stop):
        begun |= _begin(connection, check, rows)
        check.take(rows)
        own += [row for row in rows if row[3] in marks]
        keys.take(references.keys)
        values.take(references.private)
        references.keys.clear()
        references.private.clear()
    if check.size != stop or findings.done():
        raise UnsoundError
    return Share(
        start,
        stop,
        b"".join(check.leaves),
        {stream: (begun[stream], after) for stream, after in check.streams.items()},
        tuple(own),
        keys=keys.matched,
        values=values.matched,
        gone=tuple(values.gone),
        erased=tuple((at, tuple(paths)) for at, paths in references.erased.items()),
        files=frozenset(files.needed),
        editions=frozenset(editions.needed),
        known_by_hash=frozenset(files.referenced),
    )


def _rows(connection: Connection, log: str, start: int, stop: int) -> Iterator[list[EntryRow]]:
    cursor, sql = cursor_of(connection), _RANGE.text(connection)
    for first in range(start, stop, _CHUNK):
        cursor.execute(sql, (log, first, min(first + _CHUNK, stop)))
        yield list(cursor.fetchall())


def _begin(
    connection: Connection, check: LogCheck, rows: Sequence[EntryRow]
) -> dict[str, StreamState]:
    """Give the check the stored leaf before the first entry of each stream that is new to it."""
    firsts: dict[str, EntryRow] = {}
    for row in rows:
        if row[1] not in check.streams:
            firsts.setdefault(row[1], row)
    later = [row[0] for row in firsts.values() if row[2] != 1]
    before = reading.leaves_before(connection, check.log, later) if later else {}
    begun = {
        stream: StreamState(row[2] - 1, before[row[0]]) if row[2] != 1 else START
        for stream, row in firsts.items()
    }
    check.streams.update(begun.items())
    return begun


class _Trusting(Kept):
    """Notes what is referred to; whether it is sound is looked at once, elsewhere."""

    def __init__(self, what: str) -> None:
        super().__init__(what, {})
        self.needed: set[tuple[str, ...]] = set()

    def use(self, name: tuple[str, ...], findings: Findings, position: int, stream: str) -> None:
        """Note that an entry refers to a thing."""
        self.needed.add(name)


_E = entries.c
_RANGE = reading.range_of(*(_E[name] for name in COLUMNS))
