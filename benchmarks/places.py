"""Where ledgers stand while measured: files of SQLite, databases of a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from measuring import Meter
from sqlalchemy.engine import make_url

__all__ = ["Place", "PostgresPlace", "SqlitePlace", "open_place"]

# As a small server would be set up, but for the sizes; commits wait for the disk.
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


class Place:
    """An engine and a supply of empty databases on it."""

    name = ""
    key = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.meter = Meter()
        self._numbers = count(1)

    def fresh(self) -> str:
        """The SQLAlchemy URL of a database nobody has used."""
        raise NotImplementedError

    def remove(self, url: str) -> None:
        """Drop a database and give its space back."""
        raise NotImplementedError

    def describe(self) -> list[tuple[str, str]]:
        """Version and settings that matter."""
        raise NotImplementedError


class SqlitePlace(Place):
    """Files in one folder."""

    name = "SQLite"
    key = "sqlite"

    def fresh(self) -> str:
        """The URL of a file that is not there yet."""
        return f"sqlite:///{self.folder}/{next(self._numbers)}.db"

    def remove(self, url: str) -> None:
        """Delete the file and what stands beside it."""
        path = Path(make_url(url).database or "")
        for found in path.parent.glob(f"{path.name}*"):  # -wal, -shm, and the line of writers
            found.unlink(missing_ok=True)

    def describe(self) -> list[tuple[str, str]]:
        """The version; all write with WAL and synchronous=FULL."""
        import sqlite3

        return [("SQLite", f"{sqlite3.sqlite_version}, WAL, synchronous=FULL")]


class PostgresPlace(Place):
    """Databases of a server; `pid` is its postmaster where it runs on this machine."""

    name = "PostgreSQL"
    key = "postgresql"

    def __init__(self, folder: Path, url: str, pid: int | None = None) -> None:
        super().__init__(folder)
        self._url = make_url(url)
        if pid is not None:
            self.meter = Meter(lambda: _family_cpu(pid))

    def fresh(self) -> str:
        """The URL of a new database."""
        name = f"taizhang_bench_{next(self._numbers)}"
        self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def remove(self, url: str) -> None:
        """Drop the database, whoever is still connected."""
        self._run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def describe(self) -> list[tuple[str, str]]:
        """The version and the settings that a commit depends on."""
        names = ("server_version", "fsync", "synchronous_commit", *SETTINGS)
        found = [self._run(f"SHOW {name}")[0][0] for name in names]
        pairs = zip(names[1:], found[1:], strict=True)
        return [("PostgreSQL", ", ".join([found[0], *(f"{n}={v}" for n, v in pairs)]))]

    def _run(self, statement: str) -> list[Any]:
        import psycopg

        with psycopg.connect(**libpq(self._url), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]  # names of ours
            return cursor.fetchall() if cursor.description else []


def libpq(url: Any) -> dict[str, Any]:
    """The same address as libpq's parameters."""
    target = make_url(url)
    found = {
        "host": target.host or target.query.get("host"),
        "port": target.port or target.query.get("port"),
        "user": target.username or target.query.get("user"),
        "password": target.password or target.query.get("password"),
        "dbname": target.database,
    }
    return {name: value for name, value in found.items() if value}


@contextmanager
def open_place(key: str, folder: Path, *, postgres: str | None) -> Iterator[Place | str]:
    """A place to measure at; where there is none, a sentence that says why."""
    missing = [name for name in ("psycopg", "psycopg_pool") if find_spec(name) is None]
    if key == "sqlite":
        yield SqlitePlace(folder)
    elif missing:
        yield f"PostgreSQL is left out: {missing[0]} is not installed (`make bench-peers`)"
    elif postgres is not None:
        yield PostgresPlace(folder, postgres)
    else:
        with ExitStack() as stack:
            yield _own_server(folder, stack)


def _own_server(folder: Path, stack: ExitStack) -> Place | str:
    """A server for the time of the benchmark, as the tests start theirs."""
    from support.postgres import NoPostgresError, Servers, find_programs

    try:
        find_programs()
    except NoPostgresError as error:
        return f"PostgreSQL is left out: {error}"
    server = stack.enter_context(Servers()).start("bench", **SETTINGS)
    return PostgresPlace(folder, server.url(), server.pid)


def _family_cpu(postmaster: int) -> float:
    """Processor seconds of a server: its living processes to the nanosecond, the ended to 10 ms."""
    seconds = 0.0
    with suppress(OSError):
        for pid in (postmaster, *_children(postmaster)):
            with suppress(OSError):
                seconds += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
        fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
        seconds += sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")
    return seconds


def _children(pid: int) -> list[int]:
    """The living children; Linux lists them for little, looking through all processes takes ms."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if listed.exists():
        return [int(child) for child in listed.read_text().split()]
    from support.processes import children

    return children(pid)
