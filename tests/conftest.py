"""A place for a ledger on each engine; PostgreSQL servers to crash and to replicate.

A test that asks for `places` or `ledger_url` runs twice, once on SQLite and once on PostgreSQL.

Without PostgreSQL these tests are skipped, and the reason says so; with TAIZHANG_REQUIRE_POSTGRES=1
that is a failure. Nothing is started before the first test that asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.places import Places
    from support.postgres import Server, Servers

_NUMBERS = count(1)


@contextmanager
def _servers() -> Iterator[Servers]:
    from support.postgres import NoPostgresError, Servers, find_programs

    try:
        for name in ("postgres", "pg_basebackup", "pg_rewind"):
            find_programs().path(name)
        with Servers() as servers:
            yield servers
    except NoPostgresError as missing:
        if os.environ.get("TAIZHANG_REQUIRE_POSTGRES") == "1":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server that the tests of this process share; it forgets all when the machine fails."""
    with _servers() as servers:
        yield servers.start("shared", fsync="off")


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    name = f"test_{next(_NUMBERS)}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Where a test starts servers of its own, which lose nothing when they are killed."""
    with _servers() as made:
        yield made


# --- a ledger on either engine --------------------------------------------------------------------


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The engine a test runs on: each of them in turn."""
    return str(request.param)


@contextmanager
def _places(request: pytest.FixtureRequest, dialect: str, folder: Path) -> Iterator[Places]:
    from support.places import PostgresPlaces, SqlitePlaces

    if dialect == "sqlite":
        yield SqlitePlaces(folder)
        return
    places = PostgresPlaces(folder, request.getfixturevalue("postgres"))
    yield places
    places.close()


@pytest.fixture
def places(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> Iterator[Places]:
    """Makes places for ledgers on the engine of this run, each empty."""
    with _places(request, dialect, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def module_places(
    request: pytest.FixtureRequest, dialect: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    """The same, for what the tests of a file share."""
    with _places(request, dialect, tmp_path_factory.mktemp("places")) as made:
        yield made


@pytest.fixture
def ledger_url(places: Places) -> str:
    """The URL of a fresh place for a ledger, to be opened with `create`."""
    return places.new().url


@pytest.fixture(scope="module")
def primary_and_standby() -> Iterator[tuple[Server, Server]]:
    """Two servers for the tests of a file: commits of the first wait until the second has them."""
    from support.postgres import standby_of

    with _servers() as made:
        primary = made.start("primary")
        yield primary, standby_of(primary, "standby")
