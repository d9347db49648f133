from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.identity import scheme_of
from policies.due import Duty, falls_within
from policies.duties import duties_of_center, duties_of_round, open_rounds
from projections.rounds import RoundState, fold_round
from support.scenario import TODAY, Line, MemoryLedger, given, judge

BEIJING, XIAN, HECHUAN = "beijing/id:a", "xian/id:a", "hechuan/id:a"
FLOORS = {"rd_expenditure": 300, "rd_staff": 20, "equipment_value": 400}


def day(text: str) -> date:
    """The day written YYYY-MM-DD."""
    return date.fromisoformat(text)


def designated(center: str, on: str, **fields: Any) -> list[Line]:
    """A round and a designation in it, as published."""
    scheme, year = scheme_of(center), on[:4]
    name = f"{scheme}:designation:{year}"
    return [
        opened(name, f"{year}-01-10", f"{year}-04-10"),
        {
            "type": "CenterDesignated",
            "on": on,
            "center": center,
            "round": name,
            "name": "甲一机电有限公司",
            "historical": True,
            **fields,
        },
    ]


def opened(round_id: str, on: str, deadline: str) -> Line:
    """The notice of a round, bound to the one edition of its scheme."""
    edition = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
    return {
        "type": "RoundOpened",
        "on": on,
        "round": round_id,
        "deadline": deadline,
        "policy": edition[scheme_of(round_id)],
        "policy_reason": "通知载明",
    }


def about(center: str, type_: str, on: str, **fields: Any) -> Line:
    """A line about the center."""
    return {"type": type_, "on": on, "center": center, **fields}


def notices_of(ledger: MemoryLedger, scheme: str, on: date) -> list[RoundState]:
    """The rounds of the scheme that are open on the day."""
    streams = sorted({r.stream for r in ledger.log(scheme) if "/" not in r.stream})
    found = (fold_round(r for r in ledger.stored.stream(s) if r.on <= on) for s in streams)
    return open_rounds((notice for notice in found if notice is not None), on=on)


def due(*lines: Any, on: str, center: str) -> list[Duty]:
    """What is due from the center or about it on the day, from a past of these lines."""
    ledger = given(*lines).ledger
    rounds = notices_of(ledger, scheme_of(center), day(on))
    entries = ledger.entries(center)
    found = duties_of_center(judge(), center, entries, ledger.stored, on=day(on), rounds=rounds)
    return list(found)


def only(*lines: Any, on: str, center: str, what: str) -> Duty:
    """The one duty of that kind."""
    [found] = [d for d in due(*lines, on=on, center=center) if d.what == what]
    return found


def kinds(*lines: Any, on: str, center: str) -> list[str]:
    """Kinds of what is due, sorted."""
    return sorted(d.what for d in due(*lines, on=on, center=center))


class TestFilings:
    @pytest.mark.parametrize(
        ("deadline", "last_day"),
        [
            ("2017-04-30", "2017-05-02"),
            ("2018-04-30", "2018-05-02"),
            ("2019-04-30", "2019-04-30"),
            ("2022-04-30", "2022-05-05"),
            ("2023-04-30", "2023-05-04"),
            ("2021-04-10", "2021-04-12"),
            ("2022-04-10", "2022-04-11"),
        ],
    )
    def test_rolls_the_deadline(self, deadline: str, last_day: str) -> None:
        """A deadline on a rest day rolls to the next working day; both days are kept (T04)."""
        year = deadline[:4]
        notice = opened(f"xian:evaluation:{year}", f"{year}-03-01", deadline)
        past = [designated(XIAN, "2016-12-20"), notice]
        found = only(*past, on=f"{year}-04-01", center=XIAN, what="filing")
        assert (found.stated, found.due) == (day(deadline), day(last_day))
        assert (found.by, found.cite.article) == ("center", "第十一条（一）")

    def test_is_overdue_after_the_last_day(self) -> None:
        """On the last day a filing is in time; the day after it is overdue."""
        notice = opened("hechuan:evaluation:2023", "2023-03-01", "2023-04-30")
        past = [designated(HECHUAN, "2022-09-15"), notice]
        last = only(*past, on="2023-05-04", center=HECHUAN, what="filing")
        after = only(*past, on="2023-05-05", center=HECHUAN, what="filing")
        assert (last.overdue, after.overdue) == (False, True)

    @pytest.mark.parametrize(
        "settled",
        [
            about(HECHUAN, "EvaluationSubmitted", "2023-04-20"),
            about(HECHUAN, "EvaluationDeferred", "2023-04-20", reason="重整"),
            about(HECHUAN, "EvaluationScored", "2023-04-20", score="80"),
        ],
        ids=lambda entry: str(entry["type"]),
    )
    def test_ends_once_settled(self, settled: Line) -> None:
        """Nothing is due once something is filed, or the evaluation is deferred."""
        notice = opened("hechuan:evaluation:2023", "2023-03-01", "2023-04-30")
        past = [designated(HECHUAN, "2022-09-15"), notice]
        entry = {**settled, "round": "hechuan:evaluation:2023"}
        assert kinds(*past, on="2023-04-21", center=HECHUAN) == ["filing"]
        assert kinds(*past, entry, on="2023-04-21", center=HECHUAN) == []

    def test_becomes_a_ground(self) -> None:
        """Once it is established that nothing was filed, a revocation is due, and no filing."""
        notice = opened("hechuan:evaluation:2023", "2023-03-01", "2023-04-30")
        missed = about(
            HECHUAN, "EvaluationNotSubmitted", "2023-05-05", round="hechuan:evaluation:2023"
        )
        past = [designated(HECHUAN, "2022-09-15"), notice, missed]
        found = only(*past, on="2023-06-01", center=HECHUAN, what="revocation")
        assert found.values == {"ground": "16.2"}
        assert found.since == day("2023-05-05")
        assert kinds(*past, on="2023-06-01", center=HECHUAN) == ["revocation"]

    def test_asks_nothing_of_newcomers(self) -> None:
        """A center designated in the round's year owes no filing in it."""
        notice = opened("hechuan:evaluation:2023", "2023-10-09", "2023-10-31")
        past = [designated(HECHUAN, "2023-09-15"), notice]
        assert kinds(*past, on="2023-10-10", center=HECHUAN) == []

    def test_ends_with_the_next_round(self) -> None:
        """A round stays open until the next of its kind."""
        first = opened("hechuan:evaluation:2023", "2023-03-01", "2023-04-30")
        second = opened("hechuan:evaluation:2026", "2026-03-02", "2026-04-30")
        past = [designated(HECHUAN, "2022-09-15"), first, second]
        found = [d.round for d in due(*past, on="2026-03-02", center=HECHUAN)]
        assert found == ["hechuan:evaluation:2026"]
        found = [d.round for d in due(*past, on="2026-03-01", center=HECHUAN)]
        assert found == ["hechuan:evaluation:2023"]

    def test_asks_nothing_of_the_revoked(self) -> None:
        """A center that is no longer designated owes nothing."""
        notice = opened("hechuan:evaluation:2023", "2023-03-01", "2023-04-30")
        left = about(HECHUAN, "WithdrawalRequested", "2023-03-10")
        revoked = about(HECHUAN, "CenterRevoked", "2023-03-20", grounds=["16.4"])
        past = [designated(HECHUAN, "2022-09-15"), notice, left, revoked]
        assert kinds(*past, on="2023-03-19", center=HECHUAN) == ["filing", "revocation"]
        assert kinds(*past, on="2023-03-20", center=HECHUAN) == []


class TestApplications:
    def test_end_with_the_rolled_deadline(self) -> None:
        """Until the rolled deadline of a designation round one may apply; nobody owes it."""
        ledger = given(opened("hechuan:designation:2023", "2023-03-01", "2023-04-30")).ledger
        [notice] = notices_of(ledger, "hechuan", day("2023-05-04"))
        [found] = duties_of_round(judge(), notice, ledger.stored, on=day("2023-05-04"))
        assert (found.by, found.center) == ("applicant", None)
        assert (found.stated, found.due) == (day("2023-04-30"), day("2023-05-04"))
        assert not list(duties_of_round(judge(), notice, ledger.stored, on=day("2023-05-05")))


class TestReports:
    @pytest.mark.parametrize(
        ("completed_on", "last_day"),
        [
            ("2025-09-15", "2025-10-31"),
            ("2024-01-15", "2024-02-29"),
            ("2022-11-29", "2023-01-11"),
        ],
    )
    def test_are_due_in_thirty_working_days(self, completed_on: str, last_day: str) -> None:
        """A renaming is reported within 30 working days, make-up days counted (T03)."""
        renamed = about(HECHUAN, "EnterpriseRenamed", completed_on, name="甲二机电有限公司")
        past = [designated(HECHUAN, "2022-09-15"), renamed]
        found = only(*past, on=last_day, center=HECHUAN, what="report")
        assert (found.due, found.overdue) == (day(last_day), False)
        assert found.cite.article == "第二十一条"
        after = (day(last_day) + timedelta(days=1)).isoformat()
        assert only(*past, on=after, center=HECHUAN, what="report").overdue

    def test_end_once_reported(self) -> None:
        """A reported change is not due any more, late or not."""
        renamed = about(HECHUAN, "EnterpriseRenamed", "2022-11-29", name="甲二机电有限公司")
        reported = about(HECHUAN, "ChangeReported", "2023-02-01", completed_on="2022-11-29")
        past = [designated(HECHUAN, "2022-09-15"), renamed, reported]
        assert kinds(*past, on="2023-01-31", center=HECHUAN) == ["report"]
        assert kinds(*past, on="2023-02-01", center=HECHUAN) == []

    def test_wait_for_the_next_calendar(self) -> None:
        """A span into a year without a calendar has no day yet, but one it is never before."""
        renamed = about(HECHUAN, "EnterpriseRenamed", "2026-11-20", name="甲二机电有限公司")
        past = [designated(HECHUAN, "2022-09-15"), renamed]
        found = only(*past, on="2026-12-01", center=HECHUAN, what="report")
        # 26 working days from Monday 23 November to Monday 28 December; then every day may be one.
        assert (found.due, found.lower_bound) == (None, day("2027-01-01"))
        assert found.undetermined is not None
        assert found.undetermined.say == "no_calendar"
        assert found.undetermined.values == {"year": 2027}
        assert found.overdue is False
        assert only(*past, on="2027-01-02", center=HECHUAN, what="report").overdue is None

    def test_concern_changes_since_the_designation(self) -> None:
        """What happened before the designation need not be reported."""
        renamed = about(HECHUAN, "EnterpriseRenamed", "2022-09-14", name="甲二机电有限公司")
        assert (
            kinds(renamed, designated(HECHUAN, "2022-09-15"), on="2022-10-01", center=HECHUAN) == []
        )


class TestResults:
    @pytest.mark.parametrize(
        ("year", "last_day"),
        [
            (2017, "2017-09-05"),
            (2018, "2018-09-05"),
            (2019, "2019-09-06"),
            (2020, "2020-09-08"),
            (2021, "2021-09-08"),
            (2024, "2024-09-06"),
            (2026, "2026-09-08"),
        ],
    )
    def test_of_evaluations_run_from_30_april(self, year: int, last_day: str) -> None:
        """A grade is owed 90 working days after 30 April of the round's year (X05)."""
        round_id = f"xian:evaluation:{year}"
        filed = about(XIAN, "EvaluationSubmitted", f"{year}-04-03", round=round_id)
        notice = opened(round_id, f"{year}-02-26", f"{year}-04-10")
        past = [designated(XIAN, "2016-12-20"), notice, filed]
        found = only(*past, on=last_day, center=XIAN, what="result")
        assert (found.due, found.by, found.overdue) == (day(last_day), "authority", False)
        assert found.cite.article == "第十四条"

    def test_of_applications_run_from_the_admission(self) -> None:
        """A result is owed 90 working days after the application was admitted (X14)."""
        round_id = "xian:designation:2019"
        past = [
            opened(round_id, "2019-01-14", "2019-04-10"),
            about(XIAN, "ApplicationSubmitted", "2019-04-01", round=round_id, name="甲一"),
            about(XIAN, "ApplicationAdmitted", "2019-04-30", round=round_id),
        ]
        found = only(*past, on="2019-09-07", center=XIAN, what="result")
        assert (found.due, found.overdue) == (day("2019-09-06"), True)
        refused = about(XIAN, "ApplicationRefused", "2019-09-07", round=round_id)
        assert kinds(*past, refused, on="2019-09-07", center=XIAN) == []

    def test_end_with_the_grade(self) -> None:
        """A confirmed grade settles it."""
        round_id = "xian:evaluation:2018"
        past = [
            designated(XIAN, "2016-12-20"),
            opened(round_id, "2018-02-26", "2018-04-10"),
            about(XIAN, "EvaluationSubmitted", "2018-04-03", round=round_id),
            about(XIAN, "EvaluationScored", "2018-06-20", round=round_id, score="55"),
        ]
        graded = about(XIAN, "GradeConfirmed", "2018-08-10", round=round_id)
        assert kinds(*past, on="2018-08-10", center=XIAN) == ["result"]
        assert kinds(*past, graded, on="2018-08-10", center=XIAN) == ["revocation"]

    def test_run_from_the_day_another_reading_names(self) -> None:
        """Where the authority read 10 April instead, the days run from then."""
        six = judge().rulebook.edition("xian/2016").authority.interprets
        adopted = {
            "type": "InterpretationAdopted",
            "on": "2018-01-02",
            "scheme": "xian",
            "interpretation": "xa.result.anchor",
            "value": "04-10",
            "by": list(six),
        }
        round_id = "xian:evaluation:2018"
        filed = about(XIAN, "EvaluationSubmitted", "2018-04-03", round=round_id)
        notice = opened(round_id, "2018-02-26", "2018-04-10")
        past = [designated(XIAN, "2016-12-20"), adopted, notice, filed]
        found = only(*past, on="2018-05-02", center=XIAN, what="result")
        # 14 working days lie between the two (28 April was worked): 5 September less 14.
        assert (found.since, found.due) == (day("2018-04-10"), day("2018-08-16"))


class TestReturns:
    @pytest.mark.parametrize(
        ("stated", "last_day"),
        [("2018-01-20", "2018-01-22"), ("2019-07-20", "2019-07-22"), ("2017-07-20", "2017-07-20")],
    )
    def test_are_due_when_asked(self, stated: str, last_day: str) -> None:
        """A bulletin is due on the day its request names, rolled from a rest day (T04)."""
        asked = about(
            XIAN, "ReturnRequested", "2017-06-01", kind="bulletin", period="上半年", due=stated
        )
        past = [designated(XIAN, "2016-12-20"), asked]
        found = only(*past, on="2017-06-01", center=XIAN, what="return")
        assert (found.stated, found.due) == (day(stated), day(last_day))
        assert found.since == day("2017-06-01")

    @pytest.mark.parametrize("settled", ["ReturnFiled", "ReturnMissed"])
    def test_end_once_settled(self, settled: str) -> None:
        """A return filed, or found missing, is not due any more."""
        fields = {"kind": "bulletin", "period": "2017-1"}
        asked = about(XIAN, "ReturnRequested", "2017-06-01", due="2017-07-20", **fields)
        past = [designated(XIAN, "2016-12-20"), asked]
        entry = about(XIAN, settled, "2017-07-21", **fields)
        assert kinds(*past, entry, on="2017-07-20", center=XIAN) == ["return"]
        assert kinds(*past, entry, on="2017-07-21", center=XIAN) == []


class TestRectifications:
    def test_are_due_as_ordered(self) -> None:
        """The order's day counts, rolled from a rest day; the report ends it."""
        ordered = about(HECHUAN, "RectificationOrdered", "2023-06-01", due="2023-07-01")
        reported = about(HECHUAN, "RectificationReported", "2023-07-03")
        past = [designated(HECHUAN, "2022-09-15"), ordered]
        found = only(*past, on="2023-07-03", center=HECHUAN, what="rectification")
        assert (found.stated, found.due) == (day("2023-07-01"), day("2023-07-03"))
        assert found.overdue is False
        assert kinds(*past, reported, on="2023-07-03", center=HECHUAN) == []

    def test_without_a_day_are_never_overdue(self) -> None:
        """An order that sets no day is due without one (B15)."""
        ordered = about(HECHUAN, "RectificationOrdered", "2023-06-01")
        past = [designated(HECHUAN, "2022-09-15"), ordered]
        found = only(*past, on="2026-06-01", center=HECHUAN, what="rectification")
        assert (found.due, found.lower_bound, found.overdue) == (None, None, False)


class TestCertificates:
    def past(self, *lines: Line) -> list[Any]:
        """A center in Xi'an with a certificate of 10 January 2018."""
        issued = about(XIAN, "CertificateIssued", "2018-01-10", number="西JSZX-12-2018-007")
        return [designated(XIAN, "2016-12-20"), issued, *lines]

    def test_end_after_two_years(self) -> None:
        """The last day is the corresponding day two years later, not rolled."""
        found = only(*self.past(), on="2020-01-10", center=XIAN, what="certificate")
        assert (found.due, found.overdue) == (day("2020-01-10"), False)
        assert only(*self.past(), on="2020-01-11", center=XIAN, what="certificate").overdue

    def test_are_replaced_by_newer_ones(self) -> None:
        """Only the newest certificate counts."""
        newer = about(XIAN, "CertificateIssued", "2020-01-08", number="西JSZX-12-2020-007")
        found = only(*self.past(newer), on="2020-02-01", center=XIAN, what="certificate")
        assert found.due == day("2022-01-08")

    def test_lapse_where_the_grade_renews_nothing(self) -> None:
        """After 基本合格 nothing renews an ended certificate, and nothing is due (X16)."""
        round_id = "xian:evaluation:2018"
        lines = [
            opened(round_id, "2018-02-26", "2018-04-10"),
            about(XIAN, "EvaluationScored", "2018-06-20", round=round_id, score="63.5"),
            about(XIAN, "FloorsAttested", "2018-07-16", round=round_id, met=True, report="17"),
            about(XIAN, "GradeConfirmed", "2018-08-10", round=round_id),
            about(XIAN, "WarningIssued", "2018-08-20", round=round_id),
        ]
        assert kinds(*self.past(*lines), on="2020-01-10", center=XIAN) == ["certificate"]
        assert kinds(*self.past(*lines), on="2020-01-11", center=XIAN) == []


class TestOpenMatters:
    def past(self) -> list[Any]:
        """A graded center in Hechuan that earned a warning, with a publicity and an objection."""
        round_id = "hechuan:evaluation:2024"
        return [
            designated(HECHUAN, "2022-09-15"),
            opened(round_id, "2024-03-01", "2024-05-31"),
            about(HECHUAN, "EvaluationSubmitted", "2024-05-20", round=round_id, indicators=FLOORS),
            about(HECHUAN, "EvaluationScored", "2024-06-25", round=round_id, score="65.00"),
            about(HECHUAN, "GradeConfirmed", "2024-07-10", round=round_id),
        ]

    def test_a_publicity_ends_on_its_last_day(self) -> None:
        """A publicity is shown while it runs; its last day is not rolled (T08)."""
        published = about(
            HECHUAN, "PublicityOpened", "2024-07-01", subject="evaluation", closes="2024-07-07"
        )
        past = [*self.past()[:4], published]
        found = only(*past, on="2024-07-07", center=HECHUAN, what="publicity")
        assert (found.due, found.overdue) == (day("2024-07-07"), False)  # a Sunday
        assert "publicity" not in kinds(*past, on="2024-07-08", center=HECHUAN)

    def test_an_objection_has_no_day(self) -> None:
        """An objection is open until it is decided, and no text says by when."""
        objection = about(
            HECHUAN,
            "ObjectionLodged",
            "2024-07-12",
            objection="o-1",
            subject="evaluation",
            claim="人数不符",
        )
        decided = about(
            HECHUAN,
            "ObjectionDecided",
            "2024-07-19",
            objection="o-1",
            outcome="dismissed",
            reason="不实",
        )
        past = [*self.past(), objection]
        found = only(*past, on="2024-07-12", center=HECHUAN, what="objection")
        assert (found.due, found.overdue, found.by) == (None, False, "authority")
        assert "objection" not in kinds(*past, decided, on="2024-07-19", center=HECHUAN)

    def test_a_warning_is_due_with_the_grade(self) -> None:
        """A grade in the warning band calls for a warning until it is issued."""
        warned = about(HECHUAN, "WarningIssued", "2024-07-22", round="hechuan:evaluation:2024")
        found = only(*self.past(), on="2024-07-10", center=HECHUAN, what="warning")
        assert (found.cite.article, found.since) == ("第二十条", day("2024-07-10"))
        assert kinds(*self.past(), warned, on="2024-07-22", center=HECHUAN) == []

    def test_a_revocation_is_due_with_its_ground(self) -> None:
        """A ground that is met calls for a revocation, with its article and entries."""
        fact = about(HECHUAN, "FactEstablished", "2024-08-01", fact="serious_discredit")
        found = only(*self.past(), fact, on="2024-08-01", center=HECHUAN, what="revocation")
        assert found.cite.article == "第十六条（8）"
        assert len(found.entries) == 1

    def test_an_annulled_revocation_settles_its_ground(self) -> None:
        """Whoever annulled the revocation has decided about its ground, until a further fact."""
        fact = about(HECHUAN, "FactEstablished", "2024-08-01", fact="serious_discredit")
        revoked = about(HECHUAN, "CenterRevoked", "2024-08-02", grounds=["16.8"], key="r")
        undone = about(HECHUAN, "DecisionAnnulled", "2024-09-02", annuls="r", reason="复议")
        again = about(HECHUAN, "FactEstablished", "2024-10-08", fact="serious_discredit")
        past = [*self.past(), fact, revoked, undone]
        assert "revocation" not in kinds(*past, on="2024-10-08", center=HECHUAN)
        assert "revocation" in kinds(*past, again, on="2024-10-08", center=HECHUAN)

    def test_an_open_ground_is_not_due(self) -> None:
        """A ground that is undetermined revokes nobody."""
        fact = about(HECHUAN, "FactEstablished", "2024-08-01", fact="penalty")
        assert "revocation" not in kinds(*self.past(), fact, on="2024-08-01", center=HECHUAN)


def test_uses_the_lapsed_edition_of_the_center() -> None:
    """Where no edition is known to be in force, the center's own says by when."""
    renamed = about(BEIJING, "EnterpriseRenamed", "2022-11-29", name="甲二")
    policy = {"policy": "beijing/1", "policy_reason": "通知载明"}
    past = [designated(BEIJING, "2019-12-20", **policy), renamed]
    found = only(*past, on="2022-12-01", center=BEIJING, what="report")
    assert (found.cite.edition, found.due) == ("beijing/1", day("2023-01-11"))


def test_keys_tell_duties_apart() -> None:
    """Each duty has a key of its own, the same on every day it is due."""
    renamed = about(HECHUAN, "EnterpriseRenamed", "2024-07-15", name="甲二")
    again = about(HECHUAN, "EnterpriseRenamed", "2024-07-18", name="甲三")
    past = [*TestOpenMatters().past(), renamed, again]
    first = [d.key for d in due(*past, on="2024-07-18", center=HECHUAN)]
    later = [d.key for d in due(*past, on="2024-12-18", center=HECHUAN)]
    assert sorted(first) == sorted(later)
    assert len(set(first)) == len(first) == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"due": TODAY + timedelta(days=30)}, True),
        ({"due": TODAY + timedelta(days=31)}, False),
        ({"due": TODAY - timedelta(days=900)}, True),
        ({"lower_bound": TODAY + timedelta(days=30)}, True),
        ({"lower_bound": TODAY + timedelta(days=31)}, False),
        ({}, True),
    ],
)
def test_window_keeps_what_may_fall_due(changes: dict[str, date], expected: bool) -> None:
    """Overdue matters and those without a day are always shown; others up to the last day asked."""
    renamed = about(HECHUAN, "EnterpriseRenamed", "2024-07-15", name="甲二")
    past = [designated(HECHUAN, "2022-09-15"), renamed]
    [found] = due(*past, on="2024-08-01", center=HECHUAN)
    plain = {name: getattr(found, name) for name in found.__struct_fields__}
    duty = Duty(**{**plain, "due": None, "lower_bound": None, **changes})
    assert falls_within(duty, 30, on=TODAY) is expected
