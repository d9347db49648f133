"""Many threads record one entry each through the whole write path: by a commit of its own, and by
transactions that threads of one process share (`ledger.group_commit`); both ways take turns.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import median
from time import perf_counter

from bench import Bench
from places import Place

from cli.desk import Desk
from ledger.group_commit import GroupCommit

THREADS = (1, 4, 16)
ENTRIES = 200
_NUMBERS = count()

Record = Callable[[list[bytes]], object]


def measure(bench: Bench) -> None:
    """Every engine and number of threads."""
    bench.report.section("Sharing", __doc__)
    for place in bench.places:
        bench.say(f"{place.name}, threads that share transactions")
        _measure_on(bench, place)


def _measure_on(bench: Bench, place: Place) -> None:
    url = place.fresh()
    desk = Desk(url, create=True, trust=bench.folder / f"sharing-{place.key}")
    desk.initialise()
    ways: tuple[Record, Record] = (desk.book.record, GroupCommit(desk.book).record)
    _recorded(ways[0], 1, 20)
    rows = []
    for threads in THREADS:
        found = [[_recorded(way, threads, ENTRIES) for way in ways] for _ in range(bench.rounds)]
        alone, shared = zip(*found, strict=True)
        rates = [median(rate for rate, _ in one) for one in (alone, shared)]
        late = [median(p99 for _, p99 in one) for one in (alone, shared)]
        rows.append(
            [
                f"{threads} threads",
                f"{rates[1] / rates[0]:.2f}",
                *(f"{rate:,.0f}" for rate in rates),
                *(f"{p99:.0f}" for p99 in late),
            ]
        )
    heads = [place.name, "speed shared, × own", "own, entries/s", "shared, entries/s"]
    bench.report.table([*heads, "own, p99 ms", "shared, p99 ms"], rows)
    desk.close()
    place.remove(url)


def _recorded(record: Record, threads: int, entries: int) -> tuple[float, float]:
    """Entries a second from so many threads; how many milliseconds 99 in 100 took at most."""
    lines = [_fact(next(_NUMBERS)) for _ in range(entries)]

    def timed(line: bytes) -> float:
        start = perf_counter()
        record([line])
        return perf_counter() - start

    with ThreadPoolExecutor(threads) as pool:
        start = perf_counter()
        took = sorted(pool.map(timed, lines))
        seconds = perf_counter() - start
    return entries / seconds, 1000 * took[entries * 99 // 100]


def _fact(number: int) -> bytes:
    return (
        b'{"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:c%d", '
        b'"fact": "penalty", "key": "k%d"}' % (number % 500, number)
    )
