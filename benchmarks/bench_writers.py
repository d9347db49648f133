"""How long one entry a commit takes where several processes write to one ledger file.

    python benchmarks/bench_writers.py --seconds 4

Without the line of `ledger.turns` processes meet at SQLite's own lock, where whoever has to wait
looks again after a sleep. Both ways take turns in one run; `sync` is what the disk alone takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from ledger.engine import open_engine, write_transaction
from ledger.recorder import Draft, append
from ledger.turns import Turns
from ledger.verify import verify

NOW = "2026-11-23T08:31:27.123456Z"
PAYLOAD = b'{"entry":{"note":"%s"}}' % (b"x" * 340)
WAYS = ("SQLite's lock", "in line")


class Figures(NamedTuple):
    """Commits a second, how long they took in milliseconds, and the least a process got, of its
    fair share."""

    rate: float
    p50: float
    p99: float
    worst: float
    cpu: float
    share: float


def write(path: Path, number: int, in_line: bool, seconds: float, ready: Any, answers: Any) -> None:
    """Append one entry a commit for so many seconds, and put how long each took."""
    if not in_line:
        Turns.queue_beside = lambda *_: None  # type: ignore[method-assign]
    engine = open_engine(f"sqlite:///{path}")
    drafts = [Draft(f"beijing/id:w{number}", None, "X/1", "2023-06-30", PAYLOAD)]
    ready.wait()
    took, began = [], process_time()
    end = perf_counter() + seconds
    while (start := perf_counter()) < end:
        with write_transaction(engine) as connection:
            append(connection, "beijing", drafts, recorded_at=NOW)
        took.append(perf_counter() - start)
    answers.put((took, process_time() - began))


def measure(folder: Path, count: int, in_line: bool, seconds: float) -> Figures:
    """Have so many processes write at once, and look at what they wrote."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "ledger.db"
    engine = open_engine(f"sqlite:///{path}", create=True)
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(count), context.Queue()
    started = [
        context.Process(target=write, args=(path, number, in_line, seconds, ready, answers))
        for number in range(count)
    ]
    for process in started:
        process.start()
    found = [answers.get() for _ in started]
    for process in started:
        process.join()
    took = sorted(one for times, _ in found for one in times)
    verified = verify(engine)
    assert verified.problems == ()
    assert verified.reports[0].size == len(took)
    engine.dispose()
    return Figures(
        rate=len(took) / seconds,
        p50=1000 * took[len(took) // 2],
        p99=1000 * took[len(took) * 99 // 100],
        worst=1000 * took[-1],
        cpu=1000 * sum(cpu for _, cpu in found) / len(took),
        share=min(len(times) for times, _ in found) * count / len(took),
    )


def sync_milliseconds(folder: Path) -> float:
    """How long a commit of one small row takes, in the median."""
    db = sqlite3.connect(folder / "sync.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS t (a)")
    found = [_timed(lambda: db.execute("INSERT INTO t VALUES (1)")) for _ in range(200)]
    db.close()
    return 1000 * median(found)


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=3, help="for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--folder", type=Path, help="where the files go; default a temporary one")
    options = parser.parse_args(arguments)
    print(
        "| processes | | commits/s | p50 ms | p99 ms | worst ms | CPU ms | least share | sync ms |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for count in options.processes:
        found: dict[str, list[Figures]] = {way: [] for way in WAYS}
        syncs = []
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            for _ in range(options.rounds):
                for way in WAYS:
                    syncs.append(sync_milliseconds(Path(name)))
                    in_line = way == WAYS[1]
                    found[way].append(measure(Path(name), count, in_line, options.seconds))
        for way, rounds in found.items():
            shown = Figures(*(median(column) for column in zip(*rounds, strict=True)))
            print(
                f"| {count} | {way} | {shown.rate:.0f} | {shown.p50:.1f} | {shown.p99:.1f} "
                f"| {shown.worst:.0f} | {shown.cpu:.2f} | {shown.share:.2f} "
                f"| {median(syncs):.2f} |",
                flush=True,
            )
    print("\nCPU of all processes for each commit; the least any process got, of its fair share.")


if __name__ == "__main__":
    main()
