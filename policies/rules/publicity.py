"""The publicity gate (公示): opened, long enough, ended, and no objection in the way."""

from __future__ import annotations

from ledger.ruling import Finding
from policies.case import Case
from policies.edition import Edition, PublicityRules
from policies.outcome import Assessment, as_finding
from projections.center import Objection, Publicity

__all__ = [
    "designation_publicity",
    "latest_publicity",
    "objection_findings",
    "publicity_findings",
    "publicity_length",
]


def designation_publicity(edition: Edition) -> PublicityRules:
    """What the edition says of publicity before a designation; not required where it says
    nothing."""
    rules = edition.designation
    return rules.publicity or PublicityRules(article=rules.article, required=False)


def latest_publicity(
    case: Case, subject: str, *, round: str | None, after: int
) -> Publicity | None:
    """The newest publicity of the subject and round that was opened after the position `after`."""
    return next(
        (
            p
            for p in reversed(case.state.publicities)
            if p.subject == subject and (round is None or p.round == round) and p.position > after
        ),
        None,
    )


def publicity_length(case: Case, rules: PublicityRules, period: Publicity) -> Assessment:
    """Whether the period is long enough; the first day is day 1, unless it is read otherwise, and
    the last is not rolled (T08)."""
    case.reads(rules.reads)
    days = _length(case, rules, period)
    cite = case.cite(rules.article)
    if days is None:
        return Assessment(None, "no_calendar", {"year": period.closes.year}, cite)
    values = {
        "days": days,
        "min_days": rules.min_days,
        "on": period.on.isoformat(),
        "closes": period.closes.isoformat(),
    }
    enough = rules.min_days is None or days >= rules.min_days
    return Assessment(
        enough,
        "publicity_long_enough" if enough else "publicity_short",
        values,
        cite,
    )


def publicity_findings(
    case: Case, rules: PublicityRules, subject: str, *, round: str | None, after: int
) -> list[Finding]:
    """Why the publicity gate is shut on the day; empty when it is open."""
    period = latest_publicity(case, subject, round=round, after=after)
    cite = case.cite(rules.article)
    found = []
    if period is None:
        if rules.required:
            found.append(
                Finding(
                    code="publicity_missing",
                    cite=cite,
                    say="publicity_missing",
                    values={"subject": subject},
                )
            )
    else:
        entries = case.rests_on(period.position)
        length = publicity_length(case, rules, period)
        if not length.result:
            found.append(as_finding(length, "publicity_short", entries=entries))
        if case.on <= period.closes:
            values = {"closes": period.closes.isoformat(), "on": case.on.isoformat()}
            found.append(
                Finding(
                    code="publicity_running",
                    cite=cite,
                    say="publicity_running",
                    values=values,
                    entries=entries,
                )
            )
    if rules.required or period is not None:
        found += _open_objections(case, subject, rules.article, round=round)
    return found


def objection_findings(
    case: Case, subject: str, article: str, *, round: str | None, since: int
) -> list[Finding]:
    """Objections upheld against an act of the round that stands: it must be annulled and made
    again, in every scheme. `since` is where it was made again."""
    found = []
    for objection in _objections(case, subject, round):
        if objection.outcome != "upheld" or objection.decided is None:
            continue
        if objection.target is not None and objection.target in case.state.annulled:
            continue
        if objection.target is None and since > objection.decided:
            continue
        values = {
            "objection": objection.id,
            "decided_on": objection.decided_on.isoformat() if objection.decided_on else None,
        }
        entries = case.rests_on(objection.position, objection.decided)
        found.append(
            Finding(
                code="objection_upheld",
                cite=case.cite(article),
                say="objection_upheld",
                values=values,
                entries=entries,
            )
        )
    return found


def _length(case: Case, rules: PublicityRules, period: Publicity) -> int | None:
    """The days of the period as the edition counts them; None where no calendar says."""
    if rules.counted == "working_days" and rules.min_days is not None:
        return case.working_days_from(period.on, period.closes)
    days = (period.closes - period.on).days
    return days if rules.counted == "posting_day_excluded" else days + 1


def _objections(case: Case, subject: str, round: str | None) -> list[Objection]:
    """The objections of the subject that belong to the round, or to none."""
    return [
        o
        for o in case.state.objections
        if o.subject == subject and (round is None or o.round in (None, round))
    ]


def _open_objections(case: Case, subject: str, article: str, *, round: str | None) -> list[Finding]:
    return [
        Finding(
            code="objection_open",
            cite=case.cite(article),
            say="objection_open",
            values={"objection": o.id, "lodged_on": o.on.isoformat()},
            entries=case.rests_on(o.position),
        )
        for o in _objections(case, subject, round)
        if o.outcome is None
    ]
