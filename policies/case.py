"""What one question of law is asked about: edition, calendar, center, round and day; and what was
used.

A case collects the pins of a ruling while the rules read it: interpretations, calendar years,
entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from ledger.ruling import Cite
from policies.edition import UNKNOWN_ARTICLE, Edition
from policies.legal_time import Settled, Unsettled, WorkCalendar
from policies.outcome import Assessment
from projections.center import CenterState
from projections.rounds import RoundState

__all__ = ["Case", "cite_of"]


@lru_cache(maxsize=4096)
def cite_of(edition: str, article: str) -> Cite:
    """The citation of an article of an edition."""
    return Cite(edition=edition, article=article)


class Case:
    """One center under one edition on one day, with a record of what the rules looked at."""

    __slots__ = (
        "calendar",
        "edition",
        "on",
        "readings",
        "round",
        "state",
        "used",
        "used_readings",
        "years",
    )

    def __init__(
        self,
        edition: Edition,
        *,
        calendar: WorkCalendar,
        state: CenterState,
        round: RoundState | None,
        on: date,
        readings: dict[str, str],
    ) -> None:
        self.edition = edition
        self.calendar = calendar
        self.state = state
        self.round = round
        self.on = on
        self.readings = readings
        self.used: set[int] = set()
        self.used_readings: set[str] = set()
        self.years: set[int] = set()
        if round is not None:
            self.used.add(round.position)

    def cite(self, article: str) -> Cite:
        """The citation of one of the edition's articles."""
        return cite_of(self.edition.edition, article)

    def not_at_hand(self, place: str) -> Assessment | None:
        """An open question, where the edition does not hold what stands at the place; None where it
        does."""
        found = self.edition.unknown_at(place)
        if found is None:
            return None
        values = {"edition": self.edition.edition, "place": found[0], "reason": found[1]}
        return Assessment(None, "section_unknown", values, self.cite(UNKNOWN_ARTICLE))

    def reads(self, keys: Iterable[str]) -> None:
        """Note that the answer depends on these interpretations."""
        self.used_readings.update(keys)

    def rests_on(self, *positions: int | None) -> tuple[int, ...]:
        """Note that the answer rests on these entries; returns those that exist."""
        found = tuple(p for p in positions if p is not None and p >= 0)
        self.used.update(found)
        return found

    def reading(self, keys: Iterable[str]) -> tuple[str, str] | None:
        """The first of the named interpretations and the value it was applied with, for an
        explanation."""
        for key in keys:
            found = self.edition.interpretations.get(key)
            if found is not None:
                return key, self.readings.get(key, found.default)
        return None

    def roll(self, day: date) -> date | None:
        """A fixed day, moved to the next working day when it is a rest day (T04); None where no
        calendar says."""
        match self.rolled(day):
            case Settled(day=rolled, years=years):
                self.years.update(years)
                return rolled
            case Unsettled():
                return None

    def rolled(self, day: date) -> Settled | Unsettled:
        """A fixed day after rolling, with the calendars that say so; itself where a rest day moves
        nothing."""
        if self.edition.time.rest_day == "stays":
            return Settled(day, ())
        return self.calendar.roll_forward(day)

    def working_days_from(self, first: date, last: date) -> int | None:
        """How many of the days are worked, both ends included; None where no calendar says."""
        found = self.calendar.working_days_from(first, last)
        if found is not None:
            self.years.update(self.calendar.years_between(first, last))
        return found

    def working_day_after(self, day: date, count: int) -> date | None:
        """The count-th working day after a day; None where the span enters a year without a
        calendar."""
        match self.calendar.nth_working_day_after(day, count):
            case Settled(day=found, years=years):
                self.years.update(years)
                return found
            case Unsettled():
                return None

    def pins(self) -> tuple[dict[str, str], dict[str, str]]:
        """Interpretations and calendar years used, each with its value or hash."""
        interpretations = {}
        for key in sorted(self.used_readings):
            known = self.edition.interpretations.get(key)
            if known is not None:
                interpretations[key] = self.readings.get(key, known.default)
        return interpretations, self.calendar.pin(sorted(self.years)) if self.years else {}
