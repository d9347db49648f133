"""The command that brings a ledger up to date: what it says, and on which stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.engine import open_engine, write_transaction
from ledger.schema import SCHEMA_VERSION, meta
from support.counter import Run
from support.old_ledgers import made_by_schema_1


@pytest.fixture
def old(tmp_path: Path) -> str:
    """The URL of a ledger of schema 1."""
    return made_by_schema_1(tmp_path / "old.db")


def test_other_commands_name_it(old: str, run: Run) -> None:
    """Any other command on an older ledger says what to run, in both languages."""
    for language, said in (("en", "then run `taizhang migrate`"), ("zh", "请先备份")):
        answer = run("center", "list", url=old, language=language)
        assert (answer.status, said in answer.stderr) == (1, True)


def test_migrated_ledger_answers(old: str, run: Run) -> None:
    """After it every command works, the register is there, and the log verifies."""
    answer = run("migrate", url=old)
    assert (answer.status, answer.stdout) == (0, "")
    assert f"Schema 1 became {SCHEMA_VERSION}" in answer.stderr
    assert len(run("center", "list", "--json", url=old).json["centers"]) == 11
    assert run("log", "verify", url=old).status == 0
    assert run("projection", "check", url=old).status == 0


def test_dry_run_prints_sql(old: str, run: Run) -> None:
    """A dry run shows statements on standard output, says so on the other, and changes nothing."""
    answer = run("migrate", "--dry-run", url=old)
    assert answer.status == 0
    assert "INSERT INTO tiles VALUES (?, ?, ?, ?, ?);  -- 2×\n" in answer.stdout
    assert "nothing was changed" in answer.stderr
    assert run("migrate", "--json", url=old).json["before"] == 1


def test_json_names_both_schemas(old: str, run: Run) -> None:
    """One object: before, after, and every statement; a second run has nothing to do."""
    first, second = (run("migrate", "--json", url=old).json for _ in range(2))
    assert (first["ok"], first["before"], first["after"]) == (True, 1, SCHEMA_VERSION)
    assert {"sql": "INSERT INTO tiles VALUES (?, ?, ?, ?, ?)", "times": 2} in first["statements"]
    assert second == {
        "ok": True,
        "before": SCHEMA_VERSION,
        "after": SCHEMA_VERSION,
        "statements": [],
        "recorders": [],
        "readers": [],
    }


def test_up_to_date_says_so(town: str, run: Run) -> None:
    """There is nothing to migrate in a new ledger."""
    answer = run("migrate", url=town)
    assert answer.stderr == f"The ledger is up to date: schema {SCHEMA_VERSION}.\n"


def test_newer_ledger_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A ledger of a newer program is not taken back."""
    url = f"sqlite:///{tmp_path}/new.db"
    engine = open_engine(url, create=True)
    with write_transaction(engine) as connection:
        connection.execute(meta.update().values(value=str(SCHEMA_VERSION + 1)))
    engine.dispose()
    answer = run("migrate", url=url)
    assert (answer.status, "newer taizhang" in answer.stderr) == (1, True)


def test_nothing_is_not_migrated(run: Run, tmp_path: Path) -> None:
    """Where no ledger is, none is made."""
    answer = run("migrate", url=f"sqlite:///{tmp_path}/none.db")
    assert (answer.status, "taizhang init" in answer.stderr) == (3, True)
    assert not (tmp_path / "none.db").exists()


def test_dry_run_grants_nothing(town: str, run: Run) -> None:
    """A dry run and a grant together are usage that makes no sense."""
    assert run("migrate", "--dry-run", "--reader", "somebody", url=town).status == 2
