"""When a filing is in time (T04, X05, H01, B04)."""

from __future__ import annotations

from datetime import date, timedelta

from policies.case import Case
from policies.legal_time import months_after
from policies.outcome import Assessment

__all__ = ["filing_limit", "is_late", "was_not_filed"]


def is_late(
    case: Case, filed_on: date, *, article: str, entries: tuple[int, ...] = ()
) -> Assessment:
    """Whether a filing came after the round's deadline, rolled forward from a rest day."""
    if case.round is None:
        return Assessment(None, "deadline_unknown", {}, case.cite(article), entries)
    deadline = case.round.deadline
    values = {"filed_on": filed_on.isoformat(), "deadline": deadline.isoformat()}
    if filed_on <= deadline:
        return Assessment(False, "in_time", values, case.cite(article), entries)
    last = case.roll(deadline)
    case.reads(case.edition.designation.deadline_reads)
    if last is None:
        return Assessment(None, "no_calendar", {"year": deadline.year}, case.cite(article), entries)
    values["last_day"] = last.isoformat()
    return Assessment(
        filed_on > last,
        "filed_late" if filed_on > last else "in_time",
        values,
        case.cite(article),
        entries,
    )


def filing_limit(case: Case, *, grace_months: int, grace_days: int = 0) -> date | None:
    """The last day on which nothing is overdue: deadline rolled forward, plus a grace that does not
    roll."""
    if case.round is None:
        return None
    last = case.roll(case.round.deadline)
    if last is None:
        return None
    return (
        months_after(last, grace_months) + timedelta(days=grace_days)
        if grace_months or grace_days
        else last
    )


def was_not_filed(
    case: Case,
    round_id: str,
    *,
    grace_months: int,
    grace_days: int,
    article: str,
    absence_counts: bool = False,
) -> Assessment:
    """Whether nothing was filed for the round and the time is over.

    It rests on an `EvaluationNotSubmitted` entry, judged on that entry's day: what is filed later
    is late and
    does not undo it (B04). With `absence_counts`, a round without filing and without score counts
    too.
    """
    cite = case.cite(article)
    evaluation = case.state.evaluation(round_id)
    limit = filing_limit(case, grace_months=grace_months, grace_days=grace_days)
    if evaluation is not None and evaluation.deferred is not None:
        return Assessment(
            False,
            "evaluation_deferred",
            {"round": round_id},
            cite,
            case.rests_on(evaluation.deferred),
        )
    designated = case.state.designated_on
    if designated is not None and int(round_id[-4:]) <= designated.year:
        values = {"round": round_id, "designated_on": designated.isoformat()}
        return Assessment(
            False, "owes_no_evaluation", values, cite, case.rests_on(case.state.designated)
        )
    if limit is None:
        say = "no_calendar" if case.round is not None else "deadline_unknown"
        year = case.round.deadline.year if case.round else None
        return Assessment(None, say, {"year": year} if year else {}, cite)
    values = {"round": round_id, "limit": limit.isoformat()}
    if evaluation is not None and evaluation.first_filed_on is not None:
        entries = case.rests_on(evaluation.filed)
        values["filed_on"] = evaluation.first_filed_on.isoformat()
        if evaluation.first_filed_on <= limit:
            return Assessment(False, "filed_within_limit", values, cite, entries)
        if evaluation.not_submitted_on is None:
            return Assessment(absence_counts, "filed_after_limit", values, cite, entries)
    if evaluation is not None and evaluation.not_submitted_on is not None:
        entries = case.rests_on(evaluation.not_submitted)
        values["on"] = evaluation.not_submitted_on.isoformat()
        if evaluation.not_submitted_on > limit:
            return Assessment(True, "not_filed", values, cite, entries)
        return Assessment(False, "not_filed_too_early", values, cite, entries)
    if absence_counts and (evaluation is None or evaluation.score is None) and case.on > limit:
        return Assessment(True, "nothing_on_file", values | {"position": case.state.position}, cite)
    return Assessment(False, "no_failure_to_file", values, cite)
