"""Filing again in the same procedure replaces the figures and undoes no act."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.command import Answer, run

CENTER = "beijing/id:a"
ROUND = "beijing:designation:2020"
FIGURES = {
    "main_revenue": 20000,
    "rd_expenditure": 1000,
    "rd_staff_full_time": 60,
    "equipment_value": 500,
    "valid_ip": 10,
    "invention_applications": 1,
}


def entry(kind: str, on: str, **own: Any) -> dict[str, Any]:
    """An entry of the center in the round."""
    return {"type": kind, "on": on, "center": CENTER, "round": ROUND, **own}


def record(folder: Path, *entries: dict[str, Any]) -> Answer:
    """Record entries as the office would."""
    lines = "".join(json.dumps(e, ensure_ascii=False) + "\n" for e in entries)
    return run(folder, "record", "-", "--json", stdin=lines)


def test_acts_stand_when_filed_again(tmp_path: Path) -> None:
    """An admitted application that is filed again stays admitted, and a proposed one proposed."""
    opened = {
        "type": "RoundOpened",
        "on": "2020-09-01",
        "round": ROUND,
        "deadline": "2020-09-30",
        "policy": "beijing/1",
        "policy_reason": "通知沿用本办法",
    }
    application = {"name": "甲", "industry": "manufacturing", "indicators": FIGURES}
    answer = record(
        tmp_path,
        opened,
        entry("ApplicationSubmitted", "2020-09-20", **application),
        entry("ApplicationAdmitted", "2020-09-24"),
        entry("ApplicationSubmitted", "2020-09-28", **application),
        entry("ReviewDecided", "2020-10-09", stage="completeness", passed=True),
        entry("ReviewDecided", "2020-10-23", stage="verification", passed=True),
        entry("DesignationProposed", "2020-10-26"),
        entry("ApplicationSubmitted", "2020-10-27", **application),
    )
    assert answer.status == 0, answer.stdout
    assert run(tmp_path, "center", "show", CENTER, "--json").json["status"] == "proposed"
