"""Many rows at once on PostgreSQL say what the same rows say one by one."""

from __future__ import annotations

from sqlalchemy import bindparam, create_engine, func, select

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.recorder import Draft, append
from ledger.schema import stream_heads
from ledger.statements import Insert, Statement, Update, chunks_of, write_rows

NOW = "2026-11-23T08:31:27.123456Z"
ODD = ['a"b', "a\\b", "a,b", "{a}", "NULL", "a'b", "plain"]


def test_changed_rows_keep_odd_names(postgres_url: str) -> None:
    """Streams whose names mean something inside an array of PostgreSQL are changed as named."""
    engine = open_engine(postgres_url, create=True)
    update = Update(stream_heads, "version", "leaf", key="stream")
    with write_transaction(engine) as connection:
        append(connection, "log", [Draft("x", None, "X/1", "2026-01-01", b"{}")], recorded_at=NOW)
        rows = [("log", name, 1, bytes(32)) for name in ODD]
        write_rows(connection, Insert(stream_heads), rows)
        changed = [(n, bytes([n]) * 32, "log", name) for n, name in enumerate(ODD, 2)]
        write_rows(connection, update, changed)
    with read_transaction(engine) as connection:
        found = {
            row.stream: (row.version, row.leaf) for row in connection.execute(select(stream_heads))
        }
    engine.dispose()
    assert {name: found[name] for name in ODD} == {name: (n, leaf) for n, leaf, _, name in changed}


def test_chunks_fetch_no_more_than_asked(postgres_url: str) -> None:
    """A server is asked for a chunk at a time: rows nobody takes are never made."""
    engine = create_engine(postgres_url)
    bounds = bindparam("first"), bindparam("last")
    series = Statement(select(func.generate_series(*bounds)), "first", "last")
    with engine.connect() as connection:
        chunks = chunks_of(connection, series, 1, 10**12, chunk=3)
        assert [tuple(row) for row in next(chunks)] == [(1,), (2,), (3,)]
        chunks.close()
        assert connection.scalar(select(1)) == 1
    engine.dispose()
