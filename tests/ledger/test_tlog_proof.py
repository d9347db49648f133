"""Proofs as files: they hold for one leaf, one place and one checkpoint."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.tlog_proof
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.cosignature import cosign
from ledger.errors import IntegrityFailure, LedgerError, MalformedError
from ledger.leaf import hash_leaf
from ledger.merkle import prove_inclusion, reader_of, tree_root
from ledger.note import (
    COSIGNATURE,
    Signer,
    format_note,
    format_signature,
    sign_note,
    with_signatures,
)
from ledger.tlog_proof import MAX_PROOF_LINES, TlogProof, check_proof, format_proof, parse_proof
from support.flips import bit_flips

ORIGIN = "city.example/taizhang/beijing"
LOG = Signer.from_seed(ORIGIN, bytes(range(32)))
WITNESS = Signer.from_seed("witness.example/w1", bytes(range(32, 64)), algorithm=COSIGNATURE)
LEAVES = [hash_leaf(b"%d" % number) for number in range(13)]


def proof_of(index: int, leaves: list[bytes] = LEAVES, *, extra: bytes | None = None) -> TlogProof:
    """The proof of a leaf under a checkpoint signed by LOG."""
    head = Checkpoint(ORIGIN, len(leaves), tree_root(leaves))
    note = sign_note(format_checkpoint(head), [LOG])
    path = prove_inclusion(reader_of(leaves), index=index, size=len(leaves))
    return TlogProof(index, tuple(path), format_note(note), extra)


PROOF = proof_of(5, extra=b"extra")
DATA = format_proof(PROOF)
CHECKPOINT = PROOF.checkpoint.decode()


def test_worked_example_is_true() -> None:
    """The proof of the module docstring is that of its two leaves, log and witness."""
    leaves = [hash_leaf(b"a"), hash_leaf(b"b")]
    text = format_checkpoint(Checkpoint(ORIGIN, 2, tree_root(leaves)))
    line = cosign(text, WITNESS, at=1795420800)
    note = with_signatures(sign_note(text, [LOG]), [line])
    proof = TlogProof(1, (leaves[0],), format_note(note))
    written = dedent(ledger.tlog_proof.__doc__ or "").replace("\n    ", "\n")
    assert format_proof(proof).decode() in written


def test_every_leaf_is_proven() -> None:
    """Each leaf of each size is proven by its file, and the checkpoint comes back."""
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            proof = parse_proof(format_proof(proof_of(index, LEAVES[:size])))
            head = check_proof(proof, LEAVES[index], [LOG.key])
            assert head == Checkpoint(ORIGIN, size, tree_root(LEAVES[:size]))


def test_other_leaves_are_not_proven() -> None:
    """A proof holds for no other leaf and no other index."""
    with pytest.raises(IntegrityFailure, match="path"):
        check_proof(PROOF, LEAVES[6], [LOG.key])
    for index in (0, 4, 6, 13, 10**17):
        with pytest.raises(IntegrityFailure, match="path"):
            check_proof(replace(PROOF, index=index), LEAVES[5], [LOG.key])


def test_unsigned_proofs_say_so() -> None:
    """Without a given key's signature nothing is proven."""
    with pytest.raises(IntegrityFailure, match="none of the given keys"):
        check_proof(PROOF, LEAVES[5], [WITNESS.key])


def test_every_bit_is_bound() -> None:
    """Only the extra data, which nothing vouches for, can change by a bit: the written list."""
    start = DATA.index(b"extra ") + len(b"extra ")
    free = range(start, DATA.index(b"\n", start))
    changed = {place for place, flipped in bit_flips(DATA) if is_proven(flipped)}
    assert changed
    assert changed <= set(free)


def test_cosignatures_are_for_the_caller() -> None:
    """Bits of a line of a signer that was not asked about do not hinder the proof."""
    note = with_signatures(sign_note("\n".join(CHECKPOINT.split("\n")[:3]) + "\n", [LOG]), [])
    line = cosign(note.text, WITNESS, at=1)
    data = format_proof(replace(PROOF, checkpoint=format_note(with_signatures(note, [line]))))
    free = range(len(data) - len(format_signature(line).encode()) - 1, len(data))
    changed = {place for place, flipped in bit_flips(data) if is_proven(flipped)}
    start = data.index(b"extra ") + len(b"extra ")
    assert changed <= {*free, *range(start, data.index(b"\n", start))}


def is_proven(data: bytes) -> bool:
    """Whether the bytes prove leaf 5 in LOG; raises nothing but the module's own errors."""
    try:
        return bool(check_proof(parse_proof(data), LEAVES[5], [LOG.key]))
    except LedgerError:
        return False


@given(
    st.integers(0, 10**18 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF_LINES),
    st.none() | st.binary(min_size=1, max_size=40),
)
def test_proofs_survive_their_bytes(index: int, path: list[bytes], extra: bytes | None) -> None:
    """Any proof is read back from its text."""
    proof = TlogProof(index, tuple(path), PROOF.checkpoint, extra)
    assert parse_proof(format_proof(proof)) == proof


PARTS = [b"c2sp.org/tlog-proof@v1\n", b"extra YQ==\n", b"index 5\n", b"\n", DATA[-100:], b"A" * 44]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=7).map(b"".join))
def test_any_bytes_are_answered(data: bytes) -> None:
    """Any bytes are the one spelling of a proof, or malformed."""
    for whole in (data, data + b"\n" + PROOF.checkpoint):
        try:
            proof = parse_proof(whole)
        except MalformedError:
            continue
        assert format_proof(proof) == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        CHECKPOINT,
        f"c2sp.org/tlog-proof@v1\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v2\nindex 5\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nextra YQ==\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nextra \nindex 5\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 5\nextra YQ==\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 05\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 5\nAAAA\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 5\n\n\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 5\n{'A' * 43}=\n" * 1,
        "c2sp.org/tlog-proof@v1\nindex 5\n" + f"{'A' * 43}=\n" * 64 + f"\n{CHECKPOINT}",
        f"c2sp.org/tlog-proof@v1\nindex 5\n\n{CHECKPOINT[:-1]}",
        DATA.decode().replace("\n", "\r\n"),
    ],
)
def test_other_texts_are_no_proofs(text: str) -> None:
    """Other versions and orders, doubled lines, long paths and broken checkpoints are refused."""
    with pytest.raises(MalformedError):
        parse_proof(text.encode())


@pytest.mark.parametrize(
    "change", [{"index": -1}, {"proof": (b"",)}, {"proof": (bytes(31),)}, {"extra": b""}]
)
def test_unfit_fields_have_no_text(change: dict[str, object]) -> None:
    """What could not be read back is not written."""
    with pytest.raises(MalformedError):
        format_proof(replace(PROOF, **change))
