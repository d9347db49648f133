"""What can be put in the place of one pin, and what the judge then works with and knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from ledger.entries import CenterEntry, Entry
from ledger.errors import MalformedError
from ledger.identity import format_position
from ledger.ruling import Recorded
from policies.judge import Judge
from policies.legal_time import weekdays_only
from policies.rulebook import Resolution
from policies.verdict import Knowledge
from projections.center import CenterState
from projections.rounds import Adopted, RoundState, fold_round, fold_scheme

__all__ = [
    "CALENDARS",
    "ExtraFact",
    "OtherCalendar",
    "OtherEdition",
    "OtherReading",
    "Past",
    "Replacement",
    "Without",
    "judge_with",
]

CALENDARS = ("cn-state-council", "weekdays-only")
"""Calendars that can be put in place of the one in use (T03)."""


class OtherEdition(msgspec.Struct, frozen=True):
    """Every act is ruled by this edition."""

    edition: str


class OtherReading(msgspec.Struct, frozen=True):
    """An ambiguous passage is read so from the beginning, whatever was adopted."""

    key: str
    value: str


class OtherCalendar(msgspec.Struct, frozen=True):
    """Working days are counted by this calendar."""

    name: str


class ExtraFact(msgspec.Struct, frozen=True):
    """These facts, one a center, were known to every act from their day on."""

    entries: tuple[CenterEntry, ...]


class Without(msgspec.Struct, frozen=True):
    """The entry at this position was never recorded."""

    position: int


Replacement = OtherEdition | OtherReading | OtherCalendar | ExtraFact | Without


def judge_with(judge: Judge, replacement: Replacement, *, scheme: str) -> Judge:
    """The judge with the replacement; MalformedError for an edition or reading nobody knows."""
    match replacement:
        case OtherEdition(edition=edition):
            return _RuledBy(judge, edition)
        case OtherReading():
            _check_reading(judge, replacement, scheme)
        case OtherCalendar(name="weekdays-only"):
            return Judge(judge.rulebook, weekdays_only())
    return judge


class Past:
    """What was known before the position `upto`, with the replacement in place.

    `world` holds the entries of the center that is judged. It is the judge's knowledge.
    """

    def __init__(
        self, read: Callable[[str], Sequence[Recorded]], replacement: Replacement, *, scheme: str
    ) -> None:
        self.read = read
        self.scheme = scheme
        self.without = replacement.position if isinstance(replacement, Without) else None
        self.forced: tuple[Adopted, ...] = ()
        if isinstance(replacement, OtherReading):
            self.forced = (Adopted(replacement.key, replacement.value, date.min, -1),)
        self.upto = 0
        self.world: Sequence[Recorded] = ()
        self._streams: dict[str, list[Recorded]] = {}
        self._rounds: dict[tuple[str, int], RoundState | None] = {}

    def round(self, round_id: str) -> RoundState | None:
        """The round, as its notices left it by then."""
        notices = self._before(round_id)
        key = (round_id, len(notices))
        if key not in self._rounds:
            self._rounds[key] = fold_round(notices)
        return self._rounds[key]

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        """Readings adopted by then; another scheme's regulation is read as it reads itself."""
        if scheme != self.scheme:
            return self.forced
        forced = {a.key for a in self.forced}
        known = fold_scheme(self._before(scheme))
        return (*(a for a in known if a.key not in forced), *self.forced)

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center at hand with that key or position."""
        by_key = next((r for r in self.world if r.entry.key == name), None)
        if by_key is not None:
            return by_key
        return next((r for r in self.world if format_position(r.log, r.position) == name), None)

    def _before(self, stream: str) -> list[Recorded]:
        if stream not in self._streams:
            found = self.read(stream)
            self._streams[stream] = [r for r in found if r.position != self.without]
        return [r for r in self._streams[stream] if r.position < self.upto]


class _RuledBy(Judge):
    """A judge who rules everything by one edition."""

    def __init__(self, judge: Judge, edition: str) -> None:
        super().__init__(judge.rulebook, judge.calendar)
        self.edition = judge.rulebook.edition(edition)

    def resolve(self, entry: Entry, state: CenterState, knowledge: Knowledge) -> Resolution:
        """The one edition, whatever the entry, its round or the day say."""
        return Resolution(self.edition)


def _check_reading(judge: Judge, wanted: OtherReading, scheme: str) -> None:
    """Raise MalformedError where no edition of the scheme knows the key with this value."""
    editions = [judge.rulebook.edition(i) for i in judge.rulebook.ids(scheme)]
    known = [ed.interpretations[wanted.key] for ed in editions if wanted.key in ed.interpretations]
    if not known:
        keys = sorted({key for ed in editions for key in ed.interpretations})
        raise MalformedError(
            "{edition} knows no interpretation {key!r}; it knows {known}",
            edition=scheme,
            key=wanted.key,
            known=", ".join(keys),
        )
    values = sorted({value for found in known for value in found.values})
    if wanted.value not in values:
        raise MalformedError(
            "{value!r} is no reading of {key}; allowed are {known}",
            value=wanted.value,
            key=wanted.key,
            known=", ".join(values),
        )
