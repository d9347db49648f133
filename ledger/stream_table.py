"""Where each stream of a log stands while the log is read from its beginning, in few bytes.

    table = StreamTable()
    table.put("beijing/id:c1", StreamState(1, leaf))
    table["beijing/id:c1"].version      # 1

A stream costs some 190 bytes: its name, its place, and there a version and a leaf hash.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import compress
from typing import NamedTuple

from ledger.leaf import NO_PREVIOUS
from ledger.merkle import HASH_BYTES

__all__ = ["START", "StreamState", "StreamTable"]


_BOUND = 1 << 63


class StreamState(NamedTuple):
    """What a stream's next entry builds on."""

    version: int
    leaf: bytes


START = StreamState(0, NO_PREVIOUS)
"""Where a stream without entries stands."""


class StreamTable:
    """Version and leaf hash (32 bytes) of each stream's last entry.

    `places` says where a stream stands, in the order they came; there `versions` and `leaves` have
    its values, and `marks` a 1 if it went on since `clear_marks`. Whoever takes entries one by one
    reads and writes them himself.
    """

    __slots__ = ("leaves", "marks", "places", "versions")

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.versions = array("Q")
        self.leaves = bytearray()
        self.marks = bytearray()

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, stream: object) -> bool:
        return stream in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __getitem__(self, stream: str) -> StreamState:
        """Where a stream stands; START without entries."""
        place = self.places.get(stream)
        return START if place is None else self._at(place)

    def _at(self, place: int) -> StreamState:
        start = place * HASH_BYTES
        return StreamState(self.versions[place], bytes(self.leaves[start : start + HASH_BYTES]))

    def stands_at(self, place: int, version: object, leaf: object) -> bool:
        """Whether the stream at a place stands just there, whatever is given."""
        start = place * HASH_BYTES
        return (
            version.__class__ is int
            and leaf.__class__ is bytes
            and self.versions[place] == version
            and self.leaves[start : start + HASH_BYTES] == leaf
        )

    def put(self, stream: str, state: tuple[int, bytes]) -> None:
        """Say where a stream stands now; ValueError for what no stream can come to."""
        version, leaf = state
        if not (stream.__class__ is str and version.__class__ is int and leaf.__class__ is bytes):
            raise ValueError("of a wrong type")
        if len(leaf) != HASH_BYTES or not 0 <= version < _BOUND:
            raise ValueError("no version, or no leaf")
        place = self.places.setdefault(stream, len(self.versions))
        if place == len(self.versions):
            self.versions.append(version)
            self.leaves += leaf
            self.marks.append(1)
        else:
            self.versions[place] = version
            self.leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES] = leaf
            self.marks[place] = 1

    def go_on(self, stream: str, before: StreamState, after: StreamState) -> bool:
        """Let a stream go on from one state to another; False where it does not stand there."""
        if self[stream] != before:
            return False
        self.put(stream, after)
        return True

    def marked(self) -> Iterator[str]:
        """The streams that went on since `clear_marks`, in the order they came first."""
        return compress(self.places, self.marks)

    def clear_marks(self) -> None:
        """Begin anew to mark what goes on."""
        self.marks[:] = bytes(len(self.marks))

    def update(self, states: Iterable[tuple[str, tuple[int, bytes]]]) -> None:
        """Say it of many; ValueError likewise."""
        for stream, state in states:
            self.put(stream, state)

    def items(self) -> Iterator[tuple[str, StreamState]]:
        """Every stream and where it stands, in the order they came."""
        for stream, place in self.places.items():
            yield stream, self._at(place)
