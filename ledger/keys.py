"""Idempotency keys: what was recorded under a key, so that the same line is recorded once.

A key belongs to a log; a line that fans out to several centers leaves one row for each. The digest
tells the same content from other content under a known key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from ledger.canonical import encode
from ledger.schema import keys as _keys
from ledger.statements import Insert, Statement, cursor_of, in_list, lists_of, write_rows

__all__ = ["KeyRow", "content_digest", "insert_keys", "known_keys"]

_K = _keys.c


class KeyRow(NamedTuple):
    """What is recorded under a key in one stream: where, and the digest of its content."""

    key: str
    stream: str
    position: int
    digest: bytes


def content_digest(entry: Mapping[str, object]) -> bytes:
    """SHA-256 of the canonical bytes of an entry as it stands in a payload."""
    return sha256(encode(dict(entry))).digest()


def known_keys(connection: Connection, log: str, keys: Iterable[str]) -> dict[str, list[KeyRow]]:
    """The rows of those keys that are recorded already, by key, each list ordered by stream."""
    found: dict[str, list[KeyRow]] = {}
    cursor = cursor_of(connection)
    wanted = sorted(set(keys))
    if connection.dialect.name == "postgresql":
        cursor.execute(_OF_ALL, (wanted, log))
        for row in map(KeyRow._make, cursor.fetchall()):
            found.setdefault(row.key, []).append(row)
        return found
    for names in lists_of(wanted):
        cursor.execute(_of_keys(len(names)).text(connection), (log, *names))
        for row in map(KeyRow._make, cursor.fetchall()):
            found.setdefault(row.key, []).append(row)
    return found


def insert_keys(connection: Connection, log: str, rows: Iterable[KeyRow]) -> None:
    """Remember keys, in the transaction that records their entries, before or after them."""
    write_rows(
        connection,
        _INSERT,
        [(log, key, stream, position, digest) for key, stream, position, digest in rows],
    )


# A server looks up each key by itself: OFFSET keeps it from joining. A list of parameters it would
# compare with every key of a log whose rows it has not counted yet, as while a file is recorded.
_OF_ALL = (
    "SELECT found.* FROM unnest(%s::text[]) AS wanted(key), LATERAL ("
    "SELECT key, stream, position, digest FROM keys WHERE log = %s AND key = wanted.key OFFSET 0"
    ") AS found ORDER BY key, stream"
)


@lru_cache(maxsize=16)
def _of_keys(length: int) -> Statement:
    statement = (
        select(_K.key, _K.stream, _K.position, _K.digest)
        .where(_K.log == bindparam("log_"), in_list(_K.key, length))
        .order_by(_K.key, _K.stream)
    )
    return Statement(statement, "log_", *(f"in_{number}" for number in range(length)))


_INSERT = Insert(_keys)
