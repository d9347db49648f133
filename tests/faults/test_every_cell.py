"""Whatever is changed in the file behind the program's back, `taizhang log verify` ends with 5 and
names it.

Tables and columns come from the schema, so that one nobody checks fails here. Everything is tried
on a copy without triggers, types and keys, as somebody could make it who may write the file; after
each trial all tables are what they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.schema import metadata
from support.command import run
from support.sealed_town import OpenTown, make_town, open_town
from support.tampering import changes, flip

CELLS = [(name, column.name) for name, table in metadata.tables.items() for column in table.c]
BYTES = "typeof({0}) IN ('text', 'blob') AND length({0}) > 0"
EDITION = "edition = 'hechuan/2021'"
"""The only regulation that ruled anything; others may come and go (`policy add`)."""

few = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger that is copied. Nobody has it open: whoever copies a file that this process has
    open in SQLite ends its locks, and another process then clears away what is in use."""
    return make_town(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def town(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenTown]:
    """The ledger, open to anything."""
    copy = open_town(made, tmp_path_factory.mktemp("open"))
    yield copy
    copy.close()


@pytest.fixture(scope="module")
def restored(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenTown]:
    """The ledger after a restore that lost entries, and says so."""
    folder = tmp_path_factory.mktemp("restored")
    before = open_town(made, folder)
    words = ("restore", f"{folder}/backup-2.db", "--force", "--reason", "磁盘损坏")
    assert before.command(*words).status == 0
    before.close()
    copy = OpenTown(folder)
    yield copy
    copy.close()


def test_sound_town_is_clean(town: OpenTown) -> None:
    """Before anything is changed nothing is found, and every table has rows to change."""
    assert town.command("log", "verify").status == 0
    assert all(town.run(f"SELECT 1 FROM {name}") for name in metadata.tables)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_no_cell_changes_unseen(town: OpenTown, table: str, column: str) -> None:
    """Whatever a cell is changed to, of its own type or another, is named by place."""
    for rowid in _ends(_rows(town, table)):
        before = _row(town, table, rowid)[column]
        for expression, value in changes(before):
            with town.kept():
                change = f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?"
                if not _is_legal(town, table, column, value, before):
                    marks = _marks(town, table, rowid)
                    town.run(change, value, rowid)
                    _demand_named(town, marks, (value, before))


@pytest.mark.slow
@few
@given(data=st.data())
def test_no_bit_flips_unseen(town: OpenTown, data: st.DataObject) -> None:
    """A single bit of any text or bytes of any table."""
    table, column = data.draw(st.sampled_from(CELLS))
    rows = _rows(town, table, BYTES.format(column))
    if not rows:
        return
    rowid = data.draw(st.sampled_from(rows))
    before = _row(town, table, rowid)[column]
    content = before if isinstance(before, bytes) else before.encode()
    flipped = flip(content, data.draw(st.integers(0, len(content) * 8 - 1)))
    expression = "?" if isinstance(before, bytes) else "CAST(? AS TEXT)"
    with town.kept():
        if not _is_legal(town, table, column, flipped.decode(errors="replace"), before):
            marks = _marks(town, table, rowid)
            town.run(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", flipped, rowid)
            _demand_named(town, marks, (flipped, before))


@pytest.mark.parametrize("table", metadata.tables)
def test_no_row_disappears_unseen(town: OpenTown, table: str) -> None:
    """A row that is deleted is missed by name."""
    for rowid in _rows(town, table)[-8:]:
        with town.kept():
            marks = _marks(town, table, rowid)
            town.run(f"DELETE FROM {table} WHERE rowid = ?", rowid)
            _demand_named(town, marks, marks)


@pytest.mark.parametrize("value", ["'hechuan'", "'x'", "7", "NULL", "x'07'", "CAST(x'ff' AS TEXT)"])
@pytest.mark.parametrize("table", [name for name in metadata.tables if name != "editions"])
def test_no_row_appears_unseen(town: OpenTown, table: str, value: str) -> None:
    """A row made of another one, with another key, is noticed.

    Not so a regulation that fits its hash, which is what `policy add` makes.
    """
    keys = [column.name for column in metadata.tables[table].primary_key]
    names = [column.name for column in metadata.tables[table].c]
    for rowid in _ends(_rows(town, table)):
        for key in keys:
            wanted = ", ".join(value if name == key else name for name in names)
            with town.kept():
                before = set(_all_rows(town, table))
                town.run(f"INSERT INTO {table} SELECT {wanted} FROM {table} WHERE rowid = {rowid}")
                if set(_all_rows(town, table)) != before:  # else no key would let it in
                    _demand_named(town, [""], key)


@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_no_swap_goes_unseen(town: OpenTown, table: str, column: str) -> None:
    """Two rows that trade what they say in one column are noticed."""
    one, two = _ends(_rows(town, table) * 2)
    first, second = (_row(town, table, rowid)[column] for rowid in (one, two))
    with town.kept():
        before = _all_rows(town, table)
        for rowid, value in ((one, second), (two, first)):
            town.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, rowid)
        if _all_rows(town, table) != before:
            _demand_named(town, [""], (first, second))


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        ("UPDATE logs SET size = x'ff' WHERE log = 'hechuan'", "the log hechuan"),
        ("UPDATE logs SET log = NULL WHERE log = 'hechuan'", "the log hechuan"),
        ("UPDATE entries SET position = 'x' WHERE position = 2", "hechuan#2"),
        ("UPDATE entries SET payload = 7 WHERE log = 'hechuan' AND position = 2", "hechuan#2"),
        ("UPDATE reading_heads SET generation = 'x'", "hechuan"),
        ("UPDATE register SET log = NULL WHERE center = 'hechuan/id:a'", "hechuan/id:a"),
        ("UPDATE register SET body = CAST(x'ff' AS TEXT)", "hechuan/id:a"),
    ],
)
def test_whoever_calls_it_is_told(town: OpenTown, change: str, mark: str) -> None:
    """The command as its users run it names the damage, as text and as JSON."""
    with town.kept():
        town.run(change)
        for words in ((), ("--json",)):
            answer = run(town.folder, "log", "verify", *words)
            assert (answer.status, "Traceback" in answer.stderr) == (5, False)
            assert mark in answer.stdout, answer.stderr
        assert answer.json["problems"]


@pytest.mark.parametrize("column", [column.name for column in metadata.tables["entries"].c])
def test_generation_changes_seen(restored: OpenTown, column: str) -> None:
    """The entry that opens a generation after a restore is named like any other."""
    where = "log = 'hechuan' AND type = 'GenerationOpened/1'"
    ((rowid, before),) = restored.run(f"SELECT rowid, {column} FROM entries WHERE {where}")
    marks = _marks(restored, "entries", rowid)
    for expression, value in changes(before):
        if not _is_legal(restored, "entries", column, value, before):
            with restored.kept():
                change = f"UPDATE entries SET {column} = {expression} WHERE rowid = ?"
                restored.run(change, value, rowid)
                _demand_named(restored, marks, (value, before))


def _demand_named(town: OpenTown, marks: list[str], what: object) -> None:
    """The check ends with 5, and says one of the marks, wherever its lines are broken."""
    said = town.command("log", "verify")
    text = "".join((said.stdout + said.stderr).split())
    assert said.status == 5, (what, text)
    assert any("".join(mark.split()) in text for mark in marks), (what, marks, text)


def _is_legal(town: OpenTown, table: str, column: str, value: object, before: Any) -> bool:
    """Whether the change leaves what it finds, or what a program may have written."""
    if type(value) is type(before) and value == before:
        return True
    if (table, column) == ("reading_heads", "position"):
        # Between the last entry of a center and the end of the log: behind are seals alone.
        return isinstance(value, int) and before <= value <= before + 1
    # Another schema is no damage: `taizhang` asks to be upgraded, or the ledger to be migrated.
    return (table, column) == ("meta", "value") and isinstance(value, str) and value.isdecimal()


def _rows(town: OpenTown, table: str, where: str = "TRUE") -> list[int]:
    """The rows one may change, by number."""
    known = EDITION if table == "editions" else "TRUE"
    found = town.run(f"SELECT rowid FROM {table} WHERE {known} AND {where} ORDER BY rowid")
    return [rowid for (rowid,) in found]


def _ends(rows: list[int]) -> list[int]:
    """The first and the last of them."""
    return [rows[0], rows[-1]] if len(rows) > 1 else rows


def _row(town: OpenTown, table: str, rowid: int) -> dict[str, Any]:
    names = [column.name for column in metadata.tables[table].c]
    (values,) = town.run(f"SELECT {', '.join(names)} FROM {table} WHERE rowid = ?", rowid)
    return dict(zip(names, values, strict=True))


def _all_rows(town: OpenTown, table: str) -> list[str]:
    return sorted(map(repr, town.run(f"SELECT * FROM {table}")))


def _marks(town: OpenTown, table: str, rowid: int) -> list[str]:
    """What has to be said of a row: its position, else its center, else its name."""
    row = _row(town, table, rowid)
    if table in ("entries", "keys", "vault"):
        return [f"{row['log']}#{row['position']}:"]
    if table in ("checkpoints", "cosignatures"):
        return [f"{row['log']}#{row['size'] - 1}:", f"{row['size']} entries"]
    return {
        "logs": [f"the log {row.get('log')}"],
        "stream_heads": [str(row.get("stream"))],
        "sealed_heads": [str(row.get("stream"))],
        "register": [str(row.get("center"))],
        "reading_heads": [f"{row.get('log')}/", f" of {row.get('log')}"],
        "files": [str(row.get("sha256"))],
        "editions": [str(row.get("sha256"))],
        "tiles": ["tile"],
        "meta": ["table meta", "in meta"],
    }[table]
