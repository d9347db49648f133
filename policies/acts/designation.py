"""The acts from application to designation and certificate."""

from __future__ import annotations

import re
from collections import Counter

from ledger import entries as e
from ledger.errors import MalformedError
from ledger.ruling import Finding, Outcome
from policies.case import Case
from policies.edition import Authority
from policies.forms import form_findings
from policies.legal_time import years_after
from policies.outcome import Assessment
from policies.rules.admission import (
    attested_conditions,
    basic_conditions,
    is_already_designated,
    is_banned,
    lookback_facts,
    missing_materials,
    notice_conditions,
)
from policies.rules.certificates import is_renewed
from policies.rules.filing import is_late, lookback_anchor
from policies.rules.grading import counter_rules
from policies.rules.publicity import (
    designation_publicity,
    objection_findings,
    publicity_findings,
)
from policies.rules.revocation import applicant_fraud
from policies.verdict import Knowledge, Verdict
from projections.center import Application

__all__ = [
    "application_admitted",
    "application_refused",
    "application_submitted",
    "center_designated",
    "certificate_issued",
    "designation_proposed",
    "joint_signers",
    "review_decided",
]


def application_submitted(
    case: Case, entry: e.ApplicationSubmitted, knowledge: Knowledge
) -> Verdict:
    """An application is a fact; what is wrong with it is said of it."""
    verdict = Verdict()
    application = Application(
        entry.round,
        entry.on,
        -1,
        entry.industry,
        entry.indicators or {},
        entry.attested or {},
        entry.materials,
    )
    _may_apply(case, verdict, application)
    _meets_conditions(case, verdict, application, undetermined_bars=False)
    verdict.notes = [*verdict.bars, *verdict.notes, *form_findings(case, entry)]
    verdict.bars = []
    return verdict


def application_admitted(case: Case, entry: e.ApplicationAdmitted, knowledge: Knowledge) -> Verdict:
    """Admission needs an application in time by somebody who may apply and misses no condition for
    certain."""
    verdict = Verdict()
    application = _application(
        case, verdict, entry.round, case.edition.designation.admission_article
    )
    if application is None:
        verdict.bar_if(is_banned(case, case.on), "banned")
        verdict.bar_if(is_already_designated(case), "already_designated")
        return verdict
    _may_apply(case, verdict, application)
    _meets_conditions(case, verdict, application, undetermined_bars=False)
    return verdict


def application_refused(case: Case, entry: e.ApplicationRefused, knowledge: Knowledge) -> Verdict:
    """A refusal needs an application; where the regulation says so, false materials start a ban."""
    verdict = Verdict()
    _application(case, verdict, entry.round, case.edition.designation.refusal_article)
    case.reads(case.edition.designation.reads)
    verdict.outcome = Outcome(ban=applicant_fraud(case, entry.round))
    return verdict


def review_decided(case: Case, entry: e.ReviewDecided, knowledge: Knowledge) -> Verdict:
    """A review of a designation round needs an application in it."""
    verdict = Verdict()
    if ":designation:" in entry.round:
        articles = {s.stage: s.article for s in case.edition.designation.reviews}
        article = articles.get(entry.stage, case.edition.designation.article)
        _application(case, verdict, entry.round, article)
    return verdict


def designation_proposed(case: Case, entry: e.DesignationProposed, knowledge: Knowledge) -> Verdict:
    """A proposal needs an admitted application, every review passed and every condition met for
    certain."""
    verdict = Verdict()
    rules = case.edition.designation
    application = _application(case, verdict, entry.round, rules.proposal_article)
    verdict.bar_if(is_already_designated(case), "already_designated")
    if application is None:
        verdict.bar_if(is_banned(case, case.on), "banned")
        return verdict
    verdict.bar_if(is_banned(case, application.on, case.on), "banned")
    if _is_chapter_missing(case, verdict):
        return verdict
    if application.admitted is None:
        cite = case.cite(rules.admission_article)
        verdict.bar(
            Assessment(False, "admission_missing", {"round": entry.round}, cite), "review_missing"
        )
    else:
        case.rests_on(application.admitted)
    _reviews_passed(case, verdict, entry.round)
    _lookback(case, verdict, undetermined_bars=True)
    _meets_conditions(case, verdict, application, undetermined_bars=True)
    return verdict


def center_designated(case: Case, entry: e.CenterDesignated, knowledge: Knowledge) -> Verdict:
    """A designation needs a proposal that stands, its publicity over, and no objection in the
    way."""
    if entry.name is None and case.state.name is None:
        raise MalformedError(
            "name is missing: no earlier entry of {center} names the enterprise",
            center=entry.center,
        )
    verdict = Verdict()
    rules = case.edition.designation
    application = case.state.application(entry.round)
    verdict.bar_if(is_already_designated(case), "already_designated")
    days = (
        [case.on] if application is None or application.position < 0 else [application.on, case.on]
    )
    verdict.bar_if(is_banned(case, *days), "banned")
    verdict.notes += joint_signers(case, entry)
    verdict.outcome = Outcome(counting=counter_rules(case.edition))
    if _is_chapter_missing(case, verdict):
        return verdict
    proposed = application.proposed if application else None
    if application is None or application.position < 0:
        cite = case.cite(rules.article)
        verdict.bar(
            Assessment(False, "no_application", {"round": entry.round}, cite), "not_submitted"
        )
    else:
        case.rests_on(application.position)
        _not_refused(case, verdict, application, rules.article)
        _lookback(case, verdict, undetermined_bars=True)
    if proposed is None:
        cite = case.cite(rules.proposal_article)
        verdict.bar(
            Assessment(False, "proposal_missing", {"round": entry.round}, cite), "review_missing"
        )
    else:
        case.rests_on(proposed)
    after = -1 if proposed is None else proposed
    gate = designation_publicity(case.edition)
    verdict.note_if_unknown(case.not_at_hand("designation/publicity"))
    verdict.bars += publicity_findings(case, gate, "designation", round=entry.round, after=after)
    verdict.bars += objection_findings(
        case, "designation", gate.article, round=entry.round, since=after
    )
    return verdict


def certificate_issued(case: Case, entry: e.CertificateIssued, knowledge: Knowledge) -> Verdict:
    """A certificate needs a designated center; its number and the lack of any provision are only
    noted."""
    verdict = Verdict()
    designated = is_already_designated(case)
    if not designated.result:
        verdict.bar(
            Assessment(False, "not_designated", {}, case.cite(case.edition.designation.article)),
            "not_designated",
        )
    rules = case.edition.certificate
    if rules is None:
        cite = case.cite(case.edition.designation.article)
        none = Assessment(False, "certificate_not_provided_for", {"number": entry.number}, cite)
        verdict.note(case.not_at_hand("certificate") or none, "certificate_number")
        return verdict
    case.reads(rules.reads)
    if not re.fullmatch(rules.pattern, entry.number):
        values = {"number": entry.number, "example": rules.example}
        verdict.note(
            Assessment(False, "certificate_number", values, case.cite(rules.article)),
            "certificate_number",
        )
    renewal = is_renewed(case, rules)
    if renewal.result is False:
        verdict.note(renewal, "certificate_number")
    verdict.outcome = Outcome(
        valid_until=years_after(entry.on, rules.years), cite=case.cite(rules.article)
    )
    return verdict


def joint_signers(case: Case, entry: e.CenterEntry) -> list[Finding]:
    """A note where fewer bodies signed than act jointly. Names change over the years, so bodies are
    counted, one that took the place of two for both; unless they are to sign by name (X17)."""
    authority = case.edition.authority
    article = authority.joint_acts.get(type(entry).__name__)
    if article is None:
        return []
    case.reads(authority.reads)
    signed = _signed(authority, set(entry.signers))
    if signed >= len(authority.signers):
        return []
    values = {
        "signed": signed,
        "needed": len(authority.signers),
        "signers": list(authority.signers),
    }
    return [
        Finding(
            code="signers_missing", cite=case.cite(article), say="signers_missing", values=values
        )
    ]


def _signed(authority: Authority, names: set[str]) -> int:
    """How many of the bodies that act jointly the names stand for."""
    if authority.by_name:
        return len(names & set(authority.signers))
    merged = Counter(authority.successors.values())
    return sum(max(1, merged[name]) for name in names)


def _application(case: Case, verdict: Verdict, round_id: str, article: str) -> Application | None:
    """The application in the round; bars the act where there is none, or where it was refused."""
    application = case.state.application(round_id)
    if application is None or application.position < 0:
        verdict.bar(
            Assessment(False, "no_application", {"round": round_id}, case.cite(article)),
            "not_submitted",
        )
        return None
    case.rests_on(application.position)
    _not_refused(case, verdict, application, article)
    return application


def _not_refused(case: Case, verdict: Verdict, application: Application, article: str) -> None:
    """Bar the act where the application was refused."""
    if application.refused is None:
        return
    entries, values = case.rests_on(application.refused), {"round": application.round}
    refused = Assessment(False, "application_refused", values, case.cite(article), entries)
    verdict.bar(refused, "not_submitted")


def _may_apply(case: Case, verdict: Verdict, application: Application) -> None:
    rules = case.edition.designation
    article = rules.deadline_article or rules.article
    late = is_late(
        case, application.on, article=article, entries=case.rests_on(application.position)
    )
    if late.result or (late.result is None and late.say == "no_calendar"):
        verdict.bar(late, "late")
    elif late.result is None:
        verdict.note(late, "round_unknown")
    verdict.bar_if(is_banned(case, application.on, case.on), "banned")
    verdict.bar_if(is_already_designated(case), "already_designated")
    _lookback(case, verdict, undetermined_bars=False)
    missing = missing_materials(case, application)
    if missing is not None:
        verdict.note(missing, "materials_missing")


def _is_chapter_missing(case: Case, verdict: Verdict) -> bool:
    """Bar the act where nothing of the way to a designation is at hand: there is no rule to ask."""
    unknown = case.not_at_hand("designation")
    if unknown is not None:
        verdict.bar(unknown, "policy_undetermined")
    return unknown is not None


def _lookback(case: Case, verdict: Verdict, *, undetermined_bars: bool) -> None:
    for found in lookback_facts(case, lookback_anchor(case)):
        if found.result:
            verdict.bar(found, "lookback")
        elif undetermined_bars:
            verdict.bar(found, "condition_undetermined")
        else:
            verdict.note(found, "condition_undetermined")


def _meets_conditions(
    case: Case, verdict: Verdict, application: Application, *, undetermined_bars: bool
) -> None:
    for found in basic_conditions(case, application):
        if found.result is False:
            verdict.bar(found, "condition_unmet")
        elif found.result is None:
            say = verdict.bar if undetermined_bars else verdict.note
            say(found, "condition_undetermined")
    for found in attested_conditions(case, application):
        if found.result is False:
            verdict.bar(found, "condition_unmet")
    for found in notice_conditions(case, application):
        if found.result is False:
            verdict.bar(found, "excluded")
        elif found.result is None:
            say = verdict.bar if undetermined_bars else verdict.note
            say(found, "condition_undetermined")


def _reviews_passed(case: Case, verdict: Verdict, round_id: str) -> None:
    verdict.note_if_unknown(case.not_at_hand("designation/reviews"))
    decided = {r.stage: r for r in case.state.reviews if r.round == round_id}
    for needed in case.edition.designation.reviews:
        cite = case.cite(needed.article)
        review = decided.get(needed.stage)
        if review is None:
            verdict.bar(
                Assessment(False, "review_missing", {"stage": needed.stage}, cite), "review_missing"
            )
        elif not review.passed:
            values = {"stage": needed.stage, "on": review.on.isoformat()}
            verdict.bar(
                Assessment(False, "review_failed", values, cite, case.rests_on(review.position)),
                "review_failed",
            )
        else:
            case.rests_on(review.position)
