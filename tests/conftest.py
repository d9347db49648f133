"""PostgreSQL for whoever asks: an empty database, or servers to crash and to replicate.

Without PostgreSQL these tests are skipped, and the reason says so; with TAIZHANG_REQUIRE_POSTGRES=1
that is a failure. Nothing is started before the first test that asks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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
