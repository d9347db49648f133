"""`taizhang projection rebuild | check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, jobs, operation, pass_context, waits
from cli.output import data, say, show
from cli.progress import counting
from cli.reasons import filled
from ledger.errors import IntegrityFailure

if TYPE_CHECKING:
    from cli.desk import Desk
    from projections.running import Difference, Progress


@click.group("projection", help=N_("Read models: rebuild, and compare with the live ones."))
def command() -> None:
    """Readings rebuilt from entries."""


@command.command(
    "rebuild", help=N_("Fold the register from scratch beside the live one, then swap.")
)
@jobs
@as_json
@pass_context
@operation
def rebuild(context: Context, *, jobs: int | None, as_json: bool) -> None:
    """Rebuild the register of every log."""
    desk = context.desk
    desk.forget_strangers()
    digests = {}
    for head in desk.logs():
        what = translate(N_("rebuilding {log}")).format(log=head.log)
        with counting(what, head.size) as progress:
            digests[head.log] = desk.rebuild(head.log, progress, jobs=jobs)
    if as_json:
        data({"ok": True, "digests": digests})
        return
    template = translate(N_("register of {log} rebuilt, digest {digest}"))
    show(template.format(log=log, digest=digest) for log, digest in digests.items())


@command.command("check", help=N_("Compare the live register with a replay of the log."))
@jobs
@as_json
@pass_context
@operation
@waits
def check(context: Context, *, jobs: int | None, as_json: bool) -> int:
    """Check the register of every log."""
    desk = context.desk
    problems: list[dict[str, Any]] = []
    digests: dict[str, str | None] = {}
    for log in desk.check_logs():
        with counting(translate(N_("replaying {log}")).format(log=log), None) as progress:
            problems += _problems(desk, log, progress, jobs=jobs)
        digests[log] = _digest(desk, log)
    problems += [_problem(found) for found in desk.strangers()]
    if as_json:
        data({"ok": not problems, "digests": digests, "problems": problems})
    else:
        show(problem["message"] for problem in problems)
    if problems:
        say(translate(N_("`taizhang projection rebuild` makes the register anew from the log.")))
    elif not as_json:
        template = translate(N_("register of {log} agrees with a replay, digest {digest}"))
        show(template.format(log=log, digest=found) for log, found in digests.items())
    return 5 if problems else 0


def _problems(
    desk: Desk, log: str, progress: Progress | None, *, jobs: int | None
) -> list[dict[str, Any]]:
    """What a replay gives otherwise; where it cannot be made, why not."""
    try:
        return [_problem(found) for found in desk.compare(log, progress, jobs=jobs)]
    except IntegrityFailure as error:
        return [_unread(log, error)]


def _digest(desk: Desk, log: str) -> str | None:
    """The digest of the register; None for one that cannot be read."""
    from projections.register import digest

    try:
        return digest(desk.shelf.rows(log))
    except IntegrityFailure:
        return None


def _problem(found: Difference) -> dict[str, Any]:
    if found.unread is not None:
        return _unread(found.center, found.unread)
    template = N_("the register's row of {center} differs from a replay in: {fields}")
    fields = ", ".join(found.fields)
    return {
        "code": "register_altered",
        "position": None,
        "center": found.center,
        "fields": list(found.fields),
        "message": translate(template).format(center=found.center, fields=fields),
    }


def _unread(name: str, error: IntegrityFailure) -> dict[str, Any]:
    template = N_("the register cannot be compared with the entries of {name}: {reason}")
    return {
        "code": "register_unread",
        "position": None,
        "center": name,
        "fields": [],
        "message": translate(template).format(name=name, reason=filled(error)),
    }
