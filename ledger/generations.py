"""What a restored ledger has to say of itself before it may go on.

A backup that is behind a signed checkpoint cannot grow under the same origin: there would be two
roots for one size. The log then goes on as another generation, under an origin of its own
(`ledger.checkpoint`), and its first new entry, `GenerationOpened`, holds the last checkpoint and
says from where on entries are lost. Private values erased since the backup was made are erased
again, and `ErasuresReapplied` says which, so that nobody need ask why they are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, select, update

from ledger import reading
from ledger.anchor import Anchors, open_anchor
from ledger.checkpoint import Checkpoint, generation_of, open_checkpoint
from ledger.checkpoints import newest_checkpoint
from ledger.clock import legal_day
from ledger.engine import read_transaction, write_transaction
from ledger.entries import ErasuresReapplied, GenerationOpened
from ledger.errors import IntegrityFailure, LedgerError
from ledger.marks import append_mark
from ledger.merkle import root_of
from ledger.note import VerifierKey
from ledger.schema import entries, logs, stream_heads, vault
from ledger.stored import parse_payload
from ledger.tile_reader import tile_reader
from ledger.vault import erase_values

__all__ = ["RestoredLog", "erasures_in", "moved_logs", "newest_notes", "restore_logs"]


class RestoredLog(NamedTuple):
    """One log after a restore: its size, and what was lost, if the backup was behind.

    `lost` counts the entries lost; `centers` says how many of each center, where that is known;
    `erased` counts private values that were erased again.
    """

    log: str
    size: int
    generation: int
    lost: int
    centers: Mapping[str, int]
    erased: int


def erasures_in(engine: Engine) -> dict[str, set[tuple[int, str]]]:
    """Log → position and path of every private value that an entry says was erased."""
    wanted = select(entries.c.log, entries.c.payload).where(
        entries.c.type.like("PrivateErased/%") | entries.c.type.like("ErasuresReapplied/%")
    )
    found: dict[str, set[tuple[int, str]]] = {}
    with read_transaction(engine) as connection:
        for log, payload in connection.execute(wanted):
            part = parse_payload(payload)
            if part is None:
                continue
            erased = found.setdefault(log, set())
            erased.update(part.reapplied)
            if part.target is not None:
                erased.update((part.target, path) for path in part.erased)
    return found


def newest_notes(engine: Engine) -> dict[str, bytes]:
    """Log → the newest checkpoint that stands in the database; its signature is not looked at."""
    with read_transaction(engine) as connection:
        found = [newest_checkpoint(connection, head.log) for head in reading.logs(connection)]
    return {one.log: one.note for one in found if one is not None}


def moved_logs(engine: Engine) -> dict[str, str]:
    """Log → the ledger it was moved to."""
    with read_transaction(engine) as connection:
        return {head.log: head.in_force_at for head in reading.logs(connection) if head.in_force_at}


def restore_logs(
    engine: Engine,
    anchors: Anchors,
    *,
    keys: Sequence[VerifierKey],
    erased: Mapping[str, Iterable[tuple[int, str]]],
    replaced: Mapping[str, bytes],
    moved: Mapping[str, str],
    now: datetime,
    reason: str,
) -> list[RestoredLog]:
    """Open a new generation of each log that is behind its anchor, and erase again what was erased.

    `keys` are all the ledger ever had; `replaced` are the newest checkpoints of the ledger that is
    to go, of which the anchors need not know yet (`ledger.sealing`). A log in `moved` goes on in
    another ledger; what the backup has of it becomes a copy. Raises IntegrityFailure for a
    backup that is not one of the ledger the anchors belong to; then nothing is recorded.
    """
    with write_transaction(engine) as connection:
        names = {head.log for head in reading.logs(connection)} | {*anchors.logs(), *replaced}
        for name in sorted(names):
            reading.lock_log(connection, name)
        work = _Work(connection, anchors, keys, replaced, moved, now, reason)
        return [work.restore(log, set(erased.get(log, ()))) for log in sorted(names)]


class _Work:
    def __init__(
        self,
        connection: Connection,
        anchors: Anchors,
        keys: Sequence[VerifierKey],
        replaced: Mapping[str, bytes],
        moved: Mapping[str, str],
        now: datetime,
        reason: str,
    ) -> None:
        self.connection = connection
        self.anchors = anchors
        self.keys = keys
        self.replaced = replaced
        self.moved = moved
        self.now = now
        self.reason = reason

    def restore(self, log: str, erased: set[tuple[int, str]]) -> RestoredLog:
        head = reading.log_head(self.connection, log)
        place = head.in_force_at or self.moved.get(log)
        if head.size and place is not None:
            return self._leave(head, place)
        anchor = self._latest(log)
        generation, lost, centers = head.generation, 0, {}
        if anchor is not None and self._is_behind(head, anchor[0]):
            checkpoint, note = anchor
            lost, centers = checkpoint.size - head.size, self._lost_centers(log)
            generation = max(generation, generation_of(checkpoint.origin)) + 1
            self._open(head, generation, note)
        again = self._erase(log, erased)
        size = reading.log_head(self.connection, log).size
        return RestoredLog(log, size, generation, lost, centers, again)

    def _leave(self, head: reading.LogHead, place: str) -> RestoredLog:
        """Keep what there is of a log that was moved as a copy, without its private values."""
        self.connection.execute(
            update(logs).where(logs.c.log == head.log).values(in_force_at=place)
        )
        self.connection.execute(delete(vault).where(vault.c.log == head.log))
        return RestoredLog(head.log, head.size, head.generation, 0, {}, 0)

    def _latest(self, log: str) -> tuple[Checkpoint, bytes] | None:
        """The newest checkpoint known to be signed: the anchor, or one it has not come to."""
        known = [self._anchor(log), self._replaced(log)]
        found = [one for one in known if one is not None]
        return max(found, key=_age, default=None)

    def _replaced(self, log: str) -> tuple[Checkpoint, bytes] | None:
        note = self.replaced.get(log, b"")
        try:
            checkpoint, _, signed = open_checkpoint(note, self.keys)
        except LedgerError:
            return None  # the ledger that is to go may be damaged: nobody trusts it
        return (checkpoint, note) if signed else None

    def _anchor(self, log: str) -> tuple[Checkpoint, bytes] | None:
        note = self.anchors.note(log)
        if note is None:
            return None
        return open_anchor(log, note, self.keys), note

    def _is_behind(self, head: reading.LogHead, anchor: Checkpoint) -> bool:
        if generation_of(anchor.origin) < head.generation:
            return False
        if generation_of(anchor.origin) > head.generation or anchor.size > head.size:
            return True
        read = tile_reader(self.connection, head.log, size=head.size)
        if root_of(read, size=anchor.size) != anchor.root:
            raise IntegrityFailure(
                "the backup is none of this ledger: its first {size} entries of {log} are not "
                "those a checkpoint was signed for. Nothing was restored",
                log=head.log,
                size=anchor.size,
            )
        return False

    def _lost_centers(self, log: str) -> dict[str, int]:
        table = stream_heads.c
        wanted = select(table.stream, table.version).where(table.log == log)
        present = {row.stream: row.version for row in self.connection.execute(wanted)}
        known = self.anchors.heads(log).items()
        lost = {stream: version - present.get(stream, 0) for stream, version in known}
        return {stream: count for stream, count in sorted(lost.items()) if count > 0}

    def _open(self, head: reading.LogHead, generation: int, note: bytes) -> None:
        entry = GenerationOpened(
            on=legal_day(self.now),
            scheme=head.log,
            generation=generation,
            lost_from=head.size,
            checkpoint=note.decode(),
            reason=self.reason,
        )
        append_mark(self.connection, entry, now=self.now)
        moved = update(logs).where(logs.c.log == head.log).values(generation=generation)
        self.connection.execute(moved)

    def _erase(self, log: str, erased: set[tuple[int, str]]) -> int:
        table = vault.c
        wanted = select(table.position, table.path).where(table.log == log)
        kept = {(row.position, row.path) for row in self.connection.execute(wanted)}
        again = sorted(kept & (erased | self.anchors.erasures(log)))
        for position, path in again:
            erase_values(self.connection, log, position, [path])
        if again:
            entry = ErasuresReapplied(
                on=legal_day(self.now),
                scheme=log,
                erased=tuple(f"{position} {path}" for position, path in again),
                reason=self.reason,
            )
            append_mark(self.connection, entry, now=self.now)
        return len(again)


def _age(known: tuple[Checkpoint, bytes]) -> tuple[int, int]:
    return generation_of(known[0].origin), known[0].size
