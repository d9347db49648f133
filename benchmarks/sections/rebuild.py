"""Every projection folded again from a town's entries, by a process for each processor from 100,000
entries on, and by one. eventsourcing's projection runner takes in fewer events, one a transaction,
into a table with one row a center, and is compared by the time an event. The lower limit reads the
payloads with a plain SELECT, in the order of their positions, and decodes them with orjson.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import orjson
from bench import Bench
from measuring import Sample
from peers.projection_runner import Runner
from places import Place, libpq
from report import Judged
from sqlalchemy.engine import make_url
from town_ledgers import LOG

from sections.record import environment

_RUNNER = "eventsourcing's projection runner"
_RAW = "SELECT and orjson.loads"
_REBUILD = "rebuild"
_ONE = "rebuild, one process"
_EVENTS = 1_000  # for the runner, at 1,000 to 2,000 a second


def measure(bench: Bench) -> None:
    """Every engine and size."""
    bench.report.section("Rebuild", __doc__)
    for place in bench.places:
        for size in bench.sizes:
            bench.say(f"{place.name}, rebuild of {size:,} entries")
            _measure_at(bench, place, size)


def _measure_at(bench: Bench, place: Place, size: int) -> None:
    ledger = bench.towns.at(place, size)
    desk = ledger.desk()
    desk.rebuild(LOG)
    events = min(_EVENTS, size)
    works: dict[str, Callable[[], object]] = {
        _RUNNER: lambda: _run_projection(place, bench.towns.file(size), events),
        _RAW: lambda: _decode_all(ledger.url, size),
        _REBUILD: lambda: desk.rebuild(LOG),
        _ONE: lambda: desk.rebuild(LOG, jobs=1),
    }
    counts = {_RUNNER: events, _RAW: size, _REBUILD: size, _ONE: size}
    found = place.meter.alternate(works, rounds=bench.rounds_at(size), entries=counts)
    bench.report.comparison(
        f"{size:,} entries",
        found,
        base=_RUNNER,
        engine=place.name,
        size=size,
        aims={_REBUILD: [Judged("rebuild_runner", _RUNNER), Judged("rebuild_raw", _RAW)]},
    )
    desk.close()


def _run_projection(place: Place, file: Path, events: int) -> Sample:
    """The projecting alone; saving the events before is not measured."""
    office, view = place.fresh(), place.fresh()
    source = environment(office)
    if place.key == "sqlite":
        source = {"PERSISTENCE_MODULE": "ledger.eventstore", "TAIZHANG_LEDGER": office}
    runner = Runner(source, environment(view))
    with file.open("rb") as lines:
        runner.save(list(islice(lines, events)))
    found = place.meter.time(runner.project, entries=events)
    for url in (office, view):
        place.remove(url)
    return found


def _decode_all(url: str, size: int) -> None:
    found = 0
    for payload in _payloads(url):
        orjson.loads(payload)
        found += 1
    assert found >= size, found


def _payloads(url: str) -> Iterable[bytes]:
    statement = f"SELECT payload FROM entries WHERE log = '{LOG}' ORDER BY position"  # noqa: S608
    if url.startswith("sqlite"):
        database = sqlite3.connect(make_url(url).database or "")
        yield from (row[0] for row in database.execute(statement))
        database.close()
        return
    import psycopg

    with psycopg.connect(**libpq(url)) as connection:
        cursor = connection.cursor("all", binary=True)
        cursor.itersize = 5_000
        cursor.execute(statement)
        yield from (row[0] for row in cursor)
