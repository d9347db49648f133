"""Grounds of revocation, and the reapplication ban that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import assert_never

from msgspec.structs import replace

from ledger.entries import CenterRevoked
from ledger.ruling import Ban, Recorded
from policies.case import Case
from policies.edition import (
    AnyWhen,
    BanRule,
    Ground,
    WhenFacts,
    WhenFailed,
    WhenFailedRun,
    WhenNotFiled,
    WhenReportedLate,
    WhenReturnsMissed,
    WhenWithdrawn,
)
from policies.legal_time import day_after, years_after, years_before
from policies.outcome import Assessment, all_hold, any_holds
from policies.rules.changes import is_reported_late
from policies.rules.filing import was_not_filed
from policies.rules.grading import counter_rule, missed_run
from projections.center import Evaluation, Fact
from projections.counters import count
from projections.fold import annulments

__all__ = [
    "applicant_fraud",
    "ban_of",
    "ban_rule_of",
    "ground_met",
    "is_settled",
    "revocations_undone",
]


def ground_met(
    case: Case, ground_id: str, *, deadline_cases: dict[str, Case] | None = None
) -> Assessment:
    """Whether the facts carry a ground: yes, no, or undetermined, with the entries it rests on.

    `deadline_cases` gives, for each evaluation round of the center, the case that knows its
    deadline.
    """
    ground = case.edition.revocation.grounds[ground_id]
    case.reads(ground.reads)
    parts = tuple(
        part for when in ground.when for part in _ask(case, ground, when, deadline_cases or {})
    )
    result = any_holds(p.result for p in parts)
    carrying = tuple(p for p in parts if p.result is result)
    entries = tuple(sorted({n for p in carrying for n in p.entries}))
    say = "ground_met" if result else "ground_unmet" if result is False else "ground_undetermined"
    because = carrying if result is not False else parts
    return Assessment(
        result,
        say,
        {"ground": ground_id},
        case.cite(ground.article),
        entries,
        case.reading(ground.reads),
        because,
    )


def ban_rule_of(case: Case, ground_id: str) -> BanRule | None:
    """The ban a ground carries in this case."""
    ground = case.edition.revocation.grounds[ground_id]
    if ground.ban is None and ground.ban_by_counter:
        for name, rule in ground.ban_by_counter.items():
            if _was_failed_by(case, name):
                return rule
    return ground.ban


def ban_of(case: Case, grounds: tuple[str, ...], start: date) -> Ban | None:
    """The reapplication ban of a revocation on those grounds: the longest, from the decision or the
    discovery (H15); of unknown length where the text on it is not at hand."""
    reasons = {g: why for g in grounds if (why := _why_ban_unknown(case, g)) is not None}
    if reasons:
        reason = next(iter(reasons.values()))
        return _unknown_ban(case, start, grounds=tuple(reasons), reason=reason)
    rules = {g: rule for g in grounds if (rule := ban_rule_of(case, g)) is not None}
    if not rules:
        return None
    case.reads(case.edition.revocation.reads)
    longest = max(rules.values(), key=lambda rule: rule.years)
    years = longest.years
    if case.edition.revocation.multiple == "sum":
        years = sum(rule.years for rule in rules.values())
    if longest.starts == "discovery":
        start = _discovered_on(case, [g for g, rule in rules.items() if rule == longest]) or start
    return _ban(case, start, years, longest.article, tuple(g for g in grounds if g in rules))


def applicant_fraud(case: Case, round_id: str) -> Ban | None:
    """The ban of an applicant whose false materials were established between filing and refusal."""
    rule = case.edition.designation.applicant_fraud
    application = case.state.application(round_id)
    unknown = case.edition.why_unknown("designation/applicant_fraud") if rule is None else None
    if application is None or application.position < 0 or (rule is None and unknown is None):
        return None  # a refusal of what was never filed bans nobody
    found = [
        f
        for f in case.state.facts
        if f.fact == "false_materials" and application.on <= f.on <= case.on
    ]
    if not found:
        return None
    case.rests_on(application.position, *(f.position for f in found))
    if rule is None:
        return _unknown_ban(case, case.on, grounds=(), reason=unknown or "")
    case.reads(rule.reads)
    start = case.on if rule.starts == "decision" else min(f.on for f in found)
    return _ban(case, start, rule.years, rule.article, (rule.ground,))


def revocations_undone(entries: Sequence[Recorded], *, on: date | None = None) -> dict[str, int]:
    """Ground → position of the last revocation on it that was annulled by the end of the day (None:
    ever)."""
    gone = annulments(entries, on=on)
    return {
        ground: r.position
        for r in entries
        if r.position in gone and isinstance(r.entry, CenterRevoked)
        for ground in r.entry.grounds
    }


def is_settled(met: Assessment, undone: Mapping[str, int]) -> bool:
    """Whether a revocation that knew of all the ground rests on was annulled: whoever annulled it
    has decided about the ground."""
    return undone.get(met.values["ground"], -1) > max(met.entries, default=-1)


def _why_ban_unknown(case: Case, ground_id: str) -> str | None:
    """Why the text on the ban of a ground is not at hand; None where it is."""
    ground = case.edition.revocation.grounds.get(ground_id)
    if ground is not None and (ground.ban is not None or ground.no_ban):
        return None
    return case.edition.why_unknown(f"revocation/grounds/{ground_id}/ban")


def _unknown_ban(case: Case, start: date, *, grounds: tuple[str, ...], reason: str) -> Ban:
    """A ban that began on a day and of which nobody here can say how long it runs."""
    return Ban(
        start=start,
        last_day=None,
        first_eligible_day=None,
        years=None,
        grounds=grounds,
        cite=case.cite(case.edition.designation.ban_article),
        undetermined=reason,
    )


def _discovered_on(case: Case, grounds: list[str]) -> date | None:
    """The first day on which a fact was established that carries one of the grounds."""
    known = case.edition.revocation.grounds
    parts = [
        part for g in grounds for when in known[g].when for part in _ask(case, known[g], when, {})
    ]
    carrying = {n for part in parts if part.result for n in part.entries}
    return min((f.on for f in case.state.facts if f.position in carrying), default=None)


def _ban(case: Case, start: date, years: int, article: str, grounds: tuple[str, ...]) -> Ban:
    last = years_after(start, years)
    if case.edition.time.first_day == "counted":
        last -= timedelta(days=1)  # the day of the event is day 1 (T02)
    return Ban(
        start=start,
        last_day=last,
        first_eligible_day=day_after(last),
        years=years,
        grounds=grounds,
        cite=case.cite(article),
    )


def _ask(
    case: Case, ground: Ground, when: AnyWhen, deadline_cases: dict[str, Case]
) -> list[Assessment]:
    match when:
        case WhenFailedRun():
            return [_failed_run(case, ground, when)]
        case WhenFailed():
            return _failed(case, ground, when)
        case WhenNotFiled():
            return _not_filed(case, ground, when, deadline_cases)
        case WhenReturnsMissed():
            return [_returns_missed(case, ground, when)]
        case WhenFacts():
            return _facts(case, ground, when)
        case WhenWithdrawn():
            return [_withdrawn(case, ground)]
        case WhenReportedLate():
            return _reported_late(case, ground)
        case _ as never:
            assert_never(never)


def _failed_run(case: Case, ground: Ground, when: WhenFailedRun) -> Assessment:
    counter = case.edition.evaluation.counters[when.counter]
    case.reads(counter.reads)
    found = count(counter_rule(case.edition, when.counter), case.state)
    values = {
        "count": found.count,
        "limit": found.limit,
        "rounds": list(found.rounds),
        "counter": when.counter,
    }
    cite, entries = case.cite(ground.article), case.rests_on(*found.entries)
    if found.count >= found.limit:
        return Assessment(True, "failed_run", values, cite, entries)
    if found.gap and counter.gap == "undetermined":
        return Assessment(
            None, "failed_run_gap", values, cite, entries, case.reading(counter.reads)
        )
    return Assessment(
        False, "failed_run_short" if found.count else "no_failed_evaluation", values, cite, entries
    )


def _failed(case: Case, ground: Ground, when: WhenFailed) -> list[Assessment]:
    cite = case.cite(ground.article)
    result, say = (None, "failure_to_be_weighed") if when.needs_review else (True, "grade_failed")
    found = [
        Assessment(
            result,
            say,
            {"round": v.round, "grade": v.result.grade},
            cite,
            case.rests_on(v.result.position),
        )
        for v in case.state.results()
        if v.result is not None and v.result.failed
    ]
    return found or [Assessment(False, "no_failed_evaluation", {}, cite)]


def _not_filed(
    case: Case, ground: Ground, when: WhenNotFiled, deadline_cases: dict[str, Case]
) -> list[Assessment]:
    cite = case.cite(ground.article)
    found = []
    for evaluation in _evaluations_since_designation(case):
        if evaluation.not_submitted is None:
            continue
        about = deadline_cases.get(evaluation.round, case)
        found.append(
            was_not_filed(
                about,
                evaluation.round,
                grace_months=when.grace_months,
                grace_days=when.grace_days,
                month_day=when.month_day,
                article=ground.article,
            )
        )
        case.used |= about.used
        case.years |= about.years
        case.used_readings |= about.used_readings
    return found or [Assessment(False, "no_failure_to_file_on_record", {}, cite)]


def _returns_missed(case: Case, ground: Ground, when: WhenReturnsMissed) -> Assessment:
    counter = case.edition.evaluation.counters[when.counter]
    case.reads(counter.reads)
    found = count(counter_rule(case.edition, when.counter), case.state)
    values = {
        "count": found.count,
        "limit": found.limit,
        "periods": list(found.rounds),
        "counter": when.counter,
    }
    met = found.count >= found.limit
    say = "returns_missed_run" if met else "returns_missed_short"
    return Assessment(met, say, values, case.cite(ground.article), case.rests_on(*found.entries))


def _facts(case: Case, ground: Ground, when: WhenFacts) -> list[Assessment]:
    cite = case.cite(ground.article)
    found = [
        _qualified(case, ground, when, fact) for fact in case.state.facts if fact.fact in when.facts
    ]
    if when.together:
        return [_all_together(case, ground, when, found)]
    return found or [
        Assessment(
            False,
            "no_such_fact",
            {"facts": list(when.facts), "position": case.state.position},
            cite,
        )
    ]


def _all_together(
    case: Case, ground: Ground, when: WhenFacts, found: list[Assessment]
) -> Assessment:
    """Whether each of the facts is established, where only all of them together count (X20)."""
    answers = [
        any_holds(part.result for part in found if part.values["fact"] == name)
        for name in when.facts
    ]
    result = all_hold(answers)
    say = "facts_together" if result else "facts_not_together"
    entries = tuple(sorted({n for part in found for n in part.entries}))
    return Assessment(result, say, {"facts": list(when.facts)}, case.cite(ground.article), entries)


def _reported_late(case: Case, ground: Ground) -> list[Assessment]:
    """Each renaming or reorganisation since the designation, and whether its report came late."""
    designated, cite = case.state.designated_on, case.cite(ground.article)
    found = [
        replace(is_reported_late(case, change), cite=cite)
        for change in case.state.changes
        if designated is None or change.on >= designated
    ]
    return found or [Assessment(False, "no_change", {}, cite)]


def _qualified(case: Case, ground: Ground, when: WhenFacts, fact: Fact) -> Assessment:
    cite, entries = case.cite(ground.article), case.rests_on(fact.position)
    values = {"fact": fact.fact, "decided_on": fact.decided_on.isoformat()}
    designated = case.state.designated_on
    if fact.position in case.state.spent_facts:
        return Assessment(False, "fact_spent", values, cite, entries)
    if when.since == "designation" and designated is not None and fact.decided_on < designated:
        values["designated_on"] = designated.isoformat()
        return Assessment(False, "fact_before_designation", values, cite, entries)
    if when.within_years is not None and fact.decided_on < years_before(case.on, when.within_years):
        values["years"] = str(when.within_years)
        return Assessment(False, "fact_too_old", values, cite, entries)
    if when.needs == "penalized":
        say = {True: "fact_penalized", False: "fact_not_penalized", None: "fact_penalty_unknown"}[
            fact.penalized
        ]
        return Assessment(fact.penalized, say, values, cite, entries)
    if when.needs == "serious":
        result = {"serious": True, "minor": False, None: None}[fact.severity]
        say = {True: "fact_serious", False: "fact_minor", None: "fact_severity_unknown"}[result]
        return Assessment(result, say, values, cite, entries)
    return Assessment(True, "fact_established", values, cite, entries)


def _withdrawn(case: Case, ground: Ground) -> Assessment:
    designated = case.state.designated_on
    asked = [
        (on, position)
        for on, position in case.state.withdrawals
        if designated is None or on >= designated
    ]
    if not asked:
        return Assessment(
            False, "no_request", {"position": case.state.position}, case.cite(ground.article)
        )
    on, position = asked[-1]
    return Assessment(
        True,
        "withdrawal_requested",
        {"on": on.isoformat()},
        case.cite(ground.article),
        case.rests_on(position),
    )


def _evaluations_since_designation(case: Case) -> list[Evaluation]:
    designated = case.state.designated
    day = case.state.designated_on
    if designated is None or day is None:
        return list(case.state.evaluations)
    return [
        v
        for v in case.state.evaluations
        if v.not_submitted_on is None
        or (v.not_submitted_on, v.not_submitted or 0) > (day, designated)
    ]


def _was_failed_by(case: Case, counter_name: str) -> bool:
    """Whether a failing grade came from the named counter alone, not from the score."""
    counter = case.edition.evaluation.counters.get(counter_name)
    if counter is None:
        return False
    lowest = [
        g for g in case.edition.evaluation.grades if g.word == case.edition.evaluation.failing
    ]
    limit = lowest[0].high if lowest else None
    return any(
        (v.result.score is None or limit is None or v.result.score >= limit)
        and bool(missed_run(case, counter, v.year, known_on=v.result.on))
        for v in case.state.results()
        if v.result is not None and v.result.failed
    )
