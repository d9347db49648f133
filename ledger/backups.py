"""Backups of a ledger in one file, and putting one back: whole or not at all.

A backup is a SQLite file like the ledger itself, made while writers go on (SQLite's online backup).
It holds entries, checkpoints and private values, and neither keys nor anchors: those lie in the
trust folder, and are kept elsewhere for themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from ledger.durable import cannot_write, sync_folder
from ledger.engine import translated_errors
from ledger.errors import ConflictError, LedgerError, NotFoundError
from ledger.failpoints import reached
from ledger.sqlite_engine import ASIDE
from ledger.turns import BESIDE as QUEUES

__all__ = [
    "Backup",
    "back_up",
    "copy_beside",
    "move_aside",
    "put_in_place",
    "remove_copy",
    "settle",
]

_PAGES = 512
_BESIDE = ("", "-wal", "-shm", "-journal")


class Backup(NamedTuple):
    """A backup that was made: where, how long in bytes, and its SHA-256."""

    path: Path
    length: int
    sha256: str


def back_up(
    engine: Engine,
    path: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Backup:
    """Write the ledger as it is now into one file; raises ConflictError where there is one."""
    if engine.dialect.name != "sqlite":
        raise LedgerError(
            "this ledger is kept by a server: back it up by the means of the server, and keep the "
            "trust folder besides"
        )
    if path.exists() and not overwrite:
        raise ConflictError("{path} exists: name another file, or give --force", path=str(path))
    beside = _beside(path, "new")
    try:
        _copy(engine, beside, progress)
        reached("backup.copied")
        length, digest = _measured(beside)
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove_copy(beside)
    return Backup(path, length, digest)


def copy_beside(backup: Path, target: Path) -> Path:
    """Copy a backup to where it can be checked and completed, beside the place it is meant for."""
    beside = _beside(target, "restoring")
    try:
        shutil.copyfile(backup, beside)
    except FileNotFoundError:
        raise NotFoundError("there is no file {path}", path=str(backup)) from None
    except OSError as error:
        raise LedgerError(
            "{path} cannot be copied ({reason})",
            path=str(backup),
            reason=error.strerror or "failed",
        ) from error
    return beside


def settle(path: Path) -> None:
    """Make one file of a SQLite ledger nobody has open, and flush it to the disk."""
    with translated_errors(), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def move_aside(target: Path, *, stamp: str) -> Path | None:
    """Keep the ledger that is there under another name; None where there is none."""
    if not target.exists():
        return None
    with suppress(LedgerError):  # what is damaged is kept as it is
        settle(target)
    aside = target.with_name(f"{target.name}{ASIDE}{stamp}")
    if aside.exists():
        raise ConflictError("{path} exists already", path=str(aside))
    for ending in _BESIDE:
        path = target.with_name(target.name + ending)
        if path.exists():
            path.rename(aside.with_name(aside.name + ending))
    return aside


def put_in_place(beside: Path, target: Path) -> None:
    """Put a settled file where the ledger belongs."""
    reached("restore.ready")
    beside.replace(target)
    sync_folder(target.parent)
    reached("restore.placed")


def remove_copy(beside: Path) -> None:
    """Remove a copy that was not put in place."""
    for ending in (*_BESIDE, *QUEUES):
        with suppress(OSError):
            beside.with_name(beside.name + ending).unlink()


def _beside(path: Path, ending: str) -> Path:
    """A name for this process's copy; copies of killed processes go, for they hold what may have
    been erased since."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.([1-9][0-9]*)\.{ending}")
    for one in sorted(path.parent.glob(".*")):
        found = pattern.match(one.name)
        if found and not _is_alive(int(found[1])):
            with suppress(OSError):
                one.unlink()
    return path.with_name(f".{path.name}.{os.getpid()}.{ending}")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # it belongs to somebody else
    return True


def _copy(engine: Engine, path: Path, progress: Callable[[int, int], None] | None) -> None:
    def told(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress(total - remaining, total)

    with translated_errors(), engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101  the dialect was looked at
        connection.rollback()  # a transaction of its own would keep the pages it began with
        with closing(sqlite3.connect(path)) as copy:
            driver.backup(copy, pages=_PAGES, progress=told)
    settle(path)


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, file_digest(file, "sha256").hexdigest()
