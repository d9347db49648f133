"""`taizhang log verify | show`, and what else is said of the log itself."""

from __future__ import annotations

from typing import Any

import click

from cli.commands.log_checkpoints import checkpoint, consistency, prove
from cli.commands.log_keys import key
from cli.commands.log_move import move
from cli.commands.log_publish import publish
from cli.commands.log_repair import repair
from cli.commands.log_verify import verify
from cli.commands.log_witness import witness
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, waits
from cli.output import data, say, show
from cli.upto import last_positions, say_upto


@click.group("log", help=N_("Integrity of the log: checkpoints, proofs, keys, verification."))
def command() -> None:
    """The log itself."""


for _part in (verify, checkpoint, prove, consistency, publish, key, repair, move, witness):
    command.add_command(_part)


@command.command("show", help=N_("The heads of the logs, or one entry as it was hashed."))
@click.argument("position", metavar="[POSITION]", required=False)
@as_json
@pass_context
@operation
@waits
def show_(context: Context, position: str | None, *, as_json: bool) -> int:
    """Show what is hashed."""
    if position is not None:
        return _show_leaf(context, position, as_json=as_json)
    found = context.desk.logs()
    upto = last_positions({head.log: head.size for head in found})
    heads = [
        {"log": head.log, "size": head.size, "root": head.root.hex()}
        | ({} if head.in_force_at is None else {"in_force_at": head.in_force_at})
        for head in found
    ]
    if as_json:
        data({"ok": True, "logs": heads, "upto": upto})
        return 0
    from cli.render.log import render_heads

    show(render_heads(heads))
    say_upto(context.desk, *upto)
    return 0


def _show_leaf(context: Context, position: str, *, as_json: bool) -> int:
    import orjson

    from ledger.identity import parse_position
    from ledger.leaf import hash_leaf

    row, text = context.desk.leaf(parse_position(position))
    payload = orjson.loads(row.payload)
    value: dict[str, Any] = {
        "ok": hash_leaf(text) == row.leaf,
        "position": position,
        "leaf": text.decode(),
        "leaf_hash": hash_leaf(text).hex(),
        "stored_hash": row.leaf.hex(),
        "payload": payload,
    }
    if as_json:
        data(value)
    else:
        from cli.render.log import render_leaf

        show(render_leaf(value, orjson.dumps(payload, option=orjson.OPT_INDENT_2).decode()))
    if value["ok"]:
        return 0
    say(translate(N_("The entry no longer gives the hash that is stored: taizhang log verify")))
    return 5
