"""Lines of running text: wrapped by display width, indented, and inked only where somebody looks.

A wide character takes two columns. Lines are wrapped on a terminal, or to COLUMNS where that is
set; elsewhere a paragraph is one line, so that `grep` finds a sentence whole.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

__all__ = ["bold", "faint", "line_width", "pad", "paragraph", "red", "rows", "wide", "wrap"]

PAGE = 100
"""Columns of running text at most; longer lines are hard to read."""

_UNIT = re.compile(
    r"\[?(?:[a-z][a-z0-9_-]*/[A-Za-z0-9._-]+ )?"
    r"第[一二三四五六七八九十百零〇]+条(?:（[^（）]{1,4}）)?\]?"
    r"|[\u0021-\u024f]+"
    r"| +"
    r"|."
)
"""An article with its edition is not torn apart, nor is a word."""
_CLOSING = frozenset("，。；：、！？）》」』】〕”’…")
_OPENING = frozenset("（《「『【〔“‘")


def line_width() -> int | None:
    """Columns a line may take; None where nothing limits it."""
    if sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() and int(columns) > 0 else None


def wide(text: str) -> int:
    """How many columns the text takes."""
    return cell_len(text)


def pad(text: str, columns: int) -> str:
    """The text filled with spaces to so many columns."""
    return text + " " * (columns - cell_len(text))


def wrap(text: str, columns: int | None) -> list[str]:
    """The text in lines of at most so many columns; words and articles stay whole, and no line
    begins with closing punctuation."""
    if columns is None or cell_len(text) <= columns:
        return [text]
    lines, line = [], ""
    for unit in _units(text):
        if line and cell_len(line + unit.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += unit if line else unit.lstrip()
    return [*lines, line.rstrip()] if line else lines


def paragraph(text: str, *, indent: int = 0, first: str = "") -> Iterator[str]:
    """The text as lines: `first` stands before the first one, the others hang below its end."""
    limit = line_width()
    hang = indent + cell_len(first)
    room = None if limit is None else max(min(limit, PAGE) - hang, 24)
    for number, line in enumerate(wrap(text, room)):
        yield (" " * indent + first if number == 0 else " " * hang) + line


def rows(pairs: Iterable[tuple[str, str]], *, indent: int = 0) -> Iterator[str]:
    """Labels in one column, texts in the next; an empty label continues the one before."""
    ready: Sequence[tuple[str, str]] = list(pairs)
    column = max((cell_len(label) for label, _ in ready), default=0) + 2
    for label, text in ready:
        yield from paragraph(text, indent=indent, first=pad(label, column))


def bold(text: str) -> str:
    """A heading."""
    return _inked(text, "1")


def faint(text: str) -> str:
    """Something in the background."""
    return _inked(text, "2")


def red(text: str) -> str:
    """Something that needs attention."""
    return _inked(text, "31")


def _inked(text: str, code: str) -> str:
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\033[{code}m{text}\033[0m"


def _units(text: str) -> list[str]:
    """What is not broken: a word, an article, a wide character with the punctuation it carries."""
    units: list[str] = []
    for unit in _UNIT.findall(text):
        carried = units and (unit[0] in _CLOSING or units[-1][-1] in _OPENING)
        if carried and units[-1] != " ":
            units[-1] += unit
        else:
            units.append(unit)
    return units
