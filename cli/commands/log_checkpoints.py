"""`taizhang log checkpoint | prove | consistency`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.files import write_output
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme, waits
from cli.output import data, say, show
from cli.passphrase import Passphrase, new_passphrase, passphrase_options
from cli.progress import counting

if TYPE_CHECKING:
    from ledger.sealing import Sealing

__all__ = ["checkpoint", "consistency", "prove"]

_output = click.option(
    "-o", "--output", metavar="FILE", default="-", help=N_("Where to write it (default: print it).")
)


@click.command(
    "checkpoint",
    help=N_(
        "Re-read what was recorded since the last checkpoint, seal and sign it, and print the "
        "newest checkpoint (C2SP tlog-checkpoint)."
    ),
)
@scheme
@click.option("--newest", is_flag=True, help=N_("Print the newest checkpoint and sign nothing."))
@passphrase_options
@as_json
@pass_context
@operation
def checkpoint(
    context: Context,
    *,
    scheme: str | None,
    newest: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    as_json: bool,
) -> None:
    """Seal and sign each log, or only print what was signed last."""
    desk = context.desk
    logs = desk.logs_of(scheme) if scheme is None else [scheme]
    if newest:
        made = [desk.proofs.newest(log) for log in logs]
    else:
        given = Passphrase(passphrase_file, passphrase_fd)
        _see_to_key(context, given)
        passphrase = given.for_keys(desk.proofs.keys())
        with counting(translate(N_("hashing again")), None) as progress:
            made = desk.proofs.checkpoint(logs, passphrase, progress)
    if as_json:
        data({"ok": True, "checkpoints": [_value(sealing) for sealing in made]})
        return
    show("\n".join(sealing.note.decode() for sealing in made).splitlines())
    _say_what_next(made, newest=newest)


def _see_to_key(context: Context, given: Passphrase) -> None:
    proofs = context.desk.proofs
    if not proofs.keys():
        proofs.make_key(None, new_passphrase(given))


def _value(sealing: Sealing) -> dict[str, Any]:
    return {
        "log": sealing.log,
        "size": sealing.size,
        "root": sealing.root.hex(),
        "note": sealing.note.decode(),
        "new": sealing.is_new,
    }


def _say_what_next(made: Sequence[Sealing], *, newest: bool) -> None:
    if not made:
        say(translate(N_("Nothing is recorded yet, so there is nothing to sign.")))
    elif any(sealing.is_new for sealing in made):
        say(
            translate(
                N_(
                    "Give it to somebody who does not work here: whoever keeps a checkpoint can "
                    "tell later whether anything before it was changed."
                )
            )
        )
    elif not newest:
        say(translate(N_("Nothing was recorded since; this is the checkpoint there is.")))


@click.command(
    "prove", help=N_("A proof that an entry is in the log, as C2SP tlog-proof: self-contained.")
)
@click.argument("position", metavar="POSITION")
@click.option("--size", type=int, help=N_("In the checkpoint of this size (default: the newest)."))
@_output
@as_json
@pass_context
@operation
@waits
def prove(context: Context, position: str, *, size: int | None, output: str, as_json: bool) -> None:
    """Prove one entry."""
    from ledger.identity import parse_position

    place = parse_position(position)
    context.desk.entry(place)
    proof = context.desk.proofs.prove(place, size=size)
    write_output(output, proof, is_json=as_json)
    if as_json:
        data({"ok": True, "position": position, "proof": proof.decode(), "file": output})


@click.command(
    "consistency",
    help=N_("A proof that a newer checkpoint goes on from an older one (RFC 9162 §2.1.4)."),
)
@click.argument("scheme", metavar="SCHEME")
@click.argument("old", type=click.IntRange(min=0), metavar="OLD_SIZE")
@click.argument("new", type=click.IntRange(min=1), metavar="[NEW_SIZE]", required=False)
@_output
@as_json
@pass_context
@operation
@waits
def consistency(
    context: Context, scheme: str, old: int, new: int | None, *, output: str, as_json: bool
) -> None:
    """Prove that nothing before the older checkpoint was changed by the newer one."""
    from ledger.strict_base64 import encode_base64

    hashes, size, note = context.desk.proofs.consistency(scheme, old_size=old, new_size=new)
    spelled = [encode_base64(value) for value in hashes]
    body = "".join(f"{line}\n" for line in (f"old {old}", *spelled, "")).encode() + note
    write_output(output, body, is_json=as_json)
    if as_json:
        data({"ok": True, "old": old, "new": size, "proof": spelled, "note": note.decode()})
