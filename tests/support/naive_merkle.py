"""RFC 9162 written down a second time: recursive, slow, and sharing no code with the ledger.

Each function is one definition of the RFC, or the same definition read backwards for a checker:
from a proof it rebuilds the tree the proof claims to come from.
"""

from __future__ import annotations

import hashlib


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf, §2.1.1."""
    return hashlib.sha256(b"\x00" + data).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """Return MTH(D[n]) over the data of the leaves, §2.1.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return pair_hash(tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def inclusion_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]), §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*inclusion_path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*inclusion_path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def consistency_path(m: int, leaves: list[bytes], *, known: bool = True) -> list[bytes]:
    """Return SUBPROOF(m, D[n], b), §2.1.4.1; PROOF(m, D[n]) when `known`, its b, is true."""
    if m == len(leaves):
        return [] if known else [tree_hash(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*consistency_path(m, leaves[:k], known=known), tree_hash(leaves[k:])]
    return [*consistency_path(m - k, leaves[k:], known=False), tree_hash(leaves[:k])]


def root_by_inclusion(m: int, n: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """Return the root a proof for leaf m of n leads to, None if it has a wrong length."""
    if n == 1:
        return None if proof else leaf
    if not proof:
        return None
    k, (*rest, last) = split(n), proof
    if m < k:
        left = root_by_inclusion(m, k, leaf, rest)
        return left and pair_hash(left, last)
    right = root_by_inclusion(m - k, n - k, leaf, rest)
    return right and pair_hash(last, right)


def roots_by_consistency(
    m: int, n: int, old_root: bytes, proof: list[bytes], *, known: bool = True
) -> tuple[bytes, bytes] | None:
    """Return the old and new root a proof from m to n leads to, None for a wrong length."""
    if m == n:
        if known:
            return None if proof else (old_root, old_root)
        return (proof[0], proof[0]) if len(proof) == 1 else None
    if not proof:
        return None
    k, (*rest, last) = split(n), proof
    if m <= k:
        roots = roots_by_consistency(m, k, old_root, rest, known=known)
        return roots and (roots[0], pair_hash(roots[1], last))
    roots = roots_by_consistency(m - k, n - k, old_root, rest, known=False)
    return roots and (pair_hash(last, roots[0]), pair_hash(last, roots[1]))


def split(n: int) -> int:
    """Return k, the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def pair_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two subtrees, §2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()
