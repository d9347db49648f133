"""Run a center's entries into its state, as of a day and as known at a position.

State at (day, position) is the fold of the center's entries with both at or before, ordered by
(effective day, position). An annulment takes the act it names out of the fold from its own day on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter

from msgspec.structs import replace

from ledger.entries import DecisionAnnulled
from ledger.ruling import Recorded
from projections.center import CenterState, new_center
from projections.evolving import annul, evolve, evolve_all

__all__ = ["annulments", "can_extend", "extend", "fold", "known"]


_effect = attrgetter("entry.on", "position")


def known(entries: Iterable[Recorded], *, position: int | None = None) -> list[Recorded]:
    """The entries the ledger knew after `position` (None: all)."""
    return [r for r in entries if position is None or r.position <= position]


def annulments(entries: Sequence[Recorded], *, on: date | None = None) -> dict[int, Recorded]:
    """Position of each annulled act → the annulment, of those in effect at the end of the day
    (None: all)."""
    found: dict[int, Recorded] = {}
    for recorded in entries:
        entry = recorded.entry
        if entry.__class__ is DecisionAnnulled and (on is None or entry.on <= on):
            # Only the ruling says what it annuls: a name that meant nothing when it was recorded
            # must not begin to mean a later entry.
            target = recorded.outcome.target
            if target is not None:
                found.setdefault(target, recorded)
    return found


def fold(
    center: str,
    entries: Sequence[Recorded],
    *,
    on: date | None = None,
    annulled_as_of: date | None = None,
) -> CenterState:
    """The state at the end of the day `on` (None: after everything).

    `annulled_as_of` bounds the annulments that count; None takes every annulment among `entries`,
    which is
    what a ruling does: whatever is ruled after an annulment no longer builds on the annulled act.
    """
    gone = annulments(entries, on=annulled_as_of)
    seen = entries if on is None else [r for r in entries if r.entry.on <= on]
    ordered = sorted(seen, key=_effect)
    state = new_center(center)
    if not gone:
        return evolve_all(state, ordered)
    positions = {r.position: r for r in ordered}
    for recorded in ordered:
        if recorded.position in gone:
            continue
        if isinstance(recorded.entry, DecisionAnnulled):
            target = next((p for p, a in gone.items() if a is recorded), None)
            state = annul(state, recorded, None if target is None else positions.get(target))
        else:
            state = evolve(state, recorded)
    return _count(state, entries, on)


def _count(state: CenterState, entries: Sequence[Recorded], on: date | None) -> CenterState:
    """Say how many entries were seen, annulled ones included, and up to which position."""
    seen = [r for r in entries if on is None or r.entry.on <= on]
    return replace(state, entries=len(seen), position=max((r.position for r in seen), default=-1))


def can_extend(state: CenterState, recorded: Recorded) -> bool:
    """Whether evolving from `state` gives what a new fold would: in order, and annulling
    nothing."""
    return recorded.entry.on >= state.latest_on and not isinstance(recorded.entry, DecisionAnnulled)


def extend(state: CenterState, recorded: Recorded) -> CenterState:
    """The state after one more entry for which `can_extend` holds."""
    return evolve(state, recorded)
