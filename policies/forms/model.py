"""A filing form as data: its numbered figures, its tables, and what has to hold between them.

Every rule stands beside the note of the form it comes from: `note: "24"` is the explanation with
that number, `note: 表4-2` the second instruction under table 4. Nothing in here decides anything.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = ["Column", "Count", "Form", "Indicator", "Kind", "Relation", "Table", "Window"]

Kind = Literal["text", "code", "number", "year", "month", "months", "day", "date"]
"""What a cell holds: `month` is YYYYMM, `months` YYYYMM-YYYYMM, `day` YYYYMMDD and nothing else,
`date` a day the form prescribes no code for: YYYYMMDD or YYYY-MM-DD."""

Period = Literal["year", "year_before", "year_end", "two_years", "three_years"]
"""What time a figure speaks of, counted from the reporting year."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Indicator(_Section, frozen=True, kw_only=True):
    """A figure of the form, such as `h25`; `step` is its smallest unit where there is one."""

    name: str
    english: str
    unit: str
    meaning: str
    note: str | None = None
    counts: Literal["whole", "decimal"] = "decimal"
    step: Decimal | None = None
    may_be_negative: bool = False
    period: Period = "year"


class Relation(_Section, frozen=True, kw_only=True):
    """The sum of `left` is at least the sum of `right`; only a doubt where it is not `certain`.

    `reading` is the interpretation that may turn "at least" into "equal".
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    note: str
    rule: str
    certain: bool = True
    reading: str | None = None


class Column(_Section, frozen=True, kw_only=True):
    """A column of a table.

    `other` is the code that has to be explained, in the column that is `detail_of` this one. A
    `personal` column may be filed as a private value instead; an `added` one is not on the form.
    """

    name: str
    kind: Kind = "text"
    codes: dict[str, str] = {}
    other: str | None = None
    detail_of: str | None = None
    step: Decimal | None = None
    personal: bool = False
    added: bool = False
    note: str | None = None


class Table(_Section, frozen=True, kw_only=True):
    """A table that goes with the form, one row an item."""

    name: str
    english: str
    columns: dict[str, Column]


class Window(_Section, frozen=True, kw_only=True):
    """The cells of a column lie in the `years` calendar years that end with the reporting year, or
    at any time up to its end."""

    table: str
    column: str
    note: str
    rule: str
    years: int | None = None


class Count(_Section, frozen=True, kw_only=True):
    """The rows of a table that count agree with the sum of `figures`.

    `where` keeps the rows with one of the codes, `valid_in` those whose months cover the reporting
    year; `total_of` adds up a column instead of counting. `at_most`: the figure may be larger.
    """

    table: str
    figures: tuple[str, ...]
    note: str
    rule: str
    agree: Literal["equal", "at_most"] = "equal"
    where: dict[str, tuple[str, ...]] = {}
    valid_in: str | None = None
    total_of: str | None = None


class Form(_Section, frozen=True, kw_only=True):
    """A form, complete; `unchecked` says what it asks for and no figure or cell can show."""

    form: str
    title: str
    document: str
    part: str
    indicators: dict[str, Indicator]
    relations: dict[str, Relation]
    tables: dict[str, Table]
    windows: dict[str, Window]
    counts: dict[str, Count]
    errata: dict[str, str] = {}
    unchecked: dict[str, str] = {}
    sha256: str = ""
