"""Up to which position an answer speaks: in every `--json`, and aloud where it may be behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.i18n import N_, translate
from cli.output import say
from ledger.identity import format_position

if TYPE_CHECKING:
    from cli.desk import Desk

__all__ = ["last_positions", "say_upto"]


def last_positions(sizes: Mapping[str, int]) -> list[str]:
    """The last entry of each log of such a size; none for an empty one."""
    return [format_position(log, size - 1) for log, size in sizes.items() if size]


def say_upto(desk: Desk, *positions: str | None) -> None:
    """On a standby: say how far the answer goes."""
    if not desk.is_standby:
        return
    known = translate(N_(", ")).join(filter(None, positions)) or translate(N_("nothing"))
    say(
        translate(
            N_("This server is a standby; the answer speaks up to {upto}. --wait-for waits.")
        ).format(upto=known)
    )
