"""`taizhang what-if`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.files import read_file
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, waits
from cli.output import say, show
from cli.progress import counting
from cli.upto import say_upto
from ledger.errors import MalformedError, Problem
from ledger.identity import format_position, parse_edition, parse_position, scheme_of
from policies.replacement import CALENDARS

if TYPE_CHECKING:
    from cli.desk import Desk
    from ledger.spool import Spool
    from policies.replacement import ExtraFact, Replacement
    from policies.what_if import Answer, Rejudged


@click.command(
    "what-if",
    help=N_("Judge the same acts with exactly one thing replaced; nothing is recorded."),
)
@click.argument("center", metavar="[CENTER]", required=False)
@click.option("--scheme", help=N_("Every act of this scheme, such as beijing."))
@click.option("--policy", metavar="EDITION", help=N_("Rule everything by this edition."))
@click.option(
    "--interpretation",
    metavar="KEY=VALUE",
    help=N_("Read a passage so; keys and values are listed by policy show."),
)
@click.option(
    "--calendar", type=click.Choice(CALENDARS), help=N_("Count working days by this calendar.")
)
@click.option(
    "--fact",
    metavar="FILE",
    help=N_("One more fact, a line of JSON, known from its day on; - is standard input."),
)
@click.option("--without", metavar="POSITION", help=N_("Leave out one entry, such as beijing#41."))
@click.option(
    "--table",
    metavar="TABLE",
    help=N_("Score a filing by a foreign table, such as yantai/2021-11, or by a table in a file."),
)
@click.option(
    "--round", "round_id", metavar="ROUND", help=N_("With --table: which filing; else the newest.")
)
@click.option(
    "--expert",
    "experts",
    metavar="ITEM=POINTS",
    multiple=True,
    help=N_("With --table: points experts gave; may be repeated."),
)
@as_json
@pass_context
@operation
@waits
def command(
    context: Context,
    center: str | None,
    *,
    scheme: str | None,
    policy: str | None,
    interpretation: str | None,
    calendar: str | None,
    fact: str | None,
    without: str | None,
    table: str | None,
    round_id: str | None,
    experts: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show what would change."""
    given = {
        "table": table,
        "policy": policy,
        "interpretation": interpretation,
        "calendar": calendar,
        "fact": fact,
        "without": without,
    }
    chosen = [(kind, text) for kind, text in given.items() if text is not None]
    if len(chosen) != 1:
        raise click.UsageError(
            translate(
                N_(
                    "Replace exactly one thing: --policy, --interpretation, --calendar, --fact, "
                    "--without or --table."
                )
            )
        )
    desk = context.desk
    if table is not None:
        from cli.commands.foreign_score import run as score_by_table

        score_by_table(desk, table, center, round_id=round_id, experts=experts, as_json=as_json)
        return
    if round_id is not None or experts:
        raise click.UsageError(translate(N_("--round and --expert go with --table.")))
    replacement, shown, own = _replacement(desk, *chosen[0])
    kind = chosen[0][0]
    scheme, center = _target(center, scheme, own, binds=kind != "policy")
    _run(desk, replacement, {kind: shown}, scheme, center=center, as_json=as_json)


def _target(
    center: str | None, scheme: str | None, own: str | None, *, binds: bool
) -> tuple[str, str | None]:
    """Scheme and center to judge again; without either, what the replacement itself speaks of.

    A fact or entry `binds`: the acts must be of its scheme, and of its center where it has one.
    """
    if center is not None and scheme is not None:
        raise click.UsageError(translate(N_("Choose either a center or --scheme.")))
    wanted = center or scheme or own
    if wanted is None:
        raise click.UsageError(translate(N_("Name a center, or a scheme with --scheme.")))
    if binds and own is not None and wanted not in (own, scheme_of(own)):
        is_wider = "/" not in own and scheme_of(wanted) == own
        if not is_wider:
            template = N_("{own} does not belong to {wanted}.")
            raise click.UsageError(translate(template).format(own=own, wanted=wanted))
    return scheme_of(wanted), wanted if "/" in wanted else None


def _replacement(desk: Desk, kind: str, text: str) -> tuple[Replacement, Any, str | None]:
    """The replacement, how it is shown, and the stream it speaks of by itself."""
    from policies.replacement import OtherCalendar, OtherEdition, OtherReading, Without

    match kind:
        case "policy":
            desk.rulebook.edition(text)
            return OtherEdition(text), text, parse_edition(text)[0]
        case "interpretation":
            key, equals, value = text.partition("=")
            if not equals:
                raise click.UsageError(translate(N_("Write --interpretation KEY=VALUE.")))
            return OtherReading(key, value), {"key": key, "value": value}, None
        case "calendar":
            return OtherCalendar(text), text, None
        case "fact":
            return _fact(desk, text)
    position = parse_position(text)
    entry = desk.entry(position)
    return Without(position.number), text, entry.stream if "/" in entry.stream else position.log


def _fact(desk: Desk, file: str) -> tuple[ExtraFact, Any, str]:
    """The fact in a file, checked as a line to be recorded is."""
    from ledger.entries import CenterEntry
    from ledger.parsing import content_of, parse_line
    from policies.replacement import ExtraFact

    lines = [line for line in read_file(file).splitlines() if line.strip()]
    if len(lines) != 1:
        raise MalformedError("{count} lines were given; one fact is expected", count=len(lines))
    parsed = parse_line(lines[0], 1, today=desk.today)
    if isinstance(parsed, Problem):
        raise MalformedError("1 malformed line; nothing was judged", problems=[parsed])
    facts = tuple(entry for entry in parsed.entries if isinstance(entry, CenterEntry))
    if not facts or facts[0].kind != "fact":
        raise MalformedError("{type} is no fact of a center", type=type(parsed.entries[0]).__name__)
    own = facts[0].center if len(facts) == 1 else scheme_of(facts[0].center)
    return ExtraFact(facts), content_of(facts[0]), own


def _run(
    desk: Desk,
    replacement: Replacement,
    replaced: dict[str, Any],
    scheme: str,
    *,
    center: str | None,
    as_json: bool,
) -> None:
    """Judge and answer. Long lists are spooled: every act of a scheme may change."""
    from ledger.spool import Spool

    listed, status, count, changed = Spool(), Spool(), 0, 0
    what = translate(N_("judging {log} again")).format(log=scheme)
    view = desk.view(scheme)
    with counting(what, None) as progress:
        for stream, acts, standing in desk.what_if(
            replacement, scheme, center=center, progress=progress, view=view
        ):
            count += len(acts)
            for act in acts:
                changed += act.is_changed
                if act.is_changed or (center is not None and not as_json):
                    listed.add(_value(scheme, act))
            if standing is not None and (center is not None or standing[0] != standing[1]):
                status.add({"center": stream, "old": standing[0], "new": standing[1]})
    if as_json:
        _print_json(replaced, count, listed, status, upto=view.position)
    else:
        from cli.render.what_if import render_act, render_status, render_sum, render_title

        show(render_title(replaced))
        for act in listed:
            show(render_act(act))
        for standing in status:
            show(render_status(standing))
        say(render_sum(count, changed))
        say_upto(desk, view.position)


def _value(log: str, act: Rejudged) -> dict[str, Any]:
    from cli.views import finding_value

    recorded = act.recorded
    value: dict[str, Any] = {
        "position": format_position(log, recorded.position),
        "center": recorded.stream,
        "type": type(recorded.entry).__name__,
        "on": recorded.on.isoformat(),
        "changed": act.is_changed,
        "old": _answer(act.old),
        "new": _answer(act.new),
        "because": None,
    }
    if act.is_changed and act.because is not None:
        value["because"] = finding_value(act.because, center=recorded.stream)
    return value


def _answer(answer: Answer) -> dict[str, Any]:
    from cli.views import ban_value

    return {
        "supported": answer.supported,
        "codes": list(answer.codes),
        "grade": answer.grade,
        "warned": answer.warned,
        "ban": ban_value(answer.ban),
        "valid_until": answer.valid_until.isoformat() if answer.valid_until else None,
    }


def _print_json(
    replaced: dict[str, Any], acts: int, changed: Spool, status: Spool, *, upto: str | None
) -> None:
    """One object, written in pieces: it may be longer than memory."""
    import orjson

    out = sys.stdout
    out.write(f'{{\n  "ok": true,\n  "replaced": {orjson.dumps(replaced).decode()},')
    out.write(f'\n  "acts": {acts}')
    for name, items in (("changed", changed), ("status", status)):
        out.write(f',\n  "{name}": [')
        for index, item in enumerate(items):
            item.pop("changed", None)
            out.write((",\n    " if index else "\n    ") + orjson.dumps(item).decode())
        out.write("\n  ]" if len(items) else "]")
    out.write(f',\n  "upto": {orjson.dumps(upto).decode()}\n}}\n')
