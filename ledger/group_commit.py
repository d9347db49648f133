"""Group commit: callers on many threads share transactions, each with a receipt of its own.

    shared = GroupCommit(book)
    receipt = shared.record(lines)          # on any thread; returns once it is on the disk

The first caller leads: it waits for the ledger, takes along whatever was handed in meanwhile,
records it in one transaction and answers everybody. Then the first of those who came too late
leads. There is no thread of its own, and nobody waits for company: under little load a group is
one submission. On a server each log has its own groups, side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import Any, TypeVar

from ledger.book import Book
from ledger.errors import OutcomeUnknownError
from ledger.receipt import Receipt
from ledger.session import CHUNK_LINES, Submission

__all__ = ["GroupCommit"]

E = TypeVar("E", bound=BaseException)


class GroupCommit:
    """A book for many threads; `after` is as in `Book.record`."""

    def __init__(
        self, book: Book, *, after: Callable[[str, Callable[[str], Any]], None] | None = None
    ) -> None:
        self.book = book
        self.after = after
        self._guard = Lock()
        self._lanes: dict[tuple[str, ...], _Lane] = {}

    @property
    def waiting(self) -> int:
        """How many submissions are handed in and in no transaction yet."""
        with self._guard:
            return sum(len(lane.waiting) for lane in self._lanes.values())

    def record(
        self, lines: Iterable[bytes], *, historical: bool = False, folder: Path | None = None
    ) -> Receipt:
        """Rule and record every line, or nothing, together with what other threads hand in.

        Raises what `Book.record` raises; what one submission did wrong harms no other. The heads
        in the receipt are those after the whole group.
        """
        given = list(lines)
        submission = Submission(self.book.parse(given), historical=historical)
        if submission.needs_its_own:
            return self.book.record(given, historical=historical, folder=folder, after=self.after)
        return self._hand_in(_Caller(submission))

    def _hand_in(self, caller: _Caller) -> Receipt:
        lane = self._lane(caller.submission.logs)
        with lane.guard:
            lane.waiting.append(caller)
            caller.leads = not lane.is_led
            lane.is_led = True
        try:
            if not caller.leads:
                caller.called.wait()
        except BaseException:
            lane.leave(caller)
            raise
        if caller.leads:
            self._lead(lane)
        return caller.answer()

    def _lane(self, logs: tuple[str, ...]) -> _Lane:
        """Where submissions to these logs meet."""
        # A ledger file has one writer: whatever its logs, they share a transaction.
        key = logs if self.book.engine.dialect.name == "postgresql" else ()
        with self._guard:
            return self._lanes.setdefault(key, _Lane(key))

    def _lead(self, lane: _Lane) -> None:
        failure: BaseException | None = None
        try:
            self.book.record_together(lane.take, logs=lane.logs, after=self.after)
        except Exception as error:
            failure = error
        except BaseException:
            # Nobody can say whether that was before or after the commit.
            failure = OutcomeUnknownError(
                "recording was interrupted: what was being recorded may be on file or not; "
                "record it again under the same keys"
            )
            raise
        finally:
            lane.finish(failure)


class _Caller:
    """A thread that waits for its answer, or for its turn to lead."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.called = Event()
        self.leads = False
        self.failure: BaseException | None = None

    def answer(self) -> Receipt:
        """The receipt, or what is raised instead."""
        if self.failure is not None:
            raise _again(self.failure) from self.failure
        outcome = self.submission.outcome
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None  # noqa: S101  no group ends without outcomes or a failure
        return outcome


class _Lane:
    """Submissions that may share a transaction, and whether somebody is leading one."""

    def __init__(self, logs: tuple[str, ...]) -> None:
        self.logs = logs
        self.guard = Lock()
        self.waiting: list[_Caller] = []
        self.group: list[_Caller] = []
        self.is_led = False

    def take(self) -> Sequence[Submission]:
        """Those who waited longest, as many as are judged at a time; the leader is the first."""
        with self.guard:
            lines = 0
            while self.waiting and (not self.group or lines < CHUNK_LINES):
                lines += len(self.waiting[0].submission.lines)
                self.group.append(self.waiting.pop(0))
            return [caller.submission for caller in self.group]

    def finish(self, failure: BaseException | None) -> None:
        """Answer the group, and have the next caller lead."""
        with self.guard:
            # Before anybody was taken along it was the ledger that could not be written to.
            group, self.group = self.group or self._all_waiting(), []
            self._pass_on()
        for caller in group:
            caller.failure = failure
            caller.called.set()

    def leave(self, caller: _Caller) -> None:
        """Forget a caller who gave up, if it is not too late."""
        with self.guard:
            if caller in self.waiting:
                self.waiting.remove(caller)
                if caller.leads:
                    self._pass_on()

    def _all_waiting(self) -> list[_Caller]:
        group, self.waiting = self.waiting, []
        return group

    def _pass_on(self) -> None:
        self.is_led = bool(self.waiting)
        if self.waiting:
            self.waiting[0].leads = True
            self.waiting[0].called.set()


def _again(failure: E) -> E:
    """The same error for one thread more: each gets a traceback of its own."""
    copy = failure.__class__.__new__(failure.__class__, *failure.args)
    copy.__dict__.update(failure.__dict__)
    return copy
