"""One entry a commit, appended to ledgers that hold so many entries already; stores take turns.
Most of the time is the disk's: see how long an fsync takes. Judged is the recorder, which is asked
for the same as the native one.

Logs side by side: four processes, and four threads of one, each with a log of its own, beside one
process with one log; the time runs from the moment all are ready to the end of the last.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from itertools import islice
from multiprocessing.synchronize import Barrier
from threading import Barrier as ThreadBarrier
from threading import Thread
from time import perf_counter
from typing import Any

from bench import Bench
from measuring import Sample
from places import Place
from report import Judged
from stores import NOW, TaizhangBulk, made_entries

from ledger.engine import open_engine, write_transaction
from ledger.recorder import Draft, append
from sections.append import close, lockstep, opened

COMMITS = 400
_TURN = 20
_PREFILL = 1_000
_LOGS = ("beijing", "xian", "hechuan", "jiangsu")

_NATIVE = "eventsourcing native"
_RECORDER = "taizhang as recorder"


def measure(bench: Bench) -> None:
    """Every engine and size; logs side by side on PostgreSQL."""
    bench.report.section("Commit", __doc__)
    for place in bench.places:
        for size in bench.sizes:
            _measure_at(bench, place, size)
        if place.key == "postgresql":
            _measure_parallel(bench, place)


def _measure_at(bench: Bench, place: Place, size: int) -> None:
    bench.say(f"{place.name}, single commits after {size:,} entries")
    stores = [one for one in opened(bench, place) if not isinstance(one, TaizhangBulk)]
    commits = COMMITS * bench.rounds
    entries = made_entries(size + commits, centers=max(1, size // 10))
    lockstep(place, stores, ([batch] for batch in _batches(islice(entries, size), _PREFILL)))
    found: dict[str, list[Sample]] = {}
    for _ in range(bench.rounds):
        some = list(islice(entries, COMMITS))
        turns = ([[entry] for entry in turn] for turn in _batches(iter(some), _TURN))
        for name, sample in lockstep(place, stores, turns).items():
            found.setdefault(name, []).append(sample)
    bench.report.comparison(
        f"one entry a commit after {size:,}",
        found,
        base=_NATIVE,
        engine=place.name,
        size=size,
        aims={_RECORDER: [Judged(f"commit_{place.key}", _NATIVE)]},
    )
    close(stores)


def _batches(entries: Iterator[Draft], size: int) -> Iterator[list[Draft]]:
    while some := list(islice(entries, size)):
        yield some


def _measure_parallel(bench: Bench, place: Place) -> None:
    bench.say("logs side by side")
    one, processes, threads = "one log", "four logs, four processes", "four logs, four threads"
    works = {
        one: lambda: _in_processes(place, 1),
        processes: lambda: _in_processes(place, len(_LOGS)),
        threads: lambda: _in_threads(place, len(_LOGS)),
    }
    found = place.meter.alternate(works, rounds=bench.rounds)
    bench.report.comparison(
        "one entry a commit, logs side by side",
        found,
        base=one,
        engine=place.name,
        size=COMMITS,
        aims={processes: [Judged("parallel", one)]},
    )


def _in_processes(place: Place, logs: int) -> Sample:
    url = place.fresh()
    open_engine(url, create=True).dispose()
    spawned = multiprocessing.get_context("spawn")
    barrier, spans = spawned.Barrier(logs + 1), spawned.Queue()
    children = [
        spawned.Process(target=_commit_many, args=(url, log, barrier, spans))
        for log in _LOGS[:logs]
    ]
    for child in children:
        child.start()
    barrier.wait(120)
    cpu = place.meter.server_cpu()
    found = [spans.get(timeout=600) for _ in children]
    cpu = place.meter.server_cpu() - cpu
    for child in children:
        child.join()
    place.remove(url)
    return _whole(found, cpu)


def _in_threads(place: Place, logs: int) -> Sample:
    url = place.fresh()
    open_engine(url, create=True).dispose()
    barrier, spans = ThreadBarrier(logs + 1), _List()
    threads = [Thread(target=_commit_many, args=(url, log, barrier, spans)) for log in _LOGS[:logs]]
    for thread in threads:
        thread.start()
    barrier.wait(120)
    cpu = place.meter.server_cpu()
    for thread in threads:
        thread.join()
    cpu = place.meter.server_cpu() - cpu
    place.remove(url)
    return _whole(spans, cpu)


class _List(list[Any]):
    put = list.append


def _whole(spans: list[tuple[float, float, float]], server_cpu: float) -> Sample:
    """From the first beginning to the last end: all of them have the same clock."""
    wall = max(end for _, end, _ in spans) - min(start for start, _, _ in spans)
    return Sample(wall, sum(cpu for *_, cpu in spans) + server_cpu, COMMITS * len(spans))


def _commit_many(url: str, log: str, barrier: Barrier | ThreadBarrier, spans: Any) -> None:
    from time import thread_time

    engine = open_engine(url)
    entries = made_entries(COMMITS + 1, centers=COMMITS)
    drafts = [entry._replace(stream=f"{log}/{entry.stream}") for entry in entries]
    with write_transaction(engine) as connection:
        append(connection, log, drafts[:1], recorded_at=NOW)
    barrier.wait(120)
    start, cpu = perf_counter(), thread_time()
    for draft in drafts[1:]:
        with write_transaction(engine) as connection:
            append(connection, log, [draft], recorded_at=NOW)
    spans.put((start, perf_counter(), thread_time() - cpu))
    engine.dispose()
