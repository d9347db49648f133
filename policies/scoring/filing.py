"""The figures a table scores, each with its unit and where it was taken from.

A figure that is missing, or whose divisor is not more than 0, has no value and says why. It is
never taken to be 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ledger.errors import MalformedError
from policies.outcome import Assessment
from policies.scoring.loading import load_sources
from policies.scoring.model import Derived, Unit

__all__ = ["Figure", "Filing", "as_stated", "from_form", "in_unit"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: `value` is None where it is undetermined, and `why` then says so."""

    value: Fraction | None
    unit: Unit
    why: Assessment | None = None
    taken_from: tuple[str, ...] = ()
    approximate: str | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """All figures at hand; `absent` says of others why the form cannot give them."""

    source: str
    figures: Mapping[str, Figure]
    absent: Mapping[str, str]


def from_form(indicators: Mapping[str, Decimal], *, form: str = "hechuan_2021") -> Filing:
    """The figures that a filing on the form can give; MalformedError for an unknown form."""
    sources = load_sources(form)
    figures = {name: _derived(derived, indicators) for name, derived in sources.figures.items()}
    return Filing(form, figures, sources.absent)


def as_stated(figures: Mapping[str, tuple[Decimal, Unit]], *, source: str) -> Filing:
    """Figures as somebody states them, each with its unit."""
    stated = {name: Figure(Fraction(value), unit) for name, (value, unit) in figures.items()}
    return Filing(source, stated, {})


def in_unit(name: str, figure: Figure, wanted: Unit) -> Fraction | None:
    """The figure in the unit asked for: a share can be turned into per cent, nothing else."""
    value = figure.value
    if value is None or figure.unit == wanted:
        return value
    if (figure.unit, wanted) == ("fraction", "%"):
        return value * 100
    if (figure.unit, wanted) == ("%", "fraction"):
        return value / 100
    raise MalformedError(
        "{figure} is measured in {unit}, and the table scores it in {wanted}",
        figure=name,
        unit=figure.unit,
        wanted=wanted,
    )


def _derived(derived: Derived, indicators: Mapping[str, Decimal]) -> Figure:
    named = (*derived.of, *derived.by)
    missing = [name for name in named if name not in indicators]
    if missing:
        why = Assessment(None, "scored_unfiled", {"missing": missing})
        return Figure(None, derived.unit, why, named, derived.approximate)
    value = _sum(derived.of, indicators)
    if derived.by:
        divisor = _sum(derived.by, indicators)
        if divisor <= 0:
            shown = {"divisor": " + ".join(derived.by), "value": _text(divisor)}
            why = Assessment(None, "scored_no_divisor", shown)
            return Figure(None, derived.unit, why, named, derived.approximate)
        value = value / divisor * (100 if derived.unit == "%" else 1)
    return Figure(value, derived.unit, None, named, derived.approximate)


def _sum(names: tuple[str, ...], indicators: Mapping[str, Decimal]) -> Fraction:
    return sum((Fraction(indicators[name]) for name in names), Fraction(0))


def _text(value: Fraction) -> str:
    return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
