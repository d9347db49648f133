"""One center's state, and how one entry changes it.

`evolve(state, recorded)` is pure and reads only what the entry and its stored ruling say; it never
judges. Entries must come in the order of their legal effect, `(on, position)`; `projections.fold`
sees to that, and to annulled acts, which are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from ledger import entries as e
from ledger.ruling import Ban, Cite, CounterRule, Recorded

__all__ = [
    "Application",
    "CenterState",
    "Certificate",
    "Change",
    "Evaluation",
    "Fact",
    "FormerName",
    "Objection",
    "Publicity",
    "Rectification",
    "Request",
    "Result",
    "Review",
    "Warned",
    "act_at_issue",
    "annul",
    "evolve",
    "evolve_all",
    "new_center",
]


class _Part(msgspec.Struct, frozen=True):
    pass


class FormerName(_Part, frozen=True):
    """A name the enterprise bore until the day (exclusive) it registered another."""

    name: str
    until: date


class Review(_Part, frozen=True):
    """The latest decision of one review stage in one round."""

    round: str
    stage: str
    passed: bool
    on: date
    position: int


class Application(_Part, frozen=True):
    """The latest application of the center in one round, and how far it got."""

    round: str
    on: date
    position: int
    industry: str | None
    indicators: dict[str, Any]
    attested: dict[str, bool]
    materials: tuple[str, ...] | None
    admitted_on: date | None = None
    admitted: int | None = None
    refused: int | None = None
    proposed_on: date | None = None
    proposed: int | None = None
    designated: int | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it was filed and neither refused nor led to a designation."""
        return self.position >= 0 and self.refused is None and self.designated is None


class Publicity(_Part, frozen=True):
    """A publicity period: first and last day, both included."""

    subject: str
    round: str | None
    on: date
    closes: date
    position: int


class Objection(_Part, frozen=True):
    """An objection and, once decided, its outcome; `target` is the act of `round` it objects to."""

    id: str
    subject: str
    on: date
    position: int
    target: int | None
    round: str | None = None
    outcome: str | None = None
    decided_on: date | None = None
    decided: int | None = None


class Result(_Part, frozen=True):
    """A confirmed grade."""

    grade: str | None
    failed: bool
    warned: bool
    score: Decimal | None
    on: date
    position: int
    edition: str | None


class Evaluation(_Part, frozen=True):
    """Everything known of the center in one evaluation round; positions are None where nothing is
    on file."""

    round: str
    year: int
    filed_on: date | None = None
    filed: int | None = None
    first_filed_on: date | None = None
    indicators: dict[str, Any] = {}
    not_submitted_on: date | None = None
    not_submitted: int | None = None
    deferred: int | None = None
    floors_met: bool | None = None
    floors: int | None = None
    score: Decimal | None = None
    scored_on: date | None = None
    scored: int | None = None
    result: Result | None = None
    void_publicity_before: int = -1
    warned: int | None = None
    commended: int | None = None


class Fact(_Part, frozen=True):
    """An established fact that grounds, look-backs and bans may rest on."""

    fact: str
    on: date
    decided_on: date
    penalized: bool | None
    severity: str | None
    position: int


class Request(_Part, frozen=True):
    """A periodic return that was asked for, filed or missed."""

    return_kind: str
    period: str
    due: date | None
    requested: int | None
    missed_on: date | None = None
    missed: int | None = None
    filed: int | None = None
    filed_on: date | None = None


class Change(_Part, frozen=True):
    """A renaming or reorganisation, and the report of it."""

    what: str
    on: date
    position: int
    reported_on: date | None = None
    reported: int | None = None


class Warned(_Part, frozen=True):
    """The warning that stands."""

    on: date
    round: str
    cite: Cite | None
    position: int


class Certificate(_Part, frozen=True):
    """The latest certificate; `valid_until` is its last day, None where the regulation knows no
    term."""

    number: str
    issued_on: date
    valid_until: date | None
    position: int


class Rectification(_Part, frozen=True):
    """An order to rectify that has not been reported done."""

    on: date
    due: date | None
    position: int


class CenterState(_Part, frozen=True):
    """Where a center stands after its entries up to some day and position."""

    center: str
    name: str | None = None
    former_names: tuple[FormerName, ...] = ()
    standing: str = "none"
    stage: str | None = None
    designated_on: date | None = None
    designated: int | None = None
    designation_round: str | None = None
    edition: str | None = None
    revoked_on: date | None = None
    revoked: int | None = None
    grounds: tuple[str, ...] = ()
    spent_facts: frozenset[int] = frozenset()
    ban: Ban | None = None
    ban_position: int | None = None
    counting: tuple[CounterRule, ...] = ()
    applications: tuple[Application, ...] = ()
    reviews: tuple[Review, ...] = ()
    application_floors: dict[str, tuple[bool, int]] = {}
    publicities: tuple[Publicity, ...] = ()
    objections: tuple[Objection, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    requests: tuple[Request, ...] = ()
    facts: tuple[Fact, ...] = ()
    withdrawals: tuple[tuple[date, int], ...] = ()
    changes: tuple[Change, ...] = ()
    warning: Warned | None = None
    certificate: Certificate | None = None
    rectifications: tuple[Rectification, ...] = ()
    hearings: tuple[int, ...] = ()
    annulled: dict[int, int] = {}
    entries: int = 0
    position: int = -1
    latest_on: date = date.min

    @property
    def status(self) -> str:
        """none, applicant, proposed, designated, suspended or revoked (contract, `center show`)."""
        if self.standing in ("designated", "suspended"):
            return self.standing
        return self.stage or self.standing

    def application(self, round: str) -> Application | None:
        """The latest application in that round."""
        for application in self.applications:
            if application.round == round:
                return application
        return None

    def evaluation(self, round: str) -> Evaluation | None:
        """What is known of that evaluation round."""
        for evaluation in self.evaluations:
            if evaluation.round == round:
                return evaluation
        return None

    def is_banned(self, day: date) -> bool:
        """Whether a reapplication ban runs on the day; a ban of unknown length runs."""
        ban = self.ban
        return (
            ban is not None and day >= ban.start and (ban.last_day is None or day <= ban.last_day)
        )

    def results(self) -> list[Evaluation]:
        """Confirmed evaluations of the present (or last) designation, in the order of their
        years."""
        since = (
            (self.designated_on, self.designated)
            if self.designated_on and self.designated is not None
            else None
        )
        found = [
            v
            for v in self.evaluations
            if v.result and (since is None or (v.result.on, v.result.position) > since)
        ]
        return sorted(found, key=lambda v: v.year)


def new_center(center: str) -> CenterState:
    """The state of a center nothing is known of."""
    return CenterState(center)


def evolve(state: CenterState, recorded: Recorded) -> CenterState:
    """The state after one more entry, which must not take effect before those already folded."""
    position = recorded.position
    changed = _change(state, recorded)
    return replace(
        changed,
        entries=state.entries + 1,
        position=max(position, state.position),
        latest_on=max(recorded.entry.on, state.latest_on),
    )


def evolve_all(state: CenterState, entries: Sequence[Recorded]) -> CenterState:
    """The same for several entries in order."""
    if not entries:
        return state
    changed = state
    for recorded in entries:
        changed = _change(changed, recorded)
    return replace(
        changed,
        entries=state.entries + len(entries),
        position=max(state.position, max(recorded.position for recorded in entries)),
        latest_on=max(state.latest_on, max(recorded.entry.on for recorded in entries)),
    )


def annul(state: CenterState, recorded: Recorded, target: Recorded | None) -> CenterState:
    """The state after an annulment, whose target itself was left out of the fold."""
    assert isinstance(recorded.entry, e.DecisionAnnulled)  # noqa: S101  narrowing for the type checker
    state = evolve(state, recorded)
    if target is None:
        return state
    state = replace(state, annulled={**state.annulled, target.position: recorded.position})
    match target.entry:
        case e.DesignationProposed(round=round):
            application = state.application(round)
            if (
                application is not None
                and application.proposed is None
                and state.stage == "applicant"
                and not any(a is not application and a.is_under_way for a in state.applications)
            ):
                state = replace(state, stage=None)
        case e.GradeConfirmed(round=round):
            state = _evaluated(state, round, void_publicity_before=recorded.position)
    return state


def _change(state: CenterState, recorded: Recorded) -> CenterState:
    entry, position, outcome = recorded.entry, recorded.position, recorded.outcome
    match entry:
        case e.EvaluationScored() | e.ScoreCorrected():
            known = state.evaluation(entry.round)
            if isinstance(entry, e.EvaluationScored) and known is not None and known.result:
                return state  # a grade rests on the last score before it
            return _evaluated(
                state, entry.round, score=entry.score, scored_on=entry.on, scored=position
            )
        case e.EvaluationSubmitted():
            return _filed(state, entry, position)
        case e.PublicityOpened():
            period = Publicity(
                entry.subject,
                entry.round or _round_at_issue(state, entry.subject),
                entry.on,
                entry.closes,
                position,
            )
            return replace(state, publicities=(*state.publicities, period))
        case e.GradeConfirmed():
            return _graded(state, entry, recorded)
        case e.ApplicationSubmitted():
            return _applied(state, entry, position)
        case e.ApplicationAdmitted():
            return _on_application(state, entry.round, admitted=position, admitted_on=entry.on)
        case e.ApplicationRefused():
            state = _on_application(state, entry.round, refused=position)
            state = replace(state, stage=None)
            if outcome.ban is None:
                return state
            state = replace(state, ban=outcome.ban, ban_position=position)
            return _spent(state, recorded)
        case e.ReviewDecided():
            kept = tuple(
                r for r in state.reviews if (r.round, r.stage) != (entry.round, entry.stage)
            )
            return replace(
                state,
                reviews=(*kept, Review(entry.round, entry.stage, entry.passed, entry.on, position)),
            )
        case e.DesignationProposed():
            state = _on_application(state, entry.round, proposed=position, proposed_on=entry.on)
            return replace(state, stage="proposed")
        case e.CenterDesignated():
            return _designated(state, entry, recorded)
        case e.CenterRevoked():
            state = replace(
                state,
                standing="revoked",
                stage=None,
                revoked_on=entry.on,
                revoked=position,
                grounds=entry.grounds,
                ban=outcome.ban,
                ban_position=position if outcome.ban else None,
            )
            return _spent(state, recorded)
        case e.ObjectionLodged():
            # The ruling remembers the act: once annulled, the fold no longer shows it.
            target = outcome.target if recorded.ruling else act_at_issue(state, entry.subject)
            objection = Objection(
                entry.objection,
                entry.subject,
                entry.on,
                position,
                target,
                _objected_round(state, entry.subject),
            )
            return replace(state, objections=(*state.objections, objection))
        case e.ObjectionDecided():
            return replace(
                state, objections=tuple(_decided(o, entry, position) for o in state.objections)
            )
        case e.EvaluationNotSubmitted():
            return _evaluated(state, entry.round, not_submitted=position, not_submitted_on=entry.on)
        case e.EvaluationDeferred():
            return _evaluated(state, entry.round, deferred=position)
        case e.FloorsAttested():
            if ":designation:" in entry.round:
                return replace(
                    state,
                    application_floors={
                        **state.application_floors,
                        entry.round: (entry.met, position),
                    },
                )
            return _evaluated(state, entry.round, floors_met=entry.met, floors=position)
        case e.WarningIssued():
            state = _evaluated(state, entry.round, warned=position)
            return replace(state, warning=Warned(entry.on, entry.round, outcome.cite, position))
        case e.CommendationIssued():
            return _evaluated(state, entry.round, commended=position)
        case e.CertificateIssued():
            return replace(
                state,
                certificate=Certificate(entry.number, entry.on, outcome.valid_until, position),
            )
        case e.RectificationOrdered():
            return replace(
                state,
                rectifications=(
                    *state.rectifications,
                    Rectification(entry.on, entry.due, position),
                ),
            )
        case e.RectificationReported():
            return replace(state, rectifications=state.rectifications[1:])
        case e.ReturnRequested():
            return _return(
                state, entry.return_kind, entry.period, due=entry.due, requested=position
            )
        case e.ReturnFiled():
            return _return(
                state, entry.return_kind, entry.period, filed=position, filed_on=entry.on
            )
        case e.ReturnMissed():
            return _return(
                state, entry.return_kind, entry.period, missed=position, missed_on=entry.on
            )
        case e.EnterpriseRenamed():
            state = replace(state, changes=(*state.changes, Change("renaming", entry.on, position)))
            if state.name is None or state.name == entry.name:
                return replace(state, name=entry.name)
            return replace(
                state,
                name=entry.name,
                former_names=(*state.former_names, FormerName(state.name, entry.on)),
            )
        case e.EnterpriseReorganized():
            return replace(
                state, changes=(*state.changes, Change("reorganization", entry.on, position))
            )
        case e.ChangeReported():
            return replace(state, changes=_reported(state.changes, entry, position))
        case e.FactEstablished():
            fact = Fact(
                entry.fact,
                entry.on,
                entry.decided_on or entry.on,
                entry.penalized,
                entry.severity,
                position,
            )
            return replace(state, facts=(*state.facts, fact))
        case e.WithdrawalRequested():
            return replace(state, withdrawals=(*state.withdrawals, (entry.on, position)))
        case e.PartyNotified() | e.StatementHeard():
            return replace(state, hearings=(*state.hearings, position))
        case e.DecisionAnnulled() | e.PrivateErased() | e.RoundOpened() | e.InterpretationAdopted():
            return state
        case e.Sealed() | e.GenerationOpened() | e.ErasuresReapplied():
            return state
        case _ as never:
            assert_never(never)


def _spent(state: CenterState, recorded: Recorded) -> CenterState:
    """The facts a revocation or a ban rests on carry no second one."""
    used = recorded.ruling.used if recorded.ruling else ()
    return replace(state, spent_facts=state.spent_facts | frozenset(used))


def _applied(state: CenterState, entry: e.ApplicationSubmitted, position: int) -> CenterState:
    application = Application(
        entry.round,
        entry.on,
        position,
        entry.industry,
        entry.indicators or {},
        entry.attested or {},
        entry.materials,
    )
    kept = tuple(a for a in state.applications if a.round != entry.round)
    stage = state.stage if state.is_banned(entry.on) else "applicant"
    earlier = state.application(entry.round)
    if earlier is not None and earlier.refused is None and earlier.designated is None:
        # Filed again in the same procedure: the acts done so far stand until they are annulled.
        application = replace(
            application,
            admitted=earlier.admitted,
            admitted_on=earlier.admitted_on,
            proposed=earlier.proposed,
            proposed_on=earlier.proposed_on,
        )
        stage = state.stage or stage
    return replace(state, name=entry.name, applications=(*kept, application), stage=stage)


def _on_application(state: CenterState, round: str, **changes: Any) -> CenterState:
    found = state.application(round)
    if found is None:
        found = Application(round, date.min, -1, None, {}, {}, None)
        return replace(state, applications=(*state.applications, replace(found, **changes)))
    return replace(
        state,
        applications=tuple(
            [replace(a, **changes) if a is found else a for a in state.applications]
        ),
    )


def _designated(state: CenterState, entry: e.CenterDesignated, recorded: Recorded) -> CenterState:
    if state.application(entry.round) is not None:
        state = _on_application(state, entry.round, designated=recorded.position)
    return replace(
        state,
        name=entry.name or state.name,
        standing="designated",
        stage=None,
        designated_on=entry.on,
        designated=recorded.position,
        designation_round=entry.round,
        edition=recorded.ruling.edition if recorded.ruling else None,
        revoked_on=None,
        revoked=None,
        grounds=(),
        ban=None,
        ban_position=None,
        warning=None,
        counting=recorded.outcome.counting or (),
    )


def _filed(state: CenterState, entry: e.EvaluationSubmitted, position: int) -> CenterState:
    known = state.evaluation(entry.round)
    first = known.first_filed_on if known and known.first_filed_on else entry.on
    return _evaluated(
        state,
        entry.round,
        filed=position,
        filed_on=entry.on,
        first_filed_on=first,
        indicators=entry.indicators or {},
    )


def _graded(state: CenterState, entry: e.GradeConfirmed, recorded: Recorded) -> CenterState:
    known, outcome = state.evaluation(entry.round), recorded.outcome
    result = Result(
        outcome.grade,
        bool(outcome.failed),
        bool(outcome.warned),
        known.score if known else None,
        entry.on,
        recorded.position,
        recorded.ruling.edition if recorded.ruling else None,
    )
    state = _evaluated(state, entry.round, result=result)
    if state.warning and state.warning.round != entry.round:
        state = replace(state, warning=None)
    return state if outcome.counting is None else replace(state, counting=outcome.counting)


def _evaluated(state: CenterState, round: str, **changes: Any) -> CenterState:
    found = state.evaluation(round)
    if found is None:
        new = Evaluation(round, int(round[-4:]), **changes)
        return replace(state, evaluations=(*state.evaluations, new))
    evaluations = [replace(v, **changes) if v is found else v for v in state.evaluations]
    return replace(state, evaluations=tuple(evaluations))


def _return(state: CenterState, return_kind: str, period: str, **changes: Any) -> CenterState:
    for known in state.requests:
        if (known.return_kind, known.period) == (return_kind, period):
            new = replace(known, **changes)
            return replace(state, requests=tuple(new if r is known else r for r in state.requests))
    new = replace(Request(return_kind, period, None, None), **changes)
    return replace(state, requests=(*state.requests, new))


def _reported(
    changes: tuple[Change, ...], entry: e.ChangeReported, position: int
) -> tuple[Change, ...]:
    """Mark the changes whose formalities ended on `completed_on`; else the oldest unreported one
    before it. What is reported stays reported."""
    found = [c for c in changes if c.on == entry.completed_on]
    if not found:
        found = [c for c in changes if c.reported is None and c.on <= entry.completed_on][:1]
    return tuple(
        replace(c, reported_on=entry.on, reported=position)
        if c.reported is None and any(c is f for f in found)
        else c
        for c in changes
    )


def _decided(objection: Objection, entry: e.ObjectionDecided, position: int) -> Objection:
    if objection.id != entry.objection:
        return objection
    return replace(objection, outcome=entry.outcome, decided_on=entry.on, decided=position)


def _round_at_issue(state: CenterState, subject: str) -> str | None:
    """The round a publicity without one speaks of: the one that is under way."""
    if subject == "designation":
        return next((a.round for a in reversed(state.applications) if a.proposed is not None), None)
    if subject == "evaluation":
        return next((v.round for v in reversed(state.evaluations)), None)
    return None


def _objected_round(state: CenterState, subject: str) -> str | None:
    """The round an objection of that subject belongs to."""
    if subject == "designation":
        if state.standing == "designated" and state.stage is None:
            return state.designation_round
        latest = state.applications[-1].round if state.applications else None
        return _round_at_issue(state, subject) or latest
    published = next((p for p in reversed(state.publicities) if p.subject == subject), None)
    return published.round if published is not None else _round_at_issue(state, subject)


def act_at_issue(state: CenterState, subject: str) -> int | None:
    """The act an objection of that subject objects to."""
    if subject == "designation":
        if state.standing == "designated" and state.stage is None:
            return state.designated
        return next(
            (a.proposed for a in reversed(state.applications) if a.proposed is not None), None
        )
    if subject == "revocation" and state.revoked is not None:
        return state.revoked
    published = next((p for p in reversed(state.publicities) if p.subject == subject), None)
    if subject == "evaluation" and published is not None and published.round:
        evaluation = state.evaluation(published.round)
        if evaluation and evaluation.result and evaluation.result.position > published.position:
            return evaluation.result.position
    return published.position if published else None
