"""`taizhang init`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say
from cli.passphrase import (
    Passphrase,
    new_passphrase,
    passphrase_options,
    without_passphrase,
)
from ledger.shown_url import shown_url


@click.command("init", help=N_("Create the ledger: schema, signing key and built-in regulations."))
@click.option(
    "--authority",
    metavar="NAME",
    help=N_("Domain or name of the authority that keeps the ledger; checkpoints and keys bear it."),
)
@passphrase_options
@without_passphrase
@as_json
@pass_context
@operation
def command(
    context: Context,
    *,
    authority: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    no_passphrase: bool,
    as_json: bool,
) -> None:
    """Create the ledger; harmless where there is one."""
    from ledger.note import format_vkey

    desk = context.desk
    editions = desk.initialise()
    if not desk.proofs.keys():
        given = Passphrase(passphrase_file, passphrase_fd)
        desk.proofs.make_key(authority, new_passphrase(given, is_trial=no_passphrase))
    key = desk.proofs.keyring.current().vkey
    if as_json:
        data(
            {
                "ok": True,
                "ledger": shown_url(context.ledger),
                "vkey": format_vkey(key),
                "origin": key.name,
                "editions": editions,
            }
        )
    say(translate(N_("The ledger {ledger} is ready.")).format(ledger=shown_url(context.ledger)))
    known = translate(N_(", ")).join(editions)
    say(translate(N_("Regulations: {editions}")).format(editions=known))
    say(translate(N_("Verification key: {vkey}")).format(vkey=format_vkey(key)))
    trust = str(desk.proofs.trust)
    say(translate(N_("Keys and anchors: {folder}; keep a copy elsewhere.")).format(folder=trust))
    say(translate(N_("Next: taizhang record FILE")))
