"""How one entry changes the state of a center.

`evolve(state, recorded)` is pure and reads only what the entry and its stored ruling say; it never
judges. Entries must come in the order of their legal effect, `(on, position)`; `projections.fold`
sees to that, and to annulled acts, which are left out.

Each type of entry has a change of its own; types that change nothing of a center are named too, so
that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from ledger import entries as e
from ledger.ruling import Recorded
from projections.center import (
    Application,
    CenterState,
    Certificate,
    Change,
    Evaluation,
    Fact,
    FormerName,
    Objection,
    Publicity,
    Rectification,
    Request,
    Result,
    Review,
    Warned,
    act_at_issue,
    objected_round,
    round_at_issue,
)

__all__ = ["CHANGES", "annul", "evolve", "evolve_all"]


def evolve(state: CenterState, recorded: Recorded) -> CenterState:
    """The state after one more entry, which must not take effect before those already folded."""
    return evolve_all(state, (recorded,))


def evolve_all(state: CenterState, entries: Sequence[Recorded]) -> CenterState:
    """The same for several entries in order."""
    if not entries:
        return state
    changed = state
    for recorded in entries:
        entry = recorded.entry
        changed = CHANGES[entry.__class__](changed, entry, recorded)
    return replace(
        changed,
        entries=state.entries + len(entries),
        position=max(state.position, *map(_position_of, entries)),
        latest_on=max(state.latest_on, *map(_day_of, entries)),
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


_position_of = attrgetter("position")
_day_of = attrgetter("entry.on")


# --- application and designation -----------------------------------------------------------------


def _application_submitted(
    state: CenterState, entry: e.ApplicationSubmitted, recorded: Recorded
) -> CenterState:
    application = Application(
        entry.round,
        entry.on,
        recorded.position,
        entry.industry,
        entry.indicators or {},
        entry.attested or {},
        entry.materials,
    )
    kept = tuple([a for a in state.applications if a.round != entry.round])
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


def _application_admitted(
    state: CenterState, entry: e.ApplicationAdmitted, recorded: Recorded
) -> CenterState:
    found = _applied(state, entry.round, admitted=recorded.position, admitted_on=entry.on)
    return replace(state, applications=found)


def _application_refused(
    state: CenterState, entry: e.ApplicationRefused, recorded: Recorded
) -> CenterState:
    found, ban = _applied(state, entry.round, refused=recorded.position), recorded.outcome.ban
    if ban is None:
        return replace(state, applications=found, stage=None)
    return replace(
        state,
        applications=found,
        stage=None,
        ban=ban,
        ban_position=recorded.position,
        spent_facts=_spent(state, recorded),
    )


def _review_decided(state: CenterState, entry: e.ReviewDecided, recorded: Recorded) -> CenterState:
    round, stage = entry.round, entry.stage
    kept = [r for r in state.reviews if r.stage != stage or r.round != round]
    kept.append(Review(round, stage, entry.passed, entry.on, recorded.position))
    return replace(state, reviews=tuple(kept))


def _designation_proposed(
    state: CenterState, entry: e.DesignationProposed, recorded: Recorded
) -> CenterState:
    found = _applied(state, entry.round, proposed=recorded.position, proposed_on=entry.on)
    return replace(state, applications=found, stage="proposed")


def _center_designated(
    state: CenterState, entry: e.CenterDesignated, recorded: Recorded
) -> CenterState:
    applications = state.applications
    if state.application(entry.round) is not None:
        applications = _applied(state, entry.round, designated=recorded.position)
    return replace(
        state,
        name=entry.name or state.name,
        applications=applications,
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


def _center_revoked(state: CenterState, entry: e.CenterRevoked, recorded: Recorded) -> CenterState:
    ban = recorded.outcome.ban
    return replace(
        state,
        standing="revoked",
        stage=None,
        revoked_on=entry.on,
        revoked=recorded.position,
        grounds=entry.grounds,
        ban=ban,
        ban_position=recorded.position if ban else None,
        spent_facts=_spent(state, recorded),
    )


def _certificate_issued(
    state: CenterState, entry: e.CertificateIssued, recorded: Recorded
) -> CenterState:
    valid_until = recorded.outcome.valid_until
    issued = Certificate(entry.number, entry.on, valid_until, recorded.position)
    return replace(state, certificate=issued)


# --- publicity and objections --------------------------------------------------------------------


def _publicity_opened(
    state: CenterState, entry: e.PublicityOpened, recorded: Recorded
) -> CenterState:
    round = entry.round or round_at_issue(state, entry.subject)
    period = Publicity(entry.subject, round, entry.on, entry.closes, recorded.position)
    return replace(state, publicities=(*state.publicities, period))


def _objection_lodged(
    state: CenterState, entry: e.ObjectionLodged, recorded: Recorded
) -> CenterState:
    # The ruling remembers the act: once annulled, the fold no longer shows it.
    is_ruled = recorded.ruling is not None
    target = recorded.outcome.target if is_ruled else act_at_issue(state, entry.subject)
    objection = Objection(
        entry.objection,
        entry.subject,
        entry.on,
        recorded.position,
        target,
        objected_round(state, entry.subject),
    )
    return replace(state, objections=(*state.objections, objection))


def _objection_decided(
    state: CenterState, entry: e.ObjectionDecided, recorded: Recorded
) -> CenterState:
    decided = {"outcome": entry.outcome, "decided_on": entry.on, "decided": recorded.position}
    objections = [replace(o, **decided) if o.id == entry.objection else o for o in state.objections]
    return replace(state, objections=tuple(objections))


# --- evaluation ----------------------------------------------------------------------------------


def _evaluation_submitted(
    state: CenterState, entry: e.EvaluationSubmitted, recorded: Recorded
) -> CenterState:
    known = state.evaluation(entry.round)
    first = known.first_filed_on if known and known.first_filed_on else entry.on
    return _evaluated(
        state,
        entry.round,
        filed=recorded.position,
        filed_on=entry.on,
        first_filed_on=first,
        indicators=entry.indicators or {},
    )


def _evaluation_not_submitted(
    state: CenterState, entry: e.EvaluationNotSubmitted, recorded: Recorded
) -> CenterState:
    position = recorded.position
    return _evaluated(state, entry.round, not_submitted=position, not_submitted_on=entry.on)


def _evaluation_deferred(
    state: CenterState, entry: e.EvaluationDeferred, recorded: Recorded
) -> CenterState:
    return _evaluated(state, entry.round, deferred=recorded.position)


def _floors_attested(
    state: CenterState, entry: e.FloorsAttested, recorded: Recorded
) -> CenterState:
    if ":designation:" in entry.round:
        floors = {**state.application_floors, entry.round: (entry.met, recorded.position)}
        return replace(state, application_floors=floors)
    return _evaluated(state, entry.round, floors_met=entry.met, floors=recorded.position)


def _evaluation_scored(
    state: CenterState, entry: e.EvaluationScored, recorded: Recorded
) -> CenterState:
    known = state.evaluation(entry.round)
    if known is not None and known.result:
        return state  # a grade rests on the last score before it
    return _score_corrected(state, entry, recorded)


def _score_corrected(
    state: CenterState, entry: e.EvaluationScored | e.ScoreCorrected, recorded: Recorded
) -> CenterState:
    position = recorded.position
    return _evaluated(state, entry.round, score=entry.score, scored_on=entry.on, scored=position)


def _grade_confirmed(
    state: CenterState, entry: e.GradeConfirmed, recorded: Recorded
) -> CenterState:
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
    warning = state.warning
    if warning and warning.round != entry.round:
        warning = None
    return replace(
        state,
        evaluations=_evaluations(state, entry.round, result=result),
        warning=warning,
        counting=state.counting if outcome.counting is None else outcome.counting,
    )


def _warning_issued(state: CenterState, entry: e.WarningIssued, recorded: Recorded) -> CenterState:
    position = recorded.position
    evaluations = _evaluations(state, entry.round, warned=position)
    warning = Warned(entry.on, entry.round, recorded.outcome.cite, position)
    return replace(state, evaluations=evaluations, warning=warning)


def _commendation_issued(
    state: CenterState, entry: e.CommendationIssued, recorded: Recorded
) -> CenterState:
    return _evaluated(state, entry.round, commended=recorded.position)


# --- supervision ---------------------------------------------------------------------------------


def _rectification_ordered(
    state: CenterState, entry: e.RectificationOrdered, recorded: Recorded
) -> CenterState:
    ordered = Rectification(entry.on, entry.due, recorded.position)
    return replace(state, rectifications=(*state.rectifications, ordered))


def _rectification_reported(
    state: CenterState, _entry: e.RectificationReported, _recorded: Recorded
) -> CenterState:
    return replace(state, rectifications=state.rectifications[1:])


def _return_requested(
    state: CenterState, entry: e.ReturnRequested, recorded: Recorded
) -> CenterState:
    position = recorded.position
    return _returned(state, entry.return_kind, entry.period, due=entry.due, requested=position)


def _return_filed(state: CenterState, entry: e.ReturnFiled, recorded: Recorded) -> CenterState:
    position = recorded.position
    return _returned(state, entry.return_kind, entry.period, filed=position, filed_on=entry.on)


def _return_missed(state: CenterState, entry: e.ReturnMissed, recorded: Recorded) -> CenterState:
    position = recorded.position
    return _returned(state, entry.return_kind, entry.period, missed=position, missed_on=entry.on)


def _enterprise_renamed(
    state: CenterState, entry: e.EnterpriseRenamed, recorded: Recorded
) -> CenterState:
    former_names = state.former_names
    if state.name is not None and state.name != entry.name:
        former_names = (*former_names, FormerName(state.name, entry.on))
    change = Change("renaming", entry.on, recorded.position)
    return replace(
        state, name=entry.name, former_names=former_names, changes=(*state.changes, change)
    )


def _enterprise_reorganized(
    state: CenterState, entry: e.EnterpriseReorganized, recorded: Recorded
) -> CenterState:
    change = Change("reorganization", entry.on, recorded.position)
    return replace(state, changes=(*state.changes, change))


def _change_reported(
    state: CenterState, entry: e.ChangeReported, recorded: Recorded
) -> CenterState:
    """Mark the changes whose formalities ended on `completed_on`; else the oldest unreported one
    before it. What is reported stays reported."""
    found = [c for c in state.changes if c.on == entry.completed_on]
    if not found:
        open_ones = (c for c in state.changes if c.reported is None)
        found = [c for c in open_ones if c.on <= entry.completed_on][:1]
    changes = [
        replace(c, reported_on=entry.on, reported=recorded.position)
        if c.reported is None and any(c is f for f in found)
        else c
        for c in state.changes
    ]
    return replace(state, changes=tuple(changes))


def _fact_established(
    state: CenterState, entry: e.FactEstablished, recorded: Recorded
) -> CenterState:
    fact = Fact(
        entry.fact,
        entry.on,
        entry.decided_on or entry.on,
        entry.penalized,
        entry.severity,
        recorded.position,
    )
    return replace(state, facts=(*state.facts, fact))


def _withdrawal_requested(
    state: CenterState, entry: e.WithdrawalRequested, recorded: Recorded
) -> CenterState:
    return replace(state, withdrawals=(*state.withdrawals, (entry.on, recorded.position)))


def _heard(state: CenterState, _entry: e.Entry, recorded: Recorded) -> CenterState:
    return replace(state, hearings=(*state.hearings, recorded.position))


def _unchanged(state: CenterState, _entry: e.Entry, _recorded: Recorded) -> CenterState:
    return state


# --- parts ---------------------------------------------------------------------------------------


def _spent(state: CenterState, recorded: Recorded) -> frozenset[int]:
    """The facts a revocation or a ban rests on carry no second one."""
    used = recorded.ruling.used if recorded.ruling else ()
    return state.spent_facts | frozenset(used)


def _applied(state: CenterState, round: str, **changes: Any) -> tuple[Application, ...]:
    """The applications, the one of a round changed; what has no application gets an empty one."""
    found = state.application(round)
    if found is None:
        new = Application(round, date.min, -1, None, {}, {}, None)
        return (*state.applications, replace(new, **changes))
    return tuple([replace(a, **changes) if a is found else a for a in state.applications])


def _evaluations(state: CenterState, round: str, **changes: Any) -> tuple[Evaluation, ...]:
    """The evaluations, the one of a round changed, or begun."""
    found = state.evaluation(round)
    if found is None:
        return (*state.evaluations, Evaluation(round, int(round[-4:]), **changes))
    return tuple([replace(v, **changes) if v is found else v for v in state.evaluations])


def _evaluated(state: CenterState, round: str, **changes: Any) -> CenterState:
    return replace(state, evaluations=_evaluations(state, round, **changes))


def _returned(state: CenterState, return_kind: str, period: str, **changes: Any) -> CenterState:
    for known in state.requests:
        if (known.return_kind, known.period) == (return_kind, period):
            new = replace(known, **changes)
            requests = [new if request is known else request for request in state.requests]
            return replace(state, requests=tuple(requests))
    new = replace(Request(return_kind, period, None, None), **changes)
    return replace(state, requests=(*state.requests, new))


CHANGES: dict[type[e.Entry], Callable[[CenterState, Any, Recorded], CenterState]] = {
    e.ApplicationSubmitted: _application_submitted,
    e.ApplicationAdmitted: _application_admitted,
    e.ApplicationRefused: _application_refused,
    e.ReviewDecided: _review_decided,
    e.DesignationProposed: _designation_proposed,
    e.CenterDesignated: _center_designated,
    e.CenterRevoked: _center_revoked,
    e.CertificateIssued: _certificate_issued,
    e.PublicityOpened: _publicity_opened,
    e.ObjectionLodged: _objection_lodged,
    e.ObjectionDecided: _objection_decided,
    e.EvaluationSubmitted: _evaluation_submitted,
    e.EvaluationNotSubmitted: _evaluation_not_submitted,
    e.EvaluationDeferred: _evaluation_deferred,
    e.FloorsAttested: _floors_attested,
    e.EvaluationScored: _evaluation_scored,
    e.ScoreCorrected: _score_corrected,
    e.GradeConfirmed: _grade_confirmed,
    e.WarningIssued: _warning_issued,
    e.CommendationIssued: _commendation_issued,
    e.RectificationOrdered: _rectification_ordered,
    e.RectificationReported: _rectification_reported,
    e.ReturnRequested: _return_requested,
    e.ReturnFiled: _return_filed,
    e.ReturnMissed: _return_missed,
    e.EnterpriseRenamed: _enterprise_renamed,
    e.EnterpriseReorganized: _enterprise_reorganized,
    e.ChangeReported: _change_reported,
    e.FactEstablished: _fact_established,
    e.WithdrawalRequested: _withdrawal_requested,
    e.PartyNotified: _heard,
    e.StatementHeard: _heard,
    e.DecisionAnnulled: _unchanged,
    e.PrivateErased: _unchanged,
    e.RoundOpened: _unchanged,
    e.InterpretationAdopted: _unchanged,
    e.Sealed: _unchanged,
    e.GenerationOpened: _unchanged,
    e.ErasuresReapplied: _unchanged,
}
"""How an entry of each type changes the state: given the state, the entry, and its place."""
