"""The table a reading stands in, and the log as its source: both sides of `projections.running`.

Rows carry a generation. The live generation stands in `reading_heads` with the position it speaks
up to; a
rebuild writes the next generation beside it and swaps in one small transaction.

SQLite keeps a value of any type in any column: what is none of the register or of the log raises
IntegrityFailure. Only `stored` and `strangers` give rows as they are, for whoever compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import groupby, islice, starmap
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from ledger import reading
from ledger.clock import format_instant
from ledger.damage import shown
from ledger.engine import has_one_connection, read_transaction, write_transaction
from ledger.errors import IntegrityFailure
from ledger.lookup import Lookup, Replacement
from ledger.ruling import Recorded
from ledger.schema import entries, reading_heads, register
from ledger.statements import (
    Insert,
    Statement,
    chunks_of,
    lenient_text,
    rows_of,
    write_rows,
)
from ledger.upcasting import recorded_of

__all__ = [
    "CenterWork",
    "LogSource",
    "RegisterShelf",
    "T",
    "last_position_before",
    "live_rows",
    "rows_of_centers",
    "worked",
]

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
_KINDS = (str, str, str, int, int, bytes)


T = TypeVar("T")
CenterWork = Callable[[str, "list[Recorded] | IntegrityFailure"], T]
"""Given a center and all its entries, or why they cannot be read."""


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
            return _names(connection, log, connection.scalars(wanted))

    def streams(self, log: str, centers: Sequence[str]) -> Iterator[tuple[str, list[Recorded]]]:
        """Every entry of each of the centers; raises IntegrityFailure for one that is none."""
        remaining = iter(centers)
        while names := list(islice(remaining, _STREAMS_AT_ONCE)):
            with read_transaction(self.engine) as connection:
                found = list(rows_of_centers(connection, log, names))
            for center, rows in found:
                yield center, list(starmap(recorded_of, rows))

    def plain_streams(self, log: str) -> list[str]:
        """Streams of rounds and of the scheme itself, sorted."""
        wanted = (
            select(entries.c.stream)
            .where(entries.c.log == log, entries.c.stream.not_like("%/%"))
            .distinct()
            .order_by(entries.c.stream)
        )
        with read_transaction(self.engine) as connection:
            return _names(connection, log, connection.scalars(wanted))

    def all_streams(self, log: str) -> Iterator[tuple[str, list[Recorded]]]:
        """Every center with all its entries, sorted by center, in constant memory."""
        for names in self._centers(log):
            yield from self.streams(log, names)

    def each(self, log: str, work: CenterWork[T], *, after: str = "") -> Iterator[tuple[int, T]]:
        """Of each center after one, in their order: how many entries it has, and what `work` gives
        for it with all of them, or with what is wrong with them."""
        for names in self._centers(log, after=after):
            # Whoever takes them may write meanwhile, and a ledger in memory has but one connection.
            with read_transaction(self.engine) as connection:
                found = list(worked(connection, log, names, work))
            yield from found

    def _centers(self, log: str, *, after: str = "") -> Iterator[list[str]]:
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
                found = connection.scalars(wanted, {"after": after})
                names = _names(connection, log, found)
            if not names:
                return
            yield names
            after = names[-1]


class RegisterShelf:
    """The register's rows; `make` turns six columns into the projection's row."""

    def __init__(self, engine: Engine, make: Callable[..., Any]) -> None:
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
            _REPLACEMENT.write(connection, _rows_of(log, generation, ready))
            _move(connection, log, generation, upto)
        return True

    def replace(self, log: str, rows: Iterator[Any], *, upto: int) -> None:
        """Write the next generation beside the live one, then swap; where the head is damaged, in
        the place of whatever there is."""
        with read_transaction(self.engine) as connection:
            try:
                generation = _head(connection, log)[0] + 1
            except IntegrityFailure:
                generation = 1
        with write_transaction(self.engine) as connection:
            connection.execute(
                delete(register).where(register.c.log == log, register.c.generation >= generation)
            )
        while batch := list(islice(rows, _BATCH)):
            with write_transaction(self.engine) as connection:
                write_rows(connection, _INSERT, _rows_of(log, generation, batch))
        with write_transaction(self.engine) as connection:
            _move(connection, log, generation, upto)
            connection.execute(
                delete(register)
                .where(register.c.log == log)
                .where(
                    or_(register.c.generation != generation, register.c.generation.is_(None)),
                )
            )

    def keep_only(self, logs: Sequence[str]) -> None:
        """Drop what the register says of other logs, and of what can be none."""
        with write_transaction(self.engine) as connection:
            for table in (register, reading_heads):
                others = or_(table.c.log.not_in(logs), table.c.log.is_(None))
                connection.execute(delete(table).where(others))

    def rows(self, log: str) -> Iterator[Any]:
        """The live rows, sorted by center."""
        yield from map(self._made, self._whole(self._live(log)))

    def stored(self, log: str) -> Iterator[Any]:
        """The live rows as they are stored, of any type, sorted by center as the engine sorts."""
        for row in self._whole(self._live(log, is_lenient=True)):
            yield self.make(*row)

    def _live(self, log: str, *, is_lenient: bool = False) -> Iterator[tuple[Any, ...]]:
        with (
            read_transaction(self.engine) as connection,
            lenient_text(connection) if is_lenient else nullcontext(),
        ):
            generation = _head(connection, log)[0]
            for rows in chunks_of(connection, _LIVE, log, generation, chunk=_BATCH):
                yield from rows

    def _whole(self, rows: Iterator[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
        """All of them at once, where nobody else could read meanwhile."""
        return list(rows) if has_one_connection(self.engine) else rows

    def strangers(self) -> list[tuple[object, str]]:
        """Center or log of each row that no log and no generation has, and the column that tells.

        A generation to come is no stranger: a rebuild that was ended has left it, and the next one
        writes it anew.
        """
        found: list[tuple[object, str]] = []
        with read_transaction(self.engine) as connection, lenient_text(connection):
            for log, center in rows_of(connection, _STRANGE):
                found.append((center, "generation" if reading.is_log_name(log) else "log"))
            for (log,) in rows_of(connection, _HEADS):
                if not reading.is_log_name(log):
                    found.append((log, "log"))
        return found

    def extent(self, log: str) -> tuple[int, object]:
        """How many live rows there are, and the last position any of them speaks of (-1: none), of
        whatever type it is stored."""
        with read_transaction(self.engine) as connection, lenient_text(connection):
            generation = _head(connection, log)[0]
            ((count, last),) = rows_of(connection, _EXTENT, log, generation)
            return count, -1 if last is None else last

    def logs(self) -> list[str]:
        """Logs the register knows anything of."""
        with read_transaction(self.engine) as connection, lenient_text(connection):
            rows = [*rows_of(connection, _HEADS), *rows_of(connection, _LOGS)]
            return sorted({log for (log,) in rows if reading.is_log_name(log)})

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
            return None if found is None else self._made(found)

    def _made(self, row: Sequence[Any]) -> Any:
        kinds = tuple(map(type, row))
        if kinds != _KINDS:
            misfit = next(place for place, kind in enumerate(kinds) if kind is not _KINDS[place])
            raise IntegrityFailure(
                "the register's row of {center} cannot be read: {reason}. Run "
                "`taizhang projection rebuild`",
                center=shown(row[0]),
                reason=_COLUMNS[misfit].name,
            )
        return self.make(*row)


_EXTENT = Statement(
    select(func.count(), func.max(register.c.position))
    .where(register.c.log == bindparam("log_"))
    .where(register.c.generation == bindparam("generation_")),
    "log_",
    "generation_",
)


def live_rows(
    connection: Connection, log: str, centers: Iterable[str]
) -> dict[str, tuple[Any, ...]]:
    """The columns of the register's live rows of centers, as the driver gives them."""
    generation, found = _head(connection, log)[0], {}
    for row in _LIVE_ROWS.rows(connection, log, generation, among=centers):
        found[row[0]] = tuple(row)
    return found


_LIVE_ROWS = Lookup(register, *_COLUMNS, key="center", same=("log", "generation"))


def _head(connection: Connection, log: str) -> tuple[int, int]:
    wanted = select(reading_heads.c.generation, reading_heads.c.position).where(
        reading_heads.c.log == log
    )
    with lenient_text(connection):
        found = connection.execute(wanted).all()
    if not found:
        return 0, 0
    generation, position = found[0]
    if len(found) > 1 or not generation.__class__ is position.__class__ is int:
        raise IntegrityFailure(
            "the head of the register of {log} cannot be read: run `taizhang projection rebuild`",
            log=log,
        )
    return generation, position


def _names(connection: Connection, log: str, found: Iterable[Any]) -> list[str]:
    """The names of streams; raises IntegrityFailure that names the entry without one."""
    names = list(found)
    if all(name.__class__ is str for name in names):
        return names
    cursor = rows_of(connection, _STREAMS, log)
    position = next(number for number, name in cursor if name.__class__ is not str)
    raise IntegrityFailure(
        "the entry {position} cannot be read: {reason}. Run `taizhang log verify`",
        position=f"{log}#{shown(position)}",
        reason="stream",
    )


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


def _rows_of(log: str, generation: int, rows: Iterable[Any]) -> list[tuple[object, ...]]:
    return [
        (log, generation, row.center, row.name, row.status, row.entries, row.position, row.body)
        for row in rows
    ]


_REPLACEMENT = Replacement(register, same=("log", "generation"), key="center")
_INSERT = Insert(register)


def rows_of_centers(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Of each of the centers, sorted, the rows of its entries up to a position, as
    `upcasting.recorded_of` takes them."""
    rows = reading.read_recorded(connection, log, centers, upto_position=upto)
    for center, found in groupby(rows, key=itemgetter(2)):
        yield center, list(found)


def worked(
    connection: Connection, log: str, centers: Sequence[str], work: CenterWork[T]
) -> Iterator[tuple[int, T]]:
    """Of each of the centers, in their order: how many entries it has, and what `work` gives."""
    for center, rows in rows_of_centers(connection, log, centers):
        yield len(rows), work(center, _readable(rows))


def _readable(rows: Sequence[tuple[Any, ...]]) -> list[Recorded] | IntegrityFailure:
    try:
        return list(starmap(recorded_of, rows))
    except IntegrityFailure as error:
        return error


def last_position_before(engine: Engine, log: str, instant: datetime) -> int:
    """The last position recorded at or before an instant; -1 where there is none."""
    text = format_instant(instant)
    with read_transaction(engine) as connection:
        low, high = 0, reading.log_head(connection, log).size
        while low < high:  # recorded never decreases with the position
            middle = (low + high) // 2
            row = reading.read_entry(connection, log, middle)
            if recorded_of(*row[:5], row.recorded, row.payload).recorded_at <= text:
                low = middle + 1
            else:
                high = middle
    return low - 1


_LIVE = Statement(
    select(*_COLUMNS)
    .where(register.c.log == bindparam("log_"), register.c.generation == bindparam("generation_"))
    .order_by(register.c.center),
    "log_",
    "generation_",
)
_STRANGE = Statement(
    select(register.c.log, register.c.center)
    .outerjoin_from(register, reading_heads, reading_heads.c.log == register.c.log)
    .where(
        or_(
            reading_heads.c.log.is_(None),
            register.c.generation.is_(None),
            register.c.generation < reading_heads.c.generation,
            register.c.generation > reading_heads.c.generation + literal_column("1"),
        )
    )
    .order_by(register.c.log, register.c.center)
)
_HEADS = Statement(select(reading_heads.c.log))
_LOGS = Statement(select(register.c.log).distinct())
_STREAMS = Statement(
    select(entries.c.position, entries.c.stream).where(entries.c.log == bindparam("log_")), "log_"
)
