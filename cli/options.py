"""Options and the frame every command shares: the ledger, the two clocks, JSON, errors."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from cli.i18n import N_, translate
from ledger.errors import LedgerError

if TYPE_CHECKING:
    from cli.desk import Desk

__all__ = [
    "Context",
    "Day",
    "as_json",
    "jobs",
    "known_at",
    "on",
    "operation",
    "pass_context",
    "scheme",
    "waits",
]

P = ParamSpec("P")
DEFAULT_LEDGER = "sqlite:///taizhang.db"


class Context:
    """What the group hands to each command: which ledger, and the desk on it once it is needed."""

    def __init__(self, ledger: str | None = None) -> None:
        self.ledger = ledger or os.environ.get("TAIZHANG_LEDGER") or DEFAULT_LEDGER
        self.trust = os.environ.get("TAIZHANG_TRUST") or None
        self.has_recorded = False
        self.is_committing = False
        self.next_line: int | None = None
        self.way_on: str | None = None
        """What to say of going on, where the command is interrupted before it records."""
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The desk on the ledger; opened once."""
        if self._desk is None:
            from cli.desk import Desk

            self._desk = Desk(self.ledger, trust=Path(self.trust) if self.trust else None)
        return self._desk

    def close(self) -> None:
        """Let the database go."""
        if self._desk is not None:
            self.has_recorded = self._desk.has_recorded
            self.is_committing = self._desk.is_committing
            self.next_line = self._desk.next_line
            self._desk.close()
            self._desk = None


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
jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help=N_(
        "How many processes share the work (default: one for each processor, from 100,000 entries "
        "on)."
    ),
)
scheme = click.option("--scheme", help=N_("Only this scheme, such as beijing."))
on = click.option(
    "--on", type=Day(), help=N_("State of law at the end of that day (default: today in Shanghai).")
)
known_at = click.option(
    "--known-at",
    metavar="TIME|POSITION",
    help=N_("What the ledger knew then: a time, or after an entry such as beijing#41."),
)


def waits(command: Callable[Concatenate[Context, P], int | None]) -> Callable[..., int | None]:
    """Let a question wait until the ledger that is asked has come so far; stands after
    `operation`."""

    @click.option(
        "--wait-for",
        "wait_for",
        multiple=True,
        metavar="POSITION",
        envvar="TAIZHANG_WAIT_FOR",
        help=N_("Answer once this entry is on file here, such as beijing#41; again for each log."),
    )
    @click.option(
        "--wait-seconds",
        "wait_seconds",
        type=click.FloatRange(min=0, max=86_400),
        default=30,
        show_default=True,
        metavar="SECONDS",
        envvar="TAIZHANG_WAIT_SECONDS",
        help=N_("How long --wait-for waits; then the status is 4."),
    )
    @functools.wraps(command)
    def run(
        context: Context,
        *args: Any,
        wait_for: tuple[str, ...],
        wait_seconds: float,
        **kwargs: Any,
    ) -> int | None:
        if wait_for:
            context.desk.wait_for(wait_for, seconds=wait_seconds)
        return command(context, *args, **kwargs)

    return run


def operation(command: Callable[P, int | None]) -> Callable[P, int]:
    """Run a command and return its exit status; every error of the ledger becomes its message,
    its JSON and its status."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs) or 0
        except LedgerError as error:
            from cli.failure import report

            return report(error, as_json=bool(kwargs.get("as_json")))
        except BrokenPipeError:  # click would call this a no
            from cli.output import pipe_closed

            return pipe_closed()

    return run
