"""Tables: columns aligned by display width, cells folded where the line is too short for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from cli.render.page import bold, pad, wrap

__all__ = ["Column", "natural_width", "table"]

GAP = 2
LEAST = 10


class Column(NamedTuple):
    """A heading, whether cells may be folded where the line is too short, and down to what
    width."""

    title: str
    folds: bool = False
    least: int = LEAST


Row = Sequence[str]


def natural_width(columns: Sequence[Column], rows: Sequence[Row]) -> int:
    """Columns of display the table takes when nothing is folded."""
    return sum(_widths(columns, rows)) + GAP * (len(columns) - 1)


def table(columns: Sequence[Column], rows: Sequence[Row], *, room: int | None) -> Iterator[str]:
    """Lines of the table, all of one display width; a cell may hold several lines."""
    widths = _fitted(columns, _widths(columns, rows), room)
    for number, row in enumerate([[c.title for c in columns], *rows]):
        cells = [_folded(text, width) for text, width in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            line = (" " * GAP).join(pad(p, w) for p, w in zip(parts, widths, strict=True))
            yield bold(line) if number == 0 else line


def _widths(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    widths = [cell_len(column.title) for column in columns]
    for row in rows:
        for index, text in enumerate(row):
            for part in text.split("\n"):
                widths[index] = max(widths[index], cell_len(part))
    return widths


def _fitted(columns: Sequence[Column], widths: list[int], room: int | None) -> list[int]:
    """Take columns from the widest that folds until the table fits, or nothing more can go."""
    fitted = list(widths)
    folding = [index for index, column in enumerate(columns) if column.folds]
    over = 0 if room is None else sum(fitted) + GAP * (len(fitted) - 1) - room
    while over > 0:
        folding = [index for index in folding if fitted[index] > _least(columns[index])]
        if not folding:
            break
        widest = max(folding, key=lambda index: fitted[index])
        fitted[widest] -= 1
        over -= 1
    return fitted


def _least(column: Column) -> int:
    return max(column.least, cell_len(column.title))


def _folded(text: str, width: int) -> list[str]:
    return [
        piece
        for part in text.split("\n")
        for line in wrap(part, width)
        for piece in (chop_cells(line, width) if cell_len(line) > width else [line])
    ]
