"""Load and check a form's file: strict YAML, a typed model, and every reference resolved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import chain

import msgspec

from ledger.errors import MalformedError
from policies.forms.model import Column, Form, Table
from policies.strict_yaml import read_mapping

__all__ = ["load_form", "parse_form"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_DATED = frozenset({"year", "month", "day", "date"})


@lru_cache(maxsize=64)
def load_form(name: str) -> Form:
    """The form that ships under the name; MalformedError where there is none or it is defective."""
    path = files(__package__) / f"{name}.yaml"
    if not _NAME.match(name) or not path.is_file():
        raise MalformedError("there is no form {form!r}", form=name)
    form = parse_form(path.read_bytes(), source=f"{name}.yaml")
    if form.form != name:
        raise MalformedError(
            "{source}: the file holds the form {form!r}", source=name, form=form.form
        )
    return form


def parse_form(data: bytes, *, source: str) -> Form:
    """The form in a YAML file; MalformedError names the source, the place and the defect."""
    tree = read_mapping(data, source)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        form = msgspec.convert({**tree, "sha256": sha256}, Form, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedError("{source}: {error}", source=source, error=str(error)) from None
    for place, defect in _defects(form):
        raise MalformedError(
            "{source}: {place}: {defect}", source=source, place=place, defect=defect
        )
    return form


def _defects(form: Form) -> Iterator[tuple[str, str]]:
    yield from _doubled_ids(form)
    yield from _step_defects(form)
    yield from _figure_references(form)
    for key, table in form.tables.items():
        yield from _column_defects(f"tables/{key}/columns", table)
    yield from _window_defects(form)
    yield from _count_defects(form)


def _doubled_ids(form: Form) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for place in ("indicators", "relations", "windows", "counts"):
        for name in getattr(form, place):
            if name in seen:
                yield f"{place}/{name}", "another check has this name"
            seen.add(name)


def _step_defects(form: Form) -> Iterator[tuple[str, str]]:
    for name, figure in form.indicators.items():
        if figure.step is not None and figure.step <= 0:
            yield f"indicators/{name}/step", f"a step is more than 0, not {figure.step}"
        if figure.step is not None and figure.counts == "whole":
            yield f"indicators/{name}", "a figure counts whole numbers or has a step, not both"


def _figure_references(form: Form) -> Iterator[tuple[str, str]]:
    named: Iterable[tuple[str, tuple[str, ...]]] = chain(
        ((f"relations/{name}/left", r.left) for name, r in form.relations.items()),
        ((f"relations/{name}/right", r.right) for name, r in form.relations.items()),
        ((f"counts/{name}/figures", c.figures) for name, c in form.counts.items()),
    )
    for place, figures in named:
        if not figures:
            yield place, "at least one figure is needed"
        yield from (
            (place, f"the form has no figure {figure!r}")
            for figure in figures
            if figure not in form.indicators
        )


def _column_defects(place: str, table: Table) -> Iterator[tuple[str, str]]:
    for name, column in table.columns.items():
        here = f"{place}/{name}"
        if (column.kind == "code") != bool(column.codes):
            yield here, "a column of codes lists them, and no other column does"
        if column.other is not None and column.other not in column.codes:
            yield here, f"{column.other!r} is not among the codes"
        if column.kind != "text" and not column.added and column.note is None:
            yield here, "a column that is checked needs the note that says how it is filled in"
        if column.step is not None and (column.kind != "number" or column.step <= 0):
            yield here, "a step belongs to a number and is more than 0"
        if column.detail_of is not None and not _is_explained(table, column):
            yield here, f"{column.detail_of!r} is no column with a code to explain"
    yield from (
        (f"{place}/{name}", "the code that has to be explained needs a column that is detail_of it")
        for name, column in table.columns.items()
        if column.other and not any(c.detail_of == name for c in table.columns.values())
    )


def _is_explained(table: Table, column: Column) -> bool:
    code = table.columns.get(column.detail_of or "")
    return code is not None and code.other is not None


def _window_defects(form: Form) -> Iterator[tuple[str, str]]:
    for name, window in form.windows.items():
        place = f"windows/{name}"
        column = _column(form, window.table, window.column)
        if column is None or column.kind not in _DATED:
            yield place, f"table {window.table} has no dated column {window.column!r}"
        if window.years is not None and window.years < 1:
            yield place, f"a window has at least one year, not {window.years}"


def _count_defects(form: Form) -> Iterator[tuple[str, str]]:
    for name, count in form.counts.items():
        place = f"counts/{name}"
        if count.table not in form.tables:
            yield place, f"the form has no table {count.table}"
            continue
        for kind, column in (("months", count.valid_in), ("number", count.total_of)):
            found = _column(form, count.table, column) if column else None
            if column and (found is None or found.kind != kind):
                yield place, f"table {count.table} has no column {column!r} of the kind {kind}"
        for column, codes in count.where.items():
            found = _column(form, count.table, column)
            known = found.codes if found else {}
            unknown = [code for code in codes if code not in known]
            if unknown or not codes:
                yield place, f"the column {column!r} of table {count.table} has no code {unknown}"


def _column(form: Form, table: str, column: str) -> Column | None:
    return form.tables[table].columns.get(column) if table in form.tables else None
