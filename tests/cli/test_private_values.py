"""No command that reads ever shows a private value or its salt, whatever it is asked for."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.desk import Desk
from support.commands import commands
from support.counter import Run, Said

CENTER = "xian/91610131MA100005XA"
EVALUATION = "xian:evaluation:2019"
DESIGNATION = "xian:designation:2017"

PRIVATE = (
    {"phone": "13800138000", "contact": {"name": "张三丰", "id_card": "11010119900307123X"}},
    {"salary_of_the_head": 1980750, "bank": "工商银行西安分行 6222021234567890123"},
    {"complainant": '李四光 said "quoted"\nand more', "mail": "lisiguang@example.com"},
    {"lawyer": "王五郎", "numbers": [70707070, 80808080]},
)
"""Values that are not found in anything by chance."""


def lines() -> Iterator[str]:
    """A center's years, some of it with private values, one of them erased in the end."""
    at = {"center": CENTER}
    evaluated = at | {"round": EVALUATION}
    yield from map(
        json.dumps,
        [
            {"type": "RoundOpened", "on": "2017-01-15", "round": DESIGNATION,
             "deadline": "2017-04-30"},
            {"type": "ApplicationSubmitted", "on": "2017-04-01", "round": DESIGNATION,
             "name": "甲公司", "private": PRIVATE[0], "key": "application"} | at,
            {"type": "CenterDesignated", "on": "2017-07-10", "round": DESIGNATION} | at,
            {"type": "RoundOpened", "on": "2019-01-15", "round": EVALUATION,
             "deadline": "2019-04-10"},
            {"type": "EvaluationSubmitted", "on": "2019-04-20", "private": PRIVATE[1]} | evaluated,
            {"type": "EvaluationScored", "on": "2019-06-01", "score": "58"} | evaluated,
            {"type": "GradeConfirmed", "on": "2019-07-01"} | evaluated,
            {"type": "ObjectionLodged", "on": "2019-07-03", "objection": "o1",
             "subject": "evaluation", "claim": "评分有误", "private": PRIVATE[2]} | at,
            {"type": "ReturnRequested", "on": "2020-03-01", "kind": "bulletin", "period": "2020Q1",
             "due": "2020-04-15"} | at,
            {"type": "CenterRevoked", "on": "2020-05-01", "grounds": ["16.1"],
             "private": PRIVATE[3]} | at,
            {"type": "PrivateErased", "on": "2020-06-01", "erases": "application",
             "fields": ["/phone"], "reason": "申请"} | at,
        ],
    )  # fmt: skip


READ = (
    f"center show {CENTER}",
    f"center show {CENTER} --known-at xian#6",
    "center list",
    "center list --csv",
    "center list --search 甲",
    f"center history {CENTER}",
    f"center why {CENTER}",
    f"center why {CENTER} --on 2019-12-31",
    f"center eligible {CENTER}",
    f"round show {EVALUATION}",
    f"round show {EVALUATION} --list",
    "audit",
    f"what-if {CENTER} --policy beijing/1",
    f"what-if {CENTER} --without xian#5",
    "deadlines --on 2020-03-02 --within 100",
    "deadlines --on 2020-03-02 --within 100 --ics -",
    "log show",
    *(f"log show xian#{number}" for number in range(12)),
    "log verify",
    "log checkpoint",
    "log checkpoint --newest",
    "log prove xian#1",
    "log consistency xian 1",
    "log witness request -o request",
    "log publish site",
    "log key show",
    f"evidence export {CENTER} -o -",
    "projection check",
    "projection rebuild",
)
"""Every command that reads, in the ways in which it reads."""

WRITES_OR_NEEDS_NO_LEDGER = {
    "backup", "demo", "evidence check", "evidence verifier", "init", "log key protect",
    "log key retire", "log key rotate", "log move", "log repair", "log witness add",
    "log witness init", "log witness send", "log witness serve", "log witness sign", "migrate",
    "policy add", "policy check", "policy diff", "policy list", "policy show", "record",
    "restore",
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the ledger, sealed; nothing private is written there by a test."""
    folder = tmp_path_factory.mktemp("private")
    desk = Desk(f"sqlite:///{folder}/taizhang.db", create=True)
    desk.initialise()
    desk.proofs.make_key("example.gov.cn", None)
    desk.record([line.encode() for line in lines()], historical=True)
    desk.proofs.checkpoint(["xian"], None)
    desk.close()
    return folder


@pytest.fixture(scope="module")
def secrets(kept: Path) -> frozenset[str]:
    """Every way in which a value or a salt could be spelled."""
    with closing(sqlite3.connect(kept / "taizhang.db")) as database:
        rows = database.execute("SELECT salt, value FROM vault").fetchall()
    found = {"13800138000"}  # erased, and no longer in the vault
    for salt, value in rows:
        text = value.decode()
        plain = json.loads(text)
        parts = plain if isinstance(plain, list) else [plain]
        found |= {text, *map(str, parts), *map(json.dumps, parts), *map(repr, parts)}
        for data in (salt, value):
            found |= {data.hex(), data.hex().upper(), b64encode(data).decode(), repr(data)[2:-1]}
    return frozenset(found)


def shows(said: Said, secrets: frozenset[str], folder: Path) -> set[str]:
    """What a command showed of that, on the screen or in files it wrote."""
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    shown = f"{said.stdout}{said.stderr}".encode() + written
    return {secret for secret in secrets if secret.encode() in shown}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("command", READ)
def test_nothing_private_is_shown(
    command: str, as_json: bool, kept: Path, secrets: frozenset[str], run: Run, tmp_path: Path
) -> None:
    """The command works, and neither of its outputs bears a private value or a salt."""
    more = ["--json"] if as_json and "--csv" not in command and "--ics" not in command else []
    said = run(*command.split(" "), *more, url=f"sqlite:///{kept}/taizhang.db")
    assert said.status in (0, 1), said.stderr
    assert shows(said, secrets, tmp_path) == set()


def test_vault_has_every_value(secrets: frozenset[str]) -> None:
    """What is looked for is what was filed."""
    leaves = ("张三丰", "11010119900307123X", "1980750", "lisiguang@example.com", "王五郎")
    assert set(leaves) <= secrets


def test_disclosing_shows_the_value(kept: Path, secrets: frozenset[str], run: Run) -> None:
    """A value that is disclosed on purpose is found by the same search."""
    url = f"sqlite:///{kept}/taizhang.db"
    said = run("evidence", "export", CENTER, "-o", "-", "--disclose", "all", url=url)
    assert "王五郎" in {secret for secret in secrets if secret in said.stdout}


def test_conflict_shows_no_value(kept: Path, secrets: frozenset[str], run: Run) -> None:
    """Sending an entry again with another private value is a conflict that shows neither."""
    line = next(line for line in lines() if '"application"' in line)
    again = line.replace("13800138000", "13900139000").replace("19900307", "19900308")
    said = run("record", "-", "--historical", stdin=again, url=f"sqlite:///{kept}/taizhang.db")
    assert said.status == 4
    shown = {secret for secret in {*secrets, "13900139000"} if secret in said.stdout + said.stderr}
    assert shown == set()


def test_every_command_is_listed() -> None:
    """A new command is put into one of the two lists here."""
    every = {words.removeprefix("taizhang ") for words, _ in commands()}
    read = {words for words in every if any(f"{one} ".startswith(f"{words} ") for one in READ)}
    assert every - read == WRITES_OR_NEEDS_NO_LEDGER
