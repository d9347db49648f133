"""The working-day calendars, one data file a year: `cn/2024.yaml`.

    year: 2024
    source: 国办发明电〔2023〕7号          the notice or notices the days come from
    note: …                              optional
    rest:                                Monday to Friday, off
      - 2024-01-01
    work:                                Saturday or Sunday, worked
      - 2024-02-04

A file holds the days from 29 December of the year before to 28 December (see
`policies.legal_time`). It is read when a day of its year is first asked for. Rulings pin the
bytes of the files they used, so a published file is never edited, except when the State
Council changes its own notice during the year; older rulings then show the older pin.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ledger.errors import MalformedError, NotFoundError
from policies.legal_time import WorkCalendar, YearCalendar, calendar_year_of

if TYPE_CHECKING:
    from yaml import Node

__all__ = ["load_calendar", "parse_calendar"]

_COUNTRY = re.compile(r"[a-z]{2}")
_FILE_NAME = re.compile(r"([0-9]{4})\.yaml")
_REQUIRED = ("year", "source", "rest", "work")
_OPTIONAL = ("note",)
_SATURDAY = 5


def load_calendar(country: str = "cn") -> WorkCalendar:
    """The calendars shipped for `country`; a year's file is parsed on first use."""
    # Imported here: it costs 10 ms, and most commands need no calendar.
    from importlib.resources import files

    folder = files(__name__).joinpath(country)
    if not _COUNTRY.fullmatch(country) or not folder.is_dir():
        raise NotFoundError("no calendar for country {country!r}", country=country)
    names = (_FILE_NAME.fullmatch(each.name) for each in folder.iterdir())
    years = tuple(sorted(int(each[1]) for each in names if each))

    @cache
    def read(calendar_year: int) -> YearCalendar:
        name = f"{calendar_year}.yaml"
        data = folder.joinpath(name).read_bytes()
        return parse_calendar(data, calendar_year, file=f"{country}/{name}")

    return WorkCalendar(country, years, read)


def parse_calendar(data: bytes, calendar_year: int, *, file: str) -> YearCalendar:
    """The calendar of `calendar_year` from its YAML; MalformedError names `file` and line."""
    fields = _fields(_document(data, file), file)
    year = _text(fields["year"], file)
    if year != str(calendar_year):
        raise _defect(file, fields["year"], "the year is {found!r}", found=year)
    _text(fields["source"], file)
    if "note" in fields:
        _text(fields["note"], file)
    return YearCalendar(
        calendar_year,
        rest=_days(fields["rest"], calendar_year, file=file, weekend=False),
        work=_days(fields["work"], calendar_year, file=file, weekend=True),
        sha256=sha256(data).hexdigest(),
    )


def _document(data: bytes, file: str) -> Node:
    # Imported where it is used: it costs 40 ms, and most commands need no calendar.
    import yaml

    # Nodes, not values: they keep the line and every key, and no text turns into a number or date.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node: Node | None = yaml.compose(data, Loader=loader)
    except yaml.YAMLError as error:
        raise MalformedError("{file}: no valid YAML: {error}", file=file, error=error) from error
    if node is None:
        raise MalformedError("{file}: empty", file=file)
    return node


def _fields(document: Node, file: str) -> dict[str, Node]:
    from yaml import MappingNode

    if not isinstance(document, MappingNode):
        raise _defect(file, document, "a calendar is a mapping of fields")
    fields: dict[str, Node] = {}
    for key, value in document.value:
        name = _text(key, file)
        if name in fields:
            raise _defect(file, key, "{name!r} stands twice", name=name)
        if name not in _REQUIRED and name not in _OPTIONAL:
            raise _defect(file, key, "{name!r} is no field of a calendar", name=name)
        fields[name] = value
    for name in _REQUIRED:
        if name not in fields:
            raise _defect(file, document, "{name!r} is missing", name=name)
    return fields


def _days(node: Node, calendar_year: int, *, file: str, weekend: bool) -> frozenset[date]:
    from yaml import SequenceNode

    if not isinstance(node, SequenceNode):
        raise _defect(file, node, "a list of dates is wanted")
    days: list[date] = []
    for item in node.value:
        day = _date(item, file)
        if calendar_year_of(day) != calendar_year:
            raise _defect(file, item, "{day} is in the calendar of another year", day=day)
        if (day.weekday() >= _SATURDAY) is not weekend:
            raise _defect(file, item, "{day} is {day:%A}; it needs no entry here", day=day)
        if days and day <= days[-1]:
            raise _defect(file, item, "{day} is out of order or stands twice", day=day)
        days.append(day)
    return frozenset(days)


def _date(node: Node, file: str) -> date:
    text = _text(node, file)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # fromisoformat also takes 20240101, 2024-W01-1
        raise _defect(file, node, "{text!r} is no date such as 2024-01-31", text=text)
    return day


def _text(node: Node, file: str) -> str:
    from yaml import ScalarNode

    if not isinstance(node, ScalarNode) or not node.value:
        raise _defect(file, node, "a text is wanted")
    return str(node.value)


def _defect(file: str, node: Node, message: str, /, **values: Any) -> MalformedError:
    line = node.start_mark.line + 1
    return MalformedError("{file}, line {line}: " + message, file=file, line=line, **values)
