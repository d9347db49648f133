"""Whatever is changed in the register behind the program's back, `projection check` names it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cli.desk import Desk
from ledger.schema import reading_heads, register
from support.command import run
from support.places import Place, Places

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import orjson
from town import town

COLUMNS = [
    (table.name, column.name) for table in (register, reading_heads) for column in table.columns
]


@pytest.fixture(scope="module")
def sound(module_places: Places) -> Place:
    """A small ledger whose register agrees with its log."""
    place = module_places.new()
    lines = b"".join(orjson.dumps(entry) + b"\n" for entry in town(80))
    assert run(place, "record", "-", stdin=lines.decode()).status == 0
    assert run(place, "projection", "check").status == 0
    return place


@pytest.fixture
def place(sound: Place, places: Places) -> Place:
    """A copy to damage."""
    copy = places.new()
    copy.become(sound)
    return copy


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bytes):
        return value[:-2] + bytes([value[-2] ^ 1]) + value[-1:]
    if isinstance(value, int):
        return value + 7
    return value[:-1] + ("x" if value[-1:] != "x" else "y")


def edit(place: Place, sql: str, *parameters: Any) -> None:
    """Change the database behind the program's back."""
    with place.raw() as raw:
        raw.run(sql, *parameters)


def edit_one(place: Place, table: str, column: str, *, place_of_row: float = 0) -> None:
    """Change one cell: of the first row, or of the one so far down, on each engine the same."""
    key = "center" if table == "register" else "log"
    with place.raw() as raw:
        rows = raw.run(f"SELECT {key}, {column} FROM {table} ORDER BY {key}")
        row, value = rows[int(len(rows) * place_of_row)]
    if column == "log" and not place.is_file:
        place.free(table)  # a partition keeps what belongs to its log
    edit(place, f"UPDATE {table} SET {column} = ? WHERE {key} = ?", changed(value), row)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_names_the_altered_row(table: str, column: str, place: Place) -> None:
    """A changed cell of any column makes the check exit 5 and say where."""
    edit_one(place, table, column)
    answer = run(place, "projection", "check", "--json")
    assert answer.status == 5, answer.stdout
    problems = answer.json["problems"]
    assert problems
    assert all(problem["center"] for problem in problems)
    assert run(place, "projection", "rebuild").status == 0
    assert run(place, "projection", "check").status == 0


def test_names_the_missing_row(place: Place) -> None:
    """A deleted row is named by its center."""
    edit(place, "DELETE FROM register WHERE center = 'beijing/id:c0000003'")
    answer = run(place, "projection", "check", "--json")
    assert answer.status == 5
    assert [p["center"] for p in answer.json["problems"]] == ["beijing/id:c0000003"]


def test_names_the_invented_row(place: Place) -> None:
    """A row of a center without entries is named."""
    edit(
        place,
        "INSERT INTO register SELECT log, generation, 'beijing/id:ghost', name, status, entries, "
        "position, body FROM register LIMIT 1",
    )
    answer = run(place, "projection", "check", "--json")
    assert answer.status == 5
    assert [p["center"] for p in answer.json["problems"]] == ["beijing/id:ghost"]


def test_rebuild_restores_the_register(place: Place) -> None:
    """After a rebuild the register agrees again, with the digest it had."""
    before = run(place, "projection", "check", "--json").json["digests"]
    edit(place, "UPDATE register SET status = 'revoked'")
    assert run(place, "projection", "check").status == 5
    assert run(place, "projection", "rebuild", "--json").json["digests"] == before
    assert run(place, "projection", "check").status == 0


@pytest.fixture(scope="module", params=["unsealed", "sealed"])
def ledgers(request: pytest.FixtureRequest, module_places: Places) -> Place:
    """A ledger without a seal, and one with two seals and entries after them."""
    place = module_places.new()
    lines = [orjson.dumps(entry) for entry in town(120)]
    desk = Desk(place.url, create=True, trust=place.trust)
    if request.param == "sealed":
        desk.proofs.make_key(None, None)
    for some in (lines[:40], lines[40:90], lines[90:]):
        if desk.source.size("beijing") and request.param == "sealed":
            desk.proofs.checkpoint(["beijing"], None)
        desk.record(some)
    desk.close()
    return place


@pytest.fixture
def altered(ledgers: Place, places: Places) -> Place:
    """A copy of one of them, to alter; it has no keys."""
    copy = places.new()
    copy.become(ledgers)
    return copy


def _both(place: Place) -> tuple[list[str], list[str]]:
    """Centers whose row is wrong, by a verification, and by a comparison of every row."""
    desk = Desk(place.url, trust=place.folder)
    found = [p.center or "" for p in desk.verify().problems if p.code == "register_altered"]
    compared = [one.center for log in desk.check_logs() for one in desk.compare(log)]
    compared += [one.center for one in desk.strangers()]
    desk.close()
    return sorted(found), sorted(compared)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_verification_names_the_same(table: str, column: str, altered: Place) -> None:
    """What a verification saw on its way is what a comparison of every row sees."""
    edit_one(altered, table, column, place_of_row=0.5)
    found, compared = _both(altered)
    assert compared
    assert found == compared


@pytest.mark.parametrize("behind", [1, 20, 60])
def test_position_behind_is_noticed(behind: int, altered: Place) -> None:
    """Rows that say more than the position they are said to speak up to are wrong."""
    edit(altered, "UPDATE reading_heads SET position = position - ?", behind)
    found, compared = _both(altered)
    assert compared
    assert found == compared


def test_sound_register_is_folded_once(ledgers: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every row was seen to be right on the way, nothing is folded a second time."""
    monkeypatch.setattr(Desk, "compare", lambda *_: pytest.fail("compared again"))
    desk = Desk(ledgers.url, trust=ledgers.trust)
    assert desk.verify().problems == ()
    desk.close()
