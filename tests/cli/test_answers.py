"""JSON answers have the shapes of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.counter import DEMO, GULOU, HAITANG, YINXING, Run

FINDING = {"center", "code", "message", "cite"}
NODE = {"claim", "cite", "entries", "interpretation", "result", "because"}
CENTER = {
    "ok",
    "center",
    "scheme",
    "name",
    "former_names",
    "on",
    "known_at",
    "status",
    "designated_on",
    "revoked_on",
    "grounds",
    "counters",
    "ban",
    "warning",
    "certificate",
    "last_evaluation",
    "open",
    "entries",
    "position",
}
ENTRY = {
    "position",
    "type",
    "on",
    "recorded_at",
    "by",
    "document",
    "summary",
    "findings",
    "deviations",
    "ruling",
    "annulled_by",
}


@pytest.mark.parametrize("center", [GULOU, YINXING, HAITANG])
def test_show_has_its_keys(center: str, run: Run, town: str) -> None:
    """`center show` has exactly the keys of the contract, `ok` first."""
    said = run("center", "show", center, "--json", url=town)
    assert set(said.json) == CENTER | {"upto"}
    assert next(iter(said.json)) == "ok"
    assert set(said.json["open"]) == {"publicity", "objections", "rectification"}


def test_ban_has_its_keys(run: Run, town: str) -> None:
    """A ban says from when to when, on which grounds, by which article."""
    ban = run("center", "show", YINXING, "--on", "2023-01-31", "--json", url=town).json["ban"]
    assert set(ban) == {"from", "last_day", "first_eligible_day", "years", "grounds", "cite"}
    assert ban["cite"] == {"edition": "beijing/1", "article": "第十五条"}


def test_history_has_its_keys(run: Run, town: str) -> None:
    """Entries of a history have exactly the keys of the contract."""
    said = run("center", "history", GULOU, "--json", url=town)
    assert set(said.json) == {"ok", "center", "entries", "upto"}
    assert all(set(entry) == ENTRY for entry in said.json["entries"])


def test_history_since_a_day(run: Run, town: str) -> None:
    """`--since` leaves out what took effect before."""
    said = run("center", "history", GULOU, "--since", "2022-09-15", "--json", url=town)
    assert [entry["on"] for entry in said.json["entries"]] == [
        "2022-09-15",
        "2022-09-20",
        "2022-10-14",
        "2022-10-17",
    ]


@pytest.mark.parametrize("center", [GULOU, YINXING, HAITANG])
def test_why_has_its_keys(center: str, run: Run, town: str) -> None:
    """Every step of an explanation has exactly the keys of the contract."""
    said = run("center", "why", center, "--json", url=town).json
    assert set(said) == {"ok", "center", "answer", "because", "why_not", "upto"}
    assert said["answer"] == said["because"]["claim"]
    steps = list(nodes([said["because"], *said["why_not"]]))
    assert all(set(node) == NODE for node in steps)
    assert all(set(n["cite"]) == {"edition", "document", "article"} for n in steps if n["cite"])


def test_eligible_has_its_keys(run: Run, town: str) -> None:
    """Eligibility says yes or no, from when, and every reason."""
    said = run("center", "eligible", YINXING, "--on", "2023-01-31", "--json", url=town).json
    assert {"ok", "eligible", "first_eligible_day", "findings", "undetermined"} <= set(said)
    assert said["ok"] is said["eligible"] is False
    assert all(set(finding) >= FINDING for finding in said["findings"])


def test_audit_has_its_keys(run: Run, town: str) -> None:
    """An audit says how many acts, and each finding with what was recorded and ruled."""
    said = run("audit", "--json", url=town).json
    assert {"ok", "acts", "findings"} <= set(said)
    keys = FINDING | {"position", "recorded", "ruled"}
    assert all(set(finding) >= keys for finding in said["findings"])


def test_receipt_has_its_keys(run: Run) -> None:
    """A receipt counts, names positions and heads, and holds every finding with its line."""
    said = run("record", str(DEMO / "town.jsonl"), "--json", url="sqlite:///new.db").json
    keys = {"ok", "recorded", "skipped", "positions", "logs", "findings", "deviations"}
    assert set(said) == keys | {"upto", "repeated"}
    assert said["recorded"] == len(said["positions"]) == said["logs"]["beijing"]["size"]
    assert all(set(finding) >= FINDING | {"line"} for finding in said["findings"])


def test_refusal_holds_all_findings(run: Run, town: str) -> None:
    """A refused file names the line and every reason."""
    stdin = (DEMO / "again.jsonl").read_text(encoding="utf-8")
    error = run("record", "-", "--json", url=town, stdin=stdin).json["error"]
    assert {"code", "message", "line", "findings"} <= set(error)
    assert error["code"] == "refused"
    assert error["findings"][0]["code"] == "ground_unmet"
    assert error["findings"][0]["cite"] == {"edition": "beijing/1", "article": "第十四条（二）"}


def test_malformed_names_every_line(run: Run, town: str) -> None:
    """A malformed file names every bad line."""
    error = run("record", "-", "--json", url=town, stdin="{}\n\n[]\n").json["error"]
    assert error["line"] == 1
    assert [problem["line"] for problem in error["errors"]] == [1, 3]


def test_verification_has_its_keys(run: Run, town: str) -> None:
    """A verification says size and root, and that nothing external was compared."""
    said = run("log", "verify", "--json", url=town).json
    assert {"ok", "size", "root", "against", "problems"} <= set(said)
    assert said["size"] == 145
    assert said["logs"]["beijing"]["root"] == said["root"]
    assert said["against"] == said["problems"] == []


def test_leaf_hashes_to_what_is_stored(run: Run, town: str) -> None:
    """`log show` prints the very text whose hash is stored."""
    from hashlib import sha256

    said = run("log", "show", "beijing#139", "--json", url=town).json
    assert sha256(b"\x00" + said["leaf"].encode()).hexdigest() == said["leaf_hash"]
    assert said["leaf_hash"] == said["stored_hash"]
    assert said["payload"]["entry"]["key"] == "gulou-revoked"


@pytest.mark.parametrize("edition", ["beijing/1", "hechuan/2021", "xian/2016"])
def test_edition_cites_every_value(edition: str, run: Run) -> None:
    """`policy show` gives bands, grounds and readings, each with its article."""
    said = run("policy", "show", edition, "--json").json
    parts = [*said["grades"], *said["grounds"], *said["conditions"], *said["interpretations"]]
    assert parts
    assert all(part["cite"]["edition"] == edition for part in parts)
    assert all(i["default"] in i["values"] for i in said["interpretations"])


def nodes(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every step of an explanation."""
    for node in found:
        yield node
        yield from nodes(node["because"])
