"""Opening ledgers, taking turns, and what is said when a file, a disk or a lock is in the way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Engine, text

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import (
    BusyError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    NotFoundError,
)
from ledger.schema import APPEND_ONLY, SCHEMA_VERSION, metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may come to stand."""
    return tmp_path / "ledger.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """A new ledger file."""
    made = open_engine(f"sqlite:///{path}", create=True)
    yield made
    made.dispose()


def _tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {name for (name,) in rows}


def _run(engine: Engine, *statements: str) -> None:
    with write_transaction(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


# --- opening ------------------------------------------------------------------------------------


def test_missing_ledger_is_not_made(path: Path) -> None:
    """Opening a ledger that is not there says how to make one, and leaves no file behind."""
    with pytest.raises(NotFoundError, match="taizhang init"):
        open_engine(f"sqlite:///{path}")
    assert not path.exists()


def test_creating_twice_changes_nothing(engine: Engine, path: Path) -> None:
    """Creating a ledger that is there opens it."""
    open_engine(f"sqlite:///{path}", create=True).dispose()
    assert _tables(path) == set(metadata.tables)
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1


def test_unfinished_file_is_finished(path: Path) -> None:
    """An empty file, as a crash before the first commit leaves it, is no ledger and becomes one."""
    path.touch()
    with pytest.raises(NotFoundError, match="is no ledger"):
        open_engine(f"sqlite:///{path}")
    open_engine(f"sqlite:///{path}", create=True).dispose()
    assert _tables(path) == set(metadata.tables)


@pytest.mark.slow
def test_many_create_at_once(path: Path) -> None:
    """Of eight processes that create the same ledger, all open it."""
    root = str(Path(__file__).parents[2])
    code = (
        "import sys; from ledger.engine import open_engine; open_engine(sys.argv[1], create=True)"
    )
    command = [sys.executable, "-c", code, f"sqlite:///{path}"]
    environment = os.environ | {"PYTHONPATH": root}
    started = [subprocess.Popen(command, cwd=root, env=environment) for _ in range(8)]
    assert [process.wait() for process in started] == [0] * 8
    assert _tables(path) == set(metadata.tables)


@pytest.mark.parametrize("table", ["other", "meta", "files"])
def test_foreign_database_is_left_alone(path: Path, table: str) -> None:
    """A database of something else is neither opened nor turned into a ledger, nor touched."""
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE {table} (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NotFoundError, match="is no ledger"):
        open_engine(f"sqlite:///{path}")
    with pytest.raises(LedgerError, match="something else"):
        open_engine(f"sqlite:///{path}", create=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [False, True])
def test_other_files_are_refused(path: Path, create: bool) -> None:
    """A file that is no database is named as such, not shown as a traceback."""
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(LedgerError, match="no SQLite database"):
        open_engine(f"sqlite:///{path}", create=create)


def test_folders_are_refused(tmp_path: Path) -> None:
    """A folder is no ledger, and a folder that is missing is named."""
    with pytest.raises(LedgerError, match="is a folder"):
        open_engine(f"sqlite:///{tmp_path}")
    with pytest.raises(NotFoundError, match="there is no folder"):
        open_engine(f"sqlite:///{tmp_path}/none/ledger.db", create=True)


@pytest.mark.parametrize("url", ["", "ledger.db", "foo://x", "sqlite+foo:///x"])
def test_no_url_is_malformed(url: str) -> None:
    """What is no database URL says what one looks like."""
    with pytest.raises(MalformedError, match="no database URL"):
        open_engine(url)


def test_newer_schema_is_refused(engine: Engine, path: Path) -> None:
    """A ledger of a newer program asks for an upgrade; a damaged version says so."""
    for value, error in ((str(SCHEMA_VERSION + 1), LedgerError), ("one", IntegrityFailure)):
        with write_transaction(engine) as connection:
            connection.execute(text("UPDATE meta SET value = :value"), {"value": value})
        with pytest.raises(error, match=r"newer taizhang|is damaged"):
            open_engine(f"sqlite:///{path}")


def test_older_schema_is_refused(engine: Engine, path: Path) -> None:
    """A ledger that an older program wrote is left alone, and the message names both versions."""
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE meta SET value = '1' WHERE name = 'schema'"))
    with pytest.raises(LedgerError, match=rf"older taizhang \(schema 1, .* {SCHEMA_VERSION}\)"):
        open_engine(f"sqlite:///{path}")


def test_names_are_taken_literally(tmp_path: Path) -> None:
    """Spaces, signs and Chinese in a file name are taken as they are."""
    path = tmp_path / "台账 #1 & x.db"
    open_engine(f"sqlite:///{path}", create=True).dispose()
    assert path.exists()


def test_memory_holds_a_ledger() -> None:
    """A ledger in memory works as long as its engine lives, in any thread."""
    engine = open_engine("sqlite://", create=True)
    found: list[object] = []

    def read() -> None:
        with read_transaction(engine) as connection:
            found.append(connection.scalar(text("SELECT value FROM meta")))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [str(SCHEMA_VERSION)] * 4
    engine.dispose()


def test_settings_survive_a_power_cut(engine: Engine) -> None:
    """Every connection writes ahead, waits for the disk and checks foreign keys."""
    with read_transaction(engine) as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 2, 1, 1]


# --- transactions -------------------------------------------------------------------------------


def test_failure_rolls_back(engine: Engine) -> None:
    """An exception takes everything with it, tables made in the transaction too."""
    create, insert = "CREATE TABLE t (a)", "INSERT INTO meta VALUES ('a', 'b')"
    with pytest.raises(LedgerError, match="append-only"):
        _run(engine, create, insert, "INSERT INTO files VALUES ('a', 0, '')", "DELETE FROM files")
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = 't'")) == 0


def test_readers_keep_their_snapshot(engine: Engine) -> None:
    """A reader sees one state, whatever is committed meanwhile, and keeps nobody waiting."""
    count = text("SELECT count(*) FROM meta")
    with read_transaction(engine) as reader:
        assert reader.scalar(count) == 1
        with write_transaction(engine) as writer:
            writer.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
        assert reader.scalar(count) == 1
    with read_transaction(engine) as reader:
        assert reader.scalar(count) == 2


def test_waiting_writer_gives_up(path: Path, engine: Engine) -> None:
    """A writer of another process that does not let go gives BusyError after the waiting time."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    patient = open_engine(f"sqlite:///{path}", busy_seconds=0.5)
    started = monotonic()
    with pytest.raises(BusyError, match="try again"), write_transaction(patient):
        pass
    assert 0.4 < monotonic() - started < 5
    other.execute("COMMIT")
    with write_transaction(patient):
        pass
    other.close()
    patient.dispose()


def test_waiting_thread_gives_up(path: Path, engine: Engine) -> None:
    """A writer of the same process that does not let go gives BusyError too."""
    patient = open_engine(f"sqlite:///{path}", busy_seconds=0.2)
    with (
        write_transaction(patient),
        pytest.raises(BusyError),
        write_transaction(patient),
    ):
        pass
    patient.dispose()


def test_waiting_time_is_configurable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TAIZHANG_BUSY_SECONDS sets the waiting time; nonsense in it is refused."""
    monkeypatch.setenv("TAIZHANG_BUSY_SECONDS", "0")
    engine = open_engine(f"sqlite:///{path}", create=True)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = monotonic()
    with pytest.raises(BusyError), write_transaction(engine):
        pass
    assert monotonic() - started < 2
    other.close()
    engine.dispose()
    for nonsense in ("soon", "-1", "nan", "inf"):
        monkeypatch.setenv("TAIZHANG_BUSY_SECONDS", nonsense)
        with pytest.raises(MalformedError, match="TAIZHANG_BUSY_SECONDS"):
            open_engine(f"sqlite:///{path}")


def test_writers_see_the_last_commit(engine: Engine) -> None:
    """What a write transaction reads at its start cannot change before it writes."""

    def raise_one() -> None:
        for _ in range(20):
            with write_transaction(engine) as connection:
                value = connection.scalar(text("SELECT max(CAST(value AS INTEGER)) FROM meta"))
                connection.execute(text("UPDATE meta SET value = :v"), {"v": str((value or 0) + 1)})

    threads = [threading.Thread(target=raise_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT value FROM meta")) == str(SCHEMA_VERSION + 80)


# --- refusals of the database -------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
@pytest.mark.parametrize("operation", ["UPDATE", "DELETE", "REPLACE"])
def test_triggers_refuse_changes(engine: Engine, table: object, operation: str) -> None:
    """Rows of the append-only tables are neither changed nor deleted nor replaced."""
    name = str(table)
    columns = metadata.tables[name].c
    values = ", ".join("0" if "INT" in str(column.type) else "'x'" for column in columns)
    statement = {
        "UPDATE": f"UPDATE {name} SET {columns[0].name} = 'y'",
        "DELETE": f"DELETE FROM {name}",
        "REPLACE": f"INSERT OR REPLACE INTO {name} VALUES ({values})",
    }[operation]
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.commit()
    with pytest.raises(LedgerError, match=f"{name}: the ledger is append-only"):
        _run(engine, f"INSERT INTO {name} VALUES ({values})", statement)


def test_read_only_file_is_named(path: Path, engine: Engine) -> None:
    """A ledger opened read-only can be read; writing says why it cannot."""
    reader = open_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with read_transaction(reader) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1
    with (
        pytest.raises(LedgerError, match="cannot be written"),
        write_transaction(reader) as connection,
    ):
        connection.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
    reader.dispose()


def test_full_disk_is_named(engine: Engine) -> None:
    """A disk that is full loses nothing that was recorded, and says what to do."""
    with read_transaction(engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limit = f"PRAGMA max_page_count={pages}"
    with pytest.raises(LedgerError, match="disk is full"):
        _run(engine, limit, "INSERT INTO meta VALUES ('a', hex(zeroblob(1000000)))")
    with read_transaction(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 1


def test_damaged_file_is_an_integrity_failure(path: Path, engine: Engine) -> None:
    """Pages overwritten with garbage are damage to restore from, not a traceback."""
    with write_transaction(engine) as connection:
        for number in range(2000):
            connection.exec_driver_sql(f"INSERT INTO meta VALUES ('n{number}', 'v')")
    engine.dispose()
    content = bytearray(path.read_bytes())
    content[8192 * 2 :] = b"\xa5" * (len(content) - 8192 * 2)
    path.write_bytes(content)
    with pytest.raises(IntegrityFailure, match="restore it from a backup"):
        open_engine(f"sqlite:///{path}")
