"""`taizhang audit`."""

from __future__ import annotations

from typing import Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme, waits
from cli.output import data, show
from cli.progress import counting
from cli.upto import last_positions, say_upto


@click.command("audit", help=N_("Judge every recorded act again; list deviations and omissions."))
@scheme
@as_json
@pass_context
@operation
@waits
def command(context: Context, *, scheme: str | None, as_json: bool) -> int:
    """Audit the whole ledger."""
    desk = context.desk
    findings: list[dict[str, Any]] = []
    acts = 0
    sizes = desk.sizes(scheme)
    for log, size in sizes.items():
        what = translate(N_("judging {log} again")).format(log=log)
        with counting(what, size) as progress:
            for count, found in desk.audit(log, progress, size=size):
                acts += count
                findings += [_value(log, item) for item in found]
    upto = last_positions(sizes)
    if as_json:
        data({"ok": not findings, "acts": acts, "findings": findings, "upto": upto})
    else:
        from cli.render.findings import render_audit

        show(render_audit(acts, findings))
        say_upto(desk, *upto)
    return 1 if findings else 0


def _value(log: str, found: Any) -> dict[str, Any]:
    from cli.views import cite_value
    from cli.wording import sentence
    from ledger.identity import format_position

    return {
        "position": None if found.position is None else format_position(log, found.position),
        "center": found.center,
        "code": found.code,
        "message": sentence(found.say, found.values),
        "cite": cite_value(found.cite),
        "recorded": found.recorded,
        "ruled": found.ruled,
        "entries": [format_position(log, n) for n in found.entries],
    }
