"""Dates as a form writes them, each as the span of days it covers.

    span_of("month", "202303")          2023-03-01 … 2023-03-31
    span_of("months", "201410-201810")  2014-10-01 … 2018-10-31
    span_of("day", "20230301")          2023-03-01 … 2023-03-01
    span_of("year", "2023")             2023-01-01 … 2023-12-31

A text that is no such code, a month 13 or a 30 February has no span.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from policies.forms.model import Kind

__all__ = ["Span", "span_of", "years_to"]

_YEAR = re.compile(r"[0-9]{4}\Z")
_MONTH = re.compile(r"[0-9]{6}\Z")
_MONTHS = re.compile(r"[0-9]{6}-[0-9]{6}\Z")
_DAY = re.compile(r"[0-9]{8}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class Span(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date

    def is_inside(self, other: Span) -> bool:
        """Whether every day of it lies in the other."""
        return other.first <= self.first and self.last <= other.last

    def is_apart_from(self, other: Span) -> bool:
        """Whether no day of it lies in the other."""
        return self.last < other.first or other.last < self.first


def span_of(kind: Kind, text: str) -> Span | None:
    """The days a cell of the kind speaks of; None where it is not written so or is no date."""
    try:
        match kind:
            case "year" if _YEAR.match(text):
                return _year(int(text))
            case "month" if _MONTH.match(text):
                return _month(text)
            case "months" if _MONTHS.match(text):
                span = Span(_month(text[:6]).first, _month(text[7:]).last)
                return span if span.first <= span.last else None
            case "day" | "date" if _DAY.match(text):
                return _day(text)
            case "date" if _DATE.match(text):
                return _day(text.replace("-", ""))
    except ValueError:  # a year 0, a month 13, a 30 February
        return None
    return None


def years_to(reporting_year: int, years: int | None) -> Span:
    """The calendar years that end with the reporting year; all time before its end for None."""
    last = date(reporting_year, 12, 31)
    return Span(date.min if years is None else date(reporting_year - years + 1, 1, 1), last)


def _year(year: int) -> Span:
    return Span(date(year, 1, 1), date(year, 12, 31))


def _month(text: str) -> Span:
    first = date(int(text[:4]), int(text[4:]), 1)
    return Span(first, first.replace(day=monthrange(first.year, first.month)[1]))


def _day(text: str) -> Span:
    day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return Span(day, day)
