"""What `taizhang audit` says: deviations of acts that stand, and what should have been done."""

from __future__ import annotations

from datetime import date

import pytest

from policies.audit import AuditFinding, audit_center, audit_plain, count_acts
from support.cases import background
from support.scenario import Line, MemoryLedger, Scenario, given, judge

CENTERS = {
    "beijing": "beijing/91110108MA100005XF",
    "xian": "xian/91610131MA1000041J",
    "hechuan": "hechuan/91500117MA1000017Y",
}
BY_BEIJING = {"policy": "beijing/1", "policy_reason": "通知"}
HEALTHY = {"rd_expenditure": 100, "rd_staff": 10, "equipment_value": 100}


def line(scheme: str, type_name: str, on: str, **fields: object) -> Line:
    """An entry about the scheme's center."""
    return {"type": type_name, "on": on, "center": CENTERS[scheme], **fields}


def graded(score: str) -> list[Line]:
    """A Hechuan center whose grade on that score is confirmed."""
    return [
        *background("hechuan", "designated", "filed-2024"),
        line("hechuan", "EvaluationScored", "2024-06-25", round=R2024, score=score),
        line("hechuan", "GradeConfirmed", "2024-07-10", round=R2024, key="grade"),
    ]


R2024 = "hechuan:evaluation:2024"


def audited(scenario: Scenario, scheme: str, today: str = "2026-12-01") -> list[AuditFinding]:
    """What the audit of the scheme finds."""
    return scenario.ledger.audit(scheme, today=date.fromisoformat(today))


def omissions(
    scenario: Scenario, scheme: str, today: str = "2026-12-01"
) -> list[tuple[str, str | None]]:
    """Code and article of every omission."""
    return [
        (f.code, f.cite.article if f.cite else None)
        for f in audited(scenario, scheme, today)
        if f.position is None
    ]


def deviations(scenario: Scenario, scheme: str) -> list[tuple[int | None, str]]:
    """Position and code of every deviation."""
    return [(f.position, f.code) for f in audited(scenario, scheme) if f.position is not None]


class TestDeviations:
    def test_lawful_ledgers_have_none(self) -> None:
        """Acts the rules supported when they were recorded are supported when judged again."""
        for scheme in CENTERS:
            assert deviations(given(*background(scheme, "designated")), scheme) == []

    def test_a_deviating_act_is_named(self) -> None:
        """An act recorded as published is found by its position, with code and article."""
        past = given(
            *background("beijing", "proposed"),
            {**background("beijing", "designated")[-1], "historical": True},
        )
        found = audited(past, "beijing")
        assert [(f.position, f.center, f.code, f.cite and f.cite.article) for f in found] == [
            (6, CENTERS["beijing"], "publicity_missing", "第八条（三）")
        ]

    def test_a_wrong_grade_shows_both(self) -> None:
        """A published grade that the score does not carry is shown beside the ruled one."""
        past = given(
            *background("hechuan", "designated", "filed-2024"),
            line("hechuan", "EvaluationScored", "2024-06-25", round=R2024, score="64"),
            line("hechuan", "GradeConfirmed", "2024-07-10", round=R2024, grade="良好")
            | {"historical": True},
        )
        (found,) = [f for f in audited(past, "hechuan") if f.position is not None]
        assert (found.code, found.recorded, found.ruled) == ("grade_mismatch", "良好", "基本合格")

    def test_an_open_grade_shows_the_published(self) -> None:
        """A grade published while a floor was open is found as undetermined."""
        past = given(
            *background("xian", "designated", "filed-2019"),
            line(
                "xian", "EvaluationScored", "2019-06-25", round="xian:evaluation:2019", score="80"
            ),
            line("xian", "GradeConfirmed", "2019-08-09", round="xian:evaluation:2019", grade="合格")
            | {"historical": True},
        )
        (found,) = [f for f in audited(past, "xian") if f.position is not None]
        assert (found.code, found.recorded) == ("grade_undetermined", "合格")

    def test_annulled_acts_are_not_listed(self) -> None:
        """A deviating act that was annulled afterwards is no deviation any more."""
        revoked = line("beijing", "CenterRevoked", "2021-04-01", grounds=["14.3"], key="r")
        past = given(*background("beijing", "designated"), revoked | {"historical": True})
        assert deviations(past, "beijing") == [(8, "ground_unmet")]
        past.when(line("beijing", "DecisionAnnulled", "2021-05-06", annuls="r", reason="更正"))
        assert deviations(past, "beijing") == []

    def test_notes_are_not_listed(self) -> None:
        """What is only noted of an act, such as missing signers, is no deviation."""
        designated = {**background("xian", "designated")[-1], "by": "工信委"}
        past = given(*background("xian", "published")).when(designated)
        past.then(noted=["signers_missing"])
        assert deviations(past, "xian") == []

    def test_rounds_are_audited_too(self) -> None:
        """A notice without a policy that could rule it deviates on its own."""
        notice = {
            "type": "RoundOpened",
            "on": "2020-09-01",
            "round": "beijing:designation:2020",
            "deadline": "2020-09-30",
            "historical": True,
        }
        assert deviations(given(notice), "beijing") == [(0, "policy_undetermined")]

    def test_an_amended_notice_changes_no_act(self) -> None:
        """A notice that was amended later still rules the acts between the two."""
        notice, *_ = background("beijing", "notice")
        amended = {"type": "RoundOpened", "on": "2020-11-30", "round": notice["round"]}
        past = given(*background("beijing", "admitted"), amended | {"deadline": "2020-12-31"})
        assert deviations(past, "beijing") == []

    def test_a_shortened_notice_changes_no_act(self) -> None:
        """An admission is judged by the deadline that was known when it was recorded."""
        notice, *_ = background("beijing", "notice")
        amended = {"type": "RoundOpened", "on": "2020-11-30", "round": notice["round"]}
        past = given(*background("beijing", "admitted"), amended | {"deadline": "2020-09-14"})
        assert deviations(past, "beijing") == []

    def test_an_interpretation_changes_no_past(self) -> None:
        """An interpretation adopted later, even with an earlier day, changes nothing ruled."""
        past = given(
            *background("beijing", "designated"),
            line("beijing", "FactEstablished", "2021-03-01", fact="dissolution"),
            line("beijing", "CenterRevoked", "2021-04-01", grounds=["14.8"]),
            line(
                "beijing",
                "FactEstablished",
                "2021-03-01",
                decided_on="2015-01-05",
                fact="smuggling",
            ),
            {
                "type": "InterpretationAdopted",
                "on": "2020-01-02",
                "scheme": "beijing",
                "interpretation": "bj.publicity.min_days",
                "value": "7",
                "by": "北京市经济和信息化局",
                **BY_BEIJING,
            },
        )
        assert deviations(past, "beijing") == []

    def test_late_facts_change_no_ruling(self) -> None:
        """A fact that became known after an act is no reason against the act."""
        past = given(
            *background("beijing", "designated"),
            line("beijing", "FactEstablished", "2020-09-01", fact="tax_evasion"),
        )
        assert deviations(past, "beijing") == []

    def test_acts_are_counted_without_facts(self) -> None:
        """The number of acts leaves facts out and keeps annulled acts."""
        past = given(
            *background("beijing", "designated"),
            line("beijing", "DecisionAnnulled", "2021-01-04", annuls="designation", reason="更正"),
        )
        entries = past.ledger.entries(CENTERS["beijing"])
        assert [count_acts(entries), len(entries)] == [7, 8]

    def test_plain_streams_hold_no_center(self) -> None:
        """The audit of a round's own stream speaks of the round."""
        ledger = MemoryLedger()
        ledger.record(
            {
                "type": "RoundOpened",
                "on": "2022-01-01",
                "round": "xian:evaluation:2022",
                "deadline": "2022-04-10",
            },
            historical=True,
        )
        (found,) = audit_plain(judge(), ledger.log("xian"), ledger.stored)
        assert (found.center, found.code) == ("xian:evaluation:2022", "policy_undetermined")


class TestRevocationDue:
    def test_a_met_ground_is_due(self) -> None:
        """A ground that is met for certain, and no revocation: found with its article."""
        past = given(*background("beijing", "designated", "failed-2021", "failed-2022"))
        assert omissions(past, "beijing") == [("revocation_due", "第十四条（一）")]

    def test_it_rests_on_the_grades(self) -> None:
        """The omission names the entries that carry the ground."""
        past = given(*background("beijing", "designated", "failed-2021", "failed-2022"))
        (found,) = audited(past, "beijing")
        grades = [r.position for r in past.ledger.log("beijing") if r.type == "GradeConfirmed/1"]
        assert (found.position, list(found.entries)) == (None, grades)

    def test_an_open_ground_is_not_due(self) -> None:
        """A ground that is undetermined is nobody's omission."""
        past = given(*background("beijing", "designated", "failed-2021", "failed-2023"))
        assert omissions(past, "beijing") == []

    def test_a_revocation_settles_it(self) -> None:
        """Once revoked, nothing is due."""
        assert omissions(given(*background("beijing", "revoked-for-failing")), "beijing") == []

    def test_an_annulled_grade_settles_it(self) -> None:
        """A ground whose grade was annulled is not met any more."""
        past = given(
            *background("beijing", "designated", "failed-2021", "failed-2022"),
            line("beijing", "DecisionAnnulled", "2022-07-15", annuls="grade-2021", reason="更正")
            | BY_BEIJING,
        )
        assert omissions(past, "beijing") == []

    def test_an_annulled_revocation_settles_it(self) -> None:
        """Whoever annulled the revocation has decided about its grounds: nothing is due."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            line("beijing", "DecisionAnnulled", "2022-09-15", annuls="revocation", reason="复议")
            | BY_BEIJING,
        )
        assert omissions(past, "beijing") == []

    def test_a_new_failure_is_due_again(self) -> None:
        """After an annulled revocation a further failure makes the ground due again."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            line("beijing", "DecisionAnnulled", "2022-09-15", annuls="revocation", reason="复议")
            | BY_BEIJING,
            *background("beijing", "failed-2023"),
        )
        assert omissions(past, "beijing") == [("revocation_due", "第十四条（一）")]

    def test_each_ground_is_named_once(self) -> None:
        """Two grounds met are two omissions."""
        past = given(
            *background("hechuan", "designated", "failed-2024"),
            line("hechuan", "FactEstablished", "2024-05-06", fact="tax_evasion"),
        )
        assert omissions(past, "hechuan") == [
            ("revocation_due", "第十六条（1）"),
            ("revocation_due", "第十六条（7）"),
        ]


class TestWarningDue:
    @pytest.mark.parametrize(
        ("score", "due"), [("60", True), ("65", True), ("65.01", False), ("59.99", False)]
    )
    def test_the_band_decides(self, score: str, due: bool) -> None:
        """A confirmed grade inside the warning band asks for a warning, a failing one never."""
        codes = [code for code, _ in omissions(given(*graded(score)), "hechuan")]
        assert ("warning_due" in codes) is due

    def test_the_warning_settles_it(self) -> None:
        """Once the warning is issued, nothing is due."""
        past = given(*graded("62"), line("hechuan", "WarningIssued", "2024-07-22", round=R2024))
        assert omissions(past, "hechuan") == []

    def test_an_annulled_warning_is_due(self) -> None:
        """A warning that was annulled is missing again."""
        past = given(
            *graded("62"),
            line("hechuan", "WarningIssued", "2024-07-22", round=R2024, key="w"),
            line("hechuan", "DecisionAnnulled", "2024-07-23", annuls="w", reason="更正"),
        )
        assert omissions(past, "hechuan") == [("warning_due", "第二十条")]

    def test_an_annulled_grade_asks_for_none(self) -> None:
        """Without the grade there is nothing to warn of."""
        past = given(
            *graded("62"),
            line("hechuan", "DecisionAnnulled", "2024-07-23", annuls="grade", reason="更正"),
        )
        assert omissions(past, "hechuan") == []


class TestResultOverdue:
    R2019 = "xian:evaluation:2019"

    def scored(self) -> list[Line]:
        """A Xi'an center with everything for its grade of 2019."""
        return [
            *background("xian", "designated", "filed-2019", "floors-2019"),
            line("xian", "EvaluationScored", "2019-06-25", round=self.R2019, score="80"),
        ]

    @pytest.mark.parametrize(("today", "due"), [("2019-09-06", False), ("2019-09-07", True)])
    def test_ninety_working_days_pass(self, today: str, due: bool) -> None:
        """A grade is overdue from the day after the ninetieth working day after 30 April."""
        found = omissions(given(*self.scored()), "xian", today)
        assert found == ([("result_overdue", "第十四条")] if due else [])

    def test_a_missing_result_names_the_limit(self) -> None:
        """A result that has not come names its limit and no day."""
        (found,) = audited(given(*self.scored()), "xian")
        assert found.say == "result_overdue"
        assert found.values == {"round": self.R2019, "limit": "2019-09-06", "on": None}

    def test_a_late_result_names_both_days(self) -> None:
        """A result published late stays overdue, with the limit and the day it came."""
        past = given(*self.scored(), line("xian", "GradeConfirmed", "2019-09-09", round=self.R2019))
        (found,) = audited(past, "xian")
        assert found.say == "result_published_late"
        assert found.values == {"round": self.R2019, "limit": "2019-09-06", "on": "2019-09-09"}

    def test_a_late_designation_is_found(self) -> None:
        """The term of a designation runs from its admission."""
        designated = {**background("xian", "designated")[-1], "on": "2017-09-06"}
        past = given(*background("xian", "published"), designated)
        (found,) = audited(past, "xian")
        assert found.cite is not None
        assert (found.code, found.cite.article) == ("result_overdue", "第九条")
        assert (found.values["limit"], found.values["on"]) == ("2017-09-05", "2017-09-06")

    def test_other_schemes_set_no_term(self) -> None:
        """Beijing and Hechuan state no term for a result."""
        for scheme, names in {
            "beijing": ("designated", "filed-2021"),
            "hechuan": ("designated", "filed-2024"),
        }.items():
            assert omissions(given(*background(scheme, *names)), scheme) == []


class TestReportLate:
    RENAMED = line("hechuan", "EnterpriseRenamed", "2025-09-15", name="重庆合川新名有限公司")

    @pytest.mark.parametrize(
        ("reported", "due"), [("2025-10-31", False), ("2025-11-01", True), (None, True)]
    )
    def test_thirty_working_days_pass(self, reported: str | None, due: bool) -> None:
        """A renaming is reported by the thirtieth working day, or is found late."""
        lines = [*background("hechuan", "designated"), self.RENAMED]
        if reported is not None:
            lines.append(line("hechuan", "ChangeReported", reported, completed_on="2025-09-15"))
        found = omissions(given(*lines), "hechuan")
        assert found == ([("report_late", "第二十一条")] if due else [])

    def test_the_last_day_is_not_late(self) -> None:
        """On the last day of the term an unreported renaming is not yet late."""
        past = given(*background("hechuan", "designated"), self.RENAMED)
        assert omissions(past, "hechuan", "2025-10-31") == []

    def test_a_late_report_names_both_days(self) -> None:
        """A late report names its limit and its own day."""
        past = given(
            *background("hechuan", "designated"),
            self.RENAMED,
            line("hechuan", "ChangeReported", "2025-12-01", completed_on="2025-09-15"),
        )
        (found,) = audited(past, "hechuan")
        assert (found.values["limit"], found.values["reported_on"]) == ("2025-10-31", "2025-12-01")

    def test_without_a_calendar_nothing_is_said(self) -> None:
        """A term that enters a year without a calendar accuses nobody."""
        renamed = line("hechuan", "EnterpriseRenamed", "2026-11-20", name="新名")
        past = given(*background("hechuan", "designated"), renamed)
        entries = past.ledger.entries(CENTERS["hechuan"])
        found = audit_center(
            judge(), CENTERS["hechuan"], entries, past.ledger.stored, today=date(2027, 6, 1)
        )
        assert list(found) == []
