"""Rows looked up and replaced by many keys at once: the same on every engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, select

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.keys import KeyRow, insert_keys
from ledger.lookup import Lookup, Replacement
from ledger.recorder import Draft, append
from ledger.schema import keys, sealed_heads
from support.asked import asked

NOW = "2026-11-23T08:31:27.123456Z"
ODD = ["", 'a"b', "a\\b", "a,b", "{a}", "NULL", "null", "a'b", "合川", " a ", "A", "a", "%s", "$1"]
COUNT = 1_200  # more than are asked for at once

LOOKUP = Lookup(keys, keys.c.key, keys.c.stream, keys.c.position, key="key", order=("stream",))
HEADS = Replacement(sealed_heads, same=("log",), key="stream")


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    """Two logs with an entry each; in the first, two keys of each name, one in the other."""
    made = open_engine(ledger_url, create=True)
    with write_transaction(made) as connection:
        for log in ("beijing", "xian"):
            draft = Draft(f"{log}/id:a", None, "X/1", "2023-06-30", b"{}")
            append(connection, log, [draft], recorded_at=NOW)
        rows = [
            KeyRow(name, stream, 0, bytes(32)) for name in names() for stream in ("beijing/b", "a")
        ]
        insert_keys(connection, "beijing", rows)
        insert_keys(connection, "xian", [KeyRow("a", "xian/x", 0, bytes(32))])
    yield made
    made.dispose()


def names() -> list[str]:
    """The odd ones, and many plain ones."""
    return [*ODD, *(f"k{number}" for number in range(COUNT))]


@pytest.mark.parametrize("wanted", [ODD, names(), ["a"], ["a", "a", "none"], ["none"], []])
def test_rows_of_each_value_are_found(wanted: list[str], engine: Engine) -> None:
    """Each value has its rows, in order; values that are asked for twice, or are not there, too."""
    with read_transaction(engine) as connection:
        found = list(LOOKUP.rows(connection, "beijing", among=wanted))
    expected = [
        (name, stream, 0)
        for name in dict.fromkeys(wanted)
        for stream in ("a", "beijing/b")
        if name in names()
    ]
    assert sorted(map(tuple, found)) == sorted(expected)
    streams: dict[str, list[str]] = {}
    for name, stream, _ in found:
        streams.setdefault(name, []).append(stream)
    assert all(ordered == ["a", "beijing/b"] for ordered in streams.values())


def test_rows_come_in_the_order_of_sorted_values(engine: Engine) -> None:
    """Values given sorted come back sorted, on every engine, over all that is asked at once."""
    wanted = sorted(names())
    with read_transaction(engine) as connection:
        found = [row[0] for row in LOOKUP.rows(connection, "beijing", among=wanted)]
    assert found == [name for name in wanted for _ in range(2)]


def test_other_rows_are_left_alone(engine: Engine) -> None:
    """A lookup is of the rows that are alike in what was given."""
    with read_transaction(engine) as connection:
        assert [tuple(row) for row in LOOKUP.rows(connection, "xian", among=ODD)] == [
            ("a", "xian/x", 0)
        ]
        assert not list(LOOKUP.rows(connection, "hechuan", among=names()))


def test_nothing_is_asked_for_no_values(engine: Engine) -> None:
    """Where nothing is wanted, the database is left in peace."""
    with read_transaction(engine) as connection, asked(connection) as statements:
        assert not list(LOOKUP.rows(connection, "beijing", among=()))
        HEADS.write(connection, [])
    assert not statements


def heads(connection: Connection) -> dict[tuple[str, str], tuple[int, bytes, bytes]]:
    """What is kept of the streams of every log."""
    return {
        (row.log, row.stream): (row.version, row.leaf, row.status)
        for row in connection.execute(select(sealed_heads))
    }


def test_rows_are_replaced(engine: Engine) -> None:
    """Rows with a known key take the place of those, others are added, and none else changes."""

    def rows(log: str, version: int, some: list[str]) -> list[tuple[object, ...]]:
        return [(log, name, version, bytes([version]) * 32, bytes(32)) for name in some]

    with write_transaction(engine) as connection:
        HEADS.write(connection, rows("beijing", 1, ODD[1:]))
        HEADS.write(connection, rows("xian", 1, ODD[1:]))
        HEADS.write(connection, rows("beijing", 2, [*ODD[4:7], "new"]))
        HEADS.write(connection, rows("beijing", 3, ["a"]))
    with read_transaction(engine) as connection:
        found = heads(connection)
    changed = dict.fromkeys([*ODD[4:7], "new"], 2) | {"a": 3}
    versions = {("xian", name): 1 for name in ODD[1:]}
    versions |= {("beijing", name): changed.get(name, 1) for name in [*ODD[1:], "new"]}
    assert found == {key: (n, bytes([n]) * 32, bytes(32)) for key, n in versions.items()}
