r"""The index a seal commits to: for every stream its last version, leaf and status, or its absence.

A binary trie over 256-bit keys. The place of a stream follows from its name alone, so that one
root gives one answer for each stream: either the values of its only leaf, or that there is none.
A tree over a sorted list could hold a stream twice, and whoever sees only a part would not know.

* key: SHA-256("taizhang-stream/v1" ‖ 0x00 ‖ stream in UTF-8); bit 0 is the highest of byte 0.
* leaf: SHA-256(0x02 ‖ key ‖ version as 8 bytes, big-endian ‖ head leaf hash ‖ status digest).
* node: SHA-256(0x03 ‖ left ‖ right), left for keys whose bit at that depth is 0.
* A part of the trie without streams is 32 zero bytes; a part with one stream is its leaf, however
  many bits are left; the root over nothing is 32 zero bytes.

0x02 and 0x03 keep these hashes apart from those of the log (RFC 9162: 0x00 and 0x01). The status
digest of a stream that is no center is 32 zero bytes.

A proof holds the hashes beside the way from the root, the topmost first, and what stands at its
end: nothing, or one leaf. A leaf with the key asked for proves presence; another leaf, whose key
begins with the same bits, or nothing proves absence. Worked example: one stream `xian` at version
1, head and status all zero, has the root

    >>> entry = IndexEntry(version=1, head=bytes(32), status=bytes(32))
    >>> StreamIndex({"xian": entry}).root().hex()
    'ba56f9a48623cb2bcb8c0c917356ef355653c3c5878ce9d5a59c2f9e43382b7e'
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.errors import IntegrityFailure
from ledger.merkle import HASH_BYTES

__all__ = [
    "EMPTY_INDEX",
    "NO_STATUS",
    "IndexEntry",
    "IndexProof",
    "StreamIndex",
    "check_index",
    "index_key",
    "index_root",
]

EMPTY_INDEX = bytes(32)
NO_STATUS = bytes(32)
_BITS = 256
_RECORD = HASH_BYTES + 8 + HASH_BYTES + HASH_BYTES
_PAGE = 16  # records
_DOMAIN = b"taizhang-stream/v1\x00"


class IndexEntry(NamedTuple):
    """What the index says of one stream: last version (≥ 1), its leaf hash, its status digest."""

    version: int
    head: bytes
    status: bytes = NO_STATUS


class IndexProof(NamedTuple):
    """The way to where a stream stands or would stand.

    `siblings` from the root down; `end` is the key and entry of the leaf found there, or None.
    """

    siblings: tuple[bytes, ...]
    end: tuple[bytes, IndexEntry] | None


class _Page:
    """A few leaves, sorted by their keys: what is hashed for each, one after the other."""

    __slots__ = ("hash", "records")

    def __init__(self, records: Sequence[bytes]) -> None:
        self.records = b"".join(records)
        self.hash: bytes | None = None  # made when somebody asks


class _Node:
    __slots__ = ("hash", "left", "right")

    def __init__(self, left: _Part, right: _Part) -> None:
        self.left = left
        self.right = right
        self.hash: bytes | None = None


_Part = _Page | _Node | None


class StreamIndex:
    """An index that grows: give it the streams that changed, then ask for root and proofs.

    Some 130 bytes of memory for each stream: the lower parts of the trie are pages of packed
    records, and hashed when a root or a proof is asked for.
    """

    def __init__(self, entries: Mapping[str, IndexEntry] | None = None) -> None:
        self._root: _Part = None
        self._size = 0
        if entries:
            self.update(entries.items())

    def __len__(self) -> int:
        return self._size

    def root(self) -> bytes:
        """The root over everything put in so far."""
        return _hash_of(self._root, 0)

    def update(self, entries: Iterable[tuple[str, IndexEntry]]) -> None:
        """Put in streams, each once, or replace what is said of them; heads and statuses have 32
        bytes."""
        records = [_record(index_key(stream), entry) for stream, entry in entries]
        records.sort()
        self._root = self._merged(self._root, records, 0, len(records), depth=0, prefix=0)

    def get(self, stream: str) -> IndexEntry | None:
        """What the index says of a stream; None where it is not in it."""
        key = index_key(stream)
        place, part, depth = int.from_bytes(key, "big"), self._root, 0
        while isinstance(part, _Node):
            part, depth = part.right if _bit(place, depth) else part.left, depth + 1
        records = _records(part)
        found = bisect_left(records, key)
        if found == len(records) or not records[found].startswith(key):
            return None
        return _read(records[found])[1]

    def prove(self, stream: str) -> IndexProof:
        """The proof of what the index says of a stream, or that it does not hold it."""
        place = _place(stream)
        siblings, part, depth = [], self._root, 0
        while isinstance(part, _Node):
            way, beside = (part.right, part.left) if _bit(place, depth) else (part.left, part.right)
            part, depth = way, depth + 1
            siblings.append(_hash_of(beside, depth))
        leaves = _leaves(part)
        while len(leaves) > 1:
            left, right = _parted(leaves, depth)
            leaves, rest = (right, left) if _bit(place, depth) else (left, right)
            depth += 1
            siblings.append(_root_of(rest, depth))
        return IndexProof(tuple(siblings), _read(leaves[0].record) if leaves else None)

    def _merged(
        self, part: _Part, records: Sequence[bytes], low: int, high: int, *, depth: int, prefix: int
    ) -> _Part:
        """The part with the sorted records low ≤ i < high put in; all of them share `prefix`."""
        if low == high:
            return part
        if isinstance(part, _Node):
            left, right = part.left, part.right
        else:
            known = _records(part)
            records = _with(known, records[low:high])
            low, high = 0, len(records)
            self._size -= len(known)
            left = right = None
            if high <= _PAGE:
                self._size += high
                return _Page(records)
        limit = prefix | 1 << (_BITS - 1 - depth)
        middle = bisect_left(records, limit.to_bytes(HASH_BYTES, "big"), low, high)
        return _Node(
            self._merged(left, records, low, middle, depth=depth + 1, prefix=prefix),
            self._merged(right, records, middle, high, depth=depth + 1, prefix=limit),
        )


def index_key(stream: str) -> bytes:
    """The 32-byte key a stream stands under."""
    return sha256(_DOMAIN + stream.encode()).digest()


def index_root(entries: Iterable[tuple[str, IndexEntry]]) -> bytes:
    """The root of the index that holds exactly these streams."""
    return StreamIndex(dict(entries)).root()


def check_index(stream: str, proof: IndexProof, *, root: bytes) -> IndexEntry | None:
    """What the index with this root says of a stream, None for absent.

    Raises IntegrityFailure for a proof that does not lead to the root.
    """
    key = index_key(stream)
    if not _is_sound(proof):
        raise IntegrityFailure("the proof from the index of {stream} is no proof", stream=stream)
    end, place = proof.end, _place(stream)
    found = EMPTY_INDEX if end is None else _leaf_hash(_record(*end))
    for depth in reversed(range(len(proof.siblings))):
        beside = proof.siblings[depth]
        pair = (beside, found) if _bit(place, depth) else (found, beside)
        found = _node_hash(*pair)
    if found != root:
        said = "the proof from the index of {stream} does not lead to the sealed root"
        raise IntegrityFailure(said, stream=stream)
    if end is None or end[0] == key:
        return None if end is None else end[1]
    if int.from_bytes(end[0], "big") ^ place >= 1 << (_BITS - len(proof.siblings)):
        said = "the leaf shown for {stream} stands elsewhere in the index"
        raise IntegrityFailure(said, stream=stream)
    return None


def _is_sound(proof: IndexProof) -> bool:
    if len(proof.siblings) > _BITS or any(len(beside) != 32 for beside in proof.siblings):
        return False
    if proof.end is None:
        return True
    key, (version, head, status) = proof.end
    return len(key) == len(head) == len(status) == 32 and 0 < version < 1 << 63


class _Leaf(NamedTuple):
    place: int
    hash: bytes
    record: bytes


def _record(key: bytes, entry: IndexEntry) -> bytes:
    """What is hashed for a leaf, but for the 0x02 before it."""
    version, head, status = entry
    return b"%b%b%b%b" % (key, version.to_bytes(8, "big"), head, status)


def _read(record: bytes) -> tuple[bytes, IndexEntry]:
    entry = IndexEntry(int.from_bytes(record[32:40], "big"), record[40:72], record[72:])
    return record[:32], entry


def _records(part: _Page | None) -> list[bytes]:
    data = b"" if part is None else part.records
    return [data[start : start + _RECORD] for start in range(0, len(data), _RECORD)]


def _with(known: Sequence[bytes], new: Sequence[bytes]) -> Sequence[bytes]:
    """The sorted records of both, the new ones in the place of those with the same key."""
    if not known:
        return new
    found = {record[:HASH_BYTES]: record for record in known}
    found.update((record[:HASH_BYTES], record) for record in new)
    return sorted(found.values())


def _leaves(part: _Page | None) -> Sequence[_Leaf]:
    return [
        _Leaf(int.from_bytes(record[:HASH_BYTES], "big"), _leaf_hash(record), record)
        for record in _records(part)
    ]


def _hash_of(part: _Part, depth: int) -> bytes:
    if part is None:
        return EMPTY_INDEX
    if part.hash is None:
        if isinstance(part, _Page):
            part.hash = _root_of(_leaves(part), depth)
        else:
            part.hash = _node_hash(_hash_of(part.left, depth + 1), _hash_of(part.right, depth + 1))
    return part.hash


def _root_of(leaves: Sequence[_Leaf], depth: int) -> bytes:
    """The root over the sorted leaves of a part that begins at a depth."""
    if len(leaves) < 2:
        return leaves[0].hash if leaves else EMPTY_INDEX
    left, right = _parted(leaves, depth)
    return _node_hash(_root_of(left, depth + 1), _root_of(right, depth + 1))


def _parted(leaves: Sequence[_Leaf], depth: int) -> tuple[Sequence[_Leaf], Sequence[_Leaf]]:
    """Those with bit 0 at a depth, and those with bit 1."""
    middle = sum(not _bit(leaf.place, depth) for leaf in leaves)
    return leaves[:middle], leaves[middle:]


def _place(stream: str) -> int:
    return int.from_bytes(index_key(stream), "big")


def _bit(key: int, depth: int) -> int:
    return key >> (_BITS - 1 - depth) & 1


def _leaf_hash(record: bytes) -> bytes:
    return sha256(b"\x02" + record).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x03" + left + right).digest()
