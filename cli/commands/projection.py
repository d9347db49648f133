"""`taizhang projection rebuild | check`."""

from __future__ import annotations

import sys

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, data, operation, pass_context, say
from cli.progress import counting
from projections.register import digest


@click.group("projection", help=N_("Read models: rebuild, and compare with the live ones."))
def command() -> None:
    """Readings rebuilt from entries."""


@command.command(
    "rebuild", help=N_("Fold the register from scratch beside the live one, then swap.")
)
@as_json
@pass_context
@operation
def rebuild(context: Context, *, as_json: bool) -> None:
    """Rebuild the register of every log."""
    desk = context.desk
    desk.forget_strangers()
    digests = {}
    for head in desk.logs():
        with counting(head.log, head.size) as progress:
            digests[head.log] = desk.rebuild(head.log, progress)
    if as_json:
        data({"ok": True, "digests": digests})
        return
    for log, found in digests.items():
        say(
            translate(N_("register of {log} rebuilt, digest {digest}")).format(
                log=log, digest=found
            )
        )


@command.command("check", help=N_("Compare the live register with a replay of the log."))
@as_json
@pass_context
@operation
def check(context: Context, *, as_json: bool) -> None:
    """Check the register of every log."""
    desk = context.desk
    problems = []
    digests = {}
    for head in desk.check_logs():
        with counting(head, None) as progress:
            found = desk.compare(head, progress)
        problems += [
            {
                "code": "register_altered",
                "position": None,
                "center": difference.center,
                "fields": list(difference.fields),
                "message": translate(
                    N_("the register's row of {center} differs from a replay in: {fields}")
                ).format(center=difference.center, fields=", ".join(difference.fields)),
            }
            for difference in found
        ]
        digests[head] = digest(desk.shelf.rows(head))
    if as_json:
        data({"ok": not problems, "digests": digests, "problems": problems})
    for problem in problems:
        say(str(problem["message"]))
    if problems:
        say(translate(N_("`taizhang projection rebuild` makes the register anew from the log.")))
    elif not as_json:
        say(translate(N_("the register agrees with a replay of the log")))
    sys.exit(5 if problems else 0)
