"""Every error the ledger raises.

    LedgerError                  base; `code` is stable and machine-readable
    ├── MalformedError           input that is no entry, or usage that makes no sense     exit 2
    ├── KeyLockedError           a private key without its passphrase                      exit 2
    ├── NotFoundError            no such ledger, center, round or position                 exit 3
    ├── ConflictError            somebody else was first                                   exit 4
    │   ├── KeyConflictError     a known key with other content
    │   ├── BusyError            the ledger stayed locked by another writer
    │   ├── UnreachableError     the server is away: nothing was recorded
    │   ├── OutcomeUnknownError  the answer to a commit was lost: recorded or not
    │   ├── NotReplicatedError   recorded on this server, and perhaps on no standby
    │   └── BehindError          what was waited for is not on file here yet
    ├── ReadOnlyError            a standby, a role or a file that may only be read         exit 1
    ├── RefusedError             an act the rules do not support                           exit 1
    └── IntegrityFailure         stored bytes do not say what they said when recorded      exit 5

A refusal inside the rulebook is a value (a ruling with findings); it becomes `RefusedError`
only where the book gives up on the whole file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

__all__ = [
    "BehindError",
    "BusyError",
    "ConflictError",
    "IntegrityFailure",
    "KeyConflictError",
    "KeyLockedError",
    "LedgerError",
    "MalformedError",
    "NotFoundError",
    "NotReplicatedError",
    "OutcomeUnknownError",
    "Problem",
    "ReadOnlyError",
    "RefusedError",
    "UnreachableError",
    "busy",
    "elsewhere",
]


class LedgerError(Exception):
    """Base of all errors; carries a message template and its values, so that it can be
    translated."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    next_line: int | None = None
    """With which line a file goes on that is recorded in batches; what stands before it is on file
    already."""

    def __init__(self, message: str, /, **values: Any) -> None:
        super().__init__(message.format_map(values) if values else message)
        self.message = message
        self.values = values


class Problem:
    """One thing wrong with one line: a message template, its values and the 1-based line."""

    __slots__ = ("line", "message", "values")

    def __init__(self, message: str, /, *, line: int | None = None, **values: Any) -> None:
        self.message = message
        self.values = values
        self.line = line

    def __str__(self) -> str:
        return self.message.format_map(self.values) if self.values else self.message


class MalformedError(LedgerError):
    """Input that cannot be an entry; `problems` holds every bad line, in order."""

    code = "malformed"
    exit_status = 2

    def __init__(self, message: str, /, *, problems: Sequence[Problem] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.problems = tuple(problems)


class KeyLockedError(LedgerError):
    """A private key that does not open: the passphrase is missing or wrong."""

    code = "key_locked"
    exit_status = 2


class NotFoundError(LedgerError):
    """What was asked for does not exist."""

    code = "not_found"
    exit_status = 3


class ConflictError(LedgerError):
    """Another writer was first, or the server did not answer; the same call may be tried again.
    Nothing was recorded, unless the class says otherwise."""

    code = "conflict"
    exit_status = 4


class KeyConflictError(ConflictError):
    """An idempotency key that is already recorded with other content."""

    code = "key_conflict"


class BusyError(ConflictError):
    """The ledger stayed locked by another writer for longer than the waiting time."""

    code = "busy"


class UnreachableError(ConflictError):
    """The database server cannot be reached, or went away before a commit: nothing was recorded."""

    code = "unreachable"


class OutcomeUnknownError(ConflictError):
    """The connection broke during a commit: recorded or not. Under a key it can be recorded again,
    and then stands once."""

    code = "outcome_unknown"


class NotReplicatedError(ConflictError):
    """It is recorded, and the server gave up waiting for a standby: if this server is lost before
    one has it, so is what was recorded."""

    code = "not_replicated"


class BehindError(ConflictError):
    """The position that was waited for was not on file in time; what is on file can be read."""

    code = "behind"


def busy() -> BusyError:
    """What is said where another writer did not let go."""
    return BusyError("another writer holds the ledger: nothing was recorded, try again later")


class ReadOnlyError(LedgerError):
    """The ledger can be read here, and not written: nothing was recorded."""

    code = "read_only"


def elsewhere(log: str, place: str) -> ReadOnlyError:
    """What is said to who records in a copy of a log that goes on in another ledger."""
    return ReadOnlyError(
        "the log {log} is kept at {place}: this is a copy, and nothing is recorded in it",
        log=log,
        place=place,
    )


class RefusedError(LedgerError):
    """An act the rules do not support; `findings` holds all reasons of the first refused line."""

    code = "refused"

    def __init__(
        self, message: str, /, *, line: int, findings: Sequence[Any], **values: Any
    ) -> None:
        super().__init__(message, line=line, **values)
        self.line = line
        self.findings = tuple(findings)


class IntegrityFailure(LedgerError):
    """Stored bytes contradict their hashes."""

    code = "integrity"
    exit_status = 5
