"""Reading a center costs what the center costs, not what the log costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.engine import open_engine, read_transaction
from ledger.reading import _of_streams
from ledger.statements import cursor_of


@pytest.mark.parametrize("length", [1, 8, 64, 500])
def test_streams_are_read_through_their_index(length: int, tmp_path: Path) -> None:
    """The plan for any number of streams seeks log and stream, and scans no range of positions."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db", create=True)
    with read_transaction(engine) as connection:
        cursor = cursor_of(connection)
        names = [f"beijing/id:c{number}" for number in range(length)]
        cursor.execute(
            "EXPLAIN QUERY PLAN " + _of_streams(length).text(connection), ("beijing", *names)
        )
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    engine.dispose()
    assert "(log=? AND stream=?)" in plan
    assert "position" not in plan
