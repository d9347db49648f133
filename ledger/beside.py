"""Checking what stands beside the log: idempotency keys and private values, against the entries.

Each batch of entries asks for the rows it needs and compares every column. Rows nobody asked for
are counted at the end, and looked at one by one only if the counts differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, select

from ledger.commitment import check_commitment
from ledger.errors import LedgerError
from ledger.keys import content_digest
from ledger.log_check import LogCheck
from ledger.lookup import Lookup
from ledger.references import KeyUse, PrivateUse
from ledger.schema import entries, keys, vault
from ledger.statements import Statement, rows_of
from ledger.stored import parse_payload, parse_private

__all__ = ["KeyCheck", "VaultCheck"]


class KeyCheck:
    """Compares keys of entries with the rows that remember them."""

    def __init__(self, connection: Connection, check: LogCheck) -> None:
        self._connection = connection
        self._check = check
        self.matched = 0
        self._reported: set[tuple[str, str]] = set()

    def take(self, uses: Sequence[KeyUse]) -> None:
        """Look for the row of each key, and compare position and digest."""
        found: dict[tuple[str, str], tuple[Any, Any]] = {}
        names = {use.key for use in uses}
        for key, stream, position, digest in _KEYS.rows(
            self._connection, self._check.log, among=names
        ):
            found[key, stream] = (position, digest)
        for use in uses:
            row = found.pop((use.key, use.stream), None)
            if row is not None:
                self.matched += 1
            if row is None:
                self._add(use, "key_missing", "the key {key} is not remembered")
            elif row[0].__class__ is not int or row[0] != use.position:
                said = "the key {key} is remembered for position {other}"
                self._add(use, "key_altered", said, other=row[0])
            elif row[1] != sha256(use.entry).digest() and row[1] != _digest(use.entry):
                self._add(use, "key_altered", "the digest kept with the key {key} is another")

    def finish(self) -> None:
        """Note the rows that no entry asked for."""
        ((count,),) = self._rows(_COUNT_KEYS)
        if count == self.matched:
            return
        for key, stream, position, center, payload in self._rows(_KEYS_WITH_ENTRIES):
            if (key, stream) in self._reported or position in self._check.damaged:
                continue
            part = parse_payload(payload) if payload.__class__ is bytes else None
            if part is None or (key, stream) != (part.key, center):
                self._check.findings.add(
                    "key_altered",
                    "{position}: the key {key} of {center} is not that of the entry there",
                    position=position,
                    center=stream,
                    key=key,
                )

    def _add(self, use: KeyUse, code: str, said: str, **values: object) -> None:
        self._reported.add((use.key, use.stream))
        place = {"position": use.position, "center": use.stream}
        self._check.findings.add(code, "{position}: " + said, **place, key=use.key, **values)

    def _rows(self, statement: Statement, *values: object) -> list[Any]:
        return rows_of(self._connection, statement, self._check.log, *values)


class VaultCheck:
    """Compares commitments of entries with the private values that are kept."""

    def __init__(self, connection: Connection, check: LogCheck) -> None:
        self._connection = connection
        self._check = check
        self.matched = 0
        self.gone: list[tuple[int, str, str]] = []

    def take(self, uses: Sequence[PrivateUse]) -> None:
        """Look for the value of each commitment, and hash it with its salt."""
        found: dict[tuple[Any, Any], tuple[Any, Any]] = {}
        for position, path, salt, value in self._values(use.position for use in uses):
            found[position, path] = (salt, value)
        for position, stream, commitments in uses:
            for path, commitment in commitments:
                row = found.get((position, path))
                if row is None:
                    self.gone.append((position, stream, path))
                    continue
                self.matched += 1
                if not _is_committed(commitment, path, *row):
                    said = "the private value {path} is not the one committed to"
                    self._add("vault_altered", said, position, stream, path)

    def finish(self, erased: Mapping[int, set[str]]) -> None:
        """Compare what is gone with the erasures on record, and note rows without commitment."""
        for position, stream, path in self.gone:
            if path not in erased.get(position, ()):
                said = "the private value {path} is gone, and no entry says it was erased"
                self._add("vault_missing", said, position, stream, path)
        for position, paths in erased.items():
            for kept, path, _, _ in self._values((position,)):
                if path in paths:
                    said = "the private value {path} was erased and is back"
                    self._add("erasure_undone", said, kept, None, path)
        ((count,),) = self._rows(_COUNT_VAULT)
        if count != self.matched:
            self._note_foreign()

    def _note_foreign(self) -> None:
        for position, path, stream, private in self._rows(_VAULT_WITH_ENTRIES):
            if position in self._check.damaged:
                continue
            try:
                paths = [known for known, _ in parse_private(private)] if private else []
            except (ValueError, TypeError):
                paths = []
            if position.__class__ is not int or path not in paths:
                said = "a private value {path} that no entry committed to"
                self._add("foreign_row", said, position, stream, path)

    def _add(self, code: str, said: str, position: object, stream: object, path: object) -> None:
        place = {"position": position, "center": stream}
        self._check.findings.add(code, "{position}: " + said, **place, path=path)

    def _rows(self, statement: Statement, *values: object) -> list[Any]:
        return rows_of(self._connection, statement, self._check.log, *values)

    def _values(self, positions: Iterable[int]) -> Iterator[tuple[Any, ...]]:
        return _VAULT.rows(self._connection, self._check.log, among=positions)


def _digest(entry: bytes) -> bytes | None:
    """The digest of an entry that does not stand in its payload as it was digested."""
    try:
        return content_digest(orjson.loads(entry))
    except (LedgerError, ValueError, TypeError):
        return None


def _is_committed(commitment: bytes, path: str, salt: object, value: object) -> bool:
    if salt.__class__ is not bytes or value.__class__ is not bytes:
        return False
    try:
        return check_commitment(commitment, path=path, value=value, salt=salt)
    except LedgerError:
        return False


def _of_log(table: Table, *columns: ColumnElement[Any]) -> Any:
    return select(*columns).where(table.c.log == bindparam("log_"))


_KEYS = Lookup(keys, keys.c.key, keys.c.stream, keys.c.position, keys.c.digest, key="key")
_VAULT = Lookup(vault, vault.c.position, vault.c.path, vault.c.salt, vault.c.value, key="position")


def _with_entries(table: Table, *columns: ColumnElement[Any]) -> Statement:
    same = (entries.c.log == table.c.log) & (entries.c.position == table.c.position)
    joined = table.outerjoin(entries, same)
    return Statement(_of_log(table, *columns).select_from(joined), "log_")


_COUNT_KEYS = Statement(_of_log(keys, func.count()), "log_")
_COUNT_VAULT = Statement(_of_log(vault, func.count()), "log_")
_KEYS_WITH_ENTRIES = _with_entries(
    keys, keys.c.key, keys.c.stream, keys.c.position, entries.c.stream, entries.c.payload
)
_VAULT_WITH_ENTRIES = _with_entries(
    vault, vault.c.position, vault.c.path, entries.c.stream, entries.c.private
)
