"""`center history`: every entry with the day it took effect and the instant it was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.glossary import type_name
from cli.i18n import N_, translate
from cli.render.cites import shanghai, with_article
from cli.render.page import bold, faint, paragraph, red

__all__ = ["done_by", "render_history"]

INDENT = 12
"""Under the type; left of it stands the day of effect."""

Value = dict[str, Any]


def render_history(value: Value, entries: Sequence[Value]) -> Iterator[str]:
    """The center, then its entries in the order in which they took effect."""
    yield bold(value["name"] or value["center"])
    template = N_(
        "{center} · {count} entries, by the day of legal effect; recording in Beijing time"
    )
    yield faint(translate(template).format(center=value["center"], count=len(entries)))
    for entry in entries:
        yield ""
        yield from _entry(entry)


def done_by(by: Any) -> str:
    """Who did it, jointly or alone; empty where nobody is named."""
    return by if isinstance(by, str) else translate(N_(", ")).join(by or ())


def _entry(entry: Value) -> Iterator[str]:
    annulled = entry["annulled_by"]
    head = f"{type_name(entry['type'])}  {entry['position']}"
    if annulled:
        head += "  " + translate(N_("(annulled by {position})")).format(position=annulled)
    day = f"{entry['on']}  "
    yield bold(f"{day}{head}") if not annulled else red(f"{day}{head}")
    for line in _particulars(entry):
        yield from paragraph(line, indent=INDENT)
    for first, marks in ((N_("noted: "), "findings"), (N_("deviation: "), "deviations")):
        for found in entry[marks]:
            text = with_article(found["message"], found["cite"])
            yield from paragraph(text, indent=INDENT, first=translate(first))


def _particulars(entry: Value) -> Iterator[str]:
    if entry["summary"]:
        yield entry["summary"]
    recorded = translate(N_("recorded {instant}")).format(instant=shanghai(entry["recorded_at"]))
    yield " · ".join(p for p in (recorded, done_by(entry["by"]), entry["document"]) if p)
