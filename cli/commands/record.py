"""`taizhang record`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

import click

from cli.batches import LONGEST, record_in_batches
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context
from cli.output import say, show
from cli.progress import counting
from ledger.errors import ConflictError, NotFoundError
from ledger.identity import format_position

if TYPE_CHECKING:
    from cli.desk import Desk
    from ledger.receipt import Receipt
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
@click.option(
    "--batch",
    type=click.IntRange(1, LONGEST),
    metavar="N",
    help=N_(
        "Record N lines after another, each N all or nothing, so that what is recorded stays; "
        "every line needs a key."
    ),
)
@click.option("--dry-run", is_flag=True, help=N_("Rule everything and record nothing."))
@as_json
@pass_context
@operation
def command(
    context: Context,
    file: str,
    *,
    historical: bool,
    batch: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Record a file, or nothing of it; or batch by batch."""
    if batch is not None and dry_run:
        raise click.UsageError(
            translate(N_("--dry-run rules a file as a whole: give it without --batch."))
        )
    desk = context.desk
    context.way_on = translate(
        N_("To go on, give the same command again. With --batch, what was recorded would stay.")
        if batch is None
        else N_("To go on, give the same command again.")
    )
    rules: _Rules = {
        "historical": historical,
        "folder": Path(file).parent if file != "-" else Path(),
        "told": _say_again,
    }
    with _lines(file, whole=batch is None) as lines, _progress(lines) as progress:
        _find_ledger(desk, dry_run=dry_run)
        if batch is None:
            receipt = desk.record(lines, dry_run=dry_run, progress=progress, **rules)
        else:
            receipt = record_in_batches(desk, lines, batch, progress=progress, **rules)
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


class _Rules(TypedDict):
    historical: bool
    folder: Path
    told: Callable[[ConflictError], None]


@contextmanager
def _lines(file: str, *, whole: bool) -> Iterator[IO[bytes]]:
    """The lines of a file or of standard input. Recorded as a whole, that is spooled first, so that
    no lock waits for a pipe."""
    if file == "-" and not whole:
        yield sys.stdin.buffer
    elif file == "-":
        with tempfile.TemporaryFile() as spooled:
            shutil.copyfileobj(sys.stdin.buffer, spooled)
            spooled.seek(0)
            yield spooled
    else:
        try:
            handle = Path(file).open("rb")  # noqa: SIM115  closed below; only opening may fail so
        except OSError as error:
            raise NotFoundError(
                "the file {file} cannot be read ({reason})",
                file=file,
                reason=error.strerror or "unreadable",
            ) from None
        with handle:
            yield handle


@contextmanager
def _progress(lines: IO[bytes]) -> Iterator[Callable[[int], None] | None]:
    """A bar told the number of lines done; how much of the whole that is, the bytes read tell."""
    with counting(translate(N_("recording"))) as bar:
        if bar is None:
            yield None
            return
        size = os.fstat(lines.fileno()).st_size if lines.seekable() else 0

        def done(line: int) -> None:
            bar(line, share=lines.tell() / size if size else None)

        yield done


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
