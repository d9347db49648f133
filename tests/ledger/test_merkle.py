"""RFC 9162 trees: published values, and every proof of every tree of at most 64 leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from ledger.errors import IntegrityFailure, MalformedError
from ledger.leaf import hash_leaf
from ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    Subtree,
    check_consistency,
    check_inclusion,
    node_hash,
    prove_consistency,
    prove_inclusion,
    reader_of,
    root_of,
    tree_root,
)
from support import naive_merkle as naive

LARGEST = 64
SIZES = range(LARGEST + 1)
DATA = [b"entry %d" % position for position in range(LARGEST + 1)]
LEAVES = [hash_leaf(data) for data in DATA]
ROOTS = [naive.tree_hash(DATA[:size]) for size in range(LARGEST + 2)]
READ = reader_of(LEAVES[:LARGEST])
STRANGER = hash_leaf(b"never recorded")

# The leaves of the Certificate Transparency test suite and what RFC 6962 makes of them, as
# published with its reference implementation (transparency-dev/merkle, testonly/constants.go).
PUBLISHED_DATA = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
PUBLISHED_CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def damaged(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Every proof one step away: shorter, longer, reordered, one bit of one hash flipped."""
    for place, node in enumerate(proof):
        yield [*proof[:place], *proof[place + 1 :]]
        bit = (37 * place + 11 * len(proof)) % 256
        yield [*proof[:place], flipped(node, bit), *proof[place + 1 :]]
        yield [*proof[:place], node[:-1], *proof[place + 1 :]]
    for place in range(len(proof) + 1):
        yield [*proof[:place], STRANGER, *proof[place:]]
    for place in range(len(proof) - 1):
        yield [*proof[:place], proof[place + 1], proof[place], *proof[place + 2 :]]


def flipped(node: bytes, bit: int) -> bytes:
    """The hash with one bit changed."""
    return (int.from_bytes(node, "big") ^ 1 << bit).to_bytes(len(node), "big")


def test_published_roots_are_met() -> None:
    """The roots of the Certificate Transparency test leaves come out as published."""
    hashes = [hash_leaf(data) for data in PUBLISHED_DATA]
    assert [tree_root(hashes[:size]).hex() for size in range(9)] == PUBLISHED_ROOTS


def test_published_proofs_are_met() -> None:
    """Inclusion and consistency proofs of the published leaves come out as published."""
    read = reader_of([hash_leaf(data) for data in PUBLISHED_DATA])
    for (index, size), proof in PUBLISHED_INCLUSION.items():
        ours = prove_inclusion(read, index=index, size=size)
        assert [node.hex() for node in ours] == proof
    for (old_size, new_size), proof in PUBLISHED_CONSISTENCY.items():
        ours = prove_consistency(read, old_size=old_size, new_size=new_size)
        assert [node.hex() for node in ours] == proof


def test_published_refusals_are_met() -> None:
    """What the published suites make of each true proof, and expect to be refused, is refused."""
    leaves = [hash_leaf(data) for data in PUBLISHED_DATA]
    roots = [bytes.fromhex(root) for root in PUBLISHED_ROOTS]
    for (index, size), spelled in PUBLISHED_INCLUSION.items():
        proof = [bytes.fromhex(node) for node in spelled]
        true = {"index": index, "size": size, "leaf": leaves[index], "root": roots[size]}
        for change in (
            *({"index": place} for place in (index - 1, index + 1, index ^ 2)),
            *({"size": other} for other in (size * 2, size // 2)),
            *({"root": root} for root in (STRANGER, b"")),
            {"leaf": STRANGER},
        ):
            assert not check_inclusion(**true | change, proof=proof), (index, size, change)
        for other in lengthened(proof, roots[size]):
            assert not check_inclusion(**true, proof=other)
    for (old_size, new_size), spelled in PUBLISHED_CONSISTENCY.items():
        proof = [bytes.fromhex(node) for node in spelled]
        old, new = roots[old_size], roots[new_size]
        true = {"old_size": old_size, "new_size": new_size, "old_root": old, "new_root": new}
        for change in (
            *({"old_size": size} for size in (old_size - 1, old_size + 1, old_size ^ 2)),
            *({"new_size": size} for size in (new_size * 2, new_size // 2)),
            {"old_root": STRANGER},
            {"new_root": STRANGER},
            *([{"old_root": new, "new_root": old}] if old != new else []),
        ):
            assert not check_consistency(**true | change, proof=proof), (old_size, new_size, change)
        for other in (*lengthened(proof, old), *lengthened(proof, new), *([[]] if proof else [])):
            assert not check_consistency(**true, proof=other)


def lengthened(proof: Sequence[bytes], root: bytes) -> Iterator[list[bytes]]:
    """The proof with a root, an empty or a strange hash before or behind it, and one shorter."""
    for more in (root, b"", STRANGER):
        yield [more, *proof]
        yield [*proof, more]
    if proof:
        yield list(proof[:-1])


def test_worked_example_is_true() -> None:
    """The five-leaf tree of the module docstring has the proofs and the bytes it says."""
    a, b, c, d, e = LEAVES[:5]
    x, y = node_hash(a, b), node_hash(c, d)
    g = node_hash(x, y)
    assert tree_root(LEAVES[:5]) == node_hash(g, e)
    assert prove_inclusion(READ, index=2, size=5) == [d, x, e]
    assert prove_consistency(READ, old_size=3, new_size=5) == [c, d, x, e]
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    assert frontier.to_bytes() == bytes.fromhex("0000000000000005") + g + e


def test_every_root_is_defined_once() -> None:
    """Frontier, reader and the recursive definition agree on the root of each size."""
    frontier = Frontier()
    for size in SIZES:
        assert frontier.size == size
        assert frontier.root() == root_of(READ, size=size) == ROOTS[size]
        frontier.append(LEAVES[size])


def test_empty_root_hashes_nothing() -> None:
    """The empty tree's root is SHA-256 of no bytes."""
    assert tree_root([]) == Frontier().root() == root_of(READ, size=0) == EMPTY_ROOT == ROOTS[0]


def test_every_batching_grows_alike() -> None:
    """However leaves are cut into two batches, the frontier is the same."""
    for size in SIZES:
        whole = Frontier()
        whole.extend(LEAVES[:size])
        for cut in range(size + 1):
            parts = Frontier()
            parts.extend(LEAVES[:cut])
            parts.extend(iter(LEAVES[cut:size]))
            assert parts == whole


def test_large_batches_grow_alike() -> None:
    """Past its internal batch size the frontier still has the root of the definition."""
    data = [b"%d" % number for number in range(10_001)]
    frontier = Frontier()
    frontier.extend(hash_leaf(entry) for entry in data)
    assert frontier.root() == naive.tree_hash(data)


def test_frontier_survives_its_bytes() -> None:
    """A frontier read back grows to the same roots."""
    frontier = Frontier()
    for size in SIZES:
        again = Frontier.from_bytes(frontier.to_bytes())
        assert (again, again.size, again.root()) == (frontier, size, ROOTS[size])
        again.append(LEAVES[size])
        assert again.root() == ROOTS[size + 1]
        frontier.append(LEAVES[size])


def test_copied_frontier_grows_apart() -> None:
    """A copy's leaves do not reach the original."""
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    frontier.copy().extend(LEAVES[5:9])
    assert (frontier.size, frontier.root()) == (5, ROOTS[5])


def test_frontier_bytes_are_strict() -> None:
    """Only bytes of the one length their size asks for are a frontier."""
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    data = frontier.to_bytes()
    for length in range(len(data)):
        with pytest.raises(MalformedError):
            Frontier.from_bytes(data[:length])
    with pytest.raises(MalformedError):
        Frontier.from_bytes(data + bytes(32))
    with pytest.raises(MalformedError):
        Frontier.from_bytes((7).to_bytes(8, "big") + data[8:])


@pytest.mark.parametrize("leaf_hash", [b"", bytes(31), bytes(33)])
def test_malformed_leaf_hashes_are_refused(leaf_hash: bytes) -> None:
    """No tree grows by a hash that has not 32 bytes."""
    with pytest.raises(MalformedError):
        Frontier().extend([LEAVES[0], leaf_hash])


def test_every_inclusion_proof_checks() -> None:
    """Both provers give the same proof and both checkers take it, for each leaf of each size."""
    for size in SIZES:
        for index in range(size):
            proof = prove_inclusion(READ, index=index, size=size)
            assert proof == naive.inclusion_path(index, DATA[:size])
            assert naive.root_by_inclusion(index, size, LEAVES[index], proof) == ROOTS[size]
            assert check_inclusion(
                index=index, size=size, leaf=LEAVES[index], proof=proof, root=ROOTS[size]
            )


def test_damaged_inclusion_proofs_fail() -> None:
    """No proof one step away from a true one is taken, for any leaf of any size."""
    for size in SIZES:
        for index in range(size):
            for proof in damaged(prove_inclusion(READ, index=index, size=size)):
                assert not check_inclusion(
                    index=index, size=size, leaf=LEAVES[index], proof=proof, root=ROOTS[size]
                )


@pytest.mark.slow
def test_inclusion_holds_for_one_place() -> None:
    """A proof is taken for no other index, leaf or root, and for no other size with its root."""
    for size in SIZES:
        for index in range(size):
            true = {
                "index": index,
                "size": size,
                "leaf": LEAVES[index],
                "proof": prove_inclusion(READ, index=index, size=size),
                "root": ROOTS[size],
            }
            for other in range(-1, LARGEST + 2):
                if other != index:
                    assert not check_inclusion(**true | {"index": other})
                if other not in (-1, size):
                    assert not check_inclusion(**true | {"size": other, "root": ROOTS[other]})
                    assert not check_inclusion(**true | {"root": ROOTS[other]})
            assert not check_inclusion(**true | {"leaf": STRANGER})
            assert not check_inclusion(**true | {"leaf": LEAVES[index] + b"\x00"})


def test_inclusion_claims_are_judged_alike() -> None:
    """Of all claims of place and size for a true proof, both checkers take the same ones."""
    for size in range(1, 10):
        for index in range(size):
            proof = prove_inclusion(READ, index=index, size=size)
            for claimed_size in range(1, 18):
                for claimed in range(claimed_size):
                    root = naive.root_by_inclusion(claimed, claimed_size, LEAVES[index], proof)
                    assert (root == ROOTS[size]) == check_inclusion(
                        index=claimed,
                        size=claimed_size,
                        leaf=LEAVES[index],
                        proof=proof,
                        root=ROOTS[size],
                    )


def test_inclusion_borders_cannot_move() -> None:
    """A byte pushed from one hash into its neighbour, though it hashes the same, is noticed."""
    first, *rest = prove_inclusion(READ, index=0, size=5)
    leaf, proof = LEAVES[0] + first[:1], [first[1:], *rest]
    assert naive.root_by_inclusion(0, 5, leaf, proof) == ROOTS[5]
    assert not check_inclusion(index=0, size=5, leaf=leaf, proof=proof, root=ROOTS[5])


def test_every_bit_of_inclusion_counts() -> None:
    """Flipping any bit of leaf, root or proof is noticed."""
    true = {
        "index": 4,
        "size": 7,
        "leaf": LEAVES[4],
        "proof": prove_inclusion(READ, index=4, size=7),
        "root": ROOTS[7],
    }
    for bit in range(256):
        assert not check_inclusion(**true | {"leaf": flipped(LEAVES[4], bit)})
        assert not check_inclusion(**true | {"root": flipped(ROOTS[7], bit)})
        for place, node in enumerate(true["proof"]):
            proof = [*true["proof"][:place], flipped(node, bit), *true["proof"][place + 1 :]]
            assert not check_inclusion(**true | {"proof": proof})


def test_every_consistency_proof_checks() -> None:
    """Both provers give the same proof and both checkers take it, for each pair of sizes."""
    for new_size in SIZES:
        for old_size in range(1, new_size + 1):
            proof = prove_consistency(READ, old_size=old_size, new_size=new_size)
            assert proof == naive.consistency_path(old_size, DATA[:new_size])
            roots = (ROOTS[old_size], ROOTS[new_size])
            assert naive.roots_by_consistency(old_size, new_size, roots[0], proof) == roots
            assert check_consistency(
                old_size=old_size,
                new_size=new_size,
                old_root=roots[0],
                new_root=roots[1],
                proof=proof,
            )


def test_damaged_consistency_proofs_fail() -> None:
    """No proof one step away from a true one is taken, for any pair of sizes."""
    for new_size in SIZES:
        for old_size in range(new_size + 1):
            for proof in damaged(prove_consistency(READ, old_size=old_size, new_size=new_size)):
                assert not check_consistency(
                    old_size=old_size,
                    new_size=new_size,
                    old_root=ROOTS[old_size],
                    new_root=ROOTS[new_size],
                    proof=proof,
                )


@pytest.mark.slow
def test_consistency_holds_for_one_pair() -> None:
    """A proof is taken for no other old or new tree."""
    for new_size in SIZES:
        for old_size in range(1, new_size + 1):
            true = {
                "old_size": old_size,
                "new_size": new_size,
                "old_root": ROOTS[old_size],
                "new_root": ROOTS[new_size],
                "proof": prove_consistency(READ, old_size=old_size, new_size=new_size),
            }
            for other in range(1, LARGEST + 2):
                # Equal sizes need no hashes, whatever their size.
                if other != old_size and not (old_size == new_size and other == new_size):
                    changed = true | {"old_size": other, "old_root": ROOTS[other]}
                    assert not check_consistency(**changed)
                    assert not check_consistency(**true | {"old_root": ROOTS[other]})
                if other != new_size:
                    changed = true | {"new_size": other, "new_root": ROOTS[other]}
                    assert not check_consistency(**changed)
                    assert not check_consistency(**true | {"new_root": ROOTS[other]})


def test_consistency_claims_are_judged_alike() -> None:
    """Of all claims of sizes for a true proof, both checkers take the same ones."""
    for new_size in range(1, 10):
        for old_size in range(1, new_size + 1):
            proof = prove_consistency(READ, old_size=old_size, new_size=new_size)
            roots = (ROOTS[old_size], ROOTS[new_size])
            for claimed_new in range(1, 18):
                for claimed_old in range(1, claimed_new + 1):
                    found = naive.roots_by_consistency(claimed_old, claimed_new, roots[0], proof)
                    assert (found == roots) == check_consistency(
                        old_size=claimed_old,
                        new_size=claimed_new,
                        old_root=roots[0],
                        new_root=roots[1],
                        proof=proof,
                    )


def test_consistency_borders_cannot_move() -> None:
    """A byte pushed from the proof into the old root, though it hashes the same, is noticed."""
    first, *rest = prove_consistency(READ, old_size=4, new_size=7)
    old_root, proof = ROOTS[4] + first[:1], [first[1:], *rest]
    assert naive.roots_by_consistency(4, 7, old_root, proof) == (old_root, ROOTS[7])
    assert not check_consistency(
        old_size=4, new_size=7, old_root=old_root, new_root=ROOTS[7], proof=proof
    )


def test_every_bit_of_consistency_counts() -> None:
    """Flipping any bit of either root or of the proof is noticed."""
    for old_size in (3, 4, 6):
        true = {
            "old_size": old_size,
            "new_size": 7,
            "old_root": ROOTS[old_size],
            "new_root": ROOTS[7],
            "proof": prove_consistency(READ, old_size=old_size, new_size=7),
        }
        for bit in range(256):
            assert not check_consistency(**true | {"old_root": flipped(ROOTS[old_size], bit)})
            assert not check_consistency(**true | {"new_root": flipped(ROOTS[7], bit)})
            for place, node in enumerate(true["proof"]):
                proof = [*true["proof"][:place], flipped(node, bit), *true["proof"][place + 1 :]]
                assert not check_consistency(**true | {"proof": proof})


def test_every_tree_follows_nothing() -> None:
    """Each tree goes on from the empty one, with an empty proof and only that."""
    for size in SIZES:
        true = {"old_size": 0, "new_size": size, "old_root": EMPTY_ROOT, "new_root": ROOTS[size]}
        assert prove_consistency(READ, old_size=0, new_size=size) == []
        assert check_consistency(**true, proof=[])
        assert not check_consistency(**true, proof=[STRANGER])
        assert not check_consistency(**true | {"old_root": STRANGER}, proof=[])
    assert not check_consistency(
        old_size=0, new_size=0, old_root=STRANGER, new_root=STRANGER, proof=[]
    )


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (6, 5)])
def test_absent_leaves_have_no_proof(index: int, size: int) -> None:
    """Asking for a leaf the tree has not is an error of the caller."""
    with pytest.raises(MalformedError):
        prove_inclusion(READ, index=index, size=size)


@pytest.mark.parametrize(("old_size", "new_size"), [(-1, 5), (6, 5), (0, -1)])
def test_shrinking_trees_have_no_proof(old_size: int, new_size: int) -> None:
    """Asking how a smaller tree follows a larger one is an error of the caller."""
    with pytest.raises(MalformedError):
        prove_consistency(READ, old_size=old_size, new_size=new_size)


def test_provers_read_once() -> None:
    """Each proof asks for all it needs in one reading, and only for complete subtrees."""
    asked: list[Sequence[Subtree]] = []

    def read(subtrees: Sequence[Subtree], /) -> Sequence[bytes]:
        asked.append(subtrees)
        return READ(subtrees)

    prove_inclusion(read, index=2, size=7)
    prove_consistency(read, old_size=3, new_size=7)
    root_of(read, size=7)
    assert asked == [
        [(0, 3), (1, 0), (1, 2), (0, 6)],
        [(0, 2), (0, 3), (1, 0), (1, 2), (0, 6)],
        [(2, 0), (1, 2), (0, 6)],
    ]


@pytest.mark.parametrize("answer", [[], [bytes(32)], [bytes(31)] * 3, [bytes(32)] * 4])
def test_damaged_storage_is_noticed(answer: list[bytes]) -> None:
    """A reader that answers with too few, too many or misshapen hashes is not believed."""
    with pytest.raises(IntegrityFailure):
        prove_inclusion(lambda subtrees: answer, index=2, size=5)
