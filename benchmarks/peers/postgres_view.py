"""The table of `peers.projection_runner` on PostgreSQL. A file of its own: the library's recorders
for PostgreSQL cannot be loaded without psycopg_pool, and SQLite needs neither.
"""

from __future__ import annotations

from typing import Any

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from peers.projection_runner import View
from psycopg.sql import SQL

__all__ = ["PostgresView"]


class PostgresView(PostgresTrackingRecorder, View):
    """A row and the position, together."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        create = "CREATE TABLE IF NOT EXISTS town (name text PRIMARY KEY, last text)"
        self.sql_create_statements.append(SQL(create).format())

    def put(self, name: str, last: str, tracking: Tracking) -> None:
        """Write a row."""
        statement = (
            "INSERT INTO town VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET last = excluded.last"
        )
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(statement, (name, last))
