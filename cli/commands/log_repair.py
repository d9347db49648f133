"""`taizhang log repair`."""

from __future__ import annotations

from pathlib import Path

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show
from cli.progress import counting

__all__ = ["repair"]


@click.command(
    "repair",
    help=N_("Put back from a backup only rows whose bytes give what was sealed; compute the rest."),
)
@click.option(
    "--from",
    "backup",
    metavar="BACKUP",
    required=True,
    help=N_("A backup file; its checkpoints must be signed by this ledger."),
)
@click.option("--dry-run", is_flag=True, help=N_("Say what would be mended and change nothing."))
@as_json
@pass_context
@operation
def repair(context: Context, *, backup: str, dry_run: bool, as_json: bool) -> int:
    """Mend the ledger."""
    from cli.restoring import repair_from
    from cli.views import damage_value

    with counting(translate(N_("comparing")), None) as progress:
        mended, left = repair_from(context.desk, Path(backup), dry_run=dry_run, progress=progress)
    problems = [damage_value(problem) for problem in left]
    if as_json:
        rows = [one._asdict() for one in mended]
        data({"ok": not problems, "dry_run": dry_run, "mended": rows, "problems": problems})
    else:
        from cli.render.restored import render_mended

        show(render_mended([one._asdict() for one in mended], problems, dry_run=dry_run))
    if problems:
        say(translate(N_("Something is left that this backup cannot mend: another may.")))
        return 5
    return 0
