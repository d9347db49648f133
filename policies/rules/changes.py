"""Renamings and reorganisations: reported within so many working days (T03, B16)."""

from __future__ import annotations

from policies.case import Case
from policies.outcome import Assessment
from projections.center import Change

__all__ = ["is_reported_late"]


def is_reported_late(case: Case, change: Change) -> Assessment:
    """Whether a change was reported after the term, or is unreported past it; undetermined without
    a calendar, or without the text on it."""
    rules = case.edition.changes
    if rules is None:
        owes_nothing = Assessment(False, "change_owes_no_report", {"change": change.what})
        return case.not_at_hand("changes") or owes_nothing
    case.reads(rules.reads)
    cite = case.cite(rules.article)
    values = {
        "change": change.what,
        "completed_on": change.on.isoformat(),
        "working_days": rules.working_days,
    }
    limit = case.working_day_after(change.on, rules.working_days)
    entries = case.rests_on(change.position, change.reported)
    if limit is None:
        return Assessment(None, "no_calendar", values | {"year": change.on.year}, cite, entries)
    values["limit"] = limit.isoformat()
    if change.reported_on is None:
        late = case.on > limit
        return Assessment(
            late, "change_unreported" if late else "change_pending", values, cite, entries
        )
    values["reported_on"] = change.reported_on.isoformat()
    late = change.reported_on > limit
    return Assessment(
        late, "change_reported_late" if late else "change_reported", values, cite, entries
    )
