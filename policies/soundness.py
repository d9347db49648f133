"""What must hold between the parts of every regulation: bands partition the scores, every reference
resolves, every ground says what ban follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, get_args

import msgspec

from ledger.entries import REGISTRY, FactName, StageName
from policies.bands import band_defects
from policies.edition import Edition, WhenFailedRun, WhenReturnsMissed
from policies.shape import Defect

__all__ = ["soundness_defects"]

_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})\Z")
_FACTS = frozenset(get_args(FactName))
_STAGES = frozenset(get_args(StageName))


def soundness_defects(edition: Edition) -> Iterator[Defect]:
    """Everything that does not hold, with its place."""
    yield from band_defects(edition.evaluation.grades)
    yield from _grade_references(edition)
    yield from _counter_defects(edition)
    yield from _ground_defects(edition)
    yield from _authority_defects(edition)
    yield from _vocabulary_defects(edition)
    yield from _day_defects(edition)
    yield from _certificate_defects(edition)


def _grade_references(edition: Edition) -> Iterator[Defect]:
    rules = edition.evaluation
    words = {g.word for g in rules.grades}
    if len(words) != len(rules.grades):
        yield Defect("a grade stands twice", place="evaluation/grades")
    used = {"evaluation/failing": [rules.failing]}
    if rules.commendation:
        used["evaluation/commendation/grades"] = list(rules.commendation.grades)
    if edition.certificate:
        used["certificate/renewed_for"] = list(edition.certificate.renewed_for)
    for name, counter in rules.counters.items():
        used[f"evaluation/counters/{name}/grades"] = list(counter.grades)
    for place, found in used.items():
        for word in found:
            if word not in words:
                yield Defect("{word!r} is no grade of this edition", place=place, word=word)
    band = rules.warning
    if band is not None and band.low > band.high:
        yield Defect("the warning band ends before it begins", place="evaluation/warning")


def _counter_defects(edition: Edition) -> Iterator[Defect]:
    for name, counter in edition.evaluation.counters.items():
        place = f"evaluation/counters/{name}"
        if counter.counts == "band" and (counter.low is None or counter.high is None):
            yield Defect("a counter of a score band needs low and high", place=place)
        if counter.counts == "return" and counter.return_kind is None:
            yield Defect("a counter of returns needs return_kind", place=place)
        if counter.counts == "grade" and not counter.grades:
            yield Defect("a counter of grades needs grades", place=place)


def _ground_defects(edition: Edition) -> Iterator[Defect]:
    if not edition.revocation.grounds and not edition.unknown_at("revocation/grounds"):
        yield Defect("name at least one ground, or the place under unknown", place="revocation")
    for ground_id, ground in edition.revocation.grounds.items():
        place = f"revocation/grounds/{ground_id}"
        if ground.ban is None and not ground.no_ban and not edition.unknown_at(f"{place}/ban"):
            said = (
                "a ground needs a ban, or no_ban with the reason why there is none, or a word "
                "under unknown"
            )
            yield Defect(said, place=place)
        if not ground.when:
            yield Defect("a ground needs at least one `when`", place=place)
        for when in ground.when:
            if (
                isinstance(when, WhenFailedRun | WhenReturnsMissed)
                and when.counter not in edition.evaluation.counters
            ):
                yield Defect("there is no counter {counter!r}", place=place, counter=when.counter)


def _authority_defects(edition: Edition) -> Iterator[Defect]:
    authority = edition.authority
    for act in authority.joint_acts:
        if act not in REGISTRY or REGISTRY[act].kind != "act":
            yield Defect("{act!r} is no act", place="authority/joint_acts", act=act)
    if authority.joint_acts and not authority.signers:
        yield Defect("joint acts need signers", place="authority/signers")


def _vocabulary_defects(edition: Edition) -> Iterator[Defect]:
    named: dict[str, tuple[str, ...]] = {}
    if edition.designation.lookback:
        named["designation/lookback/facts"] = tuple(edition.designation.lookback.facts)
    if edition.evaluation.facts_fail:
        named["evaluation/facts_fail/facts"] = edition.evaluation.facts_fail.facts
    for ground_id, ground in edition.revocation.grounds.items():
        facts = tuple(f for when in ground.when for f in getattr(when, "facts", ()))
        named[f"revocation/grounds/{ground_id}"] = facts
    for place, found in named.items():
        for fact in sorted(set(found) - _FACTS):
            known = ", ".join(sorted(_FACTS))
            said = "{fact!r} is no fact the ledger records; it records {known}"
            yield Defect(said, place=place, fact=fact, known=known)
    for stage in edition.designation.reviews:
        if stage.stage not in _STAGES:
            known = ", ".join(sorted(_STAGES))
            said = "{stage!r} is no review stage; the stages are {known}"
            yield Defect(said, place="designation/reviews", stage=stage.stage, known=known)


def _day_defects(edition: Edition) -> Iterator[Defect]:
    force = edition.in_force
    if force.first_day and force.last_day and force.last_day < force.first_day:
        yield Defect("the last day lies before the first", place="in_force")
    for chapter in ("designation", "evaluation"):
        due = getattr(edition, chapter).result
        if due is not None and due.after == "day" and due.month_day is None:
            yield Defect("month_day is missing", place=f"{chapter}/result")
    rules = edition.designation
    if rules.deadline_from == "month_day" and rules.deadline_month_day is None:
        yield Defect("{key} is missing", place="designation", key="deadline_month_day")
    for place, text in _month_days(edition, ""):
        if not _is_month_day(text):
            said = "a day of every year is needed here, such as 04-30, not {value}"
            yield Defect(said, place=place, value=text)


def _month_days(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every day of the year that the edition names, with its place."""
    parts: Iterable[tuple[str, Any]]
    if isinstance(value, msgspec.Struct):
        parts = ((name, getattr(value, name)) for name in value.__struct_fields__)
    elif isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, tuple):
        parts = ((str(number), part) for number, part in enumerate(value))
    else:
        return
    for name, part in parts:
        here = f"{place}/{name}" if place else name
        if name.endswith("month_day") and isinstance(part, str):
            yield here, part
        elif name != "interpretations":
            yield from _month_days(part, here)


def _certificate_defects(edition: Edition) -> Iterator[Defect]:
    rules = edition.certificate
    if rules is None:
        return
    try:
        fits = re.fullmatch(rules.pattern, rules.example)
    except re.error as error:
        said = "the pattern is no regular expression: {error}"
        yield Defect(said, place="certificate/pattern", error=str(error))
        return
    if not fits:
        yield Defect("the example does not follow the pattern", place="certificate/example")


def _is_month_day(text: str) -> bool:
    found = _MONTH_DAY.match(text)
    if found is None:
        return False
    try:
        date(2000, int(found[1]), int(found[2]))
    except ValueError:
        return False
    return True
