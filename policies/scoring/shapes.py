"""How one figure becomes points. For the value n, weight w, basic b and full f of a `linear` item:

    w                                  n ≥ f
    0                                  n ≤ 0
    0.6·w·n/b                          0 < n ≤ b
    0.6·w + 0.4·w·(n-b)/(f-b)          b < n < f

asked in this order, so that b = 0 divides by nothing. Points never fall while a figure rises,
except deductions. Fractions are exact; rounding comes once, in `policies.scoring.score`.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ledger.errors import MalformedError
from policies.scoring.model import AnyItem, Experts, Linear, Steps

__all__ = ["Points", "bounds", "points_of"]

_TO_BASIC = Fraction(6, 10)


class Points(NamedTuple):
    """What a figure earns, the sentence that says it, and what the sentence names."""

    points: Fraction
    say: str
    values: dict[str, str]


def points_of(item: AnyItem, value: Fraction) -> Points:
    """The points of a known figure; MalformedError for experts' points outside their range."""
    match item:
        case Linear():
            return _linear(item, value)
        case Steps():
            return _steps(item, value)
        case Experts():
            return _experts(item, value)


def bounds(item: AnyItem) -> tuple[Decimal, Decimal]:
    """The fewest and the most points any figure can earn."""
    match item:
        case Linear():
            return Decimal(0), item.weight
        case Steps():
            last = item.steps[-1].points
            return min(Decimal(0), last), max(Decimal(0), last)
        case Experts():
            return Decimal(0), item.most


def _linear(item: Linear, value: Fraction) -> Points:
    weight, basic, full = Fraction(item.weight), Fraction(item.basic), Fraction(item.full)
    values = {"basic": _text(item.basic), "full": _text(item.full)}
    if value >= full:
        say = "scored_full" if full else "scored_without_threshold"
        return Points(weight, say, values)
    if value <= 0:
        return Points(Fraction(0), "scored_nothing", values)
    if value <= basic:
        return Points(_TO_BASIC * weight * value / basic, "scored_to_basic", values)
    above = (value - basic) / (full - basic)
    return Points(weight * (_TO_BASIC + (1 - _TO_BASIC) * above), "scored_between", values)


def _steps(item: Steps, value: Fraction) -> Points:
    reached = [step for step in item.steps if value >= Fraction(step.at_least)]
    if not reached:
        return Points(Fraction(0), "scored_no_step", {"step": _text(item.steps[0].at_least)})
    step = reached[-1]
    return Points(Fraction(step.points), "scored_step", {"step": _text(step.at_least)})


def _experts(item: Experts, value: Fraction) -> Points:
    if not 0 <= value <= Fraction(item.most):
        raise MalformedError(
            "experts give 0 to {most} points for {name}, not {value}",
            most=_text(item.most),
            name=item.name,
            value=str(value),
        )
    return Points(value, "scored_by_experts", {})


def _text(value: Decimal) -> str:
    return format(value, "f")
