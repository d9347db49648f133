"""Every command of `taizhang`, as click knows it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import click

from cli.main import group

__all__ = ["commands"]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, from the root down."""
    context = click.Context(group)
    for name in group.list_commands(context):
        module = import_module(f"cli.commands.{name.replace('-', '_')}")
        yield from _below(f"taizhang {name}", module.command)


def _below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and those in it."""
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            yield from _below(f"{words} {name}", sub)
    else:
        yield words, command
