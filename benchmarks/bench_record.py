"""The ruled path, end to end: a file through `taizhang record`, then rebuild and verify.

    python benchmarks/bench_record.py --lines 100000

Prints a Markdown table: entries a second of each whole process, its peak memory, and ratios to raw
work on the same bytes in the same run. Absolute figures depend on the machine; compare ratios.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

sys.path.insert(0, str(Path(__file__).parent))
from town import town

TAIZHANG = [sys.executable, "-c", "from cli.main import main; main()"]


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "town.jsonl"
        file.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in town(lines)))
        rows = [
            (
                "sqlite3 executemany of the same lines, no rules, no hashing",
                lines / raw_insert(file, folder),
                None,
            ),
            ("`json` decoding of the same lines", lines / decode(file), None),
        ]
        url = f"sqlite:///{folder}/ledger.db"
        for title, arguments in (
            ("`taizhang record`", ["record", str(file)]),
            ("`taizhang projection rebuild`", ["projection", "rebuild"]),
            ("`taizhang projection check`", ["projection", "check"]),
            ("`taizhang log verify`", ["log", "verify"]),
            ("`taizhang audit`", ["audit"]),
        ):
            seconds, mebibytes = process(url, arguments)
            rows.append((title, lines / seconds, mebibytes))
        median = ruling_median(file)
    machine = f"SQLite {sqlite3.sqlite_version}, {os.cpu_count()} cores"
    print(f"{lines} entries, Python {platform.python_version()}, {machine}\n")
    print("| work | entries/s | ratio to raw insert | peak MiB |\n|---|---:|---:|---:|")
    for title, rate, mebibytes in rows:
        memory = "" if mebibytes is None else f"{mebibytes:.0f}"
        print(f"| {title} | {rate:,.0f} | {rate / rows[0][1]:.2f} | {memory} |")
    print(f"\nruling one entry: {median:.1f} µs in the median")


def raw_insert(file: Path, folder: Path) -> float:
    """Seconds to insert the lines into one table in batches of 1,000, one transaction each."""
    database = sqlite3.connect(folder / "raw.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, payload BLOB)")
    rows = list(enumerate(file.read_bytes().splitlines()))
    began = time.perf_counter()
    for start in range(0, len(rows), 1000):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO entries VALUES (?, ?)", rows[start : start + 1000])
        database.execute("COMMIT")
    seconds = time.perf_counter() - began
    database.close()
    return seconds


def decode(file: Path) -> float:
    """Seconds to decode the lines with the standard library."""
    import json

    rows = file.read_text(encoding="utf-8").splitlines()
    began = time.perf_counter()
    for row in rows:
        json.loads(row)
    return time.perf_counter() - began


def process(url: str, arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of a whole process."""
    began = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603  our own command
        [*TAIZHANG, "--ledger", url, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"taizhang {' '.join(arguments)} failed")
    return seconds, usage.ru_maxrss / 1024


def ruling_median(file: Path) -> float:
    """Microseconds the judge takes for one entry, in the median over the file."""
    from cli.desk import Desk

    desk = Desk("sqlite://", create=True)
    times: list[float] = []
    judge = desk.judge.judge

    def timed(*arguments: object) -> object:
        began = time.perf_counter()
        found = judge(*arguments)  # type: ignore[arg-type]
        times.append(time.perf_counter() - began)
        return found

    desk.judge.judge = timed  # type: ignore[method-assign, assignment]
    with file.open("rb") as lines:
        desk.record(line for _, line in zip(range(20_000), lines, strict=False))
    return statistics.median(times) * 1e6


if __name__ == "__main__":
    main()
