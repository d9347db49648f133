"""When a filing is in time (T04, X05, H01, B04)."""

from __future__ import annotations

from datetime import date, timedelta

from policies.case import Case
from policies.edition import day_of_year
from policies.legal_time import months_after
from policies.outcome import Assessment

__all__ = [
    "deadline_of",
    "exemption",
    "filing_limit",
    "is_late",
    "lookback_anchor",
    "was_not_filed",
]


def deadline_of(case: Case) -> date | None:
    """The last day to file in the round; the day before, where 前 leaves the day itself out (T05).
    None without a notice on file."""
    day = _printed_deadline(case)
    if day is not None and case.edition.time.before_day == "exclusive":
        return day - timedelta(days=1)
    return day


def lookback_anchor(case: Case) -> date:
    """The day an applicant's past is looked at from: the round's deadline, or the day the
    regulation names (X09)."""
    rules = case.edition.designation.lookback
    if case.round is not None and rules is not None and rules.month_day is not None:
        return day_of_year(int(case.round.round[-4:]), rules.month_day)
    return _printed_deadline(case) or case.on


def exemption(case: Case) -> Assessment | None:
    """Whether the round's notice takes the center out of the evaluation, under `exempt` in its
    conditions (B19); None where it does not."""
    rules = case.edition.evaluation
    listed = case.round.conditions.get("exempt") if case.round is not None else None
    if not isinstance(listed, list) or case.state.center not in listed or case.round is None:
        return None
    case.reads(rules.reads)
    if not rules.notice_exempts:
        return None
    values = {"round": case.round.round}
    cite, entries = case.cite(rules.cycle_article), case.rests_on(case.round.position)
    return Assessment(False, "evaluation_exempt", values, cite, entries)


def is_late(
    case: Case, filed_on: date, *, article: str, entries: tuple[int, ...] = ()
) -> Assessment:
    """Whether a filing came after the round's deadline, rolled forward from a rest day."""
    deadline = deadline_of(case)
    if deadline is None:
        return Assessment(None, "deadline_unknown", {}, case.cite(article), entries)
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


def filing_limit(
    case: Case, *, grace_months: int, grace_days: int = 0, month_day: str | None = None
) -> date | None:
    """The last day on which nothing is overdue: deadline rolled forward, plus a grace that does not
    roll. `month_day` stands for the notice's deadline (X05)."""
    day = deadline_of(case)
    if day is None or case.round is None:
        return None
    if month_day is not None:
        day = day_of_year(int(case.round.round[-4:]), month_day)
    last = case.roll(day)
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
    month_day: str | None = None,
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
    limit = filing_limit(
        case, grace_months=grace_months, grace_days=grace_days, month_day=month_day
    )
    if evaluation is not None and evaluation.deferred is not None:
        return Assessment(
            False,
            "evaluation_deferred",
            {"round": round_id},
            cite,
            case.rests_on(evaluation.deferred),
        )
    exempt = exemption(case)
    if exempt is not None:
        return exempt
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
        missed_on = evaluation.not_submitted_on
        if missed_on is None or (absence_counts and missed_on <= limit):
            return Assessment(absence_counts, "filed_after_limit", values, cite, entries)
    if evaluation is not None and evaluation.not_submitted_on is not None:
        values["on"] = evaluation.not_submitted_on.isoformat()
        if evaluation.not_submitted_on > limit:
            entries = case.rests_on(evaluation.not_submitted)
            return Assessment(True, "not_filed", values, cite, entries)
        if not absence_counts:
            entries = case.rests_on(evaluation.not_submitted)
            return Assessment(False, "not_filed_too_early", values, cite, entries)
    if absence_counts and (evaluation is None or evaluation.score is None) and case.on > limit:
        return Assessment(True, "nothing_on_file", values | {"position": case.state.position}, cite)
    return Assessment(False, "no_failure_to_file", values, cite)


def _printed_deadline(case: Case) -> date | None:
    """The round's deadline as the notice prints it, or the regulation's own day (H01, X09)."""
    if case.round is None:
        return None
    rules = case.edition.designation
    is_own = rules.deadline_from == "month_day" and ":designation:" in case.round.round
    if is_own and rules.deadline_month_day is not None:
        return day_of_year(int(case.round.round[-4:]), rules.deadline_month_day)
    return case.round.deadline
