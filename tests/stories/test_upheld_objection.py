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
