"""On a ledger that somebody altered, every command that reads gives an answer, or ends with 5 and
says what is damaged: never with a traceback, and never with a mistake of its own.

Which answer it gives is not asked here: only `log verify` sees whether a value is the one that was
recorded (test_every_cell.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.schema import metadata
from support.command import run
from support.sealed_town import CENTER, ROUND, OpenTown, make_town, open_town
from support.tampering import changes

READING = [
    ("center", "show", CENTER),
    ("center", "history", CENTER, "--known-at", "hechuan#7", "--json"),
    ("center", "why", "hechuan/id:c"),
    ("center", "eligible", CENTER, "--known-at", "2026-12-01T04:00:10Z"),
    ("center", "list"),
    ("center", "list", "--search", "企业", "--json"),
    ("audit",),
    ("deadlines",),
    ("round", "show", ROUND),
    ("log", "show"),
    ("log", "show", "hechuan#2", "--json"),
    ("log", "verify", "--quick"),
    ("log", "verify", "--scheme", "hechuan", "--since", "6", "--json"),
    ("log", "prove", "hechuan#2", "-o", "-"),
    ("evidence", "export", CENTER, "-o", "-"),
    ("projection", "check"),
    ("policy", "show", "hechuan/2021"),
    ("what-if", "--scheme", "hechuan", "--policy", "hechuan/2021"),
]
ENDINGS = {0, 1, 3, 5}
"""An answer, a truthful no, nothing there, damage."""
DEEP = {"entries", "logs", "register", "reading_heads", "editions", "meta", "vault"}
"""Tables that these commands read; the others are tried with one change a column."""
CELLS = [(name, column.name) for name, table in metadata.tables.items() for column in table.c]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenTown]:
    """The ledger, open to anything."""
    made = make_town(tmp_path_factory.mktemp("made"))
    copy = open_town(made, tmp_path_factory.mktemp("open"))
    yield copy
    copy.close()


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_every_command_comes_to_an_end(town: OpenTown, table: str, column: str) -> None:
    """Some values of other types in the cell of a row that is read."""
    rowid, before = _cell(town, table, column)
    found = list(changes(before))
    start = CELLS.index((table, column))
    for step in (0, 2, 4) if table in DEEP else (3,):  # others in other columns
        expression, value = found[(start + step) % len(found)]
        with town.kept():
            town.run(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", value, rowid)
            for words in READING:
                _demand_ending(town, words, value)


@pytest.mark.slow
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_command_comes_to_an_end(town: OpenTown, data: st.DataObject) -> None:
    """Any value in any row of a table that is read."""
    table, column = data.draw(st.sampled_from([cell for cell in CELLS if cell[0] in DEEP]))
    rows = town.run(f"SELECT rowid, {column} FROM {table}")
    rowid, before = data.draw(st.sampled_from(rows))
    expression, value = data.draw(st.sampled_from(list(changes(before))))
    with town.kept():
        town.run(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", value, rowid)
        _demand_ending(town, data.draw(st.sampled_from(READING)), value)


@pytest.mark.parametrize(
    ("change", "words", "mark"),
    [
        ("recorded = 7", ("center", "history", CENTER), "hechuan#2"),
        ("recorded = 'yesterday'", ("center", "history", CENTER), "hechuan#2"),
        ("stream = x'ff'", ("audit",), "hechuan#2"),
        ("version = 'x'", ("center", "show", CENTER), "hechuan#2"),
        ("payload = '{}'", ("center", "why", CENTER), "hechuan#2"),
        ("version = 'x'", ("log", "verify", "--quick"), "hechuan#2"),
        ("version = 'x'", ("log", "verify", "--scheme", "hechuan", "--since", "6"), "before 6"),
    ],
)
def test_unreadable_entry_is_named(
    town: OpenTown, change: str, words: tuple[str, ...], mark: str
) -> None:
    """An entry that holds what no entry holds is named, with status 5."""
    with town.kept():
        town.run(f"UPDATE entries SET {change} WHERE log = 'hechuan' AND position = 2")
        said = town.command(*words)
        assert (said.status, mark in said.stdout + said.stderr) == (5, True), said.stderr


@pytest.mark.parametrize("words", [("center", "list"), ("audit",), ("log", "show")])
def test_whoever_calls_it_is_told(town: OpenTown, words: tuple[str, ...]) -> None:
    """The command as its users run it says which log has a damaged head."""
    with town.kept():
        town.run("UPDATE logs SET size = x'ff' WHERE log = 'hechuan'")
        answer = run(town.folder, *words)
        assert (answer.status, "Traceback" in answer.stderr) == (5, False)
        assert "the head of the log hechuan" in answer.stderr


@pytest.mark.parametrize(
    ("table", "column"), [cell for cell in CELLS if cell[0] in ("register", "reading_heads")]
)
def test_rebuild_mends_the_register(town: OpenTown, table: str, column: str) -> None:
    """Whatever stands in a cell of the register, a rebuild puts it right."""
    rowid, before = _cell(town, table, column)
    for expression, value in changes(before):
        with town.kept():
            town.run(f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?", value, rowid)
            assert town.command("projection", "rebuild").status == 0, value
            assert town.command("log", "verify").status == 0, value


def _cell(town: OpenTown, table: str, column: str) -> tuple[int, object]:
    """The cell of a row that the commands read; only the other log has tiles."""
    wanted = {"entries": "log = 'hechuan' AND position = 2", "editions": "edition = 'hechuan/2021'"}
    here = "log = 'hechuan'" if "log" in metadata.tables[table].c and table != "tiles" else "TRUE"
    where = wanted.get(table, here)
    ((rowid, value), *_) = town.run(f"SELECT rowid, {column} FROM {table} WHERE {where}")
    return rowid, value


def _demand_ending(town: OpenTown, words: tuple[str, ...], what: object) -> None:
    said = town.command(*words)
    assert said.status in ENDINGS, (words, what, said.stderr)
    assert said.status != 5 or said.stderr + said.stdout, (words, what)
