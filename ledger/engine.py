"""Connections: open or create a ledger, one writer a log at a time, readers on a snapshot.

    engine = open_engine("sqlite:///taizhang.db", create=True)
    with write_transaction(engine) as connection:
        ...                                  # commits at the end, rolls back on any exception
    with read_transaction(engine) as connection:
        ...                                  # sees one state, whatever is written meanwhile

What holds for one engine alone stands in `ledger.sqlite_engine` and `ledger.postgres_engine`. On
SQLite a write transaction is the only one of its ledger; on a server it locks the logs it appends
to (`ledger.recorder`), so that logs are written side by side. Writers wait
`TAIZHANG_BUSY_SECONDS` (120) and then give up with BusyError.

An in-memory ledger (`sqlite://`) has a single connection: transactions on it exclude each other.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from ledger import sqlite_engine
from ledger.errors import IntegrityFailure, LedgerError, MalformedError, NotFoundError, busy
from ledger.schema import SCHEMA_VERSION, create_schema, meta, metadata
from ledger.shown_url import shown_url
from ledger.sqlite_engine import DEADLINE
from ledger.statements import lenient_text
from ledger.turns import Turns

__all__ = [
    "committing",
    "has_one_connection",
    "is_standby",
    "is_vacant",
    "lock_ledger",
    "open_engine",
    "read_transaction",
    "schema_of",
    "translated_errors",
    "waiting_seconds",
    "write_transaction",
]

_BUSY = "taizhang_busy_seconds"
_TURN = "taizhang_turn"


def open_engine(
    url: str, *, create: bool = False, older: bool = False, busy_seconds: float | None = None
) -> Engine:
    """Return an engine on the ledger at this SQLAlchemy URL; with `create`, make it first.

    Creating is atomic and may be done by several processes at once: one creates, all open. With
    `older` a ledger of an older schema is opened too, to be migrated.
    Raises NotFoundError where no ledger is, LedgerError where it cannot be read.
    """
    target = _parse(url)
    wait = _busy_seconds() if busy_seconds is None else busy_seconds
    engine = _make_engine(target, create=create, wait=wait)
    try:
        with translated_errors():
            if create:
                _create(engine)
            _check_schema(engine, older=older)
            if engine.dialect.name == "sqlite":
                sqlite_engine.settle(engine, wait=wait)
                _queue_beside(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def waiting_seconds(engine: Engine) -> float:
    """How long a writer waits for others, and for a server that went away, before it gives up."""
    seconds: float = engine.get_execution_options().get(_BUSY, 0.0)
    return seconds


def has_one_connection(engine: Engine) -> bool:
    """Whether the database lives in its only connection, as one in memory does: while one reads,
    nobody else can."""
    return isinstance(engine.pool, QueuePool) and engine.pool.size() == 1


def is_vacant(url: str) -> bool:
    """Whether a server's database holds no table at all, and so may become a ledger unasked."""
    engine = _make_engine(_parse(url), create=False, wait=_busy_seconds())
    try:
        with read_transaction(engine) as connection:
            return not inspect(connection).get_table_names()
    finally:
        engine.dispose()


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a write transaction; commit at the end, roll back on an exception.

    Raises BusyError when another writer does not let go for the waiting time. On a server also
    UnreachableError, and where the commit was sent OutcomeUnknownError and NotReplicatedError.
    """
    options = engine.get_execution_options()
    deadline = monotonic() + waiting_seconds(engine)
    turn = options[_TURN].taken(deadline) if _TURN in options else nullcontext()
    with translated_errors(), turn, engine.connect() as connection:
        connection.execution_options(**{DEADLINE: deadline})
        with connection.begin() as transaction, _dropped_if_broken(connection):
            yield connection
            if not transaction.is_active:
                raise LedgerError("nothing was recorded: the transaction was rolled back")
            with committing(connection):
                try:
                    transaction.commit()
                except BaseException:
                    transaction.rollback()  # else the connection is given on as it is
                    raise


@contextmanager
def committing(connection: Connection) -> Iterator[None]:
    """Send a commit within; OutcomeUnknownError where a server's answer is lost, NotReplicatedError
    where it no longer waits for its standbys."""
    if connection.dialect.name != "postgresql":
        yield
        return
    from ledger import postgres_engine

    with _dropped_if_broken(connection), postgres_engine.committing(connection):
        yield


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that sees one consistent state and writes nothing."""
    with translated_errors(reading=True), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin(), _dropped_if_broken(connection):
            yield connection


def is_standby(engine: Engine) -> bool:
    """Whether a server follows another one; false for a file."""
    if engine.dialect.name != "postgresql":
        return False
    with read_transaction(engine) as connection:
        return bool(connection.scalar(text("SELECT pg_is_in_recovery()")))


def lock_ledger(connection: Connection) -> None:
    """Keep others from what no log guards (tables, editions) until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('taizhang', 0))"))


def schema_of(connection: Connection) -> int:
    """The number of the schema a ledger is kept in; raises NotFoundError where none is."""
    try:
        with lenient_text(connection):
            row = connection.execute(select(meta.c.value).where(meta.c.name == "schema")).first()
    except DBAPIError as error:
        if _translate(error) is not None:
            raise
        raise NotFoundError(
            "{url} is no ledger: create one with `taizhang init`",
            url=shown_url(str(connection.engine.url)),
        ) from None
    if row is None:
        raise IntegrityFailure("the table meta no longer says which schema this is")
    (found,) = row
    if not (isinstance(found, str) and found.isascii() and found.isdigit()):
        raise IntegrityFailure("the schema version in meta is damaged: {found!r}", found=found)
    return int(found)


@contextmanager
def translated_errors(*, reading: bool = False) -> Iterator[None]:
    """Turn what drivers raise for locks, disks and damaged files into errors of the ledger."""
    try:
        yield
    except PoolTimeoutError as error:
        raise busy() from error
    except Exception as error:
        translated = _translate(error, reading=reading)
        if translated is None:
            raise
        raise translated from error


# --- opening ------------------------------------------------------------------------------------


def _parse(url: str) -> URL:
    try:
        target = make_url(url)
        target.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise MalformedError(
            "{url!r} is no database URL: write sqlite:///FILE or postgresql+psycopg://HOST/DATABASE",
            url=shown_url(url),
        ) from None
    return target


def _busy_seconds() -> float:
    text = os.environ.get("TAIZHANG_BUSY_SECONDS") or "120"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:
        raise MalformedError("TAIZHANG_BUSY_SECONDS={text}: write seconds, 0 to 86400", text=text)
    return seconds


def _make_engine(target: URL, *, create: bool, wait: float) -> Engine:
    backend = target.get_backend_name()
    try:
        if backend == "sqlite":
            engine = sqlite_engine.make_engine(target, create=create, wait=wait)
            engine.update_execution_options(**{_TURN: Turns()})
        elif backend == "postgresql":
            from ledger import postgres_engine  # only here, for the driver takes its time to load

            engine = postgres_engine.make_engine(target, wait=wait)
        else:
            engine = create_engine(target)
    except ModuleNotFoundError as error:
        raise LedgerError(
            "the driver for {backend} is missing: install the package {module}",
            backend=backend,
            module=error.name,
        ) from error
    engine.update_execution_options(**{_BUSY: wait})
    return engine


def _create(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        lock_ledger(connection)
        present = set(inspect(connection).get_table_names())
        if set(metadata.tables) <= present:
            return
        # A SQLite file is a ledger and nothing else; a server's database may hold other tables.
        if present if engine.dialect.name == "sqlite" else present & set(metadata.tables):
            raise LedgerError(
                "{url} holds tables of something else: choose another place for the ledger",
                url=shown_url(str(engine.url)),
            )
        create_schema(connection)


def _check_schema(engine: Engine, *, older: bool) -> None:
    with read_transaction(engine) as connection:
        found = schema_of(connection)
    if found > SCHEMA_VERSION:
        raise LedgerError(
            "the ledger was written by a newer taizhang (schema {found}, this one knows {known}): "
            "upgrade taizhang",
            found=found,
            known=SCHEMA_VERSION,
        )
    if found < SCHEMA_VERSION and not older:
        raise LedgerError(
            "the ledger was written by an older taizhang (schema {found}, this one knows {known}): "
            "make a backup of it, then run `taizhang migrate`",
            found=found,
            known=SCHEMA_VERSION,
        )


def _queue_beside(engine: Engine) -> None:
    """Have writers wait for other processes too; only now that the file is known to be a ledger."""
    file = sqlite_engine.writable_file(engine)
    if file is not None:
        engine.get_execution_options()[_TURN].queue_beside(file)


@contextmanager
def _dropped_if_broken(connection: Connection) -> Iterator[None]:
    """Do not roll back on a connection that broke: of what a driver's own cursor raises SQLAlchemy
    does not know, and the rollback's failure would hide why it broke."""
    try:
        yield
    except BaseException as error:
        if connection.dialect.name == "postgresql" and not connection.invalidated:
            driver: Any = connection.connection.driver_connection
            if driver.closed:
                connection.invalidate(error)
        raise


# --- what drivers say ---------------------------------------------------------------------------


def _translate(error: BaseException, *, reading: bool = False) -> LedgerError | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return sqlite_engine.translate(original)
    driver = sys.modules.get("psycopg")
    if driver is not None and isinstance(original, driver.Error):
        from ledger import postgres_engine

        return postgres_engine.translate(original, reading=reading)
    return None
