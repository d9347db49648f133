"""What the three regulations ask of an act, written down once more for the paper of `paper.py`.

`Office.expects(line)` is True where an act must be recorded, False where it must be refused, None
where this page does not say. `Office.keep(line)` takes a recorded line in, with its grade or ban.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chinese_calendar import is_workday
from dateutil.relativedelta import relativedelta

from support.paper import FAILED, Ban, Evaluation, Event, Procedure, Standing, standing

__all__ = ["GROUNDS", "KINDS", "MINIMUMS", "REVIEWS", "Office"]

MINIMUMS = {
    # 制造业: 北京第五条, 合川第七条
    "beijing": {
        "main_revenue": 20000,
        "rd_expenditure": 1000,
        "rd_staff_full_time": 60,
        "equipment_value": 500,
        "valid_ip": 10,
        "invention_applications": 1,
    },
    "xian": {},
    "hechuan": {
        "revenue": 2000,
        "rd_expenditure": 100,
        "rd_staff": 10,
        "premises_area": 100,
        "equipment_value": 100,
    },
}
FLOORS = {"rd_expenditure": 100, "rd_staff": 10, "equipment_value": 100}
REVIEWS = {
    "beijing": ("completeness", "verification"),
    "xian": ("preliminary", "qualification", "special_audit", "defense", "comprehensive"),
    "hechuan": ("preliminary", "expert", "defense", "verification", "comprehensive"),
}
LOOKBACK = {
    "beijing": (3, {"smuggling", "customs_penalty", "tax_evasion", "serious_discredit"}),
    "xian": (
        2,
        {"tax_violation", "tax_evasion", "quality_accident", "safety_accident", "pollution"},
    ),
    "hechuan": (2, {"tax_evasion", "serious_discredit"}),
}
BANDS = {
    "beijing": ((90, "优秀"), (70, "良好"), (60, "基本合格")),
    "xian": ((85, "优秀"), (65, "合格"), (60, "基本合格")),
    "hechuan": ((90, "优秀"), (80, "良好"), (65, "合格"), (60, "基本合格")),
}
KINDS = {"xian": "bulletin", "hechuan": "operating_data"}
ACCIDENTS = {"quality_accident", "safety_accident"}
GROUNDS: dict[str, dict[str, tuple[Any, int | None]]] = {
    # ground → what carries it, and the years of the ban
    "beijing": {
        "14.1": ("failed twice", 2),
        "14.2": ("not filed", 2),
        "14.3": ("false materials", 3),
        "14.4": (ACCIDENTS, 3),
        "14.5": ({"smuggling", "customs_penalty"}, 3),
        "14.6": ({"tax_evasion"}, 3),
        "14.7": ({"serious_discredit"}, 3),
        "14.8": ({"dissolution"}, None),
    },
    "xian": {
        "16.1": ("not filed", 3),
        "16.2": ("failed", 3),
        "16.3": ("asked to leave", None),
        "16.4": ({"dissolution"}, None),
        "16.5": (ACCIDENTS | {"pollution"}, 3),
        "16.6": ("penalized", 3),
        "16.7": ("false materials", 3),
    },
    "hechuan": {
        "16.1": ("failed", 2),
        "16.2": ("not filed or returns missed", 2),
        "16.3": ("false materials", 2),
        "16.4": ("asked to leave", 2),
        "16.5": (ACCIDENTS, 2),
        "16.6": ("serious", 2),
        "16.7": ({"tax_evasion"}, 2),
        "16.8": ({"serious_discredit"}, 2),
        "16.9": ({"dissolution"}, None),
    },
}
Line = Mapping[str, Any]


class Office:
    """One authority and one center: what is on file, and what may be done next."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.events: list[Event] = []
        self.deadlines: dict[str, date] = {}
        self.readings: list[tuple[date, int, str, str]] = []

    @property
    def now(self) -> Standing:
        """Where the center stands after everything on file."""
        return standing(self.events)

    def counters(self) -> dict[str, int]:
        """The counters the regulation knows, once something was counted."""
        now = self.now
        if now.reading is None:
            return {}
        match self.scheme:
            case "beijing":
                return {"failed_evaluations": now.failures(now.reading)[0]}
            case "xian":
                missed = now.missed_returns("bulletin")
                return {"low_band": now.low_scores(), "missed_bulletins": missed}
        return {"missed_returns": now.missed_returns("operating_data")}

    def reading(self, key: str, default: str, *, on: date) -> str:
        """How a passage is read on a day."""
        found = [(day, n, value) for day, n, k, value in self.readings if k == key and day <= on]
        return max(found)[2] if found else default

    # --- taking in -------------------------------------------------------------------------------

    def keep(self, line: Line, number: int) -> None:
        """Take a recorded line in."""
        match line["type"]:
            case "RoundOpened":
                self.deadlines[line["round"]] = line["deadline"]
            case "InterpretationAdopted":
                self.readings.append((line["on"], number, line["interpretation"], line["value"]))
            case _:
                self.events.append(self._event(line, number))

    def _event(self, line: Line, number: int) -> Event:
        before, on = standing(self.events, on=line["on"]), line["on"]
        match line["type"]:
            case "GradeConfirmed":
                grade = line.get("grade") or self._grade(before, line["round"], on)[0]
                reading: str | None = self._unit(on)
                reading = None if reading == before.reading else reading
                return Event(number, line, grade=grade, reading=reading)
            case "CenterDesignated":
                return Event(number, line, reading=self._unit(on))
            case "CenterRevoked":
                ban = self._ban(line["grounds"], on)
                return Event(number, line, ban=ban, spends=self._spent(before, line["grounds"]))
            case "ApplicationRefused":
                found = self._fraud(before, line["round"], on)
                ban = Ban(on, 2, ("18",)) if found else None
                return Event(number, line, ban=ban, spends=found)
            case "DecisionAnnulled":
                return Event(number, line, target=self._annulled(line["annuls"]))
        return Event(number, line)

    def _unit(self, on: date) -> str:
        return self.reading("bj.consec.unit", "rounds_adjacent_years", on=on)

    def _annulled(self, key: str) -> int | None:
        found = next((e for e in self.events if e.line["key"] == key), None)
        return found.number if found is not None and _can_be_undone(found) else None

    def _ban(self, grounds: tuple[str, ...], on: date) -> Ban | None:
        years = {g: self._years(g, on) for g in grounds}
        carrying = tuple(g for g in grounds if years[g])
        return Ban(on, max(years[g] or 0 for g in carrying), carrying) if carrying else None

    def _years(self, ground: str, on: date) -> int | None:
        leaving = self.scheme == "hechuan" and ground == "16.4"
        if leaving and self.reading("hc.ban.voluntary", "literal", on=on) == "none":
            return None
        return GROUNDS[self.scheme][ground][1]

    def _spent(self, now: Standing, grounds: tuple[str, ...]) -> frozenset[int]:
        """The facts the grounds speak of: each carries one consequence."""
        names = {name for g in grounds for name in _facts_of(GROUNDS[self.scheme][g][0])}
        return frozenset(f.number for f in now.facts if _names(f, names))

    def _fraud(self, now: Standing, round_id: str, on: date) -> frozenset[int]:
        """False materials established between the filing and the refusal (合川第十八条)."""
        procedure = now.procedures.get(round_id)
        if self.scheme != "hechuan" or procedure is None or procedure.filed is None:
            return frozenset()
        filed_on = procedure.filed.on
        found = (f for f in now.facts if _names(f, {"false_materials"}))
        return frozenset(f.number for f in found if filed_on <= f.on <= on)

    # --- what may be done ------------------------------------------------------------------------

    def expects(self, line: Line) -> bool | None:
        """Whether the act must be recorded (True) or refused (False); facts are always recorded."""
        now, on, type_ = standing(self.events, on=line["on"]), line["on"], line["type"]
        is_designated = now.holds == "designated"
        procedure = now.procedures.get(line.get("round", ""))
        match type_:
            case "ApplicationAdmitted":
                return self._may_admit(now, line["round"], on)
            case "ApplicationRefused" | "ReviewDecided":
                return procedure is not None and _is_open(procedure)
            case "DesignationProposed":
                return self._may_propose(now, line["round"], on)
            case "CenterDesignated":
                return self._may_designate(now, line["round"], on)
            case "PublicityOpened":
                return self._may_publish(now, line)
            case "ObjectionDecided":
                found = now.objections.get(line["objection"])
                return found is not None and found.outcome is None
            case "GradeConfirmed":
                return self._may_grade(now, line)
            case "WarningIssued":
                return is_designated and self._earns_warning(now.evaluation(line["round"]))
            case "CommendationIssued":
                result = now.evaluation(line["round"]).result
                graded = result is not None and result.event.grade in ("优秀", "良好")
                return is_designated and graded and self.scheme == "beijing"
            case "EvaluationDeferred":
                return is_designated and now.evaluation(line["round"]).result is None
            case "ScoreCorrected":
                about = now.evaluation(line["round"])
                return is_designated and about.result is None and about.score is not None
            case "CenterRevoked":
                return self._may_revoke(now, line["grounds"], on)
            case "DecisionAnnulled":
                return self._may_annul(now, line)
            case "CertificateIssued" | "RectificationOrdered" | "ReturnRequested":
                return is_designated
        return True

    def _may_admit(self, now: Standing, round_id: str, on: date) -> bool:
        procedure = now.procedures.get(round_id)
        if procedure is None or not _is_open(procedure) or procedure.filed is None:
            return False
        return (
            not self._is_late(round_id, procedure.filed.on)
            and self._may_apply(now, procedure, round_id, on)
            and False not in self._conditions(procedure)
        )

    def _may_apply(self, now: Standing, procedure: Procedure, round_id: str, on: date) -> bool:
        days = (on,) if procedure.filed is None else (procedure.filed.on, on)
        if now.holds == "designated" or any(map(now.is_banned, days)):
            return False
        years, names = LOOKBACK[self.scheme]
        anchor = self.deadlines.get(round_id, on)
        start = anchor - relativedelta(years=years)
        return not any(_names(f, names) and start <= _decided(f) <= anchor for f in now.facts)

    def _conditions(self, procedure: Procedure) -> list[bool | None]:
        if self.scheme == "xian":
            return [procedure.floors]
        assert procedure.filed is not None
        filed = procedure.filed.line.get("indicators", {})
        return [
            Decimal(filed[name]) >= least if name in filed else procedure.floors
            for name, least in MINIMUMS[self.scheme].items()
        ]

    def _may_propose(self, now: Standing, round_id: str, on: date) -> bool:
        procedure = now.procedures.get(round_id)
        if procedure is None or not _is_open(procedure) or procedure.admitted is None:
            return False
        return (
            self._may_apply(now, procedure, round_id, on)
            and all(procedure.reviews.get(stage) for stage in REVIEWS[self.scheme])
            and all(self._conditions(procedure))
        )

    def _may_designate(self, now: Standing, round_id: str, on: date) -> bool | None:
        procedure = now.procedures.get(round_id)
        if procedure is None or not _is_open(procedure) or procedure.proposed is None:
            return False
        if not self._may_apply(now, procedure, round_id, on):
            return False
        return self._is_published(now, "designation", round_id, on, after=procedure.proposed)

    def _is_published(
        self,
        now: Standing,
        subject: str,
        round_id: str | None,
        on: date,
        *,
        after: int,
        needed: bool = True,
        gated: bool = True,
    ) -> bool | None:
        """Whether the publicity is over and no objection stands in the way."""
        periods = [
            p
            for p in now.publicities
            if p.line["subject"] == subject
            and round_id in (None, p.line.get("round"))
            and p.number > after
        ]
        lodged = [
            o
            for o in now.objections.values()
            if o.subject == subject and (round_id is None or o.round in (None, round_id))
        ]
        is_shut = (
            (needed and not periods)
            or (periods and on <= periods[-1].line["closes"])
            or (periods and self._is_short(periods[-1].line))
            or ((needed or periods) and any(o.outcome is None for o in lodged))
        )
        if gated and is_shut:
            return False
        upheld = [o for o in lodged if o.outcome == "upheld"]
        if not upheld:
            return True
        acts = [e for e in self.events if e.type in ("DecisionAnnulled", "DesignationProposed")]
        return None if any(a.number > o.decided for a in acts for o in upheld) else False

    def _is_short(self, line: Line) -> bool:
        """西安第八条（八）: seven days, the first of them counted."""
        days = (line["closes"] - line["on"]).days + 1
        return self.scheme == "xian" and line["subject"] == "designation" and days < 7

    def _may_publish(self, now: Standing, line: Line) -> bool:
        if line["subject"] == "designation":
            procedure = now.procedures.get(line["round"])
            is_due = procedure is not None and procedure.proposed is not None
            return is_due and not self._is_short(line)
        return now.holds == "designated"

    def _may_grade(self, now: Standing, line: Line) -> bool | None:
        about = now.evaluation(line["round"])
        if now.holds != "designated" or about.result is not None:
            return False
        grade, is_open = self._grade(now, line["round"], line["on"])
        if grade is None or is_open or line.get("grade", grade) != grade:
            return False
        return self._is_published(
            now,
            "evaluation",
            line["round"],
            line["on"],
            after=about.void_before,
            gated=self.scheme == "beijing",  # the others publish no grades (X13, H08)
        )

    def _grade(self, now: Standing, round_id: str, on: date) -> tuple[str | None, bool]:
        """The grade, None without a score; and whether something about it is open."""
        about = now.evaluation(round_id)
        failures = self._failures(now, round_id, about, on)
        if True in failures:
            return FAILED, False
        if about.score is None:
            return None, False
        found = (word for least, word in BANDS[self.scheme] if about.score >= least)
        grade = next(found, FAILED)
        is_open = None in failures and grade != FAILED
        return (None, True) if is_open else (grade, False)

    def _failures(
        self, now: Standing, round_id: str, about: Evaluation, on: date
    ) -> list[bool | None]:
        """Whether it fails otherwise than by its score, way by way; None: nobody can tell."""
        if self.scheme == "beijing":
            return []
        found = [self._was_not_filed(now, round_id, on=on, absence=True)]
        if self.scheme == "hechuan":
            if about.floors is False:
                return [*found, True]
            figures = about.figures
            return found + [
                Decimal(figures[name]) < least
                if name in figures
                else (False if about.floors else None)
                for name, least in FLOORS.items()
            ]
        low = about.score is not None and 60 <= about.score < 65
        found += [low and now.low_scores(before=about.year) + 1 >= 2]
        found += [self._bulletins_missed(now, about.year)]
        return [*found, None if about.floors is None else not about.floors]

    def _bulletins_missed(self, now: Standing, year: int) -> bool:
        """西安第十二条（四）: two in a row since the evaluation before."""
        earlier = now.results(before=year)
        run = 0
        for asked in now.returns_of("bulletin"):
            if earlier and asked.day <= earlier[-1].event.on:
                continue
            run = run + 1 if asked.missed_on and not asked.filed_on else 0
            if run == 2:
                return True
        return False

    def _was_not_filed(
        self, now: Standing, round_id: str, *, on: date, absence: bool
    ) -> bool | None:
        """Whether the time to file is over and nothing, or only something late, was filed."""
        about = now.evaluation(round_id)
        designated_on = now.designated_on
        if about.is_deferred or (designated_on and about.year <= designated_on.year):
            return False
        deadline = self.deadlines.get(round_id)
        if deadline is None:
            return None
        limit = _rolled(deadline)
        if self.scheme == "xian":
            limit += relativedelta(months=1)
        if about.first_filed_on is not None and about.first_filed_on <= limit:
            return False
        if about.missed is not None and about.missed.on > limit:
            return True
        if about.first_filed_on is not None:
            return absence
        return absence and about.score is None and on > limit

    def _earns_warning(self, about: Evaluation) -> bool:
        result = about.result
        if result is None or result.is_failed or result.score is None:
            return False
        match self.scheme:
            case "xian":
                return 60 <= result.score < 70
            case "hechuan":
                return 60 <= result.score <= 65
        return False

    def _may_revoke(self, now: Standing, grounds: tuple[str, ...], on: date) -> bool | None:
        if now.holds != "designated" or now.designation is None:
            return False
        if not all(self._is_met(now, ground, on) for ground in grounds):
            return False
        after = now.designation.number
        return self._is_published(now, "revocation", None, on, after=after, needed=False)

    def _is_met(self, now: Standing, ground: str, on: date) -> bool | None:
        carries = GROUNDS[self.scheme][ground][0]
        match carries:
            case "failed twice":
                count, has_gap = now.failures(self._unit(on))
                return True if count >= 2 else None if has_gap else False
            case "failed":
                return any(r.is_failed for r in now.results())
            case "not filed":
                return self._is_any_not_filed(now, on)
            case "not filed or returns missed":
                missed = now.missed_returns("operating_data") >= 2
                return missed or self._is_any_not_filed(now, on)
            case "asked to leave":
                return any(w.on >= (now.designated_on or w.on) for w in now.withdrawals)
        facts = [f for f in now.facts if f.number not in now.spent]
        if carries == "false materials":
            return any(_names(f, {"false_materials"}) for f in facts)
        since = [f for f in facts if _decided(f) >= (now.designated_on or date.min)]
        if carries == "penalized":
            tax = [f for f in since if _names(f, {"tax_violation", "tax_evasion"})]
            return _any([f.line.get("penalized") for f in tax])
        if carries == "serious":
            severe = {"serious": True, "minor": False, None: None}
            fines = [severe[f.line.get("severity")] for f in since if _names(f, {"penalty"})]
            return _any([*fines, *(_names(f, {"smuggling", "customs_penalty"}) for f in since)])
        return any(_names(f, carries) for f in since)

    def _is_any_not_filed(self, now: Standing, on: date) -> bool | None:
        since = now.designation.place if now.designation else (date.min, -1)
        return _any(
            [
                self._was_not_filed(now, round_id, on=on, absence=False)
                for round_id, about in now.evaluations.items()
                if about.missed is not None and about.missed.place > since
            ]
        )

    def _may_annul(self, now: Standing, line: Line) -> bool:
        target = next((e for e in self.events if e.line["key"] == line["annuls"]), None)
        return (
            target is not None
            and _can_be_undone(target)
            and target.number not in now.annulled
            and target.on <= line["on"]
        )

    def _is_late(self, round_id: str, filed_on: date) -> bool:
        deadline = self.deadlines.get(round_id)
        return deadline is not None and filed_on > _rolled(deadline)


_FACTS = frozenset(
    {
        "ApplicationSubmitted",
        "ObjectionLodged",
        "EvaluationSubmitted",
        "EvaluationNotSubmitted",
        "FloorsAttested",
        "EvaluationScored",
        "RectificationReported",
        "ReturnFiled",
        "ReturnMissed",
        "EnterpriseRenamed",
        "EnterpriseReorganized",
        "ChangeReported",
        "FactEstablished",
        "WithdrawalRequested",
        "StatementHeard",
        "DecisionAnnulled",
        "PrivateErased",
    }
)
"""What is no decision that could be undone: facts, and what undoes or erases."""


def _facts_of(carries: Any) -> set[str]:
    named = {
        "false materials": {"false_materials"},
        "penalized": {"tax_violation", "tax_evasion"},
        "serious": {"penalty", "smuggling", "customs_penalty"},
    }
    return carries if isinstance(carries, set) else named.get(carries, set())


def _can_be_undone(event: Event) -> bool:
    return event.type not in _FACTS


def _is_open(procedure: Procedure) -> bool:
    return procedure.filed is not None and procedure.refused is None


def _names(event: Event, facts: set[str]) -> bool:
    return event.line.get("fact") in facts


def _decided(event: Event) -> date:
    day: date = event.line.get("decided_on") or event.on
    return day


def _any(found: list[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False


def _rolled(day: date) -> date:
    """The day, or the next working day by the State Council's calendar."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day
