"""Findings: what the rules say of entries, each with its article; and the answer of `audit`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from cli.glossary import code_name, type_name
from cli.i18n import N_, translate
from cli.render.cites import with_article
from cli.render.page import bold, paragraph

__all__ = ["render_audit", "render_findings"]

Value = dict[str, Any]


def render_findings(findings: Sequence[Value], *, indent: int = 2) -> Iterator[str]:
    """The findings, numbered, each with its article."""
    for number, found in enumerate(findings, 1):
        text = with_article(found["message"], found["cite"])
        yield from paragraph(text, indent=indent, first=f"{number}. ")


def render_audit(acts: int, findings: Sequence[Value]) -> Iterator[str]:
    """How many acts were judged again, and what was found, center by center."""
    template = N_("acts judged again: {acts}, findings: {count}")
    yield translate(template).format(acts=acts, count=len(findings))
    for center, found in groupby(findings, key=lambda item: item["center"]):
        yield ""
        yield bold(center)
        for item in found:
            yield from _audited(item)


def _audited(item: Value) -> Iterator[str]:
    act = item["position"] is not None
    where = item["position"] if act else translate(N_("omission"))
    yield from paragraph(f"{where} · {code_name(item['code'])}", indent=2)
    yield from paragraph(with_article(item["message"], item["cite"]), indent=4)
    if act and item["ruled"] is not None:
        template = N_("recorded: {recorded}; by the rules: {ruled}")
        yield from paragraph(translate(template).format(**item), indent=4)
    elif act:
        template = N_("recorded: {recorded}")
        recorded = type_name(item["recorded"] or "—")
        yield from paragraph(translate(template).format(recorded=recorded), indent=4)
