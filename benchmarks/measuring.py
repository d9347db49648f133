"""Time by the wall and by the processor; contenders take turns, so that drift hits all of them."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

__all__ = ["Meter", "Sample", "Samples", "Spread", "ratio", "spread"]


class Sample(NamedTuple):
    """Seconds of some work and the number of entries it was about."""

    wall: float
    cpu: float
    entries: int = 1

    def __add__(self, other: Any) -> Sample:
        return Sample(*(a + b for a, b in zip(self, other, strict=True)))


Samples = Sequence[Sample]
"""One sample a round."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the ends of some figures."""

    middle: float
    low: float
    high: float


class Meter:
    """Measures calls in this process; `server_cpu` gives the processor time of a server so far."""

    def __init__(self, server_cpu: Callable[[], float] = lambda: 0.0) -> None:
        self.server_cpu = server_cpu

    def time(self, work: Callable[[], object], *, entries: int = 1) -> Sample:
        """How long a call takes; what a work that measures itself returns is taken as it is."""
        # Asking the server takes its time, which must not be counted: first before, last after.
        server = self.server_cpu()
        own, start = _own_cpu(), perf_counter()
        found = work()
        wall, own = perf_counter() - start, _own_cpu() - own
        if isinstance(found, Sample):
            return found
        return Sample(wall, own + self.server_cpu() - server, entries)

    def alternate(
        self,
        works: Mapping[str, Callable[[], object]],
        *,
        rounds: int,
        entries: Mapping[str, int] | int = 1,
    ) -> dict[str, list[Sample]]:
        """Every work once a round, in turn there and back."""
        found: dict[str, list[Sample]] = {name: [] for name in works}
        for number in range(rounds):
            for name in list(works)[:: -1 if number % 2 else 1]:
                count = entries if isinstance(entries, int) else entries[name]
                found[name].append(self.time(works[name], entries=count))
        return found


def spread(values: Sequence[float]) -> Spread:
    """Their median, least and greatest."""
    return Spread(median(values), min(values), max(values))


def ratio(one: Samples, other: Samples, *, by: str = "wall") -> Spread:
    """Time an entry of one to time an entry of the other, round by round."""
    pairs = zip(one, other, strict=True)
    return spread([_each(a, by) / (_each(b, by) or 1e-9) for a, b in pairs])


def _each(sample: Sample, by: str) -> float:
    return float(getattr(sample, by)) / sample.entries


def _own_cpu() -> float:
    """Of this process and its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
