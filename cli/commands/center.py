"""`taizhang center show | list | history | why | eligible`."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, Day, as_json, known_at, on, operation, pass_context, scheme, waits
from cli.output import data, say, show
from cli.upto import last_positions, say_upto
from ledger.identity import format_position, parse_position, scheme_of

if TYPE_CHECKING:
    from cli.desk import Desk, View
    from ledger.ruling import Recorded

STATUSES = ("none", "applicant", "proposed", "designated", "suspended", "revoked")


@click.group(
    "center", help=N_("Status, register, history, explanation and eligibility of centers.")
)
def command() -> None:
    """What the ledger knows of centers."""


@command.command("show", help=N_("Status, counters, ban, certificate, what is open."))
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
@waits
def show_(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Show one center."""
    from cli.views import center_value

    desk = context.desk
    view = desk.view(scheme_of(center), on=on, known_at=known_at)
    state = desk.judge.as_read(desk.state(center, view), view.on, desk.knowledge(view))
    value = center_value(state, view)
    if as_json:
        data({"ok": True, **value})
        return
    from cli.render.center import render_center

    show(render_center(value))
    say_upto(desk, view.position)


@command.command("list", help=N_("The register."))
@scheme
@click.option("--status", type=click.Choice(STATUSES), help=N_("Only this status."))
@click.option("--search", metavar="TEXT", help=N_("Part of a name or code."))
@click.option(
    "--csv", "as_csv", is_flag=True, help=N_("CSV on standard output, with a mark for Excel.")
)
@as_json
@pass_context
@operation
@waits
def list_(
    context: Context,
    *,
    scheme: str | None,
    status: str | None,
    search: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the register."""
    from cli.render.register import register_sheet, render_register
    from cli.views import register_value

    if as_csv and as_json:
        raise click.UsageError(translate(N_("Choose either --csv or --json.")))
    desk = context.desk
    sizes = desk.sizes(scheme)
    upto = last_positions(sizes)
    rows = desk.register(scheme=scheme, status=status, search=search, sizes=sizes)
    if as_json:
        data({"ok": True, "centers": [register_value(row) for row in rows], "upto": upto})
    elif as_csv:
        for part in register_sheet(register_value(row) for row in rows):
            sys.stdout.write(part)
        say_upto(desk, *upto)
    else:
        centers = [register_value(row) for row in rows]
        show(render_register(centers, today=desk.today.isoformat()))
        say(translate(N_("centers: {count}")).format(count=len(centers)))
        say_upto(desk, *upto)


@command.command("history", help=N_("Every entry of the center, two dates each."))
@click.argument("center", metavar="CENTER")
@click.option("--since", type=Day(), help=N_("Only entries that took effect on or after that day."))
@on
@known_at
@as_json
@pass_context
@operation
@waits
def history(
    context: Context,
    center: str,
    *,
    since: date | None,
    on: date | None,
    known_at: str | None,
    as_json: bool,
) -> None:
    """Show every entry of one center."""
    from cli.views import center_value, history_value

    desk = context.desk
    view = desk.view(scheme_of(center), on=on, known_at=known_at)
    entries = history_value(desk.entries(center, view), on=view.on, since=since)
    if as_json:
        data({"ok": True, "center": center, "entries": entries, "upto": view.position})
        return
    from cli.render.history import render_history

    value = center_value(desk.state(center, view), view)
    show(render_history(value, entries))
    say_upto(desk, view.position)


@command.command(
    "why", help=N_("Explanation: outcome, ground, article, entries; and what would change it.")
)
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
@waits
def why(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Explain one center's status."""
    from cli.views import center_value, node_value
    from policies.explain import explain

    desk = context.desk
    view = desk.view(scheme_of(center), on=on, known_at=known_at)
    entries = desk.entries(center, view)
    state = desk.state(center, view)
    explanation = explain(desk.judge, state, entries, view.on, desk.knowledge(view))
    documents = {i: desk.rulebook.edition(i).document for i in desk.rulebook.ids(view.log)}
    because = node_value(explanation.because, view.log, documents)
    why_not = [node_value(part, view.log, documents) for part in explanation.why_not]
    answer = {
        "ok": True,
        "center": center,
        "answer": because["claim"],
        "because": because,
        "why_not": why_not,
        "upto": view.position,
    }
    if as_json:
        data(answer)
        return
    from cli.render.explanation import named_entries, render_explanation

    named = named_entries([because, *why_not])
    show(
        render_explanation(
            center_value(state, view),
            because,
            why_not,
            entries=_named(desk, entries, named, view),
            regulations=_regulations(desk, view.log),
            questions=_questions(desk, view.log),
            again=_again(center, view),
        )
    )
    say_upto(desk, view.position)


@command.command("eligible", help=N_("May it apply on a day, and if not, why and from when."))
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
@waits
def eligible(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> int:
    """Say whether a center may apply."""
    from cli.views import finding_value
    from policies.eligibility import may_apply
    from policies.outcome import as_finding

    desk = context.desk
    view = desk.view(scheme_of(center), on=on, known_at=known_at)
    state = desk.state_or_new(center, view)
    answer = may_apply(desk.judge, state, view.log, view.on, desk.knowledge(view))
    value = {
        "ok": answer.eligible is True,
        "center": center,
        "on": view.on.isoformat(),
        "eligible": answer.eligible,
        "first_eligible_day": answer.first_eligible_day.isoformat()
        if answer.first_eligible_day
        else None,
        "findings": [
            finding_value(as_finding(found, code), center=center) for code, found in answer.against
        ],
        "undetermined": [
            finding_value(as_finding(found, "undetermined"), center=center)["message"]
            for found in answer.undetermined
        ],
        "upto": view.position,
    }
    if as_json:
        data(value)
    else:
        from cli.render.eligibility import render_eligibility

        show(render_eligibility(value))
        say_upto(desk, view.position)
    return 0 if answer.eligible else 1


def _named(
    desk: Desk, entries: list[Recorded], named: list[str], view: View
) -> dict[str, dict[str, Any]]:
    """The entries an explanation names, by position; those of rounds are fetched one by one."""
    from cli.views import history_value

    own = {format_position(r.log, r.position): r for r in entries}
    found = [own.get(position) or desk.entry(parse_position(position)) for position in named]
    return {item["position"]: item for item in history_value(found, on=view.on)}


def _regulations(desk: Desk, log: str) -> dict[str, str]:
    """Each edition of the scheme with its title and number."""
    found = {}
    for edition_id in desk.rulebook.ids(log):
        edition = desk.rulebook.edition(edition_id)
        template = N_("{title}, {document}") if edition.document else N_("{title}")
        found[edition_id] = translate(template).format(
            title=edition.title, document=edition.document
        )
    return found


def _questions(desk: Desk, log: str) -> dict[str, str]:
    """What each interpretation of the scheme's editions is about."""
    return {
        key: interpretation.question
        for edition_id in desk.rulebook.ids(log)
        for key, interpretation in desk.rulebook.edition(edition_id).interpretations.items()
    }


def _again(center: str, view: View) -> str:
    """The command that gives the same answer whatever is recorded later."""
    known = view.position or view.known_at
    return f"taizhang center why {center} --on {view.on.isoformat()} --known-at {known}"
