"""Which grade an evaluation earns, and whether it earns a warning."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ledger.ruling import CounterRule
from policies.case import Case
from policies.edition import Counter, Edition, Floors, Grade
from policies.outcome import Assessment
from policies.rules.admission import meets
from policies.rules.filing import was_not_filed
from projections.center import CenterState, Evaluation, Request
from projections.counters import count, returns_in_order

__all__ = [
    "Grading",
    "band_of",
    "counter_rule",
    "counter_rules",
    "evaluation_floors",
    "grade_of",
    "industry_of",
    "is_warned",
    "missed_run",
]


class Grading(msgspec.Struct, frozen=True):
    """The grade the rules give, None where it is undetermined or no score is known; `why` holds the
    reasons."""

    grade: str | None
    failed: bool
    article: str
    why: tuple[Assessment, ...]
    undetermined: tuple[Assessment, ...] = ()
    by_counter: str | None = None


def band_of(edition: Edition, score: Decimal) -> Grade:
    """The one grade whose band holds the score; the loader has proved that there is exactly one."""
    return next(
        g
        for g in edition.evaluation.grades
        if _within(score, g.low, g.high, low=g.low_included, high=g.high_included)
    )


def is_warned(edition: Edition, score: Decimal | None, *, failed: bool) -> bool:
    """Whether the score lies in the warning band; with a failing grade a warning only goes where
    the edition says so (X23)."""
    band = edition.evaluation.warning
    if band is None or score is None or (failed and not band.on_fail):
        return False
    return _within(score, band.low, band.high, low=band.low_included, high=band.high_included)


def grade_of(case: Case, round_id: str) -> Grading:
    """The grade of the center in the round: a certain failure decides, then the score, if nothing
    is open."""
    rules = case.edition.evaluation
    case.reads(rules.reads)
    evaluation = case.state.evaluation(round_id) or Evaluation(round_id, int(round_id[-4:]))
    reasons = [*_other_failures(case, evaluation), *evaluation_floors(case, evaluation)]
    certain = [a for a, fails in reasons if fails]
    if certain:
        first = certain[0]
        article = first.cite.article if first.cite else rules.confirmation_article
        counter = first.values.get("counter")
        return Grading(rules.failing, True, article, tuple(certain), by_counter=counter)
    if evaluation.score is None:
        open_facts = tuple(a for a, fails in _failing_facts(case) if fails is None)
        return Grading(None, False, rules.score_article, (), open_facts)
    band = band_of(case.edition, evaluation.score)
    why = Assessment(
        True,
        "score_in_band",
        _band_values(band, evaluation.score),
        case.cite(band.article),
        case.rests_on(evaluation.scored),
    )
    if band.word == rules.failing:
        return Grading(band.word, True, band.article, (why,))
    unknown = tuple(a for a, fails in reasons if fails is None)
    if unknown:
        return Grading(None, False, band.article, (why,), unknown)
    return Grading(band.word, False, band.article, (why,))


def evaluation_floors(case: Case, evaluation: Evaluation) -> list[tuple[Assessment, bool | None]]:
    """Each floor, and whether it fails the evaluation: a floor missed, attested or open."""
    floors = case.edition.evaluation.floors
    if floors is None:
        unknown = case.not_at_hand("evaluation/floors")
        return [] if unknown is None or evaluation.floors_met else [(unknown, None)]
    case.reads(floors.reads)
    if evaluation.floors_met is False:
        found = Assessment(
            False, "floors_missed", {}, case.cite(floors.article), case.rests_on(evaluation.floors)
        )
        return [(found, True)]
    measured = [_floor(case, evaluation, floors, index) for index in range(len(floors.measured))]
    if floors.unknown and evaluation.floors_met is None:
        cite, reading = case.cite(floors.article), case.reading(floors.reads)
        measured.append(
            (
                Assessment(
                    None, "floors_not_attested", {"round": evaluation.round}, cite, (), reading
                ),
                None,
            )
        )
    return measured


def counter_rules(edition: Edition) -> tuple[CounterRule, ...]:
    """The edition's counters in the form a ruling carries."""
    return tuple(counter_rule(edition, name) for name in edition.evaluation.counters)


def counter_rule(edition: Edition, name: str) -> CounterRule:
    """One counter in the form a ruling carries."""
    counter = edition.evaluation.counters[name]
    return CounterRule(
        name=name,
        limit=counter.limit,
        counts=counter.counts,
        grades=counter.grades,
        from_score=_text(counter.low),
        below_score=_text(counter.high),
        return_kind=counter.return_kind or "",
        adjacent_years=counter.gap != "ignored",
    )


def missed_run(
    case: Case, counter: Counter, evaluation_year: int, *, known_on: date | None = None
) -> list[Request]:
    """The first run of as many adjacent missed returns as the counter allows, between the
    evaluation of that year and the one before it; empty where there is none. What was filed late
    counts as filed, unless the edition says otherwise or that came after `known_on`."""
    state = case.state
    earlier = _before(state, evaluation_year).results()
    since = earlier[-1].result.on if earlier and earlier[-1].result else None
    run: list[Request] = []
    for request in returns_in_order(state, counter.return_kind or ""):
        day = request.due or request.missed_on
        if since is not None and day is not None and day <= since:
            continue
        is_missed = _is_missed(request, known_on) or _is_too_late(case, counter, request)
        run = [*run, request] if is_missed else []
        if len(run) >= counter.limit:
            return run
    return []


def industry_of(state: CenterState) -> str | None:
    """The industry of the newest application on file."""
    return next((a.industry for a in reversed(state.applications) if a.industry), None)


def _floor(
    case: Case, evaluation: Evaluation, floors: Floors, index: int
) -> tuple[Assessment, bool | None]:
    found = meets(
        case,
        floors.measured[index],
        evaluation.indicators,
        industry_of(case.state),
        evaluation.filed,
    )
    is_open = found.result is None or (found.result is False and floors.missed == "open")
    if is_open and evaluation.floors_met:
        attested = Assessment(
            True, "floors_met", found.values, found.cite, case.rests_on(evaluation.floors)
        )
        return attested, False
    return found, None if is_open else not found.result


def _other_failures(case: Case, evaluation: Evaluation) -> list[tuple[Assessment, bool | None]]:
    rules = case.edition.evaluation
    found: list[tuple[Assessment, bool | None]] = []
    if rules.not_filed_fails is not None:
        rule = rules.not_filed_fails
        case.reads(rule.reads)
        overdue = was_not_filed(
            case,
            evaluation.round,
            grace_months=rule.grace_months,
            grace_days=rule.grace_days,
            month_day=rule.month_day,
            article=rule.article,
            absence_counts=True,
        )
        found.append((overdue, overdue.result))
    elif evaluation.not_submitted is not None:
        unknown = case.not_at_hand("evaluation/not_filed_fails")
        found += [] if unknown is None else [(unknown, None)]
    found += _failing_facts(case)
    for name, counter in rules.counters.items():
        if counter.fails_article is None:
            continue
        case.reads(counter.reads)
        if counter.counts == "band":
            found.append(_band_run(case, evaluation, name))
        elif counter.counts == "return":
            found.append(_returns_run(case, evaluation, name))
    return found


def _failing_facts(case: Case) -> list[tuple[Assessment, bool | None]]:
    """Each fact since the designation that fails an evaluation, or that may, where the list of them
    is not at hand."""
    rule = case.edition.evaluation.facts_fail
    if rule is None:
        return []
    case.reads(rule.reads)
    found: list[tuple[Assessment, bool | None]] = []
    for fact in case.state.facts:
        is_listed = fact.fact in rule.facts
        is_over = case.state.designated_on and fact.decided_on < case.state.designated_on
        if is_over or fact.position in case.state.spent_facts or not (is_listed or rule.unknown):
            continue
        values = {"fact": fact.fact, "decided_on": fact.decided_on.isoformat()}
        say = "fact_fails" if is_listed else "fact_may_fail"
        cite, entries = case.cite(rule.article), case.rests_on(fact.position)
        result = is_listed or None
        found.append((Assessment(result, say, values, cite, entries), result))
    return found


def _band_run(case: Case, evaluation: Evaluation, name: str) -> tuple[Assessment, bool | None]:
    counter = case.edition.evaluation.counters[name]
    cite = case.cite(counter.fails_article or counter.article)
    score = evaluation.score
    if (
        score is None
        or counter.low is None
        or counter.high is None
        or not counter.low <= score < counter.high
    ):
        return Assessment(False, "score_outside_band", {"counter": name}, cite), False
    earlier = _before(case.state, evaluation.year)
    if counter.scope == "lifetime":
        earlier = replace(earlier, designated_on=None, designated=None)
    before = count(counter_rule(case.edition, name), earlier)
    total = before.count + 1
    values = {
        "counter": name,
        "count": total,
        "limit": counter.limit,
        "rounds": [*before.rounds, evaluation.round],
    }
    failed = total >= counter.limit
    entries = case.rests_on(*before.entries, evaluation.scored)
    return Assessment(
        failed, "low_band_run" if failed else "low_band_once", values, cite, entries
    ), failed


def _returns_run(case: Case, evaluation: Evaluation, name: str) -> tuple[Assessment, bool | None]:
    counter = case.edition.evaluation.counters[name]
    cite = case.cite(counter.fails_article or counter.article)
    run = missed_run(case, counter, evaluation.year)
    if not run:
        return Assessment(False, "returns_filed", {"counter": name}, cite), False
    values = {
        "counter": name,
        "count": len(run),
        "limit": counter.limit,
        "periods": [r.period for r in run],
    }
    entries = case.rests_on(*(r.filed if r.missed is None else r.missed for r in run))
    return Assessment(True, "returns_missed_run", values, cite, entries), True


def _is_missed(request: Request, known_on: date | None) -> bool:
    if request.missed_on is None or (known_on is not None and request.missed_on > known_on):
        return False
    return request.filed_on is None or (known_on is not None and request.filed_on > known_on)


def _is_too_late(case: Case, counter: Counter, request: Request) -> bool:
    """Whether the return was filed after its day, where that counts as not filed (X07)."""
    if counter.late_filing == "filed" or request.filed_on is None or request.due is None:
        return False
    last = case.roll(request.due)
    return last is not None and request.filed_on > last


def _before(state: CenterState, evaluation_year: int) -> CenterState:
    """The state without the results of that year and later."""
    kept = tuple(v for v in state.evaluations if v.year < evaluation_year)
    return replace(state, evaluations=kept)


def _band_values(band: Grade, score: Decimal) -> dict[str, str]:
    left, right = "[" if band.low_included else "(", "]" if band.high_included else ")"
    text = f"{left}{band.low}, {band.high}{right}"
    if band.low is None:
        text = f"(-∞, {band.high}{right}"
    elif band.high is None:
        text = f"{left}{band.low}, ∞)"
    return {"score": _text(score), "grade": band.word, "band": text}


def _within(
    score: Decimal, lower: Decimal | None, upper: Decimal | None, *, low: bool, high: bool
) -> bool:
    if lower is not None and (score < lower or (score == lower and not low)):
        return False
    return upper is None or score < upper or (score == upper and high)


def _text(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")
