"""What a filing would score by the table of another place: which filing, whose points, and what is
asked for in vain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ledger.errors import LedgerError, MalformedError, NotFoundError
from policies.foreign_score import ForeignScore, foreign_score
from policies.scoring import Table, from_form, load_table, parse_table, score
from support.scenario import Line, given, judge

CENTER = "hechuan/id:a"
FIRST, SECOND = "hechuan:evaluation:2024", "hechuan:evaluation:2026"
YANTAI = load_table("yantai/2021-11")
SMALL = parse_table(
    b"""\
table: made/up
title: made up
source: made up
full: "10"
items:
  plan: {shape: experts, name: plan, most: "10"}
open_parts: {interview: what the interview gives}
""",
    source="made_up.yaml",
)


def filed(round_id: str, value: int) -> list[Line]:
    """A round and a filing in it with every figure of the form."""
    year = round_id[-4:]
    about = {"center": CENTER, "round": round_id}
    figures = {f"h{number}": value for number in range(1, 38)}
    return [
        {
            "type": "RoundOpened",
            "on": f"{year}-03-01",
            "round": round_id,
            "deadline": f"{year}-05-31",
        },
        {"type": "EvaluationSubmitted", "on": f"{year}-05-20", "indicators": figures, **about},
    ]


DESIGNATED: Line = {
    "type": "CenterDesignated",
    "on": "2022-09-15",
    "center": CENTER,
    "round": "hechuan:designation:2022",
    "name": "甲一机电有限公司",
    "historical": True,
}
SCORED: Line = {
    "type": "EvaluationScored",
    "on": "2024-06-25",
    "center": CENTER,
    "round": FIRST,
    "score": "75.5",
}
PAST = [DESIGNATED, *filed(FIRST, 9), SCORED, *filed(SECOND, 30)]


def asked(
    *lines: Line,
    table: Table = YANTAI,
    round_id: str | None = None,
    edition: str = "hechuan/2021",
    **experts: str,
) -> ForeignScore:
    """What the filing would score, after a past of these lines."""
    state = given(*lines).ledger.state(CENTER)
    points = {name: Decimal(value) for name, value in experts.items()}
    rules = judge().rulebook.edition(edition)
    return foreign_score(rules, state, table, round_id=round_id, experts=points)


def refusal(*lines: Line, error: type[LedgerError], **wanted: Any) -> str:
    """What is said of a question that cannot be answered."""
    with pytest.raises(error) as raised:
        asked(*lines, **wanted)
    return str(raised.value)


@pytest.mark.parametrize(("round_id", "value"), [(None, 30), (FIRST, 9), (SECOND, 30)])
def test_the_newest_filing_or_the_named(round_id: str | None, value: int) -> None:
    """Without a round the newest filing is scored, with one its own, by the figures filed then."""
    found = asked(*PAST, round_id=round_id)
    figures = {f"h{number}": Decimal(value) for number in range(1, 38)}
    assert found.round == (round_id or SECOND)
    assert found.scored == score(YANTAI, from_form(figures, form="hechuan_2021"))


def test_the_filing_is_named_by_its_entry() -> None:
    """The entries of the filing and of the score on file are told, and that score."""
    ledger = given(*PAST).ledger
    kinds = {r.type: r.position for r in ledger.log("hechuan") if r.on.year == 2024}
    first, second = asked(*PAST, round_id=FIRST), asked(*PAST, round_id=SECOND)
    assert first.filed == kinds["EvaluationSubmitted/1"]
    assert (first.own_score, first.own_entry) == (Decimal("75.5"), kinds["EvaluationScored/1"])
    assert (second.own_score, second.own_entry) == (None, None)


def test_an_application_is_a_filing() -> None:
    """What an application filed can be scored too; there is no score of its own on file."""
    name = "hechuan:designation:2023"
    figures = {f"h{number}": 9 for number in range(1, 38)}
    lines: list[Line] = [
        {"type": "RoundOpened", "on": "2023-03-01", "round": name, "deadline": "2023-05-31"},
        {
            "type": "ApplicationSubmitted",
            "on": "2023-05-20",
            "center": CENTER,
            "round": name,
            "name": "甲一机电有限公司",
            "indicators": figures,
        },
    ]
    found = asked(*lines)
    assert (found.round, found.own_score, found.own_entry) == (name, None, None)


def test_experts_points_are_added() -> None:
    """Points that experts give, for an item of theirs or an open part, close the total."""
    found = asked(*PAST, table=SMALL, plan="8.5", interview="3").scored
    assert (found.total, found.missing, found.open_parts) == (Decimal("11.5"), (), ())
    assert asked(*PAST, table=SMALL, plan="0", interview="3").scored.total == 3
    less = asked(*PAST, table=SMALL, interview="3").scored
    assert (less.total, less.missing) == (None, ("plan",))


def test_figures_stay_beside_experts_points() -> None:
    """Points of experts put no figure of the form aside."""
    left = [name for name, item in YANTAI.items.items() if item.unit == "分"]
    plain = asked(*PAST).scored
    more = asked(*PAST, **dict.fromkeys(left, "1")).scored
    assert more.partial == plain.partial + len(left)
    assert set(plain.missing) - set(more.missing) == set(left)


def test_no_such_item_is_left_to_experts() -> None:
    """An item that no expert scores is refused, with those that are theirs."""
    said = refusal(*PAST, error=MalformedError, table=SMALL, revenue="3")
    assert said == "made/up leaves no item 'revenue' to experts; it leaves them plan, interview"
    closed = parse_table(
        b'table: made/up\ntitle: a\nsource: a\nfull: "10"\nitems:\n'
        b'  share: {shape: linear, name: share, unit: "%", weight: "10", basic: "1", full: "2"}\n',
        source="made_up.yaml",
    )
    said = refusal(*PAST, error=MalformedError, table=closed, share="3")
    assert said == "made/up leaves no item 'share' to experts; it leaves them —"


def test_no_points_below_none() -> None:
    """Fewer points than none are refused."""
    said = refusal(*PAST, error=MalformedError, table=SMALL, plan="-0.5")
    assert said == "-0.5 points for plan are less than none"


def test_a_round_without_a_filing() -> None:
    """Where nothing was filed, the rounds with a filing are named."""
    said = refusal(*PAST, error=NotFoundError, round_id="hechuan:evaluation:2030")
    assert said == (
        f"no filing of {CENTER} is on file for hechuan:evaluation:2030; "
        f"rounds with one: {FIRST}, {SECOND}"
    )
    said = refusal(DESIGNATED, error=NotFoundError)
    assert said == f"no filing of {CENTER} is on file for —; rounds with one: —"


def test_a_regulation_without_a_form() -> None:
    """Where the regulation names no form, nobody knows what its figures mean."""
    said = refusal(*PAST, error=MalformedError, edition="xian/2016")
    assert said == (
        "xian/2016 names no form, so no table can tell what the figures of its filings mean"
    )
