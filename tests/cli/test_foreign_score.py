"""`what-if --table`: a filing scored by a foreign table, labelled so, and never by guesses."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from support.counter import HECHUAN_FILED, Run, record_filing
from support.make_messages import ROOT

WHOLE = """\
table: made/up
title: 自拟评分表
source: made up
full: "20"
items:
  rd_share: {shape: linear, name: share, unit: "%", weight: "10", basic: "10", full: "20"}
  plan: {shape: experts, name: plan, most: "10"}
"""


@pytest.fixture
def asked(run: Run) -> Run:
    """The command, on a ledger with one filing of Hechuan's form."""
    record_filing(run)
    return run


class TestScore:
    def test_it_is_called_foreign(self, asked: Run) -> None:
        """The answer says that the table is foreign, and beside it the score that is on file."""
        value = asked("what-if", HECHUAN_FILED, "--table", "yantai/2021-11", "--json").json
        assert (value["ok"], value["foreign"], value["own_score"]) == (True, True, "82.5")
        assert value["replaced"] == {"table": "yantai/2021-11"}

    def test_missing_is_no_zero(self, asked: Run) -> None:
        """What the form cannot tell is listed, has no points, and leaves no total."""
        value = asked("what-if", HECHUAN_FILED, "--table", "yantai/2021-11", "--json").json
        missing = ["super_deduction", "municipal_platforms", "projects"]
        assert (value["total"], value["missing"]) == (None, missing)
        assert [i["item"] for i in value["items"] if i["points"] is None] == missing
        assert Decimal(value["upper"]) - Decimal(value["lower"]) == 3 + 2 + 4

    def test_nothing_is_recorded(self, asked: Run) -> None:
        """The log is as long as before, and the center has the score it had."""
        before = asked("log", "show", "--json").json
        asked("what-if", HECHUAN_FILED, "--table", "yantai/2021-11")
        assert asked("log", "show", "--json").json == before

    def test_experts_close_an_open_part(self, asked: Run) -> None:
        """Points handed in stand for the part that the published table leaves to experts."""
        arguments = ["what-if", HECHUAN_FILED, "--table", "yantai/2023-07", "--json"]
        without = asked(*arguments).json
        points = asked(*arguments, "--expert", "expert_items=12.5").json
        assert Decimal(points["lower"]) - Decimal(without["lower"]) == Decimal("12.5")
        assert (without["upper"], points["open_parts"]) == (None, [])

    def test_a_table_of_ones_own(self, asked: Run, tmp_path: Path) -> None:
        """A table in a file scores as those that ship do; with every item known there is a
        total."""
        (tmp_path / "own.yaml").write_text(WHOLE, encoding="utf-8")
        arguments = ["what-if", HECHUAN_FILED, "--table", "own.yaml", "--json"]
        assert asked(*arguments).json["total"] is None
        value = asked(*arguments, "--expert", "plan=7.5").json
        assert (value["total"], value["missing"]) == ("13.9", [])

    def test_any_table_that_ships_is_spoken(self, asked: Run) -> None:
        """Names of items and what is said of them are Chinese in the Chinese answer."""
        folder = ROOT / "policies" / "scoring" / "tables"
        for path in sorted(folder.rglob("*.yaml")):
            table = path.relative_to(folder).with_suffix("").as_posix()
            said = asked("what-if", HECHUAN_FILED, "--table", table, language="zh").stdout
            assert "points" not in said
            assert "外地评分表" in said


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--table", "yantai/1999"), 2, "yantai/2021-11, yantai/2023-01"),
        (("--table", "yantai/2021-11", "--expert", "plan=1"), 2, "no item 'plan'"),
        (("--table", "yantai/2023-07", "--expert", "expert_items=-1"), 2, "less than none"),
        (("--table", "yantai/2023-07", "--expert", "expert_items=x"), 2, "ITEM=POINTS"),
        (("--table", "yantai/2023-07", "--expert", "expert_items"), 2, "ITEM=POINTS"),
        (("--table", "yantai/2023-07", "--expert", "expert_items=NaN"), 2, "ITEM=POINTS"),
        (("--table", "yantai/2021-11", "--round", "hechuan:evaluation:2021"), 3, "no filing"),
        (("--table", "none.yaml"), 3, "cannot be read"),
        (("--table", "yantai/2021-11", "--without", "hechuan#1"), 2, "exactly one thing"),
        (("--without", "hechuan#1", "--round", "hechuan:evaluation:2024"), 2, "go with --table"),
    ],
)
def test_what_cannot_be_scored(
    asked: Run, arguments: tuple[str, ...], status: int, words: str
) -> None:
    """Each mistake is named, with what would be right."""
    said = asked("what-if", HECHUAN_FILED, *arguments)
    assert (said.status, words in said.stderr) == (status, True), said.stderr


def test_only_a_form_has_figures(run: Run, town: str) -> None:
    """Where the regulation names no form, nobody can tell what a filing's figures mean."""
    center = "beijing/91110108MA1D00009X"
    said = run("what-if", center, "--table", "yantai/2021-11", url=town)
    assert (said.status, "names no form" in said.stderr) == (2, True)
