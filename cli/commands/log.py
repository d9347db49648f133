"""`taizhang log verify | show`."""

from __future__ import annotations

import click

from cli.i18n import N_


@click.group("log", help=N_("Integrity of the log: verify and show."))
def command() -> None:
    """The log itself."""
