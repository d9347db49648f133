"""Counts of consecutive failures, by the rules that the rulings carry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.ruling import CounterRule
from projections.center import CenterState, Evaluation, Request, Result
from projections.counters import Count, count, counts

FAILED = CounterRule(name="f", limit=2, counts="grade", grades=("不合格",), adjacent_years=True)
ROUNDS = CounterRule(name="f", limit=2, counts="grade", grades=("不合格",))
LOW = CounterRule(name="l", limit=2, counts="band", from_score="60", below_score="65")
MISSED = CounterRule(name="m", limit=2, counts="return", return_kind="bulletin")


def graded(years: dict[int, str], scores: dict[int, str] | None = None) -> CenterState:
    """A center with confirmed grades, in whatever order they are given."""
    found = tuple(
        Evaluation(
            f"xian:evaluation:{year}",
            year,
            result=Result(
                grade,
                grade == "不合格",
                False,
                Decimal((scores or {}).get(year, "50")),
                date(year, 8, 1),
                year,
                None,
            ),
        )
        for year, grade in years.items()
    )
    return CenterState("xian/id:x", evaluations=found)


def returns(*marks: str, designated_on: date | None = None) -> CenterState:
    """A center whose returns were missed (m), filed (f), both (b) or neither (-), quarter by
    quarter."""
    requests = []
    for number, mark in enumerate(marks):
        due = date(2019, 1 + number, 20)
        requests.append(
            Request(
                "bulletin",
                f"p{number}",
                due,
                number,
                missed_on=due if mark in "mb" else None,
                missed=number if mark in "mb" else None,
                filed=number if mark in "fb" else None,
                filed_on=due if mark in "fb" else None,
            )
        )
    return CenterState("xian/id:x", designated_on=designated_on, requests=tuple(requests))


class TestGrades:
    @pytest.mark.parametrize(
        ("years", "expected"),
        [
            ({}, 0),
            ({2020: "不合格"}, 1),
            ({2020: "不合格", 2021: "不合格"}, 2),
            ({2021: "不合格", 2020: "不合格"}, 2),
            ({2020: "不合格", 2021: "良好"}, 0),
            ({2020: "不合格", 2021: "良好", 2022: "不合格"}, 1),
            ({2020: "良好", 2021: "不合格", 2022: "不合格"}, 2),
            ({2020: "不合格", 2022: "不合格"}, 1),
        ],
    )
    def test_the_newest_run_counts(self, years: dict[int, str], expected: int) -> None:
        """Counted is the run of adjacent years that the newest grade ends."""
        assert count(FAILED, graded(years)).count == expected

    def test_a_gap_is_told(self) -> None:
        """A failure on the other side of a year without evaluation is told, not counted."""
        found = count(FAILED, graded({2020: "不合格", 2022: "不合格"}))
        assert (found.gap, found.rounds) == (True, ("xian:evaluation:2022",))

    def test_a_good_year_leaves_no_gap(self) -> None:
        """A good year between two failures is an answer, not a gap."""
        years = {2020: "不合格", 2021: "良好", 2022: "不合格"}
        assert count(FAILED, graded(years)).gap is False

    def test_rounds_may_skip_years(self) -> None:
        """Where rounds are counted and not years, a skipped year breaks nothing."""
        assert count(ROUNDS, graded({2020: "不合格", 2022: "不合格"})) == Count(
            2, 2, ("xian:evaluation:2020", "xian:evaluation:2022"), (2020, 2022)
        )

    def test_only_the_present_designation(self) -> None:
        """Grades of before the designation are not counted."""
        state = graded({2020: "不合格", 2021: "不合格"})
        later = CenterState(
            "xian/id:x",
            evaluations=state.evaluations,
            designated_on=date(2020, 12, 31),
            designated=0,
        )
        assert count(FAILED, later).count == 1


class TestBands:
    @pytest.mark.parametrize(
        ("score", "inside"),
        [("59.99", False), ("60", True), ("64.9999", True), ("65", False)],
    )
    def test_the_band_is_half_open(self, score: str, inside: bool) -> None:
        """A score counts from the lower bound up to, and not with, the upper one."""
        found = count(LOW, graded({2019: "基本合格"}, {2019: score}))
        assert found.count == int(inside)

    def test_no_score_is_no_low_score(self) -> None:
        """A grade without a score does not lie in the band."""
        state = graded({2019: "不合格"})
        (evaluation,) = state.evaluations
        assert evaluation.result is not None
        result = Result("不合格", True, False, None, date(2019, 8, 1), 1, None)
        bare = CenterState(
            "xian/id:x", evaluations=(Evaluation("xian:evaluation:2019", 2019, result=result),)
        )
        assert count(LOW, bare).count == 0


class TestReturns:
    @pytest.mark.parametrize(
        ("marks", "expected"),
        [
            ("", 0),
            ("m", 1),
            ("mm", 2),
            ("mf", 0),
            ("fm", 1),
            ("mfm", 1),
            ("mb", 0),
            ("mm-", 2),
            ("m-", 1),
            ("m-m", 1),
            ("--", 0),
            ("mmf", 0),
        ],
    )
    def test_missed_in_a_row(self, marks: str, expected: int) -> None:
        """Counted are the missed returns before the last one that is not yet decided."""
        assert count(MISSED, returns(*marks)).count == expected

    def test_another_kind_is_not_counted(self) -> None:
        """A return of another kind neither counts nor breaks the run."""
        state = returns("m", "m")
        other = Request(
            "operating_data", "x", date(2019, 1, 25), 9, filed=9, filed_on=date(2019, 1, 25)
        )
        mixed = CenterState("xian/id:x", requests=(*state.requests, other))
        assert count(MISSED, mixed).count == 2

    def test_only_since_the_designation(self) -> None:
        """Returns that were due before the designation are not counted."""
        assert count(MISSED, returns("m", "m", designated_on=date(2019, 2, 20))).count == 1
        assert count(MISSED, returns("m", "m", designated_on=date(2019, 2, 21))).count == 0

    @given(st.lists(st.sampled_from("mf-"), max_size=9), st.randoms(use_true_random=False))
    def test_the_order_of_recording_is_nothing(self, marks: list[str], chance: object) -> None:
        """Returns count in the order of their due days, however they were recorded."""
        state = returns(*marks)
        shuffled = list(state.requests)
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        other = CenterState("xian/id:x", requests=tuple(shuffled))
        assert count(MISSED, other) == count(MISSED, state)


def test_each_counter_by_its_name() -> None:
    """A center has the counters of its own regulation, and no others."""
    state = CenterState("xian/id:x", counting=(LOW, MISSED))
    assert {name: found.limit for name, found in counts(state).items()} == {"l": 2, "m": 2}
