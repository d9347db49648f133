"""Connections: open or create a ledger, one writer at a time, readers on a snapshot.

SQLite runs in WAL mode with synchronous=FULL: a commit that returned survives a power cut, and
readers never wait for the writer. Writers take their turn at BEGIN IMMEDIATE, so what they read is
what they write upon; they wait `TAIZHANG_BUSY_SECONDS` (120) and then give up with BusyError.

    engine = open_engine("sqlite:///taizhang.db", create=True)
    with write_transaction(engine) as connection:
        ...                                  # commits at the end, rolls back on any exception
    with read_transaction(engine) as connection:
        ...                                  # sees one state, whatever is written meanwhile

An in-memory ledger (`sqlite://`) has a single connection: transactions on it exclude each other.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from ledger.errors import (
    BusyError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    NotFoundError,
)
from ledger.schema import SCHEMA_VERSION, create_schema, meta, metadata
from ledger.statements import lenient_text

__all__ = [
    "ASIDE",
    "moved_aside",
    "open_engine",
    "read_transaction",
    "translated_errors",
    "write_transaction",
]

ASIDE = ".before-"
"""Between the name of a ledger file that a restore moved aside, and when it did."""

_BUSY = "taizhang_busy_seconds"
_TURN = "taizhang_turn"
_DEADLINE = "taizhang_deadline"

_CACHE_KIBIBYTES = 64 * 1024
_SLICE_MILLISECONDS = 200


def open_engine(url: str, *, create: bool = False, busy_seconds: float | None = None) -> Engine:
    """Return an engine on the ledger at this SQLAlchemy URL; with `create`, make it first.

    Creating is atomic and may be done by several processes at once: one creates, all open.
    Raises NotFoundError where no ledger is, LedgerError where it cannot be read.
    """
    target = _parse(url)
    wait = _busy_seconds() if busy_seconds is None else busy_seconds
    if target.get_backend_name() == "sqlite":
        engine = _sqlite_engine(target, create=create, wait=wait)
    else:
        engine = _server_engine(target)
    engine.update_execution_options(**{_BUSY: wait, _TURN: Lock()})
    try:
        with translated_errors():
            if create:
                _create(engine)
            _check_schema(engine)
            if engine.dialect.name == "sqlite":
                _switch_to_wal(engine, wait=wait)
    except BaseException:
        engine.dispose()
        raise
    return engine


def moved_aside(path: Path) -> Path | None:
    """The ledger that a restore moved aside last from this place; None where there is none."""
    name = re.compile(rf"{re.escape(path.name)}{re.escape(ASIDE)}[0-9T-]+")
    found = path.parent.glob("*") if path.parent.is_dir() else ()
    return max((one for one in found if name.fullmatch(one.name)), default=None)


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Open the only write transaction there is; commit at the end, roll back on an exception.

    Raises BusyError when another writer does not let go for the waiting time.
    """
    options = engine.get_execution_options()
    deadline = monotonic() + options.get(_BUSY, 0.0)
    with translated_errors(), _turn(options.get(_TURN), deadline), engine.connect() as connection:
        connection.execution_options(**{_DEADLINE: deadline})
        with connection.begin() as transaction:
            yield connection
            if not transaction.is_active:
                raise LedgerError("nothing was recorded: the transaction was rolled back")


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that sees one consistent state and writes nothing."""
    with translated_errors(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn what drivers raise for locks, disks and damaged files into errors of the ledger."""
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy() from error
    except (DBAPIError, sqlite3.Error) as error:
        translated = _translate(error)
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
            url=url,
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


def _server_engine(target: URL) -> Engine:
    try:
        return create_engine(target)
    except ModuleNotFoundError as error:
        raise LedgerError(
            "the driver for {backend} is missing: install the package {module}",
            backend=target.get_backend_name(),
            module=error.name,
        ) from error


def _sqlite_engine(target: URL, *, create: bool, wait: float) -> Engine:
    file = _file_uri(target, create=create)

    def connect() -> sqlite3.Connection:
        return _connect_sqlite(file or ":memory:", wait=wait)

    # A memory database lives in its connection: there is one, and whoever needs it waits.
    size: dict[str, Any] = {"max_overflow": -1} if file else {"pool_size": 1, "max_overflow": 0}
    engine = create_engine(
        target, creator=connect, poolclass=QueuePool, pool_timeout=max(wait, 0.1), **size
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        deadline = connection.get_execution_options().get(_DEADLINE)
        cursor = connection.connection.cursor()
        if deadline is None:
            cursor.execute("BEGIN")
        else:
            _begin_immediate(cursor, deadline)

    return engine


def _file_uri(target: URL, *, create: bool) -> str | None:
    """The SQLite URI of the file a URL names, or None for a database in memory."""
    database = target.database or ":memory:"
    if target.query.get("uri"):
        options = "&".join(f"{name}={value}" for name, value in target.query.items())
        return None if "memory" in f"{database}?{options}" else f"{database}?{options}"
    if database == ":memory:":
        return None
    path = Path(database).absolute()
    if path.is_dir():
        raise LedgerError("{path} is a folder: name a file", path=str(path))
    if not path.exists():
        _refuse_half_restored(path)
    if not create and not path.exists():
        raise NotFoundError(
            "there is no ledger at {path}: create one with `taizhang init`", path=str(path)
        )
    if not path.parent.is_dir():
        raise NotFoundError("there is no folder {folder}", folder=str(path.parent))
    # Without `create` SQLite itself makes sure that no empty file is left behind.
    return f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}"


def _refuse_half_restored(path: Path) -> None:
    """Nothing is created, and nobody told to, where a killed restore has left an empty place."""
    aside = moved_aside(path)
    if aside is not None:
        raise NotFoundError(
            "there is no ledger at {path}, and {aside} beside it was moved aside by a restore that "
            "did not end: run `taizhang restore` again, or give the file its name back",
            path=str(path),
            aside=aside.name,
        )


def _connect_sqlite(uri: str, *, wait: float) -> sqlite3.Connection:
    # isolation_level=None: the driver begins nothing of its own, the "begin" event does.
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=wait,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA page_size=8192")  # heeded only while the file is empty
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # an erased value leaves no bytes behind
        # Otherwise INSERT OR REPLACE would delete without asking the triggers.
        connection.execute("PRAGMA recursive_triggers=ON")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(engine: Engine, *, wait: float) -> None:
    """Put the file into WAL mode, where it stays; only once it is known to be a ledger."""
    deadline = monotonic() + wait
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        while True:
            try:
                cursor.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                code = error.sqlite_errorcode & 0xFF
                if code == sqlite3.SQLITE_READONLY:
                    return
                # Several openers of a new file: SQLite says so at once, without its usual waiting.
                if code != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                    raise
                sleep(0.01)


def _create(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        present = set(inspect(connection).get_table_names())
        if set(metadata.tables) <= present:
            return
        # A SQLite file is a ledger and nothing else; a server's database may hold other tables.
        if present if engine.dialect.name == "sqlite" else present & set(metadata.tables):
            raise LedgerError(
                "{url} holds tables of something else: choose another place for the ledger",
                url=engine.url.render_as_string(),
            )
        create_schema(connection)


def _check_schema(engine: Engine) -> None:
    with read_transaction(engine) as connection, lenient_text(connection):
        try:
            row = connection.execute(select(meta.c.value).where(meta.c.name == "schema")).first()
        except DBAPIError as error:
            if _translate(error) is not None:
                raise
            raise NotFoundError(
                "{url} is no ledger: create one with `taizhang init`",
                url=engine.url.render_as_string(),
            ) from None
    if row is None:
        raise IntegrityFailure("the table meta no longer says which schema this is")
    (found,) = row
    if not (isinstance(found, str) and found.isascii() and found.isdigit()):
        raise IntegrityFailure("the schema version in meta is damaged: {found!r}", found=found)
    if int(found) > SCHEMA_VERSION:
        raise LedgerError(
            "the ledger was written by a newer taizhang (schema {found}, this one knows {known}): "
            "upgrade taizhang",
            found=found,
            known=SCHEMA_VERSION,
        )
    if int(found) < SCHEMA_VERSION:
        raise LedgerError(
            "the ledger was written by an older taizhang (schema {found}, this one knows {known}): "
            "read it with that version, or record its entries in a new ledger",
            found=found,
            known=SCHEMA_VERSION,
        )


# --- waiting ------------------------------------------------------------------------------------


@contextmanager
def _turn(lock: Lock | None, deadline: float) -> Iterator[None]:
    """Queue the writers of this process: SQLite's own waiting is polling, and unfair."""
    if lock is None:
        yield
        return
    if not lock.acquire(timeout=max(0.0, deadline - monotonic())):
        raise _busy()
    try:
        yield
    finally:
        lock.release()


def _begin_immediate(cursor: DBAPICursor, deadline: float) -> None:
    # In slices, because SQLite waits where Python sees no Ctrl-C.
    cursor.execute(f"PRAGMA busy_timeout={_SLICE_MILLISECONDS}")
    while True:
        try:
            cursor.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                raise
    cursor.execute(f"PRAGMA busy_timeout={max(0, int(1000 * (deadline - monotonic())))}")


# --- what drivers say ---------------------------------------------------------------------------


def _busy() -> BusyError:
    return BusyError("another writer holds the ledger: nothing was recorded, try again later")


def _translate(error: DBAPIError | sqlite3.Error) -> LedgerError | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    if code is None:
        # Python's own, of a text column that holds other bytes.
        if "decode to UTF-8" in str(original):
            return IntegrityFailure("a text in the ledger is damaged: run `taizhang log verify`")
        return None
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return LedgerError(str(original))
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _busy()
        case sqlite3.SQLITE_FULL:
            return LedgerError("the disk is full: nothing was recorded, make room and try again")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return LedgerError(
                "the ledger cannot be written: check the permissions of the file and its folder"
            )
        case sqlite3.SQLITE_CANTOPEN:
            return LedgerError(
                "the ledger cannot be opened: check that the file exists and its folder is writable"
            )
        case sqlite3.SQLITE_NOTADB:
            return LedgerError("the file is no ledger and no SQLite database: name another file")
        case sqlite3.SQLITE_CORRUPT:
            return IntegrityFailure("the ledger file is damaged: restore it from a backup")
        case sqlite3.SQLITE_IOERR:
            return LedgerError("the disk reports an error: {reason}", reason=str(original))
    return None
