"""Private values and kept files: beside the log, bound to it by commitments and hashes.

The log holds only salted commitments. Erasing deletes value and salt; every proof stays valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from ledger.schema import files, vault
from ledger.statements import Insert, write_rows

__all__ = ["PrivateValue", "erase_values", "keep_file", "keep_values", "private_values"]

_INSERT = Insert(vault)


class PrivateValue(NamedTuple):
    """A private value of the entry at a position, with the salt of its commitment."""

    position: int
    path: str
    salt: bytes
    value: bytes


def keep_values(connection: Connection, log: str, values: Iterable[PrivateValue]) -> None:
    """Keep private values, in the transaction that records their entries, before or after them."""
    write_rows(connection, _INSERT, [(log, *value) for value in values])


def private_values(connection: Connection, log: str, position: int) -> dict[str, bytes]:
    """Path → value of what is kept for an entry and not erased."""
    rows = connection.execute(
        select(vault.c.path, vault.c.value).where(vault.c.log == log, vault.c.position == position)
    )
    return {row.path: row.value for row in rows}


def erase_values(connection: Connection, log: str, position: int, paths: Sequence[str]) -> int:
    """Delete values and salts for good; returns how many there were."""
    wanted = delete(vault).where(
        vault.c.log == log, vault.c.position == position, vault.c.path.in_(list(paths))
    )
    return connection.execute(wanted).rowcount


def keep_file(connection: Connection, digest: str, content: bytes) -> None:
    """Keep an attachment under its hash; the same content is kept once."""
    assert sha256(content).hexdigest() == digest  # noqa: S101  the caller has just hashed it
    if connection.execute(select(files.c.sha256).where(files.c.sha256 == digest)).first() is None:
        row = {"sha256": digest, "length": len(content), "content": content}
        if connection.dialect.name == "postgresql":  # somebody else may be keeping it just now
            from sqlalchemy.dialects import postgresql  # slow to load, and rarely needed

            connection.execute(postgresql.insert(files).values(row).on_conflict_do_nothing())
        else:
            connection.execute(insert(files).values(row))
