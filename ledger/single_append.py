"""One entry in one statement, on PostgreSQL: no transaction is opened, nothing is read before.

A writer that knows the end of the log makes the row for it and says what the log must look like.
The statement finds the head as it was and writes everything, or finds another and writes nothing;
then the ordinary way is gone (`ledger.recorder.LogWriter`), which waits and reads.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from ledger.engine import committing, translated_errors
from ledger.leaf import NO_PREVIOUS
from ledger.reading import Row
from ledger.recorder import Draft, EntryRow, entry_row
from ledger.statements import cursor_of
from ledger.tails import Tail, keep_tail, take_tail
from ledger.tiles import TILE_WIDTH

__all__ = ["append_at_once", "is_offered"]


def is_offered(engine: Engine) -> bool:
    """Whether the engine can do it at all."""
    return engine.dialect.name == "postgresql"


def append_at_once(engine: Engine, log: str, draft: Draft, *, recorded_at: str) -> int | None:
    """Record a draft and return its position; None where nothing was recorded and the ordinary way
    must be gone: no tail at hand, another writer, a tile to complete, a clock that went back,
    another engine."""
    if not is_offered(engine):
        return None
    tail = take_tail(engine, log)
    if tail is None:
        return None
    size = tail.frontier.size
    version, previous = tail.heads.get(draft.stream, (0, NO_PREVIOUS))
    # An unknown stream is taken for new; if it is not, its first version is there already.
    fits = draft.version in (None, version + 1) and recorded_at >= tail.recorded
    if not fits or (size + 1) % TILE_WIDTH == 0:
        keep_tail(engine, log, tail)
        return None
    row = entry_row(log, size, draft, version + 1, previous, recorded_at)
    leaf = row[-1]
    tail.frontier.append(leaf)
    tail.tiles.extend_unfinished(leaf)
    head = (tail.frontier.size, tail.frontier.root(), tail.frontier.to_bytes())
    if not _is_written(engine, tail, head, row):
        return None
    tail.heads[draft.stream] = (version + 1, leaf)
    keep_tail(engine, log, tail._replace(head=head, recorded=recorded_at))
    return size


def _is_written(engine: Engine, tail: Tail, head: tuple[int, bytes, bytes], row: EntryRow) -> bool:
    log, _, stream, version, *_, leaf = row
    size, root, _ = tail.head
    with translated_errors(), engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        cursor: Any = cursor_of(autocommit)
        known = (*head, log, size, root, log, stream)
        try:
            with committing(autocommit):
                if version == 1:
                    cursor.execute(_FIRST, (*known, version, leaf, *row))
                else:
                    cursor.execute(_NEXT, (*known, version - 1, version, leaf, log, stream, *row))
        except engine.dialect.loaded_dbapi.IntegrityError:  # the stream was not new
            return False
        return bool(cursor.rowcount == 1)


_COLUMNS, _VALUES = ", ".join(Row._fields), ", ".join(["%s"] * len(Row._fields))
# All parts of a statement see the same state, and the head's row keeps other writers out.
_FIRST = f"""
WITH moved AS (
    UPDATE logs SET size = %s, root = %s, frontier = %s
    WHERE log = %s AND size = %s AND root = %s AND in_force_at IS NULL RETURNING 1
), head AS (
    INSERT INTO stream_heads (log, stream, version, leaf)
    SELECT %s, %s, %s, %s FROM moved RETURNING 1
)
INSERT INTO entries ({_COLUMNS}) SELECT {_VALUES} FROM moved, head
"""  # noqa: S608  names of the schema
_NEXT = f"""
WITH moved AS (
    UPDATE logs SET size = %s, root = %s, frontier = %s
    WHERE log = %s AND size = %s AND root = %s AND in_force_at IS NULL AND EXISTS (
        SELECT 1 FROM stream_heads WHERE log = %s AND stream = %s AND version = %s
    ) RETURNING 1
), head AS (
    UPDATE stream_heads SET version = %s, leaf = %s FROM moved
    WHERE log = %s AND stream = %s RETURNING 1
)
INSERT INTO entries ({_COLUMNS}) SELECT {_VALUES} FROM moved, head
"""  # noqa: S608  names of the schema
