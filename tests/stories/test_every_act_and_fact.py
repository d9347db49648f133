"""Every act and fact of the contract, in any order, against the regulations on paper.

A machine records whatever it likes about one center, lawfully or as published. After every step the
ledger must stand where `support.paper` stands, rule as `support.paper_office` says, agree with a
rebuild, and give every stored ruling again, byte for byte.

TAIZHANG_MACHINE=500 runs so many histories of each scheme.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.entries import REGISTRY, FactName
from ledger.ruling import Recorded
from policies.verdict import KnownBefore
from projections.counters import counts
from projections.fold import fold
from projections.register import digest, row_of
from support.histories import SCHEMES
from support.paper_office import GROUNDS, KINDS, MINIMUMS, REVIEWS, Office
from support.places import Places
from support.scenario import FileLedger, judge, knowledge_of

HISTORIES = int(os.environ.get("TAIZHANG_MACHINE", "16"))
STEPS = 30
FIRST = {"beijing": date(2019, 3, 4), "xian": date(2016, 9, 5), "hechuan": date(2022, 1, 4)}
LAST = date(2026, 6, 1)
EDITION = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
BODIES = {
    "beijing": ["北京市经济和信息化局"],
    "hechuan": [
        "重庆市合川区经济和信息化委员会",
        "重庆市合川区科学技术局",
        "重庆市合川区财政局",
    ],
}
READINGS = {
    "beijing": ("bj.consec.unit", ("rounds_adjacent_years", "calendar_years", "rounds")),
    "hechuan": ("hc.ban.voluntary", ("literal", "none")),
}
GAPS = st.sampled_from([0, 0, 1, 8, 8, 20, 45, 45, 150, 400])
SCORES = st.sampled_from(
    ["0", "59.99", "60", "62.5", "64.99", "65", "65.01", "69.99", "70", "80", "85", "90"]
)
FACTS = get_args(FactName)
FIGURES = {"rd_expenditure": 100, "rd_staff": 10, "equipment_value": 100}
FLAWS = st.sampled_from(["none", "none", "none", "short", "missing"])


class Center(RuleBasedStateMachine):
    """One center of one scheme on a ledger of its own, and the same on paper."""

    scheme = "beijing"
    places: Places

    def __init__(self) -> None:
        super().__init__()
        self.place = self.places.new()
        self.ledger = FileLedger(self.place)
        self.ledger.desk.initialise()
        self.office = Office(self.scheme)
        self.center = f"{self.scheme}/id:x"
        self.day = FIRST[self.scheme]
        self.lines = 0
        self.seen = 0
        self.fresh: list[Recorded] = []

    def teardown(self) -> None:
        """At the end the register is rebuilt, and every ruling given again."""
        if self.seen:
            live = digest(self.ledger.desk.shelf.rows(self.scheme))
            assert self.ledger.desk.rebuild(self.scheme) == live
            self._judge_again(self.ledger.log(self.scheme))
        self.ledger.close()
        self.place.give_back()

    # --- recording -------------------------------------------------------------------------------

    def put(self, type_: str, *, published: bool = False, back: int = 0, **fields: Any) -> bool:
        """Record a line; `published` does so even where the rules say no. Whether it went in."""
        self.lines += 1
        day = max(self.day - timedelta(days=back), FIRST[self.scheme])
        line: dict[str, Any] = {"type": type_, "on": day, "key": f"k{self.lines}", **fields}
        is_act = REGISTRY[type_].kind == "act"
        if type_ == "InterpretationAdopted":
            line["scheme"] = self.scheme
        elif type_ != "RoundOpened":
            line["center"] = self.center
        if is_act:
            line |= {"policy": EDITION[self.scheme], "policy_reason": "通知载明"}
        expected = self.office.expects(line)
        answer = self.ledger.record(line)
        assert answer.malformed is None, answer.malformed
        said = [f"{f.code}/{f.say}" for f in answer.bars]
        assert expected is None or expected is bool(answer.recorded), (line, expected, said)
        if answer.is_refused and published:
            answer = self.ledger.record(line, historical=True)
            assert answer.recorded, answer.malformed
        if answer.recorded:
            [recorded] = answer.recorded
            self.office.keep(line, recorded.position)
            self.fresh.append(recorded)
        return bool(answer.recorded)

    def wait(self, days: int) -> None:
        """Let time pass."""
        self.day = min(self.day + timedelta(days=days), LAST)

    def round_of(self, kind: str) -> str:
        """The round of the year."""
        return f"{self.scheme}:{kind}:{self.day.year}"

    # --- what an authority does ------------------------------------------------------------------

    @rule(gap=GAPS, kind=st.sampled_from(["designation", "evaluation"]), days=st.integers(5, 60))
    def open_round(self, gap: int, kind: str, days: int) -> None:
        """A notice, or an amended one."""
        self.wait(gap)
        deadline = self.day + timedelta(days=days)
        self.put("RoundOpened", round=self.round_of(kind), deadline=deadline)

    @precondition(lambda self: self.scheme in READINGS)
    @rule(data=st.data())
    def adopt(self, data: st.DataObject) -> None:
        """The bodies that interpret the regulation settle a reading."""
        key, values = READINGS[self.scheme]
        value = data.draw(st.sampled_from(values))
        by = BODIES[self.scheme]
        self.put("InterpretationAdopted", interpretation=key, value=value, by=by)

    @rule(gap=GAPS, published=st.booleans(), back=st.sampled_from([0, 0, 0, 30]))
    def admit(self, gap: int, published: bool, back: int) -> None:
        """An application is admitted."""
        self.wait(gap)
        name = self.round_of("designation")
        self.put("ApplicationAdmitted", round=name, published=published, back=back)

    @rule(gap=GAPS, published=st.booleans())
    def refuse(self, gap: int, published: bool) -> None:
        """An application is refused."""
        self.wait(gap)
        self.put("ApplicationRefused", round=self.round_of("designation"), published=published)

    @rule(data=st.data(), passed=st.booleans(), published=st.booleans())
    def review(self, data: st.DataObject, passed: bool, published: bool) -> None:
        """One review is decided."""
        stage = data.draw(st.sampled_from(REVIEWS[self.scheme]))
        name = self.round_of("designation")
        self.put("ReviewDecided", round=name, stage=stage, passed=passed, published=published)

    @rule(gap=GAPS, published=st.booleans())
    def propose(self, gap: int, published: bool) -> None:
        """The center is put on the list."""
        self.wait(gap)
        self.put("DesignationProposed", round=self.round_of("designation"), published=published)

    @rule(
        subject=st.sampled_from(["designation", "evaluation", "revocation"]),
        days=st.sampled_from([0, 5, 6, 7]),
        published=st.booleans(),
    )
    def publish(self, subject: str, days: int, published: bool) -> None:
        """Something is published for objections."""
        fields: dict[str, Any] = {"closes": self.day + timedelta(days=days)}
        if subject != "revocation":
            fields["round"] = self.round_of(subject)
        self.put("PublicityOpened", subject=subject, published=published, **fields)

    @rule(gap=GAPS, published=st.booleans(), back=st.sampled_from([0, 0, 0, 90]))
    def designate(self, gap: int, published: bool, back: int) -> None:
        """The center is designated."""
        self.wait(gap)
        fields = {"round": self.round_of("designation"), "name": "甲"}
        self.put("CenterDesignated", published=published, back=back, **fields)

    @rule(published=st.booleans())
    def certify(self, published: bool) -> None:
        """A certificate is issued."""
        self.put("CertificateIssued", number="西JSZX-1-2019-1", published=published)

    @rule(
        objection=st.sampled_from("pq"),
        outcome=st.sampled_from(["upheld", "dismissed", "inadmissible"]),
        published=st.booleans(),
    )
    def decide_objection(self, objection: str, outcome: str, published: bool) -> None:
        """An objection is decided."""
        fields = {"objection": objection, "outcome": outcome, "reason": "甲"}
        self.put("ObjectionDecided", published=published, **fields)

    @rule(published=st.booleans())
    def defer(self, published: bool) -> None:
        """An evaluation is put off."""
        fields = {"round": self.round_of("evaluation"), "reason": "改制"}
        self.put("EvaluationDeferred", published=published, **fields)

    @rule(
        gap=GAPS,
        grade=st.sampled_from([None, None, None, "不合格", "基本合格", "优秀"]),
        published=st.booleans(),
    )
    def confirm(self, gap: int, grade: str | None, published: bool) -> None:
        """A grade is confirmed, the ruled one or another."""
        self.wait(gap)
        fields = {"grade": grade} if grade else {}
        self.put("GradeConfirmed", round=self.round_of("evaluation"), published=published, **fields)

    @rule(type_=st.sampled_from(["WarningIssued", "CommendationIssued"]), published=st.booleans())
    def warn_or_commend(self, type_: str, published: bool) -> None:
        """A warning or a commendation goes with the grade."""
        self.put(type_, round=self.round_of("evaluation"), published=published)

    @rule(published=st.booleans())
    def order_rectification(self, published: bool) -> None:
        """The center is told to rectify."""
        self.put("RectificationOrdered", published=published)

    @rule(score=SCORES, published=st.booleans())
    def correct(self, score: str, published: bool) -> None:
        """A score is corrected."""
        fields = {"round": self.round_of("evaluation"), "score": score, "reason": "误"}
        self.put("ScoreCorrected", published=published, **fields)

    @rule(period=st.sampled_from("abcd"), days=st.integers(0, 40), published=st.booleans())
    def request_return(self, period: str, days: int, published: bool) -> None:
        """A return is asked for."""
        due = self.day + timedelta(days=days)
        self.put("ReturnRequested", kind=self.kind, period=period, due=due, published=published)

    @rule(type_=st.sampled_from(["PartyNotified", "StatementHeard"]))
    def hear(self, type_: str) -> None:
        """The party is told, or heard."""
        self.put(type_, regarding="拟撤销")

    @rule(gap=GAPS, data=st.data(), published=st.booleans())
    def revoke(self, gap: int, data: st.DataObject, published: bool) -> None:
        """The designation is revoked, on one ground or several."""
        self.wait(gap)
        known = sorted(GROUNDS[self.scheme])
        chosen = st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True)
        self.put("CenterRevoked", grounds=data.draw(chosen), published=published)

    @precondition(lambda self: self.office.events)
    @rule(data=st.data(), gap=GAPS, published=st.booleans())
    def annul(self, data: st.DataObject, gap: int, published: bool) -> None:
        """An act is annulled; or something that cannot be."""
        self.wait(gap)
        keys = [event.line["key"] for event in self.office.events[-9:]]
        fields = {"annuls": data.draw(st.sampled_from(keys)), "reason": "更正"}
        self.put("DecisionAnnulled", published=published, **fields)

    # --- what happens ----------------------------------------------------------------------------

    @rule(gap=GAPS, flaw=FLAWS, back=st.sampled_from([0, 0, 0, 25]))
    def apply(self, gap: int, flaw: str, back: int) -> None:
        """An enterprise applies."""
        self.wait(gap)
        indicators = flawed(MINIMUMS[self.scheme], flaw)
        fields = {"round": self.round_of("designation"), "name": "甲", "industry": "manufacturing"}
        self.put("ApplicationSubmitted", back=back, indicators=indicators, **fields)

    @rule(subject=st.sampled_from(["designation", "evaluation"]), objection=st.sampled_from("pq"))
    def object(self, subject: str, objection: str) -> None:
        """Somebody objects, once under each name."""
        if objection not in self.office.now.objections:
            self.put("ObjectionLodged", objection=objection, subject=subject, claim="不实")

    @rule(gap=GAPS, flaw=FLAWS)
    def file(self, gap: int, flaw: str) -> None:
        """Evaluation materials are filed."""
        self.wait(gap)
        indicators = flawed(FIGURES, flaw)
        name = self.round_of("evaluation")
        self.put("EvaluationSubmitted", round=name, indicators=indicators)

    @rule(gap=GAPS)
    def miss(self, gap: int) -> None:
        """It is put on record that nothing was filed."""
        self.wait(gap)
        self.put("EvaluationNotSubmitted", round=self.round_of("evaluation"))

    @rule(kind=st.sampled_from(["designation", "evaluation"]), met=st.booleans())
    def attest(self, kind: str, met: bool) -> None:
        """An auditor says whether the floors are met."""
        self.put("FloorsAttested", round=self.round_of(kind), met=met, report="审计报告")

    @rule(score=SCORES, back=st.sampled_from([0, 0, 0, 20]))
    def score(self, score: str, back: int) -> None:
        """A score comes in."""
        self.put("EvaluationScored", round=self.round_of("evaluation"), score=score, back=back)

    @rule(type_=st.sampled_from(["ReturnFiled", "ReturnMissed"]), period=st.sampled_from("abcd"))
    def settle_return(self, type_: str, period: str) -> None:
        """A return is filed or missed."""
        self.put(type_, kind=self.kind, period=period)

    @rule(
        fact=st.sampled_from(FACTS),
        age=st.sampled_from([0, 0, 30, 700]),
        penalized=st.sampled_from([None, True, False]),
        severity=st.sampled_from([None, "serious", "minor"]),
    )
    def establish(self, fact: str, age: int, penalized: bool | None, severity: str | None) -> None:
        """A court or an office establishes a fact."""
        fields: dict[str, Any] = {"decided_on": self.day - timedelta(days=age)}
        fields |= {} if penalized is None else {"penalized": penalized}
        fields |= {} if severity is None else {"severity": severity}
        self.put("FactEstablished", fact=fact, **fields)

    @rule(gap=GAPS, what=st.sampled_from(["renaming", "reorganization", "report", "rectified"]))
    def change(self, gap: int, what: str) -> None:
        """The enterprise changes, or reports."""
        self.wait(gap)
        match what:
            case "renaming":
                self.put("EnterpriseRenamed", name="乙")
            case "reorganization":
                self.put("EnterpriseReorganized", form="merger")
            case "report":
                self.put("ChangeReported", completed_on=self.day)
            case _:
                self.put("RectificationReported")

    @rule(erased=st.booleans())
    def ask_to_leave(self, erased: bool) -> None:
        """The enterprise wants to give up; the name of who asked may be erased afterwards."""
        self.put("WithdrawalRequested", private={"contact": "某某"})
        if erased:
            key = self.office.events[-1].line["key"]
            self.put("PrivateErased", erases=key, fields=["/contact"], reason="本人申请")

    # --- whole stretches, so that later ones are reached -----------------------------------------

    @rule(gap=GAPS, last=st.sampled_from(["propose", "designate", "designate", "designate"]))
    def be_designated(self, gap: int, last: str) -> None:
        """An application without a flaw goes its way."""
        self.wait(gap)
        name = self.round_of("designation")
        self.put("RoundOpened", round=name, deadline=self.day + timedelta(days=20))
        self.apply(gap=0, flaw="none", back=0)
        self.put("FloorsAttested", round=name, met=True, report="审计报告")
        self.put("ApplicationAdmitted", round=name)
        for stage in REVIEWS[self.scheme]:
            self.put("ReviewDecided", round=name, stage=stage, passed=True)
        self.put("DesignationProposed", round=name)
        if last == "propose":
            return
        closes = self.day + timedelta(days=6)
        self.put("PublicityOpened", subject="designation", round=name, closes=closes)
        self.day = closes + timedelta(days=1)
        self.put("CenterDesignated", round=name, name="甲")

    @rule(
        year=st.sampled_from([1, 1, 1, 2]),
        score=SCORES,
        filed=st.sampled_from([True] * 4 + [False]),
    )
    def be_evaluated(self, year: int, score: str, filed: bool) -> None:
        """An evaluation without a flaw, in one of the next years."""
        if self.day.year + year > LAST.year:
            return
        self.day = date(self.day.year + year, 3, 1)
        name = self.round_of("evaluation")
        self.put("RoundOpened", round=name, deadline=self.day + timedelta(days=20))
        if filed:
            self.file(gap=0, flaw="none")
            self.put("FloorsAttested", round=name, met=True, report="核查报告")
            self.put("EvaluationScored", round=name, score=score)
        else:
            self.day += timedelta(days=60)
            self.put("EvaluationNotSubmitted", round=name)
        closes = self.day + timedelta(days=6)
        self.put("PublicityOpened", subject="evaluation", round=name, closes=closes)
        self.day = closes + timedelta(days=1)
        self.put("GradeConfirmed", round=name)

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def stands_as_on_paper(self) -> None:
        """Status, designation, counters and ban are those of the paper."""
        state, paper = self.ledger_state(), self.office.now
        assert state.status == paper.status
        assert state.designated_on == paper.designated_on
        assert (state.revoked_on, state.grounds) == (paper.revoked_on, paper.grounds)
        assert {name: c.count for name, c in counts(state).items()} == self.office.counters()
        ban = state.ban
        found = ban and (ban.start, ban.last_day, ban.first_eligible_day, ban.grounds)
        expected = paper.ban and (
            paper.ban.start,
            paper.ban.last_day,
            paper.ban.last_day + timedelta(days=1),
            paper.ban.grounds,
        )
        assert found == expected

    @invariant()
    def rules_and_registers_the_same_again(self) -> None:
        """What was just recorded is ruled the same again, and its row is that of a replay."""
        fresh, self.fresh = self.fresh, []
        if not fresh:
            return
        self.seen += len(fresh)
        self._judge_again(fresh)
        entries = self.ledger.desk.book.stream(self.scheme, self.center)
        row = self.ledger.desk.shelf.row(self.scheme, self.center)
        assert row == (row_of(fold(self.center, entries)) if entries else None)

    def ledger_state(self) -> Any:
        """Where the ledger says the center stands, after everything."""
        entries = self.ledger.desk.book.stream(self.scheme, self.center)
        return fold(self.center, entries)

    def _judge_again(self, entries: list[Recorded]) -> None:
        """Every ruling is given again from what was known before it."""
        everything = self.ledger.log(self.scheme)
        known = knowledge_of(everything)
        own = [r for r in everything if r.stream == self.center]
        for recorded in entries:
            before = [r for r in own if r.position < recorded.position]
            is_own = recorded.stream == self.center
            state = fold(self.center, before, on=recorded.on) if is_own else None
            found = judge().judge(recorded.entry, state, KnownBefore(known, recorded.position))
            assert msgspec.json.encode(found.ruling) == msgspec.json.encode(recorded.ruling)
            assert found.notes == recorded.findings
            assert found.bars == recorded.deviations

    @property
    def kind(self) -> str:
        """The kind of return the regulation counts."""
        return KINDS.get(self.scheme, "bulletin")


def flawed(figures: dict[str, int], flaw: str) -> dict[str, Any]:
    """The least figures; one of them too small, or missing."""
    found: dict[str, Any] = dict(figures)
    if "rd_expenditure" in found and flaw == "short":
        found["rd_expenditure"] = str(found["rd_expenditure"] - 1) + ".99"
    if flaw == "missing":
        found.pop("rd_expenditure", None)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_ledger_agrees_with_paper(scheme: str, dialect: str, places: Places) -> None:
    """Whatever is recorded, the ledger stands where the regulation on paper does."""
    fields = {"scheme": scheme, "places": places}
    machine = type(f"Center_{scheme}", (Center,), fields)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=HISTORIES if dialect == "sqlite" else 1 + HISTORIES // 6,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
