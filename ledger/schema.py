"""The tables of a ledger, for every engine SQLAlchemy speaks to.

    logs           one row per log: how long it is, its root, the peaks its tree grows from
    entries        what was recorded, and the leaf that was hashed for it
    checkpoints    every tree head that was signed, as the log signed it
    cosignatures   what witnesses signed under a checkpoint
    sealed_heads   what the newest seal's index says of each stream
    stream_heads   last version and leaf of each stream: optimistic lock and `previous`
    tiles          the leaf hashes of each log, 256 a row, and the trees over them (`ledger.tiles`)
    keys           idempotency keys already recorded, with a digest of what they stand for
    vault          private values and salts behind the commitments; the only rows that may go
    files          attachments that are kept, by hash
    editions       regulation files, by hash
    register       one row a center, rebuilt from entries at any time (`taizhang projection check`)
    reading_heads  up to which position the register speaks
    meta           which schema this is

`entries`, `tiles`, `checkpoints`, `cosignatures`, `keys`, `files` and `editions` are append-only:
triggers refuse UPDATE and DELETE. That guards against accidents; against intent only hashes kept
elsewhere do (docs/philosophy.md).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    insert,
)
from sqlalchemy import String as _String

__all__ = [
    "APPEND_ONLY",
    "PARTITIONED",
    "REFUSED",
    "SCHEMA_VERSION",
    "checkpoints",
    "cosignatures",
    "create_schema",
    "editions",
    "entries",
    "files",
    "keys",
    "logs",
    "meta",
    "metadata",
    "reading_heads",
    "register",
    "sealed_heads",
    "stream_heads",
    "tiles",
    "vault",
]

SCHEMA_VERSION = 2

REFUSED = "TZ001"
"""SQLSTATE of the triggers on a server that refuse a change."""

metadata = MetaData()

# A server has one partition of these tables for each log, so that a log can be moved as a whole.
_BY_LOG: dict[str, Any] = {"postgresql_partition_by": "LIST (log)"}


def String(length: int) -> _String:  # noqa: N802  it stands for the type
    """Text ordered by its code points on every engine, whatever the server's language."""
    return _String(length).with_variant(_String(length, collation="C"), "postgresql")


logs = Table(
    "logs",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    # 1, and one more each time a restore left the log behind a checkpoint (`ledger.generations`).
    Column("generation", Integer, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", String(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String(255), nullable=False),
    Column("effective", String(10), nullable=False),
    Column("recorded", String(27), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("private", Text),
    Column("attachments", Text),
    Column("leaf", LargeBinary(32), nullable=False),
    UniqueConstraint("log", "stream", "version", name="entries_stream"),
    **_BY_LOG,
)

stream_heads = Table(
    "stream_heads",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
    **_BY_LOG,
)

sealed_heads = Table(
    "sealed_heads",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("leaf", LargeBinary(32), nullable=False),
    Column("status", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
    **_BY_LOG,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", LargeBinary, nullable=False),
    **_BY_LOG,
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), primary_key=True),
    Column("key_id", LargeBinary(4), primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["log", "size"],
        ["checkpoints.log", "checkpoints.size"],
        deferrable=True,
        initially="DEFERRED",
    ).ddl_if(dialect="sqlite"),
    **_BY_LOG,
)

tiles = Table(
    "tiles",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    # Before the hashes: SQLite reaches it without reading past them.
    Column("root", LargeBinary(32), nullable=False),
    Column("hashes", LargeBinary(8192), nullable=False),
    **_BY_LOG,
)

keys = Table(
    "keys",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("stream", String(255), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    # Deferred, so that keys may be written before or after the entries of their transaction.
    ForeignKeyConstraint(
        ["log", "position"],
        ["entries.log", "entries.position"],
        deferrable=True,
        initially="DEFERRED",
    ).ddl_if(dialect="sqlite"),
    sqlite_with_rowid=False,
    **_BY_LOG,
)

vault = Table(
    "vault",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("path", String(255), primary_key=True),
    Column("salt", LargeBinary(32), nullable=False),
    Column("value", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["log", "position"],
        ["entries.log", "entries.position"],
        deferrable=True,
        initially="DEFERRED",
    ).ddl_if(dialect="sqlite"),
    **_BY_LOG,
)

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("length", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("edition", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
)

register = Table(
    "register",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("center", String(255), primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    **_BY_LOG,
)

reading_heads = Table(
    "reading_heads",
    metadata,
    Column("log", String(64), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
)

APPEND_ONLY = (entries, tiles, checkpoints, cosignatures, keys, files, editions)
"""Tables whose rows are never changed and never deleted."""


def create_schema(connection: Connection) -> None:
    """Make all tables and triggers and write the schema version; run it in a write transaction."""
    metadata.create_all(connection)
    connection.execute(insert(meta).values(name="schema", value=str(SCHEMA_VERSION)))


def _make_triggers(table: Table, connection: Connection, **_: Any) -> None:
    if connection.dialect.name != "sqlite":
        return
    for operation in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table.name}_refuse_{operation.lower()} "
            f"BEFORE {operation} ON {table.name} BEGIN SELECT RAISE(ABORT, "
            f"'{table.name}: the ledger is append-only, {operation} is refused'); END"
        )


for _table in APPEND_ONLY:
    event.listen(_table, "after_create", _make_triggers)


def _make_server_guards(_metadata: MetaData, connection: Connection, **_: Any) -> None:
    """Triggers as above, and what makes the partitions of a log, on PostgreSQL."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(DDL(_REFUSE.replace("%", "%%")))
    for table in APPEND_ONLY:
        for operation, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table.name}_refuse_{each.lower()} BEFORE {operation} "
                f"ON {table.name} FOR EACH {each} EXECUTE FUNCTION taizhang_refuse('{table.name}')"
            )
    connection.execute(DDL(_OPEN_LOG.replace("%", "%%")))


event.listen(metadata, "after_create", _make_server_guards)

_REFUSE = f"""
CREATE FUNCTION taizhang_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: the ledger is append-only, % is refused', TG_ARGV[0], TG_OP
        USING ERRCODE = '{REFUSED}';
END $$
"""

PARTITIONED = tuple(
    table for table in metadata.sorted_tables if table.dialect_options["postgresql"]["partition_by"]
)
"""Tables of which a server keeps a partition for each log."""

# Runs with the rights of the owner, so that who may only add rows can begin a log. Attaching a
# table that is ready, instead of making it in its place, lets the other logs be written meanwhile.
_OPEN_LOG = f"""
CREATE FUNCTION taizhang_open_log(opened text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent text;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('taizhang/' || opened, 0));
    FOREACH parent IN ARRAY ARRAY[{", ".join(f"'{table.name}'" for table in PARTITIONED)}] LOOP
        part := parent || '_' || opened;
        IF octet_length(part) > 63 THEN
            part := parent || '_' || md5(opened);
        END IF;
        CONTINUE WHEN to_regclass(quote_ident(part)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)',
                       parent, part, opened);
        IF parent = ANY (ARRAY[{", ".join(f"'{table.name}'" for table in APPEND_ONLY)}]) THEN
            EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT '
                           'EXECUTE FUNCTION taizhang_refuse(%L)',
                           part || '_refuse_statement', part, parent);
        END IF;
    END LOOP;
END $$
"""
