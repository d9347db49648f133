"""`taizhang record`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import click
import orjson

from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, say
from cli.progress import counting
from cli.views import finding_value
from ledger.errors import NotFoundError

SHOWN = 20


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
    desk.create = desk.url.startswith("sqlite")
    with _lines(file) as (lines, total), counting(translate(N_("recording")), total) as progress:
        folder = Path(file).parent if file != "-" else Path()
        receipt = desk.record(
            lines, historical=historical, dry_run=dry_run, folder=folder, progress=progress
        )
    if as_json:
        _print_json(receipt)
    _talk(receipt, dry_run=dry_run)


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
                N_("the file {file} cannot be read ({reason})"),
                file=self.file,
                reason=error.strerror or "?",
            ) from None
        return self.handle, None

    def __exit__(self, *_: object) -> None:
        self.handle.close()


def _print_json(receipt: Any) -> None:
    """One object, written in pieces: a receipt may be longer than memory."""
    out = sys.stdout
    out.write(
        f'{{\n  "ok": true,\n  "recorded": {receipt.recorded},\n  "skipped": {receipt.skipped},\n  "positions": ['
    )
    for index, position in enumerate(receipt.positions()):
        out.write((", " if index else "") + f'"{position}"')
    logs = {log: {"size": size, "root": root.hex()} for log, (size, root) in receipt.logs.items()}
    out.write(f'],\n  "logs": {orjson.dumps(logs).decode()}')
    for name, spool in (("findings", receipt.findings), ("deviations", receipt.deviations)):
        out.write(f',\n  "{name}": [')
        for index, item in enumerate(spool):
            value = finding_value(item["finding"], center=item["center"], line=item["line"])
            out.write((",\n    " if index else "\n    ") + orjson.dumps(value).decode())
        out.write("\n  ]" if len(spool) else "]")
    out.write("\n}\n")


def _talk(receipt: Any, *, dry_run: bool) -> None:
    template = (
        N_("{recorded} entries would be recorded, {skipped} skipped.")
        if dry_run
        else N_("{recorded} entries recorded, {skipped} skipped.")
    )
    say(translate(template).format(recorded=receipt.recorded, skipped=receipt.skipped))
    for name, spool in ((N_("noted"), receipt.findings), (N_("deviation"), receipt.deviations)):
        for index, item in enumerate(spool):
            if index == SHOWN:
                say(
                    translate(N_("  … and {count} more (all with --json)")).format(
                        count=len(spool) - SHOWN
                    )
                )
                break
            value = finding_value(item["finding"], center=item["center"], line=item["line"])
            article = (
                f" ({value['cite']['edition']} {value['cite']['article']})" if value["cite"] else ""
            )
            say(
                translate(N_("  line {line} {kind}: {message}{article} – {center}")).format(
                    line=item["line"],
                    kind=translate(name),
                    message=value["message"],
                    article=article,
                    center=item["center"],
                )
            )
    if dry_run:
        return
    for log, (size, root) in receipt.logs.items():
        say(
            translate(N_("log {log}: {size} entries, root {root}")).format(
                log=log, size=size, root=root.hex()
            )
        )
    say(translate(N_("Next: taizhang center list, or taizhang log verify")))
