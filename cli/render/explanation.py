"""`center why`: a page that can be handed to the company.

Outcome, grounds with article and entries, the reading applied, what would change the answer, and
at the end every entry named, with its dates, its document and who did it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.glossary import type_name
from cli.i18n import N_, translate
from cli.render.center import heading
from cli.render.cites import article, positions, shanghai, with_article
from cli.render.history import done_by
from cli.render.page import bold, paragraph, red, rows

__all__ = ["named_entries", "render_explanation"]

Node = dict[str, Any]


def render_explanation(
    value: Mapping[str, Any],
    because: Node,
    why_not: Sequence[Node],
    *,
    entries: Mapping[str, Mapping[str, Any]],
    regulations: Mapping[str, str],
    questions: Mapping[str, str],
    again: str,
) -> Iterator[str]:
    """The page: `entries` by position, `regulations` names each edition in full, `questions` says
    what a reading is about, `again` is the command that gives the same page."""
    tree = _Tree(questions)
    yield from heading(value)
    yield from _section(N_("Outcome"))
    yield from (bold(line) for line in paragraph(because["claim"]))
    yield from tree.notes(because, {}, indent=0)
    if because["because"]:
        yield from _section(N_("Reasons"))
    for number, node in enumerate(because["because"], 1):
        yield from tree.node(node, {}, indent=0, first=f"{number}. ")
    if why_not:
        yield from _section(N_("What would change the answer"))
    for node in why_not:
        yield from tree.boundary(node)
    yield from _entries(named_entries([because, *why_not]), entries)
    yield from _regulations([because, *why_not], regulations)
    yield from _section(N_("This page again"))
    yield again  # not wrapped, to be copied


def named_entries(nodes: Sequence[Node]) -> list[str]:
    """Every position the nodes name, in the order of the log."""
    found = {position for node in _all(nodes) for position in node["entries"]}
    return sorted(found, key=lambda position: int(position.partition("#")[2]))


class _Tree:
    """Steps of the explanation, each below the one it supports."""

    def __init__(self, questions: Mapping[str, str]) -> None:
        self.questions = questions

    def node(
        self, node: Node, parent: Mapping[str, Any], *, indent: int, first: str
    ) -> Iterator[str]:
        """The claim, what it rests on where that is more than its parent said, and its reasons."""
        lines = paragraph(_marked(node), indent=indent, first=first)
        yield from lines if node["result"] is True else (red(line) for line in lines)
        below = indent + len(first)
        yield from self.notes(node, parent, indent=below)
        for child in node["because"]:
            if child["claim"] == node["claim"] and not child["because"]:
                continue  # an entry that says no more than the claim it supports
            yield from self.node(child, node, indent=below, first="- ")

    def notes(self, node: Node, parent: Mapping[str, Any], *, indent: int) -> Iterator[str]:
        """Article, entries and reading, where they differ from what the parent named."""
        parts = []
        if node["cite"] and node["cite"] != parent.get("cite"):
            parts.append(translate(N_("by {article}")).format(article=article(node["cite"])))
        if node["entries"] and node["entries"] != parent.get("entries"):
            found = positions(node["entries"])
            parts.append(translate(N_("see {entries}")).format(entries=found))
        if parts:
            yield from paragraph(translate(N_("; ")).join(parts), indent=indent)
        reading = node["interpretation"]
        if reading and reading != parent.get("interpretation"):
            yield from paragraph(self._reading(reading), indent=indent)

    def boundary(self, node: Node) -> Iterator[str]:
        """What stands nearest to another answer, in one paragraph with its article."""
        claims = [part["claim"] for part in node["because"]]
        text = node["claim"]
        if claims and node["result"] is not True:
            template = N_("{claim}: {because}")
            because = translate(N_("; ")).join(dict.fromkeys(claims))
            text = translate(template).format(claim=text, because=because)
        yield from paragraph(with_article(text, node["cite"]), first="- ")
        if node["result"] is None and node["interpretation"]:
            yield from paragraph(self._reading(node["interpretation"]), indent=2)

    def _reading(self, reading: Mapping[str, str]) -> str:
        template = N_("read as {value} ({key}: {question})")
        question = translate(self.questions.get(reading["key"], "—"))
        return translate(template).format(**reading, question=question)


def _marked(node: Node) -> str:
    if node["result"] is True:
        return str(node["claim"])
    template = N_("[no] {claim}") if node["result"] is False else N_("[undetermined] {claim}")
    return translate(template).format(claim=node["claim"])


def _section(title: str) -> Iterator[str]:
    yield ""
    yield bold(translate(title))


def _entries(named: Sequence[str], entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if not named:
        return
    yield from _section(N_("Entries named"))
    pairs = [
        pair
        for position in named
        if position in entries
        for pair in _entry(position, entries[position])
    ]
    yield from rows(pairs)


def _entry(position: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    template = N_("{on} {type}; recorded {instant}")
    text = translate(template).format(
        on=entry["on"], type=type_name(entry["type"]), instant=shanghai(entry["recorded_at"])
    )
    yield position, text
    source = " · ".join(p for p in (done_by(entry["by"]), entry["document"]) if p)
    yield "", source or translate(N_("without document number and actor"))
    if entry["summary"]:
        yield "", entry["summary"]


def _regulations(nodes: Sequence[Node], regulations: Mapping[str, str]) -> Iterator[str]:
    cited = {node["cite"]["edition"] for node in _all(nodes) if node["cite"]}
    if cited:
        yield from _section(N_("Regulations"))
        yield from rows((edition, regulations.get(edition, "—")) for edition in sorted(cited))


def _all(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _all(node["because"])
