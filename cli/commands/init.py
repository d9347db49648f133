"""`taizhang init`."""

from __future__ import annotations

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say


@click.command("init", help=N_("Create the ledger: schema and built-in regulations."))
@as_json
@pass_context
@operation
def command(context: Context, *, as_json: bool) -> None:
    """Create the ledger; harmless where there is one."""
    editions = context.desk.initialise()
    if as_json:
        data({"ok": True, "ledger": context.ledger, "editions": editions})
    say(translate(N_("The ledger {ledger} is ready.")).format(ledger=context.ledger))
    known = translate(N_(", ")).join(editions)
    say(translate(N_("Regulations: {editions}")).format(editions=known))
    say(translate(N_("Next: taizhang record FILE")))
