"""A file of a town's acts through `taizhang record`: parsed, ruled, hashed, appended, projected; a
whole process each time. Beside it, in turn, another process reads the same file and saves each line
as an event of an aggregate through eventsourcing's Application on its native recorder, 500 lines a
save: no rules, no hashes, every aggregate kept in memory. Then commands that read the same ledger,
and raw work on the same lines, once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import processes
from bench import Bench
from measuring import Sample
from places import Place
from processes import python
from report import Judged
from stores import native_address
from town_ledgers import TownLedger

from cli.desk import Desk
from sections.memory import READERS

_SAVE = "Application.save, no rules"
_RECORD = "taizhang record"


def measure(bench: Bench) -> None:
    """Every engine and size, and the time of one ruling."""
    bench.report.section("Record", __doc__)
    for place in bench.places:
        for size in bench.sizes:
            bench.say(f"{place.name}, a file of {size:,} lines")
            _measure_at(bench, place, size)
    taken = _ruling_microseconds(bench.towns.file(bench.sizes[0]))
    bench.report.text(f"Ruling one entry takes {taken:.1f} µs in the median.")


def _measure_at(bench: Bench, place: Place, size: int) -> None:
    file, sealed = bench.towns.file(size), bench.towns.at(place, size)
    found: dict[str, list[Sample]] = {_SAVE: [], _RECORD: []}
    for number in range(bench.rounds_at(size)):
        found[_SAVE].append(_save(place, file, size))
        found[_RECORD].append(
            sealed.recorded.sample(size) if number == 0 else _record(bench, place, size)
        )
    bench.report.comparison(
        f"a file of {size:,} lines",
        found,
        base=_SAVE,
        engine=place.name,
        size=size,
        aims={_RECORD: [Judged("record", _SAVE)]},
    )
    _print_readers(bench, sealed, file)


def _save(place: Place, file: Path, size: int) -> Sample:
    url = place.fresh()
    script = Path(__file__).parents[1] / "peers" / "save_application.py"
    command = python(str(script), str(file), json.dumps(environment(url)))
    found = processes.run(command, meter=place.meter)
    place.remove(url)
    return found.sample(size)


def environment(url: str) -> dict[str, str]:
    """What tells eventsourcing's application where its native recorder finds its database."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": path}
    address = {f"POSTGRES_{name.upper()}": value for name, value in native_address(url).items()}
    return {"PERSISTENCE_MODULE": "eventsourcing.postgres", **address}


def _record(bench: Bench, place: Place, size: int) -> Sample:
    made = bench.towns.recorded_anew(place, size)
    place.remove(made.url)
    return made.recorded.sample(size)


def _print_readers(bench: Bench, ledger: TownLedger, file: Path) -> None:
    """Rates beside a raw insert of the same lines, each once, with the peak of memory."""
    size = ledger.size
    raw = size / _raw_insert(file, bench.folder)
    rows = [
        ("sqlite3 executemany of the lines, no rules, no hashing", raw, None),
        ("json.loads of the lines", size / _timed(lambda: _decode(file)), None),
        ("taizhang record", size / ledger.recorded.wall, ledger.recorded.mebibytes),
    ]
    for arguments in (*READERS, ("audit",)):
        found = ledger.run(*arguments, allowed=(0, 1))
        rows.append((f"taizhang {' '.join(arguments)}", size / found.wall, found.mebibytes))
    bench.report.table(
        [f"{ledger.place.name}, {size:,} lines", "speed, × raw insert", "entries/s", "peak MiB"],
        [
            [name, f"{rate / raw:.2f}", f"{rate:,.0f}", "" if peak is None else f"{peak:.0f}"]
            for name, rate, peak in rows
        ],
    )


def _raw_insert(file: Path, folder: Path) -> float:
    """Seconds to insert the lines into one table in batches of 1,000, one transaction each."""
    path = folder / "raw.db"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, payload BLOB)")
    rows = list(enumerate(file.read_bytes().splitlines()))

    def insert() -> None:
        for start in range(0, len(rows), 1000):
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO entries VALUES (?, ?)", rows[start : start + 1000])
            database.execute("COMMIT")

    seconds = _timed(insert)
    database.close()
    return seconds


def _decode(file: Path) -> None:
    with file.open("rb") as lines:
        for line in lines:
            json.loads(line)


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _ruling_microseconds(file: Path) -> float:
    """The judge's time for one entry, in the median over at most 20,000."""
    desk = Desk("sqlite://", create=True)
    times: list[float] = []
    judge = desk.judge.judge

    def timed(*arguments: Any) -> object:
        start = perf_counter()
        found = judge(*arguments)
        times.append(perf_counter() - start)
        return found

    desk.judge.judge = timed  # type: ignore[method-assign, assignment]
    with file.open("rb") as lines:
        desk.record(line for _, line in zip(range(20_000), lines, strict=False))
    desk.close()
    return 1e6 * median(times)
