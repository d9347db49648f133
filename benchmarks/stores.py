"""What entries are appended to and read from: raw tables, eventsourcing's recorders, the ledger."""

from __future__ import annotations

import random
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
from eventsourcing.persistence import StoredEvent
from measuring import Sample
from places import Place, libpq
from sqlalchemy.engine import make_url

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.event_recorders import TaizhangApplicationRecorder
from ledger.reading import read_log
from ledger.recorder import Draft, LogWriter, append

__all__ = ["STORES", "Remote", "Store", "Taizhang", "TaizhangBulk", "made_entries"]

NOW = "2026-11-23T08:31:27.123456Z"
TYPE = "EvaluationScored/1"

# More than 1 MB of parameters in one save of eventsourcing's PostgreSQL recorder hangs for ever.
MOST_IN_A_SAVE = 1_000


class Store:
    """Something entries can be appended to and read from, in a database of its own."""

    name = ""
    note = ""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.url = place.fresh()

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction. A store in another process returns the time it took."""
        raise NotImplementedError

    def finish(self) -> object:
        """Commit what `append` left open."""

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the database go; the URL may still be opened."""


class RawSqlite(Store):
    """executemany on sqlite3: no ids, no heads, no hashes."""

    name = "raw executemany"
    note = "unique (stream, version), nothing else"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.db = sqlite3.connect(make_url(self.url).database or "", isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.execute(
            "CREATE TABLE e (stream TEXT, version INTEGER, type TEXT, payload BLOB,"
            " PRIMARY KEY (stream, version))"
        )

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        rows = [(e.stream, e.version, e.type, e.payload) for e in drafts]
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT INTO e VALUES (?, ?, ?, ?)", rows)
        return self.db.execute("COMMIT")

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return (row[3] for row in self.db.execute("SELECT * FROM e ORDER BY rowid"))

    def close(self) -> None:
        """Let the file go."""
        self.db.close()


class RawPostgres(Store):
    """COPY, or INSERT for a single row: no ids, no heads, no hashes."""

    name = "raw COPY"
    note = "unique (stream, version), a position, nothing else; INSERT for a single row"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        import psycopg

        self.db = psycopg.connect(**libpq(self.url))
        self.db.execute(
            "CREATE TABLE e (position bigserial, stream text, version bigint, type text,"
            " payload bytea, PRIMARY KEY (stream, version))"
        )
        self.db.commit()

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        rows = [(e.stream, e.version, e.type, e.payload) for e in drafts]
        columns = "e (stream, version, type, payload)"
        with self.db.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(f"INSERT INTO {columns} VALUES (%s, %s, %s, %b)", rows[0])  # noqa: S608
            else:
                with cursor.copy(f"COPY {columns} FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(["text", "int8", "text", "bytea"])
                    for row in rows:
                        copy.write_row(row)
        return self.db.commit()

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        with self.db.cursor("all", binary=True) as cursor:
            cursor.itersize = 1_000
            cursor.execute("SELECT payload FROM e ORDER BY position")
            yield from (row[0] for row in cursor)

    def close(self) -> None:
        """Let the connection go."""
        self.db.close()


class Native(Store):
    """eventsourcing's own recorder for the engine, with text ids."""

    name = "eventsourcing native"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.store, self.recorder = native_recorder(self.url)
        self.note = type(self.recorder).__name__
        self.recorder.create_table()

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        assert len(drafts) <= MOST_IN_A_SAVE
        return self.recorder.insert_events(stored_events(drafts))

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return _select(self.recorder, size)

    def close(self) -> None:
        """Let the database go."""
        self.store.close()


class Taizhang(Store):
    """The ledger's recorder: leaf, tiles, stream heads, log head; no keys, no ruling."""

    name = "taizhang"
    note = "append(): leaf, tiles and heads in each transaction"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.engine = open_engine(self.url, create=True)

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        with write_transaction(self.engine) as connection:
            append(connection, "beijing", drafts, recorded_at=NOW)
        return None

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        with read_transaction(self.engine) as connection:
            yield from (row.payload for row in read_log(connection, "beijing"))

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


class TaizhangEvents(Taizhang):
    """The same through eventsourcing's interface, as an Application uses it."""

    name = "taizhang as recorder"
    note = "TaizhangApplicationRecorder.insert_events()"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.recorder = TaizhangApplicationRecorder(self.engine, "beijing")

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        return self.recorder.insert_events(stored_events(drafts))

    def replay(self, size: int) -> Iterator[bytes]:
        """The payloads of all entries in order."""
        return _select(self.recorder, size)


class TaizhangBulk(Taizhang):
    """One LogWriter over many batches of one transaction, as bulk recording uses it."""

    name = "taizhang in bulk"
    note = "LogWriter, all batches in one transaction"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._open = ExitStack()
        self._writer: LogWriter | None = None

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append; `finish` commits."""
        if self._writer is None:
            connection = self._open.enter_context(write_transaction(self.engine))
            self._writer = self._open.enter_context(LogWriter(connection, "beijing"))
        return self._writer.append(drafts, recorded_at=NOW)

    def finish(self) -> object:
        """Write the heads and commit."""
        self._writer = None
        return self._open.close()


class Remote(Store):
    """eventsourcing-sqlalchemy in a process and an environment of its own.

    It pins an older SQLAlchemy. The process measures itself, so that the pipe costs nothing.
    """

    name = "eventsourcing-sqlalchemy"
    note = "SQLAlchemyApplicationRecorder, in its own environment"

    def __init__(self, place: Place, folder: Path) -> None:
        super().__init__(place)
        script = Path(__file__).parent / "peers" / "sqlalchemy_recorder.py"
        self.child = subprocess.Popen(  # noqa: S603  a script of ours
            [str(folder / "bin" / "python"), str(script), self.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def append(self, drafts: Sequence[Draft]) -> object:
        """Append in one transaction."""
        rows = [(d.stream, d.version, d.type, d.payload.decode()) for d in drafts]
        return self._ask({"append": rows}, len(drafts))

    def replay(self, size: int) -> Iterator[bytes]:
        """Nothing; `timed_replay` reads over there."""
        raise NotImplementedError

    def timed_replay(self, size: int) -> Sample:
        """The time to read all entries."""
        return self._ask({"replay": size}, size)

    def close(self) -> None:
        """End the process."""
        self.child.communicate()

    def _ask(self, question: dict[str, Any], entries: int) -> Sample:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        before = self.place.meter.server_cpu()
        self.child.stdin.write(orjson.dumps(question) + b"\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError("the process with eventsourcing-sqlalchemy ended")
        answer = orjson.loads(line)
        server = self.place.meter.server_cpu() - before
        return Sample(answer["wall"], answer["cpu"] + server, entries)


STORES: dict[str, tuple[type[Store], ...]] = {
    "sqlite": (RawSqlite, Native, Taizhang, TaizhangEvents, TaizhangBulk),
    "postgresql": (RawPostgres, Native, Taizhang, TaizhangEvents, TaizhangBulk),
}


def native_recorder(url: str) -> tuple[Any, Any]:
    """eventsourcing's data store and application recorder of the engine, with text ids."""
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

        store: Any = SQLiteDatastore(target.database or "", originator_id_type="text")
        return store, SQLiteApplicationRecorder(store)
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    store = PostgresDatastore(**native_address(url), originator_id_type="text")
    return store, PostgresApplicationRecorder(store)


def native_address(url: str) -> dict[str, Any]:
    """Where eventsourcing's PostgreSQL recorders find a database."""
    return {"password": "", "port": "5432", "host": "", "user": "", **libpq(url)}


def stored_events(drafts: Sequence[Draft]) -> list[StoredEvent]:
    """The same entries in eventsourcing's shape."""
    return [StoredEvent(d.stream, d.version or 0, d.type, d.payload) for d in drafts]


def made_entries(count: int, *, centers: int, seed: int = 1) -> Iterator[Draft]:
    """Entries of about 360 bytes of payload, scattered over centers."""
    chosen = random.Random(seed)
    versions: dict[str, int] = {}
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
            "report": f"{chosen.getrandbits(440):0110x}",
            "note": f"第 {number} 号",
        }
        payload = orjson.dumps({"entry": entry}, option=orjson.OPT_SORT_KEYS)
        yield Draft(stream, version, TYPE, "2023-06-30", payload)


def _select(recorder: Any, size: int) -> Iterator[bytes]:
    for start in range(1, size + 1, 1000):
        for notification in recorder.select_notifications(start, 1000):
            yield notification.state
