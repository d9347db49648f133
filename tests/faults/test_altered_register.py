"""Whatever is changed in the register behind the program's back, `projection check` names it."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.schema import reading_heads, register
from support.command import run

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import orjson
from town import town

COLUMNS = [
    (table.name, column.name) for table in (register, reading_heads) for column in table.columns
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ledger whose register agrees with its log."""
    folder = tmp_path_factory.mktemp("sound")
    lines = b"".join(orjson.dumps(entry) + b"\n" for entry in town(80))
    assert run(folder, "record", "-", stdin=lines.decode()).status == 0
    assert run(folder, "projection", "check").status == 0
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    with (
        sqlite3.connect(sound / "ledger.db") as source,
        sqlite3.connect(tmp_path / "ledger.db") as copy,
    ):
        source.backup(copy)
    return tmp_path


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bytes):
        return value[:-2] + bytes([value[-2] ^ 1]) + value[-1:]
    if isinstance(value, int):
        return value + 7
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def edit(folder: Path, sql: str, *parameters: Any) -> None:
    """Change the database behind the program's back."""
    with sqlite3.connect(folder / "ledger.db") as database:
        database.execute(sql, parameters)
    database.close()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_names_the_altered_row(table: str, column: str, folder: Path) -> None:
    """A changed cell of any column makes the check exit 5 and say where."""
    with sqlite3.connect(folder / "ledger.db") as database:
        rowid, value = database.execute(f"SELECT rowid, {column} FROM {table} LIMIT 1").fetchone()
    edit(folder, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", changed(value), rowid)
    answer = run(folder, "projection", "check", "--json")
    assert answer.status == 5, answer.stdout
    problems = answer.json["problems"]
    assert problems
    assert all(problem["center"] for problem in problems)
    assert run(folder, "projection", "rebuild").status == 0
    assert run(folder, "projection", "check").status == 0


def test_names_the_missing_row(folder: Path) -> None:
    """A deleted row is named by its center."""
    edit(folder, "DELETE FROM register WHERE center = 'beijing/id:c0000003'")
    answer = run(folder, "projection", "check", "--json")
    assert answer.status == 5
    assert [p["center"] for p in answer.json["problems"]] == ["beijing/id:c0000003"]


def test_names_the_invented_row(folder: Path) -> None:
    """A row of a center without entries is named."""
    edit(
        folder,
        "INSERT INTO register SELECT log, generation, 'beijing/id:ghost', name, status, entries, "
        "position, body FROM register LIMIT 1",
    )
    answer = run(folder, "projection", "check", "--json")
    assert answer.status == 5
    assert [p["center"] for p in answer.json["problems"]] == ["beijing/id:ghost"]


def test_rebuild_restores_the_register(folder: Path) -> None:
    """After a rebuild the register agrees again, with the digest it had."""
    before = run(folder, "projection", "check", "--json").json["digests"]
    edit(folder, "UPDATE register SET status = 'revoked'")
    assert run(folder, "projection", "check").status == 5
    assert run(folder, "projection", "rebuild", "--json").json["digests"] == before
    assert run(folder, "projection", "check").status == 0
