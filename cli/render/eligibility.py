"""`center eligible`: yes or no, every reason, and from when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.i18n import N_, translate
from cli.render.findings import render_findings
from cli.render.page import bold, paragraph

__all__ = ["render_eligibility"]

_ANSWERS = {
    True: N_("{center} may apply on {on}: no ban, no designation and no disqualifying fact."),
    False: N_("{center} may not apply on {on}."),
    None: N_("Whether {center} may apply on {on} is undetermined."),
}


def render_eligibility(value: dict[str, Any]) -> Iterator[str]:
    """The answer, then what stands against it, then the first day on which nothing does."""
    answer = translate(_ANSWERS[value["eligible"]]).format(**value)
    yield from (bold(line) for line in paragraph(answer))
    yield from render_findings(value["findings"])
    for reason in value["undetermined"]:
        template = N_("undetermined: {reason}")
        yield from paragraph(translate(template).format(reason=reason), indent=2)
    if value["eligible"] is False:
        day = value["first_eligible_day"]
        yield from paragraph(
            translate(N_("It may apply from {day}, as far as is known now.")).format(day=day)
            if day
            else translate(N_("From which day it may apply cannot be said now."))
        )
