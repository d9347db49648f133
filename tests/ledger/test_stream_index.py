from __future__ import annotations

import tracemalloc
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import IntegrityFailure
from ledger.stream_index import (
    EMPTY_INDEX,
    IndexEntry,
    IndexProof,
    StreamIndex,
    check_index,
    index_key,
    index_root,
)

STREAMS = [f"beijing/id:c{number}" for number in range(64)]


def _entry_of(number: int) -> IndexEntry:
    return IndexEntry(number + 1, bytes([number]) * 32, bytes([255 - number]) * 32)


def _entries_of(numbers: list[int]) -> dict[str, IndexEntry]:
    return {STREAMS[number]: _entry_of(number) for number in numbers}


class TestRoot:
    def test_example_in_the_specification(self) -> None:
        """The worked example has the root its page gives."""
        index = StreamIndex({"xian": IndexEntry(1, bytes(32), bytes(32))})
        assert index.root().hex() == (
            "ba56f9a48623cb2bcb8c0c917356ef355653c3c5878ce9d5a59c2f9e43382b7e"
        )

    def test_nothing_has_the_empty_root(self) -> None:
        """An index without streams has the root of 32 zero bytes."""
        assert StreamIndex().root() == EMPTY_INDEX

    @given(st.lists(st.integers(0, 63), unique=True), st.data())
    @settings(max_examples=50, deadline=None)
    def test_any_order_gives_one_root(self, numbers: list[int], data: st.DataObject) -> None:
        """Streams put in batch by batch, some of them again, give the root of all at once."""
        index = StreamIndex()
        rest = data.draw(st.permutations(numbers))
        while rest:
            length = data.draw(st.integers(1, len(rest)))
            index.update((s, IndexEntry(9, bytes(32))) for s in _entries_of(rest[:length]))
            index.update(_entries_of(rest[:length]).items())
            rest = rest[length:]
        assert index.root() == index_root(_entries_of(numbers).items())
        assert len(index) == len(numbers)

    @given(st.integers(1, 64))
    @settings(max_examples=20, deadline=None)
    def test_the_root_is_that_of_the_specification(self, count: int) -> None:
        """Any number of streams gives the root that the rules of the trie give, bit by bit."""
        entries = _entries_of(list(range(count)))
        leaves = {
            int.from_bytes(index_key(stream), "big"): sha256(
                b"\x02"
                + index_key(stream)
                + entry.version.to_bytes(8, "big")
                + entry.head
                + entry.status
            ).digest()
            for stream, entry in entries.items()
        }
        assert StreamIndex(entries).root() == _plain_root(leaves, 255)

    def test_a_stream_costs_little_memory(self) -> None:
        """Fewer than 170 bytes each, the hashes of the trie included."""
        count = 20_000
        tracemalloc.start()
        try:
            index = StreamIndex()
            for start in range(0, count, 5_000):
                index.update(
                    (f"beijing/id:c{number}", IndexEntry(1, bytes(32), bytes(32)))
                    for number in range(start, start + 5_000)
                )
            index.root()
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(index) == count
        assert used < 170 * count

    @pytest.mark.parametrize("field", ["version", "head", "status"])
    def test_every_field_counts(self, field: str) -> None:
        """Another version, head or status of one stream gives another root."""
        entries = _entries_of([1, 2, 3])
        changed = {"version": 7, "head": bytes(32), "status": bytes(32)}[field]
        other = {**entries, STREAMS[2]: entries[STREAMS[2]]._replace(**{field: changed})}
        assert index_root(entries.items()) != index_root(other.items())


class TestProofs:
    @given(st.lists(st.integers(0, 63), unique=True))
    @settings(max_examples=50, deadline=None)
    def test_every_stream_is_answered(self, numbers: list[int]) -> None:
        """Each stream is proven with its values, or proven absent, by the same root."""
        entries = _entries_of(numbers)
        index = StreamIndex(entries)
        for stream in STREAMS:
            found = check_index(stream, index.prove(stream), root=index.root())
            assert found == entries.get(stream)

    def test_flipped_bits_are_refused(self) -> None:
        """No bit of a proof can be flipped: it then leads to another root, or elsewhere."""
        index = StreamIndex(_entries_of(list(range(20))))
        proof, root = index.prove(STREAMS[5]), index.root()
        assert proof.end is not None
        for other in _flipped(proof):
            with pytest.raises(IntegrityFailure):
                check_index(STREAMS[5], other, root=root)

    def test_a_proof_of_another_stream_is_refused(self) -> None:
        """The leaf of one stream does not stand for another that is present."""
        index = StreamIndex(_entries_of(list(range(20))))
        with pytest.raises(IntegrityFailure):
            check_index(STREAMS[5], index.prove(STREAMS[6]), root=index.root())

    def test_a_longer_way_is_refused(self) -> None:
        """A proof of more hashes than a key has bits is none."""
        proof = IndexProof((bytes(32),) * 257, None)
        with pytest.raises(IntegrityFailure):
            check_index(STREAMS[0], proof, root=EMPTY_INDEX)

    def test_a_hash_of_another_length_is_refused(self) -> None:
        """A sibling that has not 32 bytes is no hash."""
        with pytest.raises(IntegrityFailure):
            check_index(STREAMS[0], IndexProof((b"",), None), root=EMPTY_INDEX)

    def test_no_leaf_shows_absence_of_itself(self) -> None:
        """The key of a stream at the end of the way is presence, never absence."""
        index = StreamIndex(_entries_of([3]))
        proof = index.prove(STREAMS[3])
        assert proof.end == (index_key(STREAMS[3]), _entry_of(3))


def _plain_root(leaves: dict[int, bytes], bit: int) -> bytes:
    """The trie's root as docs/formats.md says it, without pages."""
    if len(leaves) < 2:
        return next(iter(leaves.values()), EMPTY_INDEX)
    left = {key: found for key, found in leaves.items() if not key >> bit & 1}
    right = {key: found for key, found in leaves.items() if key >> bit & 1}
    both = _plain_root(left, bit - 1) + _plain_root(right, bit - 1)
    return sha256(b"\x03" + both).digest()


def _flipped(proof: IndexProof) -> list[IndexProof]:
    """The proof with each bit of its hashes and its end flipped, one at a time."""
    found = []
    for place, sibling in enumerate(proof.siblings):
        for other in _bits(sibling):
            siblings = (*proof.siblings[:place], other, *proof.siblings[place + 1 :])
            found.append(proof._replace(siblings=siblings))
    assert proof.end is not None
    key, entry = proof.end
    found += [proof._replace(end=(other, entry)) for other in _bits(key)]
    found += [proof._replace(end=(key, entry._replace(head=other))) for other in _bits(entry.head)]
    found += [
        proof._replace(end=(key, entry._replace(status=other))) for other in _bits(entry.status)
    ]
    found += [
        proof._replace(end=(key, entry._replace(version=entry.version ^ 1 << bit)))
        for bit in range(63)
    ]
    return found


def _bits(value: bytes) -> list[bytes]:
    return [
        bytes(b ^ (1 << bit) if place == number else b for place, b in enumerate(value))
        for number in range(len(value))
        for bit in range(8)
    ]
