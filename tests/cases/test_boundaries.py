"""Every boundary of the three editions has a case on either side: one step or one day apart.

The boundaries are read from the edition files and the sides from the cases, so that a changed
number without its two cases is noticed. Cases that adopt another reading do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from policies.calendars import load_calendar
from policies.edition import Condition, Edition, WhenNotFiled
from policies.legal_time import Settled, months_after, years_before
from support.cases import Case, all_cases
from support.scenario import Line, judge

EDITIONS = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
CALENDAR = load_calendar("cn")
CASES = [
    case
    for case in all_cases()
    if not case.historical and all(line["type"] != "InterpretationAdopted" for line in case.given)
]
IN_TIME, LATE = (0, False), (1, True)

by_scheme = pytest.mark.parametrize("scheme", EDITIONS)


@by_scheme
def test_scores_on_both_sides(scheme: str) -> None:
    """Each bound of a grade and of the warning has its score and those a hundredth beside it."""
    rules = edition(scheme).evaluation
    bounds = {g.low for g in rules.grades if g.low is not None}
    step = Decimal("0.01")
    wanted = {score for bound in bounds for score in (bound - step, bound)}
    if rules.warning is not None:
        ends = (rules.warning.low, rules.warning.high)
        wanted |= {score for bound in ends for score in (bound - step, bound)}
        wanted |= {rules.warning.high + step} if rules.warning.high_included else set()
    tried = {
        Decimal(str(last(case, "EvaluationScored")["score"]))
        for case in about(scheme, "GradeConfirmed", "EvaluationScored")
        if "grade" in case.then
    }
    assert wanted <= tried


@by_scheme
def test_conditions_on_both_sides(scheme: str) -> None:
    """Each minimum of each industry is exactly met in a case, and missed by a step in another."""
    for condition in edition(scheme).designation.conditions:
        for industries, least in minimums(condition):
            tried = set(filed(scheme, condition, industries))
            met = {value for value, refused in tried if not refused}
            missed = {value for value, refused in tried if refused}
            assert least in met, (condition.indicator, industries)
            assert any(0 < least - value <= 1 for value in missed), (
                condition.indicator,
                industries,
            )


@by_scheme
def test_floors_on_both_sides(scheme: str) -> None:
    """Each floor that is a number is exactly met in a case, and missed by a step in another."""
    rules = edition(scheme).evaluation
    for floor in rules.floors.measured if rules.floors else ():
        graded = {
            (Decimal(str(figures[floor.indicator])), case.then.get("grade") == rules.failing)
            for case in about(scheme, "GradeConfirmed", "EvaluationSubmitted")
            if (figures := last(case, "EvaluationSubmitted").get("indicators") or {})
            and floor.indicator in figures
        }
        assert (floor.at_least, False) in graded
        assert any(failed and 0 < floor.at_least - value <= 1 for value, failed in graded)


@by_scheme
def test_the_window_at_both_ends(scheme: str) -> None:
    """The look-back has a fact on its first and last day, and one a day outside each."""
    lookback = edition(scheme).designation.lookback
    assert lookback is not None
    first, after = set(), set()
    for case in about(scheme, "ApplicationAdmitted", "FactEstablished", "RoundOpened"):
        fact, deadline = last(case, "FactEstablished"), day(last(case, "RoundOpened")["deadline"])
        decided, barred = day(fact.get("decided_on", fact["on"])), "lookback" in refusals(case)
        first.add(((decided - years_before(deadline, lookback.years)).days, barred))
        after.add(((decided - deadline).days, barred))
    assert {(-1, False), (0, True)} <= first
    assert {(0, True), (1, False)} <= after


@by_scheme
def test_the_deadline_on_both_sides(scheme: str) -> None:
    """An application comes on the last day, and one on the day after."""
    assert {IN_TIME, LATE} <= {
        (
            (day(last(case, "ApplicationSubmitted")["on"]) - rolled(case)).days,
            "late" in refusals(case),
        )
        for case in about(scheme, "ApplicationAdmitted", "ApplicationSubmitted", "RoundOpened")
    }


@by_scheme
def test_not_filing_on_both_sides(scheme: str) -> None:
    """A failure to file is found on the last day of grace, and on the day after."""
    grounds = edition(scheme).revocation.grounds
    [(ground, when)] = [
        (g, w) for g, found in grounds.items() for w in found.when if isinstance(w, WhenNotFiled)
    ]
    assert {IN_TIME, LATE} <= {
        (
            (
                day(last(case, "EvaluationNotSubmitted")["on"])
                - months_after(rolled(case), when.grace_months)
            ).days,
            "ground_unmet" not in refusals(case),
        )
        for case in about(scheme, "CenterRevoked", "EvaluationNotSubmitted", "RoundOpened")
        if ground in case.when["grounds"]
    }


@by_scheme
def test_publicity_on_both_sides(scheme: str) -> None:
    """A designation comes on the last day of its publicity and on the day after; the publicity
    itself is as long as it has to be, and a day shorter."""
    rules = edition(scheme).designation.publicity
    assert rules is not None
    assert {(0, True), (1, False)} <= {
        (
            (day(case.when["on"]) - day(last(case, "PublicityOpened")["closes"])).days,
            "publicity_running" in refusals(case),
        )
        for case in about(scheme, "CenterDesignated", "PublicityOpened")
    }
    if rules.min_days is not None:
        lengths = {
            ((day(c.when["closes"]) - day(c.when["on"])).days + 1, "publicity_short" in refusals(c))
            for c in about(scheme, "PublicityOpened")
        }
        assert {(rules.min_days - 1, True), (rules.min_days, False)} <= lengths


@by_scheme
def test_a_ban_at_its_end(scheme: str) -> None:
    """Somebody may not apply on the last day of a ban, and may on the day after."""
    asked = {
        (day(found["on"]), found["answer"])
        for case in CASES
        if of(case) == scheme and (found := case.then.get("eligible"))
    }
    assert any(answer is False and (on + timedelta(1), True) in asked for on, answer in asked)


@by_scheme
def test_reports_on_both_sides(scheme: str) -> None:
    """A change is reported on the last working day of the term, and on the day after."""
    rules = edition(scheme).changes
    assert rules is not None
    offsets = set()
    for case in about(scheme, "ChangeReported"):
        limit = CALENDAR.nth_working_day_after(day(case.when["completed_on"]), rules.working_days)
        if isinstance(limit, Settled):
            late = "late" in case.then.get("noted", ())
            offsets.add(((day(case.when["on"]) - limit.day).days, late))
    assert {IN_TIME, LATE} <= offsets


@by_scheme
def test_the_edition_at_its_ends(scheme: str) -> None:
    """A round opens on the first and last day the edition is known to be in force, and a day
    outside."""
    force = edition(scheme).in_force
    opened = {
        (day(case.when["on"]), "policy_undetermined" in refusals(case))
        for case in about(scheme, "RoundOpened")
        if "policy" not in case.when
    }
    first = force.first_day or force.first_day_latest
    if first is not None:
        assert {(first - timedelta(1), True), (first, False)} <= opened
    if force.last_day is not None:
        assert {(force.last_day, False), (force.last_day + timedelta(1), True)} <= opened


@by_scheme
def test_counters_at_their_limit(scheme: str) -> None:
    """Each count reaches its limit in a case, and stays one short of it in another."""
    for name, counter in edition(scheme).evaluation.counters.items():
        reached = {
            case.then["counters"][name]
            for case in CASES
            if of(case) == scheme and name in case.then.get("counters", {})
        }
        assert {counter.limit - 1, counter.limit} <= reached, name


def edition(scheme: str) -> Edition:
    """The edition as its file says."""
    return judge().rulebook.edition(EDITIONS[scheme])


def of(case: Case) -> str:
    """The folder of a case."""
    return case.name.partition("/")[0]


def about(scheme: str, when: str, *given: str) -> Iterator[Case]:
    """The cases of a scheme that end with one type of line and have the others on file."""
    for case in CASES:
        types = {line["type"] for line in case.given}
        if of(case) == scheme and case.when["type"] == when and types >= set(given):
            yield case


def last(case: Case, type_name: str) -> Line:
    """The last line of a type that is on file."""
    return next(line for line in reversed(case.given) if line["type"] == type_name)


def refusals(case: Case) -> list[str]:
    """The codes the case is refused with."""
    return list(case.then.get("refused", ()))


def day(text: str) -> date:
    """The day written YYYY-MM-DD."""
    return date.fromisoformat(str(text))


def rolled(case: Case) -> date:
    """The last day of the case's round, moved from a rest day; far away where no calendar says."""
    found = CALENDAR.roll_forward(day(last(case, "RoundOpened")["deadline"]))
    return found.day if isinstance(found, Settled) else date.min


def minimums(condition: Condition) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """Each minimum of a condition with the industries it binds."""
    for industry, least in condition.industries.items():
        yield (industry,), least
    every = ("manufacturing", "software", "construction", "industrial_service", "other")
    rest = condition.only_for or tuple(i for i in every if i not in condition.industries)
    yield rest, condition.at_least


def filed(
    scheme: str, condition: Condition, industries: Iterable[str]
) -> Iterator[tuple[Decimal, bool]]:
    """The figures applicants of the industries filed, and whether the case refuses them for it."""
    for case in about(scheme, "ApplicationAdmitted", "ApplicationSubmitted"):
        application = last(case, "ApplicationSubmitted")
        value = (application.get("indicators") or {}).get(condition.indicator)
        if value is None or application.get("industry") not in industries:
            continue
        named = condition.indicator in case.then.get("names", ())
        yield Decimal(str(value)), named and "condition_unmet" in refusals(case)
