"""`taizhang log witness`: being a witness (init, serve, sign); having one is `log_witnessed`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.commands.log_witnessed import add, request, send
from cli.files import read_file, write_output
from cli.i18n import N_, translate
from cli.options import as_json, operation
from cli.output import data, say
from cli.passphrase import Passphrase, new_passphrase, passphrase_options, without_passphrase
from ledger.errors import ConflictError, IntegrityFailure, MalformedError, NotFoundError

if TYPE_CHECKING:
    from ledger.note import Signer
    from ledger.witness import Answer, Witness

__all__ = ["witness"]

C = TypeVar("C", bound=Callable[..., Any])


@click.group(
    "witness",
    help=N_("Witnesses (C2SP tlog-witness): be one, or have one cosign the checkpoints."),
)
def witness() -> None:
    """Witnesses."""


for _part in (request, add, send):
    witness.add_command(_part)


@witness.command("init", help=N_("Make the key of a witness and print its vkey."))
@click.option(
    "-o", "--output", metavar="FILE", required=True, help=N_("Where the private key is kept.")
)
@click.option(
    "--name",
    required=True,
    help=N_("What the witness is called, such as witness.example/w1; part of its vkey."),
)
@passphrase_options
@without_passphrase
@as_json
@operation
def init(
    *,
    output: str,
    name: str,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    no_passphrase: bool,
    as_json: bool,
) -> None:
    """Make a witness's key."""
    from ledger.clock import system_clock
    from ledger.durable import PRIVATE, write_file
    from ledger.note import COSIGNATURE, VerifierKey, format_vkey
    from ledger.sealed_key import new_seed, seal_key, vkey_in

    VerifierKey(name, COSIGNATURE, bytes(32))  # before anybody is asked for a passphrase
    passphrase = _wanted_passphrase(Passphrase(passphrase_file, passphrase_fd), no_passphrase)
    key = seal_key(
        new_seed(),
        name=name,
        passphrase=passphrase,
        created_at=system_clock(),
        algorithm=COSIGNATURE,
    )
    try:
        write_file(Path(output), key, mode=PRIVATE, replace=False)
    except FileExistsError:
        raise ConflictError(
            "{path} exists already, and a key is never overwritten", path=output
        ) from None
    vkey = format_vkey(vkey_in(key))
    if as_json:
        data({"ok": True, "vkey": vkey, "file": output})
        return
    sys.stdout.write(vkey + "\n")
    say(translate(N_("Give this line to everybody who is to rely on the witness.")))


def _witness_options(command: C) -> C:
    """Add the options that make a witness: its key, its logs, its memory."""
    options = (
        click.option(
            "--key", "key_file", metavar="FILE", required=True, help=N_("The witness's key file.")
        ),
        click.option(
            "--log",
            "logs",
            metavar="VKEY",
            multiple=True,
            required=True,
            help=N_("A log to watch, or a ledger with all its logs; may be given again."),
        ),
        click.option(
            "--state",
            metavar="DIR",
            required=True,
            type=click.Path(file_okay=False, path_type=Path),
            help=N_("Folder of what the witness remembers; belongs to its key."),
        ),
        click.option(
            "--mirror",
            is_flag=True,
            help=N_("Keep the hash of every entry too, and cosign nothing without."),
        ),
        passphrase_options,
    )
    for option in reversed(options):
        command = option(command)
    return command


@witness.command("serve", help=N_("Answer requests over HTTP until it is stopped."))
@_witness_options
@click.option("--host", default="127.0.0.1", show_default=True, help=N_("Address to listen on."))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8094,
    show_default=True,
    help=N_("Port to listen on; 0 takes a free one."),
)
@as_json
@operation
def serve(*, host: str, port: int, as_json: bool, **options: Any) -> None:
    """Serve a witness."""
    import signal

    from cli.witness_server import WitnessServer
    from ledger.clock import system_clock, unix_seconds
    from ledger.note import format_vkey

    witness = _witness(**options)
    try:
        server = WitnessServer(
            (host, port), witness, clock=lambda: unix_seconds(system_clock()), report=say
        )
    except OSError as error:
        raise ConflictError(
            "nothing can listen on {host} port {port} ({reason})",
            host=host,
            port=port,
            reason=error.strerror or "unavailable",
        ) from None
    address = f"[{host}]" if ":" in host else host
    url = f"http://{address}:{server.server_port}"
    vkey = format_vkey(witness.signer.key)
    if as_json:
        data({"ok": True, "url": url, "vkey": vkey})
        sys.stdout.flush()
    say(translate(N_("{vkey} answers at {url}; stop it with Ctrl-C.")).format(vkey=vkey, url=url))
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say(translate(N_("The witness has stopped.")))
    finally:
        server.server_close()


@witness.command(
    "sign", help=N_("Cosign the checkpoint of a request that came as a file, as `serve` would.")
)
@click.argument("request_file", metavar="REQUEST")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help=N_("Where to write the cosigned checkpoint (default: print it)."),
)
@click.option(
    "--hashes", metavar="FILE", help=N_("The hashes that came with the request, to mirror them.")
)
@_witness_options
@as_json
@operation
def sign(
    *, request_file: str, output: str, hashes: str | None, as_json: bool, **options: Any
) -> None:
    """Cosign offline."""
    from io import BytesIO

    from ledger.clock import system_clock, unix_seconds
    from ledger.note import format_note, parse_note, with_signatures
    from ledger.witness_messages import parse_answer, parse_request

    body = read_file(request_file)
    witness = _witness(**options)
    if hashes is not None:
        upload = read_file(hashes)
        _accepted(witness.add_hashes(BytesIO(upload), len(upload)), "--hashes-from {size}")
    answer = witness.add_checkpoint(body, at=unix_seconds(system_clock()))
    _accepted(answer, "--old {size}")
    note = with_signatures(parse_note(parse_request(body).checkpoint), parse_answer(answer.body))
    cosigned = format_note(note)
    write_output(output, cosigned, is_json=as_json)
    if as_json:
        data({"ok": True, "note": cosigned.decode(), "file": output})
    else:
        say(translate(N_("Cosigned. Next, where the ledger is: taizhang log witness add FILE")))


def _witness(
    *,
    key_file: str,
    logs: tuple[str, ...],
    state: Path,
    mirror: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
) -> Witness:
    from ledger.note import parse_vkey
    from ledger.witness import Witness
    from ledger.witness_state import WitnessStates

    keys = [parse_vkey(log) for log in logs]
    signer = _signer(read_file(key_file), Passphrase(passphrase_file, passphrase_fd))
    return Witness(signer, logs=keys, states=WitnessStates(state), is_mirror=mirror)


def _signer(key: bytes, given: Passphrase) -> Signer:
    from ledger.note import COSIGNATURE
    from ledger.sealed_key import is_protected, open_key, vkey_in

    if vkey_in(key).algorithm != COSIGNATURE:
        raise MalformedError(
            "this is the key of a ledger, and a witness has its own: taizhang log witness init"
        )
    return open_key(key, passphrase=given.read() if is_protected(key) else None)


def _wanted_passphrase(given: Passphrase, is_trial: bool) -> bytes | None:
    if not (given.is_given or is_trial or sys.stdin.isatty()):
        raise MalformedError(
            "there is no terminal to ask for a passphrase on: give --passphrase-file FILE, "
            "--passphrase-fd NUMBER, or --no-passphrase for a trial"
        )
    if is_trial and not given.is_given:
        say(translate(N_("The key is not protected: whoever can read the file can cosign.")))
        return None
    return new_passphrase(given, is_trial=is_trial)


def _accepted(answer: Answer, hint: str) -> None:
    """Raise what a refusal means to whoever sent the file."""
    from ledger.witness import TREE_SIZE

    if answer.status == 200:
        return
    reason = answer.body.decode().strip()
    if answer.content_type == TREE_SIZE:
        raise ConflictError(
            "the witness is at size {size}: make the request again with {hint}",
            size=int(reason),
            hint=hint.format(size=int(reason)),
        )
    if answer.status == 428:
        raise ConflictError("this witness mirrors: give the hashes of the request with --hashes")
    if answer.status == 400:
        raise MalformedError("not a request for this witness: {reason}", reason=reason)
    if answer.status == 404:
        raise NotFoundError("the witness refuses: {reason}", reason=reason)
    raise IntegrityFailure("the witness refuses: {reason}", reason=reason)


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt
