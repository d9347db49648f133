"""An upheld objection bars what it objects to until that act is annulled and made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.command import Answer, run

CENTER = "hechuan/id:a"
FACT = {
    "type": "FactEstablished",
    "on": "2024-02-20",
    "center": CENTER,
    "fact": "tax_evasion",
    "decided_on": "2024-02-20",
}
REVOKED = {"type": "CenterRevoked", "center": CENTER, "grounds": ["16.7"]}


def record(folder: Path, *entries: dict[str, Any], historical: bool = False) -> Answer:
    """Record entries as the office would."""
    options = ["--historical"] if historical else []
    lines = "".join(json.dumps(entry) + "\n" for entry in entries)
    return run(folder, "record", "-", "--json", *options, stdin=lines)


def test_annulled_revocation_is_made_again(tmp_path: Path) -> None:
    """Once the revocation objected to is annulled, a new one is free of the objection."""
    opened = {
        "type": "RoundOpened",
        "on": "2022-03-01",
        "round": "hechuan:designation:2022",
        "deadline": "2022-04-29",
    }
    designated = {
        "type": "CenterDesignated",
        "on": "2022-09-15",
        "center": CENTER,
        "round": "hechuan:designation:2022",
        "name": "甲",
    }
    assert record(tmp_path, opened, designated, historical=True).status == 0
    first = record(tmp_path, FACT, {**REVOKED, "on": "2024-03-15", "key": "first"})
    assert first.status == 0, first.stdout
    objection = {
        "type": "ObjectionLodged",
        "on": "2024-03-18",
        "center": CENTER,
        "objection": "y1",
        "subject": "revocation",
        "claim": "处罚决定书未送达",
    }
    decided = {
        "type": "ObjectionDecided",
        "on": "2024-03-25",
        "center": CENTER,
        "objection": "y1",
        "outcome": "upheld",
        "reason": "属实",
    }
    annulled = {
        "type": "DecisionAnnulled",
        "on": "2024-03-26",
        "center": CENTER,
        "annuls": "first",
        "reason": "异议成立",
    }
    assert record(tmp_path, objection, decided, annulled).status == 0
    again = record(tmp_path, {**REVOKED, "on": "2024-05-06"})
    assert again.status == 0, again.stdout
    assert run(tmp_path, "center", "show", CENTER, "--json").json["revoked_on"] == "2024-05-06"
    codes = {found["code"] for found in run(tmp_path, "audit", "--json").json["findings"]}
    assert "objection_upheld" not in codes


def test_objection_without_an_edition_remembers_its_act(tmp_path: Path) -> None:
    """With no edition in force, too, an annulled act frees what is made anew."""
    policy = {"policy": "beijing/1", "policy_reason": "通知沿用本办法"}
    center = "beijing/id:a"
    opened = {
        "type": "RoundOpened",
        "on": "2019-09-02",
        "round": "beijing:designation:2019",
        "deadline": "2019-09-30",
        **policy,
    }
    designated = {
        "type": "CenterDesignated",
        "on": "2019-12-20",
        "center": center,
        "round": "beijing:designation:2019",
        "name": "甲",
    }
    revoked = {"type": "CenterRevoked", "center": center, "grounds": ["14.3"], **policy}
    fact = {
        "type": "FactEstablished",
        "on": "2023-01-10",
        "center": center,
        "fact": "false_materials",
    }
    objection = {
        "type": "ObjectionLodged",
        "on": "2023-02-10",
        "center": center,
        "objection": "y1",
        "subject": "revocation",
        "claim": "未告知",
    }
    decided = {
        "type": "ObjectionDecided",
        "on": "2023-02-20",
        "center": center,
        "objection": "y1",
        "outcome": "upheld",
        "reason": "属实",
        **policy,
    }
    annulled = {
        "type": "DecisionAnnulled",
        "on": "2023-02-21",
        "center": center,
        "annuls": "first",
        "reason": "异议成立",
        **policy,
    }
    assert record(tmp_path, opened, designated, historical=True).status == 0
    assert record(tmp_path, fact, {**revoked, "on": "2023-02-01", "key": "first"}).status == 0
    assert record(tmp_path, objection, decided, annulled).status == 0
    again = record(tmp_path, {**revoked, "on": "2023-03-20"})
    assert again.status == 0, again.stdout
