"""Checking the seals of a log: what each said of all streams, against what the entries give.

The index grows with the log and is compared at each seal; only streams that changed since the seal
before are hashed again, and only their statuses folded. Where an entry before a seal is damaged,
nothing is said of the seal: it would only be the damage once more.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from ledger.errors import LedgerError
from ledger.log_check import LogCheck
from ledger.merkle import HASH_BYTES, is_hash
from ledger.reading import each_sealed_head, sealed_heads
from ledger.stored import EntryRow, SealPart, parse_seal
from ledger.stream_index import IndexEntry, StreamIndex, index_key

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
        self._centers: list[str] = []  # those in the index, sorted
        # By the place of a stream in the check's table: its status at the last seal. The table
        # marks which streams went on since.
        self._digests = bytearray()
        self._newest: tuple[int, SealPart] | None = None
        self._is_sound = True
        self.seals: list[int] = []

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
        if part.index_size != len(self._index):
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
        if self._is_kept():
            if self._statuses is None and part.index_root != _root_of(self._kept()):
                said = "the index of the seal is not that of the entries before it"
                self._add(position, said)
            return
        if self._statuses is not None and part.index_root != self._index.root().hex():
            return  # said already, with the centers it lies about
        kept = self._kept()
        for stream in self._named(kept):
            if not self._is_sealed(stream, kept.get(stream)):
                said = "what is kept of {center} in the newest seal is not what was sealed"
                self._check.findings.add("sealed_head_altered", said, center=stream)

    def _is_kept(self) -> bool:
        """Whether just what was sealed is kept, seen without having all of it at once."""
        count = 0
        for stream, *entry in each_sealed_head(self._connection, self._check.log):
            if not self._is_sealed(stream, IndexEntry(*entry)):
                return False
            count += 1
        return count == len(self._index)

    def _is_sealed(self, stream: Any, entry: IndexEntry | None) -> bool:
        """Whether this was sealed of a stream; any status, where nobody knows statuses."""
        sealed = self._sealed(stream)
        if self._statuses is None and sealed is not None and entry is not None:
            return sealed[:2] == entry[:2] and is_hash(entry.status)
        return sealed == entry

    def _sealed(self, stream: Any) -> IndexEntry | None:
        """What the newest seal covers of a stream."""
        streams = self._check.streams
        place = streams.places.get(stream)
        if place is None:
            return None
        if streams.marks[place]:
            return self._index.get(stream)
        return IndexEntry(*streams[stream], self._digest_of(place))

    def _named(self, kept: dict[str, IndexEntry]) -> list[Any]:
        """All streams that are kept or were sealed, sorted."""
        return sorted({*kept, *self._check.streams}, key=str)

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
        later = sorted(stream for stream in streams.marked() if "/" in stream)
        try:
            for _ in self._folded(later, upto=self._check.size - 1):
                pass
        except LedgerError:
            return None
        return None if self._unlisted else sum("/" in stream for stream in streams)

    def _grow(self, upto: int) -> bool:
        """Put into the index what changed since the seal before; False where that cannot be."""
        streams = self._check.streams
        self._digests += bytes(len(streams) * HASH_BYTES - len(self._digests))
        if self._statuses is not None and not self._fold_marked(upto):
            return False
        places = streams.places
        for part in _parts(list(streams.marked())):
            self._index.update(
                (stream, IndexEntry(*streams[stream], self._digest_of(places[stream])))
                for stream in part
            )
        streams.clear_marks()
        return True

    def _fold_marked(self, upto: int) -> bool:
        """Take the statuses of the centers that went on; False where one cannot be folded."""
        streams, digests = self._check.streams, self._digests
        places = streams.places
        centers = sorted(stream for stream in streams.marked() if "/" in stream)
        try:
            for center, digest in self._folded(centers, upto=upto):
                start = places[center] * HASH_BYTES
                digests[start : start + HASH_BYTES] = digest
        except LedgerError:
            return False
        if new := [center for center in centers if places[center] >= len(self._index)]:
            self._centers = sorted([*self._centers, *new])
        return True

    def _digest_of(self, place: int) -> bytes:
        return bytes(self._digests[place * HASH_BYTES : (place + 1) * HASH_BYTES])

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
        found, places = sha256(), self._check.streams.places
        for center in self._centers:
            found.update(f"{center} {self._digest_of(places[center]).hex()}\n".encode())
        return found.hexdigest()

    def _blame(self, position: int, part: SealPart) -> None:
        """Name the centers a seal lies about, where what it said of each is still kept."""
        kept = self._kept()
        if _root_of(kept) != part.index_root:
            said = "the index of the seal is not that of the entries before it"
            self._add(position, said)
            return
        for stream in self._named(kept):
            if not self._is_sealed(stream, kept.get(stream)):
                said = "the seal says something else of {center} than the entries before it"
                self._add(position, said, center=stream)

    def _kept(self) -> dict[str, IndexEntry]:
        return sealed_heads(self._connection, self._check.log)

    def _is_damaged(self) -> bool:
        return bool(self._check.damaged) or not self._check.is_complete

    def _add(self, position: int, said: str, *, center: str | None = None) -> None:
        message = "{position}: " + said
        self._check.findings.add("index_lies", message, position=position, center=center)


def _parts(streams: Sequence[str]) -> Iterator[Iterator[str]]:
    """The streams by where they stand in an index, in sixteen parts: each is soon put in, and no
    page of it twice."""
    parts = [array("I") for _ in range(16)]
    for number, stream in enumerate(streams):
        parts[index_key(stream)[0] >> 4].append(number)
    for part in parts:
        yield map(streams.__getitem__, part)


def _root_of(kept: dict[str, IndexEntry]) -> str:
    """The root of an index over those that could stand in one, in hexadecimal digits."""
    sound = {
        stream: entry
        for stream, entry in kept.items()
        if stream.__class__ is str
        and entry.version.__class__ is int
        and 0 < entry.version < 1 << 63
        and is_hash(entry.head)
        and is_hash(entry.status)
    }
    return StreamIndex(sound).root().hex()
