"""`policy list` and `policy show`: a regulation as data, on paper again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, faint, line_width, paragraph, rows
from cli.render.table import Column, table
from cli.wording import word

__all__ = ["render_edition", "render_editions"]

Value = dict[str, Any]


def render_editions(editions: Sequence[Value]) -> Iterator[str]:
    """A line an edition."""
    columns = [
        Column(translate(N_("edition"))),
        Column(translate(N_("title")), folds=True),
        Column(translate(N_("document")), folds=True),
        Column(translate(N_("first day"))),
        Column(translate(N_("last day"))),
    ]
    lines = [[e["edition"], e["title"], e["document"] or "—", *_bounds(e)] for e in editions]
    yield from table(columns, lines, room=line_width())


def render_edition(value: Value) -> Iterator[str]:
    """Everything an official looks up: bands, grounds with bans, conditions, terms, readings."""
    yield bold(value["title"])
    yield faint(" · ".join(p for p in (value["edition"], value["document"]) if p))
    yield from paragraph(f"SHA-256 {value['sha256']}")
    yield from _section(N_("In force"), _in_force(value))
    yield from _section(N_("Who decides"), _authority(value["authority"]))
    yield from _section(N_("Conditions of designation"), _conditions(value))
    yield from _section(N_("Look-back"), _lookback(value["lookback"]))
    yield from _section(N_("Reviews and publicity"), _procedure(value))
    yield from _section(N_("Grades"), _grades(value))
    yield from _section(N_("Counters"), _counters(value))
    yield from _section(N_("Grounds of revocation, and the ban that follows"), _grounds(value))
    yield from _section(N_("Terms"), _terms(value))
    yield from _section(N_("Not at hand"), iter(value["unknown"].items()))
    yield from _interpretations(value["interpretations"])


def _section(title: str, pairs: Iterator[tuple[str, str]]) -> Iterator[str]:
    ready = list(pairs)
    if ready:
        yield ""
        yield bold(translate(title))
        yield from rows(ready, indent=2)


def _bounds(edition: Value) -> tuple[str, str]:
    """First and last day in force, or what is known of them."""
    force = edition["in_force"]
    if force["first_day"]:
        first = force["first_day"]
    elif force["first_day_latest"]:
        first = translate(N_("{day} or earlier")).format(day=force["first_day_latest"])
    else:
        first = translate(N_("{day} or later")).format(day=force["first_day_earliest"] or "—")
    if force["last_day"]:
        return first, force["last_day"]
    if force["last_day_latest"]:
        return first, translate(N_("{day} or earlier")).format(day=force["last_day_latest"])
    if force["last_day_earliest"]:
        return first, translate(N_("{day} or later")).format(day=force["last_day_earliest"])
    return first, translate(N_("no end known"))


def _in_force(edition: Value) -> Iterator[tuple[str, str]]:
    force = edition["in_force"]
    article = force["cite"]["article"]
    first, last = _bounds(edition)
    if not force["first_day"]:
        first = translate(N_("{bound} (the day itself is unknown)")).format(bound=first)
    if not force["last_day"] and force["last_day_latest"]:
        last = translate(N_("{bound} (the day itself is unknown)")).format(bound=last)
    yield article, translate(N_("first day: {day}")).format(day=first)
    yield "", translate(N_("last day: {day}")).format(day=last)


def _authority(authority: Value) -> Iterator[tuple[str, str]]:
    article = authority["cite"]["article"]
    yield article, translate(N_("operated by {body}")).format(body=authority["operates"])
    if len(authority["signers"]) > 1:
        bodies = translate(N_(", ")).join(authority["signers"])
        yield "", translate(N_("jointly signed by {bodies}")).format(bodies=bodies)


def _conditions(value: Value) -> Iterator[tuple[str, str]]:
    for condition in value["conditions"]:
        yield condition["cite"]["article"], _condition(condition)
    for attested in value["attested"]:
        template = N_("to be attested: {condition}")
        if attested["waived"]:
            template = N_("may be attested, and decides nothing: {condition}")
        yield (
            attested["cite"]["article"],
            translate(template).format(condition=word(attested["condition"])),
        )
    for floors in value["floors"]:
        yield from _floors(floors)


def _condition(condition: Value) -> str:
    template = N_("{indicator}: at least {at_least} {unit}")
    text = translate(template).format(
        indicator=word(condition["indicator"]),
        at_least=condition["at_least"],
        unit=condition["unit"],
    )
    others = [f"{word(name)} {least}" for name, least in condition["industries"].items()]
    if others:
        template = N_("{text} ({others})")
        text = translate(template).format(text=text, others=translate(N_(", ")).join(others))
    if condition["only_for"]:
        only = translate(N_(", ")).join(word(name) for name in condition["only_for"])
        text = translate(N_("{text}; only {only}")).format(text=text, only=only)
    return text


def _floors(floors: Value) -> Iterator[tuple[str, str]]:
    article, of = floors["cite"]["article"], word(floors["of"])
    for condition in floors["measured"]:
        template = N_("floor ({of}) {condition}")
        yield (
            condition["cite"]["article"],
            translate(template).format(of=of, condition=_condition(condition)),
        )
    if floors["unknown"]:
        names = translate(N_(", ")).join(word(name) for name in floors["indicators"])
        template = N_("floors ({of}) whose values are not in the text at hand: {names}")
        yield article, translate(template).format(of=of, names=names)


def _lookback(lookback: Value | None) -> Iterator[tuple[str, str]]:
    if lookback is None:
        return
    template = N_("no application within {years} years after any of these:")
    yield lookback["cite"]["article"], translate(template).format(years=lookback["years"])
    for fact, cite in lookback["facts"].items():
        yield cite["article"], word(fact)


def _procedure(value: Value) -> Iterator[tuple[str, str]]:
    for review in value["reviews"]:
        yield review["cite"]["article"], word(review["stage"])
    for subject, rules in value["publicity"].items():
        if rules is None:
            continue
        template = (
            N_("publicity ({subject}): at least {days} days")
            if rules["min_days"]
            else N_("publicity ({subject}): for how long is not said")
        )
        text = translate(template).format(subject=word(subject), days=rules["min_days"])
        yield rules["cite"]["article"], text


def _grades(value: Value) -> Iterator[tuple[str, str]]:
    for grade in value["grades"]:
        text = f"{grade['grade']}  {_band(grade)}"
        if grade["grade"] == value["failing"]:
            text = translate(N_("{text} (fails)")).format(text=text)
        yield grade["cite"]["article"], text
    if value["failing_facts"]:
        yield value["failing_facts"]["cite"]["article"], _failing_facts(value["failing_facts"])
    if value["warning"]:
        text = translate(N_("warning beside the grade: {band}")).format(
            band=_band(value["warning"])
        )
        yield value["warning"]["cite"]["article"], text
    if value["commendation"]:
        grades = translate(N_(", ")).join(value["commendation"]["grades"])
        text = translate(N_("commended: {grades}")).format(grades=grades)
        yield value["commendation"]["cite"]["article"], text


def _failing_facts(failing: Value) -> str:
    if failing["unknown"]:
        return translate(N_("facts that fail whatever the score: the list is not at hand"))
    facts = translate(N_(", ")).join(word(fact) for fact in failing["facts"])
    return translate(N_("fail whatever the score: {facts}")).format(facts=facts)


def _band(band: Value) -> str:
    left = "[" if band["low_included"] and band["low"] else "("
    right = "]" if band["high_included"] and band["high"] else ")"
    return f"{left}{band['low'] or '-∞'}, {band['high'] or '∞'}{right}"


def _counters(value: Value) -> Iterator[tuple[str, str]]:
    for name, counter in value["counters"].items():
        template = N_("{counter}: limit {limit}")
        text = translate(template).format(counter=word(name), limit=counter["limit"])
        yield counter["cite"]["article"], text


def _grounds(value: Value) -> Iterator[tuple[str, str]]:
    for ground in value["grounds"]:
        yield ground["ground"], f"{ground['cite']['article']} {ground['text']}"
        if ground["ban"]:
            template = N_("ban of {years} years [{article}]")
            yield (
                "",
                translate(template).format(
                    years=ground["ban"]["years"], article=ground["ban"]["cite"]["article"]
                ),
            )
        else:
            template, why = N_("no ban: {reason}"), ground["no_ban"]
            if ground["unknown_ban"]:
                template, why = N_("whether and how long banned: {reason}"), ground["unknown_ban"]
            yield "", translate(template).format(reason=why)


def _terms(value: Value) -> Iterator[tuple[str, str]]:
    if value["changes"]:
        days = value["changes"]["working_days"]
        template = N_("a renaming or reorganisation is reported within {days} working days")
        yield value["changes"]["cite"]["article"], translate(template).format(days=days)
    if value["certificate"]:
        template = N_("a certificate, such as {example}, is valid for {years} years")
        yield (
            value["certificate"]["cite"]["article"],
            translate(template).format(**value["certificate"]),
        )


def _interpretations(found: Sequence[Value]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield bold(translate(N_("Readings, where the text leaves it open")))
    for item in found:
        question = f"{item['cite']['article']}  {translate(item['question'])}"
        yield from paragraph(question, indent=2, first=f"{item['id']}  ")
        values = [
            translate(N_("{value} (default)")).format(value=value)
            if value == item["default"]
            else value
            for value in item["values"]
        ]
        text = f"{item['key']} = {' | '.join(values)}"
        yield from paragraph(text, indent=7)
        yield from _effects(item)


def _effects(item: Value) -> Iterator[str]:
    """What each reading but the default changes, or why it changes no outcome."""
    for value, changes in item["changes"].items():
        text = translate(N_("{value} changes {places}"))
        places = translate(N_(", ")).join(changes)
        yield from paragraph(text.format(value=value, places=places), indent=9)
    for value, why in item["without_effect"].items():
        text = translate(N_("{value}: no effect on outcomes; {reason}"))
        yield from paragraph(text.format(value=value, reason=translate(why)), indent=9)
