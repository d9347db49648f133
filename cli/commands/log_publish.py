"""`taizhang log publish`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme, waits
from cli.output import data, say, show
from cli.progress import counting

if TYPE_CHECKING:
    from ledger.publishing import Published

__all__ = ["publish"]


@click.command(
    "publish",
    help=N_(
        "Write each log up to its newest checkpoint as files for any static web server (C2SP "
        "tlog-tiles): DIR/SCHEME/checkpoint, tiles and entry bundles."
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@scheme
@as_json
@pass_context
@operation
@waits
def publish(context: Context, folder: Path, *, scheme: str | None, as_json: bool) -> None:
    """Publish each log that has a checkpoint; at least one must have one."""
    logs, unsealed = _sealed(context, scheme)
    with counting(translate(N_("publishing")), None) as progress:
        published = [context.desk.proofs.publish(log, folder, progress) for log in logs]
    if as_json:
        rows = [_value(one) for one in published]
        data({"ok": True, "published": rows, "unsealed": unsealed})
    else:
        show(_line(one) for one in published)
    _say_what_next(published, unsealed)


def _sealed(context: Context, scheme: str | None) -> tuple[list[str], list[str]]:
    """The logs to publish, and those without a checkpoint, which only matter beside others."""
    from ledger.errors import NotFoundError

    logs = context.desk.logs_of(scheme)
    sealed = context.desk.proofs.sealed()
    if not sealed.intersection(logs):
        raise NotFoundError(
            "there is no checkpoint to publish: `taizhang log checkpoint` makes one"
        )
    return [log for log in logs if log in sealed], [log for log in logs if log not in sealed]


def _value(published: Published) -> dict[str, object]:
    return {
        **published._asdict(),
        "root": published.root.hex(),
        "folder": str(published.folder),
    }


def _line(published: Published) -> str:
    template = N_(
        "log {log}: size {size}, in {folder}; files written: {written}, there already: {kept}"
    )
    return translate(template).format(**published._asdict())


def _say_what_next(published: list[Published], unsealed: list[str]) -> None:
    if unsealed:
        template = N_("Not published, because nothing of it is sealed yet: {logs}")
        say(translate(template).format(logs=", ".join(unsealed)))
    if any(one.written for one in published):
        say(
            translate(
                N_(
                    "Any web server can serve the folder as it is. What is in it stays; whoever "
                    "checks it needs the keys of `taizhang log key show`, from another source."
                )
            )
        )
    else:
        say(translate(N_("Everything was published already.")))
