"""Older ledgers brought up to date: what comes out, who comes first, what a failure leaves."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from cli.desk import Desk
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import IntegrityFailure, LedgerError
from ledger.migrating import _VERSIONS, Migrated, migrate, newest_schema
from ledger.recorder import Draft, append
from ledger.schema import SCHEMA_VERSION, metadata
from ledger.verify import verify
from support.old_ledgers import ROOTS, made_by_schema_1

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger stands."""
    return tmp_path / "ledger.db"


@pytest.fixture
def old(path: Path) -> str:
    """The URL of a ledger of schema 1."""
    return made_by_schema_1(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def new(request: pytest.FixtureRequest, path: Path) -> str:
    """The URL of a ledger of today's schema, on each engine."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{path}"
    open_engine(url, create=True).dispose()
    return str(url)


@pytest.fixture
def next_versions(tmp_path: Path) -> list[Path]:
    """The migrations there are, and one more that adds a column and fills it."""
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "schema_next.py").write_text(
        f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{SCHEMA_VERSION + 1}", "{SCHEMA_VERSION}"


def upgrade():
    op.add_column("logs", sa.Column("keeper", sa.Text))
    op.execute("UPDATE logs SET keeper = 'office'")
"""
    )
    return [_VERSIONS, folder]


def migrated(url: str, **options: object) -> Migrated:
    """What a migration did."""
    engine = open_engine(url, older=True)
    try:
        return migrate(engine, **options)  # type: ignore[arg-type]
    finally:
        engine.dispose()


def dump(path: Path) -> list[str]:
    """All that a file holds, as SQL."""
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())


def kept_objects(path: Path) -> Iterator[tuple[object, ...]]:
    """Columns, indices, references and triggers of every table in a file, in order."""
    with closing(sqlite3.connect(path)) as database:
        of_kind = "SELECT name, sql FROM sqlite_master WHERE type = ? ORDER BY name"
        yield from database.execute(of_kind, ("trigger",))
        for name, _ in database.execute(of_kind, ("table",)).fetchall():
            for told in ("table_xinfo", "index_list", "foreign_key_list"):
                yield name, told, *database.execute(f"PRAGMA {told}({name})").fetchall()
        yield from database.execute("SELECT name, wr FROM pragma_table_list ORDER BY name")


# --- from schema 1 ------------------------------------------------------------------------------


def test_old_ledger_says_what_to_run(old: str) -> None:
    """A ledger of an older schema is not opened, and the message names the command."""
    with pytest.raises(LedgerError, match="taizhang migrate"):
        open_engine(old)


def test_migrated_ledger_is_sound(old: str) -> None:
    """After the migration every check passes, and sizes and roots are what they were."""
    assert migrated(old)[:2] == (1, SCHEMA_VERSION)
    engine = open_engine(old)
    found = verify(engine)
    assert found.problems == ()
    assert {r.log: (r.size, r.root.hex()) for r in found.reports} == ROOTS
    engine.dispose()


def test_migrated_ledger_goes_on(old: str, tmp_path: Path) -> None:
    """A migrated ledger records, seals and proves like any other, with its register up to date."""
    desk = Desk(old, trust=tmp_path / "trust")
    desk.migrate()
    assert desk.shelf.position("beijing") == ROOTS["beijing"][0]
    desk.proofs.make_key("example.gov.cn", None)
    fact = b'{"type": "ChangeReported", "on": "2024-01-02", "center": "hechuan/id:yinxing", '
    desk.record([fact + b'"completed_on": "2024-01-02"}'])
    desk.proofs.checkpoint(["beijing", "hechuan"], None)
    assert desk.verify().problems == ()
    desk.close()


def test_migrated_schema_is_todays(old: str, path: Path, tmp_path: Path) -> None:
    """Tables, columns, keys and triggers are those of a ledger made new."""
    migrated(old)
    other = tmp_path / "new.db"
    open_engine(f"sqlite:///{other}", create=True).dispose()
    assert list(kept_objects(path)) == list(kept_objects(other))


def test_schema_2_of_a_server_is_migrated(postgres_url: str) -> None:
    """On a server too, a migrated ledger has the columns, triggers, functions and rights of a new
    one, and the log in it goes on."""
    engine = open_engine(postgres_url, create=True)
    draft = [Draft("xian/id:a", None, "T/1", "2020-01-01", b"{}")]
    with write_transaction(engine) as connection:
        append(connection, "xian", draft, recorded_at="2020-01-01T00:00:00.000000Z")
    new = server_objects(engine)
    with write_transaction(engine) as connection:
        for statement in (
            "DROP TRIGGER logs_refuse_growth ON logs",
            "ALTER TABLE logs DROP COLUMN in_force_at",
            'ALTER FUNCTION taizhang_open_log SET search_path = "$user", public',
            "GRANT EXECUTE ON FUNCTION taizhang_open_log TO PUBLIC",
            "UPDATE meta SET value = '2'",
        ):
            connection.execute(text(statement))
    assert server_objects(engine) != new
    assert migrate(engine)[:2] == (2, SCHEMA_VERSION)
    assert server_objects(engine) == new
    with write_transaction(engine) as connection:
        append(connection, "xian", draft, recorded_at="2020-01-01T00:00:00.000000Z")
    engine.dispose()


def server_objects(engine: Engine) -> list[object]:
    """Columns, triggers and functions of a ledger on a server, in order; what was dropped and
    added again stands in another place."""
    asked = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT proname, prosrc, proconfig, prosecdef, proacl::text FROM pg_proc "
        "WHERE starts_with(proname, 'taizhang') ORDER BY 1",
    )
    with read_transaction(engine) as connection:
        return [list(map(tuple, connection.exec_driver_sql(one))) for one in asked]


@pytest.mark.slow
def test_tiles_of_tiles_are_made(path: Path) -> None:
    """The tiles computed from entries are those written with them, on every level."""
    engine = open_engine(f"sqlite:///{path}", create=True)
    drafts = [
        Draft(f"xian/id:c{number}", 1, "T/1", "2020-01-01", b"{}") for number in range(66_000)
    ]
    with write_transaction(engine) as connection:
        append(connection, "xian", drafts, recorded_at="2020-01-01T00:00:00.000000Z")
    tables = ("sealed_heads", "cosignatures", "checkpoints", "tiles")
    with read_transaction(engine) as connection:
        grown = connection.execute(text("SELECT * FROM tiles ORDER BY level, number")).fetchall()
    with write_transaction(engine) as connection:
        for statement in (
            *(f"DROP TABLE {table}" for table in tables),
            "DROP TRIGGER logs_refuse_growth",
            "ALTER TABLE logs DROP COLUMN in_force_at",
            "ALTER TABLE logs DROP COLUMN generation",
            "UPDATE meta SET value = '1'",
        ):
            connection.execute(text(statement))
    migrate(engine)
    with read_transaction(engine) as connection:
        made = connection.execute(text("SELECT * FROM tiles ORDER BY level, number")).fetchall()
    assert {row.level for row in grown} == {0, 1}
    assert made == grown
    engine.dispose()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entries SET leaf = zeroblob(32) WHERE position = 0",
        "UPDATE logs SET size = size + 1",
    ],
)
def test_damaged_ledger_is_not_migrated(damage: str, old: str, path: Path) -> None:
    """Where the entries do not give the root nothing is computed from them, and nothing changed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DROP TRIGGER entries_refuse_update")
        database.execute(damage)
    before = dump(path)
    with pytest.raises(IntegrityFailure, match="do not give its root"):
        migrated(old)
    assert dump(path) == before


def test_dry_run_changes_nothing(old: str, path: Path) -> None:
    """A dry run counts the statements that a run then carries out, and leaves the file alone."""
    before = dump(path)
    foreseen = migrated(old, dry_run=True)
    assert dump(path) == before
    assert foreseen == migrated(old)
    assert [count for sql, count in foreseen.statements if sql.startswith("INSERT INTO tiles")] == [
        2
    ]


@pytest.mark.parametrize("point", ["migrate.written", "migrate.committed"])
def test_killed_migration_is_all_or_nothing(point: str, old: str, path: Path) -> None:
    """Killed before it commits, a migration leaves the old schema whole; afterwards the new one."""
    before = dump(path)
    killed = run_migration(old, TAIZHANG_FAILPOINT=point)
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert (dump(path) == before) == (point == "migrate.written")
    migrated(old)
    engine = open_engine(old)
    assert verify(engine).problems == ()
    engine.dispose()


# --- on both engines ----------------------------------------------------------------------------


def test_newest_migration_is_the_schema() -> None:
    """There is a migration to the schema that new ledgers are made at."""
    assert newest_schema() == SCHEMA_VERSION


def test_new_ledger_is_up_to_date(new: str) -> None:
    """A new ledger needs no migration, and its tables are what the program takes them for."""
    assert migrated(new) == Migrated(SCHEMA_VERSION, SCHEMA_VERSION, ())
    assert differences(new) == []


def differences(url: str) -> list[object]:
    """What Alembic finds between a ledger and the tables of `ledger.schema`; foreign keys are for
    files only, which it does not see."""
    engine = open_engine(url, older=True)
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    return [one for one in found if url.startswith("sqlite") or one[0] != "add_fk"]


def test_next_migration_is_possible(new: str, next_versions: list[Path]) -> None:
    """A further migration runs, and today's program then says that the ledger is of a newer one."""
    engine = open_engine(new)
    with write_transaction(engine) as connection:
        append(connection, "xian", [Draft("xian/id:a", 1, "T/1", "2020-01-01", b"{}")],
               recorded_at="2020-01-01T00:00:00.000000Z")  # fmt: skip
    done = migrate(engine, versions=next_versions)
    assert done[:2] == (SCHEMA_VERSION, SCHEMA_VERSION + 1)
    with read_transaction(engine) as connection:
        assert connection.scalars(text("SELECT keeper FROM logs")).all() == ["office"]
        assert connection.execute(text("SELECT * FROM meta")).all() == [
            ("schema", str(SCHEMA_VERSION + 1))
        ]
        assert "alembic_version" not in inspect(connection).get_table_names()
    engine.dispose()
    with pytest.raises(LedgerError, match="newer taizhang"):
        migrated(new)


@pytest.mark.slow
def test_many_migrate_at_once(new: str, next_versions: list[Path]) -> None:
    """Of six processes that migrate the same ledger one does the work, and all succeed."""
    started = [run_migration(new, *map(str, next_versions)) for _ in range(6)]
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 6
    assert sorted(said) == ["False\n"] * 5 + ["True\n"]


@pytest.mark.slow
def test_many_migrate_an_old_one(old: str) -> None:
    """The same for a ledger of schema 1, of which much has to be computed."""
    started = [run_migration(old) for _ in range(4)]
    said = [process.communicate(timeout=120)[0] for process in started]
    assert sorted(said) == ["False\n"] * 3 + ["True\n"]
    engine = open_engine(old)
    assert verify(engine).problems == ()
    engine.dispose()


def run_migration(url: str, *versions: str, **environment: str) -> subprocess.Popen[str]:
    """Start a program whose schema is the newest of these migrations; it migrates, and says whether
    it had to."""
    code = (
        "import sys; from pathlib import Path; from ledger import engine as engines\n"
        "from ledger.engine import open_engine\n"
        "from ledger.migrating import migrate, newest_schema, _VERSIONS\n"
        "versions = [*map(Path, sys.argv[2:])] or [_VERSIONS]\n"
        "engines.SCHEMA_VERSION = newest_schema(versions)\n"
        "engine = open_engine(sys.argv[1], older=True)\n"
        "done = migrate(engine, versions=versions)\n"
        "print(done.before != done.after)"
    )
    command = [sys.executable, "-c", code, url, *versions]
    there = os.environ | {"PYTHONPATH": ROOT} | environment
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=there)


def test_opening_loads_no_alembic(new: str) -> None:
    """Whoever opens a ledger to read it does not wait for Alembic to be loaded."""
    code = (
        "import sys; from cli.desk import Desk; Desk(sys.argv[1]).logs(); "
        "sys.exit('alembic' in sys.modules)"
    )
    there = os.environ | {"PYTHONPATH": ROOT}
    assert subprocess.run([sys.executable, "-c", code, new], cwd=ROOT, env=there).returncode == 0
