"""An edition as JSON values: every number with the article it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from cli.i18n import N_, translate
from cli.views import cite_value
from cli.wording import word
from ledger.ruling import Cite
from policies.edition import (
    AnyWhen,
    BanRule,
    ChangeRules,
    Condition,
    Edition,
    Ground,
    Lookback,
    PublicityRules,
    WhenFacts,
    WhenFailed,
    WhenFailedRun,
    WhenNotFiled,
    WhenReportedLate,
    WhenReturnsMissed,
)

__all__ = ["edition_line", "edition_value"]

Value = dict[str, Any]


def edition_line(edition: Edition) -> Value:
    """What a list of editions shows of one."""
    return {
        "edition": edition.edition,
        "scheme": edition.scheme,
        "title": edition.title,
        "document": edition.document,
        "in_force": _in_force(edition),
        "sha256": edition.sha256,
    }


def edition_value(edition: Edition) -> Value:
    """`policy show --json`, without `ok`."""
    designation, evaluation = edition.designation, edition.evaluation
    return edition_line(edition) | {
        "authority": {
            "operates": edition.authority.operates,
            "signers": list(edition.authority.signers),
            "interprets": list(edition.authority.interprets),
            "cite": _cite(edition, edition.authority.article),
        },
        "conditions": [_condition(edition, c) for c in designation.conditions],
        "attested": [
            {
                "condition": name,
                "waived": name in designation.waived,
                "cite": _cite(edition, article),
            }
            for name, article in designation.attested.items()
        ],
        "floors": _floors(edition),
        "lookback": _lookback(edition, designation.lookback),
        "reviews": [
            {"stage": s.stage, "cite": _cite(edition, s.article)} for s in designation.reviews
        ],
        "publicity": {
            "designation": _publicity(edition, designation.publicity),
            "evaluation": _publicity(edition, evaluation.publicity),
        },
        "grades": [_grade(edition, grade) for grade in evaluation.grades],
        "failing": evaluation.failing,
        "failing_facts": _failing_facts(edition),
        "warning": _warning(edition),
        "commendation": _commendation(edition),
        "counters": {
            name: {"limit": c.limit, "counts": c.counts, "cite": _cite(edition, c.article)}
            for name, c in evaluation.counters.items()
        },
        "certificate": _certificate(edition),
        "grounds": [_ground(edition, i, g) for i, g in edition.revocation.grounds.items()],
        "changes": _changes(edition, edition.changes),
        "interpretations": [
            {
                "key": key,
                "id": i.id,
                "question": i.question,
                "values": list(i.values),
                "default": i.default,
                "changes": {value: changes for value, changes in i.values.items() if changes},
                "without_effect": dict(i.without_effect),
                "cite": _cite(edition, i.article),
            }
            for key, i in edition.interpretations.items()
        ],
        "unknown": dict(edition.unknown),
    }


def _cite(edition: Edition, article: str) -> dict[str, str] | None:
    return cite_value(Cite(edition=edition.edition, article=article))


def _in_force(edition: Edition) -> Value:
    force = edition.in_force
    return {
        "first_day": _day(force.first_day),
        "first_day_earliest": _day(force.first_day_earliest),
        "first_day_latest": _day(force.first_day_latest),
        "last_day": _day(force.last_day),
        "last_day_earliest": _day(force.last_day_earliest),
        "last_day_latest": _day(force.last_day_latest),
        "open_end": force.open_end,
        "cite": _cite(edition, force.article),
    }


def _condition(edition: Edition, condition: Condition) -> Value:
    return {
        "indicator": condition.indicator,
        "at_least": str(condition.at_least),
        "unit": condition.unit,
        "industries": {name: str(least) for name, least in condition.industries.items()},
        "only_for": list(condition.only_for),
        "cite": _cite(edition, condition.article),
    }


def _floors(edition: Edition) -> list[Value]:
    sections = {
        "designation": edition.designation.floors,
        "evaluation": edition.evaluation.floors,
    }
    return [
        {
            "of": name,
            "unknown": floors.unknown,
            "indicators": list(floors.indicators),
            "measured": [_condition(edition, c) for c in floors.measured],
            "cite": _cite(edition, floors.article),
        }
        for name, floors in sections.items()
        if floors is not None
    ]


def _lookback(edition: Edition, lookback: Lookback | None) -> Value | None:
    if lookback is None:
        return None
    return {
        "years": lookback.years,
        "facts": {fact: _cite(edition, article) for fact, article in lookback.facts.items()},
        "cite": _cite(edition, lookback.article),
    }


def _changes(edition: Edition, changes: ChangeRules | None) -> Value | None:
    if changes is None:
        return None
    return {"working_days": changes.working_days, "cite": _cite(edition, changes.article)}


def _publicity(edition: Edition, rules: PublicityRules | None) -> Value | None:
    if rules is None:
        return None
    return {
        "required": rules.required,
        "min_days": rules.min_days,
        "counted": rules.counted,
        "cite": _cite(edition, rules.article),
    }


def _grade(edition: Edition, grade: Any) -> Value:
    return {
        "grade": grade.word,
        **_band(grade),
        "cite": _cite(edition, grade.article),
    }


def _failing_facts(edition: Edition) -> Value | None:
    rules = edition.evaluation.facts_fail
    if rules is None:
        return None
    cite = _cite(edition, rules.article)
    return {"facts": list(rules.facts), "unknown": rules.unknown, "cite": cite}


def _warning(edition: Edition) -> Value | None:
    warning = edition.evaluation.warning
    if warning is None:
        return None
    return {**_band(warning), "cite": _cite(edition, warning.article)}


def _band(band: Any) -> Value:
    return {
        "low": _number(band.low),
        "low_included": band.low_included,
        "high": _number(band.high),
        "high_included": band.high_included,
    }


def _commendation(edition: Edition) -> Value | None:
    rules = edition.evaluation.commendation
    if rules is None:
        return None
    return {"grades": list(rules.grades), "cite": _cite(edition, rules.article)}


def _certificate(edition: Edition) -> Value | None:
    rules = edition.certificate
    if rules is None:
        return None
    return {"years": rules.years, "example": rules.example, "cite": _cite(edition, rules.article)}


def _ground(edition: Edition, ground_id: str, ground: Ground) -> Value:
    return {
        "ground": ground_id,
        "when": [msgspec.to_builtins(when) for when in ground.when],
        "text": translate(N_("; ")).join(_said(edition, when) for when in ground.when),
        "ban": _ban(edition, ground.ban),
        "no_ban": ground.no_ban,
        "unknown_ban": _unknown_ban(edition, ground_id, ground),
        "cite": _cite(edition, ground.article),
    }


def _unknown_ban(edition: Edition, ground_id: str, ground: Ground) -> str | None:
    """Why the ban of the ground is not at hand."""
    if ground.ban is not None or ground.no_ban:
        return None
    return edition.why_unknown(f"revocation/grounds/{ground_id}/ban")


def _ban(edition: Edition, ban: BanRule | None) -> Value | None:
    return None if ban is None else {"years": ban.years, "cite": _cite(edition, ban.article)}


def _said(edition: Edition, when: AnyWhen) -> str:
    """What a ground asks, in words."""
    match when:
        case WhenFailedRun(counter=name) | WhenReturnsMissed(counter=name):
            limit = edition.evaluation.counters[name].limit
            template = N_("{counter}: {limit} in a row")
            return translate(template).format(counter=word(name), limit=limit)
        case WhenFailed(needs_review=needs_review):
            template = N_("graded {grade}")
            if needs_review:
                template = N_("graded {grade}, once an official has weighed it")
            return translate(template).format(grade=edition.evaluation.failing)
        case WhenNotFiled(grace_months=months, grace_days=days):
            return _not_filed(months, days)
        case WhenFacts():
            return _facts(when)
        case WhenReportedLate():
            return translate(N_("a renaming or reorganisation reported late"))
        case _:
            return translate(N_("the enterprise gives up the designation"))


def _not_filed(months: int, days: int) -> str:
    if months:
        template = N_("no evaluation filing {months} month(s) after the deadline")
        return translate(template).format(months=months)
    if days:
        template = N_("no evaluation filing {days} days after the deadline")
        return translate(template).format(days=days)
    return translate(N_("no evaluation filing by the deadline"))


def _facts(when: WhenFacts) -> str:
    template = {
        ("designation", None): N_("established since the designation: {facts}"),
        ("designation", "penalized"): N_(
            "established and penalised since the designation: {facts}"
        ),
        ("designation", "serious"): N_("established since the designation, serious: {facts}"),
        ("any_time", None): N_("established at any time: {facts}"),
        ("any_time", "penalized"): N_("established at any time and penalised: {facts}"),
        ("any_time", "serious"): N_("established at any time, serious: {facts}"),
    }[when.since, when.needs]
    text = translate(template).format(facts=_words(when.facts))
    if when.together:
        text = translate(N_("{text} (all of them)")).format(text=text)
    if when.within_years is not None:
        template = N_("{text}, no more than {years} years back")
        text = translate(template).format(text=text, years=when.within_years)
    return text


def _words(names: Iterable[str]) -> str:
    return translate(N_(", ")).join(word(name) for name in names)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
