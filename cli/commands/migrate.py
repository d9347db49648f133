"""`taizhang migrate`."""

from __future__ import annotations

from typing import Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import data, say, show


@click.command(
    "migrate",
    help=N_("Bring an older ledger up to date; let roles of a server record or read."),
)
@click.option("--dry-run", is_flag=True, help=N_("Show the SQL that would be run; change nothing."))
@click.option(
    "--recorder",
    "recorders",
    metavar="ROLE",
    multiple=True,
    help=N_("Let this role of the server record: add entries, and change none."),
)
@click.option(
    "--reader",
    "readers",
    metavar="ROLE",
    multiple=True,
    help=N_("Let this role of the server read, and write nothing."),
)
@as_json
@pass_context
@operation
def command(
    context: Context,
    *,
    dry_run: bool,
    recorders: tuple[str, ...],
    readers: tuple[str, ...],
    as_json: bool,
) -> None:
    """Migrate the ledger, then grant."""
    if dry_run and (recorders or readers):
        raise click.UsageError(translate(N_("--dry-run shows a migration, and grants nothing.")))
    migrated = context.desk.migrate(dry_run=dry_run)
    if recorders or readers:
        context.desk.grant(recorders=recorders, readers=readers)
    if as_json:
        data({"ok": True, **_value(migrated), "recorders": recorders, "readers": readers})
    elif dry_run:
        show(_counted(text, count) for text, count in migrated.statements)
    say(_said(migrated, dry_run=dry_run))
    for roles, said in (
        (recorders, N_("{role} may record, and change nothing that is recorded.")),
        (readers, N_("{role} may read, private values too, and write nothing.")),
    ):
        for role in roles:
            say(translate(said).format(role=role))


def _value(migrated: Any) -> dict[str, Any]:
    statements = [{"sql": text, "times": count} for text, count in migrated.statements]
    return {"before": migrated.before, "after": migrated.after, "statements": statements}


def _counted(text: str, count: int) -> str:
    return f"{text};" if count == 1 else f"{text};  -- {count}×"


def _said(migrated: Any, *, dry_run: bool) -> str:
    if migrated.before == migrated.after:
        said = translate(N_("The ledger is up to date: schema {after}."))
    elif dry_run:
        said = translate(N_("Schema {before} would become {after}; nothing was changed."))
    else:
        said = translate(
            N_("Schema {before} became {after}. Next: taizhang log verify, and a new backup.")
        )
    return said.format(before=migrated.before, after=migrated.after)
