"""What `center show`, `center why` and `center eligible` compute, in a process that is warm: each
question of another center, on one connection pool, values as in `--json`, no printing. The p99 is
what one of a hundred takes longer than; it must not grow with the ledger.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import NamedTuple

from aims import shown
from bench import Bench
from places import Place
from town_ledgers import LOG

from cli.desk import Desk
from cli.views import center_value, node_value
from policies.eligibility import may_apply
from policies.explain import explain

QUESTIONS = 500
_ON = date(2021, 12, 1)


class Times(NamedTuple):
    """Milliseconds by the wall and by the processor of this process."""

    wall: float
    cpu: float


def measure(bench: Bench) -> None:
    """Every engine, sizes side by side."""
    bench.report.section("Answers", __doc__)
    for place in bench.places:
        _measure_on(bench, place)


def _measure_on(bench: Bench, place: Place) -> None:
    p99s: dict[str, list[Times]] = {}
    rows = []
    for size in bench.sizes:
        bench.say(f"{place.name}, answers from {size:,} entries")
        desk = bench.towns.at(place, size).desk()
        for name, (wall, cpu) in _asked(desk, size).items():
            found = Times(_p99(wall), _p99(cpu))
            p99s.setdefault(name, []).append(found)
            said = bench.report.judge(
                name, found.wall, size=size, engine=place.name, by_cpu=found.cpu
            )
            figures = (found.wall, found.cpu, median(wall), median(cpu))
            rows.append(
                [f"center {name}, {size:,}", *(shown(figure, "ms") for figure in figures), said]
            )
        desk.close()
    heads = [place.name, "p99", "p99 by processor", "median", "median by processor", "aim"]
    bench.report.table(heads, rows, texts=1)
    if len(bench.sizes) > 1:
        _judge_growth(bench, place, p99s)


def _judge_growth(bench: Bench, place: Place, p99s: dict[str, list[Times]]) -> None:
    name, found = max(p99s.items(), key=lambda one: one[1][-1].wall / one[1][0].wall)
    grown, by_cpu = found[-1].wall / found[0].wall, found[-1].cpu / found[0].cpu
    said = bench.report.judge(
        "flat_answers", grown, size=bench.sizes[-1], engine=place.name, by_cpu=by_cpu
    )
    sizes = f"{bench.sizes[0]:,} to {bench.sizes[-1]:,}"
    bench.report.text(
        f"From {sizes} entries the p99 of `center {name}`, which grows most, becomes "
        f"{shown(grown, '×')}, {said}."
    )


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


def _asked(desk: Desk, size: int) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds of each question by wall and processor; the three take turns."""
    ask: dict[str, Callable[[Desk, str], object]] = {"show": show, "why": why, "eligible": eligible}
    chosen = random.Random(1)
    centers = max(1, size // 16 // 500 * 500 or size // 16)
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in ask}
    for number in range(-10, QUESTIONS):
        center = f"{LOG}/id:c{chosen.randrange(centers):07d}"
        for name, question in ask.items():
            start, cpu = perf_counter(), process_time()
            question(desk, center)
            if number >= 0:
                found[name][0].append(1000 * (perf_counter() - start))
                found[name][1].append(1000 * (process_time() - cpu))
    return found


def show(desk: Desk, center: str) -> object:
    """The answer of `center show`."""
    view = desk.view(LOG, on=_ON)
    state = desk.judge.as_read(desk.state(center, view), view.on, desk.knowledge(view))
    return center_value(state, view)


def why(desk: Desk, center: str) -> object:
    """The answer of `center why`."""
    view = desk.view(LOG, on=_ON)
    entries, state = desk.entries(center, view), desk.state(center, view)
    found = explain(desk.judge, state, entries, view.on, desk.knowledge(view))
    documents = {i: desk.rulebook.edition(i).document for i in desk.rulebook.ids(LOG)}
    return [node_value(part, LOG, documents) for part in (found.because, *found.why_not)]


def eligible(desk: Desk, center: str) -> object:
    """The answer of `center eligible`."""
    view = desk.view(LOG, on=_ON)
    state = desk.state_or_new(center, view)
    return may_apply(desk.judge, state, LOG, view.on, desk.knowledge(view))
