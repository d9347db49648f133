"""Rows by many keys at once: looked up, or put in the place of those that are there.

Each key is sought by itself. SQLite does so with a list in `IN`. A server that has not counted the
rows of a table yet, as while a large file is recorded, takes the table for small: it would read all
rows of a log and compare each with every key. So it is given the keys as an array, and a subquery
for each that it cannot join (`OFFSET 0`); and rows that may be there are put in by a conflict over
the primary key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)

from ledger.statements import (
    Insert,
    Statement,
    Update,
    array_of,
    cursor_of,
    delete_rows,
    in_list,
    lists_of,
    write_rows,
)

__all__ = ["Lookup", "Replacement"]

_AT_ONCE = 500


class Lookup:
    """Columns of the rows of a table whose columns `same` are as given, and whose column `key` has
    one of many values; `before` are the parameters the columns themselves take.

    Rows come in the order of the values, and of the columns `order` for each; on SQLite in the
    order of the key.
    """

    def __init__(
        self,
        table: Table,
        *columns: ColumnElement[Any],
        key: str,
        same: Sequence[str] = ("log",),
        order: Sequence[str] = (),
        before: Sequence[str] = (),
    ) -> None:
        self._table = table
        self._columns = columns
        self._key: ColumnElement[Any] = table.c[key]
        self._same = tuple(same)
        self._order: list[ColumnElement[Any]] = [table.c[name] for name in order]
        self._before = tuple(before)
        self.of_list = lru_cache(maxsize=None)(self._of_list)
        self._of_array: Statement | None = None

    def rows(
        self, connection: Connection, *parameters: object, among: Iterable[Any]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows as the driver gives them; `parameters` are those before and the same ones."""
        return chain.from_iterable(self._lists(connection, parameters, among))

    def _lists(
        self, connection: Connection, parameters: Sequence[object], among: Iterable[Any]
    ) -> Iterator[list[tuple[Any, ...]]]:
        cursor = cursor_of(connection)
        wanted = dict.fromkeys(among)
        if connection.dialect.name != "postgresql":
            for some in lists_of(wanted):
                cursor.execute(self.of_list(len(some)).text(connection), (*parameters, *some))
                yield list(cursor.fetchall())
            return
        self._of_array = self._of_array or self._seeking()
        text, rest = self._of_array.text(connection), iter(wanted)
        while some := tuple(islice(rest, _AT_ONCE)):
            cursor.execute(text, (array_of(some), *parameters))
            yield list(cursor.fetchall())

    def _of_list(self, length: int) -> Statement:
        """The statement for a list of so many values."""
        statement = (
            select(*self._columns)
            .where(*(self._table.c[name] == bindparam(f"{name}_") for name in self._same))
            .where(in_list(self._key, length))
            .order_by(self._key, *self._order)
        )
        return Statement(statement, *self._names(), *(f"in_{number}" for number in range(length)))

    def _seeking(self) -> Statement:
        kind = BigInteger() if isinstance(self._key.type, BigInteger) else Text()
        values = cast(bindparam("among", type_=Text()), ARRAY(kind))
        wanted = func.unnest(values).table_valued(
            literal_column("value", kind), with_ordinality="place"
        )
        wanted = wanted.render_derived(name="wanted")
        ordered = [column.label(f"by_{number}") for number, column in enumerate(self._order)]
        columns = [column.label(f"c_{number}") for number, column in enumerate(self._columns)]
        found = (
            select(*columns, *ordered)
            .where(*(self._table.c[name] == bindparam(f"{name}_") for name in self._same))
            .where(self._key == wanted.c.value)
            .offset(literal_column("0"))
            .lateral("found")
        )
        statement = (
            select(*(found.c[column.name] for column in columns))
            .select_from(wanted.join(found, true()))
            .order_by(wanted.c.place, *(found.c[column.name] for column in ordered))
        )
        return Statement(statement, "among", *self._names())

    def _names(self) -> tuple[str, ...]:
        return (*self._before, *(f"{name}_" for name in self._same))


class Replacement:
    """Whole rows of a table, put in the place of those with the same primary key: `same` and then
    `key`. The rows written together have the same values in `same`."""

    def __init__(self, table: Table, *, same: Sequence[str], key: str) -> None:
        names = [column.name for column in table.c]
        assert [c.name for c in table.primary_key] == [*same, key]  # noqa: S101  a mistake here
        rest = [name for name in names if name not in {*same, key}]
        self._table, self._same, self._key = table, tuple(same), key
        self._insert = Insert(table)
        self._update = Update(table, *rest, same=same, key=key)
        self._places = [names.index(name) for name in (*rest, *same, key)]
        self._key_place = names.index(key)

    def write(self, connection: Connection, rows: Sequence[Sequence[object]]) -> None:
        """Write rows, each the table's columns in their order."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            cursor = cursor_of(connection)
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                ready = [tuple(row[place] for place in self._places) for row in some]
                self._update.change(cursor, ready)
            return
        names = [column.name for column in self._table.c]
        same = {name: rows[0][names.index(name)] for name in self._same}
        keys = [row[self._key_place] for row in rows]
        delete_rows(connection, self._table, self._key, keys, **same)
        write_rows(connection, self._insert, rows)
