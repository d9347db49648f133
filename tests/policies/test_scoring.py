"""Scoring by a foreign table: points, ranges, units, and the tables that ship."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cli.wording import SENTENCES, sentence
from ledger.errors import MalformedError
from policies.scoring import (
    Contribution,
    Figure,
    Filing,
    Scored,
    Table,
    Unit,
    as_stated,
    from_form,
    load_sources,
    load_table,
    parse_sources,
    parse_table,
    score,
    table_ids,
)
from support.kept import agree, names_kept, plain

YANTAI = load_table("yantai/2021-11")
SOURCES = load_sources("hechuan_2021")

# A table that exists nowhere, with every shape.
MADE_UP = """\
table: made/up
title: made up
source: made up
full: "40"
items:
  revenue: {shape: linear, name: revenue, unit: 万元, weight: "10", basic: "100", full: "300"}
  share: {shape: linear, name: share, unit: "%", weight: "10", basic: "10", full: "20"}
  patents:
    shape: steps
    name: patents
    unit: 项
    steps:
      - {at_least: "1", points: "3"}
      - {at_least: "3", points: "5"}
      - {at_least: "6", points: "10"}
  plan: {shape: experts, name: plan, most: "10"}
bonus:
  prizes:
    name: prizes
    unit: 项
    steps: [{at_least: "1", points: "5"}, {at_least: "2", points: "10"}]
malus:
  accidents:
    name: accidents
    unit: 项
    steps: [{at_least: "1", points: "-5"}, {at_least: "2", points: "-20"}]
"""
KEPT = Path(__file__).parent / "scores" / "tables.json"
TABLE = parse_table(MADE_UP.encode(), source="made_up.yaml")
UNITS: dict[str, Unit] = {
    "revenue": "万元",
    "share": "%",
    "patents": "项",
    "plan": "分",
    "prizes": "项",
    "accidents": "项",
    "interview": "分",
}
ALL = {"revenue": 300, "share": 20, "patents": 6, "plan": 10, "prizes": 0, "accidents": 0}


def stated(**figures: Any) -> Filing:
    """Figures for the made-up table, in its units."""
    return as_stated(
        {name: (Decimal(str(value)), UNITS[name]) for name, value in figures.items()},
        source="made up",
    )


def points(**figures: Any) -> Decimal:
    """What the figures named earn."""
    return score(TABLE, stated(**figures)).partial


def part(scored: Scored, item: str) -> Contribution:
    """What one item earns."""
    return next(c for c in scored.contributions if c.item == item)


# --- the shapes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "earned", "say"),
    [
        (-50, "0", "scored_nothing"),
        (0, "0", "scored_nothing"),
        (50, "3", "scored_to_basic"),
        (100, "6", "scored_to_basic"),
        (150, "7", "scored_between"),
        (299.9999, "10.0000", "scored_between"),
        (300, "10", "scored_full"),
        (9000, "10", "scored_full"),
    ],
)
def test_a_line_has_two_thresholds(value: Any, earned: str, say: str) -> None:
    """Six tenths of the weight at the basic value, all of it at the full value, never more."""
    found = part(score(TABLE, stated(revenue=value)), "revenue")
    assert (found.lower, found.why.say) == (Decimal(earned), say)


@pytest.mark.parametrize(
    ("value", "earned"), [(0, 0), (0.99, 0), (1, 3), (2.9, 3), (3, 5), (5, 5), (6, 10), (60, 10)]
)
def test_steps_give_what_is_reached(value: Any, earned: int) -> None:
    """A figure earns the points of the highest step it reaches, and none below the first."""
    assert points(patents=value) == earned


@pytest.mark.parametrize("value", [0, "7.25", 10])
def test_experts_give_their_points(value: Any) -> None:
    """Experts' points count as they are given."""
    assert points(plan=value) == Decimal(str(value))


@pytest.mark.parametrize("value", [-1, "10.01"])
def test_experts_have_a_range(value: Any) -> None:
    """Points outside the experts' range are refused."""
    with pytest.raises(MalformedError, match="experts give 0 to 10 points"):
        points(plan=value)


@pytest.mark.parametrize(
    ("prizes", "accidents", "total"), [(0, 0, 40), (1, 0, 45), (2, 0, 50), (0, 1, 35), (3, 2, 30)]
)
def test_additions_and_deductions_count(prizes: int, accidents: int, total: int) -> None:
    """A bonus goes beyond the full points of the table, a malus below."""
    found = score(TABLE, stated(**{**ALL, "prizes": prizes, "accidents": accidents}))
    assert found.total == total


def test_a_threshold_of_zero_divides_nothing() -> None:
    """A basic value of 0 is no division: half of the way from 0 to full earns eight tenths."""
    table = load_table("yantai/2023-07")
    found = score(table, as_stated({"provincial_plan": (Decimal("0.5"), "项")}, source="made up"))
    assert part(found, "provincial_plan").lower == Decimal("1.6")


# --- what is missing ------------------------------------------------------------------------------


def test_missing_is_not_zero() -> None:
    """Without one figure there is no total, but a range, and the figure is named."""
    known = {name: value for name, value in ALL.items() if name != "revenue"}
    found = score(TABLE, stated(**known))
    assert found.total is None
    assert (found.lower, found.upper, found.partial) == (30, 40, 30)
    assert found.missing == ("revenue",)
    assert found.label.say == "scored_by_partly"
    zero = score(TABLE, stated(**{**ALL, "revenue": 0}))
    assert (zero.total, zero.missing) == (30, ())


def test_a_missing_deduction_may_cost() -> None:
    """A deduction nobody spoke of lowers the range, not what is known."""
    known = {name: value for name, value in ALL.items() if name != "accidents"}
    found = score(TABLE, stated(**known))
    assert (found.lower, found.upper, found.partial) == (20, 40, 40)


OPEN = parse_table((MADE_UP + "open_parts: {interview: an interview}\n").encode(), source="x.yaml")


def test_an_open_part_has_no_upper_end() -> None:
    """A table some of whose points are not at hand gives no total and no upper end."""
    found = score(OPEN, stated(**ALL))
    assert (found.total, found.lower, found.upper) == (None, 40, None)
    assert found.label.values["missing"] == ["interview"]


def test_stated_points_close_an_open_part() -> None:
    """Points that somebody states for the open part make the total known again."""
    found = score(OPEN, stated(**ALL, interview=7))
    assert (found.total, found.upper, found.missing, found.open_parts) == (47, 47, (), ())
    assert part(found, "interview").most is None


@pytest.mark.parametrize("staff", [0, -1])
def test_nothing_divided_by_nobody(staff: int) -> None:
    """Spending per person is undetermined where there is no person, and never an error."""
    found = score(YANTAI, from_form({"h7": Decimal(100), "h19": Decimal(staff)}))
    per_person = part(found, "rd_per_rd_person")
    assert (per_person.lower, per_person.upper) == (0, 8)
    assert per_person.why.say == "scored_no_divisor"
    assert per_person.why.values["divisor"] == "h19"


def test_a_loss_divides_no_loss() -> None:
    """A loss from new products over a total loss is no high share of profit."""
    found = score(YANTAI, from_form({"h3": Decimal(-10), "h5": Decimal(-5)}))
    assert part(found, "new_product_profit_share").is_known is False


# --- units ----------------------------------------------------------------------------------------

# The six shares that were once held as fractions against thresholds in per cent.
SHARES = {
    "rd_share": "0.16",
    "rd_staff_share": "0.36",
    "research_project_share": "0.03",
    "new_product_share": "0.19",
    "new_product_profit_share": "0.15",
    "profit_rate": "0.09",
}
OTHERS: dict[str, tuple[Decimal, Unit]] = {
    "rd_per_rd_person": (Decimal(12), "万元/人"),
    "super_deduction": (Decimal(0), "万元"),
    "experts_and_doctors": (Decimal(2), "人"),
    "external_months": (Decimal(5), "人月"),
    "invention_patents": (Decimal(6), "项"),
    "rd_projects": (Decimal(8), "项"),
    "upper_platforms": (Decimal(1), "项"),
    "municipal_platforms": (Decimal(2), "项"),
    "equipment_value": (Decimal(800), "万元"),
    "certified_labs": (Decimal(1), "项"),
    "patent_applications": (Decimal(7), "项"),
    "invention_applications": (Decimal(3), "项"),
    "standards_with_enterprise": (Decimal(2), "项"),
    "main_revenue": (Decimal(14000), "万元"),
    "science_awards": (Decimal(1), "项"),
    "quality_awards": (Decimal(1), "项"),
    "projects": (Decimal(1), "项"),
}


def with_shares(unit: Unit) -> Scored:
    """The same numbers as shares, said to be in the unit."""
    shares = {name: (Decimal(value), unit) for name, value in SHARES.items()}
    return score(YANTAI, as_stated({**OTHERS, **shares}, source="made up"))


def test_a_fraction_is_not_a_percentage() -> None:
    """One filing is failed or excellent by the unit alone, so the unit is part of the figure."""
    wrong, right = with_shares("%").total, with_shares("fraction").total
    assert wrong is not None
    assert right is not None
    assert (round(wrong), round(right)) == (52, 94)


def test_both_units_give_one_score() -> None:
    """12 % and the fraction 0.12 earn the same."""
    shares: dict[str, tuple[Decimal, Unit]] = {
        name: (Decimal(value) * 100, "%") for name, value in SHARES.items()
    }
    found = score(YANTAI, as_stated({**OTHERS, **shares}, source="made up"))
    assert found.total == with_shares("fraction").total


def test_the_form_gives_percentages() -> None:
    """A share taken from the form is a hundred times the quotient."""
    figure = from_form({"h1": Decimal(1000), "h7": Decimal(120)}).figures["rd_share"]
    assert (figure.value, figure.unit) == (Fraction(12), "%")


def test_a_table_may_ask_for_fractions() -> None:
    """A percentage becomes the fraction that a table asks for."""
    text = MADE_UP.replace('unit: "%"', "unit: fraction")
    text = text.replace('"10", full: "20"', '"0.1", full: "0.2"')
    table = parse_table(text.encode(), source="made_up.yaml")
    assert part(score(table, stated(share=15)), "share").figure == Decimal("0.15")
    assert part(score(table, stated(share=15)), "share").lower == 8


def test_another_unit_is_refused() -> None:
    """A figure is never converted between units that measure different things."""
    with pytest.raises(MalformedError, match="measured in 人, and the table scores it in 万元"):
        score(TABLE, as_stated({"revenue": (Decimal(1), "人")}, source="made up"))


# --- the published tables -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "full", "items", "missing", "approximate"),
    [
        ("yantai/2021-11", 120, 23, 3, 3),
        ("yantai/2023-01", 84, 29, 10, 4),
        ("yantai/2023-07", 110, 24, 6, 3),
    ],
)
def test_the_tables_are_complete(
    table: str, full: int, items: int, missing: int, approximate: int
) -> None:
    """Weights add up to the published sums, and every figure is on the form or known not to be."""
    found = load_table(table)
    assert (found.full, len(found.items)) == (full, items)
    assert set(found.items) <= {*SOURCES.figures, *SOURCES.absent}
    everything = from_form({f"h{number}": Decimal(100) for number in range(1, 38)})
    scored = score(found, everything)
    assert (len(scored.missing), len(scored.approximate)) == (missing, approximate)


def test_all_tables_are_listed() -> None:
    """The tables that ship are those of three dates."""
    assert table_ids() == ["yantai/2021-11", "yantai/2023-01", "yantai/2023-07"]


def test_the_form_reaches_111_of_120() -> None:
    """20 of the 23 items of November 2021 can be computed, three of them approximately."""
    everything = from_form({f"h{number}": Decimal(10**6) for number in range(1, 38)})
    found = score(YANTAI, everything)
    known = [c for c in found.contributions if c.is_known]
    assert (len(known), sum(c.most for c in known)) == (20, 111)
    assert found.missing == ("super_deduction", "municipal_platforms", "projects")
    assert found.approximate == ("certified_labs", "standards_with_enterprise", "quality_awards")
    assert found.total is None


def test_what_is_missing_is_not_approximate() -> None:
    """Only a figure that was filed can be an approximation."""
    found = score(YANTAI, from_form({"h16": Decimal(1)}))
    assert found.approximate == ("certified_labs",)


def test_the_form_is_used_as_listed() -> None:
    """The 24 figures of the form that bear on November 2021, and no others."""
    used = {
        figure
        for name in YANTAI.items
        if name in SOURCES.figures
        for figure in (*SOURCES.figures[name].of, *SOURCES.figures[name].by)
    }
    numbers = (1, 3, 4, 5, 7, *range(13, 18), 19, *range(23, 28), *range(30, 38))
    assert used == {f"h{number}" for number in numbers}


def test_one_filing_has_three_scores() -> None:
    """The same figures earn something else under each table, so the table's id goes with it."""
    filing = from_form({f"h{number}": Decimal(9) for number in range(1, 38)})
    found = {table: score(load_table(table), filing).lower for table in table_ids()}
    assert len(set(found.values())) == 3
    assert {score(load_table(t), filing).label.values["table"] for t in found} == set(found)


FILINGS = {
    **{text: dict.fromkeys(range(1, 38), Decimal(text)) for text in ("0", "0.5", "9", "1234.5678")},
    "some": {number: Decimal(number * number) / 4 for number in range(1, 38) if number % 5},
    "nothing": {},
}
"""Figures of the form, by what was filed in them."""

STATED = {
    "all": dict.fromkeys(UNITS, Decimal(5)),
    "no plan": dict.fromkeys(UNITS.keys() - {"plan"}, Decimal("150.25")),
    "no prizes": dict.fromkeys(UNITS.keys() - {"prizes", "interview"}, Decimal("2.5")),
    "nothing": {},
}
"""Figures of the made-up table."""


@pytest.mark.parametrize("table", table_ids())
@pytest.mark.parametrize("filed", FILINGS)
def test_the_whole_score_stands(table: str, filed: str) -> None:
    """Every item of every table says the same as before, with its figure, points and reason."""
    figures = {f"h{number}": value for number, value in FILINGS[filed].items()}
    agree(KEPT, f"{table}, {filed}", told(score(load_table(table), from_form(figures))))


@pytest.mark.parametrize("filed", STATED)
def test_the_whole_made_up_score_stands(filed: str) -> None:
    """Every item of the table with every shape says the same as before."""
    agree(KEPT, f"made up, {filed}", told(score(OPEN, stated(**STATED[filed]))))


def test_no_score_is_left_over() -> None:
    """Each score that is kept belongs to a table and a filing."""
    names = {f"{table}, {filed}" for table in table_ids() for filed in FILINGS}
    assert names_kept(KEPT.parent) == names | {f"made up, {filed}" for filed in STATED}


def told(scored: Scored) -> list[str]:
    """A score as lines: what stands beside it, then each item."""
    label, parts = scored.label, scored.contributions
    return [
        f"{scored.title}, {scored.source}, full {scored.full}, partial {scored.partial}",
        f"{label.result}: {label.say} {plain(label.values)}",
        plain(dict(scored.names)),
        *(
            f"{c.part} {c.item} {c.name}: {c.lower} to {c.upper} of {c.least} to {c.most}, "
            f"{c.figure} {c.unit}, {c.taken_from} {c.approximate} {c.flagged}, "
            f"{c.why.result}: {c.why.say} {plain(c.why.values)}"
            for c in parts
        ),
    ]


def test_points_may_pass_a_hundred() -> None:
    """The full points of a table are not 100, so the highest grade needs an open upper end."""
    stated_all = {name: (Decimal(10**6), item.unit) for name, item in YANTAI.items.items()}
    assert score(YANTAI, as_stated(stated_all, source="made up")).total == 120


def test_points_for_everybody_are_flagged() -> None:
    """An item whose thresholds are both 0 gives full points to every figure, and says so."""
    found = score(YANTAI, as_stated({"super_deduction": (Decimal(0), "万元")}, source="made up"))
    item = part(found, "super_deduction")
    assert (item.lower, item.why.say) == (3, "scored_without_threshold")
    assert item.flagged is not None


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('full: "40"', 'full: "100"', ": full: the items come to 40 points, not 100"),
        (
            'basic: "100", full: "300"',
            'basic: "0", full: "0"',
            ": items/revenue: basic and full are 0, so everybody gets full points: "
            "say in `flagged` why it stays",
        ),
        (
            'basic: "100", full: "300"',
            'basic: "300", full: "100"',
            ": items/revenue: 0 ≤ basic ≤ full does not hold: 300, 100",
        ),
        ('basic: "100"', 'basic: "-1"', ": items/revenue: 0 ≤ basic ≤ full does not hold: -1, 300"),
        (
            'weight: "10", basic: "100"',
            'weight: "0", basic: "100"',
            ": items/revenue: a weight is more than 0, not 0",
        ),
        (
            'weight: "10", basic: "100"',
            'weight: "9.99999", basic: "100"',
            ": items/revenue: points have at most 4 decimals: 9.99999",
        ),
        (
            '{at_least: "3", points: "5"}',
            '{at_least: "1", points: "5"}',
            ": items/patents: each step is higher than the one before",
        ),
        (
            '{at_least: "3", points: "5"}',
            '{at_least: "3", points: "2"}',
            ": items/patents: points have one sign and never turn back from step to step",
        ),
        (
            '- {at_least: "1", points: "3"}',
            '- {at_least: "0", points: "3"}',
            ": items/patents: the first step is at most 0, so everybody reaches it: "
            "say in `flagged` why it stays",
        ),
        (
            'points: "-5"',
            'points: "5"',
            ": malus/accidents: points have one sign and never turn back from step to step",
        ),
        ('most: "10"', 'most: "0"', ": items/plan: experts give more than 0 points at most"),
        ("  prizes:", "  plan:", ": bonus/plan: another part of the table scores this figure"),
        ("unit: 万元", "unit: 元", ": Invalid enum value '元' - at `$.items[...].unit`"),
        ("shape: experts", "shape: dice", ": Invalid value 'dice' - at `$.items[...].shape`"),
        (
            'weight: "10", basic: "100"',
            'weight: 1.5, basic: "100"',
            ", line 6: put the decimal 1.5 in quotes",
        ),
        ("title:", "tilte:", ": Object contains unknown field `tilte`"),
        (
            'full: "40"\n',
            'full: "40"\nopen_parts: {revenue: a}\n',
            ": open_parts/revenue: another part of the table scores this figure",
        ),
        (
            'full: "40"\n',
            'full: "40"\nopen_parts: {prizes: a}\n',
            ": open_parts/prizes: another part of the table scores this figure",
        ),
        (
            'full: "40"\n',
            'full: "40"\nopen_parts: {accidents: a}\n',
            ": open_parts/accidents: another part of the table scores this figure",
        ),
        (
            'full: "40"\n',
            'full: "40"\nopen_parts: {interview: a, accidents: b}\n',
            ": open_parts/accidents: another part of the table scores this figure",
        ),
        (
            "  accidents:\n",
            "  prizes:\n",
            ": malus/prizes: another part of the table scores this figure",
        ),
        (
            "  accidents:\n",
            "  revenue:\n",
            ": malus/revenue: another part of the table scores this figure",
        ),
        (
            "  prizes:\n",
            "  share:\n",
            ": bonus/share: another part of the table scores this figure",
        ),
        ('full: "40"', 'full: "40.5"', ": full: the items come to 40 points, not 40.5"),
        ('full: "40"', 'full: "39"', ": full: the items come to 40 points, not 39"),
        (
            'points: "5"}, {at_least: "2", points: "10"}',
            'points: "-5"}, {at_least: "2", points: "-10"}',
            ": bonus/prizes: points have one sign and never turn back from step to step",
        ),
        (
            'points: "-20"',
            'points: "-4"',
            ": malus/accidents: points have one sign and never turn back from step to step",
        ),
        (
            'points: "-20"',
            'points: "-20.00001"',
            ": malus/accidents: points have at most 4 decimals: -20.00001",
        ),
        (
            '[{at_least: "1", points: "5"}, {at_least: "2", points: "10"}]',
            "[]",
            ": bonus/prizes: at least one step is needed",
        ),
        (
            '{at_least: "2", points: "-20"}',
            '{at_least: "1", points: "-20"}',
            ": malus/accidents: each step is higher than the one before",
        ),
        ('most: "10"', 'most: "-1"', ": items/plan: experts give more than 0 points at most"),
        (
            'most: "10"',
            'most: "10.00001"',
            ": items/plan: points have at most 4 decimals: 10.00001",
        ),
        (
            'weight: "10", basic: "100"',
            'weight: "-10", basic: "100"',
            ": items/revenue: a weight is more than 0, not -10",
        ),
        (
            '- {at_least: "1", points: "3"}',
            '- {at_least: "1", points: "-3"}',
            ": items/patents: points have one sign and never turn back from step to step",
        ),
        (
            '- {at_least: "1", points: "3"}',
            '- {at_least: "-1", points: "3"}',
            ": items/patents: the first step is at most 0, so everybody reaches it: "
            "say in `flagged` why it stays",
        ),
        (
            '- {at_least: "1", points: "3"}',
            '- {at_least: "1", points: "3.12345"}',
            ": items/patents: points have at most 4 decimals: 3.12345",
        ),
        (
            'basic: "100", full: "300"',
            'basic: "300.5", full: "300"',
            ": items/revenue: 0 ≤ basic ≤ full does not hold: 300.5, 300",
        ),
    ],
)
def test_a_defect_is_named(old: str, new: str, message: str) -> None:
    """A table that contradicts itself is not loaded, and the message says where."""
    assert old in MADE_UP
    with pytest.raises(MalformedError) as raised:
        parse_table(MADE_UP.replace(old, new, 1).encode(), source="made_up.yaml")
    assert str(raised.value) == f"made_up.yaml{message}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('full: "40"\n', 'full: "40"\nopen_parts: {interview: a}\n'),
        ('basic: "100", full: "300"', 'basic: "300", full: "300"'),
        ('basic: "100", full: "300"', 'basic: "0", full: "0", flagged: a'),
        ('basic: "100", full: "300"', 'basic: "0", full: "300"'),
        ('{at_least: "3", points: "5"}', '{at_least: "3", points: "3"}'),
        ('points: "-20"', 'points: "-5"'),
        ('weight: "10", basic: "100"', 'weight: "10.0000", basic: "100"'),
        ('- {at_least: "1", points: "3"}', '- {at_least: "0.5", points: "0"}'),
        (
            '    unit: 项\n    steps:\n      - {at_least: "1", points: "3"}',
            '    unit: 项\n    flagged: a\n    steps:\n      - {at_least: "0", points: "3"}',
        ),
    ],
)
def test_what_is_just_no_defect(old: str, new: str) -> None:
    """On the near side of each bound a table is loaded, and keeps the hash of its file."""
    assert old in MADE_UP
    data = MADE_UP.replace(old, new, 1).encode()
    assert parse_table(data, source="made_up.yaml").sha256 == sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("a: {of: [h1], unit: 万元}", None),
        ("a: {of: [h38], unit: 万元}", "the form has no figure 'h38'"),
        ("a: {of: [h1], by: [h0], unit: 万元}", "the form has no figure 'h0'"),
        ("a: {of: [], unit: 万元}", "at least one figure"),
        ('a: {of: [h1], unit: "%"}', "a share needs what it is divided by"),
        ("b: {of: [h1], unit: 万元}", "it stands among the absent too"),
    ],
)
def test_sources_name_figures_of_the_form(text: str, defect: str | None) -> None:
    """What a figure is made of stands on the form."""
    data = f"form: hechuan_2021\nfigures:\n  {text}\nabsent:\n  b: made up\n".encode()
    if defect is None:
        assert parse_sources(data, source="made_up.yaml").form == "hechuan_2021"
        return
    with pytest.raises(MalformedError, match=r"made_up\.yaml") as raised:
        parse_sources(data, source="made_up.yaml")
    assert defect in str(raised.value)


@pytest.mark.parametrize("name", ["yantai/2099", "yantai", "../tables/yantai/2021-11", ""])
def test_an_unknown_table_is_refused(name: str) -> None:
    """A table that is not at hand is named, with those that are."""
    with pytest.raises(MalformedError, match="yantai/2023-07"):
        load_table(name)


@pytest.mark.parametrize("name", ["hechuan_2099", "../figures/hechuan_2021"])
def test_an_unknown_form_is_refused(name: str) -> None:
    """A form without sources is named."""
    with pytest.raises(MalformedError, match="no figures to score"):
        from_form({}, form=name)


# --- any filing -----------------------------------------------------------------------------------

VALUES = st.decimals(-1000, 100000, places=3)
FIGURES: dict[str, st.SearchStrategy[Decimal]] = {
    "revenue": VALUES,
    "share": VALUES,
    "patents": VALUES,
    "plan": st.decimals(0, 10, places=2),
    "prizes": VALUES,
    "accidents": VALUES,
}
COMPLETE = st.fixed_dictionaries(FIGURES)
INDICATORS = st.dictionaries(
    st.sampled_from([f"h{number}" for number in range(1, 38)]),
    st.decimals(-100, 10**9, places=2),
)
SHIPPED = st.sampled_from([load_table(table) for table in table_ids()])


@given(COMPLETE, st.sampled_from(sorted(FIGURES)), st.decimals(0, 1000, places=3))
def test_a_higher_figure_never_costs(figures: dict[str, Decimal], name: str, more: Decimal) -> None:
    """Points rise with every figure, except deductions, which fall."""
    raised = {**figures, name: figures[name] + more}
    assume(name != "plan" or raised["plan"] <= 10)
    before, after = points(**figures), points(**raised)
    assert before >= after if name == "accidents" else before <= after


@given(SHIPPED, INDICATORS, st.sampled_from(["h13", "h25", "h30", "h31", "h32", "h36"]))
def test_more_of_a_result_never_costs(
    table: Table, indicators: dict[str, Decimal], name: str
) -> None:
    """A figure of the form that divides nothing never lowers the score when it rises."""
    fewer = {name: Decimal(0), **indicators}
    more = {**fewer, name: fewer[name] + 1}
    assert score(table, from_form(fewer)).lower <= score(table, from_form(more)).lower


@given(SHIPPED, INDICATORS)
def test_points_stay_in_their_bounds(table: Table, indicators: dict[str, Decimal]) -> None:
    """Each item earns no less and no more than any figure could, and they add up to the total."""
    found = score(table, from_form(indicators))
    for c in found.contributions:
        assert c.least <= c.lower <= c.upper <= c.most
        assert (c.lower == c.upper) or not c.is_known
    assert sum(c.lower for c in found.contributions) == found.lower <= found.full
    assert found.total is None


@given(COMPLETE, st.sets(st.sampled_from(sorted(FIGURES))))
def test_a_range_holds_every_completion(figures: dict[str, Decimal], hidden: set[str]) -> None:
    """Whatever the missing figures are, the total lies in the range that was given without them."""
    known = {name: value for name, value in figures.items() if name not in hidden}
    part_of = score(TABLE, stated(**known))
    whole = score(TABLE, stated(**figures)).total
    assert whole is not None
    assert part_of.upper is not None
    assert part_of.lower <= whole <= part_of.upper
    assert set(part_of.missing) == hidden
    assert (part_of.total is None) is bool(hidden)


@given(INDICATORS, INDICATORS)
def test_a_fuller_form_narrows_the_range(
    known: dict[str, Decimal], more: dict[str, Decimal]
) -> None:
    """Figures of the form filed later only narrow the range."""
    before = score(YANTAI, from_form(known))
    after = score(YANTAI, from_form({**more, **known}))
    assert before.upper is not None
    assert after.upper is not None
    assert before.lower <= after.lower <= after.upper <= before.upper


@given(SHIPPED, INDICATORS)
def test_every_score_can_be_spoken(table: Table, indicators: dict[str, Decimal]) -> None:
    """The label and every reason have a sentence with nothing missing in it."""
    found = score(table, from_form(indicators))
    for why in (found.label, *(c.why for c in found.contributions)):
        assert why.say in SENTENCES
        assert "—" not in sentence(why.say, why.values)


def test_every_sentence_is_used() -> None:
    """Each sentence about scores is spoken by some filing."""
    spoken = {score(TABLE, stated(**ALL)).label.say, with_shares("%").label.say}
    for figures in (ALL, {}, {**ALL, "revenue": 0, "patents": 0, "share": 5}, {"share": 15}):
        spoken |= {c.why.say for c in score(TABLE, stated(**figures)).contributions}
        spoken.add(score(TABLE, stated(**figures)).label.say)
    spoken |= {c.why.say for c in with_shares("%").contributions}
    spoken.add(part(score(OPEN, stated(interview=1)), "interview").why.say)
    empty = score(load_table("yantai/2023-01"), from_form({"h7": Decimal(1), "h19": Decimal(0)}))
    spoken |= {empty.label.say, *(c.why.say for c in empty.contributions)}
    wanted = {say for say in SENTENCES if say.startswith("scored_")}
    assert wanted <= spoken


def test_a_figure_may_be_unknown() -> None:
    """A figure without a value is missing, whoever made the filing."""
    filing = Filing("made up", {"revenue": Figure(None, "万元")}, {})
    assert "revenue" in score(TABLE, filing).missing
