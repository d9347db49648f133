from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.stream_table import START, StreamState, StreamTable

LEAF = bytes(range(32))


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.integers(0, 2**63 - 1),
            st.binary(min_size=32, max_size=32),
        )
    )
)
def test_the_last_state_stands(changes: list[tuple[str, int, bytes]]) -> None:
    """Each stream stands where it was put last, in the order the streams came first."""
    table, expected = StreamTable(), dict[str, StreamState]()
    for stream, version, leaf in changes:
        table.put(stream, StreamState(version, leaf))
        expected[stream] = StreamState(version, leaf)
    assert list(table.items()) == list(expected.items())
    assert [table[stream] for stream in expected] == list(expected.values())
    assert (len(table), set(table)) == (len(expected), set(expected))


@pytest.mark.parametrize(
    ("version", "leaf", "expected"),
    [
        (3, LEAF, True),
        (2, LEAF, False),
        (3, LEAF[::-1], False),
        (3.0, LEAF, False),
        (3, LEAF.hex(), False),
        (None, None, False),
    ],
)
def test_where_a_stream_stands(version: object, leaf: object, expected: bool) -> None:
    """Only its own version and leaf are said to be where it stands, whatever a row holds."""
    table = StreamTable()
    table.put("a", StreamState(1, LEAF[::-1]))
    table.put("b", StreamState(3, LEAF))
    assert table.stands_at(table.places["b"], version, leaf) is expected


def test_a_stream_goes_on_only_from_where_it_stands() -> None:
    """A share that began elsewhere is not taken, and changes nothing."""
    table = StreamTable()
    first, second = StreamState(1, LEAF), StreamState(2, LEAF[::-1])
    assert not table.go_on("a", first, second)
    assert table.go_on("a", START, first)
    assert not table.go_on("a", START, second)
    assert not table.go_on("a", StreamState(1, LEAF[::-1]), second)
    assert table["a"] == first
    assert table.go_on("a", first, second)
    assert table["a"] == second


def test_what_went_on_is_marked() -> None:
    """Streams that are new or went on since the marks were cleared, in the order they came."""
    table = StreamTable()
    for stream in "abc":
        table.put(stream, StreamState(1, LEAF))
    assert list(table.marked()) == ["a", "b", "c"]
    table.clear_marks()
    assert list(table.marked()) == []
    table.put("d", StreamState(1, LEAF))
    assert table.go_on("b", StreamState(1, LEAF), StreamState(2, LEAF))
    assert list(table.marked()) == ["b", "d"]


def test_a_stream_without_entries_stands_at_the_start() -> None:
    """Nothing is known of it, and its first entry has version 1."""
    table = StreamTable()
    assert table["xian"] == START == (0, bytes(32))
    assert "xian" not in table


@pytest.mark.parametrize(
    ("stream", "version", "leaf"),
    [
        ("xian", -1, LEAF),
        ("xian", 2**63, LEAF),
        ("xian", 1, LEAF[:31]),
        ("xian", 1, LEAF + b"x"),
        ("xian", True, LEAF),
        ("xian", 1.0, LEAF),
        ("xian", 1, LEAF.hex()[:32]),
        (b"xian", 1, LEAF),
        (None, 1, LEAF),
    ],
)
def test_what_no_stream_comes_to_is_refused(stream: Any, version: Any, leaf: Any) -> None:
    """A damaged row must not shift the leaves of the streams beside it."""
    table = StreamTable()
    table.put("a", StreamState(1, LEAF))
    with pytest.raises(ValueError, match=r"wrong type|no version"):
        table.put(stream, StreamState(version, leaf))
    table.put("b", StreamState(2, LEAF[::-1]))
    assert dict(table.items()) == {"a": (1, LEAF), "b": (2, LEAF[::-1])}


def test_a_stream_costs_little_memory() -> None:
    """Fewer than 220 bytes each, names included."""
    count = 40_000
    tracemalloc.start()
    try:
        table = StreamTable()
        for number in range(count):
            table.put(f"beijing/id:c{number:07d}", StreamState(number, LEAF))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 220 * count
