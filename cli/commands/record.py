"""`taizhang record`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import say, show
from cli.progress import counting
from ledger.errors import ConflictError, NotFoundError
from ledger.identity import format_position

if TYPE_CHECKING:
    from cli.desk import Desk
    from ledger.book import Receipt
    from ledger.spool import Spool


@click.command(
    "record",
    help=N_(
        "Rule and record the entries of a JSON Lines file, all or nothing; - is standard input."
    ),
)
@click.argument("file", metavar="FILE")
@click.option(
    "--historical",
    is_flag=True,
    help=N_(
        "Record acts as they were published; where the rules disagree, keep it as a deviation."
    ),
)
@click.option("--dry-run", is_flag=True, help=N_("Rule everything and record nothing."))
@as_json
@pass_context
@operation
def command(context: Context, file: str, *, historical: bool, dry_run: bool, as_json: bool) -> None:
    """Record a file, or nothing of it."""
    desk = context.desk
    with _lines(file) as (lines, total), counting(translate(N_("recording")), total) as progress:
        _find_ledger(desk, dry_run=dry_run)
        folder = Path(file).parent if file != "-" else Path()
        receipt = desk.record(
            lines,
            historical=historical,
            dry_run=dry_run,
            folder=folder,
            progress=progress,
            told=_say_again,
        )
    if as_json:
        _print_json(receipt)
    else:
        show(_receipt(receipt, dry_run=dry_run))
    _say_noted(translate(N_("noted")), receipt.findings)
    _say_noted(translate(N_("deviation")), receipt.deviations)
    if not dry_run and not as_json:
        say(translate(N_("Next: taizhang center list, or taizhang log verify")))


def _find_ledger(desk: Desk, *, dry_run: bool) -> None:
    """Open the ledger; one that is not there is made, or only played where nothing is to be
    recorded. A database that holds something else is left alone."""
    from ledger.engine import is_vacant

    try:
        _ = desk.engine
    except NotFoundError:
        if not desk.url.startswith("sqlite") and not is_vacant(desk.url):
            raise
        desk.url = "sqlite://" if dry_run else desk.url
        desk.initialise()


class _lines:  # noqa: N801  used as a context manager, like open()
    """The lines of a file or of standard input, which is spooled first so that no lock waits for a
    pipe."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __enter__(self) -> tuple[IO[bytes], int | None]:
        if self.file == "-":
            self.handle: Any = tempfile.SpooledTemporaryFile(max_size=8 << 20)
            shutil.copyfileobj(sys.stdin.buffer, self.handle)
            self.handle.seek(0)
            return self.handle, None
        path = Path(self.file)
        try:
            self.handle = path.open("rb")
        except OSError as error:
            raise NotFoundError(
                "the file {file} cannot be read ({reason})",
                file=self.file,
                reason=error.strerror or "unreadable",
            ) from None
        return self.handle, None

    def __exit__(self, *_: object) -> None:
        self.handle.close()


def _say_again(error: ConflictError) -> None:
    from cli.reasons import filled

    say(filled(error))
    say(translate(N_("Trying again, with the server that takes writes.")))


def _print_json(receipt: Receipt) -> None:
    """One object, written in pieces: a receipt may be longer than memory."""
    import orjson

    from cli.views import finding_value

    out = sys.stdout
    out.write(f'{{\n  "ok": true,\n  "recorded": {receipt.recorded},')
    out.write(f'\n  "skipped": {receipt.skipped},\n  "positions": [')
    for index, position in enumerate(receipt.positions()):
        out.write((", " if index else "") + f'"{position}"')
    logs = {log: {"size": size, "root": root.hex()} for log, (size, root) in receipt.logs.items()}
    out.write(f'],\n  "logs": {orjson.dumps(logs).decode()}')
    upto = [format_position(log, last) for log, last in receipt.upto.items()]
    out.write(f',\n  "upto": {orjson.dumps(upto).decode()},\n  "repeated": {receipt.repeated}')
    for name, spool in (("findings", receipt.findings), ("deviations", receipt.deviations)):
        out.write(f',\n  "{name}": [')
        for index, item in enumerate(spool):
            value = finding_value(item["finding"], center=item["center"], line=item["line"])
            out.write((",\n    " if index else "\n    ") + orjson.dumps(value).decode())
        out.write("\n  ]" if len(spool) else "]")
    out.write("\n}\n")


def _receipt(receipt: Receipt, *, dry_run: bool) -> Iterator[str]:
    from cli.render.receipt import render_heads

    template = (
        N_("would be recorded: {recorded}, skipped: {skipped}")
        if dry_run
        else N_("recorded: {recorded}, skipped: {skipped}")
    )
    yield translate(template).format(recorded=receipt.recorded, skipped=receipt.skipped)
    if not dry_run:
        yield from render_heads(receipt.logs)


def _say_noted(kind: str, spool: Spool) -> None:
    from itertools import islice

    from cli.render.receipt import SHOWN, render_noted
    from cli.views import finding_value

    values = [
        finding_value(item["finding"], center=item["center"], line=item["line"])
        for item in islice(spool, SHOWN)
    ]
    for line in render_noted(kind, values, count=len(spool)):
        say(line)
