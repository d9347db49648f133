"""Whole commands that do little, beside a Python that imports what they cannot do without; all take
turns. The rest of the time is ours.
"""

from __future__ import annotations

import processes
from aims import shown
from bench import Bench
from measuring import Sample, ratio, spread
from places import Place
from processes import python, taizhang
from report import plain
from town_ledgers import LOG, TownLedger

_NOTHING = "python -c pass"
_CLICK = "python -c 'import click'"
_BOTH = "python -c 'import click, sqlalchemy'"
_HELP = "taizhang --help"
_SHOW = "taizhang center show"
_TIMES = 5

_JUDGED = {_HELP: ("help", _CLICK), _SHOW: ("show_process", _BOTH)}


def measure(bench: Bench) -> None:
    """Every engine, on the smallest ledger; five times the rounds, for they are short."""
    bench.report.section("Start", __doc__)
    for place in bench.places:
        bench.say(f"{place.name}, commands that do little")
        _measure_on(bench, place, bench.towns.at(place, bench.sizes[0]))


def _measure_on(bench: Bench, place: Place, ledger: TownLedger) -> None:
    center = f"{LOG}/id:c0000000"
    commands = {
        _NOTHING: python("-c", "pass"),
        _CLICK: python("-c", "import click"),
        _BOTH: python("-c", "import click, sqlalchemy"),
        _HELP: taizhang(ledger.url, "--help"),
        _SHOW: taizhang(ledger.url, "center", "show", center),
        "taizhang center why": taizhang(ledger.url, "center", "why", center),
    }
    environment = {"TAIZHANG_TRUST": str(ledger.trust)}
    found: dict[str, list[Sample]] = {name: [] for name in commands}
    for number in range(_TIMES * bench.rounds):
        for name in list(commands)[:: -1 if number % 2 else 1]:
            taken = processes.run(commands[name], meter=place.meter, environment=environment)
            found[name].append(taken.sample(1))
    bench.report.table(
        [place.name, "time, × import click", "milliseconds", "processor", "aim"],
        [_row(bench, place, name, found, ledger.size) for name in commands],
        texts=1,
    )


def _row(
    bench: Bench, place: Place, name: str, found: dict[str, list[Sample]], size: int
) -> list[str]:
    said = ""
    if name in _JUDGED:
        aim, than = _JUDGED[name]
        # Of the medians: one slow start must not count twice.
        value = _middle(found[name], "wall") / _middle(found[than], "wall")
        by_cpu = _middle(found[name], "cpu") / _middle(found[than], "cpu")
        verdict = bench.report.judge(aim, value, size=size, engine=place.name, by_cpu=by_cpu)
        said = f"{shown(value, '×')}, {verdict}"
    return [
        name,
        f"{ratio(found[name], found[_CLICK]).middle:.2f}",
        plain(spread([1000 * sample.wall for sample in found[name]]), "ms"),
        shown(1000 * _middle(found[name], "cpu"), "ms"),
        said,
    ]


def _middle(samples: list[Sample], by: str) -> float:
    return spread([getattr(sample, by) for sample in samples]).middle
