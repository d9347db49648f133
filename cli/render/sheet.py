"""CSV for spreadsheets: marked as UTF-8 for Excel, and without cells a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["csv_lines", "harmless"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "\uff20")
"""What makes a spreadsheet take a cell for a formula; Excel reads full-width signs too."""


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The rows as CSV, a piece at a time, line ends included; the first begins with the byte order
    mark that tells Excel of UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(header)
    for row in rows:
        yield _taken(buffer)
        writer.writerow([harmless(cell) for cell in row])
    yield _taken(buffer)


def harmless(cell: str) -> str:
    """The cell as text: an apostrophe stands before what would be run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
