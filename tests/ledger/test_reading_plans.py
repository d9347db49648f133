"""Reading a center costs what the center costs, not what the log costs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.keys import KeyRow, insert_keys, known_keys
from ledger.reading import read_leaf_texts, read_streams
from ledger.recorder import Draft, append
from ledger.tails import take_tail
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


def test_entries_before_are_read_through_their_index(ledger_url: str) -> None:
    """The entry before each in its stream is sought by version, also by a server that has not
    counted the rows yet, as after a large file."""
    engine = open_engine(ledger_url, create=True)
    with write_transaction(engine) as connection:
        drafts = [Draft(name, None, "X/1", "2023-06-30", b"{}") for name in STREAMS[:50] * 100]
        append(connection, "beijing", drafts, recorded_at="2026-11-23T08:31:27.123456Z")
    with read_transaction(engine) as connection:
        with asked(connection) as statements:
            assert len(list(read_leaf_texts(connection, "beijing", 2_000, 2_256))) == 256
        plan = " ".join(plan_of(connection, statements[-1], is_large=False))
    engine.dispose()
    assert "Filter" not in plan, plan
    assert re.search(r"stream=\? AND version=\?|Index Cond: [^:]*::.*stream.*version", plan), plan


def test_heads_are_read_through_their_index(ledger_url: str) -> None:
    """So are the heads of streams, whose number grows with the log."""
    engine = open_engine(ledger_url, create=True)
    with write_transaction(engine) as connection:
        drafts = [Draft(name, None, "X/1", "2023-06-30", b"{}") for name in STREAMS]
        append(connection, "beijing", drafts, recorded_at="2026-11-23T08:31:27.123456Z")
    take_tail(engine, "beijing")  # which knows them
    with write_transaction(engine) as connection:
        with asked(connection) as statements:
            append(connection, "beijing", drafts[:300], recorded_at="2026-11-23T08:31:28.123456Z")
        (asking,) = [
            text for text in statements if text.startswith("SELECT") and "stream_heads" in text
        ]
        plan = " ".join(plan_of(connection, asking, is_large=False))
    engine.dispose()
    assert not re.search(r"Filter|Seq Scan", plan), plan
    assert re.search(r"\(log=\? AND stream=\?\)|Index Cond: .*log.*stream\)::text = w", plan), plan


def test_keys_are_read_through_their_index(ledger_url: str) -> None:
    """Keys are sought one by one, also by a server that has not counted the rows yet, as while a
    large file is recorded."""
    engine = open_engine(ledger_url, create=True)
    with write_transaction(engine) as connection:
        drafts = [Draft(STREAMS[0], None, "X/1", "2023-06-30", b"{}")] * len(STREAMS)
        append(connection, "beijing", drafts, recorded_at="2026-11-23T08:31:27.123456Z")
        rows = [KeyRow(name, STREAMS[0], at, bytes(32)) for at, name in enumerate(STREAMS)]
        insert_keys(connection, "beijing", rows)
    with read_transaction(engine) as connection:
        with asked(connection) as statements:
            assert len(known_keys(connection, "beijing", STREAMS[:500])) == 500
        plan = " ".join(plan_of(connection, statements[-1], is_large=False))
    engine.dispose()
    assert not re.search(r"Filter|Seq Scan", plan), plan
    assert re.search(r"\(log=\? AND key=\?\)|Index Cond: .*log.*key\)::text = wanted", plan), plan
