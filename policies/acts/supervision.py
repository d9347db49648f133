"""Revocation, annulment, erasure; and the authority's own acts on rounds and readings."""

from __future__ import annotations

from collections.abc import Mapping

from ledger import entries as e
from ledger.errors import MalformedError
from ledger.ruling import Finding, Outcome
from policies.acts.designation import joint_signers
from policies.acts.evaluation import must_be_designated
from policies.case import Case
from policies.edition import Ground, PublicityRules, WhenFailed, WhenFailedRun, WhenNotFiled
from policies.outcome import Assessment
from policies.rules.changes import is_reported_late
from policies.rules.publicity import objection_findings, publicity_findings
from policies.rules.revocation import ban_of, ground_met
from policies.verdict import Knowledge, Verdict
from projections.center import Change

__all__ = [
    "center_revoked",
    "change_reported",
    "deadline_cases",
    "decision_annulled",
    "interpretation_adopted",
    "private_erased",
    "rests_on_rounds",
    "round_opened",
]

_ROUND_BOUND = (WhenFailedRun, WhenFailed, WhenNotFiled)


def round_opened(case: Case, entry: e.RoundOpened, knowledge: Knowledge) -> Verdict:
    """A notice opens a round; a later one amends it. Its edition rules the whole round."""
    return Verdict()


def interpretation_adopted(
    case: Case, entry: e.InterpretationAdopted, knowledge: Knowledge
) -> Verdict:
    """Only the bodies that interpret the regulation adopt a reading, and only one that it
    allows."""
    verdict = Verdict()
    known = case.edition.interpretations
    found = known.get(entry.interpretation)
    if found is None:
        raise MalformedError(
            "{edition} knows no interpretation {key!r}; it knows {known}",
            edition=case.edition.edition,
            key=entry.interpretation,
            known=", ".join(sorted(known)),
        )
    if entry.value not in found.values:
        raise MalformedError(
            "{value!r} is no reading of {key}; allowed are {known}",
            value=entry.value,
            key=entry.interpretation,
            known=", ".join(sorted(found.values)),
        )
    authority = case.edition.authority
    unknown = case.not_at_hand("authority/interprets")
    if unknown is not None:
        verdict.bar(unknown, "policy_undetermined")
        return verdict
    case.reads(authority.reads)
    signed, heirs = entry.signers, authority.successors
    missing = [n for n in authority.interprets if n not in signed and heirs.get(n) not in signed]
    if missing:
        cite = case.cite(authority.interprets_article)
        verdict.bar(
            Assessment(False, "not_competent_to_interpret", {"missing": missing}, cite), "excluded"
        )
    return verdict


def center_revoked(case: Case, entry: e.CenterRevoked, knowledge: Knowledge) -> Verdict:
    """A revocation needs a designated center and every stated ground met; the longest ban
    follows."""
    verdict = Verdict()
    rules = case.edition.revocation
    stated = _known_grounds(case, verdict, entry)
    case.reads(rules.reads)
    must_be_designated(case, verdict, rules.article)
    rounds = deadline_cases(case, knowledge)
    for ground_id in stated:
        met = ground_met(case, ground_id, deadline_cases=rounds)
        if met.result is False:
            verdict.bars.append(_ground_finding(met, "ground_unmet"))
        elif met.result is None:
            verdict.bars.append(_ground_finding(met, "ground_undetermined"))
        note = rules.grounds[ground_id].note
        if note:
            verdict.note(
                Assessment(
                    True, note, {"ground": ground_id}, met.cite, met.entries, met.interpretation
                ),
                "condition_undetermined",
            )
    gate = rules.publicity or PublicityRules(article=rules.article, required=False)
    since = case.state.designated if case.state.designated is not None else -1
    verdict.bars += publicity_findings(case, gate, "revocation", round=None, after=since)
    verdict.bars += objection_findings(case, "revocation", rules.article, round=None, since=since)
    verdict.notes += joint_signers(case, entry)
    if not case.state.hearings:
        verdict.note(
            Assessment(False, "hearing_missing", {}, case.cite(rules.article)), "hearing_missing"
        )
    verdict.outcome = Outcome(ban=ban_of(case, entry.grounds, entry.on))
    return verdict


def _known_grounds(case: Case, verdict: Verdict, entry: e.CenterRevoked) -> list[str]:
    """The stated grounds the edition holds; another is malformed, or open where the list of grounds
    is not all at hand."""
    known = case.edition.revocation.grounds
    unknown = case.not_at_hand("revocation/grounds")
    for ground_id in entry.grounds:
        if ground_id in known:
            continue
        if unknown is None:
            raise MalformedError(
                "{edition} has no ground {ground!r}; its grounds are {known}",
                edition=case.edition.edition,
                ground=ground_id,
                known=", ".join(known),
            )
        verdict.bar(unknown, "ground_undetermined")
    return [ground_id for ground_id in entry.grounds if ground_id in known]


def decision_annulled(case: Case, entry: e.DecisionAnnulled, knowledge: Knowledge) -> Verdict:
    """Only an act of the same center that still stands can be annulled, and no annulment.

    What is recorded in spite of that undoes no fact, no annulment and no erasure: none of them is a
    decision that could be taken back.
    """
    verdict = Verdict()
    target = knowledge.recorded(entry.center, entry.annuls)
    say, is_decision = None, False
    if target is None:
        say = "annuls_unknown"
    elif target.entry.kind != "act":
        say = "annuls_fact"
    elif isinstance(target.entry, e.DecisionAnnulled | e.PrivateErased):
        say = "annuls_annulment"
    else:
        is_decision = True
        if target.position in case.state.annulled:
            say = "annuls_annulled"
        elif target.entry.on > entry.on:
            say = "annuls_later"
    if say is not None:
        cite = case.cite(case.edition.authority.article)
        entries = case.rests_on(target.position) if target else ()
        values = {"annuls": entry.annuls, "type": type(target.entry).__name__ if target else None}
        verdict.bar(Assessment(False, say, values, cite, entries), "not_annullable")
    if target is not None:
        case.rests_on(target.position)
        verdict.outcome = Outcome(target=target.position if is_decision else None)
    return verdict


def private_erased(case: Case, entry: e.PrivateErased, knowledge: Knowledge) -> Verdict:
    """Only values that an entry of the same center holds can be erased."""
    verdict = Verdict()
    target = knowledge.recorded(entry.center, entry.erases)
    cite = case.cite(case.edition.authority.article)
    if target is None:
        values = {"annuls": entry.erases}
        verdict.bar(Assessment(False, "erases_unknown", values, cite), "not_annullable")
        return verdict
    held = target.entry.private or ()
    missing = [path for path in entry.fields if path not in held]
    if missing:
        shown = {"annuls": entry.erases, "fields": missing, "held": list(held)}
        entries = case.rests_on(target.position)
        verdict.bar(Assessment(False, "erases_nothing", shown, cite, entries), "not_annullable")
    verdict.outcome = Outcome(target=target.position)
    return verdict


def change_reported(case: Case, entry: e.ChangeReported, knowledge: Knowledge) -> Verdict:
    """A report after the term is noted as late."""
    verdict = Verdict()
    change = Change("change", entry.completed_on, -1, entry.on, None)
    late = is_reported_late(case, change)
    if late.result:
        verdict.note(late, "late")
    return verdict


def deadline_cases(case: Case, knowledge: Knowledge) -> dict[str, Case]:
    """For each evaluation round of the center, the same case with that round's deadline."""
    found = {}
    for evaluation in case.state.evaluations:
        if evaluation.not_submitted is None:
            continue
        round_state = knowledge.round(evaluation.round)
        on = evaluation.not_submitted_on or case.on
        found[evaluation.round] = Case(
            case.edition,
            calendar=case.calendar,
            state=case.state,
            round=round_state,
            on=on,
            readings=case.readings,
        )
    return found


def rests_on_rounds(known: Mapping[str, Ground], grounds: tuple[str, ...]) -> bool:
    """Whether any stated ground rests on an evaluation round."""
    return any(
        isinstance(when, _ROUND_BOUND) for g in grounds if g in known for when in known[g].when
    )


def _ground_finding(met: Assessment, code: str) -> Finding:
    reasons = [{"say": part.say, "values": part.values} for part in met.because]
    return Finding(
        code=code,
        cite=met.cite,
        say=met.say,
        values={**met.values, "because": reasons},
        entries=met.entries,
    )
