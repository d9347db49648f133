"""Roles of a server: an official's work goes through, and what would change the record does not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from cli.desk import Desk
from ledger.errors import MalformedError, NotFoundError, ReadOnlyError
from ledger.schema import APPEND_ONLY, PARTITIONED
from support.counter import DEMO, ERASE, GULOU, PRIVATE, YINXING, Run
from support.postgres import Server, Servers, standby_of


class Office:
    """A ledger of a role `owner`, with a role that records and one that reads."""

    def __init__(self, server: Server, database: str) -> None:
        self.server = server
        self.database = database
        self.roles = [f"{database}_{name}" for name in ("owner", "recorder", "reader")]
        self.owner, self.recorder, self.reader = self.roles
        for role in self.roles:
            server.run(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        given = sql.SQL("ALTER DATABASE {} OWNER TO {}")
        server.run(given.format(sql.Identifier(database), sql.Identifier(self.owner)))

    def url(self, role: str, server: Server | None = None) -> str:
        """The ledger as a role."""
        url = make_url((server or self.server).url(self.database)).set(username=role)
        return url.render_as_string(hide_password=False)

    def run(self, role: str, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement run as a role."""
        there = self.server.conninfo(self.database)
        with psycopg.connect(there, user=role, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]  # written out below
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def office(postgres: Server, postgres_url: str) -> Iterator[Office]:
    """An empty database with its roles."""
    database = make_url(postgres_url).database
    assert database is not None
    made = Office(postgres, database)
    yield made
    postgres.drop_database(database)
    for role in made.roles:
        postgres.run(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def ledger(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Office:
    """A ledger made by its owner, whose roles were granted before anything was recorded."""
    monkeypatch.setenv("TAIZHANG_TRUST", str(tmp_path / "trust"))
    owner = office.url(office.owner)
    made = run("init", "--authority", "example.gov.cn", "--no-passphrase", url=owner)
    assert made.status == 0, made.stderr
    granted = run(
        "migrate", "--recorder", office.recorder, "--reader", office.reader, "--json", url=owner
    )
    assert granted.json["recorders"] == [office.recorder]
    assert granted.json["readers"] == [office.reader]
    return office


@pytest.fixture
def recorded(ledger: Office, tmp_path: Path, run: Run) -> Office:
    """The same after a day's work of the role that records: two logs begun, one sealed."""
    (tmp_path / "decision.txt").write_text("决定", encoding="utf-8")
    lines = [json.dumps(one, ensure_ascii=False) for one in (PRIVATE, ERASE)]
    (tmp_path / "private.jsonl").write_text("\n".join(lines), encoding="utf-8")
    url = ledger.url(ledger.recorder)
    for arguments in (
        ("record", str(DEMO / "town.jsonl")),
        ("log", "checkpoint", "--scheme", "beijing"),
        ("record", "private.jsonl"),
        ("record", str(DEMO / "late.jsonl")),
        ("log", "checkpoint", "--scheme", "beijing"),
        ("center", "list"),
        ("projection", "rebuild"),
        ("projection", "check"),
        ("log", "verify"),
    ):
        said = run(*arguments, url=url)
        assert said.status == 0, (arguments, said.stderr)
    return ledger


def test_an_official_can_work(recorded: Office) -> None:
    """Who records can begin logs, erase, seal and rebuild; the private value is gone."""
    desk = Desk(recorded.url(recorded.recorder))
    assert [head.log for head in desk.logs()] == ["beijing", "hechuan"]
    desk.close()
    assert recorded.run(recorded.owner, "SELECT path FROM vault") == [("/name",)]


CHANGES = ("UPDATE {} SET log = log", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}",
           "ALTER TABLE {} DISABLE TRIGGER ALL", "ALTER TABLE {} OWNER TO CURRENT_USER",
           "CREATE TRIGGER t BEFORE INSERT ON {} EXECUTE FUNCTION suppress_redundant_updates_trigger()")  # fmt: skip  # noqa: E501


def test_record_cannot_be_changed(recorded: Office) -> None:
    """Neither role may change, empty, drop or unguard what is append-only, nor any partition."""
    of_log = [table.name for table in APPEND_ONLY if table in PARTITIONED]
    for role in (recorded.recorder, recorded.reader):
        for name in (*of_log, *(f"{name}_beijing" for name in of_log)):
            for change in CHANGES:
                refused(recorded, role, change.format(name))


def refused(office: Office, role: str, statement: str) -> None:
    """The server says that the role may not do this."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        office.run(role, statement)


BEYOND = (
    "UPDATE logs SET log = 'other'",
    "DELETE FROM logs",
    "UPDATE meta SET value = '9'",
    "INSERT INTO meta VALUES ('a', 'b')",
    "UPDATE vault SET value = ''",
    "DELETE FROM files",
    "UPDATE editions SET content = ''",
    "DELETE FROM stream_heads",
    "SET session_replication_role = replica",
    "DROP FUNCTION taizhang_open_log(text)",
    "ALTER TABLE entries DETACH PARTITION entries_beijing",
)


def test_recorder_is_bounded(recorded: Office) -> None:
    """Who records may change heads and nothing that identifies them, and owns nothing."""
    for statement in BEYOND:
        refused(recorded, recorded.recorder, statement)


def test_triggers_are_not_all_there_is(recorded: Office) -> None:
    """With the triggers gone, who records still cannot change an entry."""
    recorded.run(recorded.owner, "DROP FUNCTION taizhang_refuse() CASCADE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        recorded.run(recorded.recorder, "UPDATE entries SET payload = ''")


def test_own_tables_come_last(recorded: Office) -> None:
    """Temporary tables of the caller do not take the place of the ledger's when a log is begun."""
    recorded.run(
        recorded.recorder,
        "CREATE TEMP TABLE entries (log text, evil int) PARTITION BY LIST (log); "
        "SELECT taizhang_open_log('xian')",
    )
    columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'entries_xian'::regclass"
    assert ("payload",) in recorded.run(recorded.owner, columns)


def test_only_recorders_begin_logs(recorded: Office) -> None:
    """The function that makes the tables of a log may be called by who records, and nobody else."""
    asked = "SELECT has_function_privilege('{}', 'taizhang_open_log(text)', 'EXECUTE')"
    may = {role: recorded.run(recorded.owner, asked.format(role)) for role in
           (recorded.recorder, recorded.reader, "public")}  # fmt: skip
    assert [found for ((found,),) in may.values()] == [True, False, False]


READINGS = (
    ("center", "list"),
    ("center", "show", YINXING),
    ("center", "history", YINXING),
    ("center", "why", YINXING),
    ("center", "eligible", GULOU),
    ("round", "show", "beijing:evaluation:2022"),
    ("deadlines",),
    ("policy", "list"),
    ("log", "show", "beijing#3"),
    ("log", "verify"),
    ("log", "checkpoint", "--newest", "--scheme", "beijing"),
    ("log", "prove", "beijing#3", "-o", "proof"),
    ("log", "publish", "site"),
    ("evidence", "export", YINXING, "-o", "evidence.json"),
    ("projection", "check"),
)


def test_a_reader_can_read(recorded: Office, run: Run) -> None:
    """Every command that only reads answers who may only read."""
    for arguments in READINGS:
        said = run(*arguments, url=recorded.url(recorded.reader))
        assert said.status in (0, 1), (arguments, said.stderr)
        assert "does not allow" not in said.stderr, arguments


def test_a_reader_cannot_write(recorded: Office, run: Run, tmp_path: Path) -> None:
    """What records is refused, and says who is connected."""
    fact = {name: PRIVATE[name] for name in ("type", "on", "center", "fact")}
    (tmp_path / "more.jsonl").write_text(json.dumps(fact), encoding="utf-8")
    for arguments in (
        ("record", "more.jsonl"),
        ("log", "checkpoint"),
        ("projection", "rebuild"),
        ("migrate", "--reader", recorded.reader),
    ):
        said = run(*arguments, url=recorded.url(recorded.reader))
        assert said.status == 1, arguments
        assert "does not allow this to the role" in said.stderr


def behind(recorded: Office) -> None:
    """Empty the register, as if entries had been recorded and nobody had read since."""
    recorded.run(recorded.owner, "DELETE FROM register; DELETE FROM reading_heads")


def test_a_register_behind_is_read(recorded: Office, run: Run) -> None:
    """Where the register is behind, a reader gets the same list, and nothing is written."""
    url = recorded.url(recorded.reader)
    listed = run("center", "list", "--json", url=url).stdout
    assert len(json.loads(listed)["centers"]) > 5
    behind(recorded)
    assert run("center", "list", "--json", url=url).stdout == listed
    assert recorded.run(recorded.owner, "SELECT * FROM reading_heads") == []


@pytest.mark.slow
def test_a_standby_answers(
    servers: Servers, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby lists though its register is behind, verifies, and says that it records nothing."""
    monkeypatch.setenv("TAIZHANG_TRUST", str(tmp_path / "trust"))
    primary = servers.start("primary")
    standby = standby_of(primary, "standby")
    url, there = primary.create_database("ledger"), standby.url("ledger")
    assert run("init", "--no-passphrase", url=url).status == 0
    assert run("record", str(DEMO / "town.jsonl"), url=url).status == 0
    listed = run("center", "list", "--json", url=url).stdout
    primary.run("DELETE FROM register; DELETE FROM reading_heads", database="ledger")
    standby.caught_up(primary)
    assert run("center", "list", "--json", url=there).stdout == listed
    assert run("log", "verify", url=there).status == 0
    said = run("record", str(DEMO / "late.jsonl"), url=there)
    assert (said.status, "this server is a standby" in said.stderr) == (1, True)


def test_a_file_is_read_only(run: Run, tmp_path: Path) -> None:
    """A file opened for reading alone lists a register that is behind, and writes nothing."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert run("record", str(DEMO / "town.jsonl"), url=url).status == 0
    listed = run("center", "list", "--json", url=url).stdout
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as database:
        database.execute("DELETE FROM register WHERE center LIKE '%H'")
        database.execute("UPDATE reading_heads SET position = 0")
    there = f"sqlite:///file:{tmp_path}/ledger.db?mode=ro&uri=true"
    assert run("center", "list", "--json", url=there).stdout == listed


# --- who may be given a role --------------------------------------------------------------------


def test_unknown_role_is_named(ledger: Office) -> None:
    """A role that the server does not know is not found."""
    desk = Desk(ledger.url(ledger.owner))
    with pytest.raises(NotFoundError, match="no role nobody"):
        desk.grant(recorders=["nobody"], readers=[])
    desk.close()


def test_owner_cannot_be_bounded(ledger: Office) -> None:
    """Neither the owner of the tables nor one who may act as the owner is given a bounded role."""
    desk = Desk(ledger.url(ledger.owner))
    for role in (ledger.owner, "postgres"):
        with pytest.raises(MalformedError, match="nothing can be refused"):
            desk.grant(recorders=[], readers=[role])
    desk.close()


def test_one_role_has_one_part(ledger: Office) -> None:
    """A role is named once: who records reads too."""
    desk = Desk(ledger.url(ledger.owner))
    with pytest.raises(MalformedError, match="name it once"):
        desk.grant(recorders=[ledger.reader], readers=[ledger.reader])
    desk.close()


def test_granting_again_takes_back(recorded: Office) -> None:
    """A role that recorded and is now to read can no longer write."""
    desk = Desk(recorded.url(recorded.owner))
    desk.grant(recorders=[], readers=[recorded.recorder])
    desk.close()
    desk = Desk(recorded.url(recorded.recorder))
    with pytest.raises(ReadOnlyError):
        desk.rebuild("beijing")
    desk.close()


def test_files_know_no_roles(town: str, run: Run) -> None:
    """A ledger in a file has no roles to grant to."""
    said = run("migrate", "--reader", "somebody", url=town)
    assert (said.status, "roles are for a ledger on a server" in said.stderr) == (2, True)
