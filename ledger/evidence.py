"""Making an evidence file: what the ledger holds of one center at one checkpoint, with proofs.

Reads one state of the ledger and writes nothing. What was recorded after the checkpoint is not in
the file. Private values are withheld unless they are asked for. Specification: docs/formats.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from ledger import reading
from ledger.checkpoints import StoredCheckpoint, cosigned_note
from ledger.errors import IntegrityFailure, NotFoundError
from ledger.evidence_file import EVIDENCE_FORMAT, format_document
from ledger.identity import scheme_of
from ledger.leaf import NO_PREVIOUS
from ledger.merkle import SubtreeReader, prove_inclusion
from ledger.reading import Row, attachments_of, private_of
from ledger.schema import editions, files, vault
from ledger.sealing import StatusDigests, index_before, index_of_sealed_heads
from ledger.stored import demand_readable, parse_payload, parse_seal
from ledger.stream_index import IndexProof, StreamIndex
from ledger.strict_base64 import encode_base64
from ledger.tile_reader import tile_reader
from ledger.upcasting import recorded_of

__all__ = ["Built", "Wanted", "build_evidence"]

_MAX_ATTACHED = 32 << 20


class Wanted(NamedTuple):
    """What the file is to hold: the center, which private paths to disclose (None: all)."""

    center: str
    disclose: frozenset[str] | None = frozenset()
    absent: bool = False


class Built(NamedTuple):
    """A file, and what is not in it: entries since the checkpoint, values withheld, files left out
    for their size."""

    data: bytes
    size: int
    later: int
    withheld: int
    left_out: tuple[str, ...]


def build_evidence(
    connection: Connection,
    wanted: Wanted,
    checkpoint: StoredCheckpoint,
    *,
    is_newest: bool,
    statuses: StatusDigests,
    status_of: Callable[[Connection, str, str, int], bytes],
) -> Built:
    """The evidence file of a center at a checkpoint.

    `status_of` gives the published status of a center after its entries up to a position. Raises
    NotFoundError for a center nothing is recorded of, unless its absence is wanted;
    IntegrityFailure where what is stored is not what was sealed.
    """
    log = scheme_of(wanted.center)
    seal = reading.read_entry(connection, log, checkpoint.size - 1)
    index = _index(connection, seal, is_newest=is_newest, statuses=statuses)
    work = _Work(connection, wanted, checkpoint, seal, index)
    return work.build(status_of)


def _index(
    connection: Connection, seal: Row, *, is_newest: bool, statuses: StatusDigests
) -> StreamIndex:
    """The index the seal committed to, compared with it: proofs from another are worthless."""
    if is_newest:
        index, _ = index_of_sealed_heads(connection, seal.log)
    else:
        index = StreamIndex(index_before(connection, seal.log, seal.position, statuses))
    if index.root().hex() != parse_seal(seal.payload).index_root:
        raise IntegrityFailure(
            "what is stored is not what the seal {position} sealed: run `taizhang log verify`",
            position=f"{seal.log}#{seal.position}",
        )
    return index


class _Work:
    def __init__(
        self,
        connection: Connection,
        wanted: Wanted,
        checkpoint: StoredCheckpoint,
        seal: Row,
        index: StreamIndex,
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.checkpoint = checkpoint
        self.seal = seal
        self.index = index
        self.log = seal.log
        self.read: SubtreeReader = tile_reader(connection, seal.log, size=checkpoint.size)
        self.withheld = 0
        self.erased: dict[tuple[int, str], int] = {}

    def build(self, status_of: Callable[[Connection, str, str, int], bytes]) -> Built:
        """The file, after everything that goes into it was read."""
        center, log = self.wanted.center, self.log
        everything = reading.read_stream(self.connection, log, center)
        own = self._sealed(everything)
        if not own and not self.wanted.absent:
            raise _nothing(center, len(everything))
        self.erased = _erasures(own)
        names = sorted({name for row in own if (name := _round_of(row)) is not None})
        rounds = {
            name: self._sealed(reading.read_stream(self.connection, log, name)) for name in names
        }
        shown = [*own, *(row for rows in rounds.values() for row in rows)]
        others = self._others(own, shown)
        attachments, left_out = self._attachments([*shown, *others])
        last = self.seal.position - 1
        status = status_of(self.connection, log, center, last) if own else None
        document = {
            "format": EVIDENCE_FORMAT,
            "center": center,
            "checkpoint": cosigned_note(self.connection, self.checkpoint).decode(),
            "seal": self._entry(self.seal),
            "streams": [
                self._stream(center, own),
                *(self._stream(name, rows) for name, rows in rounds.items()),
            ],
            "others": [self._entry(row) for row in others],
            "status": None if status is None else status.decode(),
            "editions": self._editions([*shown, *others]),
            "attachments": attachments,
        }
        later = len(everything) - len(own)
        data = format_document(document)
        return Built(data, self.checkpoint.size, later, self.withheld, left_out)

    def _sealed(self, rows: Iterable[Row]) -> list[Row]:
        return [_readable(row) for row in rows if row.position < self.seal.position]

    def _others(self, own: Sequence[Row], shown: Sequence[Row]) -> list[Row]:
        """Entries of other streams that rulings of these used, and readings they applied."""
        present = {row.position for row in shown}
        used: set[int] = set()
        readings: set[tuple[str, str]] = set()
        for row in own:
            ruling = orjson.loads(row.payload).get("ruling", {})
            used.update(ruling.get("used", ()))
            readings.update(ruling.get("interpretations", {}).items())
        scheme = self._sealed(reading.read_stream(self.connection, self.log, self.log))
        used.update(row.position for row in scheme if _reading_of(row) in readings)
        wanted = sorted(used - present - {self.seal.position})
        found = (reading.read_entry(self.connection, self.log, number) for number in wanted)
        return self._sealed(found)

    def _stream(self, name: str, rows: Sequence[Row]) -> dict[str, Any]:
        return {
            "stream": name,
            "entries": [self._entry(row) for row in rows],
            "index": _proof_value(self.index.prove(name)),
        }

    def _entry(self, row: Row) -> dict[str, Any]:
        proof = prove_inclusion(self.read, index=row.position, size=self.checkpoint.size)
        return {
            "leaf": self._leaf(row).decode(),
            "payload": row.payload.decode(),
            "proof": [encode_base64(one) for one in proof],
            "private": self._private(row),
        }

    def _leaf(self, row: Row) -> bytes:
        previous = NO_PREVIOUS
        if row.version > 1:
            previous = reading.leaf_of(self.connection, row.log, row.stream, row.version - 1)
        return reading.leaf_text_of(row, previous)

    def _private(self, row: Row) -> list[dict[str, Any]]:
        committed = private_of(row)
        if not committed:
            return []
        wanted = select(vault.c.path, vault.c.salt, vault.c.value).where(
            vault.c.log == row.log, vault.c.position == row.position
        )
        kept = {path: (salt, value) for path, salt, value in self.connection.execute(wanted)}
        shown = []
        for path, _ in committed:
            erasure = self.erased.get((row.position, path))
            if path in kept and (self.wanted.disclose is None or path in self.wanted.disclose):
                salt, value = kept[path]
                shown.append({"path": path, "salt": encode_base64(salt), "value": value.decode()})
            elif erasure is not None and path not in kept:
                shown.append({"path": path, "erased": erasure})
            else:
                self.withheld += 1
        return shown

    def _editions(self, rows: Iterable[Row]) -> list[dict[str, str]]:
        pins = {
            part.edition
            for row in rows
            if (part := parse_payload(row.payload)) and part.edition is not None
        }
        found = []
        for edition, digest in sorted(pins):
            wanted = select(editions.c.content).where(
                editions.c.edition == edition, editions.c.sha256 == digest
            )
            content = self.connection.scalar(wanted)
            if content is not None:
                text = content.decode()
                found.append({"edition": edition, "sha256": digest, "content": text})
        return found

    def _attachments(self, rows: Iterable[Row]) -> tuple[list[dict[str, str]], tuple[str, ...]]:
        names = {
            file.sha256.hex(): file.name
            for row in rows
            for file in attachments_of(row)
            if file.length is not None
        }
        found, left_out, room = [], [], _MAX_ATTACHED
        for digest in sorted(names):
            wanted = select(files.c.content).where(files.c.sha256 == digest)
            content = self.connection.scalar(wanted)
            if content is None or len(content) > room:
                left_out.append(names[digest])
                continue
            room -= len(content)
            found.append({"sha256": digest, "content": encode_base64(content)})
        return found, tuple(left_out)


def _readable(row: Row) -> Row:
    """The row, if it is an entry; IntegrityFailure otherwise."""
    demand_readable(row.log, row[1:])
    recorded_of(*row[:5], row.recorded, row.payload)
    return row


def _erasures(rows: Iterable[Row]) -> dict[tuple[int, str], int]:
    """Position and path of what was erased → position of the erasure."""
    found: dict[tuple[int, str], int] = {}
    for row in rows:
        part = parse_payload(row.payload) if row.type.startswith("PrivateErased/") else None
        if part is not None and part.target is not None:
            found.update({(part.target, path): row.position for path in part.erased})
    return found


def _round_of(row: Row) -> str | None:
    found = orjson.loads(row.payload)["entry"].get("round")
    return found if isinstance(found, str) else None


def _reading_of(row: Row) -> tuple[str, str] | None:
    if not row.type.startswith("InterpretationAdopted/"):
        return None
    entry = orjson.loads(row.payload)["entry"]
    return entry["interpretation"], entry["value"]


def _proof_value(proof: IndexProof) -> dict[str, Any]:
    siblings = [encode_base64(one) for one in proof.siblings]
    if proof.end is None:
        return {"siblings": siblings, "end": None}
    key, (version, head, status) = proof.end
    end = {
        "key": key.hex(),
        "version": version,
        "head": encode_base64(head),
        "status": status.hex(),
    }
    return {"siblings": siblings, "end": end}


def _nothing(center: str, later: int) -> NotFoundError:
    if later:
        return NotFoundError(
            "nothing of {center} is covered by the checkpoint, though {count} entries were "
            "recorded since: `taizhang log checkpoint` makes a newer one",
            center=center,
            count=later,
        )
    return NotFoundError(
        "nothing is recorded about {center}; --absent exports the proof of that", center=center
    )
