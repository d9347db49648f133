"""A scoring table as data: what is scored, in which unit, and how a figure becomes points.

Three shapes: `linear`, a line through two thresholds; `steps`, points for the highest step reached;
`experts`, points that experts give. Beside the items stand additions (`bonus`) and deductions
(`malus`), both in steps. A table says how many points its items come to, which need not be 100.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = [
    "AnyItem",
    "Derived",
    "Experts",
    "Linear",
    "Sources",
    "Step",
    "Steps",
    "Table",
    "Unit",
]

Unit = Literal["%", "fraction", "万元", "万元/人", "人", "人月", "项", "分"]
"""What a figure is measured in; 12 % and the fraction 0.12 are the same figure in two units."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Linear(_Section, frozen=True, kw_only=True, tag_field="shape", tag="linear"):
    """Six tenths of the weight on the way to `basic`, the rest on the way to `full`.

    `flagged` says why a table is kept although its thresholds give points to everybody.
    """

    name: str
    unit: Unit
    weight: Decimal
    basic: Decimal
    full: Decimal
    flagged: str | None = None


class Step(_Section, frozen=True, kw_only=True):
    """The points of a figure that reaches `at_least`, and not the next step."""

    at_least: Decimal
    points: Decimal


class Steps(_Section, frozen=True, kw_only=True, tag_field="shape", tag="steps"):
    """Points for the highest step reached, none below the first."""

    name: str
    unit: Unit
    steps: tuple[Step, ...]
    flagged: str | None = None


class Experts(_Section, frozen=True, kw_only=True, tag_field="shape", tag="experts"):
    """Points that experts give, up to `most`."""

    name: str
    most: Decimal
    unit: Literal["分"] = "分"


AnyItem = Linear | Steps | Experts


class Table(_Section, frozen=True, kw_only=True):
    """A published scoring table; `open_parts` are parts of it whose points are not at hand: name →
    what it is."""

    table: str
    title: str
    source: str
    full: Decimal
    items: dict[str, AnyItem]
    bonus: dict[str, Steps] = {}
    malus: dict[str, Steps] = {}
    open_parts: dict[str, str] = {}
    sha256: str = ""


class Derived(_Section, frozen=True, kw_only=True):
    """A figure from a form: the sum of `of`, divided by the sum of `by` where there is one.

    A quotient in `%` is a hundred times the fraction. `approximate` says how what the form counts
    differs from what tables score.
    """

    of: tuple[str, ...]
    unit: Unit
    by: tuple[str, ...] = ()
    approximate: str | None = None


class Sources(_Section, frozen=True, kw_only=True):
    """Where the figures that tables score are found on a form, and why some are not."""

    form: str
    figures: dict[str, Derived]
    absent: dict[str, str]
