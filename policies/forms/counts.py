"""Rows against figures: as many as the figure says, or undetermined where a row cannot be told.

A row may count for certain, not count for certain, or be open: its code is missing, or its months
cover only a part of the reporting year. So the rows give a range, and a figure inside a range that
is more than one number is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from policies.forms.figures import Figures, as_text, total_of
from policies.forms.model import Count, Form, Table
from policies.forms.rows import FiledTable, Row, number_of
from policies.forms.spans import Span, span_of, years_to
from policies.outcome import Assessment, all_hold

__all__ = ["check_counts"]


class _Range(NamedTuple):
    """What the rows come to at least and at most; `high` is None where that is unknown."""

    low: Decimal
    high: Decimal | None


def check_counts(
    form: Form, figures: Figures, filed: Mapping[str, FiledTable], reporting_year: int
) -> Iterator[Assessment]:
    """Each count of a table that was filed: do rows and figure agree."""
    year = years_to(reporting_year, 1)
    for name, count in form.counts.items():
        if count.table not in filed:
            continue
        found = _counted(form.tables[count.table], count, filed[count.table], year)
        values = {
            "check": name,
            "note": count.note,
            "table": count.table,
            "figures": " + ".join(count.figures),
            "counted": _shown(found),
        }
        yield _compared(count, found, figures, values)


def _compared(count: Count, found: _Range, figures: Figures, values: dict[str, Any]) -> Assessment:
    missing = [name for name in count.figures if name not in figures]
    if missing:
        is_told = count.agree == "equal" and found.high != 0
        say = "form_rows_without_figure" if is_told else "form_figure_missing"
        return Assessment(None, say, values | {"missing": missing})
    value = total_of(count.figures, figures)
    values["value"] = as_text(value)
    result = _agrees(count, found, value)
    if result is None:
        return Assessment(None, "form_rows_open", values)
    if result:
        return Assessment(True, "form_holds", values)
    return Assessment(False, _disagreement(count), values)


def _shown(found: _Range) -> str:
    low = as_text(found.low)
    if found.high is None:
        return f"{low}-?"
    return low if found.low == found.high else f"{low}-{as_text(found.high)}"


def _agrees(count: Count, found: _Range, value: Decimal) -> bool | None:
    low, high = found
    if value < low:
        return False
    if count.agree == "at_most":
        return True if high is not None and high <= value else None
    if high is not None and value > high:
        return False
    return True if low == high else None


def _disagreement(count: Count) -> str:
    if count.agree == "at_most":
        return "form_rows_exceed"
    return "form_total_differs" if count.total_of else "form_rows_differ"


def _counted(table: Table, count: Count, filed: FiledTable, year: Span) -> _Range:
    low, high = Decimal(0), Decimal(0)
    is_open = False
    for row in filed.rows:
        counts = _row_counts(table, count, row, year)
        amount = _amount(count, row)
        if counts is False:
            continue
        if amount is None:
            is_open = True
            continue
        high += amount
        low += amount if counts else 0
    return _Range(low, None if is_open else high)


def _row_counts(table: Table, count: Count, row: Row, year: Span) -> bool | None:
    if row.cells is None:
        return None if count.where or count.valid_in or count.total_of else True
    parts = [
        _has_code(row.cells.get(column), codes, table.columns[column].codes)
        for column, codes in count.where.items()
    ]
    if count.valid_in is not None:
        parts.append(_covers(row.cells.get(count.valid_in), year))
    return all_hold(parts)


def _has_code(text: str | None, codes: tuple[str, ...], known: Mapping[str, str]) -> bool | None:
    return text in codes if text in known else None


def _covers(text: str | None, year: Span) -> bool | None:
    span = span_of("months", text) if text else None
    if span is None:
        return None
    if span.is_apart_from(year):
        return False
    return True if year.is_inside(span) else None


def _amount(count: Count, row: Row) -> Decimal | None:
    if count.total_of is None:
        return Decimal(1)
    text = (row.cells or {}).get(count.total_of)
    return number_of(text) if text else None
