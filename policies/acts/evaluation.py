"""The acts from evaluation filing to grade, warning and commendation; and publicity with its
objections."""

from __future__ import annotations

from decimal import Decimal

from ledger import entries as e
from ledger.ruling import Outcome
from policies.acts.designation import joint_signers
from policies.case import Case
from policies.edition import PublicityRules
from policies.forms import form_findings
from policies.outcome import Assessment
from policies.rules.admission import is_already_designated, meets
from policies.rules.filing import exemption, is_late
from policies.rules.grading import (
    counter_rules,
    evaluation_floors,
    grade_of,
    industry_of,
    is_warned,
)
from policies.rules.publicity import (
    designation_publicity,
    latest_publicity,
    objection_findings,
    publicity_findings,
    publicity_length,
)
from policies.verdict import Knowledge, Verdict
from projections.center import Evaluation, Publicity, act_at_issue

__all__ = [
    "commendation_issued",
    "evaluation_deferred",
    "evaluation_fact",
    "evaluation_submitted",
    "grade_confirmed",
    "must_be_designated",
    "objection_decided",
    "objection_lodged",
    "publicity_opened",
    "rectification_ordered",
    "return_requested",
    "score_corrected",
    "warning_issued",
]


def must_be_designated(case: Case, verdict: Verdict, article: str) -> bool:
    """Bar an act that only fits a designated center."""
    if is_already_designated(case).result:
        return True
    values = {"status": case.state.status}
    verdict.bar(Assessment(False, "not_designated", values, case.cite(article)), "not_designated")
    return False


def evaluation_submitted(case: Case, entry: e.EvaluationSubmitted, knowledge: Knowledge) -> Verdict:
    """A filing is a fact; lateness, missed floors and what its form says are said of it."""
    verdict = Verdict()
    rules = case.edition.evaluation
    must_be_designated(case, verdict, rules.filing_article)
    late = is_late(case, entry.on, article=rules.filing_article)
    if late.result or (late.result is None and late.say == "no_calendar"):
        verdict.note(late, "late")
    elif late.result is None:
        verdict.note(late, "round_unknown")
    indicators = entry.indicators or {}
    filed = Evaluation(entry.round, int(entry.round[-4:]), indicators=indicators)
    for found, fails in evaluation_floors(case, filed):
        if fails is not False and found.say == "condition_unmet":
            verdict.note(found, "condition_unmet")
    if rules.floors_advise is not None and rules.floors is None and indicators:
        case.reads(rules.floors_advise.reads)
        for condition in case.edition.designation.conditions:
            found = meets(case, condition, indicators, industry_of(case.state), None)
            if found.result is False:
                verdict.note(found, "condition_unmet")
    verdict.notes = [*verdict.bars, *verdict.notes, *form_findings(case, entry)]
    verdict.bars = []
    return verdict


def evaluation_fact(case: Case, entry: e.CenterEntry, knowledge: Knowledge) -> Verdict:
    """A score, attestation or failure to file said of a center that is not designated is noted."""
    verdict = Verdict()
    if ":evaluation:" in getattr(entry, "round", ""):
        must_be_designated(case, verdict, case.edition.evaluation.filing_article)
    verdict.notes, verdict.bars = verdict.bars, []
    return verdict


def evaluation_deferred(case: Case, entry: e.EvaluationDeferred, knowledge: Knowledge) -> Verdict:
    """A deferral needs a designated center whose grade is not confirmed."""
    verdict = Verdict()
    must_be_designated(case, verdict, case.edition.evaluation.cycle_article)
    _not_confirmed(case, verdict, entry.round)
    return verdict


def score_corrected(case: Case, entry: e.ScoreCorrected, knowledge: Knowledge) -> Verdict:
    """A score can be corrected until its grade is confirmed; after that the grade must be annulled
    first."""
    verdict = Verdict()
    rules = case.edition.evaluation
    must_be_designated(case, verdict, rules.score_article)
    _not_confirmed(case, verdict, entry.round)
    evaluation = case.state.evaluation(entry.round)
    if evaluation is None or evaluation.score is None:
        cite = case.cite(rules.score_article)
        verdict.bar(Assessment(False, "no_score", {"round": entry.round}, cite), "score_missing")
    return verdict


def grade_confirmed(case: Case, entry: e.GradeConfirmed, knowledge: Knowledge) -> Verdict:
    """A grade needs a score or a certain failure, the publicity where one is prescribed, and the
    ruled word."""
    verdict = Verdict()
    rules = case.edition.evaluation
    evaluation = case.state.evaluation(entry.round)
    must_be_designated(case, verdict, rules.confirmation_article)
    _not_confirmed(case, verdict, entry.round)
    exempt = exemption(case)
    if exempt is not None:
        verdict.bar(exempt, "excluded")
    grading = grade_of(case, entry.round)
    cite = case.cite(grading.article)
    for open_question in grading.undetermined:
        verdict.bar(open_question, "grade_undetermined")
    if grading.grade is None and not grading.undetermined:
        verdict.bar(Assessment(None, "no_score", {"round": entry.round}, cite), "score_missing")
    if entry.grade is not None and grading.grade is not None and entry.grade != grading.grade:
        values = {"published": entry.grade, "ruled": grading.grade, "score": _score(evaluation)}
        entries = tuple(n for why in grading.why for n in why.entries)
        verdict.bar(Assessment(False, "grade_mismatch", values, cite, entries), "grade_mismatch")
    void = evaluation.void_publicity_before if evaluation else -1
    verdict.note_if_unknown(case.not_at_hand("evaluation/publicity"))
    if rules.publicity is not None:
        verdict.bars += publicity_findings(
            case, rules.publicity, "evaluation", round=entry.round, after=void
        )
    article = rules.publicity.article if rules.publicity else rules.confirmation_article
    published = latest_publicity(case, "evaluation", round=entry.round, after=void)
    verdict.bars += objection_findings(
        case,
        "evaluation",
        article,
        round=entry.round,
        since=published.position if published else void,
    )
    verdict.notes += joint_signers(case, entry)
    grade = entry.grade or grading.grade
    failed = grade == rules.failing
    score = evaluation.score if evaluation else None
    counting = counter_rules(case.edition)
    verdict.outcome = Outcome(
        grade=grade,
        failed=failed,
        warned=_warned(case, score, failed=failed) if grade else False,
        counting=None if counting == case.state.counting else counting,
        cite=cite,
    )
    return verdict


def warning_issued(case: Case, entry: e.WarningIssued, knowledge: Knowledge) -> Verdict:
    """A warning needs a confirmed grade that did not fail, unless it is read otherwise, and a score
    inside the warning band."""
    verdict = Verdict()
    band = case.edition.evaluation.warning
    must_be_designated(case, verdict, case.edition.evaluation.confirmation_article)
    article = band.article if band else case.edition.evaluation.confirmation_article
    cite = case.cite(article)
    evaluation = case.state.evaluation(entry.round)
    if band is None:
        none = Assessment(False, "no_warning_provided_for", {}, cite)
        unknown = case.not_at_hand("evaluation/warning")
        _bar_without_rule(verdict, unknown, none, "warning_unfounded")
        return verdict
    case.reads(band.reads)
    if evaluation is None or evaluation.result is None:
        verdict.bar(
            Assessment(False, "grade_not_confirmed", {"round": entry.round}, cite),
            "warning_unfounded",
        )
    else:
        result = evaluation.result
        entries = case.rests_on(result.position, evaluation.scored)
        if result.failed and not band.on_fail:
            values = {"round": entry.round, "grade": result.grade}
            verdict.bar(
                Assessment(False, "warning_with_failure", values, cite, entries),
                "warning_unfounded",
            )
        elif not is_warned(case.edition, result.score, failed=result.failed):
            values = {"score": _score(evaluation), "low": str(band.low), "high": str(band.high)}
            verdict.bar(
                Assessment(False, "score_outside_warning", values, cite, entries),
                "warning_unfounded",
            )
    verdict.outcome = Outcome(cite=cite)
    return verdict


def commendation_issued(case: Case, entry: e.CommendationIssued, knowledge: Knowledge) -> Verdict:
    """A commendation needs a confirmed grade the regulation commends."""
    verdict = Verdict()
    rules = case.edition.evaluation.commendation
    must_be_designated(case, verdict, case.edition.evaluation.confirmation_article)
    cite = case.cite(rules.article if rules else case.edition.evaluation.confirmation_article)
    evaluation = case.state.evaluation(entry.round)
    result = evaluation.result if evaluation else None
    if rules is None:
        none = Assessment(False, "no_commendation_provided_for", {}, cite)
        unknown = case.not_at_hand("evaluation/commendation")
        _bar_without_rule(verdict, unknown, none, "commendation_unfounded")
    elif result is None:
        verdict.bar(
            Assessment(False, "grade_not_confirmed", {"round": entry.round}, cite),
            "commendation_unfounded",
        )
    elif result.grade not in rules.grades:
        values = {"grade": result.grade, "grades": list(rules.grades)}
        entries = case.rests_on(result.position)
        verdict.bar(
            Assessment(False, "grade_not_commended", values, cite, entries),
            "commendation_unfounded",
        )
    return verdict


def rectification_ordered(
    case: Case, entry: e.RectificationOrdered, knowledge: Knowledge
) -> Verdict:
    """An order to rectify needs a designated center."""
    verdict = Verdict()
    rules = case.edition.evaluation
    must_be_designated(case, verdict, rules.rectification_article or rules.confirmation_article)
    return verdict


def return_requested(case: Case, entry: e.ReturnRequested, knowledge: Knowledge) -> Verdict:
    """A return can be asked of a designated center."""
    verdict = Verdict()
    counters = case.edition.evaluation.counters.values()
    article = next(
        (c.article for c in counters if c.counts == "return"),
        case.edition.evaluation.filing_article,
    )
    must_be_designated(case, verdict, article)
    return verdict


def publicity_opened(case: Case, entry: e.PublicityOpened, knowledge: Knowledge) -> Verdict:
    """A publicity needs something to publish, and must be as long as the regulation asks."""
    verdict = Verdict()
    rules = _publicity_rules(case, entry.subject)
    if entry.subject == "designation":
        proposed = [
            a
            for a in case.state.applications
            if a.proposed is not None and entry.round in (None, a.round)
        ]
        if not proposed:
            cite = case.cite(case.edition.designation.proposal_article)
            verdict.bar(
                Assessment(False, "proposal_missing", {"round": entry.round}, cite),
                "review_missing",
            )
        else:
            case.rests_on(proposed[-1].proposed)
    else:
        must_be_designated(case, verdict, rules.article)
    period = Publicity(entry.subject, entry.round, entry.on, entry.closes, -1)
    length = publicity_length(case, rules, period)
    if not length.result:
        verdict.bar(length, "publicity_short")
    days = (entry.closes - entry.on).days + 1
    if entry.stated_days is not None and days < entry.stated_days:
        values = {"days": days, "stated_days": entry.stated_days}
        verdict.note(
            Assessment(False, "publicity_shorter_than_stated", values, case.cite(rules.article)),
            "publicity_short",
        )
    return verdict


def objection_lodged(case: Case, entry: e.ObjectionLodged, knowledge: Knowledge) -> Verdict:
    """An objection is a fact; one after the last day of its publicity is noted as late (T08)."""
    verdict = Verdict()
    verdict.outcome = Outcome(target=act_at_issue(case.state, entry.subject))
    published = [p for p in case.state.publicities if p.subject == entry.subject]
    if published and entry.on > published[-1].closes:
        period = published[-1]
        rolled = case.roll(period.closes)
        if rolled is not None and entry.on > rolled:
            rules = _publicity_rules(case, entry.subject)
            values = {
                "filed_on": entry.on.isoformat(),
                "deadline": period.closes.isoformat(),
                "last_day": rolled.isoformat(),
            }
            entries = case.rests_on(period.position)
            verdict.note(
                Assessment(True, "objection_late", values, case.cite(rules.article), entries),
                "late",
            )
    return verdict


def objection_decided(case: Case, entry: e.ObjectionDecided, knowledge: Knowledge) -> Verdict:
    """A decision needs an objection that is still undecided."""
    verdict = Verdict()
    cite = case.cite(designation_publicity(case.edition).article)
    found = next((o for o in case.state.objections if o.id == entry.objection), None)
    if found is None:
        verdict.bar(
            Assessment(False, "no_objection", {"objection": entry.objection}, cite), "not_submitted"
        )
    elif found.outcome is not None:
        values = {"objection": entry.objection, "outcome": found.outcome}
        verdict.bar(
            Assessment(False, "objection_decided", values, cite, case.rests_on(found.decided)),
            "already_confirmed",
        )
    else:
        case.rests_on(found.position)
    return verdict


def _not_confirmed(case: Case, verdict: Verdict, round_id: str) -> None:
    evaluation = case.state.evaluation(round_id)
    if evaluation is not None and evaluation.result is not None:
        cite = case.cite(case.edition.evaluation.confirmation_article)
        values = {"round": round_id, "grade": evaluation.result.grade}
        entries = case.rests_on(evaluation.result.position)
        verdict.bar(
            Assessment(False, "already_confirmed", values, cite, entries), "already_confirmed"
        )


def _publicity_rules(case: Case, subject: str) -> PublicityRules:
    if subject == "designation":
        return designation_publicity(case.edition)
    if subject == "evaluation":
        rules = case.edition.evaluation.publicity
        return rules or PublicityRules(
            article=case.edition.evaluation.confirmation_article, required=False
        )
    revocation = case.edition.revocation
    return revocation.publicity or PublicityRules(article=revocation.article, required=False)


def _warned(case: Case, score: Decimal | None, *, failed: bool) -> bool | None:
    """Whether the score earns a warning; None where the text on warnings is not at hand."""
    if case.not_at_hand("evaluation/warning") is not None and not failed:
        return None
    return is_warned(case.edition, score, failed=failed)


def _bar_without_rule(
    verdict: Verdict, unknown: Assessment | None, none: Assessment, code: str
) -> None:
    """Bar an act that the regulation does not provide for, or whose rule is not at hand."""
    if unknown is None:
        verdict.bar(none, code)
    else:
        verdict.bar(unknown, "policy_undetermined")


def _score(evaluation: Evaluation | None) -> str | None:
    return None if evaluation is None or evaluation.score is None else format(evaluation.score, "f")
