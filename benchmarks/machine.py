"""The machine figures come from: what it is, how busy, how long its disk takes."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from places import Place

__all__ = ["busy", "describe"]

_PACKAGES = (
    "SQLAlchemy",
    "psycopg",
    "orjson",
    "eventsourcing",
    "ledgerchain",
    "pymerkle",
)


def describe(folder: Path, places: Sequence[Place]) -> str:
    """A table of the machine, Python, engines, packages and disk."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    middle, late = _fsync(folder)
    rows = [
        ("processor", f"{_model()}, {cores} cores"),
        ("system", f"{platform.system()} {platform.release()}, {_memory()}"),
        ("Python", f"{platform.python_version()} ({sys.implementation.name})"),
        *(pair for place in places for pair in place.describe()),
        ("packages", ", ".join(f"{name} {found}" for name, found in _packages())),
        ("fsync of 4 KiB", f"{middle:.2f} ms in the median, {late:.2f} ms for the slowest tenth"),
        ("commit of one row in SQLite", f"{_commit(folder):.2f} ms"),
        ("load before", busy()),
    ]
    return "| | |\n|---|---|\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def busy() -> str:
    """How many processes wanted to run, in the mean of the last minute and of fifteen."""
    one, _, fifteen = os.getloadavg()
    return f"{one:.1f} in the last minute, {fifteen:.1f} in fifteen"


def _model() -> str:
    found = Path("/proc/cpuinfo")
    if found.exists():
        for line in found.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{pages / 2**30:.0f} GiB of memory"


def _packages() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            found.append((name, "missing"))
    return found


def _fsync(folder: Path) -> tuple[float, float]:
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            start = perf_counter()
            os.fsync(file.fileno())
            times.append(1000 * (perf_counter() - start))
    tenths = quantiles(times, n=10)
    return tenths[4], tenths[8]


def _commit(folder: Path) -> float:
    """Milliseconds."""
    db = sqlite3.connect(folder / "commit.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t (a)")
    start = perf_counter()
    for _ in range(200):
        db.execute("INSERT INTO t VALUES (1)")
    seconds = perf_counter() - start
    db.close()
    return 1000 * seconds / 200
