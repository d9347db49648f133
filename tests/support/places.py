"""Where a test keeps a ledger, on either engine: made, copied, and changed behind its back.

    place = places.new()                     # an empty ledger on the engine the test runs on
    engine = open_engine(place.url, create=True)
    ...
    with place.raw() as raw:                 # no trigger is in the way
        raw.run("UPDATE entries SET leaf = zeroblob(32) WHERE position = ?", 7)

`places` comes from the fixtures of tests/conftest.py, which run a test once on each engine. What
tests of a file share is made once, with `module_places`; `keep` and `put_back` undo what a test
did to it.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg

from ledger.engine import open_engine
from ledger.schema import metadata
from support.postgres import Server

__all__ = ["ENGINES", "Place", "Places", "PostgresPlaces", "Raw", "SqlitePlaces"]

ENGINES = ("sqlite", "postgresql")

_NUMBERS = count(1)


class Raw(ABC):
    """A connection past the program; statements are written for SQLite, with `?`."""

    def run(self, statement: str, *values: object) -> list[Any]:
        """Carry out a statement at once; its rows."""
        return list(self._execute(statement, values))

    def try_to(self, statement: str, *values: object) -> bool:
        """Carry out a change; False where a column's type makes it impossible."""
        try:
            self._execute(statement, values)
        except (psycopg.DataError, psycopg.errors.DatatypeMismatch, psycopg.NotSupportedError):
            return False
        return True

    @abstractmethod
    def cell(self, table: str, column: str, rowid: object) -> Any:
        """A value, even where it is no text and stands in a text column."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""

    @abstractmethod
    def _execute(self, statement: str, values: tuple[object, ...]) -> Any: ...


class Place(ABC):
    """A ledger's place: its URL, a folder of its own, and a trust folder in it."""

    def __init__(self, url: str, folder: Path, places: Places) -> None:
        self.url = url
        self.folder = folder
        self.trust = folder / "ledger.db.trust"
        self.places = places

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite file, and so holds whatever is put into a column."""
        return self.url.startswith("sqlite")

    @contextmanager
    def raw(self) -> Iterator[Raw]:
        """A connection that may change anything, until the end of the block.

        A file has no triggers afterwards.
        """
        with closing(self.open_raw()) as raw:
            yield raw

    def free(self, *tables: str) -> None:
        """Take triggers, keys, partitions and what else there is from tables; all of them, if none
        is named. What remains has a `rowid`."""
        with self.raw() as raw:
            for table in tables or tuple(metadata.tables):
                raw.run(f"CREATE TABLE free AS SELECT * FROM {table}")
                raw.run(f"DROP TABLE {table}")
                raw.run(f"ALTER TABLE free RENAME TO {table}")
                if not self.is_file:
                    raw.run(f"ALTER TABLE {table} ADD COLUMN rowid bigserial")

    def give_back(self) -> None:  # noqa: B027  files go with their folder
        """Say that it is not used any more, before its places are closed."""

    @abstractmethod
    def open_raw(self) -> Raw:
        """A connection that may change anything; close it."""

    @abstractmethod
    def copy(self) -> Place:
        """Another place with the same in it; nobody may have this one open."""

    @abstractmethod
    def become(self, other: Place) -> None:
        """Hold what another place holds. Nobody may have either of them open."""

    @abstractmethod
    def keep(self) -> None:
        """Remember what a ledger that was freed holds."""

    @abstractmethod
    def put_back(self) -> None:
        """Hold again what was kept. On a file nobody may have it open."""


class Places(ABC):
    """Makes places of one engine in a folder; what they hold is gone after `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @abstractmethod
    def new(self) -> Place:
        """A place for a ledger without entries, to be opened with `create`."""

    def close(self) -> None:  # noqa: B027  files go with their folder
        """Remove what the places hold."""

    def make_folder(self) -> Path:
        """A folder for one place."""
        folder = self._folder / f"place-{next(_NUMBERS)}"
        folder.mkdir()
        return folder


# --- SQLite -------------------------------------------------------------------------------------


class SqlitePlaces(Places):
    """Files `ledger.db`, each in a folder of its own."""

    def new(self) -> Place:
        """A folder in which a file can be made."""
        folder = self.make_folder()
        return _File(f"sqlite:///{folder}/ledger.db", folder, self)


class _File(Place):
    def open_raw(self) -> Raw:
        return _RawFile(self.folder / "ledger.db")

    def copy(self) -> Place:
        copy = self.places.new()
        copy.become(self)
        return copy

    def become(self, other: Place) -> None:
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"ledger.db{ending}").unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(other.folder / "ledger.db")) as source,
            closing(sqlite3.connect(self.folder / "ledger.db")) as target,
        ):
            source.backup(target)

    def keep(self) -> None:
        with closing(sqlite3.connect(self.folder / "ledger.db")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        shutil.copyfile(self.folder / "ledger.db", self.folder / "kept.db")

    def put_back(self) -> None:
        # Another file, so that no connection that was left open holds its lock.
        for ending in ("", "-wal", "-shm"):
            (self.folder / f"ledger.db{ending}").unlink(missing_ok=True)
        shutil.copyfile(self.folder / "kept.db", self.folder / "ledger.db")


class _RawFile(Raw):
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        triggers = self.run("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers:
            self.run(f"DROP TRIGGER {name}")

    def cell(self, table: str, column: str, rowid: object) -> Any:
        self._connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        ((value,),) = self.run(f"SELECT {column} FROM {table} WHERE rowid = ?", rowid)
        self._connection.text_factory = str
        return value

    def _execute(self, statement: str, values: tuple[object, ...]) -> Any:
        return self._connection.execute(statement, values)

    def close(self) -> None:
        self._connection.close()


# --- PostgreSQL ---------------------------------------------------------------------------------


class PostgresPlaces(Places):
    """Databases of a server, made from one that holds a ledger without entries.

    Making one takes longer than emptying one, so they are used again.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        super().__init__(folder)
        self._stock = _stocks.setdefault(server, _Stock(server))
        self._mine: list[str] = []

    def new(self) -> Place:
        """A database with the tables of a ledger in it."""
        return self._place(self._stock.take())

    def made_from(self, template: str) -> Place:
        """A copy of a database that nobody is connected to."""
        return self._place(self._stock.make(template))

    def close(self) -> None:
        """Give the databases back."""
        while self._mine:
            self.give_back(self._mine[-1])

    def give_back(self, name: str) -> None:
        """Give one of them back."""
        self._mine.remove(name)
        self._stock.give_back(name)

    def _place(self, name: str) -> Place:
        self._mine.append(name)
        return _Database(self._stock.server, name, self.make_folder(), self)


class _Stock:
    """Databases of a server that hold an empty ledger, and one to make more of them from."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._empty: list[str] = []
        self._template = ""
        self._shape: object = None

    def take(self) -> str:
        """The name of a database that holds an empty ledger."""
        if self._empty:
            return self._empty.pop()
        if not self._template:
            open_engine(self.server.create_database("empty_ledger"), create=True).dispose()
            self._template = "empty_ledger"
            with self.server.connect(self._template) as connection:
                self._shape = _shape_of(connection)
        return self.make(self._template)

    def make(self, template: str) -> str:
        """The name of a new copy of a database."""
        name = f"place_{next(_NUMBERS)}"
        self.server.create_database(name, template)
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next one, or drop it where its tables are others now."""
        with self.server.connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            _empty(connection)
            is_like_new = _shape_of(connection) == self._shape
        if is_like_new:
            self._empty.append(name)
        else:
            self.server.drop_database(name)


_stocks: WeakKeyDictionary[Server, _Stock] = WeakKeyDictionary()


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Take everything out of a ledger, the partitions of its logs too."""
    connection.execute("SET session_replication_role = replica")
    rows = connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits").fetchall()
    partitions = [name for (name,) in rows if "_pkey" not in name and "_key" not in name]
    tables = ", ".join(partitions)
    if tables:
        connection.execute(f"DROP TABLE {tables}".encode())
    connection.execute(b"TRUNCATE logs, files, editions, reading_heads")
    connection.execute("DELETE FROM meta WHERE name <> 'schema'")


def _shape_of(connection: psycopg.Connection[Any]) -> object:
    """Tables, columns, keys, triggers and functions of a database."""
    return connection.execute(_SHAPE).fetchall()


_SHAPE = """
SELECT name, value FROM meta
UNION ALL SELECT concat(relname, relkind),
                 string_agg(concat(attname, atttypid), ' ' ORDER BY attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE relnamespace = 'public'::regnamespace GROUP BY 1
UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgname, tgenabled::text FROM pg_trigger
UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


class _Database(Place):
    def __init__(self, server: Server, name: str, folder: Path, places: PostgresPlaces) -> None:
        super().__init__(server.url(name), folder, places)
        self.name = name
        self._server = server
        self._copied = partial(places.made_from, name)
        self._given_back = partial(places.give_back, name)

    def open_raw(self) -> Raw:
        return _RawDatabase(self._server.conninfo(self.name))

    def copy(self) -> Place:
        return self._copied()

    def give_back(self) -> None:
        self._given_back()

    def become(self, other: Place) -> None:
        assert isinstance(other, _Database)
        self._server.drop_database(self.name)
        self._server.create_database(self.name, other.name)

    def keep(self) -> None:
        with self.raw() as raw:
            raw.run("CREATE SCHEMA kept")
            for table in metadata.tables:
                raw.run(f"CREATE TABLE kept.{table} AS TABLE {table}")

    def put_back(self) -> None:
        with self.raw() as raw:
            raw.run("DROP TABLE IF EXISTS one")
            for table in metadata.tables:
                raw.run(f"DELETE FROM {table}")
                raw.run(f"INSERT INTO {table} SELECT * FROM kept.{table}")


class _RawDatabase(Raw):
    def __init__(self, conninfo: str) -> None:
        self._connection = psycopg.connect(conninfo, autocommit=True)
        # As a superuser may: no trigger fires any more.
        self._connection.execute("SET session_replication_role = replica")

    def cell(self, table: str, column: str, rowid: object) -> Any:
        ((value,),) = self.run(f"SELECT {column} FROM {table} WHERE rowid = ?", rowid)
        return value

    def _execute(self, statement: str, values: tuple[object, ...]) -> Any:
        cursor = self._connection.execute(_for_server(statement).encode(), values)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._connection.close()


_WRITTEN = (
    (re.compile(r"%"), "%%"),
    (re.compile(r"\?"), "%s"),
    (re.compile(r"\bx'([0-9a-f]*)'"), r"'\\x\1'::bytea"),
    (re.compile(r"\bzeroblob\((\d+)\)"), r"decode(repeat('00', \1), 'hex')"),
)


def _for_server(statement: str) -> str:
    """The same statement as PostgreSQL writes it."""
    for pattern, replacement in _WRITTEN:
        statement = pattern.sub(replacement, statement)
    return statement
