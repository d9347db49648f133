"""What the database was asked, and how it would go about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection

__all__ = ["asked", "plan_of"]


@contextmanager
def asked(connection: Connection) -> Iterator[list[str]]:
    """The statements that go to the database within the block, with their parameters."""
    found: list[str] = []
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.set_trace_callback(found.append)
        yield found
        driver.set_trace_callback(None)
        return

    class Noting(driver.cursor_factory):  # type: ignore[misc]  it is known at run time only
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            found.append(psycopg.ClientCursor(driver).mogrify(query, params))
            return super().execute(query, params, **more)

    before, driver.cursor_factory = driver.cursor_factory, Noting
    yield found
    driver.cursor_factory = before


def plan_of(connection: Connection, statement: str, *, is_large: bool = True) -> list[str]:
    """The steps in which the database would answer, were its tables large and at hand; without
    `is_large` those in which it answers now."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return [row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}")]
    if is_large:
        driver.execute("SET LOCAL enable_seqscan = off")
        driver.execute("SET LOCAL random_page_cost = 1")
    return [row[0] for row in driver.execute(f"EXPLAIN {statement}")]
