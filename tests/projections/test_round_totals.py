from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from ledger.identity import parse_round
from projections.round_totals import MARKS, PartInRound, RoundTotals, part_in
from projections.rounds import RoundState, fold_round
from support.histories import days, histories, notices
from support.scenario import TODAY, Line, MemoryLedger, given

CENTER = "hechuan/id:a"
ROUND = "hechuan:evaluation:2024"
FLOORS = {"rd_expenditure": 300, "rd_staff": 20, "equipment_value": 400}

DESIGNATED = [
    {
        "type": "RoundOpened",
        "on": "2022-03-01",
        "round": "hechuan:designation:2022",
        "deadline": "2022-04-29",
    },
    {
        "type": "CenterDesignated",
        "on": "2022-09-15",
        "center": CENTER,
        "round": "hechuan:designation:2022",
        "name": "重庆合川甲一汽配有限公司",
        "historical": True,
    },
]
OPENED = {"type": "RoundOpened", "on": "2024-03-01", "round": ROUND, "deadline": "2024-05-31"}


def line(type_: str, on: str, **fields: Any) -> Line:
    """A line about the center in the round."""
    return {"type": type_, "on": on, "center": CENTER, "round": ROUND, **fields}


def without_round(type_: str, on: str, **fields: Any) -> Line:
    """A line about the center that names no round."""
    return {"type": type_, "on": on, "center": CENTER, **fields}


FILED = line("EvaluationSubmitted", "2024-05-20", indicators=FLOORS)
NOT_FILED = line("EvaluationNotSubmitted", "2024-06-03")
SCORED = line("EvaluationScored", "2024-06-25", score="65.00")
GRADED = line("GradeConfirmed", "2024-07-10")
FAILED = [FILED, line("EvaluationScored", "2024-06-25", score="59.99"), GRADED]


def part(*lines: Any, on: date = TODAY, round_id: str = ROUND) -> PartInRound | None:
    """What the center did in the round, from a past of these lines."""
    return part_of(given(*lines).ledger, on=on, round_id=round_id)


def part_of(
    ledger: MemoryLedger, *, on: date = TODAY, round_id: str = ROUND, center: str = CENTER
) -> PartInRound | None:
    """What a center of a ledger did in a round."""
    notice = fold_round(ledger.stored.stream(round_id))
    assert notice is not None
    return part_in(notice, center, ledger.entries(center), on=on)


def marks(*lines: Any, on: date = TODAY) -> tuple[str, ...] | None:
    """What the center is counted as, from a designation and these lines."""
    found = part(DESIGNATED, OPENED, *lines, on=on)
    return None if found is None else found.marks


class TestFiling:
    def test_owes_from_the_opening_on(self) -> None:
        """A center designated in an earlier year owes a filing once the round is open."""
        assert marks() == ("not_submitted",)

    def test_owes_nothing_more_once_filed(self) -> None:
        """A filing counts from its day, and not before."""
        assert marks(FILED, on=date(2024, 5, 20)) == ("submitted",)
        assert marks(FILED, on=date(2024, 5, 19)) == ("not_submitted",)

    def test_counts_a_late_filing(self) -> None:
        """A filing after the deadline is a filing, as long as nobody said there was none."""
        assert marks({**FILED, "on": "2024-06-20"}) == ("submitted",)

    def test_keeps_what_was_established(self) -> None:
        """What is filed after the entry that nothing was does not undo it (B04)."""
        assert marks(NOT_FILED, {**FILED, "on": "2024-06-20"}) == ("not_submitted",)

    def test_takes_a_score_for_a_filing(self) -> None:
        """Where only a result was recorded, something must have been filed."""
        assert marks(SCORED) == ("submitted",)

    def test_takes_a_passing_grade_for_a_filing(self) -> None:
        """A published passing grade shows a filing; a failing one may come from filing nothing."""
        passed = {**GRADED, "grade": "优秀", "historical": True}
        failed = {**GRADED, "grade": "不合格", "historical": True}
        assert marks(passed) == ("submitted",)
        assert marks(failed) == ("not_submitted",)

    def test_counts_a_deferred_center_as_neither(self) -> None:
        """A deferral is neither filed nor missed, whatever is filed besides."""
        deferred = line("EvaluationDeferred", "2024-05-10", reason="企业改制")
        assert marks(deferred) == ("deferred",)
        assert marks(deferred, FILED) == ("deferred",)


class TestMembership:
    def test_leaves_out_newcomers(self) -> None:
        """A center designated in the round's year has no part in it."""
        notice = {**OPENED, "round": "hechuan:evaluation:2022", "on": "2022-10-08"}
        assert part(DESIGNATED, notice, round_id=notice["round"]) is None

    def test_counts_a_newcomer_that_files(self) -> None:
        """It owes nothing, but what it files is counted."""
        round_id = "hechuan:evaluation:2022"
        notice = {**OPENED, "round": round_id, "on": "2022-10-08", "deadline": "2022-10-31"}
        filed = {**FILED, "on": "2022-10-20", "round": round_id}
        missed = {**NOT_FILED, "on": "2022-11-01", "round": round_id}
        found = part(DESIGNATED, notice, filed, round_id=round_id)
        assert found is not None
        assert found.marks == ("submitted",)
        found = part(DESIGNATED, notice, missed, round_id=round_id)
        assert found is not None
        assert found.marks == ()

    def test_leaves_out_the_designated_after_the_opening(self) -> None:
        """A round of the next year that opens early does not reach who came after."""
        notice = {**OPENED, "round": "hechuan:evaluation:2023", "on": "2022-09-01"}
        assert part(DESIGNATED, notice, round_id="hechuan:evaluation:2023") is None

    def test_leaves_out_the_revoked(self) -> None:
        """A center revoked before the round opened has no part in it."""
        left = without_round("WithdrawalRequested", "2023-01-09")
        revoked = without_round("CenterRevoked", "2023-02-01", grounds=["16.4"])
        assert part(DESIGNATED, left, revoked, OPENED) is None

    def test_leaves_out_who_left_before_the_deadline(self) -> None:
        """Revoked for another reason while it might still file, a center owes nothing."""
        left = without_round("WithdrawalRequested", "2024-03-09")
        on_deadline = without_round("CenterRevoked", "2024-05-31", grounds=["16.4"])
        after = {**on_deadline, "on": "2024-06-03"}
        assert marks(left, on_deadline) is None
        assert marks(left, after) == ("not_submitted",)

    def test_counts_strangers_with_an_entry(self) -> None:
        """A center of which only the failure to file is known is counted with it."""
        stranger = {**NOT_FILED, "historical": True}
        found = part([DESIGNATED[0], OPENED], stranger)
        assert found is not None
        assert found.marks == ("not_submitted",)

    def test_forgets_an_annulled_designation(self) -> None:
        """An annulled designation owes nothing from the annulment on."""
        designated = {**DESIGNATED[1], "key": "d"}
        annulled = without_round("DecisionAnnulled", "2024-04-01", annuls="d", reason="材料不实")
        past = [DESIGNATED[0], designated, OPENED, annulled]
        assert part(*past) is None
        assert part(*past, on=date(2024, 3, 31)) is not None


class TestResults:
    def test_gives_the_confirmed_grade(self) -> None:
        """The grade counts once confirmed."""
        past = [DESIGNATED, OPENED, FILED, SCORED, GRADED]
        found, before = part(*past), part(*past, on=date(2024, 7, 9))
        assert found is not None
        assert before is not None
        assert (before.grade, found.grade) == (None, "合格")

    def test_counts_a_warning(self) -> None:
        """A warning overlays the grade."""
        warned = line("WarningIssued", "2024-07-22")
        assert marks(FILED, SCORED, GRADED, warned) == ("submitted", "warned")

    def test_forgets_an_annulled_grade(self) -> None:
        """A grade that was annulled is nobody's any more."""
        graded = {**GRADED, "key": "g"}
        annulled = without_round("DecisionAnnulled", "2024-08-01", annuls="g", reason="复核")
        found = part(DESIGNATED, OPENED, FILED, SCORED, graded, annulled)
        assert found is not None
        assert found.grade is None

    def test_counts_a_revocation_for_failing(self) -> None:
        """Revoked for the failing grade of the round, a center counts in that round."""
        revoked = without_round("CenterRevoked", "2024-09-02", grounds=["16.1"])
        assert marks(FAILED, revoked) == ("submitted", "revoked")

    def test_counts_a_revocation_for_not_filing(self) -> None:
        """Revoked because nothing was filed in the round, a center counts in that round."""
        revoked = without_round("CenterRevoked", "2024-09-02", grounds=["16.2"])
        assert marks(NOT_FILED, revoked) == ("not_submitted", "revoked")

    def test_leaves_other_grounds_aside(self) -> None:
        """A revocation that rests on no round counts in none."""
        fact = without_round("FactEstablished", "2024-08-01", fact="tax_evasion")
        revoked = without_round("CenterRevoked", "2024-09-02", grounds=["16.7"])
        assert marks(FAILED, fact, revoked) == ("submitted",)

    def test_forgets_an_annulled_revocation(self) -> None:
        """An annulled revocation is not counted."""
        revoked = without_round("CenterRevoked", "2024-09-02", grounds=["16.1"], key="r")
        annulled = without_round("DecisionAnnulled", "2024-10-08", annuls="r", reason="复议决定")
        assert marks(FAILED, revoked, annulled) == ("submitted",)


def test_counts_two_failed_years_once() -> None:
    """A revocation for two failed years in Beijing counts in the second year's round alone."""
    center, policy = "beijing/id:a", {"policy": "beijing/1", "policy_reason": "通知载明"}
    designated = {
        **DESIGNATED[1],
        **policy,
        "center": center,
        "on": "2019-12-20",
        "round": "beijing:designation:2019",
    }
    years = [
        [
            {
                "type": "RoundOpened",
                "on": f"{year}-03-01",
                "round": f"beijing:evaluation:{year}",
                "deadline": f"{year}-04-29",
                **policy,
            },
            {
                "type": "EvaluationScored",
                "on": f"{year}-06-10",
                "center": center,
                "round": f"beijing:evaluation:{year}",
                "score": "55",
            },
            {
                "type": "GradeConfirmed",
                "on": f"{year}-07-12",
                "center": center,
                "round": f"beijing:evaluation:{year}",
                "historical": True,
            },
        ]
        for year in (2021, 2022)
    ]
    revoked = {
        "type": "CenterRevoked",
        "on": "2022-11-30",
        "center": center,
        "grounds": ["14.1"],
        **policy,
    }
    ledger = given(designated, *years, revoked).ledger
    parts = [
        part_of(ledger, round_id=f"beijing:evaluation:{year}", center=center)
        for year in (2021, 2022)
    ]
    assert [found and found.marks for found in parts] == [
        ("submitted",),
        ("submitted", "revoked"),
    ]


def test_counts_applications_and_decisions() -> None:
    """A designation round counts applications, admissions, refusals and designations that stand."""
    round_id = "hechuan:designation:2022"
    applied = {
        "type": "ApplicationSubmitted",
        "on": "2022-04-11",
        "center": CENTER,
        "round": round_id,
        "name": "重庆合川甲一汽配有限公司",
        "industry": "manufacturing",
    }
    admitted = {"type": "ApplicationAdmitted", "on": "2022-05-06", "center": CENTER}
    refused = {"type": "ApplicationRefused", "on": "2022-05-06", "center": CENTER}
    found = part(DESIGNATED[0], applied, {**admitted, "round": round_id}, round_id=round_id)
    assert found == PartInRound(CENTER, ("applications", "admitted"))
    found = part(DESIGNATED[0], applied, {**refused, "round": round_id}, round_id=round_id)
    assert found == PartInRound(CENTER, ("applications", "refused"))
    found = part(DESIGNATED, round_id=round_id)
    assert found == PartInRound(CENTER, ("designated",))


def test_adds_up_parts() -> None:
    """Totals are the sums of the parts, grade by grade."""
    totals = RoundTotals()
    for found in (
        PartInRound("a", ("submitted", "warned"), "合格"),
        PartInRound("b", ("submitted",), "合格"),
        PartInRound("c", ("not_submitted", "revoked"), "不合格"),
    ):
        totals.add(found)
    assert totals.centers == 3
    assert totals.marks == Counter(submitted=2, warned=1, not_submitted=1, revoked=1)
    assert totals.grades == Counter({"合格": 2, "不合格": 1})


@pytest.mark.parametrize("scheme", ["beijing", "xian", "hechuan"])
class TestAnyHistory:
    @settings(max_examples=40, deadline=None)
    @drawn(data=st.data())
    def test_puts_a_center_in_one_place(self, scheme: str, data: st.DataObject) -> None:
        """A center filed, did not, was deferred, or owed nothing; never two of these."""
        ledger, rounds = played(scheme, data)
        for notice in rounds:
            found = part_in(notice, f"{scheme}/id:x", ledger.entries(f"{scheme}/id:x"), on=TODAY)
            if found is not None:
                assert set(found.marks) <= set(MARKS[parse_round(notice.round).kind])
                places = set(found.marks) & {"submitted", "not_submitted", "deferred"}
                assert len(places) <= 1

    @settings(max_examples=40, deadline=None)
    @drawn(data=st.data(), day=days)
    def test_ignores_what_comes_later(self, scheme: str, data: st.DataObject, day: date) -> None:
        """What takes effect after the day changes nothing of the answer for the day."""
        ledger, rounds = played(scheme, data)
        entries = ledger.entries(f"{scheme}/id:x")
        until = [r for r in entries if r.on <= day]
        for notice in rounds:
            whole = part_in(notice, f"{scheme}/id:x", entries, on=day)
            assert whole == part_in(notice, f"{scheme}/id:x", until, on=day)


def played(scheme: str, data: st.DataObject) -> tuple[MemoryLedger, list[RoundState]]:
    """A ledger with some history of a center, and the rounds it may speak of."""
    ledger = MemoryLedger()
    for each in [*notices(scheme), *data.draw(histories(scheme))]:
        ledger.record(each, historical=True)
    streams = sorted({r.stream for r in ledger.log(scheme) if "/" not in r.stream})
    rounds = [fold_round(ledger.stored.stream(stream)) for stream in streams]
    return ledger, [notice for notice in rounds if notice is not None]
