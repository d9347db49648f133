"""Legal time: periods counted in years, months and working days (民法典 arts. 200 to 204, 1259).

The day of the event is not counted; a period of years or months ends on the corresponding day
(对应日), or on the last day of the month where that month has no such day. Working days are
those of the State Council's calendar, make-up working days (调休上班) included; the day after
the event is day 1.

    years_after(2024-02-29, 2)                        2026-02-28: February 2026 has no 29th
    months_after(2019-04-10, 1)                       2019-05-10: the last day of the month of grace
    calendar.roll_forward(2023-04-30)                 2023-05-04: a fixed date on a rest day
    calendar.nth_working_day_after(2025-09-15, 30)    2025-10-31

Every year has a calendar of its own, published by a notice (部分节假日安排的通知) late in the year
before. A notice also moves the last days of that December: the one for 2006 made Saturday
2005-12-31 a working day. So the calendar of a year runs from 29 December of the year before to
28 December, the widest reach any notice has had; each day belongs to exactly one calendar, and
the calendar of a further year never changes a day, a digest or a pin that was already settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256

from ledger.errors import MalformedError, NotFoundError

__all__ = [
    "Settled",
    "Unsettled",
    "WorkCalendar",
    "YearCalendar",
    "calendar_year_of",
    "day_after",
    "months_after",
    "weekdays_only",
    "years_after",
    "years_before",
]

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


def years_after(day: date, years: int) -> date:
    """The last day of a period of `years` that starts at `day`; `day` itself is not counted."""
    return _corresponding_day(day, years=_at_least(0, years))


def years_before(day: date, years: int) -> date:
    """The first day of a look-back of `years` to `day`; both ends belong to the window."""
    return _corresponding_day(day, years=-_at_least(0, years))


def months_after(day: date, months: int) -> date:
    """The last day of a period of `months` that starts at `day`; `day` itself is not counted."""
    return _corresponding_day(day, months=_at_least(0, months))


def day_after(day: date) -> date:
    """The next day: the first one outside a period whose last day is `day`."""
    if day == date.max:
        raise MalformedError("no day follows {day}", day=day)
    return day + _ONE_DAY


def calendar_year_of(day: date) -> int:
    """The year whose notice decides `day`; 29 to 31 December belong to the year that follows."""
    return day.year + ((day.month, day.day) >= (12, 29))


@dataclass(frozen=True, slots=True)
class Settled:
    """A day counted in published calendars alone; `years` are those calendars, ascending."""

    day: date
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A day that waits for the calendar of `missing_year`, but is never before `lower_bound`."""

    lower_bound: date
    missing_year: int


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """The days one year's notice takes out of the ordinary week."""

    calendar_year: int
    rest: frozenset[date]  # Monday to Friday, off
    work: frozenset[date]  # Saturday or Sunday, worked
    sha256: str  # hex, over the bytes of the data file

    def is_working_day(self, day: date) -> bool:
        """Whether `day`, a day of this calendar, is worked."""
        return day in self.work if day.weekday() >= _SATURDAY else day not in self.rest


@dataclass(frozen=True, slots=True, eq=False)
class WorkCalendar:
    """The published calendars of one country; a day outside them is unknown, never guessed."""

    country: str
    years: tuple[int, ...]  # published, ascending
    read: Callable[[int], YearCalendar] = field(repr=False)  # of a published year; always the same

    @classmethod
    def of(cls, country: str, calendars: Iterable[YearCalendar]) -> WorkCalendar:
        """A calendar made of year calendars that are already in memory."""
        by_year = {each.calendar_year: each for each in calendars}
        return cls(country, tuple(sorted(by_year)), by_year.__getitem__)

    def is_working_day(self, day: date) -> bool | None:
        """Whether `day` is worked; None while the notice that decides it is not published."""
        calendar_year = calendar_year_of(day)
        if calendar_year not in self.years:
            return None
        return self.read(calendar_year).is_working_day(day)

    def roll_forward(self, day: date) -> Settled | Unsettled:
        """A fixed date: `day` if it is worked, else the next working day (民法典 art. 203)."""
        return self._nth_working_day_from(day, 1)

    def nth_working_day_after(self, day: date, n: int) -> Settled | Unsettled:
        """The last day of a period of `n` ≥ 1 working days; the day after `day` is day 1.

        Unsettled when the count enters a year without a calendar. The lower bound then takes
        every day of such a year, weekends and festivals included, for a working day: a notice
        may move any weekend, so no other count is safe. Published years beyond count as published.
        """
        return self._nth_working_day_from(day_after(day), n)

    def is_within_working_days(self, start: date, end: date, *, n: int) -> bool | None:
        """Whether `end` is no later than the `n`th working day after `start`.

        None only where the unpublished days between the two can decide it either way.
        """
        _at_least(1, n)
        certain = possible = 0  # working days strictly between: `end` is late once they are n
        day = day_after(start)
        while day < end and certain < n:
            is_working = self.is_working_day(day)
            certain += is_working is True
            possible += is_working is not False
            day = day_after(day)
        if certain >= n:
            return False
        return True if possible < n else None

    def working_days_from(self, first: date, last: date) -> int | None:
        """How many of the days `first` to `last`, both included, are worked; None where a day among
        them waits for its calendar."""
        counted = 0
        for number in range((last - first).days + 1):
            is_working = self.is_working_day(first + timedelta(days=number))
            if is_working is None:
                return None
            counted += is_working
        return counted

    def years_between(self, first: date, last: date) -> tuple[int, ...]:
        """The published calendars that decide the days `first` to `last`, both included."""
        spanned = range(calendar_year_of(first), calendar_year_of(last) + 1)
        return tuple(each for each in self.years if each in spanned)

    def digest(self, years: Iterable[int]) -> str:
        """SHA-256 (hex) of what the calendars of `years` say, whatever their files look like."""
        lines = ["taizhang-calendar/v1"]
        for each in self._published(years):
            lines.append(f"{self.country}/{each.calendar_year}")
            lines.append(" ".join(["rest", *map(str, sorted(each.rest))]))
            lines.append(" ".join(["work", *map(str, sorted(each.work))]))
        return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()

    def pin(self, years: Iterable[int]) -> dict[str, str]:
        """The data files of `years`: "cn/2024" → SHA-256 (hex) of the file's bytes, by year."""
        published = self._published(years)
        return {f"{self.country}/{each.calendar_year}": each.sha256 for each in published}

    def _nth_working_day_from(self, first: date, n: int) -> Settled | Unsettled:
        _at_least(1, n)
        missing_year: int | None = None
        day = first
        while True:
            is_working = self.is_working_day(day)
            if is_working is None and missing_year is None:
                missing_year = calendar_year_of(day)
            n -= is_working is not False
            if n == 0:
                break
            day = day_after(day)
        if missing_year is not None:
            return Unsettled(day, missing_year)
        return Settled(day, self.years_between(first, day))

    def _published(self, years: Iterable[int]) -> list[YearCalendar]:
        wanted = sorted(set(years))
        for each in wanted:
            if each not in self.years:
                raise NotFoundError(
                    "no calendar of {calendar_year} is published for {country!r}",
                    calendar_year=each,
                    country=self.country,
                )
        return [self.read(each) for each in wanted]


@lru_cache(maxsize=1)
def weekdays_only() -> WorkCalendar:
    """Monday to Friday, without festivals and without make-up days; needs no publication."""
    digest = sha256(b"weekdays-only").hexdigest()
    plain = (YearCalendar(year, frozenset(), frozenset(), digest) for year in range(1980, 2101))
    return WorkCalendar.of("weekdays-only", plain)


def _corresponding_day(day: date, *, years: int = 0, months: int = 0) -> date:
    """The day of the same number, or its month's last day (民法典 art. 202)."""
    # Imported here: it costs 10 ms, and most commands count no period.
    from dateutil.relativedelta import relativedelta

    try:
        return day + relativedelta(years=years, months=months)
    except (OverflowError, ValueError) as error:
        raise MalformedError("a period from {day} leaves the calendar", day=day) from error


def _at_least(least: int, number: int) -> int:
    if number < least:
        raise MalformedError(
            "a period cannot be {number} long; the least is {least}", number=number, least=least
        )
    return number
