"""What a ledger on a server says: who is let in, who waits, what is refused, what goes away.

Files have their own in test_engine.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import make_url

from ledger.engine import (
    is_vacant,
    lock_ledger,
    open_engine,
    read_transaction,
    write_transaction,
)
from ledger.errors import (
    BusyError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    NotFoundError,
    OutcomeUnknownError,
    UnreachableError,
)
from ledger.reading import log_head, logs
from ledger.recorder import Draft, LogWriter, append
from ledger.schema import APPEND_ONLY, PARTITIONED, SCHEMA_VERSION, metadata
from ledger.shown_url import shown_url
from support.places import Place, PostgresPlaces
from support.postgres import Server, Servers, standby_of

NOW = "2026-11-23T08:31:27.123456Z"
PASSWORD = "p@ss:word/1"


@pytest.fixture
def place(postgres: Server, tmp_path: Path) -> Iterator[Place]:
    """An empty ledger on the server."""
    places = PostgresPlaces(tmp_path, postgres)
    yield places.new()
    places.close()


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    """An empty ledger, open."""
    made = open_engine(place.url)
    yield made
    made.dispose()


def _append(engine: Engine, *logs: str) -> None:
    with write_transaction(engine) as connection:
        for log in logs:
            _append_to(connection, log)


def _append_to(connection: Connection, log: str) -> None:
    draft = Draft(f"{log}/id:a", None, "WithdrawalRequested/1", "2023-06-30", b"{}")
    append(connection, log, [draft], recorded_at=NOW)


def _run(engine: Engine, *statements: str) -> None:
    with write_transaction(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


# --- opening ------------------------------------------------------------------------------------


def test_empty_database_is_no_ledger(postgres_url: str) -> None:
    """Opening an empty database says how to make a ledger of it, and leaves it empty."""
    with pytest.raises(NotFoundError, match="taizhang init"):
        open_engine(postgres_url)
    assert is_vacant(postgres_url)


def test_creating_twice_changes_nothing(postgres_url: str) -> None:
    """Creating a ledger that is there opens it."""
    open_engine(postgres_url, create=True).dispose()
    made = open_engine(postgres_url, create=True)
    with read_transaction(made) as connection:
        assert set(inspect(connection).get_table_names()) == set(metadata.tables)
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1
    made.dispose()
    assert not is_vacant(postgres_url)


@pytest.mark.slow
def test_many_create_at_once(postgres_url: str) -> None:
    """Of eight that create the same ledger at once, all open it."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: open_engine(postgres_url, create=True), range(8)))
    with read_transaction(made[0]) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1
    for one in made:
        one.dispose()


def test_other_tables_are_left_alone(postgres: Server, postgres_url: str) -> None:
    """A ledger may stand beside other tables, not beside one that bears a name of its own."""
    name = make_url(postgres_url).database
    postgres.run("CREATE TABLE meta (a int)", database=name)
    with pytest.raises(NotFoundError, match="is no ledger"):
        open_engine(postgres_url)
    with pytest.raises(LedgerError, match="something else"):
        open_engine(postgres_url, create=True)
    postgres.run("ALTER TABLE meta RENAME TO other", database=name)
    open_engine(postgres_url, create=True).dispose()
    assert postgres.row("SELECT count(*) FROM other", database=name) == (0,)


def test_other_schemas_are_refused(engine: Engine) -> None:
    """A ledger of a newer or an older program names both versions; a damaged version says so."""
    for value, error, said in (
        (str(SCHEMA_VERSION + 1), LedgerError, "newer taizhang"),
        ("one", IntegrityFailure, "is damaged"),
    ):
        with write_transaction(engine) as connection:
            connection.execute(text("UPDATE meta SET value = :value"), {"value": value})
        with pytest.raises(error, match=said):
            open_engine(engine.url.render_as_string(hide_password=False))


# --- who is let in ------------------------------------------------------------------------------


def test_missing_server_is_named(place: Place) -> None:
    """A server that is not there is no traceback, and nothing was recorded."""
    url = make_url(place.url).update_query_dict({"host": "/nowhere"})
    with pytest.raises(UnreachableError, match="nothing was recorded"):
        open_engine(url.render_as_string(hide_password=False), busy_seconds=0)


def test_missing_database_is_named(postgres: Server) -> None:
    """A database that is not there is named as such, and not made."""
    for create in (False, True):
        with pytest.raises(NotFoundError, match='database "none" does not exist'):
            open_engine(postgres.url("none"), create=create)


def test_unknown_role_is_refused(place: Place) -> None:
    """A role that the server does not know is not let in."""
    with pytest.raises(LedgerError, match="refuses to let in"):
        open_engine(_as(place.url, "nobody_at_all"))


@pytest.mark.slow
def test_wrong_password_is_refused(servers: Servers) -> None:
    """A wrong password is refused, a right one lets in, and neither is ever shown."""
    server = servers.start("locked", fsync="off")
    server.create_database("ledger")
    server.run(f"CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}'")
    server.run("GRANT CREATE ON SCHEMA public TO writer", database="ledger")
    rules = server.data / "pg_hba.conf"
    rules.write_text(f"local all writer scram-sha-256\n{rules.read_text()}", encoding="utf-8")
    server.run("SELECT pg_reload_conf()")
    url = make_url(server.url("ledger")).set(username="writer", password=PASSWORD)
    open_engine(url.render_as_string(hide_password=False), create=True).dispose()
    wrong = url.set(password="wrong-one").render_as_string(hide_password=False)
    with pytest.raises(LedgerError, match="refuses to let in") as caught:
        open_engine(wrong)
    assert "wrong-one" not in str(caught.value)


def test_missing_privilege_is_named(postgres: Server, place: Place) -> None:
    """Who may not read is told so; who may only read reads, and is told so when it writes."""
    name = make_url(place.url).database
    postgres.run("DROP ROLE IF EXISTS guest")
    postgres.run("CREATE ROLE guest LOGIN")
    with pytest.raises(LedgerError, match="does not allow this"):
        open_engine(_as(place.url, "guest"))
    postgres.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", database=name)
    guest = open_engine(_as(place.url, "guest"))
    with read_transaction(guest) as connection:
        assert logs(connection) == []
    with pytest.raises(LedgerError, match="does not allow this"):
        _append(guest, "beijing")
    guest.dispose()
    postgres.run("DROP OWNED BY guest", database=name)
    postgres.run("DROP ROLE guest")


@pytest.mark.slow
def test_standby_records_nothing(servers: Servers) -> None:
    """A standby says to name the primary, before anything was read from it and afterwards."""
    primary = servers.start("primary", fsync="off")
    open_engine(primary.create_database("ledger"), create=True).dispose()
    standby = standby_of(primary, "standby", synchronous=False)
    engine = open_engine(standby.url("ledger"))
    for _ in range(2):
        with pytest.raises(LedgerError, match="name the primary"):
            _append(engine, "beijing")
        with read_transaction(engine) as connection:
            assert logs(connection) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://a:b@h/d", "postgresql+psycopg://a:***@h/d"),
        ("postgresql+psycopg://a:b@c/d:e@h/d", "postgresql+psycopg://a:***@h/d"),
        ("postgres://a:b@h/d", "postgres://a:***@h/d"),
        ("postgresql+psycopg://h/d?user=a&password=b", "postgresql+psycopg://h/d?user=a&password=***"),
        ("postgresql+psycopg:///d?sslpassword=b&host=h", "postgresql+psycopg:///d?sslpassword=***&host=h"),
        ("postgresql+psycopg://a@h:5432/d", "postgresql+psycopg://a@h:5432/d"),
        ("sqlite:///台账 a:b@c.db", "sqlite:///台账 a:b@c.db"),
    ],
)  # fmt: skip
def test_password_is_never_shown(url: str, shown: str) -> None:
    """Whatever else is wrong with a URL, its password is not repeated."""
    assert shown_url(url) == shown


def test_malformed_url_hides_password() -> None:
    """A URL of an unknown kind is repeated without its password."""
    with pytest.raises(MalformedError, match="no database URL") as caught:
        open_engine("postgres://someone:secret-word@host/database")
    assert "secret-word" not in str(caught.value)


# --- transactions -------------------------------------------------------------------------------


def test_failure_rolls_back(engine: Engine) -> None:
    """An exception takes everything with it, tables made in the transaction too."""
    with pytest.raises(LedgerError, match="append-only"):
        _run(
            engine,
            "CREATE TABLE t (a int)",
            "INSERT INTO meta VALUES ('a', 'b')",
            "INSERT INTO files VALUES ('a', 0, '')",
            "DELETE FROM files",
        )
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1
        assert not inspect(connection).has_table("t")


def test_readers_keep_their_snapshot(engine: Engine) -> None:
    """A reader sees one state, whatever is committed meanwhile, and keeps nobody waiting."""
    with read_transaction(engine) as reader:
        assert logs(reader) == []
        _append(engine, "beijing")
        assert logs(reader) == []
    with read_transaction(engine) as reader:
        assert [head.size for head in logs(reader)] == [1]


def test_readers_write_nothing(engine: Engine) -> None:
    """What reads cannot write, by mistake neither."""
    with pytest.raises(LedgerError), read_transaction(engine) as connection:
        connection.execute(text("INSERT INTO meta VALUES ('a', 'b')"))


def test_waiting_writer_gives_up(place: Place, engine: Engine) -> None:
    """A writer of the same log that does not let go gives BusyError after the waiting time."""
    _append(engine, "beijing")
    patient = open_engine(place.url, busy_seconds=0.5)
    with write_transaction(engine) as connection, LogWriter(connection, "beijing"):
        started = monotonic()
        with pytest.raises(BusyError, match="try again"):
            _append(patient, "beijing")
        assert 0.4 < monotonic() - started < 20
    _append(patient, "beijing")
    patient.dispose()


def test_other_logs_are_not_waited_for(place: Place, engine: Engine) -> None:
    """Whoever writes to one log keeps nobody from another one, nor from beginning one."""
    _append(engine, "beijing")
    patient = open_engine(place.url, busy_seconds=10)
    with write_transaction(engine) as connection, LogWriter(connection, "beijing"):
        _append(patient, "xian")
    patient.dispose()


def test_deadlock_is_busy(engine: Engine) -> None:
    """Of two writers that take two logs crosswise one is told to try again, the other is done."""
    _append(engine, "beijing", "xian")
    meet = threading.Barrier(2)
    told: list[type[LedgerError]] = []

    def crosswise(first: str, second: str) -> None:
        try:
            with write_transaction(engine) as connection:
                _append_to(connection, first)
                meet.wait(60)
                _append_to(connection, second)
        except LedgerError as error:
            told.append(type(error))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(crosswise, ("beijing", "xian"), ("xian", "beijing")))
    assert told == [BusyError]
    with read_transaction(engine) as connection:
        assert [head.size for head in logs(connection)] == [2, 2]


def test_locked_writers_see_the_last_commit(engine: Engine) -> None:
    """What is read under the lock of the ledger cannot change before it is written."""

    def raise_one(_: int) -> None:
        for _ in range(10):
            with write_transaction(engine) as connection:
                lock_ledger(connection)
                value = connection.scalar(text("SELECT max(CAST(value AS INTEGER)) FROM meta"))
                connection.execute(text("UPDATE meta SET value = :v"), {"v": str((value or 0) + 1)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(raise_one, range(4)))
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT value FROM meta")) == str(SCHEMA_VERSION + 40)


# --- refusals of the database -------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
def test_triggers_refuse_changes(engine: Engine, table: object) -> None:
    """Rows of the append-only tables are neither changed nor deleted, nor is a table emptied; a
    partition is no way around it."""
    name = str(table)
    columns = metadata.tables[name].c
    kinds = {"BIGINT": "0", "INTEGER": "0", "BLOB": "''::bytea"}
    values = ", ".join(kinds.get(str(column.type), "'beijing'") for column in columns)
    _append(engine, "beijing")
    is_parted = metadata.tables[name] in PARTITIONED
    for place in (name, f"{name}_beijing") if is_parted else (name,):
        for statement in (
            f"UPDATE {place} SET {columns[0].name} = {columns[0].name}",
            f"DELETE FROM {place}",
            f"TRUNCATE {place}",
        ):
            added = [f"INSERT INTO {name} VALUES ({values})"] if name != "entries" else []
            with pytest.raises(LedgerError, match=f"{name}: the ledger is append-only"):
                _run(engine, *added, statement)


# --- what goes away -----------------------------------------------------------------------------


def _append_and_end(engine: Engine, place: Place, *, again: bool) -> None:
    """End the server's process in mid-transaction; `again` goes on all the same."""
    with write_transaction(engine) as connection:
        _append_to(connection, "beijing")
        (pid,) = connection.execute(text("SELECT pg_backend_pid()")).one()
        with place.raw() as raw:
            assert raw.run("SELECT pg_terminate_backend(?, 10000)", pid) == [(True,)]
        if again:
            _append_to(connection, "beijing")


def test_ended_connection_records_nothing(engine: Engine, place: Place) -> None:
    """A connection that goes in mid-transaction takes all of it along, and the next one works."""
    _append(engine, "beijing")
    with pytest.raises(UnreachableError, match="nothing was recorded"):
        _append_and_end(engine, place, again=True)
    with read_transaction(engine) as connection:
        assert log_head(connection, "beijing").size == 1
    _append(engine, "beijing")


def test_ended_before_commit_is_told(engine: Engine, place: Place) -> None:
    """The same, where nothing but the commit was left to do."""
    with pytest.raises((OutcomeUnknownError, UnreachableError)):
        _append_and_end(engine, place, again=False)
    with read_transaction(engine) as connection:
        assert logs(connection) == []
