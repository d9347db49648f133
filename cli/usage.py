"""What click says of a command line it cannot read: in the reader's language, and as JSON."""

from __future__ import annotations

import click

from cli.i18n import N_, counted
from cli.output import data

__all__ = ["CLICK_WORDS", "report_usage"]

CLICK_WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Show this message and exit."),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing parameter: {param_name}"),
    N_("No such option {name!r}."),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    counted("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    counted("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    counted("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    counted("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""Messages of click that a user of `taizhang` can meet; click looks them up by these very words."""


def report_usage(error: click.ClickException, *, as_json: bool) -> int:
    """Say what is wrong with the command line; returns the exit status."""
    if as_json:
        data({"ok": False, "error": {"code": "usage", "message": error.format_message()}})
    error.show()
    return error.exit_code
