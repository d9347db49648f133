"""What hashing costs: appends, replays and checks beside eventsourcing's recorder and raw sqlite3.

    python benchmarks/bench_store.py --entries 20000

Everything runs in this process, on files in one folder, with WAL and synchronous=FULL; stores take
turns, and medians are shown. Figures move by a third from run to run and machine to machine:
compare the ratios. Batches of one measure little more than how long the disk takes for a commit.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.event_recorders import TaizhangApplicationRecorder
from ledger.reading import read_log
from ledger.recorder import Draft, LogWriter, append
from ledger.verify import verify

NOW = "2026-11-23T08:31:27.123456Z"
TYPE = "EvaluationScored/1"
BATCHES = (1, 100, 1000)
_REPLAY = 0


class Store:
    """Something entries can be appended to and read from, in a file of its own."""

    name = ""
    settings = ""

    def __init__(self, folder: Path, entries: Sequence[Draft]) -> None:
        self.path = folder / f"{self.name.replace(' ', '-')}.db"
        self.entries = entries

    def append(self, start: int, stop: int) -> None:
        """Append the entries [start, stop) in one transaction."""
        raise NotImplementedError

    def replay(self) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the file go."""


class Raw(Store):
    """executemany on sqlite3: no ids, no heads, no hashes."""

    name = "raw sqlite3"
    settings = "executemany, unique (stream, version)"

    def __init__(self, folder: Path, entries: Sequence[Draft]) -> None:
        super().__init__(folder, entries)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(
            "CREATE TABLE e (stream TEXT, version INTEGER, type TEXT, payload BLOB,"
            " PRIMARY KEY (stream, version))"
        )

    def append(self, start: int, stop: int) -> None:
        """Append the entries [start, stop) in one transaction."""
        rows = [(e.stream, e.version, e.type, e.payload) for e in self.entries[start:stop]]
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO e VALUES (?, ?, ?, ?)", rows)
        self.db.execute("COMMIT")

    def replay(self) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return (row[3] for row in self.db.execute("SELECT * FROM e ORDER BY rowid"))

    def close(self) -> None:
        """Let the file go."""
        self.db.close()


class Native(Store):
    """eventsourcing's own SQLite recorder; its default synchronous is SQLite's, FULL."""

    name = "eventsourcing native"
    settings = "SQLiteApplicationRecorder, text ids"

    def __init__(self, folder: Path, entries: Sequence[Draft]) -> None:
        super().__init__(folder, entries)
        self.store = SQLiteDatastore(str(self.path), originator_id_type="text")
        self.recorder = SQLiteApplicationRecorder(self.store)
        self.recorder.create_table()

    def append(self, start: int, stop: int) -> None:
        """Append the entries [start, stop) in one transaction."""
        self.recorder.insert_events(_events(self.entries[start:stop]))

    def replay(self) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return _select(self.recorder, len(self.entries))

    def close(self) -> None:
        """Let the file go."""
        self.store.close()


class Taizhang(Store):
    """The ledger's recorder: leaf, stream head, log head, tree; no keys, no ruling."""

    name = "taizhang"
    settings = "append(): leaf, heads and tree in the transaction"

    def __init__(self, folder: Path, entries: Sequence[Draft]) -> None:
        super().__init__(folder, entries)
        self.engine = open_engine(f"sqlite:///{self.path}", create=True)

    def append(self, start: int, stop: int) -> None:
        """Append the entries [start, stop) in one transaction."""
        with write_transaction(self.engine) as connection:
            append(connection, "beijing", self.entries[start:stop], recorded_at=NOW)

    def replay(self) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        with read_transaction(self.engine) as connection:
            yield from (row.payload for row in read_log(connection, "beijing"))

    def close(self) -> None:
        """Let the file go."""
        self.engine.dispose()


class TaizhangEvents(Taizhang):
    """The same through eventsourcing's interface, as an Application uses it."""

    name = "taizhang as recorder"
    settings = "TaizhangApplicationRecorder.insert_events()"

    def __init__(self, folder: Path, entries: Sequence[Draft]) -> None:
        super().__init__(folder, entries)
        self.recorder = TaizhangApplicationRecorder(self.engine, "beijing")

    def append(self, start: int, stop: int) -> None:
        """Append the entries [start, stop) in one transaction."""
        self.recorder.insert_events(_events(self.entries[start:stop]))

    def replay(self) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return _select(self.recorder, len(self.entries))


class TaizhangBulk(Taizhang):
    """One LogWriter over many batches of one transaction, as bulk recording uses it."""

    name = "taizhang in bulk"
    settings = "LogWriter, all batches in one transaction"

    def append_all(self, batch: int) -> None:
        """Append everything."""
        with (
            write_transaction(self.engine) as connection,
            LogWriter(connection, "beijing") as writer,
        ):
            for start in range(0, len(self.entries), batch):
                writer.append(self.entries[start : start + batch], recorded_at=NOW)


def _events(drafts: Sequence[Draft]) -> list[StoredEvent]:
    return [StoredEvent(d.stream, d.version or 0, d.type, d.payload) for d in drafts]


def _select(recorder: Any, size: int) -> Iterator[bytes]:
    for start in range(1, size + 1, 1000):
        for notification in recorder.select_notifications(start, 1000):
            yield notification.state


def made_entries(count: int, *, centers: int, seed: int = 1) -> list[Draft]:
    """Entries of about 360 bytes of payload, scattered over centers."""
    chosen = random.Random(seed)
    versions: dict[str, int] = {}
    made = []
    for number in range(count):
        stream = f"beijing/{91110000000000000 + 9973 * chosen.randrange(centers)}X"
        versions[stream] = version = versions.get(stream, 0) + 1
        entry = {
            "type": "EvaluationScored",
            "on": "2023-06-30",
            "center": stream,
            "round": "beijing:evaluation:2023",
            "score": f"{chosen.randrange(4000, 9999) / 100:.2f}",
            "agency": "某某会计师事务所（特殊普通合伙）",
            "report": "".join(chosen.choices("0123456789abcdef", k=110)),
            "note": f"第 {number} 号",
        }
        payload = orjson.dumps({"entry": entry}, option=orjson.OPT_SORT_KEYS)
        made.append(Draft(stream, version, TYPE, "2023-06-30", payload))
    return made


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _append_all(store: Store, batch: int) -> None:
    if isinstance(store, TaizhangBulk):
        store.append_all(batch)
        return
    for start in range(0, len(store.entries), batch):
        store.append(start, min(start + batch, len(store.entries)))


def measure(
    kinds: Sequence[type[Store]], entries: Sequence[Draft], folder: Path, *, rounds: int
) -> dict[type[Store], list[float | None]]:
    """For each store the median rate at each size of batch, and in replay; stores take turns."""
    found: dict[tuple[type[Store], int], list[float]] = {}
    for _ in range(rounds):
        for batch in BATCHES:
            for kind in kinds:
                if batch > 1 or kind is not TaizhangBulk:
                    _measure_one(kind, entries, batch, folder, found)
    columns = (*BATCHES, _REPLAY)
    return {
        kind: [median(found[kind, c]) if (kind, c) in found else None for c in columns]
        for kind in kinds
    }


def _measure_one(
    kind: type[Store],
    entries: Sequence[Draft],
    batch: int,
    folder: Path,
    found: dict[tuple[type[Store], int], list[float]],
) -> None:
    some = entries[: max(200, len(entries) // 20)] if batch == 1 else entries
    store = kind(Path(tempfile.mkdtemp(dir=folder)), some)
    seconds = _timed(lambda: _append_all(store, batch))
    found.setdefault((kind, batch), []).append(len(some) / seconds)
    if batch == BATCHES[-1]:
        seconds = _timed(lambda: _exhaust(store))
        found.setdefault((kind, _REPLAY), []).append(len(some) / seconds)
    store.close()
    store.path.unlink()


def _exhaust(store: Store) -> None:
    found = sum(1 for _ in store.replay())
    assert found == len(store.entries), (store.name, found)


def verify_rate(entries: Sequence[Draft], folder: Path) -> float:
    """Entries a second checked by `verify`, all of them sound."""
    store = TaizhangBulk(Path(tempfile.mkdtemp(dir=folder)), entries)
    store.append_all(1000)
    found: list[Any] = []
    seconds = _timed(lambda: found.append(verify(store.engine)))
    store.close()
    assert found[0].problems == ()
    assert found[0].reports[0].size == len(entries)
    return len(entries) / seconds


def sync_milliseconds(folder: Path) -> float:
    """How long a commit of one small row takes."""
    db = sqlite3.connect(folder / "sync.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE t (a)")
    seconds = _timed(lambda: [db.execute("INSERT INTO t VALUES (1)") for _ in range(200)])
    db.close()
    return 1000 * seconds / 200


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--entries", type=int, default=20_000, help="entries for each figure")
    parser.add_argument("--centers", type=int, default=2_000, help="streams they belong to")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--folder", type=Path, help="where the files go; default a temporary one")
    options = parser.parse_args(arguments)
    entries = made_entries(options.entries, centers=options.centers)
    size = sum(len(entry.payload) for entry in entries) / len(entries)
    kinds = (Raw, Native, Taizhang, TaizhangEvents, TaizhangBulk)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        print(
            f"{len(entries)} entries of {options.centers} centers, payload {size:.0f} bytes; "
            f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, WAL, "
            f"synchronous=FULL, a commit takes {sync_milliseconds(folder):.2f} ms\n"
        )
        _print(measure(kinds, entries, folder, rounds=options.rounds))
        rate = median(verify_rate(entries, folder) for _ in range(options.rounds))
    print(f"\nverify: {rate:,.0f} entries a second on one core")


_Plain = argparse.RawDescriptionHelpFormatter


def _print(rates: dict[type[Store], list[float | None]]) -> None:
    heads = [*(f"batch {batch}" for batch in BATCHES), "replay"]
    print("| store | " + " | ".join(heads) + " | |")
    print("|---|" + "---:|" * len(heads) + "---|")
    for kind, found in rates.items():
        cells = [
            f"{rate:,.0f} ({rate / other:.2f})" if rate and other else ""
            for rate, other in zip(found, rates[Native], strict=True)
        ]
        print(f"| {kind.name} | " + " | ".join(cells) + f" | {kind.settings} |")
    print("\nEntries a second; in brackets the ratio to eventsourcing's native recorder.")


if __name__ == "__main__":
    main()
