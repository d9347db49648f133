"""`taizhang log key show | rotate | retire | protect`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show
from cli.passphrase import Passphrase, new_passphrase, passphrase_options

__all__ = ["key"]


@click.group("key", help=N_("The signing keys of the ledger: show, rotate, retire and protect."))
def key() -> None:
    """The signing keys."""


@key.command(
    "show", help=N_("Every key the ledger had, and the key of each log, as they are handed out.")
)
@as_json
@pass_context
@operation
def show_(context: Context, *, as_json: bool) -> None:
    """Print the public keys."""
    from ledger.note import format_vkey

    kept_keys = context.desk.proofs.keys()
    keys = [
        {
            "number": kept.number,
            "vkey": format_vkey(kept.vkey),
            "signs": kept.is_active,
            "protected": kept.is_protected,
        }
        for kept in kept_keys
    ]
    logs = context.desk.proofs.log_keys([head.log for head in context.desk.logs()])
    value = {log: [format_vkey(vkey) for vkey in found] for log, found in logs.items()}
    if as_json:
        data({"ok": True, "keys": keys, "logs": value})
        return
    from cli.render.keys import render_keys

    show(render_keys(keys, value))


@key.command(
    "rotate",
    help=N_("Make a new key; both sign until the old one is retired, so that nobody is cut off."),
)
@passphrase_options
@as_json
@pass_context
@operation
def rotate(
    context: Context, *, passphrase_file: Path | None, passphrase_fd: int | None, as_json: bool
) -> None:
    """Make a new key of the same name."""
    from ledger.note import format_vkey

    given = Passphrase(passphrase_file, passphrase_fd)
    proofs = context.desk.proofs
    vkey = proofs.rotate(given.for_keys(proofs.keys()))
    number = proofs.keyring.current().number
    if as_json:
        data({"ok": True, "number": number, "vkey": format_vkey(vkey)})
    else:
        show([format_vkey(vkey)])
    say(
        translate(
            N_(
                "Key {number} signs from the next checkpoint on, beside the older one. Hand out "
                "its verification key; then `taizhang log key retire NUMBER` ends the older one."
            )
        ).format(number=number)
    )


@key.command("retire", help=N_("Let an older key sign no more; its public part is kept."))
@click.argument("number", type=int, metavar="NUMBER")
@as_json
@pass_context
@operation
def retire(context: Context, number: int, *, as_json: bool) -> None:
    """End an older key."""
    from ledger.note import format_vkey

    vkey = context.desk.proofs.keyring.retire(number)
    if as_json:
        data({"ok": True, "number": number, "vkey": format_vkey(vkey)})
    say(
        translate(N_("Key {number} signs no more; what it signed stays valid.")).format(
            number=number
        )
    )


@key.command("protect", help=N_("Seal the signing keys under a new passphrase."))
@click.option(
    "--new-passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Read the new passphrase from this file."),
)
@passphrase_options
@as_json
@pass_context
@operation
def protect(
    context: Context,
    *,
    new_passphrase_file: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Seal the keys again."""
    proofs = context.desk.proofs
    old = Passphrase(passphrase_file, passphrase_fd).for_keys(proofs.keys())
    new = new_passphrase(Passphrase(new_passphrase_file, None), is_needed=True)
    proofs.keyring.protect(old, new or b"")
    if as_json:
        data({"ok": True})
    say(translate(N_("The signing keys are sealed under the new passphrase.")))
