"""A filing against its form: every check the form knows, with article and note.

A form check never refuses anything. What is wrong is said of the filing; what is not filed is
undetermined, and said only where a table was filed that it has to agree with.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ledger.entries import ApplicationSubmitted, EvaluationSubmitted
from ledger.errors import MalformedError
from ledger.identity import parse_round
from ledger.ruling import Cite, Finding
from policies.case import Case
from policies.edition import FormRules
from policies.forms.counts import check_counts
from policies.forms.figures import Sums, check_figures, check_relations
from policies.forms.loading import load_form
from policies.forms.model import Form
from policies.forms.rows import check_cells, check_shapes, check_windows, read
from policies.outcome import Assessment, as_finding

__all__ = ["check_filing", "form_assessments", "form_findings", "form_of", "reporting_year"]

CODE = "form_check"
"""The code of every finding of this room (contract, section 3)."""


def form_findings(case: Case, entry: ApplicationSubmitted | EvaluationSubmitted) -> list[Finding]:
    """What the edition's form says against the filing, or leaves open; empty without a form."""
    return [as_finding(found, CODE) for found in form_assessments(case, entry) if _is_told(found)]


def form_assessments(
    case: Case, entry: ApplicationSubmitted | EvaluationSubmitted
) -> list[Assessment]:
    """Every check of the edition's form with its answer, held or not; notes the readings used."""
    rules = case.edition.form
    if rules is None:
        return []
    form = form_of(rules)
    figures = {k: v for k, v in (entry.indicators or {}).items() if k in form.indicators}
    tables: dict[str, Any] = getattr(entry, "tables", None) or {}
    if not figures and not tables:
        return []
    case.reads(rules.reads)
    is_application = isinstance(entry, ApplicationSubmitted)
    cite = case.cite(rules.application_article if is_application else rules.evaluation_article)
    found = check_filing(
        form,
        figures,
        tables,
        reporting_year=reporting_year(case, entry.round),
        sums=rules.relations,
    )
    return [_cited(case, form, each, cite) for each in found]


def check_filing(
    form: Form,
    figures: Mapping[str, Decimal],
    tables: Mapping[str, Any],
    *,
    reporting_year: int,
    sums: Sums,
) -> list[Assessment]:
    """Every check of the form, in the order of the form; without citation."""
    filed = read(form, tables)
    return [
        *check_figures(form, figures),
        *check_relations(form, figures, sums),
        *check_shapes(form, tables, filed),
        *check_cells(form, filed),
        *check_windows(form, filed, reporting_year),
        *check_counts(form, figures, filed, reporting_year),
    ]


def form_of(rules: FormRules) -> Form:
    """The edition's form; MalformedError where its file is not the one the edition was made for."""
    form = load_form(rules.name)
    if form.sha256 != rules.sha256:
        raise MalformedError(
            "the form {form!r} has the hash {found}, and the edition names {wanted}",
            form=rules.name,
            found=form.sha256,
            wanted=rules.sha256,
        )
    return form


def reporting_year(case: Case, round_id: str) -> int:
    """The year the figures speak of: what the notice says, else the year before the round's own.

    Note 1 of the form; interpretation hc.form.year.
    """
    stated = case.round.reporting_year if case.round is not None else None
    if stated is not None:
        return stated
    year = parse_round(round_id).year
    form = case.edition.form
    return year if form is not None and form.reporting_year == "filing_year" else year - 1


def _is_told(found: Assessment) -> bool:
    if found.result is None:
        return found.say != "form_figure_missing"
    return found.result is False


def _cited(case: Case, form: Form, found: Assessment, cite: Cite) -> Assessment:
    relation = form.relations.get(found.values["check"])
    key = relation.reading if relation is not None else None
    return replace(found, cite=cite, interpretation=case.reading([key]) if key else None)
