"""Whether plain values have the shape of a model: every defect with its place, not only the first.

msgspec converts and stops at the first thing that does not fit; whoever writes an edition file
wants to know all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect

from ledger.errors import Problem

__all__ = ["Defect", "shape_defects"]


class Defect(Problem):
    """One thing wrong with a data file, at a place such as `evaluation/grades/0`."""

    __slots__ = ("place",)

    def __init__(
        self, message: str, /, *, place: str, line: int | None = None, **values: Any
    ) -> None:
        super().__init__(message, line=line, **values)
        self.place = place


def shape_defects(tree: Any, model: type[msgspec.Struct]) -> list[Defect]:
    """Everything that keeps the values from being read as the model, in the order of the model.

    A field of the model that is no part of a file, because it is computed, has the default `""`.
    """
    return list(_defects(tree, inspect.type_info(model), ""))


def _defects(value: Any, kind: inspect.Type, place: str) -> Iterator[Defect]:
    match kind:
        case inspect.AnyType():
            return
        case inspect.UnionType():
            yield from _union_defects(value, kind, place)
        case inspect.StructType():
            yield from _struct_defects(value, kind, place)
        case inspect.DictType():
            yield from _mapping_defects(value, kind, place)
        case inspect.VarTupleType(item_type=item):
            if not isinstance(value, list):
                yield Defect("a list is needed here", place=place)
                return
            for number, part in enumerate(value):
                yield from _defects(part, item, f"{place}/{number}")
        case _:
            yield from _scalar_defects(value, kind, place)


def _union_defects(value: Any, kind: inspect.UnionType, place: str) -> Iterator[Defect]:
    others = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
    if value is None and len(others) < len(kind.types):
        return
    tagged = {t.tag: t for t in others if isinstance(t, inspect.StructType) and t.tag is not None}
    if not tagged:
        yield from _defects(value, others[0], place)
        return
    field = next(iter(tagged.values())).tag_field or ""
    given = value.get(field) if isinstance(value, dict) else None
    found = tagged.get(given) if isinstance(given, str) else None
    if found is not None:
        yield from _defects(value, found, place)
    else:
        known = ", ".join(str(tag) for tag in tagged)
        yield Defect("name its {key}, one of {known}", place=place, key=field, known=known)


def _struct_defects(value: Any, kind: inspect.StructType, place: str) -> Iterator[Defect]:
    if not isinstance(value, dict):
        yield Defect("a mapping is needed here", place=place)
        return
    fields = {f.encode_name: f for f in kind.fields if f.default != ""}
    for key in value:
        if key not in fields and key != kind.tag_field:
            known = ", ".join(fields)
            said = "there is no key {key!r} here; the keys are {known}"
            yield Defect(said, place=_inside(place, key), key=key, known=known)
    for key, field in fields.items():
        if key in value:
            yield from _defects(value[key], field.type, _inside(place, key))
        elif field.required:
            yield Defect("{key} is missing", place=place, key=key)


def _mapping_defects(value: Any, kind: inspect.DictType, place: str) -> Iterator[Defect]:
    if not isinstance(value, dict):
        yield Defect("a mapping is needed here", place=place)
        return
    for key, part in value.items():
        yield from _scalar_defects(key, kind.key_type, place)
        yield from _defects(part, kind.value_type, _inside(place, key))


def _scalar_defects(value: Any, kind: inspect.Type, place: str) -> Iterator[Defect]:
    if isinstance(kind, inspect.LiteralType):
        if value not in kind.values:
            allowed = ", ".join(str(v) for v in kind.values)
            said = "{value} is not among the words allowed here: {allowed}"
            yield Defect(said, place=place, value=_shown(value), allowed=allowed)
        return
    if value is None or not _converts(value, kind):
        yield Defect(_needed(kind), place=place, value=_shown(value))


def _converts(value: Any, kind: inspect.Type) -> bool:
    try:
        found: object = msgspec.convert(value, _PYTHON[type(kind)], strict=False)
    except msgspec.ValidationError:
        return False
    if isinstance(found, Decimal):
        return found.is_finite()  # neither NaN nor Infinity
    return not isinstance(found, int) or found >= 0  # years, days, limits


def _needed(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType():
            said = "a whole number from 0 up is needed here, not {value}"
        case inspect.BoolType():
            said = "true or false is needed here, not {value}"
        case inspect.DateType():
            said = "a day such as 2021-07-25 is needed here, not {value}"
        case inspect.DecimalType():
            said = "a number in quotes is needed here, not {value}"
        case _:
            said = "a text is needed here, not {value}"
    return said


_PYTHON: dict[type[inspect.Type], type] = {
    inspect.StrType: str,
    inspect.IntType: int,
    inspect.BoolType: bool,
    inspect.DateType: date,
    inspect.DecimalType: Decimal,
}


def _shown(value: Any) -> str:
    if value is None:
        return "~"
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return str(value)


def _inside(place: str, key: str) -> str:
    return f"{place}/{key}" if place else key
