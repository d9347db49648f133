"""May the enterprise apply on a day: ban, present designation, look-back; never the conditions
(contract, §5)."""

from __future__ import annotations

from datetime import date

import msgspec

from policies.case import Case
from policies.edition import Lookback
from policies.judge import Judge, readings_on
from policies.legal_time import day_after, years_after, years_before
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
        adopted=readings_on(knowledge, scheme, on),
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
    if banned.result is None:
        open_questions.append(banned)
    elif banned.result:
        against.append(("banned", banned))
        if state.ban is not None and state.ban.first_eligible_day is not None:
            days.append(state.ban.first_eligible_day)
    designated = is_already_designated(case)
    if designated.result:
        against.append(("already_designated", designated))
    disqualifying = lookback_facts(case, on)
    open_questions += [found for found in disqualifying if found.result is None]
    days += _look_back(case, disqualifying, against)
    free = None if designated.result or open_questions else max(days, default=None)
    eligible = False if against else None if open_questions else True
    return Eligibility(eligible, free if against else None, tuple(against), tuple(open_questions))


def _look_back(
    case: Case, disqualifying: list[Assessment], against: list[tuple[str, Assessment]]
) -> list[date]:
    rules = case.edition.designation.lookback
    days = []
    for found in disqualifying:
        if not found.result or rules is None:
            continue
        against.append(("lookback", found))
        days.append(_free_of(rules, date.fromisoformat(found.values["decided_on"])))
    return days


def _free_of(rules: Lookback, day: date) -> date:
    """The first day whose window leaves the fact of that day out."""
    free = years_after(day, rules.years)
    while True:
        first = years_before(free, rules.years)  # a 29 February looks back to a 28th
        if first > day or (first == day and not rules.first_day_included):
            return free
        free = day_after(free)
