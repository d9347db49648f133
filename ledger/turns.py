"""Turns: who writes to a ledger file next, across threads and processes, in the order of asking.

SQLite lets one writer in and has the others look again after a sleep: whoever comes at the right
moment wins, and some lose for a second. So the threads of an engine wait for a lock, and processes
stand in line at two files beside the ledger: who holds `-next` is the only one to wait for
`-queue`, so that a writer who has just written cannot overtake. The kernel wakes those who wait in
order, and takes the place of whoever is killed.

The line keeps an order and nothing else. That there is one writer is up to SQLite, so a folder
that cannot be written to, or a file system without flock, costs the order and no more; the two
files may be deleted at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from ledger.errors import busy

__all__ = ["BESIDE", "Turns"]

_TURN, _NEXT = BESIDE = ("-queue", "-next")
"""What is added to a ledger's name for the two files."""

_WRITABLE = 0o222


class Turns:
    """The turns of one engine's writers; until `queue_beside`, those of its threads only."""

    def __init__(self) -> None:
        self._threads = Lock()
        self._line: _Line | None = None

    def queue_beside(self, file: Path) -> None:
        """Stand in line with the other processes that write to this ledger file."""
        self._line = _Line(file)

    @contextmanager
    def taken(self, deadline: float) -> Iterator[None]:
        """Wait for a turn and keep it during the block; BusyError at the deadline (monotonic)."""
        if not self._threads.acquire(timeout=_until(deadline)):
            raise busy()
        try:
            if self._line is None:
                yield
            else:
                with self._line.passed(deadline):
                    yield
        finally:
            self._threads.release()


class _Line:
    """The line at one ledger's files; used by one thread at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stand_in: _StandIn | None = None

    @contextmanager
    def passed(self, deadline: float) -> Iterator[None]:
        turn = self._take(deadline)
        try:
            yield
        finally:
            if turn is not None:
                _let_go(turn)

    def _take(self, deadline: float) -> int | None:
        """The descriptor that holds the turn; None where there can be no line."""
        if self._stand_in is not None:  # of a writer who gave up; two would be one too many
            self._stand_in.join(_until(deadline))
            if self._stand_in.is_alive():
                raise busy()
            self._stand_in = None
        try:
            return _enter(self._file, wait=False)
        except BlockingIOError:
            pass
        except OSError:
            return None
        if _until(deadline) == 0:
            raise busy()
        stand_in = _StandIn(self._file)
        try:
            stand_in.start()
        except RuntimeError:  # there are too many threads, or the program is about to end
            return None
        self._stand_in = stand_in
        turn = stand_in.turn(deadline)
        self._stand_in = None
        return turn


class _StandIn(Thread):
    """Stands in line for a writer, who can give up meanwhile: flock itself knows no deadline, and
    outside the main thread no Ctrl-C."""

    def __init__(self, file: Path) -> None:
        super().__init__(name="taizhang-turn", daemon=True)
        self._file = file
        self._came = Event()
        self._guard = Lock()
        self._is_wanted = True
        self._turn: int | None = None

    def turn(self, deadline: float) -> int | None:
        """The descriptor that holds the turn; BusyError at the deadline."""
        try:
            if self._came.wait(_until(deadline)):
                return self._turn
        except BaseException:
            self._give_up()
            raise
        self._give_up()
        raise busy()

    def run(self) -> None:
        """Stand in line; let go at once if nobody wants the turn any more."""
        turn: int | None = None
        with suppress(OSError):
            turn = _enter(self._file, wait=True)
        with self._guard:
            if self._is_wanted:
                self._turn = turn
                self._came.set()
            elif turn is not None:
                _let_go(turn)

    def _give_up(self) -> None:
        with self._guard:
            self._is_wanted = False
            if self._turn is not None:
                _let_go(self._turn)


def _enter(file: Path, *, wait: bool) -> int:
    """Pass both files; BlockingIOError where that takes waiting, OSError where it cannot be."""
    import fcntl  # there is none on some systems, and only writers need it

    flags = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
    first = _open(file, _NEXT)
    try:
        fcntl.flock(first, flags)
        turn = _open(file, _TURN)
        try:
            fcntl.flock(turn, flags)
        except BaseException:
            os.close(turn)
            raise
        return turn
    finally:
        _let_go(first)


def _open(file: Path, ending: str) -> int:
    path = f"{file}{ending}"
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    owner = file.stat()
    # Whoever may write to the ledger may stand in line, and nobody else can hold it up.
    allowed = (owner.st_mode & _WRITABLE) * 3
    descriptor = os.open(path, flags | os.O_CREAT, 0o600)
    with suppress(OSError):
        os.fchown(descriptor, -1, owner.st_gid)
        if os.geteuid() == 0:
            os.fchown(descriptor, owner.st_uid, -1)
        os.fchmod(descriptor, allowed)
    return descriptor


def _let_go(descriptor: int) -> None:
    import fcntl

    # Closing would not do where a forked process has the descriptor too.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _until(deadline: float) -> float:
    return max(0.0, deadline - monotonic())
