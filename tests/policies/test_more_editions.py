"""The editions of which only published results are known: what they say is ruled, on both sides of
each bound, and what they do not hold is left open."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policies.edition import UNKNOWN_ARTICLE, Edition
from support.scenario import Line, Scenario, given, judge

PARTIAL = (
    "guangxi/2018",
    "jiangsu/2020",
    "jinzhong/2023",
    "national/2007",
    "national/2016",
    "zhejiang/2019",
)
NATIONAL_FIGURES = {"rd_staff": 150, "equipment_value": 2000, "rd_expenditure": 1500}
REASON = "通知称依据该办法"


def edition_of(edition_id: str) -> Edition:
    """An edition that ships with the program."""
    return judge().rulebook.edition(edition_id)


def center_of(edition_id: str) -> str:
    """A center of the edition's scheme."""
    return f"{edition_id.partition('/')[0]}/id:one"


def round_of(edition_id: str) -> str:
    """A round that the edition rules."""
    scheme, _, version = edition_id.partition("/")
    return f"{scheme}:evaluation:{int(version) + 3}"


def designated(edition_id: str) -> list[Line]:
    """A center designated before the round, and the round's notice."""
    scheme, _, version = edition_id.partition("/")
    year = int(version)
    own = {"policy": edition_id, "policy_reason": REASON}
    return [
        {
            "type": "CenterDesignated",
            "on": f"{year}-12-01",
            "center": center_of(edition_id),
            "round": f"{scheme}:designation:{year}",
            "name": "某企业",
            "historical": True,
            **own,
        },
        {
            "type": "RoundOpened",
            "on": f"{year + 3}-03-01",
            "round": round_of(edition_id),
            "deadline": f"{year + 3}-04-10",
            **own,
        },
    ]


def scored(
    edition_id: str, score: str, *, figures: dict[str, Any] | None = None, floors: bool = True
) -> list[Line]:
    """The same, with what was filed and the score; every floor attested, or measured."""
    year = int(edition_id.partition("/")[2]) + 3
    common = {"center": center_of(edition_id), "round": round_of(edition_id)}
    filed: dict[str, Any] = {"type": "EvaluationSubmitted", "on": f"{year}-04-01", **common}
    lines = [*designated(edition_id), filed | ({"indicators": figures} if figures else {})]
    if floors and not figures:
        lines.append(
            {"type": "FloorsAttested", "on": f"{year}-05-01", **common, "met": True, "report": "r"}
        )
    return [*lines, {"type": "EvaluationScored", "on": f"{year}-05-01", **common, "score": score}]


def act(edition_id: str, type_name: str, **fields: Any) -> Line:
    """An act on that center in that round."""
    year = int(edition_id.partition("/")[2]) + 3
    line = {"type": type_name, "on": f"{year}-06-01", "center": center_of(edition_id), **fields}
    return (
        line
        if "grounds" in fields or "number" in fields
        else {**line, "round": round_of(edition_id)}
    )


class TestBands:
    @pytest.mark.parametrize(
        ("edition_id", "score", "grade", "warned"),
        [
            ("national/2007", "90", "优秀", None),
            ("national/2007", "89.9999", "合格", None),
            ("national/2007", "62", "合格", None),
            ("national/2007", "60", "合格", None),
            ("national/2007", "59.9999", "不合格", False),
            ("national/2016", "90", "优秀", False),
            ("national/2016", "89.9999", "良好", False),
            ("national/2016", "65", "良好", False),
            ("national/2016", "64.9999", "基本合格", True),
            ("national/2016", "60", "基本合格", True),
            ("national/2016", "59.9999", "不合格", False),
            ("jiangsu/2020", "85", "优秀", False),
            ("jiangsu/2020", "84.9999", "良好", False),
            ("jiangsu/2020", "65", "良好", False),
            ("jiangsu/2020", "64.9999", "合格", False),
            ("jiangsu/2020", "60", "合格", False),
            ("jiangsu/2020", "59.9999", "不合格", False),
            ("zhejiang/2019", "85", "优秀", False),
            ("zhejiang/2019", "84.9999", "良好", False),
            ("zhejiang/2019", "75", "良好", False),
            ("zhejiang/2019", "74.9999", "合格", False),
            ("zhejiang/2019", "65", "合格", False),
            ("zhejiang/2019", "64.9999", "合格", True),
            ("zhejiang/2019", "60", "合格", True),
            ("zhejiang/2019", "59.9999", "不合格", False),
            ("guangxi/2018", "90", "优秀", None),
            ("guangxi/2018", "89.9999", "良好", None),
            ("guangxi/2018", "65", "良好", None),
            ("guangxi/2018", "64.9999", "基本合格", None),
            ("guangxi/2018", "60", "基本合格", None),
            ("guangxi/2018", "59.9999", "不合格", False),
            ("jinzhong/2023", "65.0001", "合格", False),
            ("jinzhong/2023", "65", "合格", True),
            ("jinzhong/2023", "60", "合格", True),
            ("jinzhong/2023", "59.9999", "不合格", False),
        ],
    )
    def test_the_grade_of_a_score(
        self, edition_id: str, score: str, grade: str, warned: bool | None
    ) -> None:
        """Each bound of each band, and a step of a score below it; warned is open where the text on
        warnings is not at hand."""
        figures = NATIONAL_FIGURES if edition_id == "national/2016" else None
        scenario = given(scored(edition_id, score, figures=figures))
        scenario.when(act(edition_id, "GradeConfirmed")).then(
            recorded=True, grade=grade, warned=warned
        )

    @pytest.mark.parametrize("indicator", sorted(NATIONAL_FIGURES))
    @pytest.mark.parametrize(("below", "grade"), [("0", "良好"), ("0.01", "不合格")])
    def test_the_floors_of_order_34(self, indicator: str, below: str, grade: str) -> None:
        """A figure on the floor passes; the least bit below it fails whatever the score."""
        least = NATIONAL_FIGURES[indicator] - (1 if below != "0" and indicator == "rd_staff" else 0)
        value = Decimal(least) - (0 if indicator == "rd_staff" else Decimal(below))
        figures = NATIONAL_FIGURES | {indicator: str(value)}
        given(scored("national/2016", "80", figures=figures)).when(
            act("national/2016", "GradeConfirmed")
        ).then(recorded=True, grade=grade)

    def test_a_floor_not_filed_leaves_the_grade_open(self) -> None:
        """Order 34 has floors, so a grade without the figures is undetermined."""
        figures = {"rd_staff": 150, "equipment_value": 2000}
        given(scored("national/2016", "80", figures=figures)).when(
            act("national/2016", "GradeConfirmed")
        ).then(refused=["grade_undetermined"])


class TestGrounds:
    @pytest.mark.parametrize(
        ("edition_id", "ground"),
        [
            ("national/2016", "failed"),
            ("jiangsu/2020", "failed"),
            ("zhejiang/2019", "failed"),
        ],
    )
    @pytest.mark.parametrize(("score", "met"), [("59.99", True), ("60", False)])
    def test_a_failed_evaluation(self, edition_id: str, ground: str, score: str, met: bool) -> None:
        """不合格 carries a revocation, and any other grade does not."""
        figures = NATIONAL_FIGURES if edition_id == "national/2016" else None
        scenario = given(
            scored(edition_id, score, figures=figures), act(edition_id, "GradeConfirmed")
        ).when(act(edition_id, "CenterRevoked", grounds=[ground]))
        self._check(scenario, met=met)

    @pytest.mark.parametrize(
        ("edition_id", "ground", "day", "met"),
        [
            ("national/2016", "not_filed", "2019-04-11", True),
            ("national/2016", "not_filed", "2019-04-10", False),
            ("jiangsu/2020", "not_filed", "2023-04-11", True),
            ("jiangsu/2020", "not_filed", "2023-04-10", False),
            ("guangxi/2018", "overdue", "2021-05-12", False),  # 10 April rolls to Monday the 12th
            ("guangxi/2018", "overdue", "2021-05-13", True),
        ],
    )
    def test_nothing_filed(self, edition_id: str, ground: str, day: str, met: bool) -> None:
        """Not filing revokes from the day after the deadline, in Guangxi a month later."""
        missed = {**act(edition_id, "EvaluationNotSubmitted"), "on": day}
        scenario = given(designated(edition_id), missed).when(
            act(edition_id, "CenterRevoked", grounds=[ground])
        )
        self._check(scenario, met=met)

    @pytest.mark.parametrize(("fact", "met"), [("serious_discredit", True), ("tax_evasion", False)])
    def test_serious_discredit_in_jiangsu(self, fact: str, met: bool) -> None:
        """Serious discredit since the designation revokes; another fact is another matter."""
        line = {
            "type": "FactEstablished",
            "on": "2022-01-10",
            "center": center_of("jiangsu/2020"),
            "fact": fact,
        }
        scenario = given(designated("jiangsu/2020"), line).when(
            act("jiangsu/2020", "CenterRevoked", grounds=["serious_discredit"])
        )
        self._check(scenario, met=met)

    def _check(self, scenario: Scenario, *, met: bool) -> None:
        """A ban follows of which nobody here knows the length."""
        if not met:
            scenario.then(refused=["ground_unmet"])
            return
        scenario.then(recorded=True)
        ban = scenario.state.ban
        assert ban is not None
        assert ban.last_day is None
        assert ban.undetermined


class TestWhatIsNotAtHand:
    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_no_article_is_invented(self, edition_id: str) -> None:
        """Every article is the mark of an unknown number, but for the one that is published."""
        tree = str(edition_of(edition_id))
        known = {"第六条"} if edition_id == "zhejiang/2019" else set()
        assert set(re.findall(r"第[一二三四五六七八九十百]+条", tree)) == known
        assert UNKNOWN_ARTICLE in tree

    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_a_designation_cannot_be_ruled(self, edition_id: str) -> None:
        """No chapter on designation, no designation: refused as undetermined, with the reason."""
        own = {"policy": edition_id, "policy_reason": REASON}
        scenario = given().when(
            {
                "type": "CenterDesignated",
                "on": "2024-01-10",
                "center": center_of(edition_id),
                "round": f"{edition_id.partition('/')[0]}:designation:2024",
                "name": "某企业",
                **own,
            }
        )
        scenario.then(refused=["policy_undetermined"])
        (found,) = scenario.answer.bars
        assert (found.say, found.values["place"]) == ("section_unknown", "designation")
        assert found.values["reason"] == edition_of(edition_id).unknown["designation"]

    @pytest.mark.parametrize("edition_id", [e for e in PARTIAL if e != "national/2016"])
    def test_unknown_floors_leave_a_pass_open(self, edition_id: str) -> None:
        """Where the floors are not at hand, a passing grade waits for an attested conclusion; a
        failing score fails all the same."""
        confirm = act(edition_id, "GradeConfirmed")
        given(scored(edition_id, "80", floors=False)).when(confirm).then(
            refused=["grade_undetermined"]
        )
        given(scored(edition_id, "50", floors=False)).when(confirm).then(
            recorded=True, grade="不合格"
        )

    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_an_unknown_publicity_is_noted(self, edition_id: str) -> None:
        """Whether the result had to be published first decides no grade; it is noted beside it."""
        figures = NATIONAL_FIGURES if edition_id == "national/2016" else None
        scenario = given(scored(edition_id, "80", figures=figures))
        scenario.when(act(edition_id, "GradeConfirmed")).then(noted=_noted(edition_id))

    @pytest.mark.parametrize(
        ("edition_id", "score", "codes"),
        [
            ("national/2007", "62", ["policy_undetermined"]),
            ("guangxi/2018", "62", ["policy_undetermined"]),
            ("jiangsu/2020", "62", ["warning_unfounded"]),
            ("jinzhong/2023", "65", []),
            ("jinzhong/2023", "65.0001", ["warning_unfounded"]),
        ],
    )
    def test_a_warning(self, edition_id: str, score: str, codes: list[str]) -> None:
        """A warning is open where the text on it is not at hand, and unfounded where there is none,
        which is not the same."""
        scenario = given(scored(edition_id, score), act(edition_id, "GradeConfirmed"))
        scenario.when(act(edition_id, "WarningIssued"))
        scenario.then(refused=codes) if codes else scenario.then(recorded=True)

    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_a_commendation_is_open(self, edition_id: str) -> None:
        """Nobody here knows who is to be commended."""
        figures = NATIONAL_FIGURES if edition_id == "national/2016" else None
        past = scored(edition_id, "95", figures=figures), act(edition_id, "GradeConfirmed")
        given(*past).when(act(edition_id, "CommendationIssued")).then(
            refused=["policy_undetermined"]
        )

    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_another_ground_is_open(self, edition_id: str) -> None:
        """The list of grounds is known in part, so another ground is undetermined and not wrong."""
        revoke = act(edition_id, "CenterRevoked", grounds=["9.9"])
        given(designated(edition_id)).when(revoke).then(refused=["ground_undetermined"])

    @pytest.mark.parametrize("edition_id", PARTIAL)
    def test_nobody_known_adopts_a_reading(self, edition_id: str) -> None:
        """Who interprets the regulation is not at hand, so no reading can be adopted."""
        known = edition_of(edition_id).interpretations
        if not known:
            return
        key, found = next(iter(known.items()))
        line = {
            "type": "InterpretationAdopted",
            "on": "2024-01-10",
            "scheme": edition_id.partition("/")[0],
            "interpretation": key,
            "value": found.default,
            "by": "某厅",
            "policy": edition_id,
            "policy_reason": REASON,
        }
        answer = given().ledger.record(line)
        assert answer.barred == ["policy_undetermined"]

    def test_a_complete_list_of_grounds_knows_no_other(self) -> None:
        """A ground that a regulation at hand does not have is malformed, as before."""
        line = {
            "type": "CenterRevoked",
            "on": "2021-01-10",
            "center": "beijing/id:one",
            "grounds": ["9.9"],
            "policy": "beijing/1",
            "policy_reason": REASON,
        }
        given().when(line).then(malformed="9.9")


class TestInForce:
    @pytest.mark.parametrize(
        ("edition_id", "day", "known"),
        [
            ("national/2016", "2016-03-31", False),
            ("national/2016", "2016-04-01", True),
            ("national/2016", "2022-01-28", True),
            ("national/2016", "2022-01-29", False),
            ("national/2007", "2013-06-01", False),
        ],
    )
    def test_the_days_an_edition_is_known_to_apply(
        self, edition_id: str, day: str, known: bool
    ) -> None:
        """An edition applies for certain up to the last day it is known to have been applied on."""
        assert edition_of(edition_id).is_known_in_force(date.fromisoformat(day)) is known


def _noted(edition_id: str) -> list[str]:
    """What is noted of a confirmation: the unknown publicity, and missing joint signers."""
    joint = ["signers_missing"] if edition_of(edition_id).authority.joint_acts else []
    return ["policy_undetermined", *joint]
