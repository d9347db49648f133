"""What `record` did: counts, what was noted, the new heads of the logs, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.cites import with_article
from cli.render.page import paragraph

__all__ = ["render_heads", "render_noted"]

SHOWN = 20
"""Findings shown; all of them stand in the JSON answer and in the history of the centers."""

Value = Mapping[str, Any]


def render_noted(kind: str, findings: Sequence[Value], *, count: int) -> Iterator[str]:
    """The first findings of a kind, each with its line, center and article; how many more."""
    for found in findings[:SHOWN]:
        template = N_("line {line}, {center}: {message}")
        text = with_article(translate(template).format(**found), found["cite"])
        yield from paragraph(text, indent=2, first=f"{kind}  ")
    if count > SHOWN:
        more = translate(N_("… and {count} more; --json shows all")).format(count=count - SHOWN)
        yield from paragraph(more, indent=2)


def render_heads(logs: Mapping[str, tuple[int, bytes]]) -> Iterator[str]:
    """Size and root of every log."""
    template = N_("log {log}: size {size}, root {root}")
    for log, (size, root) in logs.items():
        yield translate(template).format(log=log, size=size, root=root.hex())
