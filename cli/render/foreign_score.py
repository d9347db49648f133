"""`what-if --table`: a filing scored by a foreign table, item by item, and that it is foreign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, paragraph, red, rows

__all__ = ["render_score"]

Value = Mapping[str, Any]


def render_score(value: Value) -> Iterator[str]:
    """What is scored by what, the items, and what they come to."""
    yield bold(translate(N_("If the filing were scored by {table}:")).format_map(value))
    template = N_("{center} · {round} · filed with {filed}")
    yield from paragraph(translate(template).format_map(value))
    yield ""
    for line in paragraph(_foreign(value)):
        yield red(line)
    yield ""
    yield from rows(_items(value))
    yield ""
    yield from paragraph(value["label"])
    yield from paragraph(_known(value))


def _foreign(value: Value) -> str:
    """That the table is foreign, and what score the center really has."""
    template = N_(
        "A foreign table: {title} ({source}). What it gives is no score of this scheme and has no "
        "effect here."
    )
    own = (
        N_("The score on file is {own_score} ({own_entry}).")
        if value["own_score"] is not None
        else N_("No score is on file for the round.")
    )
    parts = [translate(text).format_map(value) for text in (template, own)]
    return translate(N_("{first} {second}")).format(first=parts[0], second=parts[1])


def _items(value: Value) -> Iterator[tuple[str, str]]:
    for item in value["items"]:
        template = N_("{name}: {why}")
        text = translate(template).format_map(item)
        yield item["points"] if item["points"] is not None else "—", text
        for key, note in (
            ("approximate", N_("approximate: {note}")),
            ("flagged", N_("flaw of the table: {note}")),
        ):
            if item[key] is not None:
                yield "", translate(note).format(note=item[key])
    for part in value["open_parts"]:
        text = translate(N_("{name}: the points are not at hand")).format_map(part)
        yield "—", text


def _known(value: Value) -> str:
    """What is known, and that it is no total while anything is missing."""
    if value["total"] is not None:
        return translate(N_("Every item is known. Nothing was recorded."))
    template = N_(
        "There is no total while {count} items are missing; those known earn {partial} points. "
        "Nothing was recorded."
    )
    return translate(template).format(count=len(value["missing"]), partial=value["partial"])
