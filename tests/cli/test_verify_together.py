"""A whole verification by two processes, on either engine: hashes, seals, statuses, register."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from cli.desk import Desk
from cli.verifying import Outside

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from town import town


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A ledger with keys, two seals, and entries after them."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    desk = Desk(url, create=True, trust=tmp_path / "trust")
    desk.initialise()
    desk.proofs.make_key(None, None)
    lines = [orjson.dumps(entry) for entry in town(1200, keyed=True)]
    for some in (lines[:500], lines[500:1000]):
        desk.record(some)
        desk.proofs.checkpoint(["beijing"], None)
    desk.record(lines[1000:])
    yield desk
    desk.close()


@pytest.mark.slow
def test_two_find_what_one_finds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, that is, and neither entries nor centers are gone through again by one alone."""
    alone = desk.verify()
    monkeypatch.setattr("ledger.verify._verify_alone", lambda *_: pytest.fail("checked again"))
    monkeypatch.setattr(Desk, "compare", lambda *_: pytest.fail("compared again"))
    monkeypatch.setattr("ledger.hash_share.ENTRIES_AT_ONCE", 50)
    monkeypatch.setattr("ledger.verify._CENTERS_AT_ONCE", 10)
    together = desk.verify(outside=Outside(jobs=2))
    assert together.problems == ()
    assert together == alone
