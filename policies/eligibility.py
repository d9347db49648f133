"""May the enterprise apply on a day: ban, present designation, look-back; never the conditions
(contract, §5)."""

from __future__ import annotations

from datetime import date

import msgspec

from policies.case import Case
from policies.judge import Judge
from policies.legal_time import day_after, years_after
from policies.outcome import Assessment
from policies.rules.admission import is_already_designated, is_banned, lookback_facts
from policies.verdict import Knowledge
from projections.center import CenterState

__all__ = ["Eligibility", "may_apply"]


class Eligibility(msgspec.Struct, frozen=True):
    """The answer, what stands against it with its code, and the first day on which nothing known
    does."""

    eligible: bool | None
    first_eligible_day: date | None
    against: tuple[tuple[str, Assessment], ...]
    undetermined: tuple[Assessment, ...]


def may_apply(
    judge: Judge, state: CenterState, scheme: str, on: date, knowledge: Knowledge
) -> Eligibility:
    """Whether the enterprise may apply on the day."""
    rulebook = judge.rulebook
    resolution = rulebook.resolve(
        scheme,
        on,
        policy=None,
        policy_reason=None,
        round_edition=None,
        center_edition=state.edition,
    )
    edition = resolution.edition or resolution.fallback
    if edition is None:
        return Eligibility(
            None, None, (), (Assessment(None, "no_edition_in_force", {"on": on.isoformat()}),)
        )
    case = judge.case(edition, state, on, knowledge, None)
    against: list[tuple[str, Assessment]] = []
    open_questions: list[Assessment] = []
    days: list[date] = []
    banned = is_banned(case, on)
    if banned.result:
        against.append(("banned", banned))
        if state.ban is not None and state.ban.first_eligible_day is not None:
            days.append(state.ban.first_eligible_day)
    designated = is_already_designated(case)
    if designated.result:
        against.append(("already_designated", designated))
    days += _look_back(case, on, against)
    free = max(days, default=None)
    if designated.result or (
        banned.result and state.ban is not None and state.ban.last_day is None
    ):
        free = None
    eligible: bool | None = not against
    return Eligibility(eligible, free if against else None, tuple(against), tuple(open_questions))


def _look_back(case: Case, on: date, against: list[tuple[str, Assessment]]) -> list[date]:
    years = case.edition.designation.lookback.years
    days = []
    for found in lookback_facts(case, on):
        against.append(("lookback", found))
        days.append(day_after(years_after(date.fromisoformat(found.values["decided_on"]), years)))
    return days
