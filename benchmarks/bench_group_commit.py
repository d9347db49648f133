"""What sharing transactions is worth where many threads record one entry each.

    python benchmarks/bench_group_commit.py --entries 400

The same entries through the whole write path, each by a commit of its own and through
`ledger.group_commit`; both ways take turns in one run. PostgreSQL is started in a temporary folder
where it is installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

from hammer import engines

from cli.desk import Desk
from ledger.group_commit import GroupCommit

_NUMBERS = count()


def measure(
    record: Callable[[list[bytes]], object], threads: int, entries: int
) -> tuple[float, float]:
    """Entries a second from so many threads, and how many milliseconds 99 in 100 took at most."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 4, 16, 32])
    parser.add_argument("--entries", type=int, default=400, help="for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--url", help="an empty PostgreSQL database, instead of a new server")
    options = parser.parse_args(arguments)
    print("| engine | threads | one each, /s | p99 ms | shared, /s | p99 ms | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name, engines(Path(name), options.url) as all_engines:
        for engine, url in all_engines:
            desk = Desk(url, create=True, trust=Path(name) / engine)
            desk.initialise()
            ways = (desk.book.record, GroupCommit(desk.book).record)
            measure(ways[0], 1, 20)
            for threads in options.threads:
                found = [
                    [measure(way, threads, options.entries) for way in ways]
                    for _ in range(options.rounds)
                ]
                (alone, slow), (shared, fast) = (
                    [median(column) for column in zip(*rounds, strict=True)]
                    for rounds in zip(*found, strict=True)
                )
                print(
                    f"| {engine} | {threads} | {alone:.0f} | {slow:.0f} | {shared:.0f} "
                    f"| {fast:.0f} | {shared / alone:.1f} |",
                    flush=True,
                )
            desk.close()


if __name__ == "__main__":
    sys.exit(main())
