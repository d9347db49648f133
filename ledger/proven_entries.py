"""Entries read back for a proof: each hashed again and held against the root of a checkpoint.

    read = ProvenEntries(connection, "xian", size=checkpoint.size, root=checkpoint.root)
    entry = read.entry(41)

What is returned is what was recorded, so that its payload may be read without further ado; what
was altered since is named by an IntegrityFailure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from ledger import reading
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError
from ledger.identity import format_position
from ledger.leaf import NO_PREVIOUS, hash_leaf
from ledger.merkle import check_inclusion, prove_inclusion
from ledger.reading import Row
from ledger.stored import misfit_of
from ledger.tile_reader import tile_reader

__all__ = ["ProvenEntries", "ProvenEntry"]


class ProvenEntry(NamedTuple):
    """An entry as it was recorded: row, leaf text, inclusion proof, and what its payload says."""

    row: Row
    leaf: bytes
    proof: tuple[bytes, ...]
    said: dict[str, Any]


class ProvenEntries:
    """The entries that a checkpoint covers."""

    def __init__(self, connection: Connection, log: str, *, size: int, root: bytes) -> None:
        self.connection = connection
        self.log = log
        self.size = size
        self.root = root
        self._read = tile_reader(connection, log, size=size)

    def entry(self, position: int) -> ProvenEntry:
        """The entry at a position the checkpoint covers."""
        try:
            row = reading.read_entry(self.connection, self.log, position)
            previous = NO_PREVIOUS
            if row.version.__class__ is int and row.version > 1:
                previous = reading.leaf_of(self.connection, self.log, row.stream, row.version - 1)
        except NotFoundError:
            raise self._altered(position) from None
        return self._proven(row, previous)

    def stream(self, rows: Iterable[Row]) -> list[ProvenEntry]:
        """The entries in these rows, which are a stream from its first entry on."""
        found: list[ProvenEntry] = []
        previous = NO_PREVIOUS
        for number, row in enumerate(rows, 1):
            if row.version != number:
                raise self._gap(row)
            found.append(self._proven(row, previous))
            previous = hash_leaf(found[-1].leaf)
        return found

    def _proven(self, row: Row, previous: bytes) -> ProvenEntry:
        if misfit_of(row[1:]) is not None:
            raise self._altered(row.position)
        try:
            text = reading.leaf_text_of(row, previous)
            proof = prove_inclusion(self._read, index=row.position, size=self.size)
        except MalformedError:
            raise self._altered(row.position) from None
        if not check_inclusion(
            index=row.position, size=self.size, leaf=hash_leaf(text), proof=proof, root=self.root
        ):
            raise self._altered(row.position)
        return ProvenEntry(row, text, tuple(proof), orjson.loads(row.payload))

    def _gap(self, row: Row) -> IntegrityFailure:
        return IntegrityFailure(
            "an entry of {stream} before {position} is missing: run `taizhang log verify`",
            stream=row.stream,
            position=format_position(self.log, row.position),
        )

    def _altered(self, position: int) -> IntegrityFailure:
        return IntegrityFailure(
            "{position} as it is stored is not what the checkpoint of {size} entries was signed "
            "for: run `taizhang log verify`",
            position=format_position(self.log, position),
            size=self.size,
        )
