"""Making a checkpoint: re-read, re-hash, append the seal, sign, keep, then move the anchor.

A seal is the last entry of every checkpoint. It says what all entries before it come to:

* `index_root`, `index_size`: the index of all streams (`ledger.stream_index`), which proves that a
  center has exactly these entries, or none;
* `status_digest`: SHA-256 over `<center> <status digest in hex>\n` of every center, sorted, which
  binds what is published of each;
* `previous_seal`: the position of the seal before.

Nothing is signed that was not read back from the database and hashed again, and nothing that does
not go on from the anchor. Seal and signature are committed together; the anchor moves afterwards,
so that it never speaks of what a power cut may still undo. A checkpoint whose anchor did not move
any more is caught up by the next call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection, Engine

from ledger import reading
from ledger.anchor import Anchors, open_anchor
from ledger.checkpoint import (
    Checkpoint,
    format_checkpoint,
    log_origin,
    open_checkpoint,
    origin_parts,
)
from ledger.checkpoints import (
    StoredCheckpoint,
    cosigned_note,
    keep_checkpoint,
    newest_checkpoint,
)
from ledger.clock import Clock, legal_day
from ledger.damage import Findings
from ledger.engine import write_transaction
from ledger.entries import Sealed
from ledger.errors import IntegrityFailure, NotFoundError, elsewhere
from ledger.failpoints import reached
from ledger.log_check import LogCheck
from ledger.lookup import Replacement
from ledger.marks import append_mark
from ledger.merkle import frontier_at, is_hash, root_of
from ledger.note import Signer, VerifierKey, format_note, sign_note
from ledger.references import Ignored, References
from ledger.schema import sealed_heads
from ledger.statements import rows_of
from ledger.stored import parse_seal
from ledger.stream_index import NO_STATUS, IndexEntry, StreamIndex
from ledger.stream_table import StreamTable
from ledger.tile_check import NoTiles
from ledger.tile_reader import tile_reader

__all__ = [
    "Sealing",
    "StatusDigests",
    "index_before",
    "index_of_sealed_heads",
    "seal_log",
    "status_digest_of",
]


class StatusDigests(Protocol):
    """What is published of centers; handed in, because folding is not the book's business."""

    def __call__(
        self, connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
    ) -> Iterable[tuple[str, bytes]]:
        """Digest of the published status of each center after its entries up to a position."""


_CHUNK = 2_000
_H = sealed_heads.c


class Sealing(NamedTuple):
    """A checkpoint as it now stands: its note, and whether this call made it."""

    log: str
    size: int
    root: bytes
    note: bytes
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Work:
    connection: Connection
    log: str
    signers: Sequence[Signer]
    keys: Sequence[VerifierKey]
    statuses: StatusDigests
    now: datetime
    progress: Callable[[int, int], None] | None


def seal_log(
    engine: Engine,
    log: str,
    *,
    signers: Sequence[Signer],
    keys: Sequence[VerifierKey],
    anchors: Anchors,
    statuses: StatusDigests,
    clock: Clock,
    progress: Callable[[int, int], None] | None = None,
) -> Sealing:
    """Seal and sign what was recorded since the last checkpoint; without any, return that one.

    All `signers` sign; `keys` are all the ledger ever had, by which the anchor may be signed.
    Raises NotFoundError for a log without entries, IntegrityFailure where the rows are not what
    was recorded or do not go on from the anchor, ConflictError where another was faster.
    """
    anchor = anchors.note(log)
    with write_transaction(engine) as connection:
        work = _Work(connection, log, signers, keys, statuses, clock(), progress)
        made = _sealed(work, anchor)
        reached("seal.signed")
    reached("seal.committed")
    anchors.add_erasures(log, made.erased)
    if made.sealing.note != anchor:
        if made.ended is not None:
            anchors.archive(log, generation=made.ended)
        anchors.replace(log, made.sealing.note, expected=anchor, heads=made.heads)
    return made.sealing


def index_of_sealed_heads(
    connection: Connection, log: str
) -> tuple[StreamIndex, dict[str, IndexEntry]]:
    """The index the newest seal committed to, and what it holds; authentic once its root is."""
    heads = reading.sealed_heads(connection, log)
    _demand_heads(log, ((stream, *entry) for stream, entry in heads.items()))
    return StreamIndex(heads), heads


def index_before(
    connection: Connection, log: str, size: int, statuses: StatusDigests
) -> dict[str, IndexEntry]:
    """What an index over the first `size` entries holds, from the entries themselves."""
    last = rows_of(connection, reading.LAST_OF_STREAMS, log, size)
    _demand_heads(log, ((*row, NO_STATUS) for row in last))
    heads = {stream: (version, leaf) for stream, version, leaf in last}
    centers = sorted(stream for stream in heads if "/" in stream)
    known = dict(statuses(connection, log, centers, upto=size - 1))
    return {
        stream: IndexEntry(version, leaf, known.get(stream, NO_STATUS))
        for stream, (version, leaf) in heads.items()
    }


def status_digest_of(heads: Mapping[str, IndexEntry]) -> bytes:
    """The digest over the published statuses of all centers in an index."""
    found = sha256()
    for stream in sorted(heads):
        if "/" in stream:
            found.update(f"{stream} {heads[stream].status.hex()}\n".encode())
    return found.digest()


class _Made(NamedTuple):
    """What was sealed, and what the anchors' folder has to be told besides.

    `ended` is the generation of the anchor, where the log has gone on as another.
    """

    sealing: Sealing
    ended: int | None
    heads: Mapping[str, int] | None = None
    erased: Iterable[tuple[int, str]] = ()


def _sealed(work: _Work, anchor: bytes | None) -> _Made:
    connection, log = work.connection, work.log
    reading.lock_log(connection, log)
    head = reading.log_head(connection, log)
    if not head.size:
        raise NotFoundError("there is no log {log}; nothing is recorded in it", log=log)
    if head.in_force_at is not None:
        raise elsewhere(log, head.in_force_at)
    origin = log_origin(work.signers[0].key.name, log, generation=head.generation)
    ended = _compare_with_anchor(work, head, origin, anchor)
    newest = newest_checkpoint(connection, log)
    if newest is not None and newest.size == head.size and _is_signed(work, newest.note):
        note = cosigned_note(connection, newest)
        return _Made(Sealing(log, head.size, newest.root, note, False), ended)
    index, known = index_of_sealed_heads(connection, log)
    _compare_with_seal(work, newest, index)
    references = _Erasures()
    changed = _changed(work, _read_again(work, head, newest, known, references))
    index.update(changed.items())
    known.update(changed)
    _keep_heads(connection, log, changed)
    size, root = append_mark(connection, _seal(work, index, known, newest), now=work.now)
    reached("seal.appended")
    note = _sign(Checkpoint(origin, size, root), work.signers)
    keep_checkpoint(connection, StoredCheckpoint(log, size, root, note))
    versions = {stream: entry.version for stream, entry in known.items()}
    versions[log] = versions.get(log, 0) + 1
    erased = [(place, path) for place, paths in references.erased.items() for path in paths]
    return _Made(Sealing(log, size, root, note, True), ended, versions, erased)


def _is_signed(work: _Work, note: bytes) -> bool:
    """Whether every key that signs has signed the note: not so after a rotation."""
    _, _, signed = open_checkpoint(note, [signer.key for signer in work.signers])
    return len(signed) == len(work.signers)


def _compare_with_anchor(
    work: _Work, head: reading.LogHead, origin: str, anchor: bytes | None
) -> int | None:
    """Refuse what does not go on from the anchor; returns its generation where that has ended."""
    if anchor is None:
        return None
    found = open_anchor(work.log, anchor, work.keys)
    ended = _ended_generation(work, found.origin, head)
    if ended is not None:
        return ended
    if found.origin != origin:
        raise IntegrityFailure(
            "the anchor of {log} is of {other}, this log is {origin}",
            log=work.log,
            other=found.origin,
            origin=origin,
        )
    if found.size > head.size:
        raise IntegrityFailure(
            "the log {log} has {size} entries, and a checkpoint of {anchored} was signed: its tail "
            "was cut, or an old backup was put back. Nothing is signed. See `taizhang log verify` "
            "and `taizhang restore`",
            log=work.log,
            size=head.size,
            anchored=found.size,
        )
    read = tile_reader(work.connection, work.log, size=head.size)
    if root_of(read, size=found.size) != found.root:
        raise IntegrityFailure(
            "the first {size} entries of {log} are not those a checkpoint was signed for. Nothing "
            "is signed. See `taizhang log verify`",
            log=work.log,
            size=found.size,
        )
    return None


def _ended_generation(work: _Work, origin: str, head: reading.LogHead) -> int | None:
    parts = origin_parts(origin)
    if parts is None or parts[:2] != (work.signers[0].key.name, work.log):
        return None
    return parts[2] if parts[2] < head.generation else None


class _Erasures(Ignored):
    """Keeps erasures, and nothing else an entry refers to."""

    def note_payload(self, position: int, stream: str, type_: str, payload: bytes) -> None:
        """Take an erasure."""
        if type_.startswith(("PrivateErased/", "ErasuresReapplied/")):
            References.note_payload(self, position, stream, type_, payload)


def _read_again(
    work: _Work,
    head: reading.LogHead,
    newest: StoredCheckpoint | None,
    known: Mapping[str, IndexEntry],
    references: References,
) -> StreamTable:
    """The stream heads after hashing again what was recorded from the newest seal on; marked are
    the streams that go on there."""
    connection, log = work.connection, work.log
    start = newest.size - 1 if newest else 0
    read = tile_reader(connection, log, size=head.size)
    findings = Findings(log)
    start_tree = frontier_at(read, size=start)
    check = LogCheck(log, findings, references, NoTiles(), start=start_tree)
    check.streams.update((stream, entry[:2]) for stream, entry in known.items())
    check.streams.clear_marks()
    rows = reading.read_log(connection, log, start, head.size, chunk=_CHUNK)
    length = 1 if newest else _CHUNK  # the seal alone first: with it the signed root comes out
    while chunk := list(islice(rows, length)):
        check.take([row[1:] for row in chunk])
        if newest is not None and check.size == newest.size:
            _demand(work, check.computed.root() == newest.root)
        if work.progress is not None:
            work.progress(check.size - start, head.size - start)
        length = _CHUNK
    is_whole = check.size == head.size and check.computed.root() == head.root
    _demand(work, is_whole and not findings.done())
    return check.streams


def _compare_with_seal(work: _Work, newest: StoredCheckpoint | None, index: StreamIndex) -> None:
    if newest is None:
        return
    row = reading.read_entry(work.connection, work.log, newest.size - 1)
    try:
        root = parse_seal(row.payload).index_root
    except ValueError:
        root = ""
    if index.root().hex() != root:
        raise IntegrityFailure(
            "what is kept of the newest seal of {log} is not what it sealed: nothing is signed. "
            "Run `taizhang log verify`",
            log=work.log,
        )


def _demand(work: _Work, condition: bool) -> None:
    if not condition:
        raise IntegrityFailure(
            "the entries of {log} no longer give what was recorded: nothing is signed. "
            "Run `taizhang log verify`",
            log=work.log,
        )


def _changed(work: _Work, heads: StreamTable) -> dict[str, IndexEntry]:
    """What the index will say of the streams that went on."""
    changed = {stream: IndexEntry(*heads[stream], NO_STATUS) for stream in sorted(heads.marked())}
    centers = [stream for stream in changed if "/" in stream]
    for center, digest in work.statuses(work.connection, work.log, centers):
        changed[center] = changed[center]._replace(status=digest)
    return changed


def _seal(
    work: _Work,
    index: StreamIndex,
    known: Mapping[str, IndexEntry],
    newest: StoredCheckpoint | None,
) -> Sealed:
    return Sealed(
        on=legal_day(work.now),
        scheme=work.log,
        index_size=len(index),
        index_root=index.root().hex(),
        status_digest=status_digest_of(known).hex(),
        previous_seal=None if newest is None else newest.size - 1,
    )


def _sign(checkpoint: Checkpoint, signers: Sequence[Signer]) -> bytes:
    named = [signer.named(checkpoint.origin) for signer in signers]
    return format_note(sign_note(format_checkpoint(checkpoint), named))


def _demand_heads(log: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Refuse columns that cannot be of an index; whether they are right, its root says."""
    for stream, version, head, status in rows:
        is_number = version.__class__ is int and 0 <= version < 2**63
        if not (is_number and stream.__class__ is str and is_hash(head) and is_hash(status)):
            raise IntegrityFailure(
                "what is kept of the streams of {log} is damaged: run `taizhang log verify`",
                log=log,
            )


def _keep_heads(connection: Connection, log: str, changed: Mapping[str, IndexEntry]) -> None:
    rows = ((log, stream, e.version, e.head, e.status) for stream, e in changed.items())
    while some := list(islice(rows, _CHUNK)):
        _REPLACEMENT.write(connection, some)


_REPLACEMENT = Replacement(sealed_heads, same=("log",), key="stream")
