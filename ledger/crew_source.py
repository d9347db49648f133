"""A log read for projections by several processes: each takes some centers, reads their entries and
does what is to be done with them; what comes of it is handed back in the order of the centers.

Where a process is gone or cannot go on, this one does the rest alone, and says what is wrong.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine

from ledger.crew import CrewError, Task, crew_of, sparing
from ledger.engine import has_one_connection, read_transaction
from ledger.readings import CenterWork, LogSource, T, worked

__all__ = ["CrewSource"]


class CrewSource(LogSource):
    """The log, read by `jobs` processes; what they are to do must be a function at the top of a
    module, or a `functools.partial` of one."""

    def __init__(self, engine: Engine, *, jobs: int) -> None:
        super().__init__(engine)
        self.jobs = 1 if has_one_connection(engine) else jobs

    def each(self, log: str, work: CenterWork[T], *, after: str = "") -> Iterator[tuple[int, T]]:
        """See LogSource."""
        if self.jobs > 1:
            try:
                for last, found in self._together(log, work, after=after):
                    yield from found
                    after = last
            except (CrewError, sqlite3.OperationalError):
                pass
            else:
                return
        yield from super().each(log, work, after=after)

    def _together(
        self, log: str, work: CenterWork[T], *, after: str
    ) -> Iterator[tuple[str, list[tuple[int, T]]]]:
        """The last center of each task, and what came of it."""
        asked: deque[str] = deque()

        def tasks() -> Iterator[Task]:
            for names in self._centers(log, after=after):
                asked.append(names[-1])
                yield Task(_worked, (log, names, work))

        with (
            read_transaction(self.engine) as connection,
            sparing(connection),
            crew_of(connection, self.jobs) as crew,
        ):
            for found in crew.results(tasks()):
                yield asked.popleft(), found


def _worked(
    connection: Connection, log: str, centers: Sequence[str], work: CenterWork[T]
) -> list[tuple[int, T]]:
    return list(worked(connection, log, centers, work))
