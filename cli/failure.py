"""An error of the ledger as its message, its JSON and its exit status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.i18n import N_, translate
from cli.output import data, say
from cli.reasons import filled
from cli.views import finding_value
from ledger.errors import LedgerError, MalformedError, RefusedError

__all__ = ["error_value", "report"]


def report(error: LedgerError, *, as_json: bool) -> int:
    """Say what went wrong on standard error, as JSON on standard output where asked for; returns
    the exit status."""
    if as_json:
        data({"ok": False, "error": error_value(error)})
    say(translate(N_("Error: {message}")).format(message=filled(error)))
    for line in _particulars(error):
        say(line)
    if error.next_line is not None:
        say(_going_on(error.next_line))
    return error.exit_status


def error_value(error: LedgerError) -> dict[str, Any]:
    """The error as the contract shows it."""
    value: dict[str, Any] = {"code": error.code, "message": filled(error)}
    if isinstance(error, MalformedError) and error.problems:
        value["line"] = error.problems[0].line
        value["errors"] = [{"line": p.line, "message": filled(p)} for p in error.problems]
        if len(error.problems) == 1:
            value["message"] = value["errors"][0]["message"]
    if isinstance(error, RefusedError):
        value["line"] = error.line
        value["findings"] = [
            finding_value(f, center=center, line=error.line) for center, f in error.findings
        ]
    if error.next_line is not None:
        value["next_line"] = error.next_line
    return value


def _going_on(line: int) -> str:
    """With which line a file goes on that is recorded in batches."""
    if line == 1:
        return translate(N_("It was the first batch: nothing of the file is recorded."))
    template = N_(
        "What stands before line {line} is recorded. Once this is put right, give the same command "
        "again: what is on file is skipped."
    )
    return translate(template).format(line=line)


def _particulars(error: LedgerError) -> Iterator[str]:
    if isinstance(error, MalformedError):
        for problem in error.problems:
            yield "  " + translate(N_("line {line}: {message}")).format(
                line=problem.line, message=filled(problem)
            )
    if isinstance(error, RefusedError):
        from cli.render.findings import render_findings

        values = [finding_value(f, center=center) for center, f in error.findings]
        yield from render_findings(values)
        yield translate(
            N_("If it was done nevertheless, --historical records it with these as deviations.")
        )
