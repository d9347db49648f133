"""Help pages wrapped by display width: click counts letters, and a Chinese one takes two
columns."""

from __future__ import annotations

from collections.abc import Iterable

import click

from cli.render.page import pad, wide, wrap

__all__ = ["HelpContext"]

GAP = 2
LABELS = 30
"""Columns that the names of options may take."""


class _Formatter(click.HelpFormatter):
    def write_text(self, text: str) -> None:
        """A paragraph, wrapped and indented."""
        room = max(self.width - self.current_indent, 24)
        for line in wrap(" ".join(text.split()), room):
            self.write(" " * self.current_indent + line + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = LABELS, col_spacing: int = GAP
    ) -> None:
        """Names in one column, what they mean in the next."""
        ready = list(rows)
        first = min(max((wide(name) for name, _ in ready), default=0), col_max) + col_spacing
        room = max(self.width - self.current_indent - first, 24)
        for name, text in ready:
            label = " " * self.current_indent + name
            lines = wrap(" ".join(text.split()), room) if text else [""]
            if wide(name) > first - col_spacing:
                self.write(label + "\n")
                label = ""
            for line in lines:
                self.write((pad(label, self.current_indent + first) + line).rstrip() + "\n")
                label = ""


class HelpContext(click.Context):
    """A context whose help pages count columns."""

    formatter_class = _Formatter
