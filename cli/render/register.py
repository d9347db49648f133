"""`center list`: the register as a table, or as a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import line_width, wide
from cli.render.sheet import csv_lines
from cli.render.table import Column, natural_width, table
from cli.wording import word

__all__ = ["register_sheet", "render_register"]

Value = dict[str, Any]


def render_register(centers: Sequence[Value], *, today: str) -> Iterator[str]:
    """A line a center where the line is long enough; else name and code share a column."""
    if not centers:
        return
    room = line_width()
    columns, rows = _long(centers, today)
    if room is not None and natural_width(columns, rows) > room:
        columns, rows = _short(centers, today)
    if not any(row[-1] for row in rows):  # no center has a remark
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    yield from table(columns, rows, room=room)


def register_sheet(centers: Iterable[Value]) -> Iterator[str]:
    """Every column of the register as CSV."""
    header = [translate(title) for title, _ in _SHEET]
    return csv_lines(header, ([_cell(center, key) for _, key in _SHEET] for center in centers))


_SHEET = (
    (N_("center"), "center"),
    (N_("name"), "name"),
    (N_("former names"), "former_names"),
    (N_("status"), "status"),
    (N_("designated on"), "designated_on"),
    (N_("revoked on"), "revoked_on"),
    (N_("grounds"), "grounds"),
    (N_("last day of the ban"), "ban_last_day"),
    (N_("may apply from"), "first_eligible_day"),
    (N_("round"), "last_round"),
    (N_("score"), "last_score"),
    (N_("grade"), "last_grade"),
    (N_("warned on"), "warned_on"),
    (N_("certificate"), "certificate"),
    (N_("certificate valid until"), "certificate_valid_until"),
    (N_("open objections"), "open_objections"),
    (N_("edition"), "edition"),
    (N_("entries"), "entries"),
    (N_("position"), "position"),
)


def _cell(center: Value, key: str) -> str:
    value = center[key]
    if key == "status":
        return word(value)
    if isinstance(value, list):
        return translate(N_(", ")).join(value)
    return "" if value is None else str(value)


def _long(centers: Sequence[Value], today: str) -> tuple[list[Column], list[list[str]]]:
    names = (N_("center"), N_("name"), N_("status"), N_("since"), N_("evaluation"), N_("remarks"))
    columns = [Column(translate(name)) for name in names]
    rows = [[c["center"], c["name"], *_standing(c), *_rest(c, today)] for c in centers]
    return columns, rows


def _short(centers: Sequence[Value], today: str) -> tuple[list[Column], list[list[str]]]:
    code = max(wide(c["center"]) for c in centers)  # codes stay whole, to be copied
    columns = [
        Column(translate(N_("center")), folds=True, least=code),
        Column(translate(N_("status"))),
        Column(translate(N_("evaluation"))),
        Column(translate(N_("remarks")), folds=True),
    ]
    rows = [
        [
            "\n".join(part for part in (c["name"], c["center"]) if part),
            "\n".join(_standing(c)),
            *_rest(c, today),
        ]
        for c in centers
    ]
    return columns, rows


def _standing(center: Value) -> tuple[str, str]:
    since = {"revoked": "revoked_on", "designated": "designated_on"}.get(center["status"])
    return word(center["status"]), (center[since] if since else None) or ""


def _rest(center: Value, today: str) -> tuple[str, str]:
    return _evaluation(center), translate(N_("; ")).join(_remarks(center, today))


def _evaluation(center: Value) -> str:
    if center["last_round"] is None:
        return ""
    result = center["last_grade"] or translate(N_("not confirmed"))
    return f"{center['last_round'][-4:]} {result}"


def _remarks(center: Value, today: str) -> Iterator[str]:
    ends = center["ban_last_day"]
    if ends is not None and today <= ends:
        yield translate(N_("banned to {day}")).format(day=ends)
    for objection in center["open_objections"]:
        yield translate(N_("objection {objection} open")).format(objection=objection)
    if center["warned_on"]:
        yield translate(N_("warned on {day}")).format(day=center["warned_on"])
