"""`what-if`: act by act what was ruled and what would be, and where the centers would stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.glossary import code_name, type_name
from cli.i18n import N_, translate
from cli.render.cites import with_article
from cli.render.page import bold, paragraph
from cli.wording import word

__all__ = ["render_act", "render_status", "render_sum", "render_title"]

Value = Mapping[str, Any]

_SUPPORTED = {
    True: N_("supported by the rules"),
    False: N_("not supported by the rules ({codes})"),
    None: N_("undetermined ({codes})"),
}


def render_title(replaced: Value) -> Iterator[str]:
    """What is put in the place of what."""
    [(kind, value)] = replaced.items()
    template = {
        "policy": N_("If everything were ruled by {value}:"),
        "interpretation": N_("If {key} were read as {value}:"),
        "calendar": N_("If working days were counted by {value}:"),
        "fact": N_("If this had been known: {type} of {on}"),
        "without": N_("If {value} had not been recorded:"),
    }[kind]
    values = dict(value) if isinstance(value, Mapping) else {"value": value}
    if "type" in values:
        values["type"] = type_name(values["type"])
    yield bold(translate(template).format_map(values))


def render_act(act: Value) -> Iterator[str]:
    """One act: as it is, and as it would be with the first reason, where the two differ."""
    where = f"{act['position']} · {act['on']} · {type_name(act['type'])}"
    if not act["changed"]:
        template = N_("{where}: as recorded ({outcome})")
        text = translate(template).format(where=where, outcome=_outcome(act["old"]))
        yield from paragraph(text, indent=2)
        return
    yield from paragraph(f"{where} · {act['center']}", indent=2)
    template = N_("recorded: {old}; it would be: {new}")
    text = translate(template).format(old=_outcome(act["old"]), new=_outcome(act["new"]))
    yield from paragraph(text, indent=4)
    reason = act["because"]
    if reason is not None:
        yield from paragraph(with_article(reason["message"], reason["cite"]), indent=4)


def render_status(status: Value) -> Iterator[str]:
    """Where a center stands, and where it would stand."""
    new = word(status["new"]) if status["new"] is not None else translate(N_("undetermined"))
    template = N_("{center}: {old}; it would be: {new}")
    if status["old"] == status["new"]:
        template = N_("{center}: {old} either way")
    text = translate(template).format(center=status["center"], old=word(status["old"]), new=new)
    yield from paragraph(text, indent=2)


def render_sum(acts: int, changed: int) -> str:
    """How much would change; and that nothing did."""
    template = N_("acts judged again: {acts}, would change: {changed}; nothing was recorded")
    return translate(template).format(acts=acts, changed=changed)


def _outcome(answer: Value) -> str:
    codes = translate(N_(", ")).join(map(code_name, answer["codes"])) or "—"
    parts = [translate(_SUPPORTED[answer["supported"]]).format(codes=codes)]
    if answer["grade"] is not None:
        parts.append(answer["grade"])
    if answer["warned"]:
        parts.append(translate(N_("with a warning")))
    if answer["ban"] is not None:
        day = answer["ban"]["last_day"] or "—"
        parts.append(translate(N_("banned to {day}")).format(day=day))
    if answer["valid_until"] is not None:
        parts.append(translate(N_("valid until {day}")).format(day=answer["valid_until"]))
    return translate(N_("; ")).join(parts)
