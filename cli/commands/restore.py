"""`taizhang restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show
from cli.progress import counting

if TYPE_CHECKING:
    from cli.restoring import Restored


@click.command(
    "restore", help=N_("Put a backup back, once it is verified; what was lost is put on record.")
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--force", is_flag=True, help=N_("Move the ledger that is there aside; it is never deleted.")
)
@click.option(
    "--reason",
    default="restored from a backup",
    help=N_("Why, as it is recorded where entries were lost or values erased again."),
)
@as_json
@pass_context
@operation
def command(context: Context, file: Path, *, force: bool, reason: str, as_json: bool) -> int:
    """Restore a ledger."""
    from cli.restoring import restore

    with counting(translate(N_("verifying")), None) as progress:
        done = restore(context.desk, file, reason=reason, force=force, progress=progress)
    value = _value(done)
    if as_json:
        data(value)
    else:
        from cli.render.restored import render_restored

        show(render_restored(value))
    if done.problems:
        say(translate(N_("The backup is damaged; nothing was replaced.")))
        return 5
    say(translate(N_("Next: taizhang log verify, then taizhang log checkpoint")))
    return 0


def _value(done: Restored) -> dict[str, Any]:
    from cli.views import damage_value

    return {
        "ok": not done.problems,
        "ledger": str(done.path),
        "aside": None if done.aside is None else str(done.aside),
        "logs": {
            one.log: {
                "size": one.size,
                "generation": one.generation,
                "lost": one.lost,
                "centers": dict(one.centers),
                "erased_again": one.erased,
            }
            for one in done.logs
        },
        "problems": [damage_value(problem) for problem in done.problems],
    }
