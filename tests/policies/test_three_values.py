"""Yes, no and undetermined: what is known stays known, whatever is learned beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.case import Case
from policies.edition import Condition
from policies.outcome import all_hold, any_holds
from policies.rules.admission import basic_conditions, meets
from policies.rules.grading import grade_of
from projections.center import Application, CenterState, Evaluation, new_center
from support.cases import background
from support.scenario import MemoryLedger, judge, knowledge_of

VALUES = (True, False, None)
SCHEMES = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
INDUSTRIES = ("manufacturing", "software", "construction", "industrial_service", "other")
FIGURES = (
    0,
    1,
    9,
    10,
    59,
    60,
    79,
    80,
    99,
    100,
    299,
    300,
    500,
    999,
    1000,
    2000,
    19999,
    20000,
    150000,
)

NOTICES = knowledge_of(
    r
    for entry in background("hechuan", "evaluation-2024")
    for r in MemoryLedger().record(entry).recorded
)

names = st.sampled_from(
    [
        "main_revenue",
        "revenue",
        "rd_expenditure",
        "rd_staff",
        "rd_staff_full_time",
        "equipment_value",
        "valid_ip",
        "invention_applications",
        "premises_area",
        "h7",
        "h13",
        "h19",
    ]
)
figures = st.dictionaries(names, st.sampled_from(FIGURES).map(Decimal), max_size=9)
industries = st.one_of(st.none(), st.sampled_from(INDUSTRIES))


def case_of(scheme: str, state: CenterState, round_id: str | None = None) -> Case:
    """The scheme's regulation before that state."""
    edition = judge().rulebook.edition(SCHEMES[scheme])
    return judge().case(edition, state, date(2024, 7, 1), NOTICES, round_id)


def conditions(
    scheme: str,
    indicators: dict[str, Any],
    industry: str | None,
    floors: tuple[bool, int] | None,
) -> list[bool | None]:
    """What each condition of the scheme says of an application."""
    round_id = f"{scheme}:designation:2020"
    application = Application(round_id, date(2020, 5, 1), 0, industry, indicators, {}, None)
    attested = {} if floors is None else {round_id: floors}
    state = CenterState(f"{scheme}/id:x", application_floors=attested)
    return [found.result for found in basic_conditions(case_of(scheme, state), application)]


class TestKleene:
    @pytest.mark.parametrize(("first", "second"), list(product(VALUES, VALUES)))
    def test_conjunction_and_disjunction_mirror(
        self, first: bool | None, second: bool | None
    ) -> None:
        """What is not both is one of the two that is not, three values long."""
        turned = {True: False, False: True, None: None}
        both = all_hold([first, second])
        assert turned[both] is any_holds([turned[first], turned[second]])

    @pytest.mark.parametrize("known", list(product(VALUES, repeat=3)))
    def test_learning_flips_no_answer(self, known: tuple[bool | None, ...]) -> None:
        """An answer given with an open question stands however the question is answered."""
        for combine in (all_hold, any_holds):
            answer = combine(known)
            for learned in (True, False):
                fuller = [learned if value is None else value for value in known]
                assert answer is None or combine(fuller) is answer

    def test_nothing_asked_holds(self) -> None:
        """No conditions are all met; no ground at all is not met."""
        assert (all_hold([]), any_holds([])) == (True, False)


class TestConditions:
    @settings(max_examples=300)
    @given(
        st.sampled_from(sorted(SCHEMES)),
        figures,
        figures,
        industries,
        st.sampled_from(INDUSTRIES),
        st.one_of(st.none(), st.booleans()),
    )
    def test_a_further_fact_flips_nothing(
        self,
        scheme: str,
        filed: dict[str, Any],
        further: dict[str, Any],
        industry: str | None,
        learned: str,
        attested: bool | None,
    ) -> None:
        """A figure, an industry or an attestation more leaves every known answer as it was.

        A figure of the form stands in only while the named one is absent, so it is no further fact.
        """
        less = {name: value for name, value in filed.items() if not name.startswith("h")}
        more = {**further, **less}
        floors = None if attested is None else (attested, 1)
        before = conditions(scheme, less, industry, None)
        after = conditions(scheme, more, industry or learned, floors)
        for old, new in zip(before, after, strict=True):
            assert old is None or new is old

    @settings(max_examples=200)
    @given(st.sampled_from(INDUSTRIES), st.sampled_from(FIGURES).map(Decimal))
    def test_an_open_industry_covers_all(self, industry: str, value: Decimal) -> None:
        """What is known without an industry is what every industry would say."""
        for condition in judge().rulebook.edition("beijing/1").designation.conditions:
            open_answer = answer(condition, None, value)
            assert open_answer is None or open_answer is answer(condition, industry, value)

    def test_a_missing_figure_is_never_zero(self) -> None:
        """Where a figure is missing nothing is decided, neither met nor missed."""
        for edition_id in SCHEMES.values():
            for condition in judge().rulebook.edition(edition_id).designation.conditions:
                assert (
                    answer(
                        condition, condition.only_for[0] if condition.only_for else "other", None
                    )
                    is None
                )


def answer(condition: Condition, industry: str | None, value: Decimal | None) -> bool | None:
    """What the condition says of one figure."""
    case = case_of("beijing", new_center("beijing/id:x"))
    indicators = {} if value is None else {condition.indicator: value}
    return meets(case, condition, indicators, industry, None).result


class TestGrades:
    def test_a_full_filing_is_graded(self) -> None:
        """With every figure filed in time the grade is known."""
        full = {name: Decimal(100) for name in ("rd_expenditure", "rd_staff", "equipment_value")}
        assert self.graded(Decimal(80), full) == "良好"

    @settings(max_examples=200)
    @given(
        st.sampled_from(["55", "60", "62", "65", "80", "90"]).map(Decimal),
        st.dictionaries(
            st.sampled_from(["rd_expenditure", "rd_staff", "equipment_value"]),
            st.sampled_from([9, 10, 99, 100, 101]).map(Decimal),
        ),
        st.dictionaries(
            st.sampled_from(["rd_expenditure", "rd_staff", "equipment_value"]),
            st.sampled_from([9, 10, 99, 100, 101]).map(Decimal),
        ),
    )
    def test_a_further_figure_flips_no_grade(
        self, score: Decimal, filed: dict[str, Any], further: dict[str, Any]
    ) -> None:
        """A grade that was certain with figures missing is the grade with them."""
        less, more = (self.graded(score, figures) for figures in (filed, {**further, **filed}))
        assert less is None or less == more

    @staticmethod
    def graded(score: Decimal, indicators: dict[str, Any]) -> str | None:
        """The grade of a Hechuan center that filed those figures in time."""
        round_id = "hechuan:evaluation:2024"
        filed_on = date(2024, 5, 20)
        evaluation = Evaluation(
            round_id,
            2024,
            filed_on=filed_on,
            filed=1,
            first_filed_on=filed_on,
            indicators=indicators,
            score=score,
        )
        state = CenterState("hechuan/id:x", standing="designated", evaluations=(evaluation,))
        return grade_of(case_of("hechuan", state, round_id), round_id).grade
