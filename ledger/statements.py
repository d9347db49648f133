"""SQL as text: a statement compiled once for each driver, its parameters by position.

The driver then takes and gives plain tuples, and no row passes through SQLAlchemy's processing of
parameters and results. Lists for `IN` come in a few fixed lengths, so that texts are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from itertools import count, islice
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    update,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPICursor

__all__ = [
    "LIST_LENGTHS",
    "Insert",
    "Statement",
    "Update",
    "array_of",
    "chunks_of",
    "cursor_of",
    "delete_rows",
    "in_list",
    "lenient_text",
    "lists_of",
    "rows_of",
    "write_rows",
]

T = TypeVar("T")

LIST_LENGTHS = (1, 8, 64, 500)
"""How many values an `IN` list has; 500 fit every engine's limit of parameters."""


class Statement:
    """A statement whose parameters, by name, stand in the given order."""

    __slots__ = ("_names", "_statement", "_texts")

    def __init__(self, statement: ClauseElement, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._texts: dict[str, str] = {}

    def text(self, connection: Connection) -> str:
        """The SQL for this connection's driver."""
        return self.text_for(connection.dialect)

    def text_for(self, dialect: Dialect) -> str:
        """The SQL for the drivers of a dialect."""
        found = self._texts.get(dialect.name)
        if found is None:
            kind: type[DefaultDialect] = type(dialect)  # type: ignore[assignment]  # all of them
            named = kind(paramstyle="qmark" if dialect.name == "sqlite" else "format")
            compiled = self._statement.compile(dialect=named)
            names = tuple(compiled.positiontup or ())  # type: ignore[attr-defined]  # SQLCompiler
            if names != self._names:
                raise AssertionError(f"parameters are {names}, not {self._names}")
            found = self._texts[dialect.name] = str(compiled)
        return found


class Insert(Statement):
    """Rows of a table, each a tuple of its columns in their order."""

    __slots__ = ("_copy", "_types")

    def __init__(self, table: Table) -> None:
        names = [column.name for column in table.c]
        super().__init__(insert(table), *names)
        self._copy = f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
        self._types = [_server_type(column) for column in table.c]

    def copy(self, cursor: Any, rows: Iterable[Sequence[object]]) -> None:
        """Write many rows at once, on PostgreSQL."""
        with cursor.copy(self._copy) as copy:
            copy.set_types(self._types)
            for row in rows:
                copy.write_row(row)


class Update(Statement):
    """New values of a table's columns; each row is a tuple of them, then of the primary key: the
    columns `same`, in which the rows given together are alike, and one more."""

    __slots__ = ("_alike", "_at_once")

    def __init__(
        self, table: Table, *values: str, key: str, same: Sequence[str] = ("log",)
    ) -> None:
        named = [*values, *same, key]
        row: dict[str, Any] = {name: bindparam(f"{name}_") for name in named}
        wanted = and_(*(table.c[name] == row[name] for name in (*same, key)))
        changed = update(table).where(wanted).values({name: row[name] for name in values})
        super().__init__(changed, *(f"{name}_" for name in named))
        columns = [*values, key]
        lists = ", ".join(f"%s::{_server_type(table.c[name])}[]" for name in columns)
        kept = "".join(f"%s::{_server_type(table.c[name])}, " for name in same)
        self._alike = len(same)
        # Not an UPDATE from the arrays: a server that takes the table for small reads all of it. By
        # a conflict it has but one way, through the key; a row that is not there is put in.
        self._at_once = (
            f"INSERT INTO {table.name} ({', '.join((*same, *columns))}) "  # noqa: S608  names of the schema
            f"SELECT {kept}new.* FROM unnest({lists}) AS new({', '.join(columns)}) "
            f"ON CONFLICT ({', '.join((*same, key))}) "
            f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in values)}"
        )

    def change(self, cursor: Any, rows: Sequence[Sequence[object]]) -> None:
        """Change many rows at once, on PostgreSQL."""
        *columns, keys = zip(*rows, strict=True)
        values, same = columns[: -self._alike], columns[-self._alike :]
        arrays = [array_of(column) for column in (*values, keys)]
        cursor.execute(self._at_once, (*(column[0] for column in same), *arrays))


def array_of(values: Sequence[Any]) -> str:
    """PostgreSQL's text of an array: made in one go, it takes a third of the driver's time."""
    if isinstance(values[0], int):
        return f"{{{','.join(map(str, values))}}}"
    if isinstance(values[0], bytes):
        return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}'


def write_rows(
    connection: Connection, statement: Statement, rows: Sequence[Sequence[object]]
) -> None:
    """Carry out a statement for each row, in the way that is fastest on the engine."""
    if not rows:
        return
    cursor = cursor_of(connection)
    many = connection.dialect.name == "postgresql" and len(rows) > 1
    if many and isinstance(statement, Insert):
        statement.copy(cursor, rows)
    elif many and isinstance(statement, Update):
        statement.change(cursor, rows)
    else:
        cursor.executemany(statement.text(connection), rows)


def delete_rows(
    connection: Connection, table: Table, among: str, values: Iterable[object], **same: object
) -> None:
    """Delete the rows whose column `among` has one of the values; other columns are as given."""
    cursor = cursor_of(connection)
    for some in lists_of(values):
        statement = _deletion(table, among, tuple(same), len(some))
        cursor.execute(statement.text(connection), (*same.values(), *some))


@lru_cache(maxsize=64)
def _deletion(table: Table, among: str, same: tuple[str, ...], length: int) -> Statement:
    wanted = [table.c[name] == bindparam(f"{name}_") for name in same]
    gone = delete(table).where(*wanted, in_list(table.c[among], length))
    return Statement(
        gone, *(f"{name}_" for name in same), *(f"in_{number}" for number in range(length))
    )


def _server_type(column: ColumnElement[Any]) -> str:
    """What PostgreSQL calls the type of a column."""
    kind = column.type
    if isinstance(kind, LargeBinary):
        return "bytea"
    if isinstance(kind, BigInteger):
        return "int8"
    return "int4" if isinstance(kind, Integer) else "text"


def cursor_of(connection: Connection) -> DBAPICursor:
    """A cursor of the driver, inside the connection's transaction."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        cursor: DBAPICursor = driver.cursor(binary=True)
        return cursor
    return connection.connection.cursor()


def rows_of(connection: Connection, statement: Statement, *values: object) -> list[Any]:
    """All rows of a statement, as the driver gives them."""
    cursor = cursor_of(connection)
    cursor.execute(statement.text(connection), values)
    return list(cursor.fetchall())


def chunks_of(
    connection: Connection, statement: Statement, *values: object, chunk: int
) -> Iterator[list[Any]]:
    """The rows of a statement, so many at a time; no more are fetched than were asked for."""
    text = statement.text(connection)
    with closing(_streaming_cursor(connection)) as cursor:
        cursor.execute(text, values)
        while rows := cursor.fetchmany(chunk):
            yield list(rows)


def _streaming_cursor(connection: Connection) -> DBAPICursor:
    if connection.dialect.name != "postgresql":
        return cursor_of(connection)
    driver: Any = connection.connection.driver_connection
    # Without a name the driver fetches all rows at once.
    cursor: DBAPICursor = driver.cursor(f"rows_{next(_CURSORS)}", binary=True)
    return cursor


_CURSORS = count()


@contextmanager
def lenient_text(connection: Connection) -> Iterator[None]:
    """Let SQLite hand over text that is not UTF-8, with surrogates for the bytes."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":  # a server keeps no other text
        yield
        return
    before = driver.text_factory
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


def in_list(column: ColumnElement[Any], length: int) -> ColumnElement[bool]:
    """The condition that a column is one of `length` values, named `in_0`, `in_1` …"""
    return column.in_([bindparam(f"in_{number}", type_=column.type) for number in range(length)])


def lists_of(values: Iterable[T]) -> Iterator[tuple[T, ...]]:
    """Values in lists of one of the fixed lengths, filled up with the last value."""
    rest = iter(values)
    while some := tuple(islice(rest, LIST_LENGTHS[-1])):
        length = next(length for length in LIST_LENGTHS if length >= len(some))
        yield some + some[-1:] * (length - len(some))
