"""Reading a center costs what the center costs, not what the log costs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.reading import read_streams
from ledger.recorder import Draft, append
from support.asked import asked, plan_of
from support.places import Places

STREAMS = [f"beijing/id:c{number}" for number in range(20_000)]


@pytest.fixture(scope="module")
def engine(module_places: Places) -> Iterator[Engine]:
    """A ledger of which the database knows that it is large."""
    place = module_places.new()
    made = open_engine(place.url, create=True)
    with write_transaction(made) as connection:
        drafts = [Draft(name, None, "X/1", "2023-06-30", b"{}") for name in STREAMS]
        append(connection, "beijing", drafts, recorded_at="2026-11-23T08:31:27.123456Z")
    with place.raw() as raw:
        raw.run("ANALYZE")
    yield made
    made.dispose()


@pytest.mark.parametrize("length", [1, 8, 64, 500])
def test_streams_are_read_through_their_index(length: int, engine: Engine) -> None:
    """The plan for any number of streams seeks log and stream, and scans no range of positions."""
    with read_transaction(engine) as connection:
        with asked(connection) as statements:
            rows = list(read_streams(connection, "beijing", STREAMS[:length]))
        plan = " ".join(plan_of(connection, statements[-1]))
    assert len(rows) == length
    assert re.search(r"\(log=\? AND stream=\?\)|Index Cond: [^:]*::[^:]*::[^:]*stream", plan), plan
    assert not re.search(r"position|Seq Scan", plan)
