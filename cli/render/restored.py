"""`restore`: what became of each log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import paragraph, red

__all__ = ["render_mended", "render_restored"]

_SHOWN = 20


def render_restored(value: Mapping[str, Any]) -> Iterator[str]:
    """Each log with its size; what was lost, and from whom; or why nothing was put back."""
    for problem in value["problems"]:
        yield from paragraph(problem["message"], indent=2, first="- ")
    for log, one in value["logs"].items():
        yield translate(N_("log {log}: {size} entries")).format(log=log, size=one["size"])
        yield from _said(one)
    if value["aside"]:
        yield translate(N_("The ledger that was there is kept as {file}.")).format(
            file=value["aside"]
        )


def _said(one: Mapping[str, Any]) -> Iterator[str]:
    if one["lost"]:
        said = translate(
            N_(
                "{lost} entries that a checkpoint had covered are lost. The log goes on as "
                "generation {generation}, under an origin of its own; record again what is known "
                "of them."
            )
        )
        yield from paragraph(red(said.format(**one)), indent=2)
    for center, count in list(one["centers"].items())[:_SHOWN]:
        yield "  " + translate(N_("{center}: {count} lost")).format(center=center, count=count)
    if len(one["centers"]) > _SHOWN:
        more = len(one["centers"]) - _SHOWN
        yield "  " + translate(N_("and {more} more; --json lists all")).format(more=more)
    if one["erased_again"]:
        said = translate(N_("{count} private values that had been erased were erased again."))
        yield "  " + said.format(count=one["erased_again"])


def render_mended(
    mended: Sequence[Mapping[str, str]], problems: Sequence[Mapping[str, Any]], *, dry_run: bool
) -> Iterator[str]:
    """Every row that was mended, by table; then what is left."""
    sources = {
        "backup": translate(N_("from the backup")),
        "computed": translate(N_("computed")),
        "removed": translate(N_("removed; nothing sound goes with it")),
    }
    for one in mended:
        template = translate(N_("{table} {log} {place}: {source}"))
        yield template.format(**{**one, "source": sources[one["source"]]})
    said = N_("rows to mend: {count}") if dry_run else N_("rows mended: {count}")
    yield translate(said).format(count=len(mended))
    for problem in problems:
        yield from paragraph(problem["message"], indent=2, first="- ")
