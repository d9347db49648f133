"""`taizhang log move`."""

from __future__ import annotations

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show
from cli.progress import counting

__all__ = ["move"]


@click.command(
    "move",
    help=N_("Move a log to another ledger, with every proof; from then on it is recorded there."),
)
@click.argument("log", metavar="LOG")
@click.option(
    "--to",
    "to",
    metavar="URL",
    required=True,
    help=N_("SQLAlchemy URL of the other ledger, made there by `taizhang init`."),
)
@as_json
@pass_context
@operation
def move(context: Context, log: str, *, to: str, as_json: bool) -> None:
    """Copy, check, close here, open there."""
    from ledger.moves import place_of

    desk = context.desk
    with counting(translate(N_("copying {log}")).format(log=log), None) as progress:
        head = desk.move(log, to, progress=progress)
    if as_json:
        data({"ok": True, "log": log, "size": head.size, "root": head.root.hex()})
    else:
        template = translate(N_("log {log}: size {size}, root {root}"))
        show([template.format(log=log, size=head.size, root=head.root.hex())])
    say(
        translate(
            N_(
                "It goes on there, under the same keys and anchors ({folder}). What is left at "
                "{place} is a copy without private values, in which nothing is recorded."
            )
        ).format(folder=desk.trust_path, place=place_of(desk.engine))
    )
