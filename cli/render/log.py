"""`log show` and `log verify`: heads, one leaf as it was hashed, and what a check found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, line_width, paragraph, red, rows
from cli.render.table import Column, table

__all__ = ["render_heads", "render_leaf", "render_verification"]

Value = Mapping[str, Any]


def render_heads(heads: Sequence[Value]) -> Iterator[str]:
    """Every log with its size and root."""
    columns = [Column(translate(t)) for t in (N_("log"), N_("entries"), N_("root"))]
    lines = [[head["log"], str(head["size"]), head["root"]] for head in heads]
    yield from table(columns, lines, room=line_width())


def render_leaf(value: Value, payload: str) -> Iterator[str]:
    """The text that was hashed, its hash, and the payload it commits to."""
    yield bold(value["position"])
    yield ""
    yield from value["leaf"].rstrip("\n").split("\n")
    yield ""
    hashes = [(translate(N_("leaf hash")), value["leaf_hash"])]
    if value["stored_hash"] != value["leaf_hash"]:
        hashes.append((translate(N_("as stored")), red(value["stored_hash"])))
    yield from rows(hashes)
    yield ""
    yield bold(translate(N_("payload")))
    yield payload


def render_verification(value: Value) -> Iterator[str]:
    """Problem by problem, or that there is none; then what this check cannot see."""
    for log, head in value["logs"].items():
        template = N_("log {log}: size {size}, root {root}")
        yield translate(template).format(log=log, **head)
    for problem in value["problems"]:
        yield from paragraph(_named(problem), indent=2, first="- ")
    if value["problems"]:
        found = translate(N_("problems found: {count}")).format(count=len(value["problems"]))
        yield red(found)
    else:
        template = N_("{size} entries recomputed from their bytes: nothing is out of place.")
        yield translate(template).format(size=value["size"])
    if not value["against"]:
        yield from paragraph(
            translate(
                N_(
                    "Compared with no external checkpoint: a rewrite of everything, consistent in "
                    "itself, cannot be seen this way. A root kept elsewhere, on paper or by "
                    "somebody else, can be compared with the one above."
                )
            )
        )


def _named(problem: Value) -> str:
    place = problem["position"] or problem["center"]
    if place is None or place in problem["message"]:
        return str(problem["message"])
    return translate(N_("{place}: {message}")).format(place=place, message=problem["message"])
