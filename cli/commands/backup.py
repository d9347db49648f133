"""`taizhang backup`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show
from cli.progress import counting


@click.command(
    "backup", help=N_("Write the whole ledger into one file, while others go on recording.")
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help=N_("Replace the file if it exists."))
@as_json
@pass_context
@operation
def command(context: Context, file: Path, *, force: bool, as_json: bool) -> None:
    """Back the ledger up."""
    from ledger.backups import back_up

    desk = context.desk
    with counting(translate(N_("copying pages")), None) as progress:
        made = back_up(desk.engine, file, overwrite=force, progress=progress)
    if as_json:
        data({"ok": True, "file": str(made.path), "length": made.length, "sha256": made.sha256})
    else:
        template = translate(N_("{file}: {length} bytes, SHA-256 {sha256}"))
        show([template.format(file=made.path, length=made.length, sha256=made.sha256)])
    say(
        translate(
            N_(
                "It holds private values, and neither keys nor anchors: keep the trust folder "
                "({folder}) for itself, and both where only those may read who may read the ledger."
            )
        ).format(folder=desk.trust_path)
    )
