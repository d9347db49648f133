"""`taizhang deadlines`."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, known_at, on, operation, pass_context, scheme, waits
from cli.output import data, say, show
from cli.progress import counting
from cli.upto import say_upto
from ledger.errors import NotFoundError
from ledger.identity import parse_position

if TYPE_CHECKING:
    from cli.desk import Desk, View
    from policies.due import Duty


@click.command("deadlines", help=N_("What is due, from whom, by when."))
@click.option(
    "--within",
    type=click.IntRange(min=0, max=36_500),
    default=30,
    show_default=True,
    metavar="DAYS",
    help=N_("Only what is overdue, due in so many days, or without a day."),
)
@scheme
@click.option(
    "--ics",
    metavar="FILE",
    help=N_("Write the days to a calendar file too; - is standard output, instead of the answer."),
)
@on
@known_at
@as_json
@pass_context
@operation
@waits
def command(
    context: Context,
    *,
    within: int,
    scheme: str | None,
    ics: str | None,
    on: date | None,
    known_at: str | None,
    as_json: bool,
) -> None:
    """Show what is due."""
    desk = context.desk
    if known_at is not None and "#" in known_at and scheme is None:
        scheme = parse_position(known_at).log
    day = on or desk.today
    logs = desk.logs_of(scheme)
    duties: list[dict[str, Any]] = []
    views = [desk.view(log, on=day, known_at=known_at) for log in logs]
    for view in views:
        duties += _duties(desk, view, within=within)
    duties.sort(key=_order)
    if ics is not None:
        _write_calendar(desk, logs, duties, ics)
    if ics == "-":
        return
    if as_json:
        shown = [{k: v for k, v in duty.items() if k != "key"} for duty in duties]
        upto = [view.position for view in views if view.position]
        answer = {"ok": True, "on": day.isoformat(), "within": within, "deadlines": shown}
        data({**answer, "upto": upto})
        return
    from cli.render.deadlines import render_deadlines

    show(render_deadlines(duties))
    say_upto(desk, *(view.position for view in views))


def _duties(desk: Desk, view: View, *, within: int) -> list[dict[str, Any]]:
    from policies.due import falls_within

    with counting(translate(N_("reading {log}")).format(log=view.log), None) as progress:
        return [
            _value(view.log, duty)
            for duty in desk.duties(view, progress)
            if falls_within(duty, within, on=view.on)
        ]


def _value(log: str, duty: Duty) -> dict[str, Any]:
    from cli.views import cite_value
    from cli.wording import sentence
    from ledger.identity import format_position

    waits = duty.undetermined
    return {
        "what": duty.what,
        "scheme": log,
        "center": duty.center,
        "name": duty.name,
        "round": duty.round,
        "by": duty.by,
        "message": sentence(duty.say, duty.values),
        "since": duty.since.isoformat(),
        "stated": _day(duty.stated),
        "due": _day(duty.due),
        "lower_bound": _day(duty.lower_bound),
        "undetermined": sentence(waits.say, waits.values) if waits is not None else None,
        "overdue": duty.overdue,
        "cite": cite_value(duty.cite),
        "entries": [format_position(log, n) for n in duty.entries],
        "key": duty.key,
    }


def _order(duty: dict[str, Any]) -> tuple[str, ...]:
    """The earliest day first, what has no day last; then by what it is and whose."""
    day = duty["due"] or duty["lower_bound"] or "9999-12-31"
    return (day, duty["what"], duty["center"] or "", duty["key"])


def _write_calendar(desk: Desk, logs: list[str], duties: list[dict[str, Any]], file: str) -> None:
    """The days as a calendar file; its events are as new as the newest entry on file."""
    from cli.render.ics import calendar_file, has_day
    from ledger.clock import parse_instant

    newest = max((found for log in logs if (found := desk.newest_instant(log))), default=None)
    stamp: datetime = parse_instant(newest) if newest else desk.clock()
    content = calendar_file(duties, stamp=stamp)
    if file == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        Path(file).write_bytes(content)
    except OSError as error:
        raise NotFoundError(
            "the file {file} cannot be written ({reason})",
            file=file,
            reason=error.strerror or "unreadable",
        ) from None
    count = sum(map(has_day, duties))
    template = N_("days written to {file}: {count}; matters without a day: {left}")
    say(translate(template).format(count=count, file=file, left=len(duties) - count))


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
