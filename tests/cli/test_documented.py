"""Every command and option is documented, and has help in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cli.main import group
from support import make_messages
from support.commands import commands

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


ALL = dict(commands())


@pytest.mark.parametrize("words", ALL)
def test_command_has_a_section(words: str) -> None:
    """docs/cli.md has a section for the command, which names its arguments and options."""
    section = section_of(words)
    for parameter in ALL[words].params:
        name = max(parameter.opts, key=len)
        shown = (
            name if isinstance(parameter, click.Option) else (parameter.metavar or name).strip("[]")
        )
        assert re.search(rf"[` \[]{re.escape(shown)}\b", section), shown


@pytest.mark.parametrize("words", ALL)
def test_help_in_both_languages(words: str) -> None:
    """The command and each of its options has help, and the help is translated."""
    known = make_messages.read_catalogue("zh")
    helps = [ALL[words].help, *(p.help for p in ALL[words].params if isinstance(p, click.Option))]
    for text in helps:
        assert text
        # Another test may have called the command in Chinese.
        assert known.get(text) is not None or text in {m.string for m in known}


@pytest.mark.parametrize("option", [p for p in group.params if isinstance(p, click.Option)])
def test_global_option_is_documented(option: click.Option) -> None:
    """docs/cli.md names every option of the command itself."""
    assert f"`{max(option.opts, key=len)}" in DOCS


def test_no_section_without_command() -> None:
    """docs/cli.md describes no command that is not there."""
    assert sorted(set(re.findall(r"^### `(taizhang [^`]+)`", DOCS, re.M)) - set(ALL)) == []


def section_of(words: str) -> str:
    """The section of docs/cli.md that is headed by the command."""
    found = re.search(rf"^### `{words}`\n(.*?)(?=^##|\Z)", DOCS, re.M | re.S)
    assert found, f"docs/cli.md has no section ### `{words}`"
    return found[1]
