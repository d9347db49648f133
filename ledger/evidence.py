"""Making an evidence file: what the ledger holds of one center at one checkpoint, with proofs.

Reads one state of the ledger and writes nothing. What was recorded after the checkpoint is not in
the file. Every entry is held against the checkpoint as it is read, and the finished file is
checked as whoever gets it will check it: none is made that contradicts itself. Specification:
docs/formats.md, "Evidence file".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ledger import reading
from ledger.checkpoint import parse_checkpoint
from ledger.checkpoints import StoredCheckpoint, cosigned_note
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError, Problem
from ledger.evidence_beside import Beside, Place
from ledger.evidence_check import CONTRADICTED, check_evidence
from ledger.evidence_file import EVIDENCE_FORMAT, format_document
from ledger.identity import format_position, scheme_of
from ledger.note import VerifierKey, parse_note
from ledger.proven_entries import ProvenEntries, ProvenEntry
from ledger.reading import Row
from ledger.sealing import StatusDigests, index_before, index_of_sealed_heads
from ledger.stored import misfit_of, parse_payload, parse_seal
from ledger.stream_index import IndexProof, StreamIndex
from ledger.strict_base64 import encode_base64

__all__ = ["Built", "Wanted", "build_evidence"]

_ALL = 2**62
"""A position no log reaches."""

StatusOf = Callable[[Connection, str, str, int], bytes]


class Wanted(NamedTuple):
    """What the file is to hold: the center, and which private paths to disclose (None: all).

    With `absent` also the proof that nothing is recorded of the center.
    """

    center: str
    disclose: frozenset[str] | None = frozenset()
    absent: bool = False


class Built(NamedTuple):
    """A file, and what is not in it: entries of the center since the checkpoint, private values
    withheld and those no longer kept, regulations and attachments left out."""

    data: bytes
    size: int
    later: int
    withheld: int
    gone: int
    left_out: tuple[Problem, ...]


def build_evidence(
    connection: Connection,
    wanted: Wanted,
    checkpoint: StoredCheckpoint,
    *,
    keys: Sequence[VerifierKey],
    is_newest: bool,
    statuses: StatusDigests,
    status_of: StatusOf,
) -> Built:
    """The evidence file of a center at a checkpoint.

    `status_of` gives the published status of a center after its entries up to a position; `keys`
    are the ledger's own. Raises NotFoundError for a center nothing is recorded of, unless its
    absence is wanted, and for a private path there is none of; IntegrityFailure where what is
    stored is not what was sealed.
    """
    log, size = scheme_of(wanted.center), checkpoint.size
    note = _note(connection, checkpoint)
    entries = ProvenEntries(connection, log, size=size, root=checkpoint.root)
    seal = entries.entry(size - 1)
    index = _index(connection, seal, is_newest=is_newest, statuses=statuses)
    built = _Building(connection, wanted, note, entries, seal, index).build(status_of)
    _demand_sound(built.data, keys)
    return built


def _note(connection: Connection, checkpoint: StoredCheckpoint) -> str:
    """The note with its cosignatures; it says what the row beside it says."""
    try:
        note = cosigned_note(connection, checkpoint)
        said = parse_checkpoint(parse_note(note).text)
    except (MalformedError, TypeError, AttributeError):  # whatever stands in the columns
        said = None
    if said is None or (said.size, said.root) != (checkpoint.size, checkpoint.root):
        raise IntegrityFailure(
            "the checkpoint of {log} with {size} entries is not kept as it was signed: run "
            "`taizhang log verify`",
            log=checkpoint.log,
            size=checkpoint.size,
        )
    return note.decode()


def _index(
    connection: Connection, seal: ProvenEntry, *, is_newest: bool, statuses: StatusDigests
) -> StreamIndex:
    """The index the seal committed to, compared with it: proofs from another are worthless."""
    row = seal.row
    if is_newest:
        index, _ = index_of_sealed_heads(connection, row.log)
    else:
        index = StreamIndex(index_before(connection, row.log, row.position, statuses))
    try:
        sealed = parse_seal(row.payload).index_root
    except ValueError:
        sealed = ""
    if index.root().hex() != sealed:
        raise IntegrityFailure(
            "what is stored is not what the seal {position} sealed: run `taizhang log verify`",
            position=format_position(row.log, row.position),
        )
    return index


def _demand_sound(data: bytes, keys: Sequence[VerifierKey]) -> None:
    for claim in check_evidence(data, keys=keys):
        if claim.verdict == CONTRADICTED:
            raise IntegrityFailure(
                "what is stored contradicts what was sealed, so that nobody would believe the "
                "file, in {claim}: run `taizhang log verify`",
                claim=claim.claim,
            )


class _Building:
    """One file, while it is put together."""

    def __init__(
        self,
        connection: Connection,
        wanted: Wanted,
        note: str,
        entries: ProvenEntries,
        seal: ProvenEntry,
        index: StreamIndex,
    ) -> None:
        self.connection = connection
        self.wanted = wanted
        self.note = note
        self.entries = entries
        self.seal = seal
        self.index = index
        self.log = seal.row.log

    def build(self, status_of: StatusOf) -> Built:
        """The file, after everything that goes into it was read."""
        own, later = self._own()
        rounds = {name: self._stream(name) for name in sorted(set(_rounds_of(own)))}
        streams = {self.wanted.center: own, **rounds}
        others = self._others([entry for stream in streams.values() for entry in stream])
        beside = Beside(
            self.connection,
            disclose=self.wanted.disclose,
            erased=_erasures(entry.row for entry in own),
            gone=frozenset(_erasures(row for row in later if misfit_of(row[1:]) is None)),
        )
        document = self._document(streams, others, beside)
        document["status"] = self._status(own, status_of)
        beside.demand_known_paths()
        return Built(
            format_document(document),
            self.entries.size,
            len(later),
            beside.withheld,
            beside.gone,
            tuple(beside.left_out),
        )

    def _document(
        self,
        streams: Mapping[str, Sequence[ProvenEntry]],
        others: Sequence[ProvenEntry],
        beside: Beside,
    ) -> dict[str, Any]:
        everything = [*(entry for stream in streams.values() for entry in stream), *others]
        return {
            "format": EVIDENCE_FORMAT,
            "center": self.wanted.center,
            "checkpoint": self.note,
            "seal": _entry(self.seal, beside),
            "streams": [self._shown(name, found, beside) for name, found in streams.items()],
            "others": [_entry(entry, beside) for entry in others],
            "editions": beside.editions(everything),
            "attachments": beside.attachments(everything),
        }

    def _status(self, own: Sequence[ProvenEntry], status_of: StatusOf) -> str | None:
        if not own:
            return None
        center, last = self.wanted.center, own[-1].row.position
        return status_of(self.connection, self.log, center, last).decode()

    def _own(self) -> tuple[list[ProvenEntry], list[Row]]:
        """The center's entries that are sealed, and those recorded since."""
        center, covered = self.wanted.center, self.entries.size
        everything = reading.read_stream(self.connection, self.log, center, upto_position=_ALL)
        sealed = [row for row in everything if row.position <= covered - 2]  # before the seal
        later = [row for row in everything if row.position >= covered]
        # Where the seal counts entries and none are left, the check of the file says so.
        is_known = bool(sealed) or self.index.get(center) is not None
        if not is_known and not self.wanted.absent:
            raise _nothing(center, len(later))
        return self.entries.stream(sealed), later

    def _rows(self, stream: str) -> list[Row]:
        """What is stored of a stream before the seal."""
        last = self.seal.row.position - 1
        return reading.read_stream(self.connection, self.log, stream, upto_position=last)

    def _stream(self, name: str) -> list[ProvenEntry]:
        return self.entries.stream(self._rows(name))

    def _others(self, shown: Sequence[ProvenEntry]) -> list[ProvenEntry]:
        """Entries of other streams that rulings of these used, and readings they applied."""
        used: set[int] = set()
        for entry in shown:
            used.update(entry.said.get("ruling", {}).get("used", ()))
        used.update(self._adopted(shown))
        used -= {entry.row.position for entry in shown}
        last = self.seal.row.position
        return [self.entries.entry(position) for position in sorted(used) if position < last]

    def _adopted(self, shown: Sequence[ProvenEntry]) -> Iterator[int]:
        """Positions of the readings that later rulings of the entries shown applied."""
        applied: dict[tuple[str, str], int] = {}
        for entry in shown:
            for pair in entry.said.get("ruling", {}).get("interpretations", {}).items():
                applied[pair] = max(entry.row.position, applied.get(pair, 0))
        for row in self._rows(self.log):
            if row.type != "InterpretationAdopted/1":
                continue
            entry = self.entries.entry(row.position)
            said = entry.said["entry"]
            pair = (said.get("interpretation"), said.get("value"))
            if entry.row.position < applied.get(pair, 0):
                yield entry.row.position

    def _shown(self, name: str, entries: Iterable[ProvenEntry], beside: Beside) -> dict[str, Any]:
        return {
            "stream": name,
            "entries": [_entry(entry, beside) for entry in entries],
            "index": _proof_value(self.index.prove(name)),
        }


def _entry(entry: ProvenEntry, beside: Beside) -> dict[str, Any]:
    return {
        "leaf": entry.leaf.decode(),
        "payload": entry.row.payload.decode(),
        "proof": [encode_base64(one) for one in entry.proof],
        "private": beside.private(entry),
    }


def _rounds_of(entries: Iterable[ProvenEntry]) -> Iterator[str]:
    for entry in entries:
        name = entry.said["entry"].get("round")
        if name is not None:
            yield name


def _erasures(rows: Iterable[Row]) -> Mapping[Place, int]:
    """Position and path of what was erased → position of the erasure."""
    found: dict[Place, int] = {}
    for row in rows:
        part = parse_payload(row.payload) if row.type.startswith("PrivateErased/") else None
        if part is not None and part.target is not None:
            found.update({(part.target, path): row.position for path in part.erased})
    return found


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
