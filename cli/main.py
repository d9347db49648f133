"""The command `taizhang`: commands are loaded when they are called, so that help stays fast."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from cli.help import HelpContext
from cli.i18n import LANGUAGES, N_, choose, translate
from cli.options import Context
from cli.output import data, pipe_closed, say
from cli.usage import report_usage
from ledger.garbage import collect_rarely

__all__ = ["group", "main"]

INTERRUPTED = 130
TERMINATED = 143
OWN_MISTAKE = 70

_COMMANDS = {
    "init": N_("Create the ledger: schema, signing key and built-in regulations."),
    "demo": N_("Build a small ledger in a new folder and walk through a dispute."),
    "record": N_("Rule and record entries from a JSON Lines file; all or nothing."),
    "center": N_("Status, register, history, explanation and eligibility of centers."),
    "round": N_("One round of designations or evaluations in numbers."),
    "audit": N_("Judge every recorded act again; list deviations and omissions."),
    "what-if": N_("The same acts under another edition, reading or fact; recorded nowhere."),
    "deadlines": N_("What is due, from whom, by when."),
    "policy": N_("Regulations as data: list, show, check, add and compare."),
    "log": N_("Integrity of the log: checkpoints, proofs, keys, verification."),
    "evidence": N_("A self-contained file for a dispute: export and check."),
    "backup": N_("Write the whole ledger into one file."),
    "restore": N_("Put a backup back; what was lost is put on record."),
    "migrate": N_("Bring an older ledger up to date; let roles of a server record or read."),
    "projection": N_("Read models: rebuild, and compare with the live ones."),
}

_originals: dict[click.Command | click.Option, str] = {}


class _Lazy(click.Group):
    """A group that imports a command's module only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"cli.commands.{cmd_name.replace('-', '_')}").command
        return translated(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help lines without importing a single command."""
        with formatter.section(translate(N_("Commands"))):
            formatter.write_dl([(name, translate(text)) for name, text in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for, with a hint for a mistyped one."""
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            import difflib

            close = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = translate(N_(" Did you mean {name}?")).format(name=close[0]) if close else ""
            ctx.fail(translate(N_("There is no command {name!r}.")).format(name=name) + hint)
        return super().resolve_command(ctx, args)


def translated(command: click.Command) -> click.Command:
    """The command with its help in the reader's language and width, and so all below it."""
    _translate_help(command)
    command.context_class = HelpContext
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            _translate_help(parameter)
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            translated(sub)
    return command


def _translate_help(item: click.Command | click.Option) -> None:
    if item.help:
        item.help = translate(_originals.setdefault(item, item.help))


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"taizhang {_version()}")
        ctx.exit()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("taizhang")
    except PackageNotFoundError:
        return "0+unknown"


def _choose_language(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    return choose(value)


@click.group(
    cls=_Lazy,
    help=N_("An audit ledger for the accreditation of enterprise technology centers (台账)."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=_choose_language,
    help=N_("Language of the screen (default: $TAIZHANG_LANG, else the locale, else zh)."),
)
@click.option(
    "--ledger",
    metavar="URL",
    help=N_("SQLAlchemy URL of the ledger (default: $TAIZHANG_LEDGER, else taizhang.db here)."),
)
@click.option(
    "--trust",
    metavar="FOLDER",
    help=N_("Folder of keys and anchors (default: $TAIZHANG_TRUST, else FILE.trust)."),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help=N_("Show the version and exit."),
)
@click.pass_context
def group(ctx: click.Context, ledger: str | None, trust: str | None) -> None:
    """An audit ledger; the root of all commands."""
    context = ctx.ensure_object(Context)
    context.ledger = ledger or context.ledger
    context.trust = trust or context.trust
    ctx.call_on_close(context.close)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `taizhang` and exit; always UTF-8 on all streams, whatever the locale says."""
    _speak_utf8()
    collect_rarely()
    _heed_termination()
    given = list(sys.argv[1:] if arguments is None else arguments)
    choose(_language_asked(given))  # before anything can go wrong with the rest
    translated(group)
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    context = Context()
    try:
        status = group.main(arguments, prog_name="taizhang", standalone_mode=False, obj=context)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        return report_usage(error, as_json="--json" in arguments)
    except click.Abort as error:
        _say_interrupted(context)
        return TERMINATED if isinstance(error.__cause__, _Terminated) else INTERRUPTED
    except BrokenPipeError:
        return pipe_closed()
    except Exception as error:
        return _own_mistake(error, as_json="--json" in arguments)


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="backslashreplace" if stream is not sys.stdin else "strict"
            )


def _language_asked(arguments: list[str]) -> str | None:
    """What --lang says, before click reads the line; None where it says nothing of use."""
    for name, value in zip(arguments, [*arguments[1:], ""], strict=True):
        asked = value if name == "--lang" else name.removeprefix("--lang=")
        if asked in LANGUAGES and name.startswith("--lang"):
            return asked
    return None


class _Terminated(KeyboardInterrupt):
    """Somebody sent SIGTERM: what is under way is taken back as for Ctrl-C."""


def _heed_termination() -> None:
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise _Terminated


def _say_interrupted(context: Context) -> None:
    line = context.next_line
    if line is not None and line > 1:
        template = N_(
            "Interrupted; what stands before line {line} is recorded. The same command again goes "
            "on there: what is on file is skipped."
        )
        say(translate(template).format(line=line))
    elif context.has_recorded:
        say(translate(N_("Interrupted, after everything was recorded.")))
    elif context.is_committing:
        template = N_(
            "Interrupted in the commit: all of it was recorded, or nothing. `taizhang log show` "
            "says which."
        )
        say(translate(template))
    else:
        say(translate(N_("Interrupted; nothing was recorded.")))
        if context.way_on is not None:
            say(context.way_on)


def _own_mistake(error: Exception, *, as_json: bool) -> int:
    """The last resort: a short message with what to report; the traceback only where asked for."""
    message = translate(
        N_(
            "taizhang made a mistake of its own ({kind}: {reason}). Please report it with the "
            "command you gave, {version}, and what it prints with TAIZHANG_DEBUG=1."
        )
    ).format(kind=type(error).__name__, reason=error, version=f"taizhang {_version()}")
    if as_json:
        data({"ok": False, "error": {"code": "internal", "message": message}})
    say(translate(N_("Error: {message}")).format(message=message))
    if os.environ.get("TAIZHANG_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    return OWN_MISTAKE


if __name__ == "__main__":
    main()
