"""Tile layout: which tiles a tree has, where a subtree lies, and how paths and bundles read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedError
from ledger.merkle import Subtree
from ledger.tiles import (
    TILE_WIDTH,
    Tile,
    format_bundle,
    format_bundle_path,
    format_tile_path,
    parse_bundle,
    parse_bundle_path,
    parse_tile_path,
    place_of,
    split_hashes,
    tile_of,
    tiles_of,
)

WIDTHS = st.integers(1, TILE_WIDTH)
NUMBERS = st.integers(0, 2**62)


def test_specified_example_is_true() -> None:
    """A tree of 70,000 leaves has the tiles that tlog-tiles says it has."""
    levels = [list(tiles_of(70_000, level=level)) for level in range(4)]
    assert [len(tiles) for tiles in levels] == [274, 2, 1, 0]
    assert [tiles[-1].width for tiles in levels[:3]] == [112, 17, 1]
    assert all(tile.is_full for tiles in levels for tile in tiles[:-1])


def test_full_tree_has_no_empty_tile() -> None:
    """256 leaves make one full tile and above it a partial one of width 1."""
    levels = [list(tiles_of(256, level=level)) for level in range(3)]
    assert levels == [[Tile(0, 0)], [Tile(1, 0, 1)], []]


def test_tiles_cover_each_level() -> None:
    """The tiles of a level hold each complete subtree of that height once, for every size."""
    for size in range(600):
        for level in (0, 1):
            held = sum(tile.width for tile in tiles_of(size, level=level))
            assert held == size >> 8 * level


@given(st.integers(0, 40), st.integers(0, 2**20), st.integers(0, 2**20))
def test_subtree_lies_in_one_tile(level: int, number: int, more: int) -> None:
    """Tile and place inside it say the same leaves as the subtree does."""
    first, leaves = number << level, 1 << level
    tile = tile_of(Subtree(level, number), size=first + leaves + more)
    place = place_of(Subtree(level, number))
    unit = 1 << 8 * tile.level
    assert tile.start + (place.number << place.level) * unit == first
    assert unit << place.level == leaves
    assert (place.number + 1) << place.level <= tile.width


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(0, 1_234_067, 44), "tile/0/x001/x234/067.p/44"),
        (Tile(2, 1_000), "tile/2/x001/000"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
    ],
)
def test_paths_are_spelled_as_specified(tile: Tile, path: str) -> None:
    """A tile has the path the specification gives it, and the path names the tile."""
    assert format_tile_path(tile) == path
    assert parse_tile_path(path) == tile


@given(st.integers(0, 63), NUMBERS, WIDTHS)
def test_tile_paths_come_back(level: int, number: int, width: int) -> None:
    """Every tile is read back from its path."""
    tile = Tile(level, number, width)
    assert parse_tile_path(format_tile_path(tile)) == tile


@given(NUMBERS, WIDTHS)
def test_bundle_paths_come_back(number: int, width: int) -> None:
    """Every bundle is read back from its path."""
    assert parse_bundle_path(format_bundle_path(number, width)) == (number, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/000\n",
        "tile/entries/000",
    ],
)
def test_other_spellings_are_refused(path: str) -> None:
    """What is not the one spelling of a tile's path names none."""
    with pytest.raises(MalformedError):
        parse_tile_path(path)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000.p/256", "tile/entries/x000/001"])
def test_no_bundle_is_misread(path: str) -> None:
    """What is not the one spelling of a bundle's path names none."""
    with pytest.raises(MalformedError):
        parse_bundle_path(path)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_bundles_come_back(entries: list[bytes]) -> None:
    """Entries are read back from a bundle, empty ones too."""
    assert parse_bundle(format_bundle(entries)) == entries


def test_bundle_is_bytewise_known() -> None:
    """Each entry follows its length as two bytes, the higher one first."""
    assert format_bundle([b"a" * 258, b""]) == b"\x01\x02" + b"a" * 258 + b"\x00\x00"


def test_cut_bundles_are_refused() -> None:
    """A bundle cut anywhere but between two entries is none."""
    data = format_bundle([b"one", b"three"])
    for length in set(range(len(data))) - {0, 5}:
        with pytest.raises(MalformedError):
            parse_bundle(data[:length])


def test_oversized_entry_is_refused() -> None:
    """An entry whose length does not fit two bytes is in no bundle."""
    format_bundle([bytes(65_535)])
    with pytest.raises(MalformedError):
        format_bundle([bytes(65_536)])


@pytest.mark.parametrize("length", [0, 31, 33, 257 * 32])
def test_odd_tiles_are_refused(length: int) -> None:
    """Only 1 to 256 whole hashes are a tile."""
    with pytest.raises(MalformedError):
        split_hashes(bytes(length))
