"""What has to hold of the figures themselves: sign, whole numbers, steps, and sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

from policies.forms.model import Form, Indicator, Relation
from policies.outcome import Assessment

__all__ = ["Figures", "Sums", "as_text", "check_figures", "check_relations", "total_of"]

Figures = Mapping[str, Decimal]
"""The figures filed, by their names on the form; what is not filed is not in it."""

Sums = Mapping[str, Literal["ge", "eq"]]
"""How the relations are read that may be read in two ways: at least (the default) or equal."""


def check_figures(form: Form, figures: Figures) -> Iterator[Assessment]:
    """Each figure filed: is it of the kind the form asks for."""
    for name, indicator in form.indicators.items():
        value = figures.get(name)
        if value is None:
            continue
        say = _defect(indicator, value)
        values: dict[str, Any] = {
            "check": name,
            "indicator": name,
            "name": indicator.name,
            "value": as_text(value),
            "unit": indicator.unit,
            "note": indicator.note,
        }
        if indicator.step is not None:
            values["step"] = as_text(indicator.step)
        yield Assessment(say is None, say or "form_holds", values)


def check_relations(form: Form, figures: Figures, sums: Sums) -> Iterator[Assessment]:
    """Each sum: does the whole reach its parts, or undetermined where a figure is not filed."""
    for name, relation in form.relations.items():
        values: dict[str, Any] = {"check": name, "note": relation.note}
        missing = [f for f in (*relation.left, *relation.right) if f not in figures]
        if missing:
            yield Assessment(None, "form_figure_missing", values | {"missing": missing})
            continue
        left, right = total_of(relation.left, figures), total_of(relation.right, figures)
        values |= {
            "left": " + ".join(relation.left),
            "left_value": as_text(left),
            "right": " + ".join(relation.right),
            "right_value": as_text(right),
        }
        yield _related(relation, left, right, equal=sums.get(name) == "eq", values=values)


def total_of(names: Iterable[str], figures: Figures) -> Decimal:
    """The sum of the named figures, all of which are filed."""
    return sum((figures[name] for name in names), Decimal(0))


def as_text(value: Decimal) -> str:
    """The number in plain digits, never with an exponent."""
    return format(value, "f")


def _defect(indicator: Indicator, value: Decimal) -> str | None:
    if value < 0 and not indicator.may_be_negative:
        return "form_negative"
    if indicator.counts == "whole" and value != value.to_integral_value():
        return "form_not_whole"
    if indicator.step is not None and value % indicator.step != 0:
        return "form_not_a_step"
    return None


def _related(
    relation: Relation, left: Decimal, right: Decimal, *, equal: bool, values: dict[str, Any]
) -> Assessment:
    if left < right and not relation.certain:
        return Assessment(None, "form_parts_doubtful", values)
    if equal and left != right:
        return Assessment(False, "form_parts_differ", values)
    if left < right:
        return Assessment(False, "form_parts_exceed", values)
    return Assessment(True, "form_holds", values)
