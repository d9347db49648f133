"""May the enterprise apply, and does it meet the conditions: bans, look-backs, basic conditions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from policies.case import Case
from policies.edition import Condition, Lookback
from policies.legal_time import years_before
from policies.outcome import Assessment
from projections.center import Application, Fact

__all__ = [
    "attested_conditions",
    "basic_conditions",
    "is_already_designated",
    "is_banned",
    "lookback_facts",
    "meets",
    "missing_materials",
    "notice_conditions",
]


def is_banned(case: Case, *days: date) -> Assessment:
    """Whether a reapplication ban runs on any of the days, undetermined where its length is; cites
    the ban's own article."""
    ban = case.state.ban
    day = next((d for d in days if case.state.is_banned(d)), None)
    if ban is None or day is None:
        return Assessment(False, "no_ban")
    values = {
        "on": day.isoformat(),
        "start": ban.start.isoformat(),
        "last_day": ban.last_day.isoformat() if ban.last_day else None,
        "first_eligible_day": ban.first_eligible_day.isoformat()
        if ban.first_eligible_day
        else None,
        "grounds": list(ban.grounds),
    }
    if ban.undetermined:
        values["reason"] = ban.undetermined
    return Assessment(
        True if ban.last_day else None,
        "banned" if ban.last_day else "banned_unknown",
        values,
        ban.cite,
        case.rests_on(case.state.ban_position),
    )


def is_already_designated(case: Case) -> Assessment:
    """Whether the center holds a designation on the day."""
    state = case.state
    if state.standing not in ("designated", "suspended") or state.designated_on is None:
        return Assessment(False, "not_designated")
    values = {"designated_on": state.designated_on.isoformat()}
    return Assessment(
        True,
        "already_designated",
        values,
        case.cite(case.edition.designation.article),
        case.rests_on(state.designated),
    )


def lookback_facts(case: Case, anchor: date) -> list[Assessment]:
    """Each fact inside the window of the look-back years before the anchor that disqualifies (T07),
    or may; an open question where the text on it is not at hand."""
    rules = case.edition.designation.lookback
    if rules is None:
        unknown = case.not_at_hand("designation/lookback")
        return [] if unknown is None else [unknown]
    if not case.state.facts:
        return []
    start = years_before(anchor, rules.years)
    asked = [_looked_back_on(case, rules, fact, start, anchor) for fact in case.state.facts]
    return [found for found in asked if found is not None]


def basic_conditions(case: Case, application: Application) -> list[Assessment]:
    """Every measured condition and the floors: met, unmet, or undetermined for want of a figure."""
    rules = case.edition.designation
    floors = case.state.application_floors.get(application.round)
    found = [
        _measured(
            case,
            condition,
            application.indicators,
            application.industry,
            application.position,
            floors,
        )
        for condition in rules.conditions
    ]
    for place in ("designation/conditions", "designation/floors"):
        unknown = case.not_at_hand(place)
        if unknown is not None and unknown not in found:
            found.append(unknown)
    if rules.floors is not None:
        case.reads(rules.floors.reads)
        cite = case.cite(rules.floors.article)
        reading = case.reading(rules.floors.reads)
        if floors is None:
            found.append(
                Assessment(
                    None, "floors_not_attested", {"round": application.round}, cite, (), reading
                )
            )
        else:
            met, position = floors
            found.append(
                Assessment(
                    met,
                    "floors_met" if met else "floors_missed",
                    {},
                    cite,
                    case.rests_on(position),
                    reading,
                )
            )
    return found


def attested_conditions(case: Case, application: Application) -> list[Assessment]:
    """Conditions an official attested; what nobody attested or what is waived is not asked for, and
    what the round's notice asks for is judged as the notice says."""
    articles = case.edition.designation.attested
    if application.attested:
        case.reads(case.edition.designation.reads)
    apart = {*_notice_of(case), *case.edition.designation.waived}
    return [
        Assessment(
            value,
            "attested" if value else "attested_not",
            {"condition": name},
            case.cite(articles.get(name, case.edition.designation.article)),
            case.rests_on(application.position),
        )
        for name, value in sorted(application.attested.items())
        if name not in apart
    ]


def notice_conditions(case: Case, application: Application) -> list[Assessment]:
    """Conditions that only the round's notice sets: name → required truth value; none where the
    regulation lets no notice set any (H19). Cited to the notice itself, if it bears a number."""
    found: list[Assessment] = []
    asked = _notice_of(case)
    if asked:
        case.reads(case.edition.designation.reads)
    if not case.edition.designation.notice_conditions:
        return found
    rules, notice = case.edition.designation, case.round.document if case.round else None
    cite = case.cite(notice or rules.deadline_article or rules.article)
    for name, required in sorted(asked.items()):
        stated = application.attested.get(name)
        result = None if stated is None else stated == required
        position = case.round.position if case.round else None
        values = {"condition": name, "required": required}
        say = (
            "notice_condition"
            if result
            else "notice_condition_unmet"
            if result is False
            else "notice_condition_unknown"
        )
        found.append(
            Assessment(result, say, values, cite, case.rests_on(position, application.position))
        )
    return found


def missing_materials(case: Case, application: Application) -> Assessment | None:
    """The required documents, of the regulation and of the round's notice (H06), that the list
    filed does not name; None where no list was filed or asked for."""
    rules = case.edition.designation
    if application.materials is None:
        return None
    case.reads(rules.reads)
    needed = [*rules.materials, *_materials_of_notice(case)]
    missing = [name for name in needed if name not in application.materials]
    if not missing:
        return None
    cite = case.cite(rules.materials_article or rules.article)
    return Assessment(
        False,
        "materials_missing",
        {"materials": missing},
        cite,
        case.rests_on(application.position),
    )


def meets(
    case: Case,
    condition: Condition,
    indicators: dict[str, Any],
    industry: str | None,
    position: int | None,
) -> Assessment:
    """One measured minimum against the figures filed; a missing figure is undetermined, never
    zero."""
    case.reads(condition.reads)
    value, name = _figure(condition, indicators)
    values: dict[str, Any] = {"indicator": condition.indicator, "unit": condition.unit}
    entries = case.rests_on(position)
    cite = case.cite(condition.article)
    if condition.only_for and industry is not None and industry not in condition.only_for:
        return Assessment(
            True, "condition_not_for_industry", values | {"industry": industry}, cite, entries
        )
    thresholds = _thresholds(condition, industry)
    values["at_least"] = _text(max(thresholds))
    if value is None:
        return Assessment(None, "figure_missing", values, cite, entries)
    values |= {"value": _text(value), "filed_as": name}
    if value >= max(thresholds):
        return Assessment(True, "condition_met", values, cite, entries)
    if value < min(thresholds) and (industry is not None or not condition.only_for):
        values["at_least"] = _text(min(thresholds))
        return Assessment(False, "condition_unmet", values, cite, entries)
    return Assessment(None, "industry_missing", values, cite, entries)


def _notice_of(case: Case) -> dict[str, bool]:
    """The conditions that only the round's notice sets, each with the truth value it asks for."""
    conditions = case.round.conditions if case.round else {}
    return {name: asked for name, asked in conditions.items() if isinstance(asked, bool)}


def _materials_of_notice(case: Case) -> list[str]:
    """The documents that only the round's notice asks for, under `materials` in its conditions."""
    listed = case.round.conditions.get("materials") if case.round else None
    if not isinstance(listed, list):
        return []
    return [str(name) for name in listed] if case.edition.designation.notice_materials else []


def _looked_back_on(
    case: Case, rules: Lookback, fact: Fact, start: date, end: date
) -> Assessment | None:
    """The fact as a bar to applying, or as a possible one; None where it is none."""
    article = rules.facts.get(fact.fact)
    day = fact.on if rules.fact_day == "publication" else fact.decided_on
    is_before = day < start or (day == start and not rules.first_day_included)
    if article is None or is_before or (day > end and rules.fact_day != "act"):
        return None
    result, say = (True, "lookback") if rules.fact_day != "act" else (None, "lookback_act_unknown")
    if fact.fact in rules.penalized and fact.penalized is not True:
        if fact.penalized is False:
            return None
        result, say = None, "fact_penalty_unknown"
    case.reads(rules.reads)
    values = {
        "fact": fact.fact,
        "decided_on": day.isoformat(),
        "from": start.isoformat(),
        "to": end.isoformat(),
    }
    return Assessment(result, say, values, case.cite(article), case.rests_on(fact.position))


def _measured(
    case: Case,
    condition: Condition,
    indicators: dict[str, Any],
    industry: str | None,
    position: int,
    floors: tuple[bool, int] | None,
) -> Assessment:
    found = meets(case, condition, indicators, industry, position)
    if found.result is None and floors is not None:
        met, attested = floors
        return Assessment(
            met,
            "floors_met" if met else "floors_missed",
            found.values,
            found.cite,
            case.rests_on(attested),
        )
    return found


def _figure(condition: Condition, indicators: dict[str, Any]) -> tuple[Decimal | None, str]:
    value = indicators.get(condition.indicator)
    if value is None and condition.form is not None:
        return indicators.get(condition.form), condition.form
    return value, condition.indicator


def _thresholds(condition: Condition, industry: str | None) -> list[Decimal]:
    if industry is not None:
        return [condition.industries.get(industry, condition.at_least)]  # type: ignore[call-overload]
    return [condition.at_least, *condition.industries.values()]


def _text(value: Decimal) -> str:
    return format(value, "f")
