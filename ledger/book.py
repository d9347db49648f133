"""The write path: lines → entries → judged against the folded center → leaf and row, in one
transaction.

The book receives the fold and the judge as arguments and knows neither. A file is all or nothing:
every line is parsed, every bad line is reported, and one refused act keeps the whole file out.
Memory does not grow with the file: lines are taken in chunks, states live in a bounded cache, and
long results are spooled. What happens inside the transaction stands in `ledger.session`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from ledger.clock import Clock, legal_day
from ledger.engine import read_transaction, write_transaction
from ledger.errors import Problem
from ledger.failpoints import reached
from ledger.parsing import ParsedLine, parse_lines
from ledger.receipt import Receipt
from ledger.ruling import Recorded
from ledger.session import (
    Folding,
    Judging,
    Session,
    Stopped,
    Submission,
    failure_of,
    stored_entries,
)

__all__ = ["Book"]


class Book:
    """A ledger one can record in and read from."""

    def __init__(self, engine: Engine, *, judging: Judging, folding: Folding, clock: Clock) -> None:
        self.engine = engine
        self.judging = judging
        self.folding = folding
        self.clock = clock
        self.is_committing = False
        """Whether an interruption leaves it open if what was sent is recorded."""

    def record(
        self,
        lines: Iterable[bytes],
        *,
        historical: bool = False,
        dry_run: bool = False,
        folder: Path | None = None,
        batch_from: int | None = None,
        progress: Callable[[int], None] | None = None,
        after: Callable[[str, Callable[[str], Any]], None] | None = None,
    ) -> Receipt:
        """Rule and record every line, or nothing.

        `folder` is where the paths of attachments start; lines that are one batch of a longer file
        begin with its line `batch_from`, and each must have a key; `progress` is told the number of
        the last line done;
        `after` is called per log, once committed, with a function that hands over states already
        folded.
        Raises MalformedError with every bad line, RefusedError with all findings of the first
        refused line,
        KeyConflictError, BusyError.
        """
        self.is_committing = False
        instant = self.clock()
        parsed = parse_lines(lines, today=legal_day(instant), first=batch_from or 1)
        if batch_from is not None:
            parsed = map(_demand_key, parsed)
        session: Session | None = None
        failure: Stopped | None = None
        try:
            with write_transaction(self.engine) as connection:
                session = self._session(connection, instant)
                session.historical = historical
                session.folder = folder or Path()
                session.is_batch = batch_from is not None
                with session.closing:
                    session.take(parsed, progress)
                    session.receipt.upto = {} if dry_run else session.ends()
                if dry_run:
                    raise _DryRun
                reached("append.written")
                self.is_committing = True
            reached("append.committed")
        except _DryRun:
            pass
        except Stopped as stopped:
            failure = stopped
        if failure is not None:
            raise failure_of(failure, parsed, is_batch=batch_from is not None)
        assert session is not None  # noqa: S101  set before anything else in the transaction
        if after is not None and not dry_run:
            for log in session.receipt.logs:
                after(log, session.state_of)
        self.is_committing = False
        return session.receipt

    def parse(self, lines: Iterable[bytes]) -> list[ParsedLine]:
        """The lines of one submission; MalformedError with every bad one."""
        parsed = list(parse_lines(lines, today=legal_day(self.clock())))
        problems = [line for line in parsed if isinstance(line, Problem)]
        if problems:
            raise failure_of(Stopped(problems, None))
        return [line for line in parsed if isinstance(line, ParsedLine)]

    def record_together(
        self,
        waiting: Callable[[], Sequence[Submission]],
        *,
        logs: Iterable[str] = (),
        after: Callable[[str, Callable[[str], Any]], None] | None = None,
    ) -> None:
        """Record submissions in one transaction, each whole or not at all, and set their outcomes.

        `waiting` is asked for them once the transaction has begun and holds `logs`; none of them
        may need its own. Heads in their receipts are those after the last of them. `after` is as
        in `record`. Whatever this raises concerns all of them, as what `record` raises does.
        """
        session: Session | None = None
        try:
            with write_transaction(self.engine) as connection:
                session = self._session(connection, self.clock())
                with session.closing:
                    for log in sorted(logs):
                        session.hold(log)
                    submissions = waiting()
                    outcomes = session.take_each(submissions)
                # Where lines were skipped a server commits all the same: it waits until a standby
                # has what was found, which nobody may have been told of yet.
                if not any(
                    one.recorded or one.skipped for one in outcomes if isinstance(one, Receipt)
                ):
                    raise _DryRun
                reached("append.written")
            reached("append.committed")
        except _DryRun:
            pass
        assert session is not None  # noqa: S101  set before anything else in the transaction
        if after is not None:
            for log in sorted(session.changed):
                after(log, session.state_of)
        for submission, outcome in zip(submissions, outcomes, strict=True):
            submission.outcome = outcome

    def stream(self, log: str, stream: str, *, upto: int | None = None) -> list[Recorded]:
        """Every entry of a stream, oldest first, up to a position."""
        with read_transaction(self.engine) as connection:
            return stored_entries(connection, log, stream, upto=upto)

    def _session(self, connection: Connection, instant: datetime) -> Session:
        return Session(connection, instant, judging=self.judging, folding=self.folding)


class _DryRun(Exception):  # noqa: N818  a signal, not an error
    pass


def _demand_key(line: ParsedLine | Problem) -> ParsedLine | Problem:
    """The line, or that it has no key."""
    if isinstance(line, Problem) or line.entries[0].key is not None:
        return line
    return Problem(
        "recorded in batches, every line needs a key: without one it would be recorded again when "
        "the file is sent again",
        line=line.number,
    )
