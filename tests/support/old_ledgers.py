"""Ledgers that older programs wrote, kept as SQL in tests/vectors/ledgers.

`schema-1.sql.xz` was recorded by the last program of schema 1: the demo's town, 400 bulletins more
in beijing, and in hechuan a fact with an attachment and two private values, of which one is erased.
"""

from __future__ import annotations

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["ROOTS", "made_by_schema_1"]

_KEPT = Path(__file__).parents[1] / "vectors" / "ledgers"

ROOTS = {
    "beijing": (545, "39628f4d130a6764dff6d7f6d00d4d34a482ff50e105467e82928a97ece12cad"),
    "hechuan": (2, "d1808cbffe21c551450264029d3eea19822475f6f753d276f811fd96d00fa638"),
}
"""Size and root of each log, as the program of schema 1 printed them."""


def made_by_schema_1(path: Path) -> str:
    """The URL of a ledger of schema 1, made at a path."""
    script = lzma.decompress((_KEPT / "schema-1.sql.xz").read_bytes()).decode()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return f"sqlite:///{path}"
