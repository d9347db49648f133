"""`log key show`: the public keys of a ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, paragraph

__all__ = ["render_keys"]


def render_keys(
    keys: Sequence[Mapping[str, Any]], logs: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Each key with what it does; then the keys of each log, for programs that know only logs."""
    if not keys:
        yield translate(N_("There is no signing key yet; `taizhang init` makes one."))
        return
    yield bold(translate(N_("The ledger's keys")))
    for key in keys:
        yield translate(N_("{number}. {vkey}")).format(**key)
        yield "   " + _said(key)
    for log, vkeys in logs.items():
        yield ""
        yield bold(translate(N_("The log {log}")).format(log=log))
        yield from vkeys
    yield ""
    yield from paragraph(
        translate(
            N_(
                "Hand these out by another way than evidence files: on paper, on the authority's "
                "site, in the notice of the round."
            )
        )
    )


def _said(key: Mapping[str, Any]) -> str:
    if not key["signs"]:
        return translate(N_("retired; what it signed stays valid"))
    if key["protected"]:
        return translate(N_("signs; sealed under a passphrase"))
    return translate(N_("signs; NOT protected by a passphrase"))
