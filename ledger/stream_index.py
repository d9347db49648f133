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


class _Leaf:
    __slots__ = ("entry", "hash", "key")

    def __init__(self, key: int, entry: IndexEntry) -> None:
        self.key = key
        self.entry = entry
        self.hash = _leaf_hash(key.to_bytes(32, "big"), entry)


class _Node:
    __slots__ = ("hash", "left", "right")

    def __init__(self, left: _Part, right: _Part) -> None:
        self.left = left
        self.right = right
        self.hash = _node_hash(_hash_of(left), _hash_of(right))


_Part = _Leaf | _Node | None


class StreamIndex:
    """An index that grows: give it the streams that changed, then ask for root and proofs."""

    def __init__(self, entries: Mapping[str, IndexEntry] | None = None) -> None:
        self._root: _Part = None
        self._size = 0
        if entries:
            self.update(entries)

    def __len__(self) -> int:
        return self._size

    def root(self) -> bytes:
        """The root over everything put in so far."""
        return _hash_of(self._root)

    def update(self, entries: Mapping[str, IndexEntry]) -> None:
        """Put in streams, or replace what is said of them."""
        leaves = [_Leaf(_place(stream), entry) for stream, entry in entries.items()]
        leaves.sort(key=_key_of)
        self._root = self._merged(self._root, leaves, 0, len(leaves), depth=0, prefix=0)

    def get(self, stream: str) -> IndexEntry | None:
        """What the index says of a stream; None where it is not in it."""
        proof = self.prove(stream)
        if proof.end is None or proof.end[0] != index_key(stream):
            return None
        return proof.end[1]

    def prove(self, stream: str) -> IndexProof:
        """The proof of what the index says of a stream, or that it does not hold it."""
        key = _place(stream)
        siblings, part, depth = [], self._root, 0
        while isinstance(part, _Node):
            way, beside = (part.right, part.left) if _bit(key, depth) else (part.left, part.right)
            siblings.append(_hash_of(beside))
            part, depth = way, depth + 1
        end = None if part is None else (part.key.to_bytes(32, "big"), part.entry)
        return IndexProof(tuple(siblings), end)

    def _merged(
        self, part: _Part, leaves: Sequence[_Leaf], low: int, high: int, *, depth: int, prefix: int
    ) -> _Part:
        """The part with the sorted leaves low ≤ i < high put in; all of them share `prefix`."""
        if low == high:
            return part
        if isinstance(part, _Leaf):
            leaves = _with(part, leaves[low:high])
            part, low, high = None, 0, len(leaves)
            self._size -= 1
        if part is None and high - low == 1:
            self._size += 1
            return leaves[low]
        limit = prefix | 1 << (_BITS - 1 - depth)
        middle = bisect_left(leaves, limit, low, high, key=_key_of)
        left, right = (part.left, part.right) if part is not None else (None, None)
        return _Node(
            self._merged(left, leaves, low, middle, depth=depth + 1, prefix=prefix),
            self._merged(right, leaves, middle, high, depth=depth + 1, prefix=limit),
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
    found = EMPTY_INDEX if end is None else _leaf_hash(*end)
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


def _with(leaf: _Leaf, leaves: Sequence[_Leaf]) -> Sequence[_Leaf]:
    """The sorted leaves and this one too, unless they hold a newer one of the same key."""
    place = bisect_left(leaves, leaf.key, key=_key_of)
    if place < len(leaves) and leaves[place].key == leaf.key:
        return leaves
    return [*leaves[:place], leaf, *leaves[place:]]


def _place(stream: str) -> int:
    return int.from_bytes(index_key(stream), "big")


def _bit(key: int, depth: int) -> int:
    return key >> (_BITS - 1 - depth) & 1


def _key_of(leaf: _Leaf) -> int:
    return leaf.key


def _hash_of(part: _Part) -> bytes:
    return EMPTY_INDEX if part is None else part.hash


def _leaf_hash(key: bytes, entry: IndexEntry) -> bytes:
    version, head, status = entry
    return sha256(b"\x02" + key + version.to_bytes(8, "big") + head + status).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x03" + left + right).digest()
