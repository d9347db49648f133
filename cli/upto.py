"""Up to which position an answer speaks: in every `--json`, and aloud where it may be behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.i18n import N_, translate
from cli.output import say
from ledger.errors import IntegrityFailure
from ledger.identity import format_position

if TYPE_CHECKING:
    from cli.desk import Desk

__all__ = ["last_positions", "say_upto"]


def last_positions(sizes: Mapping[str, int]) -> list[str]:
    """The last entry of each log of such a size; none for an empty one."""
    return [format_position(log, size - 1) for log, size in sizes.items() if size]


def say_upto(desk: Desk, *positions: str | None) -> None:
    """How far the answer goes: on a standby, and where a log that moved is here as a copy."""
    known = [position for position in positions if position is not None]
    _say_copies(desk, known)
    if not desk.is_standby:
        return
    shown = translate(N_(", ")).join(known) or translate(N_("nothing"))
    say(
        translate(
            N_("This server is a standby; the answer speaks up to {upto}. --wait-for waits.")
        ).format(upto=shown)
    )


def _say_copies(desk: Desk, positions: list[str]) -> None:
    known = {position.rpartition("#")[0]: position for position in positions}
    try:
        heads = desk.logs() if known else []
    except IntegrityFailure:  # the answer stands; `log verify` names the head
        return
    template = N_("{log} is in force at {place}; here is a copy, and the answer goes to {upto}.")
    for head in heads:
        if head.in_force_at is not None and head.log in known:
            upto, place = known[head.log], head.in_force_at
            say(translate(template).format(log=head.log, place=place, upto=upto))
