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


def render_verification(
    value: Value, *, quick: bool = False, since: int | None = None
) -> Iterator[str]:
    """Problem by problem, or that there is none; then what it was compared with."""
    for log, head in value["logs"].items():
        template = N_("log {log}: size {size}, root {root}")
        yield translate(template).format(log=log, **head)
    for problem in value["problems"]:
        yield from paragraph(_named(problem), indent=2, first="- ")
    if value["problems"]:
        found = translate(N_("problems found: {count}")).format(count=len(value["problems"]))
        yield red(found)
    else:
        yield translate(_extent(quick=quick, since=since)).format(size=value["size"], since=since)
    yield from _against(value["against"])


def _extent(*, quick: bool, since: int | None) -> str:
    if since is not None:
        return N_("Recomputed from the checkpoint of {since} entries on: nothing is out of place.")
    if quick:
        return N_(
            "{size} leaf hashes as they are stored give trees, heads and checkpoints. No entry was "
            "hashed again: without --quick it is."
        )
    return N_("{size} entries recomputed from their bytes: nothing is out of place.")


def _against(compared: Sequence[Value]) -> Iterator[str]:
    names = {
        "anchor": N_("with the anchor {name}, {size} entries of {log}; it lies on this machine"),
        "checkpoint": N_("with the checkpoint {name}, {size} entries of {log}"),
        "mirror": N_("with the mirror {name}, {size} entries of {log}"),
    }
    for one in compared:
        yield from paragraph(
            translate(N_("Compared {what}.")).format(
                what=translate(names[one["kind"]]).format_map(one)
            )
        )
    if not any(one["kind"] in ("checkpoint", "mirror") for one in compared):
        yield from paragraph(
            translate(
                N_(
                    "Compared with nothing that somebody else kept: a rewrite of everything, "
                    "consistent in itself and on this machine, cannot be seen this way. "
                    "--checkpoint FILE compares with a note kept elsewhere."
                )
            )
        )


def _named(problem: Value) -> str:
    place = problem["position"] or problem["center"]
    if place is None or place in problem["message"]:
        return str(problem["message"])
    return translate(N_("{place}: {message}")).format(place=place, message=problem["message"])
