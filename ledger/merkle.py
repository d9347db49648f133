"""Merkle trees, and proofs over them, as RFC 9162 (Certificate Transparency 2.0) defines them.

The tree over leaf hashes 0 … n-1 is unique. A leaf hash is SHA-256(0x00 ‖ leaf)
(`ledger.leaf.hash_leaf`), a node is SHA-256(0x01 ‖ left ‖ right). The left part of a tree of n > 1
leaves holds the largest power of two less than n, the right part the rest (§2.1.1). The root of
the empty tree is SHA-256 of nothing. Five leaves make

                 root = node(g, e)
                /                 \\
          g = node(x, y)           e
         /              \\
    x = node(a, b)   y = node(c, d)

*Inclusion* (§2.1.3): what is hashed with a leaf on the way up to the root, from below. For c,
leaf 2, that is [d, x, e]: y = node(c, d), then g = node(x, y), then root = node(g, e).

*Consistency* (§2.1.4): what shows that the tree of n leaves begins with the m leaves of an older
one. From size 3, whose root is node(x, c), to size 5 it is [c, d, x, e]: node(x, c) is the old
root and node(node(x, node(c, d)), e) the new one. From an empty tree, and between equal sizes, it
has no hashes.

A proof says nothing without its size: size and root belong together and come from one signed
checkpoint. With a root alone some proofs also fit other sizes.

*Subtrees.* Only complete subtrees, of 2^level leaves at a multiple of 2^level, keep their hash for
ever, so only they are stored; `Subtree(level, number)` names the one over the leaves
number·2^level … (number+1)·2^level - 1. Whoever proves says which ones it needs, all at once, and a
`SubtreeReader` hands them over: from a list, from tiles, from another machine.

*Frontier.* To grow, a tree needs no more than the complete subtrees it is made of, one for each
bit of its size. Stored: the size as 8 bytes, big-endian, then these hashes, largest subtree first.
After five leaves: 0000000000000005 ‖ g ‖ e.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple, Protocol, TypeGuard

from ledger.errors import IntegrityFailure, MalformedError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Frontier",
    "Subtree",
    "SubtreeReader",
    "check_consistency",
    "check_inclusion",
    "frontier_at",
    "is_hash",
    "node_hash",
    "prove_consistency",
    "prove_inclusion",
    "reader_of",
    "root_of",
    "tree_root",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()

# Bounds the memory of `extend` and keeps a batch's hashes in the processor's cache.
_BATCH = 4096


class Subtree(NamedTuple):
    """A complete subtree: 2^level leaves, the first of them leaf number·2^level."""

    level: int
    number: int


class SubtreeReader(Protocol):
    """Hands over hashes of complete subtrees, in the order asked for; raises where it has none."""

    def __call__(self, subtrees: Sequence[Subtree], /) -> Sequence[bytes]:
        """Return one hash of 32 bytes for each subtree."""
        ...


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node over two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """An append-only tree of which only what growing it needs is kept."""

    __slots__ = ("_nodes", "_size")

    def __init__(self) -> None:
        self._size = 0
        # By level; empty where the size has no bit, so that a carry has one place to look.
        self._nodes: list[bytes] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frontier) and self.to_bytes() == other.to_bytes()

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        return _join([node for node in reversed(self._nodes) if node]) or EMPTY_ROOT

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash."""
        self.extend((leaf_hash,))

    def extend(
        self, leaf_hashes: Iterable[bytes], completed: Mapping[int, list[bytes]] | None = None
    ) -> None:
        """Add leaves by their hashes, in order; discard the frontier if this raises.

        To the lists in `completed`, by level, come the hashes of the subtrees completed on it.
        """
        hashes = iter(leaf_hashes)
        while batch := list(islice(hashes, _BATCH)):
            if set(map(len, batch)) != {HASH_BYTES}:
                raise MalformedError("a leaf hash has 32 bytes")
            self._size += len(batch)
            self._carry(batch, completed or {})

    def copy(self) -> Frontier:
        """Return a frontier that grows apart from this one."""
        other = Frontier()
        other._size, other._nodes = self._size, self._nodes.copy()
        return other

    def to_bytes(self) -> bytes:
        """Return the stored form: the size, then the hash of each complete subtree."""
        return self._size.to_bytes(8, "big") + b"".join(reversed(self._nodes))

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Return the frontier with this stored form; MalformedError if it has another length."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH_BYTES * size.bit_count():
            raise MalformedError("a frontier of this size has another length")
        frontier = cls()
        frontier._size = size
        rest = len(data)
        for level in range(size.bit_length()):
            # The smallest subtree stands last.
            present = HASH_BYTES if size >> level & 1 else 0
            frontier._nodes.append(bytes(data[rest - present : rest]))
            rest -= present
        return frontier

    def _carry(self, hashes: list[bytes], completed: Mapping[int, list[bytes]]) -> None:
        """Add nodes level by level, as a binary counter adds: pairs go up, the odd one stays.

        Uses up the list.
        """
        nodes, level = self._nodes, 0
        while hashes:
            if level in completed:
                completed[level].extend(hashes)
            if level == len(nodes):
                nodes.append(b"")
            if nodes[level]:
                hashes.insert(0, nodes[level])
            nodes[level] = hashes.pop() if len(hashes) & 1 else b""
            pairs = iter(hashes)
            hashes = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            level += 1


def is_hash(value: object) -> TypeGuard[bytes]:
    """Whether a stored value, of whatever type, is 32 bytes."""
    return value.__class__ is bytes and len(value) == HASH_BYTES


def tree_root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def root_of(read: SubtreeReader, *, size: int) -> bytes:
    """Return the root the tree had, or has, with its first `size` leaves."""
    return _read_ranges(read, [(0, size)])[0] if size else EMPTY_ROOT


def frontier_at(read: SubtreeReader, *, size: int) -> Frontier:
    """Return the frontier of the tree over the first `size` leaves."""
    hashes = b"".join(read(_complete_subtrees(0, size))) if size else b""
    return Frontier.from_bytes(size.to_bytes(8, "big") + hashes)


def reader_of(leaf_hashes: Iterable[bytes]) -> SubtreeReader:
    """Return a reader over a list of leaf hashes; hashes the whole tree once."""
    levels = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        pairs = iter(levels[-1])
        # The odd one at the end belongs to no complete subtree above.
        levels.append([node_hash(*pair) for pair in zip(pairs, pairs, strict=False)])

    def read(subtrees: Sequence[Subtree], /) -> list[bytes]:
        return [levels[subtree.level][subtree.number] for subtree in subtrees]

    return read


def prove_inclusion(read: SubtreeReader, *, index: int, size: int) -> list[bytes]:
    """Return the inclusion proof of leaf `index` in the tree of `size` leaves."""
    if not 0 <= index < size:
        raise MalformedError("no leaf {index} in a tree of {size}", index=index, size=size)
    # RFC 9162 §2.1.3.1, from the root down.
    ranges, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _left_size(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _read_ranges(read, ranges[::-1])


def check_inclusion(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether the proof shows the leaf hash at `index` in the tree of that size and root."""
    if not 0 <= index < size or not _are_hashes((leaf, root, *proof)):
        return False
    # RFC 9162 §2.1.3.2; `place` and `last` are its fn and sn.
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = _skip_missing(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def prove_consistency(read: SubtreeReader, *, old_size: int, new_size: int) -> list[bytes]:
    """Return the proof that the tree of `new_size` leaves begins with that of `old_size`."""
    if not 0 <= old_size <= new_size:
        raise MalformedError(
            "a tree of {new_size} does not go on from one of {old_size}",
            old_size=old_size,
            new_size=new_size,
        )
    if old_size in (0, new_size):
        return []
    # RFC 9162 §2.1.4.1, from the root down.
    ranges, start, stop = [], 0, new_size
    while stop != old_size:
        middle = start + _left_size(stop - start)
        if old_size <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        # Otherwise this is the whole old tree, and the checker has its root.
        ranges.append((start, stop))
    return _read_ranges(read, ranges[::-1])


def check_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the proof shows that the new tree begins with the old one."""
    if not 0 <= old_size <= new_size or not _are_hashes((old_root, new_root, *proof)):
        return False
    if (old_size == 0 and old_root != EMPTY_ROOT) or (new_size == 0 and new_root != EMPTY_ROOT):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0 or not proof:
        return old_size == 0 and not proof
    # RFC 9162 §2.1.4.2; `place` and `last` are its fn and sn, `old` and `new` its fr and sr.
    hashes = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = _skip_missing(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _left_size(size: int) -> int:
    """The largest power of two less than `size`, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _skip_missing(place: int, last: int) -> tuple[int, int]:
    """Pass the levels on which a node at the right edge has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _read_ranges(read: SubtreeReader, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the root over each range of leaves, start to stop; reads once."""
    parts = [_complete_subtrees(start, stop) for start, stop in ranges]
    wanted = [subtree for part in parts for subtree in part]
    found = read(wanted) if wanted else []
    if len(found) != len(wanted) or not _are_hashes(found):
        raise IntegrityFailure("stored subtree hashes are missing or damaged")
    hashes = iter(found)
    return [_join(list(islice(hashes, len(part)))) for part in parts]


def _complete_subtrees(start: int, stop: int) -> list[Subtree]:
    """The complete subtrees the range is made of, from the left, the largest first.

    `start` is a multiple of some power of two ≥ `stop - start`, as in every part of a tree.
    """
    subtrees = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        subtrees.append(Subtree(level, start >> level))
        start += 1 << level
    return subtrees


def _join(hashes: list[bytes]) -> bytes:
    """The root over complete subtrees of falling size; nothing for none."""
    node = hashes.pop() if hashes else b""
    while hashes:
        node = node_hash(hashes.pop(), node)
    return node
