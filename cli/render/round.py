"""`round show`: a round in numbers, and who owes a filing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, pad, rows, wide

__all__ = ["render_owing", "render_round"]

Value = dict[str, Any]

_LABELS = {
    "edition": N_("regulation"),
    "deadline": N_("deadline"),
    "centers": N_("centers"),
    "submitted": N_("filed"),
    "not_submitted": N_("nothing filed"),
    "deferred": N_("deferred"),
    "warned": N_("warned"),
    "revoked": N_("revoked"),
    "applications": N_("applications"),
    "admitted": N_("admitted"),
    "refused": N_("refused"),
    "designated": N_("designated"),
}


def render_round(value: Value, counts: dict[str, int], *, last_day: str | None) -> Iterator[str]:
    """The round's name, its notice, and one number a line; grades stand where filings end."""
    yield bold(value["round"])
    pairs = [("edition", value["edition"] or "—"), ("deadline", _deadline(value, last_day))]
    pairs.append(("centers", str(value["centers"])))
    lines = [(translate(_LABELS[name]), text) for name, text in pairs]
    for mark, count in counts.items():
        if mark == "warned":
            lines += [(grade, str(graded)) for grade, graded in value["grades"].items()]
        lines.append((translate(_LABELS[mark]), str(count)))
    yield from rows(lines, indent=2)


def render_owing(owing: Iterable[Value], count: int) -> Iterator[str]:
    """The centers that owe a filing, one a line."""
    yield ""
    yield bold(translate(N_("centers without a filing: {count}")).format(count=count))
    for center in owing:
        yield f"  {pad(center['center'], max(28, wide(center['center'])))}  {center['name'] or ''}"


def _deadline(value: Value, last_day: str | None) -> str:
    """The day as it is printed, and the working day it rolls to (T04)."""
    if last_day is None:
        template = N_("{deadline} (no working-day calendar tells whether it rolls)")
        return translate(template).format(**value)
    if last_day == value["deadline"]:
        return last_day
    template = N_("{deadline}, a rest day: the last day is {last_day}")
    return translate(template).format(**value, last_day=last_day)
