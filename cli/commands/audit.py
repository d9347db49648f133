"""`taizhang audit`."""

from __future__ import annotations

from typing import Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme
from cli.output import data, show
from cli.progress import counting


@click.command("audit", help=N_("Judge every recorded act again; list deviations and omissions."))
@scheme
@as_json
@pass_context
@operation
def command(context: Context, *, scheme: str | None, as_json: bool) -> int:
    """Audit the whole ledger."""
    desk = context.desk
    findings: list[dict[str, Any]] = []
    acts = 0
    for head in desk.logs():
        if scheme is not None and head.log != scheme:
            continue
        what = translate(N_("judging {log} again")).format(log=head.log)
        with counting(what, head.size) as progress:
            for count, found in desk.audit(head.log, progress):
                acts += count
                findings += [_value(head.log, item) for item in found]
    if as_json:
        data({"ok": not findings, "acts": acts, "findings": findings})
    else:
        from cli.render.findings import render_audit

        show(render_audit(acts, findings))
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
