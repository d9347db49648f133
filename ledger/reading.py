"""Reading what was recorded: streams, logs and single entries, as plain rows.

Rows of entries come straight from the driver and are not checked here: `ledger.upcasting` looks at
their types when it makes entries of them, and `ledger.verify` at everything. Heads of logs are
checked, because everything is measured by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select

from ledger.damage import shown
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError
from ledger.identity import format_position
from ledger.leaf import NO_PREVIOUS, Attachment, leaf_text
from ledger.lookup import Lookup
from ledger.merkle import EMPTY_ROOT, Frontier
from ledger.schema import entries as _entries
from ledger.schema import logs as _logs
from ledger.schema import sealed_heads as _sealed_heads
from ledger.statements import Statement, chunks_of, cursor_of, rows_of
from ledger.stream_index import IndexEntry

__all__ = [
    "LAST_OF_STREAMS",
    "LogHead",
    "Row",
    "attachments_of",
    "each_sealed_head",
    "is_log_name",
    "leaf_hashes",
    "leaf_of",
    "leaf_text_of",
    "leaves_before",
    "lock_log",
    "log_head",
    "logs",
    "private_of",
    "range_of",
    "read_entry",
    "read_leaf_texts",
    "read_log",
    "read_recorded",
    "read_stream",
    "read_streams",
    "sealed_heads",
    "stored_heads",
]

_E = _entries.c
_CHUNK = 2_000


class Row(NamedTuple):
    """An entry as it is stored."""

    log: str
    position: int
    stream: str
    version: int
    type: str
    effective: str
    recorded: str
    payload: bytes
    private: str | None
    attachments: str | None
    leaf: bytes


class LogHead(NamedTuple):
    """How long a log is, its root, the stored form of its frontier, its generation, and the ledger
    in which it is in force, where this is a copy."""

    log: str
    size: int
    root: bytes
    frontier: bytes
    generation: int = 1
    in_force_at: str | None = None


def read_entry(connection: Connection, log: str, position: int) -> Row:
    """The entry at a position; raises NotFoundError."""
    cursor = cursor_of(connection)
    cursor.execute(_RANGE.text(connection), (log, position, position + 1))
    for row in cursor.fetchall():
        return Row._make(row)
    raise NotFoundError("there is no entry {position}", position=format_position(log, position))


def read_stream(
    connection: Connection, log: str, stream: str, *, upto_position: int | None = None
) -> list[Row]:
    """The entries of a stream by version, those at or before a position."""
    return list(read_streams(connection, log, (stream,), upto_position=upto_position))


def read_streams(
    connection: Connection,
    log: str,
    streams: Iterable[str],
    *,
    upto_position: int | None = None,
) -> Iterator[Row]:
    """The entries of many streams, ordered by stream and version; reads 500 streams at a time."""
    rows = _ROWS.rows(connection, log, among=sorted(set(streams)))
    return map(Row._make, _upto(rows, upto_position))


def read_recorded(
    connection: Connection,
    log: str,
    streams: Iterable[str],
    *,
    upto_position: int | None = None,
) -> Iterator[tuple[Any, ...]]:
    """The same, of each only what `upcasting.recorded_of` takes, as the driver gives it."""
    rows = _RECORDED.rows(connection, log, among=sorted(set(streams)))
    return _upto(rows, upto_position)


def read_log(
    connection: Connection,
    log: str,
    start: int = 0,
    stop: int | None = None,
    *,
    chunk: int = _CHUNK,
) -> Iterator[Row]:
    """The entries at start ≤ position < stop (by default all), in order of position.

    Reads a chunk at a time, so that memory stays flat; what is recorded meanwhile does not appear.
    """
    end = log_head(connection, log).size if stop is None else stop
    cursor, sql = cursor_of(connection), _RANGE.text(connection)
    for first in range(start, end, chunk):
        cursor.execute(sql, (log, first, min(first + chunk, end)))
        yield from map(Row._make, cursor.fetchall())


def leaf_hashes(connection: Connection, log: str, *, start: int, stop: int) -> Iterator[bytes]:
    """Yield the stored leaf hashes of the entries from `start` to before `stop`, in order."""
    for rows in chunks_of(connection, _LEAVES, log, start, stop, chunk=_CHUNK):
        for (leaf,) in rows:
            yield leaf


def leaf_of(connection: Connection, log: str, stream: str, version: int) -> bytes:
    """The stored leaf hash of a version of a stream; raises NotFoundError."""
    wanted = select(_E.leaf).where(_E.log == log, _E.stream == stream, _E.version == version)
    found: bytes | None = connection.scalar(wanted)
    if found is None:
        raise _no_version(stream, version)
    return found


def leaves_before(connection: Connection, log: str, positions: Iterable[int]) -> dict[int, bytes]:
    """The stored leaf hash of the entry before each of some entries in its stream, by the position
    of the later one; first versions have none."""
    rows = _LEAVES_BEFORE.rows(connection, log, log, among=positions)
    return {position: leaf for position, leaf in rows if leaf is not None}


def _no_version(stream: str, version: int) -> NotFoundError:
    return NotFoundError("version {version} of {stream} is missing", version=version, stream=stream)


def read_leaf_texts(connection: Connection, log: str, start: int, stop: int) -> Iterator[bytes]:
    """The texts that were hashed for the entries at start ≤ position < stop, made from what is
    stored; NotFoundError where the entry before one in its stream is missing."""
    cursor, sql = cursor_of(connection), _RANGE_WITH_PREVIOUS.text(connection)
    for first in range(start, stop, _CHUNK):
        cursor.execute(sql, (log, log, first, min(first + _CHUNK, stop)))
        for *columns, previous in cursor.fetchall():
            row = Row._make(columns)
            if previous is None and row.version != 1:
                raise _no_version(row.stream, row.version - 1)
            yield leaf_text_of(row, previous or NO_PREVIOUS)


def log_head(connection: Connection, log: str) -> LogHead:
    """The head of a log; a log without entries has size 0. Raises IntegrityFailure for a head that
    is none."""
    cursor = cursor_of(connection)
    cursor.execute(_HEAD.text(connection), (log,))
    for row in cursor.fetchall():
        return _head_of(row)
    return LogHead(log, 0, EMPTY_ROOT, Frontier().to_bytes())


def lock_log(connection: Connection, log: str) -> None:
    """Keep other writers from the log until the transaction ends; SQLite has but one writer."""
    cursor_of(connection).execute(_LOCK.text(connection), (log,))


def logs(connection: Connection) -> list[LogHead]:
    """The heads of all logs that have entries, by name; raises IntegrityFailure for a head that is
    none."""
    return sorted(map(_head_of, rows_of(connection, _HEADS)))


def stored_heads(connection: Connection) -> list[LogHead]:
    """The heads of all logs as they are stored: their values may be of any type."""
    return [LogHead._make(row) for row in rows_of(connection, _HEADS)]


def is_log_name(value: object) -> bool:
    """Whether a stored value may be the name of a log."""
    return isinstance(value, str) and value.isascii()


def _head_of(row: tuple[Any, ...]) -> LogHead:
    head = LogHead._make(row)
    if not (
        is_log_name(head.log)
        and head.size.__class__ is head.generation.__class__ is int
        and head.root.__class__ is head.frontier.__class__ is bytes
        and head.size >= 0 < head.generation
        and isinstance(head.in_force_at, str | None)
    ):
        raise IntegrityFailure(
            "the head of the log {log} cannot be read: run `taizhang log verify`",
            log=shown(head.log),
        )
    return head


def sealed_heads(connection: Connection, log: str) -> dict[str, IndexEntry]:
    """What is kept of each stream in the newest seal's index; nothing before the first one."""
    rows = rows_of(connection, _SEALED_HEADS, log)
    return {row[0]: IndexEntry._make(row[1:]) for row in rows}


def each_sealed_head(connection: Connection, log: str) -> Iterator[tuple[Any, ...]]:
    """The same one by one, as stream, version, leaf and status; in no order."""
    for rows in chunks_of(connection, _SEALED_HEADS, log, chunk=_CHUNK):
        yield from map(tuple, rows)


def private_of(row: Row) -> tuple[tuple[str, bytes], ...]:
    """The commitments of an entry, as (path, 32 bytes), sorted by path."""
    pairs = orjson.loads(row.private) if row.private else ()
    return tuple((path, bytes.fromhex(commitment)) for path, commitment in pairs)


def attachments_of(row: Row) -> tuple[Attachment, ...]:
    """The files bound to an entry, in the order they were given."""
    files = orjson.loads(row.attachments) if row.attachments else ()
    return tuple(Attachment(bytes.fromhex(digits), length, name) for digits, length, name in files)


def leaf_text_of(row: Row, previous: bytes) -> bytes:
    """The text that was hashed for an entry, `previous` being the leaf before it in its stream;
    raises IntegrityFailure for a row that gives none."""
    try:
        return leaf_text(
            log=row.log,
            position=row.position,
            stream=row.stream,
            version=row.version,
            previous=previous,
            type=row.type,
            effective=row.effective,
            recorded=row.recorded,
            payload_sha256=sha256(row.payload).digest(),
            payload_length=len(row.payload),
            private=private_of(row),
            attachments=attachments_of(row),
        )
    except (MalformedError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityFailure(
            "the entry {position} cannot be read: {reason}. Run `taizhang log verify`",
            position=format_position(row.log, row.position),
            reason=str(shown(str(error))),
        ) from None


def _upto(rows: Iterator[tuple[Any, ...]], last: int | None) -> Iterator[tuple[Any, ...]]:
    # Not in the statement: a planner that is offered the position reads the whole log for it.
    return rows if last is None else _up_to_last(rows, last)


def _up_to_last(rows: Iterator[tuple[Any, ...]], last: int) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        position = row[1]
        if position.__class__ is not int:
            raise IntegrityFailure("an entry stands at no position: run `taizhang log verify`")
        if position <= last:
            yield row


def range_of(*columns: ColumnElement[Any], before: Sequence[str] = ()) -> Statement:
    """Columns of the entries of a log from `start` to before `stop`, in order of position; `before`
    are the parameters the columns themselves take."""
    statement = (
        select(*columns)
        .where(_E.log == bindparam("log_"))
        .where(_E.position >= bindparam("start"), _E.position < bindparam("stop"))
        .order_by(_E.position)
    )
    return Statement(statement, *before, "log_", "start", "stop")


_ROWS = Lookup(_entries, *_E, key="stream", order=("version",))
_RECORDED = Lookup(
    _entries,
    *(_E[name] for name in ("log", "position", "stream", "version", "type", "recorded", "payload")),
    key="stream",
    order=("version",),
)
_RANGE = range_of(*_E)
_LEAVES = range_of(_E.leaf)
_before = _entries.alias("before")
# A subquery for each row and no join, and the log as it was given: a server that never counted the
# rows takes two equal columns for rarer than a stream, and reads the whole log for every entry.
_previous = (
    select(_before.c.leaf)
    .where(_before.c.log == bindparam("log_before"))
    .where(_before.c.stream == _E.stream, _before.c.version == _E.version - literal_column("1"))
    .correlate(_entries)
    .scalar_subquery()
)
_RANGE_WITH_PREVIOUS = range_of(*_E, _previous, before=("log_before",))


_LEAVES_BEFORE = Lookup(
    _entries, _E.position, _previous.label("before"), key="position", before=("log_before",)
)
LAST_OF_STREAMS = Statement(
    select(_E.stream, _E.version, _E.leaf)
    .where(_E.log == bindparam("log_"), _E.position < bindparam("stop"))
    .order_by(_E.position),
    "log_",
    "stop",
)
"""Stream, version and leaf of the entries before a position, in order: in a dict the last of each
stream stays."""
_S = _sealed_heads.c
_SEALED_HEADS = Statement(
    select(_S.stream, _S.version, _S.leaf, _S.status).where(_S.log == bindparam("log_")), "log_"
)
_LOCK = Statement(
    select(_logs.c.size).where(_logs.c.log == bindparam("log_")).with_for_update(), "log_"
)
_HEADS = Statement(_head := select(*(_logs.c[name] for name in LogHead._fields)))
_HEAD = Statement(_head.where(_logs.c.log == bindparam("log_")), "log_")
