"""`deadlines`: what is due, from whom, by when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.cites import with_article
from cli.render.page import line_width
from cli.render.table import Column, table

__all__ = ["day_of", "from_whom", "render_deadlines"]

Value = dict[str, Any]

_FROM = {
    "center": N_("the center"),
    "applicant": N_("applicants"),
    "authority": N_("the authority"),
}


def render_deadlines(duties: Sequence[Value]) -> Iterator[str]:
    """A line a duty, the earliest day first."""
    if not duties:
        yield translate(N_("Nothing is due."))
        return
    columns = [
        Column(translate(N_("due"))),
        Column(translate(N_("from"))),
        Column(translate(N_("center")), folds=True),
        Column(translate(N_("what")), folds=True),
    ]
    lines = [
        [day_of(duty), from_whom(duty), _center(duty), with_article(_matter(duty), duty["cite"])]
        for duty in duties
    ]
    yield from table(columns, lines, room=line_width())


def day_of(duty: Value) -> str:
    """The last day, with the printed one where it rolled; or the day it is never before."""
    if duty["due"] is None:
        if duty["lower_bound"] is None:
            return "—"
        return translate(N_("not before {lower_bound}")).format(**duty)
    parts = [duty["due"]]
    if duty["stated"] != duty["due"]:
        parts.append(translate(N_("printed {stated}")).format(**duty))
    if duty["overdue"]:
        parts.append(translate(N_("overdue")))
    return "\n".join(parts)


def from_whom(duty: Value) -> str:
    """Who has to act."""
    return translate(_FROM[duty["by"]])


def _center(duty: Value) -> str:
    return "\n".join(part for part in (duty["name"], duty["center"]) if part)


def _matter(duty: Value) -> str:
    """What is due, and why no day can be given where none can."""
    if duty["undetermined"] is None:
        return str(duty["message"])
    return translate(N_("{message}; {undetermined}")).format(**duty)
