"""`taizhang round show`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, known_at, on, operation, pass_context, waits
from cli.output import data, show
from cli.progress import counting
from cli.upto import say_upto
from ledger.identity import parse_round, scheme_of

if TYPE_CHECKING:
    from cli.desk import Desk
    from projections.round_totals import RoundTotals
    from projections.rounds import RoundState


@click.group("round", help=N_("One round of designations or evaluations in numbers."))
def command() -> None:
    """Rounds."""


@command.command("show", help=N_("Who owes a filing, who filed, totals by grade."))
@click.argument("round_id", metavar="ROUND")
@click.option("--list", "as_list", is_flag=True, help=N_("Name the centers that owe a filing."))
@on
@known_at
@as_json
@pass_context
@operation
@waits
def show_(
    context: Context,
    round_id: str,
    *,
    as_list: bool,
    on: date | None,
    known_at: str | None,
    as_json: bool,
) -> None:
    """Show one round."""
    from ledger.spool import Spool
    from projections.round_totals import RoundTotals

    desk = context.desk
    kind = parse_round(round_id).kind
    view = desk.view(scheme_of(round_id), on=on, known_at=known_at)
    notice = desk.notice(round_id, view)
    totals, owing = RoundTotals(), Spool()
    with counting(translate(N_("reading {round}")).format(round=round_id), None) as progress:
        for part, name in desk.parts(notice, view, progress):
            totals.add(part)
            if as_list and part.owes_filing:
                owing.add({"center": part.center, "name": name})
    value = _value(desk, notice, totals)
    if as_json:
        named = {"owing": list(owing)} if as_list else {}
        data({"ok": True, **value, **named, "upto": view.position})
    else:
        _show(desk, notice, totals, value, owing if as_list and kind == "evaluation" else None)
        say_upto(desk, view.position)
    owing.close()


def _value(desk: Desk, notice: RoundState, totals: RoundTotals) -> dict[str, Any]:
    """`round show --json`; a designation round has its own four numbers besides."""
    from projections.round_totals import MARKS

    marks = totals.marks
    value = {
        "round": notice.round,
        "edition": notice.edition,
        "deadline": notice.deadline.isoformat(),
        "centers": totals.centers,
        "submitted": marks["submitted"],
        "not_submitted": marks["not_submitted"],
        "grades": _grades(desk, notice, totals),
        "warned": marks["warned"],
        "revoked": marks["revoked"],
    }
    if parse_round(notice.round).kind == "designation":
        own = {mark: marks[mark] for mark in MARKS["designation"]}
        return value | {"submitted": marks["applications"]} | own
    return value


def _grades(desk: Desk, notice: RoundState, totals: RoundTotals) -> dict[str, int]:
    """Counts by grade, in the order of the regulation; words it does not have come last."""
    known: list[str] = []
    if notice.edition is not None and notice.edition in desk.rulebook:
        known = [grade.word for grade in desk.rulebook.edition(notice.edition).evaluation.grades]
    ordered = sorted(
        totals.grades, key=lambda word: (known.index(word) if word in known else len(known), word)
    )
    return {word: totals.grades[word] for word in ordered}


def _show(
    desk: Desk,
    notice: RoundState,
    totals: RoundTotals,
    value: dict[str, Any],
    owing: Iterable[dict[str, Any]] | None,
) -> None:
    from cli.render.round import render_owing, render_round
    from policies.legal_time import Settled
    from projections.round_totals import MARKS

    rolled = desk.judge.calendar.roll_forward(notice.deadline)
    last_day = rolled.day.isoformat() if isinstance(rolled, Settled) else None
    marks = MARKS[parse_round(notice.round).kind]
    counts = {mark: totals.marks[mark] for mark in marks}
    show(render_round(value, counts, last_day=last_day))
    if owing is not None:
        show(render_owing(owing, value["not_submitted"]))
