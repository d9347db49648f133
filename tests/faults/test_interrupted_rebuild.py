"""A rebuild that is interrupted leaves the live register in force; the next one cleans up."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from cli.desk import Desk
from ledger.engine import read_transaction
from ledger.schema import register


def rows_by_generation(desk: Desk) -> dict[int, int]:
    """How many rows of the register each generation has."""
    wanted = select(register.c.generation, func.count()).group_by(register.c.generation)
    with read_transaction(desk.engine) as connection:
        return dict(connection.execute(wanted).all())


def test_interrupted_rebuild_changes_nothing(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has written is not in force, and the next rebuild drops it."""
    desk = Desk(ledger_url, create=True, trust=tmp_path / "trust")
    desk.initialise()
    fact = {"type": "FactEstablished", "on": "2022-02-02", "fact": "dissolution"}
    centers = [f"hechuan/id:c{number}" for number in range(9)]
    desk.record([orjson.dumps(fact | {"center": center}) for center in centers])
    monkeypatch.setattr("ledger.readings._BATCH", 2)
    before = list(desk.shelf.rows("hechuan"))

    def interrupt(done: int, _size: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.rebuild("hechuan", interrupt)
    assert rows_by_generation(desk) == {0: 9, 1: 6}
    assert list(desk.shelf.rows("hechuan")) == before
    assert not [*desk.compare("hechuan"), *desk.strangers()]
    desk.rebuild("hechuan")
    assert rows_by_generation(desk) == {1: 9}
    assert list(desk.shelf.rows("hechuan")) == before
    desk.close()
