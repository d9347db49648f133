"""What a round's notices and a scheme's own acts say, as of a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from ledger.entries import InterpretationAdopted, RoundOpened
from ledger.ruling import Recorded

__all__ = ["Adopted", "RoundState", "adopted_on", "fold_round", "fold_scheme"]


class RoundState(msgspec.Struct, frozen=True):
    """A round as its newest notice leaves it; the edition is that of the first notice and stays.

    `earlier` is the round as the notice before left it, `document` the number of the notice.
    """

    round: str
    edition: str | None
    deadline: date
    opened_on: date
    reporting_year: int | None
    conditions: dict[str, Any]
    position: int
    earlier: RoundState | None = None
    document: str | None = None

    def before(self, position: int) -> RoundState | None:
        """The round as the notices recorded before the position left it; None where there are
        none."""
        found: RoundState | None = self
        while found is not None and found.position >= position:
            found = found.earlier
        return found


class Adopted(msgspec.Struct, frozen=True):
    """An interpretation the authority adopted, and from when it applies."""

    key: str
    value: str
    on: date
    position: int


def fold_round(entries: Iterable[Recorded]) -> RoundState | None:
    """The round after its notices, in the order they were recorded; None where none is on file."""
    state: RoundState | None = None
    for recorded in entries:
        entry = recorded.entry
        if not isinstance(entry, RoundOpened):
            continue
        edition = recorded.ruling.edition if recorded.ruling else None
        state = RoundState(
            entry.round,
            state.edition if state and state.edition else edition,
            entry.deadline,
            state.opened_on if state else entry.on,
            entry.reporting_year,
            entry.conditions or (state.conditions if state else {}),
            recorded.position,
            state,
            entry.document or (state.document if state else None),
        )
    return state


def fold_scheme(entries: Iterable[Recorded]) -> tuple[Adopted, ...]:
    """Every interpretation adopted so far, oldest first."""
    return tuple(
        Adopted(r.entry.interpretation, r.entry.value, r.entry.on, r.position)
        for r in entries
        if isinstance(r.entry, InterpretationAdopted)
    )


def adopted_on(adopted: Sequence[Adopted], day: date) -> dict[str, Adopted]:
    """The readings that apply on a day: of each key the newest in effect."""
    found: dict[str, Adopted] = {}
    for reading in sorted(adopted, key=lambda a: (a.on, a.position)):
        if reading.on <= day:
            found[reading.key] = reading
    return found
