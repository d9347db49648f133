"""PostgreSQL: connections, bulk rows by COPY, and what the server says.

Readers see one snapshot (REPEATABLE READ), writers READ COMMITTED: what they read of a log after
they hold its head is what they write upon. A statement for many rows never goes through the
driver's pipeline, which can hang where both sides have much to say; rows go by COPY.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL

from ledger.errors import ConflictError, IntegrityFailure, LedgerError, NotFoundError, busy
from ledger.schema import REFUSED

__all__ = ["make_engine", "translate"]

_LONGEST = 2**31 - 1  # milliseconds


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
        "options": f"{given} {options}" if isinstance(given, str) else options,
        "cursor_factory": _Cursor,
    }
    return create_engine(
        target.difference_update_query(["options"]),
        connect_args=arguments,
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=-1,
    )


def translate(error: BaseException) -> LedgerError | None:
    """What the ledger says of an error of the driver; None where it has no words for it."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        return _without_state(error) if isinstance(error, psycopg.OperationalError) else None
    reason = _first_line(error)
    match state:
        case "55P03" | "40P01" | "40001":  # lock not available, deadlock, serialization
            return busy()
        case "3D000":
            return NotFoundError("there is no such database ({reason})", reason=reason)
        case _ if state == "25006" or _asks_standby_to_write(error):
            return LedgerError(
                "this server is a standby and records nothing: name the primary, or all servers "
                "with target_session_attrs=read-write"
            )
        case "42501":
            return LedgerError(
                "the database does not allow this to the role that is connected: {reason}",
                reason=reason,
            )
        case "53100":
            return LedgerError("the disk is full: nothing was recorded, make room and try again")
        case _ if state == REFUSED:
            return LedgerError(reason)
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
    return ConflictError(
        "the database server cannot be reached ({reason}): nothing was recorded, try again later",
        reason=reason,
    )


def _unreachable(error: BaseException) -> LedgerError:
    return ConflictError(
        "the database server cannot be reached or went away ({reason}): what was being recorded "
        "may be on file or not; record it again under the same keys",
        reason=_first_line(error),
    )


def _first_line(error: BaseException) -> str:
    diagnosis = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(error)
    return str(said).strip().partition("\n")[0]
