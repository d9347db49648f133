"""`taizhang center show | list | history | why | eligible`."""

from __future__ import annotations

import sys
from datetime import date

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, data, known_at, on, operation, pass_context
from cli.views import center_value, finding_value, history_value, node_value, register_value
from ledger.identity import scheme_of


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
def show(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Show one center."""
    view = context.desk.view(scheme_of(center), on=on, known_at=known_at)
    value = center_value(context.desk.state(center, view), view)
    if as_json:
        data({"ok": True, **value})
        return
    from cli.render import render_center

    render_center(value)


@command.command("list", help=N_("The register."))
@click.option("--scheme", help=N_("Only this scheme, such as beijing."))
@click.option(
    "--status",
    type=click.Choice(["none", "applicant", "proposed", "designated", "suspended", "revoked"]),
    help=N_("Only this status."),
)
@click.option("--search", metavar="TEXT", help=N_("Part of a name or code."))
@click.option(
    "--csv", "as_csv", is_flag=True, help=N_("CSV on standard output, with a mark for Excel.")
)
@as_json
@pass_context
@operation
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
    rows = context.desk.register(scheme=scheme, status=status, search=search)
    from cli.render import render_register, write_csv

    if as_json:
        data({"ok": True, "centers": [register_value(row) for row in rows]})
    elif as_csv:
        write_csv(register_value(row) for row in rows)
    else:
        render_register([register_value(row) for row in rows])


@command.command("history", help=N_("Every entry of the center, two dates each."))
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
def history(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Show every entry of one center."""
    view = context.desk.view(scheme_of(center), on=on, known_at=known_at)
    entries = history_value(context.desk.entries(center, view), on=view.on)
    if as_json:
        data({"ok": True, "center": center, "entries": entries})
        return
    from cli.render import render_history

    render_history(center, entries)


@command.command(
    "why", help=N_("Explanation: outcome, ground, article, entries; and what would change it.")
)
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
def why(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Explain one center's status."""
    from policies.explain import explain

    desk = context.desk
    view = desk.view(scheme_of(center), on=on, known_at=known_at)
    entries = desk.entries(center, view)
    state = desk.state(center, view)
    explanation = explain(desk.judge, state, entries, view.on, desk.knowledge(view))
    documents = {i: desk.rulebook.edition(i).document for i in desk.rulebook.ids(view.log)}
    because = node_value(explanation.because, view.log, documents)
    why_not = [node_value(part, view.log, documents) for part in explanation.why_not]
    if as_json:
        data(
            {
                "ok": True,
                "center": center,
                "answer": because["claim"],
                "because": because,
                "why_not": why_not,
            }
        )
        return
    from cli.render import render_explanation

    render_explanation(state, view, because, why_not)


@command.command("eligible", help=N_("May it apply on a day, and if not, why and from when."))
@click.argument("center", metavar="CENTER")
@on
@known_at
@as_json
@pass_context
@operation
def eligible(
    context: Context, center: str, *, on: date | None, known_at: str | None, as_json: bool
) -> None:
    """Say whether a center may apply."""
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
    }
    if as_json:
        data(value)
    else:
        from cli.render import render_eligibility

        render_eligibility(value)
    sys.exit(0 if answer.eligible else 1)


__all__ = ["command", "translate"]
