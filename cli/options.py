"""Options and the frame every command shares: the ledger, the language, JSON, and errors in one
shape."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, NoReturn, ParamSpec

import click
import orjson

from cli.desk import Desk
from cli.i18n import N_, translate
from ledger.errors import LedgerError, MalformedError, NotFoundError, RefusedError

__all__ = [
    "Context",
    "Day",
    "as_json",
    "data",
    "known_at",
    "on",
    "operation",
    "pass_context",
    "say",
]

P = ParamSpec("P")
DEFAULT_LEDGER = "sqlite:///taizhang.db"


class Context:
    """What the group hands to each command."""

    def __init__(self, ledger: str | None) -> None:
        self.ledger = ledger or os.environ.get("TAIZHANG_LEDGER") or DEFAULT_LEDGER
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The desk on the ledger; opened once."""
        if self._desk is None:
            self._desk = Desk(self.ledger)
        return self._desk

    def close(self) -> None:
        """Let the database go."""
        if self._desk is not None:
            self._desk.close()


pass_context = click.make_pass_decorator(Context)


class Day(click.ParamType[date]):
    """A day written YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day; usage error for anything else."""
        if isinstance(value, date):
            return value
        try:
            if len(value) != 10:
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            self.fail(
                translate(N_("{value} is no day; write YYYY-MM-DD")).format(value=repr(value)),
                param,
                ctx,
            )


as_json = click.option(
    "--json", "as_json", is_flag=True, help=N_("One JSON object on standard output.")
)
on = click.option(
    "--on", type=Day(), help=N_("State of law at the end of that day (default: today in Shanghai).")
)
known_at = click.option(
    "--known-at",
    metavar="TIME|POSITION",
    help=N_("What the ledger knew then: a time, or after an entry such as beijing#41."),
)


def data(value: dict[str, Any]) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def say(text: str) -> None:
    """Talk to the user on standard error."""
    click.echo(text, err=True)


def operation(command: Callable[P, Any]) -> Callable[P, Any]:
    """Run a command; turn every error of the ledger into its message, JSON and exit status."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        wants_json = bool(kwargs.get("as_json"))
        try:
            return command(*args, **kwargs)
        except LedgerError as error:
            _fail(error, as_json=wants_json)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    return run


def _fail(error: LedgerError, *, as_json: bool) -> NoReturn:
    message = message_of(error)
    if as_json:
        data({"ok": False, "error": _error_value(error, message)})
    say(f"{translate(N_('Error'))}: {message}")
    if isinstance(error, MalformedError):
        for problem in error.problems:
            say(
                "  "
                + translate(N_("line {line}: {message}")).format(
                    line=problem.line, message=_filled(problem)
                )
            )
    if isinstance(error, RefusedError):
        _say_findings(error)
    sys.exit(error.exit_status)


def message_of(error: LedgerError) -> str:
    """The error's message in the reader's language."""
    return _filled(error)


def _filled(problem: Any) -> str:
    template = translate(problem.message)
    values = {k: translate(v) if isinstance(v, str) else v for k, v in problem.values.items()}
    return template.format_map(values) if problem.values else template


def _error_value(error: LedgerError, message: str) -> dict[str, Any]:
    from cli.views import finding_value

    value: dict[str, Any] = {"code": error.code, "message": message}
    if isinstance(error, MalformedError) and error.problems:
        value["line"] = error.problems[0].line
        value["errors"] = [{"line": p.line, "message": _filled(p)} for p in error.problems]
        if len(error.problems) == 1:
            value["message"] = value["errors"][0]["message"]
    if isinstance(error, RefusedError):
        value["line"] = error.line
        value["findings"] = [
            finding_value(f, center=center, line=error.line) for center, f in error.findings
        ]
    return value


def _say_findings(error: RefusedError) -> None:
    from cli.views import finding_value

    for center, finding in error.findings:
        found = finding_value(finding, center=center)
        cite = found["cite"]
        article = f" ({cite['edition']} {cite['article']})" if cite else ""
        say(f"  {found['code']}: {found['message']}{article}")


def missing_ledger(url: str) -> NotFoundError:
    """No ledger where one was expected."""
    return NotFoundError(N_("there is no ledger at {url}; `taizhang init` makes one"), url=url)
