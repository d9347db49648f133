"""The table a reading stands in, and the log as its source: both sides of `projections.running`.

Rows carry a generation. The live generation stands in `reading_heads` with the position it speaks
up to; a
rebuild writes the next generation beside it and swaps in one small transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, update

from ledger import reading
from ledger.clock import format_instant
from ledger.engine import read_transaction, write_transaction
from ledger.ruling import Recorded
from ledger.schema import entries, reading_heads, register
from ledger.statements import (
    Insert,
    Statement,
    delete_rows,
    in_list,
    lists_of,
    rows_of,
    write_rows,
)
from ledger.upcasting import recorded_of

__all__ = ["LogSource", "RegisterShelf", "last_position_before", "live_rows"]

_BATCH = 1000
_STREAMS_AT_ONCE = 400

_COLUMNS = (
    register.c.center,
    register.c.name,
    register.c.status,
    register.c.entries,
    register.c.position,
    register.c.body,
)


class LogSource:
    """The log of a scheme, read for projections; every call is a snapshot of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def size(self, log: str) -> int:
        """How many entries the log has."""
        with read_transaction(self.engine) as connection:
            return reading.log_head(connection, log).size

    def touched(self, log: str, start: int, stop: int) -> list[str]:
        """Centers with an entry in [start, stop), sorted."""
        wanted = (
            select(entries.c.stream)
            .where(entries.c.log == log, entries.c.position >= start, entries.c.position < stop)
            .where(entries.c.stream.like("%/%"))
            .distinct()
            .order_by(entries.c.stream)
        )
        with read_transaction(self.engine) as connection:
            return list(connection.scalars(wanted))

    def streams(self, log: str, centers: Sequence[str]) -> Iterator[tuple[str, list[Recorded]]]:
        """Every entry of each of the centers."""
        remaining = iter(centers)
        with read_transaction(self.engine) as connection:
            while names := list(islice(remaining, _STREAMS_AT_ONCE)):
                rows = reading.read_streams(connection, log, names)
                for stream, found in groupby(rows, key=lambda row: row.stream):
                    yield stream, [_recorded(row) for row in found]

    def plain_streams(self, log: str) -> list[str]:
        """Streams of rounds and of the scheme itself, sorted."""
        wanted = (
            select(entries.c.stream)
            .where(entries.c.log == log, entries.c.stream.not_like("%/%"))
            .distinct()
            .order_by(entries.c.stream)
        )
        with read_transaction(self.engine) as connection:
            return list(connection.scalars(wanted))

    def all_streams(self, log: str) -> Iterator[tuple[str, list[Recorded]]]:
        """Every center with all its entries, sorted by center, in constant memory."""
        after = ""
        wanted = (
            select(entries.c.stream)
            .where(
                entries.c.log == log,
                entries.c.stream > bindparam("after"),
                entries.c.stream.like("%/%"),
            )
            .distinct()
            .order_by(entries.c.stream)
            .limit(_BATCH)
        )
        while True:
            with read_transaction(self.engine) as connection:
                names = list(connection.scalars(wanted, {"after": after}))
            if not names:
                return
            yield from self.streams(log, names)
            after = names[-1]


class _Row(NamedTuple):
    center: str
    name: str
    status: str
    entries: int
    position: int
    body: bytes


class RegisterShelf:
    """The register's rows; `make` turns six columns into the projection's row."""

    def __init__(self, engine: Engine, make: Callable[..., Any] = _Row) -> None:
        self.engine = engine
        self.make = make

    def position(self, log: str) -> int:
        """How many entries of the log the live rows have taken in."""
        with read_transaction(self.engine) as connection:
            return _head(connection, log)[1]

    def put(self, log: str, rows: Iterable[Any], *, upto: int, expected: int) -> bool:
        """Write rows and move the position, in one transaction; False if somebody else moved it."""
        ready = list(rows)
        with write_transaction(self.engine) as connection:
            reading.lock_log(connection, log)
            generation, position = _head(connection, log)
            if position != expected:
                return False
            _write(connection, log, generation, ready)
            _move(connection, log, generation, upto)
        return True

    def replace(self, log: str, rows: Iterator[Any], *, upto: int) -> None:
        """Write the next generation beside the live one, then swap."""
        with read_transaction(self.engine) as connection:
            generation = _head(connection, log)[0] + 1
        with write_transaction(self.engine) as connection:
            connection.execute(
                delete(register).where(register.c.log == log, register.c.generation >= generation)
            )
        while batch := list(islice(rows, _BATCH)):
            with write_transaction(self.engine) as connection:
                _write(connection, log, generation, batch)
        with write_transaction(self.engine) as connection:
            _move(connection, log, generation, upto)
            connection.execute(
                delete(register).where(register.c.log == log, register.c.generation != generation)
            )

    def forget(self, log: str) -> None:
        """Drop what the register says of a log that does not exist."""
        with write_transaction(self.engine) as connection:
            connection.execute(delete(register).where(register.c.log == log))
            connection.execute(delete(reading_heads).where(reading_heads.c.log == log))

    def rows(self, log: str) -> Iterator[Any]:
        """The live rows, sorted by center."""
        with read_transaction(self.engine) as connection:
            generation = _head(connection, log)[0]
            wanted = (
                select(*_COLUMNS)
                .where(register.c.log == log, register.c.generation == generation)
                .order_by(register.c.center)
            )
            for row in connection.execution_options(yield_per=_BATCH).execute(wanted):
                yield self.make(*row)

    def extent(self, log: str) -> tuple[int, int]:
        """How many live rows there are, and the last position any of them speaks of (-1: none)."""
        with read_transaction(self.engine) as connection:
            generation = _head(connection, log)[0]
            wanted = select(func.count(), func.max(register.c.position)).where(
                register.c.log == log, register.c.generation == generation
            )
            count, last = connection.execute(wanted).one()
            return count, -1 if last is None else last

    def logs(self) -> list[str]:
        """Logs the register knows anything of."""
        with read_transaction(self.engine) as connection:
            heads = connection.scalars(select(reading_heads.c.log))
            rows = connection.scalars(select(register.c.log).distinct())
            return sorted({*heads, *rows})

    def row(self, log: str, center: str) -> Any | None:
        """The live row of one center."""
        with read_transaction(self.engine) as connection:
            generation = _head(connection, log)[0]
            wanted = select(*_COLUMNS).where(
                register.c.log == log,
                register.c.generation == generation,
                register.c.center == center,
            )
            found = connection.execute(wanted).first()
            return None if found is None else self.make(*found)


def live_rows(
    connection: Connection, log: str, centers: Iterable[str]
) -> dict[str, tuple[Any, ...]]:
    """The columns of the register's live rows of centers, as the driver gives them."""
    generation, found = _head(connection, log)[0], {}
    for names in lists_of(centers):
        for row in rows_of(connection, _live_rows(len(names)), log, generation, *names):
            found[row[0]] = tuple(row)
    return found


@lru_cache(maxsize=8)
def _live_rows(length: int) -> Statement:
    wanted = (
        select(*_COLUMNS)
        .where(register.c.log == bindparam("log_"))
        .where(register.c.generation == bindparam("generation_"))
        .where(in_list(register.c.center, length))
    )
    return Statement(wanted, "log_", "generation_", *(f"in_{number}" for number in range(length)))


def _head(connection: Connection, log: str) -> tuple[int, int]:
    wanted = select(reading_heads.c.generation, reading_heads.c.position).where(
        reading_heads.c.log == log
    )
    found = connection.execute(wanted).first()
    return (0, 0) if found is None else (found.generation, found.position)


def _move(connection: Connection, log: str, generation: int, position: int) -> None:
    moved = connection.execute(
        update(reading_heads)
        .where(reading_heads.c.log == log)
        .values(generation=generation, position=position)
    )
    if moved.rowcount == 0:
        connection.execute(
            insert(reading_heads).values(log=log, generation=generation, position=position)
        )


def _write(connection: Connection, log: str, generation: int, rows: Sequence[Any]) -> None:
    delete_rows(
        connection, register, "center", [row.center for row in rows], log=log, generation=generation
    )
    ready = [
        (log, generation, row.center, row.name, row.status, row.entries, row.position, row.body)
        for row in rows
    ]
    write_rows(connection, _INSERT, ready)


_INSERT = Insert(register)


def _recorded(row: reading.Row) -> Recorded:
    return recorded_of(
        row.log, row.position, row.stream, row.version, row.type, row.recorded, row.payload
    )


def last_position_before(engine: Engine, log: str, instant: datetime) -> int:
    """The last position recorded at or before an instant; -1 where there is none."""
    text = format_instant(instant)
    with read_transaction(engine) as connection:
        low, high = 0, reading.log_head(connection, log).size
        while low < high:  # recorded never decreases with the position
            middle = (low + high) // 2
            if reading.read_entry(connection, log, middle).recorded <= text:
                low = middle + 1
            else:
                high = middle
    return low - 1
