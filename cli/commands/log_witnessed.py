"""`taizhang log witness request | add | send`: the side of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.files import read_file, read_policy, write_output
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme
from cli.output import data, say, show
from ledger.errors import MalformedError

if TYPE_CHECKING:
    from cli.witness_client import WitnessClient
    from cli.witnessing import Taken, Witnessing
    from ledger.note import VerifierKey
    from ledger.trust_policy import TrustPolicy

__all__ = ["add", "request", "send"]

C = TypeVar("C", bound=Callable[..., Any])

_SIZE = click.IntRange(min=0)


def _trusted(command: C) -> C:
    """Add the options that say which witnesses are believed."""
    command = click.option(
        "--policy",
        metavar="FILE",
        help=N_("A policy with the witnesses and the quorum (C2SP tlog-policy)."),
    )(command)
    return click.option(
        "--witness",
        "witnesses",
        metavar="VKEY",
        multiple=True,
        help=N_("The vkey of a witness; may be given again."),
    )(command)


@click.command(
    "request", help=N_("Write the request to cosign the newest checkpoint, for `sign` elsewhere.")
)
@click.option("-o", "--output", metavar="FILE", required=True, help=N_("Where to write it."))
@scheme
@click.option(
    "--old",
    type=_SIZE,
    help=N_("Size the witness cosigned last (default: what is known here of --witness, else 0)."),
)
@click.option("--hashes", metavar="FILE", help=N_("Write the hashes for a mirroring witness too."))
@click.option(
    "--hashes-from",
    type=_SIZE,
    help=N_("How many hashes the witness has already (default: that of --old)."),
)
@_trusted
@as_json
@pass_context
@operation
def request(
    context: Context,
    *,
    output: str,
    scheme: str | None,
    old: int | None,
    hashes: str | None,
    hashes_from: int | None,
    witnesses: tuple[str, ...],
    policy: str | None,
    as_json: bool,
) -> None:
    """Write a request to a file."""
    witnessing = _witnessing(context)
    log = _only_log(context, scheme)
    if old is None:
        old = witnessing.last_cosigned(log, _keys(witnesses, read_policy(policy)))
    size = context.desk.proofs.newest(log).size
    body = witnessing.request(log, old_size=old, size=size)
    if hashes is not None:
        start = old if hashes_from is None else hashes_from
        upload = witnessing.upload(log, start=start, size=size)
        if upload is None:
            raise MalformedError("a witness with {start} hashes needs none", start=start)
        write_output(hashes, upload, is_json=as_json)
    write_output(output, body, is_json=as_json)
    if as_json:
        data({"ok": True, "log": log, "old": old, "size": size, "file": output, "hashes": hashes})
    else:
        say(translate(N_("Next, where the witness is: taizhang log witness sign FILE -o ANSWER")))


@click.command(
    "add", help=N_("Add the cosignatures of an answer of `sign` to the checkpoint, once verified.")
)
@click.argument("answer", metavar="ANSWER")
@_trusted
@as_json
@pass_context
@operation
def add(
    context: Context,
    answer: str,
    *,
    witnesses: tuple[str, ...],
    policy: str | None,
    as_json: bool,
) -> None:
    """Take what a witness answered."""
    from ledger.note import parse_note

    quorum = read_policy(policy)
    keys = _needed_keys(witnesses, quorum)
    taken = _witnessing(context).take(parse_note(read_file(answer)), keys)
    _show([taken], quorum, as_json=as_json)


@click.command(
    "send", help=N_("Send the newest checkpoints to a witness and add its cosignatures.")
)
@click.argument("url", metavar="URL")
@scheme
@click.option("--hashes", is_flag=True, help=N_("The witness mirrors: send it the hashes first."))
@click.option(
    "--timeout",
    type=click.IntRange(1, 3600),
    default=30,
    show_default=True,
    help=N_("Seconds to wait for an answer."),
)
@_trusted
@as_json
@pass_context
@operation
def send(
    context: Context,
    url: str,
    *,
    scheme: str | None,
    hashes: bool,
    timeout: int,
    witnesses: tuple[str, ...],
    policy: str | None,
    as_json: bool,
) -> None:
    """Have a witness cosign over HTTP."""
    from cli.witness_client import WitnessClient

    quorum = read_policy(policy)
    keys = _needed_keys(witnesses, quorum)
    witnessing = _witnessing(context)
    client = WitnessClient(url, timeout_seconds=timeout)
    try:
        taken = [
            _sent(client, witnessing, log, keys=keys, with_hashes=hashes)
            for log in context.desk.logs_of(scheme)
        ]
    finally:
        client.close()
    _show(taken, quorum, as_json=as_json)


def _sent(
    client: WitnessClient,
    witnessing: Witnessing,
    log: str,
    *,
    keys: list[VerifierKey],
    with_hashes: bool,
) -> Taken:
    from ledger.note import parse_note, with_signatures
    from ledger.witness_messages import parse_answer, parse_request

    # Once: a checkpoint that is made meanwhile is sent the next time.
    size = witnessing.proofs.newest(log).size
    start = witnessing.last_cosigned(log, keys)
    if with_hashes:
        client.mirrored(lambda at: witnessing.upload(log, start=at, size=size), start=start)

    def request_from(old: int) -> bytes:
        return witnessing.request(log, old_size=old, size=size)

    answer = client.cosigned(request_from, start=start)
    note = parse_note(parse_request(request_from(size)).checkpoint)
    return witnessing.take(with_signatures(note, parse_answer(answer)), keys)


def _show(taken: list[Taken], policy: TrustPolicy | None, *, as_json: bool) -> None:
    from cli.reasons import filled

    if as_json:
        data({"ok": True, "checkpoints": [_value(one, policy) for one in taken]})
        return
    for one in taken:
        template = translate(N_("{log}, {size} entries: cosigned by {names}"))
        names = translate(N_(", ")).join(key.name for key in one.cosigned)
        show([template.format(log=one.log, size=one.size, names=names)])
        for problem in policy.missing(list(one.cosigned)) if policy else ():
            say(translate(N_("The quorum is not reached: {reason}")).format(reason=filled(problem)))


def _value(taken: Taken, policy: TrustPolicy | None) -> dict[str, Any]:
    from cli.reasons import filled
    from ledger.clock import format_instant, instant_of
    from ledger.note import format_vkey

    cosigned = []
    for key, at in taken.cosigned.items():
        instant = instant_of(at)
        cosigned.append(
            {
                "vkey": format_vkey(key),
                "at": format_instant(instant) if instant else None,
                "new": key in taken.new,
            }
        )
    value: dict[str, Any] = {"log": taken.log, "size": taken.size, "cosigned": cosigned}
    if policy is not None:
        missing = policy.missing(list(taken.cosigned))
        value |= {"quorum": not missing, "missing": [filled(problem) for problem in missing]}
    return value


def _witnessing(context: Context) -> Witnessing:
    from cli.witnessing import Witnessing

    return Witnessing(context.desk.proofs)


def _only_log(context: Context, scheme: str | None) -> str:
    logs = context.desk.logs_of(scheme)
    if len(logs) != 1:
        raise MalformedError("a request is for one log: name it with --scheme")
    return logs[0]


def _keys(witnesses: tuple[str, ...], policy: TrustPolicy | None) -> list[VerifierKey]:
    from ledger.note import parse_vkey

    return [parse_vkey(vkey) for vkey in witnesses] + list(policy.witness_keys if policy else ())


def _needed_keys(witnesses: tuple[str, ...], policy: TrustPolicy | None) -> list[VerifierKey]:
    keys = _keys(witnesses, policy)
    if not keys:
        raise MalformedError(
            "say which witnesses are believed: --witness VKEY, or --policy FILE with some"
        )
    return keys
