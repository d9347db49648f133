"""Processes that do pieces of one piece of work, and the process that hands them out.

    with crew_of(connection, jobs) as crew:
        for found in crew.results(tasks):    # in the order of the tasks
            ...

A task is a function at the top of a module, with what it takes after a connection; its result is
sent back. The process that hands them out does tasks itself instead of waiting, so that `jobs`
counts it. Each process reads one state of the ledger, which may be newer by what was recorded
meanwhile.

The others are started once, with an interpreter of their own: a fork would take the locks of SQLite
along. A Ctrl-C at the terminal does not reach them; they end when this process lets them go, or
dies.
"""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection as Wire
from multiprocessing.connection import wait
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ledger.engine import open_engine, read_transaction
from ledger.garbage import collect_rarely

__all__ = ["Crew", "CrewError", "Task", "crew_of", "serve", "sparing"]

_IN_HAND = 2  # tasks a process has at once, so that it never waits for the next one
_AHEAD = 4  # results for each process that may wait for those before them

_CACHE_KIBIBYTES = 16 * 1024

_START = "import sys; sys.path[:] = sys.argv[1:]; from ledger.crew import serve; serve({wire})"


class CrewError(Exception):
    """A task that could not be done, or a process that is gone: do everything in one process."""


class Task(NamedTuple):
    """A function, called with a connection and these values."""

    work: Callable[..., Any]
    values: tuple[Any, ...]


class _Place:
    """Where a result comes to."""

    __slots__ = ("found", "is_done", "is_urgent")

    def __init__(self, *, is_urgent: bool) -> None:
        self.is_urgent = is_urgent
        self.is_done = False
        self.found: Any = None


class _Member:
    """A process, its wire, and the tasks it has, the oldest first."""

    def __init__(self, process: subprocess.Popen[bytes], wire: Wire) -> None:
        self.process = process
        self.wire = wire
        self.places: deque[_Place] = deque()


class Crew:
    """Hands tasks to processes, and does some itself on its own connection."""

    def __init__(self, connection: Connection, members: list[_Member]) -> None:
        self._connection = connection
        self._members = members
        self._later: Iterator[Task] = iter(())
        self._waiting: deque[_Place] = deque()

    def results(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """The result of each task, in order; only one such row of tasks at a time.

        Between two results `now` may be called. Raises CrewError.
        """
        self._later = iter(tasks)
        self._waiting.clear()
        while True:
            self._collect()
            self._feed()
            if self._waiting and self._waiting[0].is_done:
                yield self._waiting.popleft().found
            elif not self._do_one_later():
                if not self._waiting:
                    return
                self._wait_for(self._waiting[0])

    def now(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """The results of tasks that somebody waits for, before any others are begun."""
        rest, places = deque(tasks), deque[_Place]()
        while rest or places:
            self._collect()
            for member in self._members:
                # The last one is done here: waiting for it would take as long.
                while len(rest) > 1 and _has_time(member):
                    places.append(self._send(member, rest.popleft(), is_urgent=True))
            if places and places[0].is_done:
                yield places.popleft().found
            elif rest:
                task, place = rest.popleft(), _Place(is_urgent=True)
                places.append(place)
                if not rest:
                    self._feed()
                self._do(task, place)
            elif places:
                self._wait_for(places[0])

    # --- handing out -----------------------------------------------------------------------------

    def _feed(self) -> None:
        """See that no process waits for a task while there are any."""
        for member in self._members:
            while len(member.places) < _IN_HAND and (task := self._next()) is not None:
                self._waiting.append(self._send(member, task, is_urgent=False))

    def _next(self) -> Task | None:
        if len(self._waiting) >= _AHEAD * (len(self._members) + 1):
            return None
        return next(self._later, None)

    def _do_one_later(self) -> bool:
        task = self._next()
        if task is None:
            return False
        place = _Place(is_urgent=False)
        self._waiting.append(place)
        self._do(task, place)
        return True

    def _do(self, task: Task, place: _Place) -> None:
        place.found = task.work(self._connection, *task.values)
        place.is_done = True

    def _send(self, member: _Member, task: Task, *, is_urgent: bool) -> _Place:
        place = _Place(is_urgent=is_urgent)
        member.places.append(place)
        try:
            member.wire.send(task)
        except OSError as error:
            raise _gone() from error
        return place

    def _wait_for(self, place: _Place) -> None:
        while not place.is_done:
            wait([member.wire for member in self._members if member.places])
            self._collect()
            self._feed()

    def _collect(self) -> None:
        for member in self._members:
            while member.places and member.wire.poll():
                try:
                    is_done, found = member.wire.recv()
                except (EOFError, OSError) as error:
                    raise _gone() from error
                if not is_done:
                    raise CrewError(found)
                place = member.places.popleft()
                place.found, place.is_done = found, True


@contextmanager
def sparing(connection: Connection) -> Iterator[None]:
    """Let SQLite keep few pages: who reads a whole log reads hardly any twice."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")


@contextmanager
def crew_of(connection: Connection, jobs: int) -> Iterator[Crew]:
    """Start `jobs` - 1 processes beside this one, which reads by the connection; end them after."""
    url = connection.engine.url.render_as_string(hide_password=False)
    members: list[_Member] = []
    try:
        for _ in range(jobs - 1):
            members.append(_started(url))
        yield Crew(connection, members)
    finally:
        for member in members:
            member.wire.close()
            member.process.kill()  # it only reads
        for member in members:
            member.process.wait()


def serve(descriptor: int) -> None:
    """Do tasks until nobody sends any more; what a process of a crew runs."""
    wire = Wire(descriptor)
    collect_rarely()
    # The one who asked is gone, or wants no more.
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(wire)


def _serve(wire: Wire) -> None:
    engine = None
    try:
        engine = open_engine(wire.recv())
        with read_transaction(engine) as connection, sparing(connection):
            while True:
                work, values = wire.recv()
                wire.send((True, work(connection, *values)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # whatever it was, the one who asked looks again himself
        wire.send((False, f"{type(error).__name__}: {error}"))
    finally:
        if engine is not None:
            engine.dispose()


def _started(url: str) -> _Member:
    here, there = Pipe()
    try:
        with there:
            number = there.fileno()
            process = subprocess.Popen(  # noqa: S603  this interpreter and nothing else
                [sys.executable, "-c", _START.format(wire=number), *sys.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(number,),
                process_group=0,  # out of reach of the terminal's Ctrl-C
            )
        here.send(url)  # not among the arguments: it may hold a password
    except OSError as error:
        here.close()
        raise _gone() from error
    return _Member(process, here)


def _has_time(member: _Member) -> bool:
    """Whether a process would come to an urgent task soon; others in its hand take too long."""
    return len(member.places) < _IN_HAND and all(place.is_urgent for place in member.places)


def _gone() -> CrewError:
    return CrewError("a process is gone")
