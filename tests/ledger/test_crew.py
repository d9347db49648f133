"""Processes that do pieces of work: results in order, done once, and nobody left behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import Connection, Engine

from ledger.crew import Crew, CrewError, Task, crew_of
from ledger.engine import open_engine, read_transaction


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty ledger in a file."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db", create=True)
    yield engine
    engine.dispose()


def _number(_connection: Connection, number: int) -> tuple[int, int]:
    return number, os.getpid()


def _slow(connection: Connection, number: int) -> tuple[int, int]:
    sleep(0.02)
    return _number(connection, number)


def _broken(_connection: Connection) -> None:
    raise LookupError("nothing there")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_some_work(crew: Crew, tasks: int = 40) -> set[int]:
    """Processes that took tasks; the ones just started may need a moment."""
    seen: set[int] = set()
    end = monotonic() + 30
    while len(seen) < 2 and monotonic() < end:
        seen |= {pid for _, pid in crew.results(Task(_slow, (n,)) for n in range(tasks))}
    return seen


class TestCrew:
    def test_results_come_in_order(self, engine: Engine) -> None:
        """Whoever does a task, its result stands where the task stood."""
        with read_transaction(engine) as connection, crew_of(connection, 2) as crew:
            assert len(_wait_until_some_work(crew)) == 2
            found = list(crew.results(Task(_slow, (n,)) for n in range(50)))
        assert [number for number, _ in found] == list(range(50))

    def test_urgent_tasks_come_between(self, engine: Engine) -> None:
        """Between two results others may be asked for, and neither is lost."""
        with read_transaction(engine) as connection, crew_of(connection, 3) as crew:
            found = []
            for number, _ in crew.results(Task(_slow, (n,)) for n in range(30)):
                urgent = [n for n, _ in crew.now(Task(_slow, (n,)) for n in range(number % 5))]
                assert urgent == list(range(number % 5))
                found.append(number)
        assert found == list(range(30))

    def test_one_process_is_enough(self, engine: Engine) -> None:
        """With one job nobody else is started."""
        with read_transaction(engine) as connection, crew_of(connection, 1) as crew:
            found = list(crew.results(Task(_number, (n,)) for n in range(3)))
        assert found == [(n, os.getpid()) for n in range(3)]

    def test_failure_is_told(self, engine: Engine) -> None:
        """What another process cannot do is an error here, without a word on the screen."""
        with read_transaction(engine) as connection, crew_of(connection, 2) as crew:
            others = _wait_until_some_work(crew) - {os.getpid()}
            assert others
            with pytest.raises((CrewError, LookupError)):
                list(crew.results(Task(_broken, ()) for _ in range(20)))

    def test_killed_process_is_noticed(self, engine: Engine) -> None:
        """A process that is gone is an error, and not waited for."""
        with read_transaction(engine) as connection, crew_of(connection, 2) as crew:
            for pid in _wait_until_some_work(crew) - {os.getpid()}:
                os.kill(pid, 9)
            with pytest.raises(CrewError):
                list(crew.results(Task(_slow, (n,)) for n in range(50)))

    def test_nobody_is_left_behind(self, engine: Engine) -> None:
        """However the work ends, the processes end with it."""
        others: set[int] = set()
        with (  # noqa: PT012  the error comes from within
            pytest.raises(KeyboardInterrupt),
            read_transaction(engine) as connection,
            crew_of(connection, 3) as crew,
        ):
            others = _wait_until_some_work(crew) - {os.getpid()}
            raise KeyboardInterrupt
        assert others
        assert not any(map(_alive, others))
