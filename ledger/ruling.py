"""What a ruling says and how an entry is stored: findings, outcome, pins, payload.

A ruling is made once, by the rulebook, and stored inside the entry. Projections read the stored
outcome and never judge again; replaying the judgement with the same pins must give the same bytes.
All positions in here are numbers in the entry's own log.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Generic, TypeVar

import msgspec

from ledger.entries import AnyEntry

__all__ = ["Ban", "Cite", "CounterRule", "Finding", "Outcome", "Payload", "Recorded", "Ruling"]


EntryT = TypeVar("EntryT")


class _Value(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    pass


class Cite(_Value, frozen=True, kw_only=True):
    """Where a rule stands: the edition, and the article as printed."""

    edition: str
    article: str


class Finding(_Value, frozen=True, kw_only=True):
    """One thing the rules say of an entry.

    `code` is one of the contract's codes; `say` picks the sentence where a code has several;
    `values`
    fill it. `entries` are the positions it rests on.
    """

    code: str
    cite: Cite | None = None
    say: str = ""
    values: dict[str, Any] = {}
    entries: tuple[int, ...] = ()


class Ban(_Value, frozen=True, kw_only=True):
    """A reapplication ban: day 0 (`start`) is not counted, `last_day` is the last banned day."""

    start: date
    last_day: date | None
    first_eligible_day: date | None
    years: int | None
    grounds: tuple[str, ...]
    cite: Cite
    undetermined: str | None = None


class CounterRule(_Value, frozen=True, kw_only=True):
    """How an edition counts consecutive failures; carried by the ruling so that a fold needs no
    rulebook.

    `counts` is `grade` (results whose grade is in `grades`), `band` (scores in [from_score,
    below_score))
    or `return` (missed returns of `return_kind`). `adjacent_years`: only results of adjacent
    years form a run.
    """

    name: str
    limit: int
    counts: str
    grades: tuple[str, ...] = ()
    from_score: str = ""
    below_score: str = ""
    return_kind: str = ""
    adjacent_years: bool = False


class Outcome(_Value, frozen=True, kw_only=True):
    """What follows from an act: only what the fold needs and the rulebook alone can tell."""

    grade: str | None = None
    failed: bool | None = None
    warned: bool | None = None
    ban: Ban | None = None
    counting: tuple[CounterRule, ...] | None = None
    valid_until: date | None = None
    cite: Cite | None = None
    target: int | None = None


class Ruling(_Value, frozen=True, kw_only=True):
    """Why an entry stands: the pins it was judged by, and the outcome."""

    edition: str | None
    edition_sha256: str | None
    engine: int
    interpretations: dict[str, str] = {}
    calendar: dict[str, str] = {}
    used: tuple[int, ...] = ()
    outcome: Outcome = Outcome()


class Payload(_Value, Generic[EntryT], frozen=True, kw_only=True):
    """The public bytes of an entry: what was submitted, and what the rulebook said of it.

    `Payload[EvaluationScored]` is the payload of one type.
    """

    entry: EntryT
    ruling: Ruling | None = None
    findings: tuple[Finding, ...] = ()
    deviations: tuple[Finding, ...] = ()


class Recorded(msgspec.Struct, frozen=True):
    """An entry in its place: what projections fold."""

    log: str
    position: int
    stream: str
    version: int
    type: str
    recorded_at: str
    entry: AnyEntry
    ruling: Ruling | None = None
    findings: tuple[Finding, ...] = ()
    deviations: tuple[Finding, ...] = ()

    @property
    def on(self) -> date:
        """The day it takes legal effect."""
        return self.entry.on

    @property
    def outcome(self) -> Outcome:
        """What the ruling decided; empty for entries that were not ruled."""
        return self.ruling.outcome if self.ruling else _NO_OUTCOME


_NO_OUTCOME = Outcome()
