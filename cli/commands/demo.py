"""`taizhang demo`: a small ledger in a new folder, and a walk through a real kind of dispute."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from importlib.resources import files
from pathlib import Path

import click

from cli.i18n import N_, language, translate
from cli.options import Context, operation, pass_context
from cli.output import show
from cli.walkthrough import CENTER, DECISION, FILES, STEPS, Step


@click.command("demo", help=N_("Build a small ledger in a new folder and walk through a dispute."))
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help=N_("The folder; it must not exist yet, or be empty (default: a new temporary one)."),
)
@pass_context
@operation
def command(_context: Context, *, into: Path | None) -> None:
    """Record the town, then run every command of the story as a user would."""
    folder = _new_folder(into)
    for name in FILES:
        (folder / name).write_bytes((files("cli") / "demo" / name).read_bytes())
    show(_opening(folder))
    with _inside(folder):
        for number, step in enumerate(STEPS, 1):
            _take(step, f"[{number}/{len(STEPS)}] ")
    show(_closing(folder))


def _new_folder(into: Path | None) -> Path:
    if into is None:
        return Path(tempfile.mkdtemp(prefix="taizhang-demo-"))
    try:
        into.mkdir(parents=True, exist_ok=True)
        is_empty = not any(into.iterdir())
    except OSError as error:
        message = translate(N_("{folder} cannot be made: {reason}"))
        raise click.UsageError(message.format(folder=into, reason=error.strerror)) from None
    if not is_empty:
        message = translate(N_("{folder} is not empty; name a new folder"))
        raise click.UsageError(message.format(folder=into))
    return into.absolute()


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """In the folder, on its own ledger, in the language chosen."""
    before = dict(os.environ)
    os.environ.pop("TAIZHANG_LEDGER", None)
    os.environ["TAIZHANG_LANG"] = language()
    try:
        with chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _take(step: Step, number: str) -> None:
    """Say what comes, print the command, run it."""
    from cli.render.page import bold, paragraph

    filling = {"center": CENTER}
    if "{position}" in step.command:
        filling["position"] = _decision()
    show(["", *paragraph(translate(step.text).format(**filling), first=number), ""])
    line = step.command.format(**filling)
    show([bold(f"$ taizhang {line}")])
    status = _run(line.split())
    if status != step.status:
        raise RuntimeError(f"{line}: status {status} instead of {step.status}")


def _run(arguments: list[str]) -> int:
    root = click.get_current_context().find_root().command
    status = root.main(arguments, prog_name="taizhang", standalone_mode=False, obj=Context())
    return status if isinstance(status, int) else 0


def _decision() -> str:
    """The position of the decision in dispute."""
    from cli.desk import Library
    from ledger.identity import format_position

    context = Context()
    try:
        found = Library(context.desk.book).recorded(CENTER, DECISION)
    finally:
        context.close()
    if found is None:
        raise RuntimeError(f"no entry has the key {DECISION}")
    return format_position(found.log, found.position)


def _opening(folder: Path) -> Iterator[str]:
    from cli.render.page import paragraph

    yield from paragraph(translate(N_("A ledger in {folder}")).format(folder=folder))
    yield from paragraph(
        translate(N_("Lines with $ are commands that you can give yourself, in that folder."))
    )


def _closing(folder: Path) -> Iterator[str]:
    from cli.render.page import paragraph

    yield ""
    yield from paragraph(translate(N_("Go on from here:")))
    yield ""
    yield f"  cd {folder}"
    if os.environ.get("TAIZHANG_LEDGER"):
        yield "  unset TAIZHANG_LEDGER"
    if shutil.which("taizhang") is None:
        yield f"  alias taizhang={Path(sys.argv[0]).absolute()}"
    yield "  taizhang center why beijing/91110108MA1D00005H"
    yield "  taizhang center eligible beijing/91110108MA1D00005H"
    yield "  taizhang center list --csv > register.csv"
    yield "  taizhang policy show beijing/1"
    yield "  taizhang --help"
