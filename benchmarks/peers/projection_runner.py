"""eventsourcing's projection runner over a town: one event a transaction, as the library has it.

On PostgreSQL application and view stand on the library's own recorders. Its SQLite recorder has no
subscriptions, so there the events come from the ledger's recorder, the view stays the library's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from eventsourcing.persistence import Tracking, TrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from peers.save_application import Office, save_all

__all__ = ["Runner", "View"]

_PATIENCE = 600.0


class View(TrackingRecorder):
    """A table of streams with their last entry's type; a row and the position, together."""

    def put(self, name: str, last: str, tracking: Tracking) -> None:
        """Write a row."""
        raise NotImplementedError


class SqliteView(SQLiteTrackingRecorder, View):
    """The same on SQLite."""

    def construct_create_table_statements(self) -> list[str]:
        """One more table."""
        made = super().construct_create_table_statements()
        return [*made, "CREATE TABLE IF NOT EXISTS town (name TEXT PRIMARY KEY, last TEXT)"]

    def put(self, name: str, last: str, tracking: Tracking) -> None:
        """Write a row."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("INSERT OR REPLACE INTO town VALUES (?, ?)", (name, last))


class Towns(Projection[View]):
    """Keeps the last act of every stream."""

    name = "towns"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Take in one event."""
        self.view.put(str(domain_event.originator_id), domain_event.entry["type"], tracking)


class Runner:
    """An application with the given lines saved, and a way to project them all once."""

    def __init__(self, application: Mapping[str, str], view: Mapping[str, str]) -> None:
        self._environment = {
            **{f"OFFICE_{name}": value for name, value in application.items()},
            **{f"TOWNS_{name}": value for name, value in view.items()},
        }
        self._view = cast("type[View]", SqliteView)
        if view["PERSISTENCE_MODULE"] != "eventsourcing.sqlite":
            from peers.postgres_view import PostgresView  # needs psycopg_pool, which may be missing

            self._view = cast("type[View]", PostgresView)

    def save(self, lines: Sequence[bytes]) -> None:
        """Save the lines as events."""
        with Office(env=self._environment) as application:
            save_all(iter(lines), application)

    def project(self) -> None:
        """Take in every event."""
        runner = ProjectionRunner[Office, View](
            application_class=Office,
            projection_class=Towns,
            view_class=self._view,
            env=self._environment,
        )
        with runner:
            runner.wait(runner.app.recorder.max_notification_id(), timeout=_PATIENCE)
