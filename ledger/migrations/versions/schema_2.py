"""Tiles, checkpoints with cosignatures, the index of the newest seal, generations.

Tiles come from the leaf hashes of the entries. Nothing was sealed under schema 1, so the other
tables begin empty, and every log is of its first generation. The register is folded again at the
next reading. Ledgers on a server began with schema 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from ledger.errors import IntegrityFailure
from ledger.merkle import Frontier, tree_root

revision = "2"
down_revision = "1"

_WIDTH = 256
_CHUNK = 2_000


def upgrade() -> None:
    """Make schema 2 of schema 1."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        raise AssertionError("no server keeps a ledger of schema 1")
    _make_tables()
    _number_generations()
    logs = connection.execute(sa.text("SELECT log, size, root FROM logs ORDER BY log")).fetchall()
    for log, size, root in logs:
        tree = Frontier()
        for row in _tiles(_leaves(connection, log, tree)):
            connection.execute(_TILE, {"log": log, **row})
        if (tree.size, tree.root()) != (size, root):
            raise IntegrityFailure(
                "the entries of {log} do not give its root: nothing was migrated. Ask "
                "`taizhang log verify` of the version that wrote them",
                log=log,
            )
    for table in ("register", "reading_heads"):
        op.execute(f"DELETE FROM {table}")  # noqa: S608  names of tables


def _make_tables() -> None:
    op.create_table(
        "sealed_heads",
        sa.Column("log", sa.String(64), primary_key=True),
        sa.Column("stream", sa.String(255), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.LargeBinary(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("log", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cosignatures",
        sa.Column("log", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("key_id", sa.LargeBinary(4), primary_key=True),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["log", "size"],
            ["checkpoints.log", "checkpoints.size"],
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_table(
        "tiles",
        sa.Column("log", sa.String(64), primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("hashes", sa.LargeBinary(8192), nullable=False),
    )
    for table in ("checkpoints", "cosignatures", "tiles"):
        for operation in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{operation.lower()} "
                f"BEFORE {operation} ON {table} BEGIN SELECT RAISE(ABORT, "
                f"'{table}: the ledger is append-only, {operation} is refused'); END"
            )


def _number_generations() -> None:
    op.add_column("logs", sa.Column("generation", sa.Integer))
    op.execute("UPDATE logs SET generation = 1")
    with op.batch_alter_table("logs") as logs:  # SQLite makes the table anew for it
        logs.alter_column("generation", existing_type=sa.Integer, nullable=False)


def _leaves(connection: Connection, log: str, tree: Frontier) -> Iterator[bytes]:
    """The leaf hashes of a log in order; `tree` grows by them."""
    found = connection.execute(_LEAVES, {"log": log})
    for rows in found.partitions(_CHUNK):
        leaves = [row.leaf for row in rows]
        tree.extend(leaves)
        yield from leaves


def _tiles(leaves: Iterable[bytes]) -> Iterator[dict[str, object]]:
    """The rows of all full tiles over these leaves, each after those below it."""
    unfinished: list[list[bytes]] = []  # by level
    done: list[int] = []
    for leaf in leaves:
        level, node = 0, leaf
        while True:
            if level == len(unfinished):
                unfinished.append([])
                done.append(0)
            tile = unfinished[level]
            tile.append(node)
            if len(tile) < _WIDTH:
                break
            node = tree_root(tile)
            yield {"level": level, "number": done[level], "root": node, "hashes": b"".join(tile)}
            done[level] += 1
            tile.clear()
            level += 1


_LEAVES = sa.text("SELECT leaf FROM entries WHERE log = :log ORDER BY position")
_TILE = sa.text("INSERT INTO tiles VALUES (:log, :level, :number, :root, :hashes)")
