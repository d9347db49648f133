"""Idempotency keys: what was recorded under a key, so that the same line is recorded once.

A key belongs to a log; a line that fans out to several centers leaves one row for each. The digest
tells the same content from other content under a known key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.canonical import encode
from ledger.lookup import Lookup
from ledger.schema import keys as _keys
from ledger.statements import Insert, write_rows

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
    for row in map(KeyRow._make, _LOOKUP.rows(connection, log, among=keys)):
        found.setdefault(row.key, []).append(row)
    return found


def insert_keys(connection: Connection, log: str, rows: Iterable[KeyRow]) -> None:
    """Remember keys, in the transaction that records their entries, before or after them."""
    write_rows(
        connection,
        _INSERT,
        [(log, key, stream, position, digest) for key, stream, position, digest in rows],
    )


_LOOKUP = Lookup(_keys, _K.key, _K.stream, _K.position, _K.digest, key="key", order=("stream",))
_INSERT = Insert(_keys)
