"""Score a filing by a table: points for every item, or the range they may lie in.

A figure that is missing may be anything, so its item may earn its fewest to its most points. The
total is then a range and never one number; `partial` names what the known items earn. The answer
is always a what-if under a table of another place, never a score of the regulation itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from policies.outcome import Assessment
from policies.scoring.filing import Filing, in_unit
from policies.scoring.model import AnyItem, Table, Unit
from policies.scoring.shapes import bounds, points_of

__all__ = ["Contribution", "Scored", "score"]

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one item earns: from `lower` to `upper` points, the same where its figure is known.

    `figure` is the figure as scored, rounded for display; `why` says how it became points, or what
    is missing; `least` and `most` are what any figure could earn, `most` None where the table does
    not say; `flagged` a defect of the table.
    """

    item: str
    name: str
    part: str
    lower: Decimal
    upper: Decimal
    least: Decimal
    most: Decimal | None
    figure: Decimal | None
    unit: Unit
    why: Assessment
    taken_from: tuple[str, ...] = ()
    approximate: str | None = None
    flagged: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether the figure is known, and with it the points."""
        return self.figure is not None


@dataclass(frozen=True, slots=True)
class Scored:
    """A what-if score under `table`; `full` is what the table's items come to, not a limit;
    `names` says what each item or open part is."""

    table: str
    title: str
    source: str
    full: Decimal
    contributions: tuple[Contribution, ...]
    open_parts: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def lower(self) -> Decimal:
        """The fewest points in all."""
        return sum((c.lower for c in self.contributions), Decimal(0))

    @property
    def upper(self) -> Decimal | None:
        """The most points in all; None where a part of the table is not at hand."""
        if self.open_parts:
            return None
        return sum((c.upper for c in self.contributions), Decimal(0))

    @property
    def total(self) -> Decimal | None:
        """The score, only where every figure and every part of the table is known."""
        return None if self.missing or self.open_parts else self.lower

    @property
    def partial(self) -> Decimal:
        """What the known items earn; no score while anything is missing."""
        return sum((c.lower for c in self.contributions if c.is_known), Decimal(0))

    @property
    def missing(self) -> tuple[str, ...]:
        """Items whose figure is not known."""
        return tuple(c.item for c in self.contributions if not c.is_known)

    @property
    def approximate(self) -> tuple[str, ...]:
        """Items whose known figure counts something slightly different."""
        return tuple(c.item for c in self.contributions if c.is_known and c.approximate)

    @property
    def label(self) -> Assessment:
        """What has to stand beside the number, wherever it is shown."""
        values = {
            "table": self.table,
            "title": self.title,
            "full": _text(self.full),
            "lower": _text(self.lower),
            "upper": None if self.upper is None else _text(self.upper),
            "missing": [*self.missing, *self.open_parts],
            "approximate": list(self.approximate),
        }
        if self.total is not None:
            return Assessment(True, "scored_by", values | {"total": _text(self.total)})
        say = "scored_by_openly" if self.upper is None else "scored_by_partly"
        return Assessment(None, say, values)


def score(table: Table, filing: Filing) -> Scored:
    """The filing scored by the table; MalformedError for a figure in a unit that cannot be used."""
    parts: tuple[tuple[str, dict[str, AnyItem]], ...] = (
        ("items", table.items),
        ("bonus", {**table.bonus}),
        ("malus", {**table.malus}),
    )
    contributions = [
        _contribution(part, name, item, filing)
        for part, items in parts
        for name, item in items.items()
    ]
    closed = list(_closed_parts(table, filing))
    names = {name: item.name for _, items in parts for name, item in items.items()}
    return Scored(
        table.table,
        table.title,
        filing.source,
        table.full,
        (*contributions, *closed),
        tuple(name for name in table.open_parts if name not in {c.item for c in closed}),
        names | table.open_parts,
    )


def _closed_parts(table: Table, filing: Filing) -> Iterator[Contribution]:
    """Open parts of the table for which somebody states the points."""
    for name, what in table.open_parts.items():
        found = filing.figures.get(name)
        value = None if found is None else in_unit(name, found, "分")
        if value is None:
            continue
        points = _rounded(value)
        why = Assessment(True, "scored_in_open_part", {"item": name, "points": _text(points)})
        yield Contribution(
            item=name,
            name=what,
            part="open_parts",
            lower=points,
            upper=points,
            least=Decimal(0),
            most=None,
            figure=points,
            unit="分",
            why=why,
        )


def _contribution(part: str, name: str, item: AnyItem, filing: Filing) -> Contribution:
    least, most = bounds(item)
    values = {"item": name, "unit": item.unit, "least": _text(least), "most": _text(most)}
    found = filing.figures.get(name)
    value = None if found is None else in_unit(name, found, item.unit)
    if found is None or value is None:
        why = _why_unknown(name, filing, values)
        lower, upper = least, most
    else:
        earned = points_of(item, value)
        lower = upper = _rounded(earned.points)
        shown = {"value": _text(_rounded(value)), "points": _text(lower)}
        why = Assessment(True, earned.say, values | earned.values | shown)
    return Contribution(
        item=name,
        name=item.name,
        part=part,
        lower=lower,
        upper=upper,
        least=least,
        most=most,
        figure=None if value is None else _rounded(value),
        unit=item.unit,
        why=why,
        taken_from=found.taken_from if found else (),
        approximate=found.approximate if found else None,
        flagged=getattr(item, "flagged", None),
    )


def _why_unknown(name: str, filing: Filing, values: dict[str, str]) -> Assessment:
    found = filing.figures.get(name)
    if found is not None and found.why is not None:
        return Assessment(None, found.why.say, values | found.why.values)
    if name in filing.absent:
        return Assessment(None, "scored_off_form", values | {"reason": filing.absent[name]})
    return Assessment(None, "scored_unfiled", values | {"missing": [name]})


def _rounded(value: Fraction) -> Decimal:
    """Half up, in whole numbers: no decimal context has a say."""
    units = int(abs(value) * 10**_DECIMALS + Fraction(1, 2))
    return Decimal((int(value < 0), tuple(map(int, str(units))), -_DECIMALS))


def _text(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
