"""What a role of a PostgreSQL server may do with a ledger: record, or read.

    grant_roles(engine, recorders=["office"], readers=["portal"])

Who records adds rows. What is append-only it can neither change nor delete, not even with the
triggers gone, and it owns no table, so that it cannot switch them off. It changes heads, the index
of the newest seal and rows of the register, and deletes private values that are erased, and rows of
the register.
Who reads only reads, private values too, for `log verify` checks them against their commitments.

Partitions are reached through their parents, so the grants hold for logs that are begun later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, text

from ledger.engine import lock_ledger, write_transaction
from ledger.errors import MalformedError, NotFoundError
from ledger.schema import (
    APPEND_ONLY,
    logs,
    metadata,
    reading_heads,
    register,
    sealed_heads,
    stream_heads,
    vault,
)

__all__ = ["grant_roles"]

_READS: Mapping[str, str] = {table.name: "SELECT" for table in metadata.sorted_tables}
# Columns of a key are not among those that may be changed.
_RECORDS: Mapping[str, str] = {
    **_READS,
    **{table.name: "SELECT, INSERT" for table in APPEND_ONLY},
    logs.name: "SELECT, INSERT, UPDATE (size, root, frontier, generation)",
    stream_heads.name: "SELECT, INSERT, UPDATE (version, leaf)",
    reading_heads.name: "SELECT, INSERT, UPDATE (generation, position), DELETE",
    sealed_heads.name: "SELECT, INSERT, UPDATE (version, leaf, status)",
    register.name: "SELECT, INSERT, UPDATE (name, status, entries, position, body), DELETE",
    vault.name: "SELECT, INSERT, DELETE",
}
_BEGINS_LOGS = "taizhang_open_log(text)"


def grant_roles(engine: Engine, *, recorders: Sequence[str], readers: Sequence[str]) -> None:
    """Let roles that are there record or read, and nothing else; to be run by who owns the tables.

    What they were allowed on these tables before is taken back. Raises NotFoundError for a role
    that is not there, MalformedError for one to which nothing could be refused.
    """
    if engine.dialect.name != "postgresql":
        raise MalformedError(
            "roles are for a ledger on a server: who may write a file, its permissions say"
        )
    both = sorted({*recorders} & {*readers})
    if both:
        raise MalformedError("{role} is to record and only to read: name it once", role=both[0])
    with write_transaction(engine) as connection:
        lock_ledger(connection)
        for role in sorted({*recorders, *readers}):
            _demand_bounded(connection, role)
        for role in recorders:
            _grant(connection, role, _RECORDS)
            _on_function(connection, "GRANT EXECUTE ON FUNCTION {} TO {}", role)
        for role in readers:
            _grant(connection, role, _READS)
            _on_function(connection, "REVOKE ALL ON FUNCTION {} FROM {}", role)


def _demand_bounded(connection: Connection, role: str) -> None:
    found = connection.execute(_ROLE, {"role": role}).first()
    if found is None:
        raise NotFoundError(
            "there is no role {role} on the server: make it with CREATE ROLE", role=role
        )
    if found.owns:
        raise MalformedError(
            "the role {role} owns the tables of the ledger or may act as who does, so nothing can "
            "be refused to it: name another",
            role=role,
        )


def _grant(connection: Connection, role: str, privileges: Mapping[str, str]) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema, is_open = connection.execute(_SCHEMA, {"role": role}).one()
    if not is_open:
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}")
    for table, granted in privileges.items():
        connection.exec_driver_sql(f"REVOKE ALL ON {quote(table)} FROM {quote(role)}")
        connection.exec_driver_sql(f"GRANT {granted} ON {quote(table)} TO {quote(role)}")


def _on_function(connection: Connection, statement: str, role: str) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    connection.exec_driver_sql(statement.format(_BEGINS_LOGS, quote(role)))


_ROLE = text(
    "SELECT pg_has_role(r.oid, c.relowner, 'MEMBER') AS owns FROM pg_roles r, pg_class c "
    "WHERE r.rolname = :role AND c.oid = to_regclass('entries')"
)
_SCHEMA = text(
    "SELECT current_schema(), has_schema_privilege(CAST(:role AS text), current_schema(), 'USAGE')"
)
