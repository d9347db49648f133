"""Load and check scoring tables and the sources of their figures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import TypeVar

import msgspec

from ledger.errors import MalformedError
from policies.forms import load_form
from policies.scoring.model import AnyItem, Experts, Linear, Sources, Steps, Table
from policies.strict_yaml import read_mapping

__all__ = ["load_sources", "load_table", "parse_sources", "parse_table", "table_ids"]

_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")
_FORM = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_SMALLEST = Decimal("0.0001")
_Model = TypeVar("_Model", Table, Sources)


def table_ids() -> list[str]:
    """The ids of the tables that ship with the program, sorted."""
    root = files(__package__) / "tables"
    return sorted(
        f"{folder.name}/{item.name.removesuffix('.yaml')}"
        for folder in root.iterdir()
        if folder.is_dir()
        for item in folder.iterdir()
        if item.name.endswith(".yaml")
    )


@lru_cache(maxsize=64)
def load_table(table_id: str) -> Table:
    """The table of that id, such as `yantai/2021-11`; MalformedError where there is none."""
    path = files(__package__) / "tables" / f"{table_id}.yaml"
    if not _ID.match(table_id) or not path.is_file():
        known = ", ".join(table_ids())
        raise MalformedError(
            "there is no scoring table {table!r}; at hand are {known}", table=table_id, known=known
        )
    table = parse_table(path.read_bytes(), source=f"{table_id}.yaml")
    if table.table != table_id:
        raise _defect(table_id, "table", f"the file holds the table {table.table!r}")
    return table


@lru_cache(maxsize=64)
def load_sources(form: str) -> Sources:
    """Where the figures are found on the form, such as `hechuan_2021`; MalformedError."""
    path = files(__package__) / "figures" / f"{form}.yaml"
    if not _FORM.match(form) or not path.is_file():
        raise MalformedError("no figures to score are known of the form {form!r}", form=form)
    return parse_sources(path.read_bytes(), source=f"{form}.yaml")


def parse_table(data: bytes, *, source: str) -> Table:
    """The table in a YAML file; MalformedError names the source, the place and the defect."""
    tree = {**read_mapping(data, source), "sha256": hashlib.sha256(data).hexdigest()}
    table = _typed(tree, Table, source)
    for place, defect in _table_defects(table):
        raise _defect(source, place, defect)
    return table


def parse_sources(data: bytes, *, source: str) -> Sources:
    """The sources in a YAML file; MalformedError names the source, the place and the defect."""
    sources = _typed(read_mapping(data, source), Sources, source)
    for place, defect in _source_defects(sources):
        raise _defect(source, place, defect)
    return sources


def _typed(tree: Mapping[str, object], model: type[_Model], source: str) -> _Model:
    try:
        return msgspec.convert(tree, model, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedError("{source}: {error}", source=source, error=str(error)) from None


def _defect(source: str, place: str, defect: str) -> MalformedError:
    return MalformedError("{source}: {place}: {defect}", source=source, place=place, defect=defect)


def _table_defects(table: Table) -> Iterator[tuple[str, str]]:
    for name, item in table.items.items():
        yield from ((f"items/{name}", defect) for defect in _item_defects(item))
    for place, steps, sign in (("bonus", table.bonus, 1), ("malus", table.malus, -1)):
        for name, item in steps.items():
            yield from ((f"{place}/{name}", defect) for defect in _step_defects(item, sign=sign))
            if name in table.items or (place == "malus" and name in table.bonus):
                yield f"{place}/{name}", "another part of the table scores this figure"
    yield from (
        (f"open_parts/{name}", "another part of the table scores this figure")
        for name in table.open_parts
        if name in table.items or name in table.bonus or name in table.malus
    )
    found = sum((_most(item) for item in table.items.values()), Decimal(0))
    if found != table.full:
        yield "full", f"the items come to {found} points, not {table.full}"


def _item_defects(item: AnyItem) -> Iterator[str]:
    match item:
        case Linear():
            yield from _linear_defects(item)
        case Steps():
            yield from _step_defects(item, sign=1)
        case Experts():
            yield from _point_defects(item.most)
            if item.most <= 0:
                yield "experts give more than 0 points at most"


def _linear_defects(item: Linear) -> Iterator[str]:
    yield from _point_defects(item.weight)
    if item.weight <= 0:
        yield f"a weight is more than 0, not {item.weight}"
    if not 0 <= item.basic <= item.full:
        yield f"0 ≤ basic ≤ full does not hold: {item.basic}, {item.full}"
    elif item.full == 0 and item.flagged is None:
        yield "basic and full are 0, so everybody gets full points: say in `flagged` why it stays"


def _step_defects(item: Steps, *, sign: int) -> Iterator[str]:
    if not item.steps:
        yield "at least one step is needed"
        return
    for step in item.steps:
        yield from _point_defects(step.points)
    if any(upper.at_least <= lower.at_least for lower, upper in pairwise(item.steps)):
        yield "each step is higher than the one before"
    points = [sign * step.points for step in item.steps]
    if points[0] < 0 or any(upper < lower for lower, upper in pairwise(points)):
        yield "points have one sign and never turn back from step to step"
    if item.steps[0].at_least <= 0 and item.flagged is None:
        yield "the first step is at most 0, so everybody reaches it: say in `flagged` why it stays"


def _point_defects(points: Decimal) -> Iterator[str]:
    if points % _SMALLEST != 0:
        yield f"points have at most 4 decimals: {points}"


def _most(item: AnyItem) -> Decimal:
    match item:
        case Linear():
            return item.weight
        case Steps():
            return item.steps[-1].points if item.steps else Decimal(0)
        case Experts():
            return item.most


def _source_defects(sources: Sources) -> Iterator[tuple[str, str]]:
    known = load_form(sources.form).indicators
    for name, derived in sources.figures.items():
        place = f"figures/{name}"
        if name in sources.absent:
            yield place, "it stands among the absent too"
        if not derived.of:
            yield place, "at least one figure of the form is needed"
        for figure in (*derived.of, *derived.by):
            if figure not in known:
                yield place, f"the form has no figure {figure!r}"
        if derived.unit in ("%", "fraction") and not derived.by:
            yield place, "a share needs what it is divided by"
