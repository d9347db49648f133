"""Checking the seals of a log: what each said of all streams, against what the entries give.

The index grows with the log and is compared at each seal; only streams that changed since the seal
before are hashed again, and only their statuses folded. Where an entry before a seal is damaged,
nothing is said of the seal: it would only be the damage once more.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from ledger.errors import LedgerError
from ledger.log_check import LogCheck
from ledger.reading import each_sealed_head, sealed_heads
from ledger.stored import EntryRow, SealPart, parse_seal
from ledger.stream_index import NO_STATUS, IndexEntry, StreamIndex

__all__ = ["SEALED", "SealCheck", "Statuses"]

SEALED = "Sealed/1"

_MANY = 500

Statuses = Callable[..., Any]
"""As `ledger.sealing.StatusDigests`: digests of the published statuses, up to a position. For a
check of lists too, each is followed by whether they show of the center what its entries give."""


class SealCheck:
    """Takes the rows of a log in order, each seal alone, and notes which seals are not true.

    Without `statuses` only the newest seal is compared, with the statuses it is said to have had.
    With `listing` these also say whether lists show what the entries of each center give. `told`
    hears how many of the centers of a seal are folded, where they are many.
    """

    def __init__(
        self,
        connection: Connection,
        check: LogCheck,
        statuses: Statuses | None,
        *,
        listing: bool = False,
        told: Callable[[int, int], None] | None = None,
    ) -> None:
        self._connection = connection
        self._check = check
        self._statuses = statuses
        self._listing = listing and statuses is not None
        self._unlisted: set[str] = set()
        self._told = told
        self._index = StreamIndex()
        self._entries: dict[str, IndexEntry] = {}
        self._centers: list[str] = []  # sorted
        self._changed: set[str] = set()
        self._newest: tuple[int, SealPart] | None = None
        self._is_sound = True
        self.seals: list[int] = []

    def take(self, streams: Iterable[Any]) -> None:
        """Note the streams that went on."""
        self._changed.update(stream for stream in streams if stream.__class__ is str)

    def seal(self, row: EntryRow) -> None:
        """Compare a seal; call it before the seal itself is taken by the log's check."""
        position = row[0]
        if position.__class__ is not int:
            self._is_sound = False
            return  # said where the log is checked
        self.seals.append(position)
        if self._is_damaged() or not self._grow(position - 1):
            self._is_sound = False
            return
        try:
            part = parse_seal(row[6])
        except (ValueError, TypeError):
            said = "the seal says nothing a seal says"
            self._add(position, said)
            return
        before = self._newest[0] if self._newest else None
        self._newest = position, part
        if part.previous_seal != before:
            said = "the seal names another seal before it than there is"
            self._add(position, said)
        if self._statuses is None:
            return
        if part.index_size != len(self._entries):
            said = "the seal counts other streams than there are"
            self._add(position, said)
        if part.index_root != self._index.root().hex():
            self._blame(position, part)
        elif part.status_digest != self._status_digest():
            said = "the digest of the published statuses in the seal is another"
            self._add(position, said)

    def finish(self) -> None:
        """Compare what is kept of the newest seal with what it sealed."""
        if self._newest is None or not self._is_sound:
            if self._newest is None and not self.seals:
                self._note_strange(self._kept())
            return
        position, part = self._newest
        if self._statuses is not None and self._is_kept():
            return
        kept = self._kept()
        sound = self._entries
        if self._statuses is None:
            sound = {
                stream: entry._replace(status=_status_of(kept.get(stream)))
                for stream, entry in self._entries.items()
            }
            if kept == sound and part.index_root != StreamIndex(_whole(sound)).root().hex():
                said = "the index of the seal is not that of the entries before it"
                self._add(position, said)
        elif part.index_root != self._index.root().hex():
            return  # said already, with the centers it lies about
        for stream in sorted({*kept, *sound}, key=str):
            if kept.get(stream) != sound.get(stream):
                said = "what is kept of {center} in the newest seal is not what was sealed"
                self._check.findings.add("sealed_head_altered", said, center=stream)

    def _is_kept(self) -> bool:
        """Whether just what was sealed is kept, seen without having all of it at once."""
        rows = each_sealed_head(self._connection, self._check.log)
        count = 0
        for row in rows:
            if self._entries.get(row[0]) != row[1:]:
                return False
            count += 1
        return count == len(self._entries)

    def _note_strange(self, kept: dict[str, IndexEntry]) -> None:
        for stream in sorted(map(str, kept)):
            said = "{center} is kept as sealed, and there is no seal"
            self._check.findings.add("sealed_head_altered", said, center=stream)

    def listed(self) -> int | None:
        """How many centers there are, if lists show of each what all its entries give; None if not,
        or if nobody looked. Call it before the check of the log lets its streams go."""
        if not self._listing or self._is_damaged():
            return None
        streams = self._check.streams
        later = sorted(stream for stream in self._changed if "/" in stream)
        try:
            for _ in self._folded(later, upto=self._check.size - 1):
                pass
        except LedgerError:
            return None
        return None if self._unlisted else sum("/" in stream for stream in streams)

    def _grow(self, upto: int) -> bool:
        """Put into the index what changed since the seal before; False where that cannot be."""
        changed = sorted(self._changed & self._check.streams.keys())
        self._changed.clear()
        streams = self._check.streams
        new = {stream: IndexEntry(*streams[stream], NO_STATUS) for stream in changed}
        if self._statuses is not None:
            centers = [stream for stream in changed if "/" in stream]
            try:
                for center, digest in self._folded(centers, upto=upto):
                    new[center] = IndexEntry(*streams[center], digest)
            except LedgerError:
                return False
            self._index.update(new)
            self._centers = _merged(self._centers, centers, self._entries)
        self._entries.update(new)
        return True

    def _folded(self, centers: Sequence[str], *, upto: int) -> Iterator[tuple[str, bytes]]:
        assert self._statuses is not None  # noqa: S101  narrowing for the type checker
        found = self._statuses(self._connection, self._check.log, centers, upto=upto)
        for number, (center, digest, *listed) in enumerate(found, 1):
            if self._listing and listed == [True]:
                self._unlisted.discard(center)
            elif self._listing:
                self._unlisted.add(center)
            if self._told is not None and number % _MANY == 0:
                self._told(number, len(centers))
            yield center, digest

    def _status_digest(self) -> str:
        found = sha256()
        for center in self._centers:
            found.update(f"{center} {self._entries[center].status.hex()}\n".encode())
        return found.hexdigest()

    def _blame(self, position: int, part: SealPart) -> None:
        """Name the centers a seal lies about, where what it said of each is still kept."""
        kept = self._kept()
        if StreamIndex(_whole(kept)).root().hex() != part.index_root:
            said = "the index of the seal is not that of the entries before it"
            self._add(position, said)
            return
        for stream in sorted({*kept, *self._entries}, key=str):
            if kept.get(stream) != self._entries.get(stream):
                said = "the seal says something else of {center} than the entries before it"
                self._add(position, said, center=stream)

    def _kept(self) -> dict[str, IndexEntry]:
        return sealed_heads(self._connection, self._check.log)

    def _is_damaged(self) -> bool:
        return bool(self._check.damaged) or not self._check.is_complete

    def _add(self, position: int, said: str, *, center: str | None = None) -> None:
        message = "{position}: " + said
        self._check.findings.add("index_lies", message, position=position, center=center)


def _merged(old: list[str], some: Sequence[str], known: Container[str]) -> list[str]:
    """The sorted names of old, and those of some that are not known yet."""
    new = [name for name in some if name not in known]
    return sorted([*old, *new]) if new else old


def _status_of(entry: IndexEntry | None) -> bytes:
    return entry.status if entry is not None and entry.status.__class__ is bytes else NO_STATUS


def _whole(kept: dict[str, IndexEntry]) -> dict[str, IndexEntry]:
    """Those that could stand in an index."""
    return {
        stream: entry
        for stream, entry in kept.items()
        if stream.__class__ is str
        and entry.version.__class__ is int
        and 0 < entry.version < 1 << 63
        and entry.head.__class__ is entry.status.__class__ is bytes
        and len(entry.head) == len(entry.status) == 32
    }
