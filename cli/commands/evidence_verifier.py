"""`taizhang evidence verifier`."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import click

from cli.i18n import N_, translate
from cli.options import as_json, operation
from cli.output import data, say
from ledger.durable import make_folder, write_file

VERIFIERS = ("taizhang_verify.py", "verify.html")


@click.command(
    "verifier", help=N_("Write out the programs a company checks evidence files with, offline.")
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help=N_("Folder to write them into; made where there is none."),
)
@as_json
@operation
def verifier(*, folder: Path, as_json: bool) -> None:
    """Write one Python file and one web page that need nothing else of taizhang."""
    make_folder(folder)
    written = []
    for name in VERIFIERS:
        content = files("cli.verifier").joinpath(name).read_bytes()
        write_file(folder / name, content)
        written.append({"file": str(folder / name), "sha256": sha256(content).hexdigest()})
    if as_json:
        data({"ok": True, "files": written})
    for file in written:
        say(translate(N_("Written: {file} (SHA-256 {sha256})")).format(**file))
    say(
        translate(
            N_(
                "Next: hand them over with the evidence file; the key goes another way, so that "
                "nobody can replace both."
            )
        )
    )
