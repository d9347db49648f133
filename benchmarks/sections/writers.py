"""Several processes write one entry a commit to one SQLite file. Without the line of `ledger.turns`
they meet at SQLite's own lock, where whoever has to wait looks again after a sleep; both ways take
turns. The least share is what the slowest process got, of its fair share. Every ledger is verified.
"""

from __future__ import annotations

import multiprocessing
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from bench import Bench
from places import Place
from stores import NOW

from ledger.engine import open_engine, write_transaction
from ledger.recorder import Draft, append
from ledger.turns import Turns
from ledger.verify import verify

PROCESSES = (1, 2, 4)
SECONDS = 2.0
WAYS = ("SQLite's lock", "in line")
PAYLOAD = b'{"entry":{"note":"%s"}}' % (b"x" * 340)


class Figures(NamedTuple):
    """Commits a second, milliseconds of one, of the processor too, and the least share."""

    rate: float
    p50: float
    p99: float
    worst: float
    cpu: float
    share: float


def measure(bench: Bench) -> None:
    """On SQLite alone: a server has a queue of its own."""
    places = [place for place in bench.places if place.key == "sqlite"]
    bench.report.section("Writers", __doc__)
    if not places:
        bench.report.text("SQLite was not asked for.")
        return
    rows = []
    for processes in PROCESSES:
        bench.say(f"{processes} processes write to one file")
        found: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for _ in range(bench.rounds):
            for way in WAYS:
                found[way].append(_written(places[0], processes, in_line=way == WAYS[1]))
        middles = {
            way: Figures(*(median(column) for column in zip(*rounds, strict=True)))
            for way, rounds in found.items()
        }
        rows += [_row(processes, way, one, middles[WAYS[0]]) for way, one in middles.items()]
    heads = ["SQLite", "commits, × SQLite's lock", "p99, × SQLite's lock", "least share"]
    more = ["commits/s", "p50 ms", "p99 ms", "worst ms", "processor ms a commit"]
    bench.report.table([*heads, *more], rows)


def _row(processes: int, way: str, one: Figures, base: Figures) -> list[str]:
    figures = (one.rate / base.rate, one.p99 / base.p99, one.share)
    return [
        f"{processes} processes, {way}",
        *(f"{figure:.2f}" for figure in figures),
        f"{one.rate:,.0f}",
        *(f"{figure:.1f}" for figure in (one.p50, one.p99, one.worst)),
        f"{one.cpu:.2f}",
    ]


def _written(place: Place, processes: int, *, in_line: bool) -> Figures:
    """Have so many processes write at once, and look at what they wrote."""
    url = place.fresh()
    engine = open_engine(url, create=True)
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(processes), context.Queue()
    started = [
        context.Process(target=_write, args=(url, number, in_line, ready, answers))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    found = [answers.get(timeout=600) for _ in started]
    for process in started:
        process.join()
    took = sorted(one for times, _ in found for one in times)
    verified = verify(engine)
    assert verified.problems == ()
    assert verified.reports[0].size == len(took)
    engine.dispose()
    place.remove(url)
    return Figures(
        rate=len(took) / SECONDS,
        p50=1000 * took[len(took) // 2],
        p99=1000 * took[len(took) * 99 // 100],
        worst=1000 * took[-1],
        cpu=1000 * sum(cpu for _, cpu in found) / len(took),
        share=min(len(times) for times, _ in found) * processes / len(took),
    )


def _write(url: str, number: int, in_line: bool, ready: Any, answers: Any) -> None:
    """Append one entry a commit until the time is over, and put how long each took."""
    if not in_line:
        Turns.queue_beside = lambda *_: None  # type: ignore[method-assign]
    engine = open_engine(url)
    drafts = [Draft(f"beijing/id:w{number}", None, "X/1", "2023-06-30", PAYLOAD)]
    ready.wait(120)
    took, began = [], process_time()
    end = perf_counter() + SECONDS
    while (start := perf_counter()) < end:
        with write_transaction(engine) as connection:
            append(connection, "beijing", drafts, recorded_at=NOW)
        took.append(perf_counter() - start)
    answers.put((took, process_time() - began))
