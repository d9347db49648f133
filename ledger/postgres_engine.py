"""PostgreSQL: connections, bulk rows by COPY, and what the server says.

Readers see one snapshot (REPEATABLE READ), writers READ COMMITTED: what they read of a log after
they hold its head is what they write upon. A statement for many rows never goes through the
driver's pipeline, which can hang where both sides have much to say; rows go by COPY.

A commit is acknowledged when the server says so without a warning. Where its answer is lost nobody
knows whether it was made; where a server that waits for a standby is told to stop waiting, it was
made and only warns. Connections to a server that is gone are not handed out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError

from ledger.errors import (
    ConflictError,
    IntegrityFailure,
    LedgerError,
    NotFoundError,
    NotReplicatedError,
    OutcomeUnknownError,
    ReadOnlyError,
    UnreachableError,
    busy,
)
from ledger.schema import REFUSED

__all__ = ["committing", "make_engine", "translate"]

_LONGEST = 2**31 - 1  # milliseconds
_WARNING = "taizhang_warning"
_IS_NEW = "taizhang_is_new"
# A server whose machine is gone says nothing: without these it is waited for by the hour.
_NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


class _Cursor(psycopg.Cursor[Any]):
    """A cursor that carries out a statement row by row, outside the pipeline."""

    def executemany(
        self, query: Any, params_seq: Any, *, returning: bool = False
    ) -> None:  # the signature is the driver's
        if returning:
            raise NotImplementedError("statements for many rows give nothing back")
        count = 0
        for parameters in params_seq:
            self.execute(query, parameters)
            count += self.rowcount
        self._rowcount = count


def make_engine(target: URL, *, wait: float) -> Engine:
    """An engine on the database a URL names; `wait` is how long a lock is waited for, in seconds.

    Nothing is connected yet.
    """
    settings = {
        "lock_timeout": min(max(1, int(1000 * wait)), _LONGEST),
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = target.query.get("options")
    arguments = {
        **{name: value for name, value in _NETWORK.items() if name not in target.query},
        "options": f"{given} {options}" if isinstance(given, str) else options,
        "cursor_factory": _Cursor,
    }
    engine = create_engine(
        target.difference_update_query(["options"]),
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=-1,
    )
    event.listen(engine, "connect", _note_warnings)
    event.listen(engine, "checkout", _demand_alive)
    event.listen(engine, "checkin", _forget_mode)
    return engine


@contextmanager
def committing(connection: Connection) -> Iterator[None]:
    """See `ledger.engine.committing`."""
    said, driver = connection.info, connection.connection.driver_connection
    said.pop(_WARNING, None)
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        if driver is not None and driver.closed:
            reason = error.orig if isinstance(error, DBAPIError) else error
            raise _unknown(_first_line(reason)) from error
        raise
    except KeyboardInterrupt as error:  # the driver then tells the server to stop waiting
        if _WARNING not in said:
            raise _unknown("interrupted") from error
    warning = said.pop(_WARNING, None)
    if warning is not None:
        raise NotReplicatedError(
            "it is recorded on this server, and perhaps on no standby ({reason}): if the server is "
            "lost now, so is what was recorded. When a standby follows, record it again under the "
            "same keys",
            reason=warning,
        )


def _note_warnings(driver: psycopg.Connection[Any], record: Any) -> None:
    """Keep the last warning of a connection; a commit that waits no longer gives nothing else."""
    record.info[_IS_NEW] = True

    def note(said: psycopg.errors.Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            record.info[_WARNING] = _first_line(said.message_primary or "")

    driver.add_notice_handler(note)


def _demand_alive(driver: psycopg.Connection[Any], record: Any, _proxy: object) -> None:
    """Have the pool make a new connection in the place of one whose server went away."""
    if record.info.pop(_IS_NEW, False):  # the pool would soon give up
        return
    with DefaultSelector() as selector:
        selector.register(driver.fileno(), EVENT_READ)
        if selector.select(0):  # nobody has asked it anything
            raise DisconnectionError("the server has ended the connection")


def _forget_mode(connection: psycopg.Connection[Any] | None, _record: object) -> None:
    """After a reading transaction, do not ask for one that writes by name: a standby refuses even
    to begin it, in other words than what it says of a write."""
    if connection is not None and not connection.closed:
        connection.read_only = None


def translate(error: BaseException, *, reading: bool = False) -> LedgerError | None:
    """What the ledger says of an error of the driver; None where it has no words for it."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        return _without_state(error) if isinstance(error, psycopg.OperationalError) else None
    reason = _first_line(error)
    match state:
        case "40001" | "40P01" if reading:  # who only reads is in nobody's way but a standby's
            return ConflictError(
                "the standby broke the reading off in order to keep up ({reason}): ask again, or "
                "let it wait longer with max_standby_streaming_delay",
                reason=reason,
            )
        case "55P03" | "40P01" | "40001":  # lock not available, deadlock, serialization
            return busy()
        case "3D000":
            return NotFoundError("there is no such database ({reason})", reason=reason)
        case _ if state == "25006" or _asks_standby_to_write(error):
            return ReadOnlyError(
                "this server is a standby and records nothing: name the primary, or all servers "
                "with target_session_attrs=read-write"
            )
        case "42501":
            return ReadOnlyError(
                "the database does not allow this to the role that is connected: {reason}",
                reason=reason,
            )
        case "53100":
            return LedgerError("the disk is full: nothing was recorded, make room and try again")
        case _ if state == REFUSED:
            return LedgerError(reason)
        case "57014":
            return ConflictError(
                "the database server broke off ({reason}): nothing was recorded", reason=reason
            )
    match state[:2]:
        case "08" | "57":  # connection lost, server going down
            return _unreachable(error)
        case "28":
            return LedgerError("the database server refuses to let in: {reason}", reason=reason)
        case "53":
            return LedgerError("the database server is at its limits: {reason}", reason=reason)
        case "58":
            return LedgerError("the disk reports an error: {reason}", reason=reason)
        case "XX":
            return IntegrityFailure(
                "the database is damaged ({reason}): restore it from a backup", reason=reason
            )
    return None


def _asks_standby_to_write(error: BaseException) -> bool:
    """Whether a standby was told to begin a writing transaction, as the driver does after a
    read-only one. The SQLSTATE stands for much; but of settings nothing else is refused with it."""
    diagnosis = getattr(error, "diag", None)
    source = getattr(diagnosis, "source_file", None) or ""
    return getattr(error, "sqlstate", None) == "0A000" and source.endswith("guc.c")


# Of a connection that was never made the driver gives no SQLSTATE, only what the server said.
_NEVER_MADE = re.compile(r"connection (failed|is bad|timeout)|failed to resolve host")
_NO_DATABASE = re.compile(r'(database|数据库) "[^"]*" (does not exist|不存在)')
_NOT_LET_IN = re.compile(
    r'password|authentication|认证|pg_hba\.conf|role "[^"]*" (does not exist|is not permitted)'
    r"|permission denied"
)


def _without_state(error: BaseException) -> LedgerError:
    reason = _first_line(error)
    if not _NEVER_MADE.match(reason):
        return _unreachable(error)
    if _NO_DATABASE.search(reason):
        return NotFoundError("there is no such database ({reason})", reason=reason)
    if _NOT_LET_IN.search(reason):
        return LedgerError("the database server refuses to let in: {reason}", reason=reason)
    return UnreachableError(
        "the database server cannot be reached ({reason}): nothing was recorded, try again later",
        reason=reason,
    )


def _unreachable(error: BaseException) -> LedgerError:
    return UnreachableError(
        "the database server cannot be reached, or went away ({reason}): nothing was recorded",
        reason=_first_line(error),
    )


def _unknown(reason: str) -> LedgerError:
    return OutcomeUnknownError(
        "the answer to the commit was lost ({reason}): what was being recorded may be on file or "
        "not. Record the same again: what has a key is recorded once, however often it is sent",
        reason=reason,
    )


def _first_line(said: object) -> str:
    diagnosis = getattr(said, "diag", None)
    text = getattr(diagnosis, "message_primary", None) or str(said)
    return str(text).strip().partition("\n")[0]
