"""`taizhang evidence export | check | verifier`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.commands.evidence_verifier import verifier
from cli.files import read_file, read_policy, write_output
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, waits
from cli.output import data, say, show
from cli.reasons import filled
from ledger.errors import MalformedError

if TYPE_CHECKING:
    from ledger.evidence import Built
    from ledger.evidence_check import Claim
    from ledger.note import VerifierKey


@click.group("evidence", help=N_("A self-contained file for a dispute: export and check."))
def command() -> None:
    """Evidence files."""


command.add_command(verifier)


@command.command(
    "export",
    help=N_("Write everything the ledger holds of a center at a checkpoint, with every proof."),
)
@click.argument("center", metavar="CENTER")
@click.option(
    "-o", "--output", metavar="FILE", required=True, help=N_("The file; - is standard output.")
)
@click.option("--size", type=int, help=N_("At the checkpoint of this size (default: the newest)."))
@click.option(
    "--disclose",
    multiple=True,
    metavar="PATH|all",
    help=N_("Put in a private value, such as /contact/phone, or all of them."),
)
@click.option(
    "--absent", is_flag=True, help=N_("Also where nothing is recorded: the proof of just that.")
)
@as_json
@pass_context
@operation
@waits
def export(
    context: Context,
    center: str,
    *,
    output: str,
    size: int | None,
    disclose: tuple[str, ...],
    absent: bool,
    as_json: bool,
) -> None:
    """Export the evidence of one center."""
    from ledger.evidence import Wanted
    from ledger.identity import format_position, parse_center, scheme_of

    paths = None if "all" in disclose else frozenset(disclose)
    wanted = Wanted(parse_center(center), paths, absent)
    built = context.desk.proofs.evidence(wanted, size=size)
    write_output(output, built.data, is_json=as_json)
    if as_json:
        data(
            {
                "ok": True,
                "center": center,
                "file": output,
                "length": len(built.data),
                "size": built.size,
                "upto": format_position(scheme_of(center), built.size - 1),
                "later": built.later,
                "withheld": built.withheld,
                "gone": built.gone,
                "left_out": [problem.values["name"] for problem in built.left_out],
            }
        )
    _say_what_is_not_in_it(built)
    say(
        translate(
            N_(
                "It is checked with `taizhang evidence check {file} --key VKEY`; the key comes by "
                "another way than the file."
            )
        ).format(file=output)
    )


def _say_what_is_not_in_it(built: Built) -> None:
    if built.later:
        template = N_("{count} entries recorded since the checkpoint of {size} are not in it.")
        say(translate(template).format(count=built.later, size=built.size))
    if built.withheld:
        template = N_("Private values withheld: {count} (--disclose PATH puts one in).")
        say(translate(template).format(count=built.withheld))
    if built.gone:
        template = N_("Private values no longer kept, so that no file can show them: {count}.")
        say(translate(template).format(count=built.gone))
    for problem in built.left_out:
        say(filled(problem))


@command.command(
    "check",
    help=N_("Check an evidence file; needs no ledger, only the key of the one it came from."),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--key",
    "keys",
    multiple=True,
    required=True,
    metavar="VKEY|@FILE",
    help=N_("Verification key of the ledger or the log, or @ and a file with one a line; again."),
)
@click.option(
    "--policy", metavar="FILE", help=N_("Which witnesses must have cosigned (C2SP tlog-policy).")
)
@as_json
@pass_context
@operation
def check(
    _context: Context, file: str, *, keys: tuple[str, ...], policy: str | None, as_json: bool
) -> int:
    """Check every claim of a file."""
    from ledger.evidence_check import CONTRADICTED, PROVEN, check_evidence

    evidence = read_file(file)
    wanted = read_policy(policy)
    claims = check_evidence(evidence, keys=_keys(keys), policy=wanted)
    verdicts = {claim.verdict for claim in claims}
    if as_json:
        data({"ok": verdicts == {PROVEN}, "claims": [_value(claim) for claim in claims]})
    else:
        from cli.render.evidence import render_evidence

        show(render_evidence(evidence, [_value(claim) for claim in claims]))
    if CONTRADICTED in verdicts:
        return 5
    return 0 if verdicts == {PROVEN} else 1


def _keys(given: Sequence[str]) -> list[VerifierKey]:
    from ledger.note import parse_vkey

    found = []
    for text in given:
        if text.startswith("@"):
            lines = read_file(text[1:]).decode(errors="replace").split("\n")
            found += [parse_vkey(line.strip()) for line in lines if line.strip()]
        else:
            found.append(parse_vkey(text))
    if not found:
        raise MalformedError("there is no verification key in the file that was named")
    return found


def _value(claim: Claim) -> dict[str, Any]:
    from dataclasses import replace

    from cli.glossary import type_name

    if "type" in claim.values:
        named = claim.values | {"type": type_name(claim.values["type"])}
        claim = replace(claim, values=named)
    return {"claim": claim.claim, "verdict": claim.verdict, "message": filled(claim)}
