"""`policy check` and `policy diff`: defects of an edition file, and two editions side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, paragraph, rows
from cli.wording import word

__all__ = ["render_defects", "render_differences"]

Value = dict[str, Any]


def render_defects(file: str, defects: Sequence[Value]) -> Iterator[str]:
    """A line a defect: file, line, place, what is wrong; as compilers write it."""
    for defect in defects:
        where = file if defect["line"] is None else f"{file}:{defect['line']}"
        parts = [where, defect["place"], defect["message"]]
        yield from paragraph(": ".join(part for part in parts if part))


def render_differences(a: str, b: str, differences: Sequence[Value]) -> Iterator[str]:
    """What stands in the one and in the other, place by place, with its article."""
    if not differences:
        yield translate(N_("{a} and {b} say the same.")).format(a=a, b=b)
    for found in differences:
        yield bold(found["place"])
        sides = (
            (name, found[side], found["articles"][side]) for name, side in ((a, "a"), (b, "b"))
        )
        yield from rows(
            [(name, _cited(value, article)) for name, value, article in sides], indent=2
        )


def _cited(value: Any, article: str | None) -> str:
    if article is None:
        return _text(value)
    return translate(N_("{text} [{article}]")).format(text=_text(value), article=article)


def _text(value: Any) -> str:
    """A value on one line: a band as an interval, a section as its parts."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"))
    if isinstance(value, Mapping):
        if isinstance(value.get("unknown"), str):
            return translate(N_("not at hand: {reason}")).format(reason=value["unknown"])
        return _section(value) or translate(N_("yes"))
    if isinstance(value, list):
        return translate(N_(", ")).join(_text(part) for part in value)
    return word(str(value))


def _section(section: Mapping[str, Any]) -> str:
    parts = [_band(section)] if "low_included" in section else []
    for key, value in section.items():
        if key.endswith("article") or key in _SHOWN or value is False or value == 0:
            continue
        says_more = value is not True and not (isinstance(value, Mapping) and _is_bare(value))
        parts.append(f"{word(key)} {_text(value)}" if says_more else word(key))
    return translate(N_("; ")).join(parts)


def _is_bare(section: Mapping[str, Any]) -> bool:
    """Whether a section says only in which article it stands."""
    return (
        all(key.endswith("article") or key in _SHOWN for key in section)
        and "low_included" not in section
    )


def _band(band: Mapping[str, Any]) -> str:
    left = "[" if band["low_included"] and band.get("low") else "("
    right = "]" if band["high_included"] and band.get("high") else ")"
    return f"{left}{band.get('low', '-∞')}, {band.get('high', '∞')}{right}"


_SHOWN = frozenset(
    {"low", "low_included", "high", "high_included", "word", "indicator", "stage", "id"}
)
"""Parts that an interval or the place itself shows already."""
