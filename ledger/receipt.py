"""What a recording did: counts, positions, the heads of the logs, and what was found on the way."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.identity import format_position
from ledger.spool import Spool

__all__ = ["Receipt"]


class Receipt:
    """What recording did: counts, positions as runs, heads of the logs, and findings as they were
    spooled."""

    def __init__(self) -> None:
        self.recorded = 0
        self.skipped = 0
        self._runs = Spool()
        self._run: tuple[str, int, int] | None = None  # the last run, which may go on
        self.logs: dict[str, tuple[int, bytes]] = {}
        self.upto: dict[str, int] = {}  # the last position of each log, also where all was skipped
        self.repeated = 0  # times it was sent again because the server went away
        self.erased: dict[str, list[tuple[int, str]]] = {}
        self.findings = Spool()
        self.deviations = Spool()

    def positions(self) -> Iterator[str]:
        """Every position recorded, in the order of the lines."""
        for log, start, stop in self.runs():
            yield from (format_position(log, number) for number in range(start, stop))

    def runs(self) -> Iterator[tuple[str, int, int]]:
        """The same in runs, each a log with the first position and the one after the last."""
        yield from map(tuple, self._runs)
        if self._run is not None:
            yield self._run

    def add(self, later: Receipt) -> None:
        """Take in the receipt of what was recorded after this."""
        self.skipped += later.skipped
        self.repeated += later.repeated
        self.logs.update(later.logs)
        self.upto.update(later.upto)
        for log, start, stop in later.runs():
            self.count(log, start, stop)
        for log, erased in later.erased.items():
            self.erased.setdefault(log, []).extend(erased)
        self.findings.extend(later.findings)
        self.deviations.extend(later.deviations)

    def count(self, log: str, start: int, stop: int) -> None:
        """Take in that the entries at start ≤ position < stop of a log were recorded."""
        self.recorded += stop - start
        run = self._run
        if run is not None and run[0] == log and run[2] == start:
            self._run = (log, run[1], stop)
            return
        if run is not None:
            self._runs.add(run)
        self._run = (log, start, stop)
