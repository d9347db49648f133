"""Filing forms as data, and the checks of a filing against its form.

A form is a file beside this one, such as `hechuan_2021.yaml`: figures with unit and step, tables
with columns and codes, sums, windows and counts, each rule with the note it comes from. Another
form is another file; `docs/hechuan-form.md` shows this one as a page.
"""

from policies.forms.filing import (
    check_filing,
    form_assessments,
    form_findings,
    form_of,
    reporting_year,
)
from policies.forms.loading import load_form, parse_form
from policies.forms.model import Column, Count, Form, Indicator, Relation, Table, Window

__all__ = [
    "Column",
    "Count",
    "Form",
    "Indicator",
    "Relation",
    "Table",
    "Window",
    "check_filing",
    "form_assessments",
    "form_findings",
    "form_of",
    "load_form",
    "parse_form",
    "reporting_year",
]
