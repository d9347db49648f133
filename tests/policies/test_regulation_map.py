from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from policies.edition import Edition
from support import make_regulation_map
from support.make_regulation_map import Row, defects
from support.scenario import judge

ROWS = make_regulation_map.rows()
COUNTS = {"BJ": 45, "XA": 64, "HC": 52, "HN": 5, "HF": 15}
SHARED = Path(os.environ.get("TAIZHANG_SHARED", Path(__file__).parents[3] / "shared"))
INVENTORY = SHARED / "rules" / "inventory.md"
RULED = next(row for row in ROWS if row.id == "BJ-06")


def edition(edition_id: str) -> Edition:
    """An edition as its file says."""
    return judge().rulebook.edition(edition_id)


def decided(found: Edition) -> set[str]:
    """The places of an edition that decide something, as the map names them."""
    rules, chapter = found.designation, found.evaluation
    return {
        *(f"designation/conditions/{c.indicator}" for c in rules.conditions),
        *(f"designation/reviews/{s.stage}" for s in rules.reviews),
        *(f"evaluation/grades/{g.word}" for g in chapter.grades),
        *(f"evaluation/counters/{name}" for name in chapter.counters),
        *(f"revocation/grounds/{ground}" for ground in found.revocation.grounds),
    }


def test_every_rule_has_a_row() -> None:
    """The rules are as many as the inventory counts, and numbered without a gap."""
    wanted = [f"{part}-{n:02}" for part, count in COUNTS.items() for n in range(1, count + 1)]
    assert [row.id for row in ROWS] == wanted


@pytest.mark.skipif(not INVENTORY.exists(), reason="the inventory of rules is not at hand")
def test_the_rows_are_the_inventory() -> None:
    """Each row of the inventory is mapped, and nothing else."""
    printed = re.findall(r"^\| ((?:BJ|XA|HC|HN|HF)-\d+) \|", INVENTORY.read_text("utf-8"), re.M)
    assert Counter(row.id for row in ROWS) == Counter(printed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_reference_leads_somewhere(row: Row) -> None:
    """A rule is ruled, attested or left to discretion, and what it names exists."""
    assert list(defects(row)) == []


@pytest.mark.parametrize("edition_id", ["beijing/1", "xian/2016", "hechuan/2021"])
def test_what_decides_is_mapped(edition_id: str) -> None:
    """Each condition, review, grade, counter and ground of an edition belongs to a rule."""
    mapped = {place for row in ROWS if row.file == edition_id for place in row.rule}
    assert decided(edition(edition_id)) <= mapped


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": (), "shown": ()}, "BJ-06 is nothing"),
        ({"discretion": "it is weighed"}, "BJ-06 is ['rule', 'discretion']"),
        ({"shown": ()}, "a rule is shown by cases"),
        ({"rule": ("designation/conditions/profit",)}, "there is no designation/conditions/profit"),
        ({"rule": ("evaluation/grades/9",)}, "there is no evaluation/grades/9"),
        ({"rule": ("policies.rules.admission.guess",)}, "there is no policies.rules.admission"),
        ({"rule": ("policies.no.such",)}, "there is no policies.no.such"),
        ({"shown": ("beijing/conditions: profit",)}, "no case or test 'beijing/conditions"),
        ({"rule": (), "shown": (), "attested": ("RoundOpened.mood",)}, "field RoundOpened.mood"),
        ({"rule": (), "shown": (), "attested": ("RoundClosed.on",)}, "field RoundClosed.on"),
        (
            {"rule": (), "shown": (), "attested": ("ApplicationSubmitted.attested.lucky",)},
            "field ApplicationSubmitted.attested.lucky",
        ),
    ],
)
def test_a_broken_row_is_told(change: dict[str, object], said: str) -> None:
    """A row with no kind or two, or with a reference that leads nowhere, is a defect."""
    assert said in "; ".join(defects(replace(RULED, **change)))  # type: ignore[arg-type]


def test_the_map_is_that_of_the_rows() -> None:
    """docs/regulation-map.md is what `python tests/support/make_regulation_map.py` writes."""
    page = make_regulation_map.page(ROWS)
    assert make_regulation_map.PAGE.read_text(encoding="utf-8") == page
