"""One thing that is due, and the arithmetic of its last day.

A day is known, with the day as it is printed and the working day it rolls to (T04); or it is
undetermined, with the reason and the day it is never before; or no text states one.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from ledger.ruling import Cite
from policies.case import Case
from policies.legal_time import Settled, Unsettled
from policies.outcome import Assessment

__all__ = ["Duty", "ending", "falls_within", "in_working_days", "rolled", "without_day"]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is due; `say` and `values` word it, `key` names it for good.

    `by` is `center`, `applicant` or `authority`; `since` is the day the duty arose. `stated` is the
    last day as printed or counted, `due` the same after rolling; without `due`, `undetermined` says
    why, and `lower_bound` is the day it is never before. `overdue` is None where it cannot be told.
    """

    what: str
    center: str | None
    by: str
    key: str
    say: str
    values: dict[str, Any]
    cite: Cite
    since: date
    name: str | None = None
    round: str | None = None
    stated: date | None = None
    due: date | None = None
    lower_bound: date | None = None
    undetermined: Assessment | None = None
    overdue: bool | None = False
    entries: tuple[int, ...] = ()


def falls_within(duty: Duty, days: int, *, on: date) -> bool:
    """Whether the duty is due, or may be, by so many days after the day; without a day it always
    is."""
    day = duty.due or duty.lower_bound
    return day is None or day <= on + timedelta(days=days)


def rolled(duty: Duty, case: Case, *, day: date) -> Duty:
    """Due on a fixed day, which moves to the next working day when it is a rest day (T04)."""
    return _counted(replace(duty, stated=day), case.rolled(day), on=case.on)


def in_working_days(duty: Duty, case: Case, *, count: int) -> Duty:
    """Due within so many working days of the day it arose; the day after that is day 1 (T03)."""
    return _counted(duty, case.calendar.nth_working_day_after(duty.since, count), on=case.on)


def ending(duty: Duty, due: date, *, on: date) -> Duty:
    """Due on a known day, which is not rolled."""
    return replace(duty, stated=duty.stated or due, due=due, overdue=on > due)


def without_day(duty: Duty, why: Assessment | None = None) -> Duty:
    """Due, but no text states a day; or, where `why` says so, none that is at hand."""
    if why is None:
        return replace(duty, undetermined=Assessment(None, "no_day_stated"))
    return replace(duty, undetermined=why, overdue=None)


def _counted(duty: Duty, found: Settled | Unsettled, *, on: date) -> Duty:
    if isinstance(found, Settled):
        return ending(duty, found.day, on=on)
    bound = found.lower_bound
    waiting = Assessment(None, "no_calendar", {"year": found.missing_year})
    overdue = False if on <= bound else None
    return replace(duty, lower_bound=bound, undetermined=waiting, overdue=overdue)
