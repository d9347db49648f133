"""Grade bands: whether they give every score exactly one grade."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from policies.edition import Grade
from policies.shape import Defect

__all__ = ["band_defects"]


def band_defects(grades: Sequence[Grade], *, place: str = "evaluation/grades") -> list[Defect]:
    """Why the bands do not give every score exactly one grade; empty when they do.

    A gap or overlap is named by the numbers in it and by the two grades at its ends.
    """
    ordered = sorted(grades, key=lambda g: (g.low is not None, g.low or Decimal(0)))
    defects = []
    if not ordered or ordered[0].low is not None:
        said = "no grade covers the lowest scores: the lowest band needs an open lower end"
        defects.append(Defect(said, place=place))
    if not ordered or ordered[-1].high is not None:
        said = "no grade covers the highest scores: the highest band needs an open upper end"
        defects.append(Defect(said, place=place))
    for grade in ordered:
        if _is_empty(grade):
            said = "{word} covers no score: its bounds leave nothing between them"
            defects.append(Defect(said, place=place, word=grade.word))
    for lower, upper in pairwise(ordered):
        defects += _between(lower, upper, place)
    return defects


def _is_empty(grade: Grade) -> bool:
    if grade.low is None or grade.high is None:
        return False
    is_closed = grade.low_included and grade.high_included
    return grade.low > grade.high or (grade.low == grade.high and not is_closed)


def _between(lower: Grade, upper: Grade, place: str) -> list[Defect]:
    names: dict[str, Any] = {"lower": lower.word, "upper": upper.word}
    if lower.high is None or upper.low is None:
        return [Defect("{lower} and {upper} overlap: both are unbounded", place=place, **names)]
    if lower.high < upper.low:
        left, right = "(" if lower.high_included else "[", ")" if upper.low_included else "]"
        gap = f"{left}{lower.high}, {upper.low}{right}"
        return [Defect("gap {gap} between {lower} and {upper}", place=place, gap=gap, **names)]
    if lower.high > upper.low or (lower.high_included and upper.low_included):
        said = "{lower} and {upper} overlap at {score}"
        return [Defect(said, place=place, score=str(upper.low), **names)]
    if not lower.high_included and not upper.low_included:
        said = "gap at {score} between {lower} and {upper}"
        return [Defect(said, place=place, score=str(upper.low), **names)]
    return []
