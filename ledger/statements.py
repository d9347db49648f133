"""SQL as text: a statement compiled once for each driver, its parameters by position.

The driver then takes and gives plain tuples, and no row passes through SQLAlchemy's processing of
parameters and results. Lists for `IN` come in a few fixed lengths, so that texts are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, ColumnElement, Connection, bindparam
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import DBAPICursor

__all__ = [
    "LIST_LENGTHS",
    "Statement",
    "cursor_of",
    "in_list",
    "lenient_text",
    "lists_of",
    "rows_of",
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
        dialect = connection.dialect
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


def cursor_of(connection: Connection) -> DBAPICursor:
    """A cursor of the driver, inside the connection's transaction."""
    return connection.connection.cursor()


def rows_of(connection: Connection, statement: Statement, *values: object) -> list[Any]:
    """All rows of a statement, as the driver gives them."""
    cursor = cursor_of(connection)
    cursor.execute(statement.text(connection), values)
    return list(cursor.fetchall())


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
