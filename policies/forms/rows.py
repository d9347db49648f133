"""The rows of a form's tables: read as filed, and what has to hold of each cell.

One finding speaks of all rows with the same defect. It names their numbers, counted from 1, and
what stands in them, except in a column that is personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from policies.forms.figures import as_text
from policies.forms.model import Column, Form, Table, Window
from policies.forms.spans import span_of, years_to
from policies.outcome import Assessment

__all__ = ["FiledTable", "Row", "check_cells", "check_shapes", "check_windows", "number_of", "read"]

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?\Z")
_SHOWN = 10
_WIDTH = 40


class Row(msgspec.Struct, frozen=True):
    """A row and its place in the table; `cells` is None where it cannot be read at all."""

    number: int
    cells: dict[str, str] | None


class FiledTable(msgspec.Struct, frozen=True):
    """A table that was filed."""

    key: str
    rows: tuple[Row, ...]
    unknown_columns: tuple[str, ...] = ()


def read(form: Form, tables: Mapping[str, Any]) -> dict[str, FiledTable]:
    """The tables of the form that were filed, as lists of rows; what is none is left out."""
    return {
        key: _filed(key, form.tables[key], raw)
        for key, raw in sorted(tables.items())
        if key in form.tables and isinstance(raw, list | tuple)
    }


def check_shapes(
    form: Form, tables: Mapping[str, Any], filed: Mapping[str, FiledTable]
) -> Iterator[Assessment]:
    """Every table filed: does the form have it, with these columns, in rows."""
    for key, raw in sorted(tables.items()):
        values: dict[str, Any] = {"check": f"table{key}", "table": key}
        if key not in form.tables:
            yield Assessment(False, "form_table_unknown", values)
        elif key not in filed:
            if raw is not None:
                yield Assessment(False, "form_no_rows", values)
        else:
            yield from _row_shapes(filed[key], values)


def check_cells(form: Form, filed: Mapping[str, FiledTable]) -> Iterator[Assessment]:
    """Every column that holds a code, a date or a number: is each cell written as it should be."""
    for key, table in filed.items():
        for name, column in form.tables[key].columns.items():
            if column.detail_of is not None:
                yield _details(form.tables[key], table, name, column)
            elif column.kind != "text":
                yield from _cells(table, name, column)


def check_windows(
    form: Form, filed: Mapping[str, FiledTable], reporting_year: int
) -> Iterator[Assessment]:
    """Every dated column with a window: does each date that can be read lie inside it."""
    for name, window in form.windows.items():
        if window.table in filed:
            column = form.tables[window.table].columns[window.column]
            yield _window(filed[window.table], name, window, column, reporting_year)


def number_of(text: str) -> Decimal | None:
    """The number in a cell; None where there is none, or it is negative."""
    return Decimal(text) if _NUMBER.match(text) else None


def _filed(key: str, table: Table, raw: list[Any] | tuple[Any, ...]) -> FiledTable:
    rows = tuple(Row(number, _texts(row)) for number, row in enumerate(raw, 1))
    found = {name for row in rows for name in row.cells or ()}
    return FiledTable(key, rows, tuple(sorted(found - set(table.columns))))


def _texts(row: Any) -> dict[str, str] | None:
    """The cells that are not empty, as text: the same for a number as for its digits."""
    if not isinstance(row, dict):
        return None
    return {name: text for name, cell in row.items() if (text := _text(cell))}


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell if cell.strip() else ""
    if isinstance(cell, Decimal):
        return as_text(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return "" if cell is None else "…"  # a list, a mapping, true or false: no cell of a form


def _row_shapes(table: FiledTable, values: dict[str, Any]) -> Iterator[Assessment]:
    unreadable = [row.number for row in table.rows if row.cells is None]
    if unreadable:
        yield Assessment(False, "form_row_unreadable", values | _shown(unreadable))
    if table.unknown_columns:
        columns = [name[:_WIDTH] for name in table.unknown_columns[:_SHOWN]]
        yield Assessment(False, "form_column_unknown", values | {"columns": columns})
    if not unreadable and not table.unknown_columns:
        yield Assessment(True, "form_holds", values)


def _cells(table: FiledTable, name: str, column: Column) -> Iterator[Assessment]:
    values = _values(table, name, column)
    if column.codes:
        values["codes"] = list(column.codes)
    if column.step is not None:
        values["step"] = as_text(column.step)
    is_sound = _READERS.get(column.kind, _is_dated)
    cells = [(row.number, row.cells.get(name)) for row in table.rows if row.cells is not None]
    empty = [number for number, text in cells if text is None]
    wrong = [(number, text) for number, text in cells if text and not is_sound(column, text)]
    if empty and not column.personal and not column.added:
        yield Assessment(None, "form_cell_empty", values | _shown(empty))
    if wrong:
        shown = _shown([number for number, _ in wrong])
        if not column.personal:
            shown["found"] = [text[:_WIDTH] for _, text in wrong[:_SHOWN]]
        yield Assessment(False, f"form_cell_{column.kind}", values | shown)
    if not empty and not wrong:
        yield Assessment(True, "form_holds", values)


def _details(table: Table, filed: FiledTable, name: str, column: Column) -> Assessment:
    code = column.detail_of or ""
    other = table.columns[code].other
    bare = [
        row.number
        for row in filed.rows
        if row.cells and row.cells.get(code) == other and name not in row.cells
    ]
    values = _values(filed, name, column) | {
        "of": code,
        "code": other,
        "note": table.columns[code].note,
    }
    if bare:
        return Assessment(False, "form_detail_missing", values | _shown(bare))
    return Assessment(True, "form_holds", values)


def _window(
    table: FiledTable, name: str, window: Window, column: Column, reporting_year: int
) -> Assessment:
    span = years_to(reporting_year, window.years)
    values = _values(table, window.column, column) | {
        "check": name,
        "note": window.note,
        "from": None if window.years is None else span.first.isoformat(),
        "to": span.last.isoformat(),
    }
    outside = []
    for row in table.rows:
        text = (row.cells or {}).get(window.column)
        found = span_of(column.kind, text) if text else None
        if found is not None and not found.is_inside(span):
            outside.append((row.number, text))
    if not outside:
        return Assessment(True, "form_holds", values)
    values |= _shown([number for number, _ in outside])
    values["found"] = [text for _, text in outside[:_SHOWN]]
    say = "form_after_window" if window.years is None else "form_outside_window"
    return Assessment(False, say, values)


def _values(table: FiledTable, name: str, column: Column) -> dict[str, Any]:
    return {
        "check": f"table{table.key}.{name}",
        "table": table.key,
        "column": name,
        "name": column.name,
        "note": column.note,
    }


def _shown(rows: list[int]) -> dict[str, Any]:
    """The first rows of the list, and how many there are."""
    return {"rows": rows[:_SHOWN], "count": len(rows)}


def _is_code(column: Column, text: str) -> bool:
    return text in column.codes


def _is_number(column: Column, text: str) -> bool:
    value = number_of(text)
    return value is not None and (column.step is None or value % column.step == 0)


def _is_dated(column: Column, text: str) -> bool:
    return span_of(column.kind, text) is not None


_READERS: dict[str, Callable[[Column, str], bool]] = {"code": _is_code, "number": _is_number}
