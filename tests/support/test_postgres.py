"""The servers that other tests rely on: empty, killed, followed, promoted, rejoined, gone."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text

from support.postgres import Server, Servers, failover_url, rewind, standby_of
from support.postgres_programs import WHEEL, NoPostgresError, Programs, find_programs
from support.processes import processes

ROOT = Path(__file__).parents[2]
CREATE = "CREATE TABLE t (a int)"


@pytest.fixture
def primary(servers: Servers) -> Server:
    """A server of the test's own with an empty table."""
    made = servers.start("primary")
    made.run(CREATE)
    return made


def _insert(server: Server, *values: int) -> None:
    for value in values:
        server.run("INSERT INTO t VALUES (%s)", value)


def _kept(server: Server) -> list[int]:
    return [value for (value,) in server.run("SELECT a FROM t ORDER BY a")]


# --- the shared server --------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["first", "second"])
def test_databases_are_empty(postgres_url: str, time: str) -> None:
    """Each test has a database in which nothing is but what it made itself."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text(CREATE))
    engine.dispose()


def test_databases_speak_alike(postgres_url: str) -> None:
    """Encoding, order and time zone are the same whatever the machine says."""
    engine = create_engine(postgres_url)
    columns = "pg_encoding_to_char(encoding), datcollate, current_setting('timezone')"
    statement = text(f"SELECT {columns} FROM pg_database WHERE datname = current_database()")
    with engine.connect() as connection:
        assert tuple(connection.execute(statement).one()) == ("UTF8", "C.UTF-8", "UTC")
    engine.dispose()


def test_held_database_is_dropped(postgres: Server) -> None:
    """A connection that a test forgot does not keep its database."""
    postgres.create_database("held")
    with postgres.connect("held") as connection:
        postgres.drop_database("held")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_databases_are_copied(postgres: Server) -> None:
    """A database made once is the template of others."""
    postgres.create_database("original")
    postgres.run(CREATE, database="original")
    postgres.create_database("copy", "original")
    assert postgres.run("SELECT a FROM t", database="copy") == []
    postgres.drop_database("copy")
    postgres.drop_database("original")


# --- one server ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_killed_server_keeps_commits(primary: Server) -> None:
    """After a crash what was committed is there and nothing else; all of its processes are gone."""
    _insert(primary, 1, 2)
    with primary.connect() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (3)")
        family = {primary.pid, connection.info.backend_pid}
        assert family < processes().keys()
        primary.kill()
        assert not family & processes().keys()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("COMMIT")
    primary.restart()
    assert _kept(primary) == [1, 2]
    assert "was not properly shut down" in primary.log.read_text()


@pytest.mark.slow
def test_settings_are_in_force(primary: Server) -> None:
    """A setting is in force when set() comes back, and taken back with None."""
    primary.set(work_mem="1234kB", search_path="it's")
    assert primary.row("SHOW work_mem") == ("1234kB",)
    assert primary.row("SHOW search_path") == ("it's",)
    primary.set(work_mem=None, search_path=None)
    assert primary.row("SHOW work_mem") == ("4MB",)


@pytest.mark.slow
def test_failed_start_shows_log(primary: Server) -> None:
    """A server that does not start says why."""
    primary.stop()
    primary.set(shared_buffers="nonsense")
    with pytest.raises(RuntimeError, match="invalid value for parameter"):
        primary.start()


# --- a primary and its standby ------------------------------------------------------------------


@pytest.mark.slow
def test_commits_wait_for_standby(primary: Server) -> None:
    """A commit comes back when the standby has it, and not while no standby is there."""
    _insert(primary, 1)
    standby = standby_of(primary, "standby")
    _insert(primary, 2)
    standby.caught_up(primary)
    assert _kept(standby) == [1, 2]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        _insert(standby, 3)
    standby.kill()
    assert "canceling wait for synchronous replication" in _unsent(primary, 3)
    standby.start()
    _insert(primary, 4)
    standby.caught_up(primary)
    assert _kept(standby) == [1, 2, 3, 4]


def _unsent(server: Server, value: int) -> str:
    """Insert while no standby is there, cancel the wait for it; what the server then says."""
    said: list[str] = []
    with server.connect() as connection, ThreadPoolExecutor(1) as pool:
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        done = pool.submit(connection.execute, "INSERT INTO t VALUES (%s)", (value,))
        pid = connection.info.backend_pid
        waiting = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
        deadline = monotonic() + 30
        while server.row(waiting, pid) != ("SyncRep",) and monotonic() < deadline:
            sleep(0.02)
        sleep(0.3)
        assert not done.done()
        server.run("SELECT pg_cancel_backend(%s)", pid)
        done.result(30)
    return "".join(said)


@pytest.mark.slow
def test_failing_over_and_back(primary: Server) -> None:
    """Promoted, rejoined, twice: acknowledged rows are kept, rows no standby had are undone."""
    standby = standby_of(primary, "standby")
    engine = create_engine(failover_url("postgres", primary, standby), poolclass=NullPool)
    insert = text("INSERT INTO t VALUES (:a)")
    for former, new, base in ((primary, standby, 0), (standby, primary, 10)):
        with engine.begin() as connection:
            connection.execute(insert, {"a": base + 1})
        new.stop("immediate")
        _unsent(former, base + 2)  # committed, and never sent
        former.kill()
        new.start()
        new.promote()
        with engine.begin() as connection:
            connection.execute(insert, {"a": base + 3})
        rewind(former, new)
        with engine.begin() as connection:
            connection.execute(insert, {"a": base + 4})
        former.caught_up(new)
        assert _kept(former) == _kept(new)
        assert new.run("SELECT application_name, sync_state FROM pg_stat_replication") == [
            (former.name, "quorum")
        ]
    assert _kept(primary) == [1, 3, 4, 11, 13, 14]


@pytest.mark.slow
def test_absent_standby_is_refused(primary: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for a standby that is not there is not switched on: every commit would hang."""
    monkeypatch.setattr("support.postgres.PATIENCE", 0.2)
    with pytest.raises(RuntimeError, match="nobody does not follow primary"):
        primary.followed_by("nobody")
    _insert(primary, 1)
    assert _kept(primary) == [1]


# --- finding programs, leaving nothing ----------------------------------------------------------


@pytest.mark.slow
def test_nothing_outlives_its_process() -> None:
    """Where the process that started servers is killed, they stop and their folder is removed."""
    code = (
        "from support.postgres import Servers; servers = Servers(); one = servers.start('one');"
        "print(servers.folder, one.pid, flush=True); input()"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        folder, pid = process.stdout.readline().split()
        assert Path(folder).exists()
        process.kill()
    deadline = monotonic() + 30
    while Path(folder).exists() or int(pid) in processes():
        assert monotonic() < deadline
        sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("required", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_missing_postgres_is_loud(tmp_path: Path, required: str, outcome: str) -> None:
    """Without PostgreSQL a test that needs it is skipped with a reason; if required it fails."""
    test = f"{__file__}::test_databases_are_copied"
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env=os.environ
        | {"TAIZHANG_POSTGRES_BIN": str(tmp_path), "TAIZHANG_REQUIRE_POSTGRES": required},
        capture_output=True,
        text=True,
    ).stdout
    assert outcome in said
    assert "NO POSTGRESQL: install PostgreSQL 13 or newer" in said


def test_missing_program_is_named(tmp_path: Path) -> None:
    """A program that was not installed along is named."""
    with pytest.raises(NoPostgresError, match="pg_rewind is missing"):
        Programs(tmp_path, 18).path("pg_rewind")


@pytest.fixture
def wheel(tmp_path: Path) -> Iterator[Programs]:
    """The programs of the wheel, at a place that only their owner can get at."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        pytest.skip(f"there is no wheel {WHEEL} for this machine")
    (tmp_path / "packages").symlink_to(Path(found.origin).parents[1])
    folder = max((tmp_path / "packages" / WHEEL).glob("pginstall*/bin"))
    tmp_path.chmod(0o700)
    ours = find_programs()
    return Programs(folder, 18, ours.user, ours.group)


@pytest.mark.slow
def test_wheel_is_enough(wheel: Programs) -> None:
    """A machine without PostgreSQL starts, replicates and rewinds the wheel's servers."""
    with Servers(wheel) as servers:
        primary = servers.start("primary")
        standby = standby_of(primary, "standby")
        primary.run(CREATE)
        _insert(primary, 1)
        primary.kill()
        standby.promote()
        rewind(primary, standby)
        assert _kept(primary) == [1]
