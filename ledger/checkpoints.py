"""Signed checkpoints as they are kept: the log's own note, and what witnesses signed under it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, insert, select

from ledger.damage import shown
from ledger.errors import IntegrityFailure, MalformedError
from ledger.note import Signature, format_note, parse_note, with_signatures
from ledger.schema import checkpoints, cosignatures

__all__ = [
    "StoredCheckpoint",
    "all_checkpoints",
    "checkpoint_at",
    "cosigned_note",
    "keep_checkpoint",
    "keep_cosignature",
    "newest_checkpoint",
    "newest_cosigned",
    "sealed_logs",
]

_C = checkpoints.c
_S = cosignatures.c


class StoredCheckpoint(NamedTuple):
    """A tree head that was signed; `note` is what the log signed, without cosignatures."""

    log: str
    size: int
    root: bytes
    note: bytes


def newest_checkpoint(connection: Connection, log: str) -> StoredCheckpoint | None:
    """The checkpoint of the largest tree; None where nothing was ever sealed."""
    return _first(connection, _of(log).order_by(_C.size.desc()).limit(1))


def checkpoint_at(connection: Connection, log: str, size: int) -> StoredCheckpoint | None:
    """The checkpoint of exactly that size, if there is one."""
    return _first(connection, _of(log).where(_C.size == size))


def all_checkpoints(connection: Connection, log: str) -> Iterator[StoredCheckpoint]:
    """Every checkpoint of a log, the smallest tree first."""
    for row in connection.execute(_of(log).order_by(_C.size)):
        yield _made(row)


def sealed_logs(connection: Connection) -> set[str]:
    """The logs that have a checkpoint."""
    return set(connection.scalars(select(_C.log).distinct()))


def keep_checkpoint(connection: Connection, stored: StoredCheckpoint) -> None:
    """Keep a signed checkpoint, in the transaction that appends its seal."""
    connection.execute(insert(checkpoints).values(**stored._asdict()))


def keep_cosignature(connection: Connection, log: str, size: int, signature: Signature) -> bool:
    """Keep a witness's signature; False where one of that key is kept already."""
    wanted = select(_S.signature).where(
        _S.log == log, _S.size == size, _S.name == signature.name, _S.key_id == signature.key_id
    )
    if connection.execute(wanted).first() is not None:
        return False
    row = {"name": signature.name, "key_id": signature.key_id, "signature": signature.data}
    connection.execute(insert(cosignatures).values(log=log, size=size, **row))
    return True


def newest_cosigned(connection: Connection, log: str, keys: Collection[tuple[str, bytes]]) -> int:
    """The size of the largest tree that one of the keys, by name and id, cosigned; 0 for none."""
    rows = connection.execute(select(_S.size, _S.name, _S.key_id).where(_S.log == log))
    return max((size for size, name, key_id in rows if (name, key_id) in keys), default=0)


def cosigned_note(connection: Connection, stored: StoredCheckpoint) -> bytes:
    """The note with the signatures of the log, then those of witnesses in the order of names;
    raises IntegrityFailure where they make no note."""
    wanted = (
        select(_S.name, _S.key_id, _S.signature)
        .where(_S.log == stored.log, _S.size == stored.size)
        .order_by(_S.name, _S.key_id)
    )
    more = [Signature(*row) for row in connection.execute(wanted)]
    if not more:
        return stored.note
    try:
        return format_note(with_signatures(parse_note(stored.note), more))
    except (MalformedError, TypeError, ValueError, AttributeError):  # whatever the columns hold
        raise _unlike(stored) from None


def _of(log: str) -> Select[tuple[str, int, bytes, bytes]]:
    return select(_C.log, _C.size, _C.root, _C.note).where(_C.log == log)


def _first(
    connection: Connection, wanted: Select[tuple[str, int, bytes, bytes]]
) -> StoredCheckpoint | None:
    row = connection.execute(wanted).first()
    return None if row is None else _made(row)


def _made(row: Sequence[Any]) -> StoredCheckpoint:
    """The row as a checkpoint; raises IntegrityFailure where SQLite kept values of other types."""
    stored = StoredCheckpoint._make(row)
    if not (
        stored.size.__class__ is int and stored.root.__class__ is stored.note.__class__ is bytes
    ):
        raise _unlike(stored)
    return stored


def _unlike(stored: StoredCheckpoint) -> IntegrityFailure:
    return IntegrityFailure(
        "the checkpoint of {log} with {size} entries is not kept as it was signed: run "
        "`taizhang log verify`",
        log=stored.log,
        size=shown(stored.size),
    )
