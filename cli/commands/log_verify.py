"""`taizhang log verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.files import read_file, read_policy
from cli.i18n import N_, translate
from cli.options import Context, as_json, jobs, operation, pass_context, scheme, waits
from cli.output import data, say, show
from cli.progress import counting
from cli.upto import last_positions, say_upto
from ledger.errors import MalformedError

if TYPE_CHECKING:
    from cli.verifying import Outside
    from ledger.damage import Verification

__all__ = ["verify"]


@click.command(
    "verify", help=N_("Recompute every hash from the stored bytes and name what does not fit.")
)
@scheme
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    metavar="FILE",
    help=N_("A checkpoint somebody else kept; again for each."),
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="VKEY",
    help=N_("A key of the ledger, besides those in the trust folder; again for each."),
)
@click.option(
    "--mirror",
    "mirrors",
    multiple=True,
    metavar="SCHEME=FILE",
    help=N_("The leaf hashes a witness mirrored: names the exact entry after a rewrite."),
)
@click.option("--policy", metavar="FILE", help=N_("Witnesses whose cosignatures are verified."))
@click.option(
    "--quick", is_flag=True, help=N_("Take leaf hashes as stored: trees, heads and checkpoints.")
)
@click.option("--since", type=int, metavar="SIZE", help=N_("Begin at the checkpoint of that size."))
@jobs
@as_json
@pass_context
@operation
@waits
def verify(
    context: Context,
    *,
    scheme: str | None,
    checkpoints: tuple[str, ...],
    keys: tuple[str, ...],
    mirrors: tuple[str, ...],
    policy: str | None,
    quick: bool,
    since: int | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Check that the ledger still says what it said when it was recorded."""
    if since is not None and scheme is None:
        raise MalformedError("--since is of one log: name it with --scheme")
    outside = _outside(checkpoints, keys, mirrors, policy, quick=quick, since=since, jobs=jobs)
    with counting(translate(N_("verifying")), None) as progress:
        found = context.desk.verify(scheme=scheme, outside=outside, progress=progress)
    value = _value(found)
    if as_json:
        data(value)
    else:
        from cli.render.log import render_verification

        show(render_verification(value, quick=quick, since=since))
        say_upto(context.desk, *value["upto"])
    if value["ok"]:
        return 0
    say(
        translate(
            N_("Keep this file as it is; compare it with a backup before anything is recorded.")
        )
    )
    return 5


def _outside(
    checkpoints: tuple[str, ...],
    keys: tuple[str, ...],
    mirrors: tuple[str, ...],
    policy: str | None,
    **scope: Any,
) -> Outside:
    from cli.verifying import Outside
    from ledger.checkpoint import open_checkpoint
    from ledger.note import parse_vkey

    notes = [(name, read_file(name)) for name in checkpoints]
    for _, note in notes:
        open_checkpoint(note, ())
    wanted = read_policy(policy)
    return Outside(
        notes=notes,
        keys=[parse_vkey(key) for key in keys],
        witnesses=wanted.witness_keys if wanted else (),
        mirrors=[_mirror(text) for text in mirrors],
        **scope,
    )


def _mirror(text: str) -> tuple[str, str, bytes]:
    """Scheme, file and hashes; what was never accepted by the witness is cut off."""
    from ledger.merkle import HASH_BYTES

    scheme, parted, file = text.partition("=")
    if not parted or not scheme or not file:
        raise MalformedError(
            "--mirror {text}: write the scheme, an equals sign, and the file", text=text
        )
    hashes = read_file(file)
    frontier = Path(file).with_suffix(".frontier")
    if file != "-" and frontier.exists():
        accepted = int.from_bytes(frontier.read_bytes()[:8], "big")
        hashes = hashes[: accepted * HASH_BYTES]
    if len(hashes) % HASH_BYTES:
        raise MalformedError("{file} does not hold whole hashes of 32 bytes", file=file)
    return scheme, file, hashes


def _value(found: Verification) -> dict[str, Any]:
    """`log verify --json`: root is that of the only log; with several see `logs`."""
    from cli.views import damage_value

    logs = {r.log: {"size": r.size, "root": r.root.hex()} for r in found.reports}
    problems = [damage_value(problem) for problem in found.problems]
    return {
        "ok": not problems,
        "size": sum(head["size"] for head in logs.values()),
        "root": next(iter(logs.values()))["root"] if len(logs) == 1 else None,
        "logs": logs,
        "against": [
            {
                "kind": one.kind,
                "log": report.log,
                "name": one.name,
                "size": one.size,
                "signed_by": list(one.signed_by),
            }
            for report in found.reports
            for one in report.compared
        ],
        "problems": problems,
        "upto": last_positions({r.log: r.size for r in found.reports}),
    }
