"""Rows that were damaged until nobody can read them are said to be so, and not the program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.counter import Run

LINE = (
    '{"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:a", '
    '"fact": "dissolution", "private": {"phone": "1"}}\n'
)

DAMAGE = {
    "payload no JSON": ("payload", b"x"),
    "payload too deep": ("payload", b'{"entry":' + b"[" * 100_000),
    "payload a list": ("payload", b"[]"),
    "payload a text": ("payload", "{}"),
    "private no JSON": ("private", "x"),
    "private of numbers": ("private", "[[1,2]]"),
    "attachments an object": ("attachments", "{}"),
}


@pytest.fixture
def sealed(run: Run) -> Run:
    """A sealed ledger of one entry with a private value."""
    assert run("init", "--no-passphrase").status == 0
    assert run("record", "-", stdin=LINE).status == 0
    assert run("log", "checkpoint").status == 0
    return run


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named(sealed: Run, damage: str) -> None:
    """Showing and exporting such an entry ends with 5 and names it."""
    column, value = DAMAGE[damage]
    with closing(sqlite3.connect(Path("taizhang.db"), isolation_level=None)) as database:
        database.execute("DROP TRIGGER entries_refuse_update")
        database.execute(f"UPDATE entries SET {column} = ? WHERE position = 0", (value,))
    for words in (("log", "show", "hechuan#0"), ("evidence", "export", "hechuan/id:a", "-o", "-")):
        said = sealed(*words)
        assert (said.status, "hechuan#0" in said.stderr) == (5, True)
