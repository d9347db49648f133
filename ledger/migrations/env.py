"""How Alembic runs the migrations: on the connection it is given, inside its transaction.

The revision of a ledger is what stands in its table `meta`; Alembic keeps none of its own.
"""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Column, MetaData, String, Table

from ledger.schema import meta


class _RevisionInMeta:
    """Has Alembic read and write the revision in the only row of `meta`."""

    def version_table_impl(self, *, version_table: str, **other: Any) -> Table:
        """The table of the revision; of other databases of this process Alembic's own."""
        if version_table != meta.name:
            found: Table = super().version_table_impl(  # type: ignore[misc]  # mixed into an impl
                version_table=version_table, **other
            )
            return found
        return Table(version_table, MetaData(), Column("value", String(255), key="version_num"))


class _SQLite(_RevisionInMeta, SQLiteImpl):
    __dialect__ = "sqlite"


class _PostgreSQL(_RevisionInMeta, PostgresqlImpl):
    __dialect__ = "postgresql"


context.configure(
    connection=context.config.attributes["connection"],
    version_table=meta.name,
    **context.config.attributes.get("options", {}),
)
context.run_migrations()
