"""eventsourcing's snapshots and tracking records: plain tables beside the log.

They are no entries: not hashed, not verified, and the tables are only made where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.persistence import AggregateRecorder, StoredEvent, Tracking, TrackingRecorder
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from ledger.engine import lock_ledger, read_transaction, write_transaction
from ledger.errors import (
    BusyError,
    ConflictError,
    LedgerError,
    MalformedError,
    NotReplicatedError,
    OutcomeUnknownError,
    UnreachableError,
)
from ledger.event_names import stream_of
from ledger.statements import Insert, Statement, cursor_of, write_rows

__all__ = ["TaizhangAggregateRecorder", "TaizhangTrackingRecorder", "library_errors"]

_FIRST, _LAST = -(2**31), 2**31 - 1


@contextmanager
def library_errors() -> Iterator[None]:
    """Turn errors of the ledger and of drivers into those of eventsourcing."""
    try:
        yield
    except (BusyError, NotReplicatedError, OutcomeUnknownError, UnreachableError) as error:
        raise persistence.OperationalError(str(error)) from error
    except ConflictError as error:
        raise persistence.IntegrityError(str(error)) from error
    except MalformedError as error:
        raise persistence.DataError(str(error)) from error
    except LedgerError as error:
        raise persistence.DatabaseError(str(error)) from error
    except Exception as error:
        # Drivers follow PEP 249, as the library does: the names are the same.
        original = error.orig if isinstance(error, DBAPIError) else error
        names = [kind.__name__ for kind in type(original).__mro__]
        if "DatabaseError" not in names and "InterfaceError" not in names:
            raise
        known = next(name for name in names if hasattr(persistence, name))
        raise getattr(persistence, known)(str(error)) from error


class TaizhangAggregateRecorder(AggregateRecorder):
    """Keeps snapshots: events of aggregates in a plain table, without place in the log."""

    def __init__(self, engine: Engine, log: str, *, purpose: str = "snapshots") -> None:
        self.engine = engine
        self.log = log
        self.table = _events_table(purpose)

    def create_table(self) -> None:
        """Make the table if it is not there."""
        _create_table(self.engine, self.table)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> None:
        """Record events; raises IntegrityError for a version that is there already."""
        rows = [
            (
                self.log,
                stream_of(event.originator_id),
                event.originator_version,
                event.topic,
                event.state,
            )
            for event in stored_events
        ]
        if rows:
            with library_errors(), write_transaction(self.engine) as connection:
                write_rows(connection, Insert(self.table), rows)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of an aggregate."""
        column = self.table.c
        wanted = (
            select(column.version, column.topic, column.state)
            .where(column.log == self.log, column.stream == stream_of(originator_id))
            .where(column.version > (_FIRST if gt is None else gt))
            .where(column.version <= (_LAST if lte is None else lte))
            .order_by(column.version.desc() if desc else column.version)
            .limit(limit)
        )
        with library_errors(), read_transaction(self.engine) as connection:
            return [
                StoredEvent(originator_id, version, topic, state)
                for version, topic, state in connection.execute(wanted)
            ]


class TaizhangTrackingRecorder(TrackingRecorder):
    """Remembers how far other applications have been processed, each position once."""

    def __init__(self, engine: Engine, log: str) -> None:
        self.engine = engine
        self.log = log

    def create_table(self) -> None:
        """Make the table if it is not there."""
        _create_table(self.engine, _tracking)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record a position; raises IntegrityError for one at or before that recorded."""
        with library_errors(), write_transaction(self.engine) as connection:
            self._track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The notification id recorded for an application, None if there is none."""
        wanted = select(_tracking.c.notification_id).where(
            _tracking.c.log == self.log, _tracking.c.application_name == application_name
        )
        with library_errors(), read_transaction(self.engine) as connection:
            return connection.scalar(wanted)

    def _track(self, connection: Connection, tracking: Tracking) -> None:
        name, number = tracking.application_name, tracking.notification_id
        cursor = cursor_of(connection)
        cursor.execute(_ADVANCE.text(connection), (number, self.log, name, number))
        if not cursor.rowcount:
            # Either the first position of this application, or the primary key refuses it.
            cursor.execute(_BEGIN.text(connection), (self.log, name, number))


_metadata = MetaData()

_tracking = Table(
    "eventsourcing_tracking",
    _metadata,
    Column("log", String(64), primary_key=True),
    Column("application_name", String(255), primary_key=True),
    Column("notification_id", BigInteger, nullable=False),
)

_ADVANCE = Statement(
    update(_tracking)
    .where(_tracking.c.log == bindparam("log_"))
    .where(_tracking.c.application_name == bindparam("name"))
    .where(_tracking.c.notification_id < bindparam("below"))
    .values(notification_id=bindparam("number")),
    "number",
    "log_",
    "name",
    "below",
)
_BEGIN = Statement(insert(_tracking), "log", "application_name", "notification_id")


@lru_cache(maxsize=16)
def _events_table(purpose: str) -> Table:
    return Table(
        f"eventsourcing_{purpose}",
        MetaData(),
        Column("log", String(64), primary_key=True),
        Column("stream", String(255), primary_key=True),
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("topic", String(255), nullable=False),
        Column("state", LargeBinary, nullable=False),
    )


def _create_table(engine: Engine, table: Table) -> None:
    with library_errors():
        with read_transaction(engine) as connection:
            if inspect(connection).has_table(table.name):
                return
        with write_transaction(engine) as connection:
            lock_ledger(connection)
            table.create(connection, checkfirst=True)
