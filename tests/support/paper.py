"""Where a center stands by the regulations, written down once more, slowly and for itself.

Nothing of `policies/` or `projections/` is used: the numbers stand here again, as the three texts
print them. A center is the list of what was recorded about it; where it stands is read off the list
anew each time, in the order of legal effect, without what was annulled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

__all__ = ["Ban", "Evaluation", "Event", "Objection", "Procedure", "Result", "Standing", "standing"]

FAILED = "不合格"


@dataclass(frozen=True)
class Ban:
    """Years from the day after `start` (民法典第二百零一条), and the grounds they follow from."""

    start: date
    years: int
    grounds: tuple[str, ...]

    @property
    def last_day(self) -> date:
        """The corresponding day, or the last of its month (民法典第二百零二条)."""
        return self.start + relativedelta(years=self.years)

    def runs_on(self, day: date) -> bool:
        """Whether it runs on the day."""
        return self.start <= day <= self.last_day


@dataclass(frozen=True)
class Event:
    """A recorded line, the order it was recorded in, and what was decided with it."""

    number: int
    line: Mapping[str, Any]
    target: int | None = None
    grade: str | None = None
    ban: Ban | None = None
    spends: frozenset[int] = frozenset()
    reading: str | None = None

    @property
    def type(self) -> str:
        """The type of the line."""
        return str(self.line["type"])

    @property
    def on(self) -> date:
        """The day it takes effect."""
        day: date = self.line["on"]
        return day

    @property
    def place(self) -> tuple[date, int]:
        """Its place in the order of legal effect."""
        return self.on, self.number


@dataclass
class Procedure:
    """One application, from its filing to its end; events by their numbers."""

    filed: Event | None = None
    admitted: int | None = None
    refused: int | None = None
    proposed: int | None = None
    designated: int | None = None
    floors: bool | None = None
    reviews: dict[str, bool] = field(default_factory=dict)

    @property
    def is_on_file(self) -> bool:
        """Whether anything says that there was an application."""
        traces = (self.filed, self.admitted, self.refused, self.proposed)
        return any(trace is not None for trace in traces)


@dataclass
class Result:
    """A confirmed grade, with the score it was given for."""

    event: Event
    year: int
    score: Decimal | None

    @property
    def is_failed(self) -> bool:
        """Whether it is the failing grade."""
        return self.event.grade == FAILED


@dataclass
class Evaluation:
    """What is on file for one evaluation round."""

    year: int
    first_filed_on: date | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    missed: Event | None = None
    is_deferred: bool = False
    floors: bool | None = None
    score: Decimal | None = None
    result: Result | None = None
    void_before: int = -1


@dataclass
class Objection:
    """An objection, the round it belongs to, and its outcome."""

    subject: str
    round: str | None
    outcome: str | None = None
    decided: int = -1


@dataclass
class Return:
    """A bulletin or a set of operating data of one period."""

    period: str
    due: date | None = None
    missed_on: date | None = None
    filed_on: date | None = None

    @property
    def day(self) -> date:
        """The day it counts from in the order of returns."""
        found = self.due or self.missed_on or self.filed_on
        assert found is not None
        return found


@dataclass
class Standing:
    """Where the center stands."""

    holds: str = "none"
    under_way: str | None = None
    designation: Event | None = None
    designation_round: str | None = None
    revoked_on: date | None = None
    grounds: tuple[str, ...] = ()
    ban: Ban | None = None
    spent: frozenset[int] = frozenset()
    reading: str | None = None
    procedures: dict[str, Procedure] = field(default_factory=dict)
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    publicities: list[Event] = field(default_factory=list)
    objections: dict[str, Objection] = field(default_factory=dict)
    returns: dict[tuple[str, str], Return] = field(default_factory=dict)
    facts: list[Event] = field(default_factory=list)
    withdrawals: list[Event] = field(default_factory=list)
    annulled: dict[int, int] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """As the contract words it."""
        return self.holds if self.holds == "designated" else self.under_way or self.holds

    @property
    def designated_on(self) -> date | None:
        """The day of the present or last designation."""
        return self.designation.on if self.designation else None

    def is_banned(self, day: date) -> bool:
        """Whether it may not apply on the day."""
        return self.ban is not None and self.ban.runs_on(day)

    def results(self, *, before: int = 9999) -> list[Result]:
        """Confirmed grades since the designation, by their years; only of years before one."""
        found = [v.result for v in self.evaluations.values() if v.result and v.year < before]
        since = self.designation.place if self.designation else None
        kept = [r for r in found if since is None or r.event.place > since]
        return sorted(kept, key=lambda r: r.year)

    def failures(self, reading: str) -> tuple[int, bool]:
        """How many evaluations failed in a row up to the newest; and whether an older failure lies
        beyond a year that was not evaluated (B05)."""
        years: list[int] = []
        for result in reversed(self.results()):
            if not result.is_failed:
                break
            if reading != "rounds" and years and years[-1] - result.year > 1:
                return len(years), True
            years.append(result.year)
        return len(years), False

    def low_scores(self, *, before: int = 9999) -> int:
        """How many scores in a row lay in [60, 65), up to the newest (西安第十二条)."""
        count = 0
        for result in reversed(self.results(before=before)):
            if result.score is None or not 60 <= result.score < 65:
                break
            count += 1
        return count

    def returns_of(self, kind: str) -> list[Return]:
        """Returns of a kind since the designation, by their days."""
        found = [r for (k, _), r in self.returns.items() if k == kind]
        since = self.designated_on
        kept = [r for r in found if since is None or r.day >= since]
        return sorted(kept, key=lambda r: (r.day, r.period))

    def missed_returns(self, kind: str) -> int:
        """How many returns in a row were missed, up to the newest that is decided."""
        found = self.returns_of(kind)
        while found and not (found[-1].missed_on or found[-1].filed_on):
            found.pop()
        count = 0
        for asked in reversed(found):
            if not asked.missed_on or asked.filed_on:
                break
            count += 1
        return count

    def evaluation(self, round_id: str) -> Evaluation:
        """What is on file for the round."""
        return self.evaluations.setdefault(round_id, Evaluation(int(round_id[-4:])))

    def procedure(self, round_id: str) -> Procedure:
        """The application in the round, as far as it got."""
        return self.procedures.setdefault(round_id, Procedure())


def standing(events: Iterable[Event], *, on: date | None = None) -> Standing:
    """Where the center stands after the events, of those up to the end of the day; every annulment
    among them counts, whatever its day."""
    known = list(events)
    first: dict[int, Event] = {}
    for event in known:
        if event.target is not None:
            first.setdefault(event.target, event)
    found = Standing(annulled={target: event.number for target, event in first.items()})
    by_number = {event.number: event for event in known}
    for event in sorted((e for e in known if on is None or e.on <= on), key=lambda e: e.place):
        if event.number in first:
            continue
        if event.target is not None and first[event.target] is event:
            _undo(found, event, by_number[event.target])
        else:
            _take(found, event)
    return found


def _undo(found: Standing, event: Event, target: Event) -> None:
    """What an annulment does besides leaving the act out."""
    round_id = target.line.get("round")
    if target.type == "GradeConfirmed":
        found.evaluation(round_id).void_before = event.number
    if target.type == "DesignationProposed":
        procedure = found.procedures.get(round_id)
        others = [p for r, p in found.procedures.items() if r != round_id and _is_live(p)]
        # A proposal of another round that stands, with no application behind it, goes on.
        if (
            procedure
            and procedure.proposed is None
            and found.under_way == "applicant"
            and not others
        ):
            found.under_way = None  # what it was before the application


def _is_live(procedure: Procedure) -> bool:
    return procedure.filed is not None and procedure.refused is None and not procedure.designated


def _take(found: Standing, event: Event) -> None:
    line = event.line
    round_id = line.get("round")
    match event.type:
        case "ApplicationSubmitted":
            _apply(found, event, round_id)
        case "ApplicationAdmitted":
            found.procedure(round_id).admitted = event.number
        case "ApplicationRefused":
            found.procedure(round_id).refused = event.number
            found.under_way = None
            if event.ban is not None:
                found.ban, found.spent = event.ban, found.spent | event.spends
        case "ReviewDecided":
            found.procedure(round_id).reviews[line["stage"]] = line["passed"]
        case "DesignationProposed":
            found.procedure(round_id).proposed = event.number
            found.under_way = "proposed"
        case "CenterDesignated":
            if round_id in found.procedures:
                found.procedures[round_id].designated = event.number
            found.holds, found.under_way = "designated", None
            found.designation, found.designation_round = event, round_id
            found.revoked_on, found.grounds, found.ban = None, (), None
            found.reading = event.reading
        case "CenterRevoked":
            found.holds, found.under_way = "revoked", None
            found.revoked_on, found.grounds = event.on, tuple(line["grounds"])
            found.ban, found.spent = event.ban, found.spent | event.spends
        case "PublicityOpened":
            found.publicities.append(event)
        case "ObjectionLodged":
            subject = line["subject"]
            found.objections[line["objection"]] = Objection(subject, _objected(found, subject))
        case "ObjectionDecided":
            objection = found.objections.get(line["objection"])
            if objection is not None:
                objection.outcome, objection.decided = line["outcome"], event.number
        case "FactEstablished":
            found.facts.append(event)
        case "WithdrawalRequested":
            found.withdrawals.append(event)
        case "ReturnRequested" | "ReturnFiled" | "ReturnMissed":
            key = (line["kind"], line["period"])
            asked = found.returns.setdefault(key, Return(line["period"]))
            name = {"ReturnRequested": "due", "ReturnFiled": "filed_on"}.get(
                event.type, "missed_on"
            )
            setattr(asked, name, line["due"] if name == "due" else event.on)
        case _:
            _evaluate(found, event, round_id)


def _apply(found: Standing, event: Event, round_id: str) -> None:
    procedure = found.procedures.get(round_id)
    stage = found.under_way if found.is_banned(event.on) else "applicant"
    if procedure is not None and procedure.refused is None and procedure.designated is None:
        stage = found.under_way or stage
    elif procedure is not None:
        found.procedures[round_id] = Procedure(floors=procedure.floors, reviews=procedure.reviews)
    found.procedures[round_id] = found.procedures.pop(round_id, Procedure())  # now the latest
    found.procedures[round_id].filed = event
    found.under_way = stage


def _evaluate(found: Standing, event: Event, round_id: str | None) -> None:
    line = event.line
    if round_id is None:
        return
    if ":designation:" in round_id:
        if event.type == "FloorsAttested":
            found.procedure(round_id).floors = line["met"]
        return
    about = found.evaluation(round_id)
    match event.type:
        case "EvaluationSubmitted":
            about.first_filed_on = about.first_filed_on or event.on
            about.figures = line.get("indicators", {})
        case "EvaluationNotSubmitted":
            about.missed = event
        case "EvaluationDeferred":
            about.is_deferred = True
        case "FloorsAttested":
            about.floors = line["met"]
        case "EvaluationScored" if about.result is None:
            about.score = Decimal(line["score"])
        case "ScoreCorrected":
            about.score = Decimal(line["score"])
        case "GradeConfirmed":
            about.result = Result(event, about.year, about.score)
            if event.reading is not None:
                found.reading = event.reading


def _objected(found: Standing, subject: str) -> str | None:
    """The round an objection speaks of: the one at issue when it is lodged."""
    if subject == "designation":
        if found.holds == "designated" and found.under_way is None:
            return found.designation_round
        filed = [r for r, p in found.procedures.items() if p.is_on_file]
        proposed = [r for r, p in found.procedures.items() if p.proposed is not None]
        return (proposed or filed or [None])[-1]
    published = [p for p in found.publicities if p.line["subject"] == subject]
    if published:
        return published[-1].line.get("round")
    return next(reversed(found.evaluations), None) if subject == "evaluation" else None
