"""The command `taizhang`: commands are loaded when they are called, so that help stays fast."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from cli.i18n import LANGUAGES, N_, choose, translate
from cli.options import Context

__all__ = ["main"]

_COMMANDS = {
    "init": N_("Create the ledger: schema and built-in regulations."),
    "demo": N_("Build a small ledger in a new folder and walk through a dispute."),
    "record": N_("Rule and record entries from a JSON Lines file; all or nothing."),
    "center": N_("Status, register, history, explanation and eligibility of centers."),
    "audit": N_("Judge every recorded act again; list deviations and omissions."),
    "policy": N_("Regulations as data."),
    "log": N_("Integrity of the log: verify and show."),
    "projection": N_("Read models: rebuild, and compare with the live ones."),
}


class _Lazy(click.Group):
    """A group that imports a command's module only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"cli.commands.{cmd_name}").command
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
    """The command with its help in the reader's language; done once, when it is called."""
    command.help = translate(command.help) if command.help else command.help
    command.short_help = translate(command.short_help) if command.short_help else None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = translate(parameter.help)
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            translated(sub)
    return command


def _version() -> str:
    try:
        return version("taizhang")
    except PackageNotFoundError:
        return "0+unknown"


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"taizhang {_version()}")
        ctx.exit()


def _choose_language(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    return choose(value)


@click.group(
    cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=_choose_language,
)
@click.option(
    "--ledger",
    metavar="URL",
    help=N_("SQLAlchemy URL of the ledger (default: $TAIZHANG_LEDGER, else taizhang.db here)."),
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version)
@click.pass_context
def group(ctx: click.Context, ledger: str | None) -> None:
    """An audit ledger for the accreditation of enterprise technology centers (台账)."""
    ctx.obj = context = Context(ledger)
    ctx.call_on_close(context.close)


def main(arguments: list[str] | None = None) -> Any:
    """Run `taizhang`; always UTF-8 on all streams, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                encoding="utf-8", errors="backslashreplace" if stream is not sys.stdin else "strict"
            )
    return group.main(args=arguments, prog_name="taizhang")


if __name__ == "__main__":
    main()
