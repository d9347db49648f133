"""Where words go: data to standard output, talk to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

__all__ = ["data", "pipe_closed", "say", "show"]

PIPE_CLOSED = 141
"""What a shell shows of a program that a closed pipe ended."""


def data(value: dict[str, Any]) -> None:
    """Print one JSON object on standard output."""
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def show(lines: Iterable[str]) -> None:
    """Print an answer for people on standard output."""
    for line in lines:
        sys.stdout.write(line + "\n")


def say(text: str) -> None:
    """Talk to the user on standard error."""
    sys.stdout.flush()  # where both go to one place, in the order in which they were said
    click.echo(text, err=True)


def pipe_closed() -> int:
    """Whoever read us has gone: no word, and nothing left to flush; returns the exit status."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED
