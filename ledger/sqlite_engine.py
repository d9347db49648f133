"""SQLite: connections to a ledger file or to one in memory, its lock, and what its driver says.

WAL mode with synchronous=FULL: a commit that returned survives a power cut, and readers never wait
for the writer. The one writer takes its turn at BEGIN IMMEDIATE, so what it reads is what it
writes upon.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.pool import QueuePool

from ledger.errors import IntegrityFailure, LedgerError, NotFoundError, ReadOnlyError, busy

__all__ = [
    "ASIDE",
    "DEADLINE",
    "make_engine",
    "moved_aside",
    "settle",
    "translate",
    "writable_file",
]

ASIDE = ".before-"
"""Between the name of a ledger file that a restore moved aside, and when it did."""

DEADLINE = "taizhang_deadline"
"""The execution option that makes a transaction a writing one, and says until when to wait."""

_CACHE_KIBIBYTES = 64 * 1024
_SLICE_MILLISECONDS = 200


def make_engine(target: URL, *, create: bool, wait: float) -> Engine:
    """An engine on the file or the memory a URL names; raises NotFoundError where no file is."""
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
        deadline = connection.get_execution_options().get(DEADLINE)
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


def settle(engine: Engine, *, wait: float) -> None:
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


def writable_file(engine: Engine) -> Path | None:
    """The file of an open ledger; None for one in memory, or that is opened for reading only."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        (_, _, name), *_ = driver.execute("PRAGMA database_list").fetchall()
    is_read_only = engine.url.query.get("mode") == "ro" or "immutable" in engine.url.query
    return Path(name) if name and not is_read_only and os.access(name, os.W_OK) else None


def moved_aside(path: Path) -> Path | None:
    """The ledger that a restore moved aside last from this place; None where there is none."""
    name = re.compile(rf"{re.escape(path.name)}{re.escape(ASIDE)}[0-9T-]+")
    found = path.parent.glob("*") if path.parent.is_dir() else ()
    return max((one for one in found if name.fullmatch(one.name)), default=None)


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


def translate(original: BaseException) -> LedgerError | None:
    """What the ledger says of an error of the driver; None where it has no words for it."""
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
            return busy()
        case sqlite3.SQLITE_FULL:
            return LedgerError("the disk is full: nothing was recorded, make room and try again")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return ReadOnlyError(
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
