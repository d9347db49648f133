"""Mending a damaged ledger from a backup, row by row."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.counter import Run, fact

ATTACHED = "处罚决定书"


@pytest.fixture
def backed(run: Run) -> Run:
    """A sealed ledger with private values and an attachment, its backup `b.db`, and more since."""
    Path("letter.txt").write_text(ATTACHED, encoding="utf-8")
    assert run("init", "--no-passphrase").status == 0
    letter = [{"name": "letter.txt", "path": "letter.txt"}]
    lines = fact("a", private={"phone": "1", "mail": "2"}, attachments=letter)
    lines += "".join(fact(f"n{number}") for number in range(300))
    assert run("record", "-", stdin=lines).status == 0
    assert run("log", "checkpoint").status == 0
    assert run("backup", "b.db").status == 0
    assert run("record", "-", stdin=fact("a", key="later") + fact("z")).status == 0
    assert run("log", "checkpoint").status == 0
    return run


def _alter(*statements: str, path: str = "taizhang.db") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


DAMAGE = {
    "payload": "UPDATE entries SET payload = '{}' WHERE position = 7",
    "day": "UPDATE entries SET effective = '2001-01-01' WHERE position = 7",
    "leaf": "UPDATE entries SET leaf = zeroblob(32) WHERE position = 7",
    "entry gone": "DELETE FROM entries WHERE position = 7",
    "range gone": "DELETE FROM entries WHERE position BETWEEN 3 AND 40",
    "private value": "UPDATE vault SET value = '\"9\"' WHERE path = '/phone'",
    "salt": "UPDATE vault SET salt = zeroblob(32) WHERE path = '/phone'",
    "private gone": "DELETE FROM vault WHERE path = '/phone'",
    "file": "UPDATE files SET content = x'00'",
    "file gone": "DELETE FROM files",
    "regulation gone": "DELETE FROM editions WHERE edition = 'hechuan/2021'",
    "tile": "UPDATE tiles SET hashes = zeroblob(8192)",
    "tile gone": "DELETE FROM tiles",
    "stream head": "UPDATE stream_heads SET version = 9 WHERE stream = 'hechuan/id:a'",
    "stream head gone": "DELETE FROM stream_heads WHERE stream = 'hechuan/id:a'",
    "log head": "UPDATE logs SET root = zeroblob(32)",
    "log size": "UPDATE logs SET size = 9",
    "key": "UPDATE keys SET position = 9 WHERE key = 'key-a'",
    "key gone": "DELETE FROM keys WHERE key = 'key-a'",
    "sealed head": "UPDATE sealed_heads SET status = zeroblob(32) WHERE stream = 'hechuan/id:a'",
    "sealed head gone": "DELETE FROM sealed_heads WHERE stream = 'hechuan/id:a'",
    "register": "UPDATE register SET status = 'designated' WHERE center = 'hechuan/id:a'",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_mended(backed: Run, damage: str) -> None:
    """Whatever was altered or deleted among what was sealed is put right, and signing goes on."""
    before = backed("log", "checkpoint", "--newest").stdout
    _alter(damage)
    if "register" not in damage:
        said = backed("log", "repair", "--from", "b.db", "--json")
        assert said.status == 0, said.stdout
        assert said.json["mended"]
    else:
        assert backed("projection", "rebuild").status == 0
    assert backed("log", "verify", "--json").json["problems"] == []
    assert backed("projection", "check").status == 0
    assert backed("log", "checkpoint").stdout == before


def test_a_sound_ledger_is_not_touched(backed: Run) -> None:
    """Where nothing is wrong nothing is written."""
    said = backed("log", "repair", "--from", "b.db", "--json").json
    assert (said["ok"], said["mended"]) == (True, [])


def test_only_damaged_rows_are_written(backed: Run) -> None:
    """The rows that were damaged are named, and no other is."""
    _alter(DAMAGE["payload"], DAMAGE["private gone"], DAMAGE["file"])
    said = backed("log", "repair", "--from", "b.db", "--json").json
    named = [(one["table"], one["place"], one["source"]) for one in said["mended"]]
    (digest,) = [place for table, place, _ in named if table == "files"]
    assert sorted(named) == [
        ("entries", "7", "backup"),
        ("files", digest, "backup"),
        ("vault", "0 /phone", "backup"),
    ]


def test_dry_run_changes_nothing(backed: Run) -> None:
    """--dry-run names what would be mended, and the damage stays."""
    _alter(DAMAGE["payload"])
    said = backed("log", "repair", "--from", "b.db", "--dry-run", "--json").json
    assert [one["place"] for one in said["mended"]] == ["7"]
    assert backed("log", "verify").status == 5


def test_erased_values_stay_erased(backed: Run) -> None:
    """A value that was erased is not brought back by a repair."""
    erase = {
        "type": "PrivateErased",
        "on": "2022-03-03",
        "center": "hechuan/id:a",
        "erases": "key-a",
        "fields": ["/phone"],
        "reason": "申请",
    }
    assert backed("record", "-", stdin=json.dumps(erase)).status == 0
    _alter("DELETE FROM vault WHERE path = '/mail'")
    said = backed("log", "repair", "--from", "b.db", "--json").json
    assert [one["place"] for one in said["mended"]] == ["0 /mail"]
    assert said["problems"] == []


def test_what_the_backup_lacks_is_left(backed: Run) -> None:
    """An entry recorded after the backup cannot be mended from it, and stays named."""
    _alter("UPDATE entries SET payload = '{}' WHERE position = 303")
    said = backed("log", "repair", "--from", "b.db", "--json")
    assert said.status == 5
    assert "hechuan#303" in {problem["position"] for problem in said.json["problems"]}


def test_triggers_come_back(backed: Run) -> None:
    """After a repair the tables refuse changes as before."""
    _alter(DAMAGE["payload"])
    assert backed("log", "repair", "--from", "b.db").status == 0
    with (
        closing(sqlite3.connect("taizhang.db")) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute("DELETE FROM entries")


def test_a_damaged_backup_mends_nothing(backed: Run) -> None:
    """A backup that is damaged itself is refused."""
    _alter(DAMAGE["day"], path="b.db")
    _alter(DAMAGE["payload"])
    said = backed("log", "repair", "--from", "b.db")
    assert said.status == 5
    assert "damaged itself" in said.stderr


def test_a_backup_of_others_mends_nothing(backed: Run) -> None:
    """A backup no checkpoint of which this ledger signed is refused."""
    other = "sqlite:///other.db"
    assert backed("init", "--no-passphrase", url=other).status == 0
    assert backed("record", "-", stdin=fact("a"), url=other).status == 0
    assert backed("log", "checkpoint", url=other).status == 0
    said = backed("log", "repair", "--from", "other.db")
    assert said.status == 3
    assert "signed by this ledger" in said.stderr
