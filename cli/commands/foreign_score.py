"""`taizhang what-if CENTER --table TABLE`: a filing scored by the table of another place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from cli.files import read_file
from cli.i18n import N_, translate
from cli.output import data, show
from ledger.identity import format_position, scheme_of

if TYPE_CHECKING:
    from cli.desk import Desk
    from policies.foreign_score import ForeignScore
    from policies.scoring import Contribution, Scored, Table

__all__ = ["run"]


def run(
    desk: Desk,
    table: str,
    center: str | None,
    *,
    round_id: str | None,
    experts: Sequence[str],
    as_json: bool,
) -> None:
    """Score one filing and answer; nothing is recorded."""
    if center is None or "/" not in center:
        raise click.UsageError(translate(N_("--table scores a filing of one center: name it.")))
    points = dict(_points(text) for text in experts)
    loaded = _table(table)
    view = desk.view(scheme_of(center))
    found = desk.foreign_score(center, loaded, round_id=round_id, experts=points, view=view)
    value = _value(center, found, loaded)
    if as_json:
        replaced = {"table": value["table"]}
        data({"ok": True, "replaced": replaced, **value, "upto": view.position})
        return
    from cli.render.foreign_score import render_score

    show(render_score(value))


def _table(text: str) -> Table:
    from policies.scoring import load_table, parse_table

    if text.endswith((".yaml", ".yml")):
        return parse_table(read_file(text), source=text)
    return load_table(text)


def _points(text: str) -> tuple[str, Decimal]:
    item, equals, points = text.partition("=")
    try:
        value = Decimal(points)
    except InvalidOperation:
        value = Decimal("NaN")
    if not equals or not value.is_finite() or value != round(value, 4):
        raise click.UsageError(
            translate(
                N_("Write --expert ITEM=POINTS, with at most 4 decimals, not {text}.")
            ).format(text=repr(text))
        )
    return item, value


def _value(center: str, found: ForeignScore, table: Table) -> dict[str, Any]:
    log, scored = scheme_of(center), found.scored
    return {
        "center": center,
        "round": found.round,
        "filed": format_position(log, found.filed),
        "own_score": _text(found.own_score),
        "own_entry": None if found.own_entry is None else format_position(log, found.own_entry),
        "foreign": True,
        "table": table.table,
        "title": table.title,
        "source": translate(table.source),
        "sha256": table.sha256,
        "form": scored.source,
        "label": _label(scored),
        "full": _text(scored.full),
        "total": _text(scored.total),
        "lower": _text(scored.lower),
        "upper": _text(scored.upper),
        "partial": _text(scored.partial),
        "missing": [*scored.missing, *scored.open_parts],
        "approximate": list(scored.approximate),
        "items": [_item(part, scored.names) for part in scored.contributions],
        "open_parts": [
            {"item": name, "name": translate(scored.names[name])} for name in scored.open_parts
        ],
    }


def _label(scored: Scored) -> str:
    """The sentence that has to stand beside the number, with the items by their names."""
    from cli.wording import sentence

    label = scored.label
    named = [translate(scored.names.get(name, name)) for name in label.values["missing"]]
    return sentence(label.say, {**label.values, "missing": named})


def _item(part: Contribution, names: Mapping[str, str]) -> dict[str, Any]:
    from cli.wording import sentence

    values = dict(part.why.values)
    if "missing" in values:
        values["missing"] = [translate(names.get(name, name)) for name in values["missing"]]
    if "reason" in values:
        values["reason"] = translate(values["reason"])
    return {
        "item": part.item,
        "name": translate(part.name),
        "part": part.part,
        "points": _text(part.lower) if part.is_known else None,
        "lower": _text(part.lower),
        "upper": _text(part.upper),
        "figure": _text(part.figure),
        "unit": part.unit,
        "why": sentence(part.why.say, values),
        "taken_from": list(part.taken_from),
        "approximate": translate(part.approximate) if part.approximate else None,
        "flagged": translate(part.flagged) if part.flagged else None,
    }


def _text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
