"""Three-valued answers with their reasons: yes, no, or undetermined.

Combination is strong Kleene: one certain failing ground decides, whatever else is unknown, and a
missing
value never becomes a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ledger.ruling import Cite, Finding

__all__ = ["Assessment", "all_hold", "any_holds", "as_finding"]


class Assessment(msgspec.Struct, frozen=True):
    """The answer to one question of law: `result`, the sentence that says it, and what it rests on.

    `say` names the sentence and `values` fill it; `entries` are positions in the scheme's log;
    `interpretation` is the reading applied, key and value.
    """

    result: bool | None
    say: str
    values: dict[str, Any] = {}
    cite: Cite | None = None
    entries: tuple[int, ...] = ()
    interpretation: tuple[str, str] | None = None
    because: tuple[Assessment, ...] = ()


def all_hold(results: Iterable[bool | None]) -> bool | None:
    """Conjunction: no wins over undetermined, undetermined over yes."""
    found: bool | None = True
    for result in results:
        if result is False:
            return False
        if result is None:
            found = None
    return found


def any_holds(results: Iterable[bool | None]) -> bool | None:
    """Disjunction: yes wins over undetermined, undetermined over no."""
    found: bool | None = False
    for result in results:
        if result:
            return True
        if result is None:
            found = None
    return found


def as_finding(
    assessment: Assessment, code: str, *, entries: Sequence[int] | None = None
) -> Finding:
    """The assessment as a finding under one of the contract's codes."""
    return Finding(
        code=code,
        cite=assessment.cite,
        say=assessment.say,
        values=assessment.values,
        entries=tuple(entries if entries is not None else assessment.entries),
    )
