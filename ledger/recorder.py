"""Appending: entries, leaves, tiles, stream heads and the log head, in one transaction.

    with write_transaction(engine) as connection, LogWriter(connection, "beijing") as writer:
        for drafts in batches:
            positions = writer.append(drafts, recorded_at=format_instant(clock()))

The heads are read once and kept in memory; leaving the `with` writes them. `append` is the same
for a single batch. Whatever goes wrong between the two, the transaction is rolled back: entries
are never committed without the head that covers them.

What a writer knew at its end is kept for the next one of the same engine, which takes it up only
if the log head is still the same: a root stands for every leaf, and so for every stream head.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from types import TracebackType
from typing import NamedTuple, Self

import orjson
from sqlalchemy import Connection, bindparam, func, select, update

from ledger.errors import (
    ConflictError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    elsewhere,
)
from ledger.leaf import NO_PREVIOUS, Attachment, hash_leaf, leaf_text
from ledger.lookup import Lookup
from ledger.merkle import Frontier
from ledger.schema import entries, logs, stream_heads
from ledger.statements import (
    Insert,
    Statement,
    Update,
    cursor_of,
    rows_of,
    write_rows,
)
from ledger.tails import Tail, keep_tail, take_tail
from ledger.tile_writer import TileGrowth
from ledger.tiles import TILE_HEIGHT

__all__ = ["Draft", "EntryRow", "LogWriter", "StreamHead", "append", "entry_row"]


class Draft(NamedTuple):
    """An entry about to be recorded; `version` is the one it expects to get, None for the next."""

    stream: str
    version: int | None
    type: str
    effective: str
    payload: bytes
    private: tuple[tuple[str, bytes], ...] = ()
    attachments: tuple[Attachment, ...] = ()


class StreamHead(NamedTuple):
    """The last version of a stream and its leaf hash; version 0 for a stream without entries."""

    version: int
    leaf: bytes


EntryRow = tuple[
    str, int, str, int, str, str, str, bytes, str | None, str | None, bytes
]  # the fields of ledger.reading.Row, without its cost


FIRST_GENERATION = 1
_NO_HEAD = (0, NO_PREVIOUS)


def append(connection: Connection, log: str, drafts: Sequence[Draft], *, recorded_at: str) -> range:
    """Record drafts in order and return their positions; a refused draft refuses all of them.

    Raises ConflictError when a stream is not at the version a draft expects.
    """
    with LogWriter(connection, log) as writer:
        return writer.append(drafts, recorded_at=recorded_at)


class LogWriter:
    """Appends batch after batch to one log inside one write transaction; use it in a `with`.

    Keeps the log's frontier and at most `heads_kept` stream heads, so that memory stays flat.
    """

    def __init__(self, connection: Connection, log: str, *, heads_kept: int = 65_536) -> None:
        if not connection.in_transaction():
            raise LedgerError("appending needs a write transaction")
        self._connection = connection
        self._transaction = connection.get_transaction()
        self._cursor = cursor_of(connection)
        self._log = log
        self._heads_kept = heads_kept
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._new: set[str] = set()  # streams without a row in stream_heads
        self._changed: set[str] = set()  # streams whose row is out of date
        self._recorded: str | None = None  # when the last entry was, as far as that is at hand
        self._is_open = False
        self._is_lost = False
        self._stored_size, self._frontier, self._tiles = self._read_log_head()

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if error is None:
            self.flush()
            self._keep_tail()
        elif self.size != (self._stored_size or 0):
            self._roll_back()

    @property
    def size(self) -> int:
        """The size of the log, with what was appended."""
        return self._frontier.size

    @property
    def root(self) -> bytes:
        """The root of the log, with what was appended."""
        return self._frontier.root()

    def head_of(self, stream: str) -> StreamHead:
        """The head of a stream, with what was appended."""
        self._fetch_heads((stream,))
        return StreamHead(*self._heads[stream])

    def append(self, drafts: Sequence[Draft], *, recorded_at: str) -> range:
        """Record drafts in order and return their positions; a refused draft refuses all of them.

        Raises ConflictError when a stream is not at the version a draft expects.
        """
        if not self._is_open or self._is_lost:
            raise LedgerError("a LogWriter is used in its `with` block, which writes the heads")
        self._fetch_heads({draft.stream for draft in drafts})
        rows, heads = self._rows(drafts, recorded_at)
        positions = range(self.size, self.size + len(rows))
        self._write(_INSERT_ENTRY, rows)
        self._grow([row[-1] for row in rows])
        self._heads.update(heads)
        self._changed.update(heads)
        self._recorded = recorded_at if rows else self._recorded
        if len(self._heads) > self._heads_kept:
            self.flush()
            self._heads.clear()
            self._new.clear()
        return positions

    def flush(self) -> None:
        """Write the stream heads and the log head that are out of date."""
        # Another writer may have rolled back: the driver would go on, each statement for itself.
        if self._is_lost or self._transaction is None or not self._transaction.is_active:
            raise LedgerError("nothing was recorded: the transaction was rolled back")
        log, heads, size = self._log, self._heads, self.size
        if size == (self._stored_size or 0):
            return
        changed = sorted(self._changed)  # in the order of the index
        self._write(
            _INSERT_STREAM_HEAD,
            [(log, stream, *heads[stream]) for stream in changed if stream in self._new],
        )
        self._write(
            _UPDATE_STREAM_HEAD,
            [(*heads[stream], log, stream) for stream in changed if stream not in self._new],
        )
        self._head = (size, self.root, self._frontier.to_bytes())
        if self._stored_size is None:
            self._write(_INSERT_LOG, [(log, *self._head, FIRST_GENERATION, None)])
        else:
            self._write(_UPDATE_LOG, [(*self._head, log)])
        self._stored_size = size
        self._new -= self._changed
        self._changed.clear()

    def _rows(
        self, drafts: Sequence[Draft], recorded_at: str
    ) -> tuple[list[EntryRow], dict[str, tuple[int, bytes]]]:
        log, position, kept = self._log, self.size, self._heads
        heads: dict[str, tuple[int, bytes]] = {}
        rows: list[EntryRow] = []
        for draft in drafts:
            stream, expected = draft.stream, draft.version
            found, previous = heads.get(stream) or kept[stream]
            version = found + 1
            if expected is not None and expected != version:
                raise _conflict(stream, found, expected)
            row = entry_row(log, position, draft, version, previous, recorded_at)
            rows.append(row)
            heads[stream] = (version, row[-1])
            position += 1
        return rows, heads

    def _grow(self, leaves: list[bytes]) -> None:
        roots: list[bytes] = []
        self._frontier.extend(leaves, {TILE_HEIGHT: roots})
        try:
            self._tiles.extend(self._connection, leaves, roots, write=self._write)
        except BaseException:
            self._roll_back()
            raise

    def _read_log_head(self) -> tuple[int | None, Frontier, TileGrowth]:
        rows = rows_of(self._connection, _LOG_HEAD, self._log)
        if not rows and self._connection.dialect.name == "postgresql":
            # One writer begins the log, the others wait and then find it.
            rows_of(self._connection, _OPEN_LOG, self._log)
            rows = rows_of(self._connection, _LOG_HEAD, self._log)
        if not rows:
            return None, Frontier(), TileGrowth(self._log, 0)
        *head, in_force_at = rows[0]
        if in_force_at is not None:
            raise elsewhere(self._log, in_force_at)
        self._head = size, root, peaks = tuple(head)
        tail = take_tail(self._connection.engine, self._log)
        if tail is not None and tail.head == self._head:
            self._heads, self._recorded = tail.heads, tail.recorded
            return size, tail.frontier, tail.tiles
        try:
            frontier = Frontier.from_bytes(peaks)
        except (MalformedError, TypeError):
            raise self._misfit() from None
        if frontier.size != size or frontier.root() != root:
            raise self._misfit()
        return size, frontier, TileGrowth(self._log, size)

    def _keep_tail(self) -> None:
        for stream in self._new:
            del self._heads[stream]
        if self._recorded is not None:
            tail = Tail(self._head, self._frontier, self._heads, self._tiles, self._recorded)
            keep_tail(self._connection.engine, self._log, tail)

    def _fetch_heads(self, streams: Iterable[str]) -> None:
        missing = [stream for stream in streams if stream not in self._heads]
        for stream, version, leaf in _HEADS.rows(self._connection, self._log, among=missing):
            self._heads[stream] = (version, leaf)
        for stream in missing:
            if stream not in self._heads:
                self._heads[stream] = _NO_HEAD
                self._new.add(stream)

    def _write(self, statement: Statement, rows: Sequence[tuple[object, ...]]) -> None:
        try:
            write_rows(self._connection, statement, rows)
        except BaseException as error:
            self._roll_back()
            driver = self._connection.dialect.loaded_dbapi
            if not isinstance(error, driver.IntegrityError):
                raise
            if self._stored_size is None:
                raise ConflictError("another writer began the log {log}", log=self._log) from error
            raise self._misfit() from error

    def _roll_back(self) -> None:
        self._is_lost = True  # the driver would go on, each statement for itself
        transaction = self._connection.get_transaction()
        if transaction is not None:
            transaction.rollback()

    def _misfit(self) -> IntegrityFailure:
        return IntegrityFailure(
            "the head of the log {log} does not fit its entries: run `taizhang log verify`",
            log=self._log,
        )


def entry_row(
    log: str, position: int, draft: Draft, version: int, previous: bytes, recorded: str
) -> EntryRow:
    """The row of an entry, its leaf hashed; MalformedError where a field cannot stand in a leaf."""
    stream, _, type_, effective, payload, private, attachments = draft
    leaf = hash_leaf(
        leaf_text(
            log=log,
            position=position,
            stream=stream,
            version=version,
            previous=previous,
            type=type_,
            effective=effective,
            recorded=recorded,
            payload_sha256=sha256(payload).digest(),
            payload_length=len(payload),
            private=private,
            attachments=attachments,
        )
    )
    return (
        log,
        position,
        stream,
        version,
        type_,
        effective,
        recorded,
        payload,
        _private_text(private) if private else None,
        _attachments_text(attachments) if attachments else None,
        leaf,
    )


def _conflict(stream: str, found: int, expected: int) -> ConflictError:
    return ConflictError(
        "{stream} is at version {found}, so version {expected} cannot be recorded: "
        "read it again and retry",
        stream=stream,
        found=found,
        expected=expected,
    )


def _private_text(private: Sequence[tuple[str, bytes]]) -> str:
    return orjson.dumps([(path, commitment.hex()) for path, commitment in private]).decode()


def _attachments_text(attachments: Sequence[Attachment]) -> str:
    return orjson.dumps(
        [(file.sha256.hex(), file.length, file.name) for file in attachments]
    ).decode()


_HEADS = Lookup(
    stream_heads, stream_heads.c.stream, stream_heads.c.version, stream_heads.c.leaf, key="stream"
)
# FOR UPDATE makes the row the log's mutex where the engine has many writers; SQLite has one.
_LOG_HEAD = Statement(
    select(logs.c.size, logs.c.root, logs.c.frontier, logs.c.in_force_at)
    .where(logs.c.log == bindparam("log_"))
    .with_for_update(),
    "log_",
)
_INSERT_ENTRY = Insert(entries)
_INSERT_STREAM_HEAD = Insert(stream_heads)
_UPDATE_STREAM_HEAD = Update(stream_heads, "version", "leaf", key="stream")
_INSERT_LOG = Insert(logs)
_OPEN_LOG = Statement(select(func.taizhang_open_log(bindparam("log_"))), "log_")
_UPDATE_LOG = Statement(
    update(logs)
    .where(logs.c.log == bindparam("log_"))
    .values(size=bindparam("size_"), root=bindparam("root_"), frontier=bindparam("frontier_")),
    "size_",
    "root_",
    "frontier_",
    "log_",
)
