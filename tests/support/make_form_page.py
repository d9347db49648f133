"""Make docs/hechuan-form.md, the data dictionary of the form, from the form's own file.

python tests/support/make_form_page.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from policies.forms import Column, Count, Form, Indicator, Window, load_form

__all__ = ["PAGE", "SOURCE", "page"]

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "policies" / "forms" / "hechuan_2021.yaml"
PAGE = ROOT / "docs" / "hechuan-form.md"

PERIODS = {
    "year": "R",
    "year_before": "R - 1",
    "year_end": "end of R",
    "two_years": "R - 1, R",
    "three_years": "R - 2 to R",
}
KINDS = {
    "text": "text",
    "code": "code",
    "number": "number",
    "year": "YYYY",
    "month": "YYYYMM",
    "months": "YYYYMM-YYYYMM",
    "day": "YYYYMMDD",
    "date": "YYYYMMDD or YYYY-MM-DD",
}

INTRODUCTION = """\
# The form of 合川

<!-- Made by tests/support/make_form_page.py from policies/forms/hechuan_2021.yaml. -->

{title}, {part} of {document}: 37 figures and eight tables that an
enterprise files with an application or an evaluation. The figures are the `indicators` of
`ApplicationSubmitted` and `EvaluationSubmitted`, the tables the `tables` of `EvaluationSubmitted`:

```json
{{"type": "EvaluationSubmitted", "on": "2023-05-10",
 "center": "hechuan/91500117MA1000017Y", "round": "hechuan:evaluation:2023",
 "indicators": {{"h7": "1200.50", "h8": 900, "h9": 200, "h31": 1, "h32": 1}},
 "tables": {{"4": [{{"title": "一种阀门", "patent_type": 1, "applied_on": "20220301"}}]}}}}
```

R is the reporting year: the `reporting_year` of the round's notice, else the year before the
round's. A check never refuses a filing; what is wrong or left open is recorded with it as a finding
`form_check` that names the note ([why](decisions/0007-form-checks-are-findings.md)). A figure that
is not filed is not 0: checks that need it stay undetermined, and say so only where a table was
filed that it goes with.

A note with a number is an explanation under the figures; 表4-2 is the second instruction under
table 4. The meanings are in our own words; the form's own text is authoritative.
"""

PRIVACY = """\
## Tables

Rows are mappings with the column names below; a column may be left out. Names, telephone numbers
and birth months belong to persons (marked *personal*). What stands in `tables` is public for good;
give such values in `private` instead, where they can be erased, and leave the column out. No
finding repeats them.
"""


def page(form: Form) -> str:
    """The page, complete."""
    parts = [
        INTRODUCTION.format(title=form.title, part=form.part, document=form.document),
        "## Figures\n",
        _table(
            ("", "figure", "unit", "period", "kind", "note", "meaning"),
            ((name, *_figure(i)) for name, i in form.indicators.items()),
        ),
        "## Sums\n",
        _table(("check", "holds", "note", "rule"), _relations(form)),
        PRIVACY,
        *_tables(form),
        "## Misprints and gaps of the form\n",
        _list(form.errata),
        "## What no check can see\n",
        _list(form.unchecked),
    ]
    return "\n".join(parts)


def _figure(indicator: Indicator) -> tuple[str, ...]:
    kind = "whole" if indicator.counts == "whole" else "decimal"
    if indicator.step is not None:
        kind = f"steps of {indicator.step}"
    if indicator.may_be_negative:
        kind += ", may be negative"
    return (
        f"{indicator.name}<br>{indicator.english}",
        indicator.unit,
        PERIODS[indicator.period],
        kind,
        indicator.note or "",
        indicator.meaning,
    )


def _relations(form: Form) -> Iterator[tuple[str, ...]]:
    for name, relation in form.relations.items():
        holds = f"{' + '.join(relation.left)} ≥ {' + '.join(relation.right)}"
        if relation.reading:
            holds += f"; `{relation.reading}` = eq reads ="
        if not relation.certain:
            holds += "; a doubt only, projects of earlier years may account for it"
        yield f"`{name}`", holds, relation.note, relation.rule


def _tables(form: Form) -> Iterator[str]:
    for key, table in form.tables.items():
        yield f"### {key} {table.name}\n\n{table.english[0].upper()}{table.english[1:]}.\n"
        columns = ((f"`{name}`", *_column(c)) for name, c in table.columns.items())
        yield _table(("column", "on the form", "holds", "note"), columns)
        checks = [
            *(_window(name, w) for name, w in form.windows.items() if w.table == key),
            *(_count(name, c) for name, c in form.counts.items() if c.table == key),
        ]
        yield _table(("check", "holds", "note", "rule"), checks)


def _column(column: Column) -> tuple[str, ...]:
    holds = KINDS[column.kind]
    if column.codes:
        holds = " · ".join(f"{code} {meaning}" for code, meaning in column.codes.items())
    if column.step is not None:
        holds += f" in steps of {column.step}"
    if column.detail_of:
        holds += f", where `{column.detail_of}` is another kind"
    if column.personal:
        holds += ", *personal*"
    name = f"{column.name} (not on the form)" if column.added else column.name
    return name, holds, column.note or ""


def _window(name: str, window: Window) -> tuple[str, ...]:
    period = {None: "not after the end of R", 1: "inside R", 2: "inside R - 1 to R"}
    holds = period.get(window.years, f"inside R - {(window.years or 1) - 1} to R")
    return f"`{name}`", f"`{window.column}` lies {holds}", window.note, window.rule


def _count(name: str, count: Count) -> tuple[str, ...]:
    rows = f"total of `{count.total_of}`" if count.total_of else "rows"
    for column, codes in count.where.items():
        rows += f" with `{column}` {', '.join(codes)}"
    if count.valid_in:
        rows += f" whose `{count.valid_in}` covers R; open where it covers a part"
        return f"`{name}`", f"{' + '.join(count.figures)} = {rows}", count.note, count.rule
    sign = "=" if count.agree == "equal" else "≤"
    return f"`{name}`", f"{rows} {sign} {' + '.join(count.figures)}", count.note, count.rule


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _list(items: dict[str, str]) -> str:
    return "".join(f"- {place}: {text}\n" for place, text in items.items())


if __name__ == "__main__":
    PAGE.write_text(page(load_form("hechuan_2021")), encoding="utf-8")
