"""Periods in years, months and working days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import MalformedError, NotFoundError
from policies.calendars import load_calendar
from policies.legal_time import (
    Settled,
    Unsettled,
    WorkCalendar,
    YearCalendar,
    calendar_year_of,
    day_after,
    months_after,
    years_after,
    years_before,
)

CHINA = load_calendar()
LAST_SETTLED_ON = date(2026, 12, 28)


def day(text: str) -> date:
    """A date from its text."""
    return date.fromisoformat(text)


def settled(reckoned: Settled | Unsettled) -> Settled:
    """The same, known to be settled."""
    assert isinstance(reckoned, Settled)
    return reckoned


def without(*years: int) -> WorkCalendar:
    """China's calendar as if these years were not published."""
    return WorkCalendar("cn", tuple(each for each in CHINA.years if each not in years), CHINA.read)


def invented(calendar_year: int, rest: set[date], work: set[date]) -> YearCalendar:
    """A year calendar that no notice ever published."""
    return YearCalendar(calendar_year, frozenset(rest), frozenset(work), sha256=str(calendar_year))


def days_of(calendar_year: int) -> list[date]:
    """All days that the notice of a year decides."""
    first, last = date(calendar_year - 1, 12, 29), date(calendar_year, 12, 28)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


any_day = st.dates(date(1900, 1, 1), date(2100, 12, 31))
covered_day = st.dates(date(2004, 1, 1), date(2025, 6, 30))
few_years = st.integers(0, 50)
few_months = st.integers(0, 600)
few_days = st.integers(1, 100)
some_missing_years = st.sets(st.sampled_from(CHINA.years), min_size=1, max_size=4)


@st.composite
def invented_year(draw: st.DrawFn, calendar_year: int) -> YearCalendar:
    """Any notice at all, even one that works Sundays for nothing."""
    moved = set(draw(st.lists(st.sampled_from(days_of(calendar_year)), max_size=40)))
    weekend = {each for each in moved if each.weekday() >= 5}
    return invented(calendar_year, moved - weekend, weekend)


class TestYearsAndMonths:
    @pytest.mark.parametrize(
        ("start", "years", "last_day"),
        [
            ("2023-06-30", 3, "2026-06-30"),
            ("2023-06-30", 1, "2024-06-30"),
            ("2024-02-29", 2, "2026-02-28"),
            ("2024-02-29", 4, "2028-02-29"),
            ("2023-02-28", 1, "2024-02-28"),
            ("2019-12-31", 2, "2021-12-31"),
            ("2020-05-06", 0, "2020-05-06"),
        ],
    )
    def test_ban_ends_on_corresponding_day(self, start: str, years: int, last_day: str) -> None:
        """A ban of N years ends on the same day N years later, or on the last of February."""
        assert years_after(day(start), years) == day(last_day)

    @pytest.mark.parametrize(
        ("deadline", "years", "first"),
        [
            ("2023-07-15", 3, "2020-07-15"),
            ("2024-02-29", 3, "2021-02-28"),
            ("2024-02-29", 4, "2020-02-29"),
            ("2021-02-28", 1, "2020-02-28"),
        ],
    )
    def test_look_back_starts_correspondingly(self, deadline: str, years: int, first: str) -> None:
        """A look-back of N years starts on the same day N years earlier."""
        assert years_before(day(deadline), years) == day(first)

    @pytest.mark.parametrize(
        ("start", "months", "last_day"),
        [
            ("2019-04-10", 1, "2019-05-10"),
            ("2019-01-31", 1, "2019-02-28"),
            ("2020-01-31", 1, "2020-02-29"),
            ("2019-03-31", 1, "2019-04-30"),
            ("2019-02-28", 1, "2019-03-28"),
            ("2019-11-30", 3, "2020-02-29"),
            ("2019-12-15", 1, "2020-01-15"),
            ("2019-12-15", 12, "2020-12-15"),
        ],
    )
    def test_months_end_on_corresponding_day(self, start: str, months: int, last_day: str) -> None:
        """A period of months ends on the same day of the month, or on the month's last day."""
        assert months_after(day(start), months) == day(last_day)

    def test_month_of_grace_in_xian(self) -> None:
        """Due on 10 April, an evaluation filing is a month late from 11 May, not before."""
        last_day = months_after(day("2019-04-10"), 1)
        assert (last_day, day_after(last_day)) == (day("2019-05-10"), day("2019-05-11"))

    @given(any_day, few_months)
    @example(date(2024, 2, 29), 12)
    def test_months_keep_the_number(self, start: date, months: int) -> None:
        """The result lies exactly N months on, with the same number or the month's last."""
        end = months_after(start, months)
        assert 12 * (end.year - start.year) + end.month - start.month == months
        assert end.day == min(start.day, monthrange(end.year, end.month)[1])

    @given(any_day, few_years)
    def test_year_is_twelve_months(self, start: date, years: int) -> None:
        """N years are 12 N months."""
        assert years_after(start, years) == months_after(start, 12 * years)

    @given(any_day, any_day, few_years, few_months)
    def test_later_start_never_ends_earlier(
        self, one: date, other: date, years: int, months: int
    ) -> None:
        """Periods of one length keep the order of their starts."""
        first, second = sorted((one, other))
        assert years_after(first, years) <= years_after(second, years)
        assert months_after(first, months) <= months_after(second, months)
        assert years_before(first, years) <= years_before(second, years)

    @given(any_day, few_years)
    @example(date(2024, 2, 29), 1)
    @example(date(2024, 2, 28), 1)
    def test_years_back_undo_years_on(self, start: date, years: int) -> None:
        """Going back undoes going on, but a 29 February that was lost comes back as the 28th."""
        there_and_back = years_before(years_after(start, years), years)
        lost = years_after(start, years).day != start.day
        assert there_and_back == (start.replace(day=28) if lost else start)

    @pytest.mark.parametrize("count", [years_after, years_before, months_after])
    def test_negative_length_is_malformed(self, count: Callable[[date, int], date]) -> None:
        """A period cannot be shorter than nothing."""
        with pytest.raises(MalformedError, match="cannot be -1 long"):
            count(day("2024-01-01"), -1)

    def test_end_of_time_is_malformed(self) -> None:
        """A period beyond the year 9999, or before the year 1, is refused as malformed."""
        with pytest.raises(MalformedError, match="leaves the calendar"):
            years_after(day("2024-01-01"), 8000)
        with pytest.raises(MalformedError, match="leaves the calendar"):
            years_before(day("2024-01-01"), 2024)
        with pytest.raises(MalformedError, match="leaves the calendar"):
            months_after(day("2024-01-01"), 10**30)
        with pytest.raises(MalformedError, match="no day follows 9999-12-31"):
            day_after(date.max)


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("event", "n", "last_day", "years"),
        [
            ("2025-09-15", 30, "2025-10-31", (2025,)),
            ("2024-01-15", 30, "2024-02-29", (2024,)),
            ("2022-11-29", 30, "2023-01-11", (2022, 2023)),
            ("2017-04-30", 90, "2017-09-05", (2017,)),
            ("2018-04-30", 90, "2018-09-05", (2018,)),
            ("2019-04-30", 90, "2019-09-06", (2019,)),
            ("2020-04-30", 90, "2020-09-08", (2020,)),
            ("2021-04-30", 90, "2021-09-08", (2021,)),
            ("2024-04-30", 90, "2024-09-06", (2024,)),
            ("2026-04-30", 90, "2026-09-08", (2026,)),
            # Day 1 may be a make-up Saturday or Sunday.
            ("2024-02-03", 1, "2024-02-04", (2024,)),
            ("2024-05-10", 1, "2024-05-11", (2024,)),
            ("2024-02-09", 1, "2024-02-18", (2024,)),
            # 31 December is counted by the notice of the year that follows.
            ("2005-12-30", 1, "2005-12-31", (2006,)),
            ("2018-12-30", 1, "2019-01-02", (2019,)),
            ("2020-01-23", 1, "2020-02-03", (2020,)),
        ],
    )
    def test_working_days_are_counted(
        self, event: str, n: int, last_day: str, years: tuple[int, ...]
    ) -> None:
        """The day after the event is day 1; make-up days count, festivals do not."""
        assert CHINA.nth_working_day_after(day(event), n) == Settled(day(last_day), years)

    @pytest.mark.parametrize(
        ("fixed", "moved"),
        [
            ("2016-04-30", "2016-05-03"),
            ("2017-04-30", "2017-05-02"),
            ("2018-04-30", "2018-05-02"),
            ("2019-04-30", "2019-04-30"),
            ("2020-04-30", "2020-04-30"),
            ("2021-04-30", "2021-04-30"),
            ("2022-04-30", "2022-05-05"),
            ("2023-04-30", "2023-05-04"),
            ("2024-04-30", "2024-04-30"),
            ("2025-04-30", "2025-04-30"),
            ("2026-04-30", "2026-04-30"),
            ("2019-04-10", "2019-04-10"),
            ("2020-04-10", "2020-04-10"),
            ("2021-04-10", "2021-04-12"),
            ("2022-04-10", "2022-04-11"),
            ("2023-04-10", "2023-04-10"),
            ("2018-01-20", "2018-01-22"),
            ("2019-01-20", "2019-01-21"),
            ("2024-01-20", "2024-01-22"),
            ("2019-07-20", "2019-07-22"),
            ("2024-07-20", "2024-07-22"),
            ("2025-07-20", "2025-07-21"),
            # A make-up Sunday is a working day and stays.
            ("2024-04-28", "2024-04-28"),
        ],
    )
    def test_fixed_date_rolls_forward(self, fixed: str, moved: str) -> None:
        """A fixed date on a rest day moves to the next working day, any other one stays."""
        assert CHINA.roll_forward(day(fixed)) == Settled(day(moved), (day(fixed).year,))

    @pytest.mark.parametrize(
        ("text", "is_working"),
        [
            ("2024-02-09", True),  # the eve, not off before 2025
            ("2024-02-10", False),
            ("2024-02-18", True),  # a Sunday
            ("2024-02-16", False),  # a Friday
            ("2020-02-01", False),  # a Saturday, worked until the holiday was extended
            ("2026-12-28", True),
            ("2026-12-29", None),
            ("2027-01-01", None),
            ("2003-12-28", None),
            ("2003-12-29", True),
        ],
    )
    def test_unpublished_day_is_unknown(self, text: str, is_working: bool | None) -> None:
        """A day is worked, off, or unknown while its notice is not published."""
        assert CHINA.is_working_day(day(text)) is is_working

    def test_every_day_has_one_calendar(self) -> None:
        """The calendars of two years meet between 28 and 29 December and nowhere overlap."""
        for calendar_year in range(2004, 2028):
            assert {calendar_year_of(each) for each in days_of(calendar_year)} == {calendar_year}
        assert calendar_year_of(date.max) == 10000

    @given(covered_day, few_days)
    def test_count_equals_the_number(self, event: date, n: int) -> None:
        """The result is a working day, and it is the nth one after the event."""
        end = settled(CHINA.nth_working_day_after(event, n)).day
        span = [event + timedelta(days=i) for i in range(1, (end - event).days + 1)]
        assert CHINA.is_working_day(end)
        assert sum(CHINA.is_working_day(each) is True for each in span) == n

    @given(covered_day, covered_day, few_days)
    def test_later_event_never_ends_earlier(self, one: date, other: date, n: int) -> None:
        """Periods of working days keep the order of their events; one more day ends later."""
        first, second = sorted((one, other))
        sooner = settled(CHINA.nth_working_day_after(first, n)).day
        assert sooner <= settled(CHINA.nth_working_day_after(second, n)).day
        assert sooner < settled(CHINA.nth_working_day_after(first, n + 1)).day

    @given(covered_day)
    def test_rolling_moves_least(self, fixed: date) -> None:
        """Rolling stops at the first working day, and rolling again changes nothing."""
        rolled = settled(CHINA.roll_forward(fixed)).day
        assert rolled >= fixed
        assert settled(CHINA.roll_forward(rolled)).day == rolled
        assert rolled == settled(CHINA.nth_working_day_after(fixed - timedelta(days=1), 1)).day

    @pytest.mark.parametrize("n", [0, -1])
    def test_zero_working_days_are_malformed(self, n: int) -> None:
        """There is no 0th working day after an event."""
        with pytest.raises(MalformedError, match=f"cannot be {n} long"):
            CHINA.nth_working_day_after(day("2024-01-01"), n)
        with pytest.raises(MalformedError, match=f"cannot be {n} long"):
            CHINA.is_within_working_days(day("2024-01-01"), day("2024-01-02"), n=n)


class TestUnpublishedYears:
    @pytest.mark.parametrize(
        ("event", "n", "lower_bound"),
        [
            ("2026-12-25", 1, None),  # Monday the 28th is settled
            ("2026-12-25", 2, "2026-12-29"),
            ("2026-12-28", 1, "2026-12-29"),
            ("2026-11-20", 30, "2027-01-01"),  # 26 settled, then every day counts
            ("2027-06-01", 30, "2027-07-01"),
        ],
    )
    def test_open_span_has_lower_bound(self, event: str, n: int, lower_bound: str | None) -> None:
        """A span into an unpublished year is unsettled; every day there may be worked."""
        reckoned = CHINA.nth_working_day_after(day(event), n)
        if lower_bound is None:
            assert reckoned == Settled(day("2026-12-28"), (2026,))
        else:
            assert reckoned == Unsettled(day(lower_bound), 2027)

    @pytest.mark.parametrize("fixed", ["2026-12-31", "2027-04-10", "2027-05-01", "2003-04-30"])
    def test_unknown_fixed_date_is_bound(self, fixed: str) -> None:
        """A fixed date without calendar may stay, whatever its weekday: any day may be worked."""
        missing_year = calendar_year_of(day(fixed))
        assert CHINA.roll_forward(day(fixed)) == Unsettled(day(fixed), missing_year)

    def test_roll_across_the_gap(self) -> None:
        """A rest day just before an unpublished calendar rolls into it."""
        known = WorkCalendar.of("cn", [invented(2030, {day("2030-12-27")}, set())])
        rolled = known.roll_forward(day("2030-12-27"))
        assert rolled == Unsettled(day("2030-12-29"), 2031)

    def test_days_beyond_gap_count(self) -> None:
        """Published days beyond a gap count as published; the first missing year is named."""
        partial = without(2020)
        reckoned = partial.nth_working_day_after(day("2019-12-27"), 366)
        assert reckoned == Unsettled(day("2020-12-28"), 2020)
        assert partial.nth_working_day_after(day("2019-12-27"), 372) == Unsettled(
            day("2021-01-06"), 2020
        )

    @given(covered_day, few_days, some_missing_years)
    def test_bound_never_exceeds_truth(self, event: date, n: int, missing: set[int]) -> None:
        """With calendars removed an answer is the true one, or a bound no later than it."""
        partial = without(*missing)
        for known, true in (
            (
                partial.nth_working_day_after(event, n),
                settled(CHINA.nth_working_day_after(event, n)),
            ),
            (partial.roll_forward(event), settled(CHINA.roll_forward(event))),
        ):
            match known:
                case Settled():
                    assert known == true
                    assert missing.isdisjoint(known.years)
                case Unsettled(lower_bound, missing_year):
                    assert lower_bound <= true.day
                    assert missing_year in missing.intersection(true.years)

    @given(
        st.dates(date(2026, 9, 1), date(2027, 12, 28)),
        few_days,
        invented_year(2027),
        invented_year(2028),
    )
    def test_no_notice_beats_the_bound(
        self, event: date, n: int, first: YearCalendar, second: YearCalendar
    ) -> None:
        """Whatever the coming notices say, a settled day stays and a bound holds."""
        later = WorkCalendar.of("cn", [*map(CHINA.read, CHINA.years), first, second])
        known = CHINA.nth_working_day_after(event, n)
        true = settled(later.nth_working_day_after(event, n))
        match known:
            case Settled():
                assert known == true
            case Unsettled(lower_bound):
                assert lower_bound <= true.day

    @given(st.dates(date(2026, 12, 1), date(2027, 6, 30)), few_days)
    def test_bound_can_be_reached(self, event: date, n: int) -> None:
        """A notice that works every weekend reaches the bound: no later one would be safe."""
        weekends = {each for each in days_of(2027) if each.weekday() >= 5}
        hardest = WorkCalendar.of("cn", [CHINA.read(2026), invented(2027, set(), weekends)])
        known = CHINA.nth_working_day_after(event, n)
        true = settled(hardest.nth_working_day_after(event, n))
        assert getattr(known, "lower_bound", None) in (None, true.day)


class TestWithinWorkingDays:
    @pytest.mark.parametrize(
        ("start", "end", "within"),
        [
            ("2025-09-15", "2025-10-31", True),
            ("2025-09-15", "2025-11-01", False),
            ("2025-09-15", "2025-09-15", True),
            ("2025-09-15", "2025-09-01", True),
            ("2024-01-15", "2024-02-29", True),
            ("2024-01-15", "2024-03-01", False),
            ("2022-11-29", "2023-01-11", True),
            ("2022-11-29", "2023-01-12", False),
            # Into an unpublished year: certain while even the hardest notice leaves days over.
            ("2026-11-20", "2026-12-28", True),
            ("2026-11-20", "2027-01-01", True),
            ("2026-11-20", "2027-01-02", None),
            ("2026-11-20", "2028-01-01", None),
        ],
    )
    def test_report_within_thirty_days(self, start: str, end: str, within: bool | None) -> None:
        """A report is in time up to the 30th working day, itself included."""
        assert CHINA.is_within_working_days(day(start), day(end), n=30) is within

    @given(covered_day, st.integers(-10, 200), few_days)
    def test_within_means_no_later(self, start: date, days: int, n: int) -> None:
        """To be within n working days is to be no later than the nth."""
        end = start + timedelta(days=days)
        is_within = CHINA.is_within_working_days(start, end, n=n)
        assert is_within is (end <= settled(CHINA.nth_working_day_after(start, n)).day)

    @given(covered_day, st.integers(-10, 900), st.integers(1, 400), some_missing_years)
    def test_certain_answer_is_true(
        self, start: date, days: int, n: int, missing: set[int]
    ) -> None:
        """With calendars removed the answer is the true one or none at all."""
        end = min(start + timedelta(days=days), LAST_SETTLED_ON)
        true = CHINA.is_within_working_days(start, end, n=n)
        assert without(*missing).is_within_working_days(start, end, n=n) in (true, None)

    def test_years_behind_a_gap_decide(self) -> None:
        """A report is late for certain once the published days alone are enough."""
        partial = without(2020)
        start = day("2019-12-27")
        assert partial.is_within_working_days(start, day("2021-01-26"), n=20) is None
        assert partial.is_within_working_days(start, day("2021-01-27"), n=20) is False


class TestPins:
    def test_years_between_two_days(self) -> None:
        """The calendars of a span are those whose days it touches, as far as published."""
        assert CHINA.years_between(day("2022-12-28"), day("2022-12-28")) == (2022,)
        assert CHINA.years_between(day("2022-12-28"), day("2022-12-29")) == (2022, 2023)
        assert CHINA.years_between(day("2026-06-01"), day("2031-01-01")) == (2026,)
        assert CHINA.years_between(day("2022-12-29"), day("2022-12-28")) == ()

    def test_digest_has_fixed_form(self) -> None:
        """The digest is the SHA-256 of one plain text, years and days in order."""
        rest, work = {day("2030-10-02"), day("2030-10-01")}, {day("2030-09-29")}
        calendar = WorkCalendar.of("cn", [invented(2031, set(), set()), invented(2030, rest, work)])
        text = (
            "taizhang-calendar/v1\n"
            "cn/2030\nrest 2030-10-01 2030-10-02\nwork 2030-09-29\n"
            "cn/2031\nrest\nwork\n"
        )
        assert calendar.digest([2031, 2030, 2030]) == sha256(text.encode()).hexdigest()

    def test_pins_name_each_year(self) -> None:
        """A pin names country, year and the hash of that year's file, in order."""
        calendar = WorkCalendar.of("cn", [invented(year, set(), set()) for year in (2032, 2031)])
        pin = calendar.pin((2032, 2031, 2032))
        assert list(pin.items()) == [("cn/2031", "2031"), ("cn/2032", "2032")]

    @given(some_missing_years, invented_year(2027))
    def test_later_year_changes_no_pin(self, years: set[int], coming: YearCalendar) -> None:
        """Publishing another year leaves every digest and pin as it was."""
        later = WorkCalendar.of("cn", [*map(CHINA.read, CHINA.years), coming])
        assert later.digest(years) == CHINA.digest(years)
        assert later.pin(years) == CHINA.pin(years)

    def test_moved_day_changes_digest(self) -> None:
        """The digest tells two calendars apart by a single day."""
        digests = {
            WorkCalendar.of("cn", [invented(2030, rest, set())]).digest([2030])
            for rest in ({day("2030-10-01")}, {day("2030-10-02")}, set())
        }
        assert len(digests) == 3

    def test_unpublished_year_has_none(self) -> None:
        """There is no digest and no pin of a year that is not published."""
        with pytest.raises(NotFoundError, match="no calendar of 2027"):
            CHINA.digest([2026, 2027])
        with pytest.raises(NotFoundError, match="no calendar of 2003"):
            CHINA.pin([2003])
