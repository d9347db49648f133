"""One entry in one statement gives what the ordinary way gives, or leaves it to that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent
from sqlalchemy import Engine

from ledger.engine import open_engine, read_transaction
from ledger.event_recorders import TaizhangApplicationRecorder
from ledger.reading import log_head, read_log
from ledger.recorder import Draft
from ledger.single_append import append_at_once
from ledger.verify import verify

EARLY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """An empty ledger on PostgreSQL."""
    made = open_engine(postgres_url, create=True)
    yield made
    made.dispose()


def event(stream: str, version: int) -> StoredEvent:
    """An event of a stream."""
    return StoredEvent(f"bank/{stream}", version, "Opened/1", b"{}")


def recorder(engine: Engine, *instants: datetime) -> TaizhangApplicationRecorder:
    """A recorder whose clock shows the instants, then the last one again and again."""
    shown = iter(instants)
    now = EARLY

    def clock() -> datetime:
        nonlocal now
        now = next(shown, now)
        return now

    return TaizhangApplicationRecorder(engine, "bank", clock=clock)


def test_a_single_event_takes_one_statement(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the end of the log is known, no transaction is opened for a single event."""
    one = recorder(engine)
    one.insert_events([event("a", 1)])
    monkeypatch.setattr("ledger.event_recorders.write_transaction", None)
    assert [*one.insert_events([event("a", 2)]), *one.insert_events([event("b", 1)])] == [2, 3]
    assert verify(engine).problems == ()


def test_singles_give_what_one_batch_gives(engine: Engine, postgres: object) -> None:
    """Three hundred events one by one, over a tile's end, give the root of one batch of them."""
    events = [event("abc"[n % 3], n // 3 + 1) for n in range(300)]
    one = recorder(engine)
    for made in events:
        one.insert_events([made])
    TaizhangApplicationRecorder(engine, "bank2").insert_events(events, recorded=EARLY)
    with read_transaction(engine) as connection:
        rows = [row[2:7] for row in read_log(connection, "bank")]
        assert rows == [row[2:7] for row in read_log(connection, "bank2")]
        assert log_head(connection, "bank").size == 300
    assert verify(engine).problems == ()


def test_another_writer_is_noticed(engine: Engine, postgres_url: str) -> None:
    """Two engines that record in turn, each with its own memory of the log, lose nothing."""
    other = open_engine(postgres_url)
    both = [recorder(engine), recorder(other)]
    for number in range(20):
        both[number % 2].insert_events([event("a", number + 1)])
    with pytest.raises(IntegrityError):
        both[1].insert_events([event("a", 20)])
    both[0].insert_events([event("a", 21)])
    other.dispose()
    assert verify(engine).problems == ()
    with read_transaction(engine) as connection:
        assert [row.version for row in read_log(connection, "bank")] == list(range(1, 22))


def test_a_stream_that_is_not_new_is_noticed(engine: Engine) -> None:
    """A stream the writer has not seen may have entries: its first version is not taken twice."""
    one = recorder(engine)
    one.insert_events([event("a", 1), event("b", 1)])
    fresh = Draft("bank/a", 1, "Opened/1", "2026-01-01", b"{}")
    # Forget what is known of the streams, as a writer of many streams does.
    from ledger.tails import keep_tail, take_tail

    tail = take_tail(engine, "bank")
    assert tail is not None
    tail.heads.clear()
    keep_tail(engine, "bank", tail)
    assert append_at_once(engine, "bank", fresh, recorded_at="2026-01-01T00:00:00.000000Z") is None
    with pytest.raises(IntegrityError):
        one.insert_events([event("a", 1)])
    assert one.insert_events([event("a", 2)]) == [3]
    assert verify(engine).problems == ()


def test_a_clock_that_went_back_is_raised(engine: Engine) -> None:
    """An entry is not recorded before the one it follows, in one statement neither."""
    one = recorder(engine, EARLY, EARLY - timedelta(days=1))
    one.insert_events([event("a", 1)])
    one.insert_events([event("a", 2)])
    with read_transaction(engine) as connection:
        assert len({row.recorded for row in read_log(connection, "bank")}) == 1
