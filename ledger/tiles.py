"""Tiles: a tree cut into pieces of 256 hashes, named and laid out as C2SP `tlog-tiles` has them.

Tile `number` of `level` holds the roots of 256 neighbouring subtrees of 256^level leaves each: leaf
hashes on level 0, and above, one root for each full tile of the level below. A full tile never
changes. A tree of n leaves has floor(n / 256^level) hashes on a level, so that its last tile there
is mostly a partial one, as wide as the remainder. 70,000 leaves make

    level 0   273 full tiles, a partial one of 112 leaf hashes      tile/0/000 … tile/0/273.p/112
    level 1   one full tile, a partial one of 17 roots              tile/1/000, tile/1/001.p/17
    level 2   a partial one of 1 root                               tile/2/000.p/1

*Paths.* The number stands in groups of three digits, all but the last one after an `x`: tile
1,234,067 of level 0 is `tile/0/x001/x234/067`. A partial tile has its width after `.p/`.

*Entry bundles* are cut like the tiles of level 0 and lie under `tile/entries/`. Each entry, here
the text that is hashed (`ledger.leaf`), stands after its length in bytes, a big-endian uint16.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ledger.errors import MalformedError
from ledger.merkle import HASH_BYTES, Subtree

__all__ = [
    "TILE_BYTES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Tile",
    "format_bundle",
    "format_bundle_path",
    "format_tile_path",
    "parse_bundle",
    "parse_bundle_path",
    "parse_tile_path",
    "place_of",
    "split_hashes",
    "tile_of",
    "tiles_of",
]

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES

_NUMBER = r"((?:x[0-9]{3}/){0,6}[0-9]{3})"  # the last tile of 2^64 leaves has 17 digits
_WIDTH = r"(?:\.p/([1-9][0-9]{0,2}))?"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?)/{_NUMBER}{_WIDTH}", re.ASCII)
_BUNDLE_PATH = re.compile(rf"tile/entries/{_NUMBER}{_WIDTH}", re.ASCII)
_HIGHEST_LEVEL = 63
_LONGEST_ENTRY = (1 << 16) - 1


class Tile(NamedTuple):
    """A tile, full or, with less than 256 hashes, partial."""

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def is_full(self) -> bool:
        """Whether it holds all the hashes it can hold."""
        return self.width == TILE_WIDTH

    @property
    def start(self) -> int:
        """The first leaf below it."""
        return self.number << TILE_HEIGHT * (self.level + 1)

    @property
    def stop(self) -> int:
        """The leaf after the last one below it."""
        return self.start + (self.width << TILE_HEIGHT * self.level)


def tile_of(subtree: Subtree, *, size: int) -> Tile:
    """The tile a subtree lies in, as wide as it is in a tree of `size` leaves."""
    level, inner = divmod(subtree.level, TILE_HEIGHT)
    number = subtree.number >> TILE_HEIGHT - inner
    return _clipped(level, number, size)


def place_of(subtree: Subtree) -> Subtree:
    """Where a subtree lies inside its tile, the hashes of the tile being the leaves."""
    inner = subtree.level % TILE_HEIGHT
    return Subtree(inner, subtree.number & (TILE_WIDTH >> inner) - 1)


def tiles_of(size: int, *, level: int, start: int = 0) -> Iterator[Tile]:
    """The tiles a tree of `size` leaves has on a level, from tile `start` on, none empty."""
    hashes = size >> TILE_HEIGHT * level
    for number in range(start, -(-hashes // TILE_WIDTH)):
        yield _clipped(level, number, size)


def _clipped(level: int, number: int, size: int) -> Tile:
    hashes = size >> TILE_HEIGHT * level
    return Tile(level, number, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


# --- paths --------------------------------------------------------------------------------------


def format_tile_path(tile: Tile) -> str:
    """The path of a tile, such as `tile/0/x001/x234/067.p/44`."""
    return f"tile/{tile.level}/{_format_place(tile.number, tile.width)}"


def parse_tile_path(path: str) -> Tile:
    """The tile at a path; MalformedError for any but the one spelling of a path."""
    found = _TILE_PATH.fullmatch(path)
    if found and int(found[1]) <= _HIGHEST_LEVEL:
        tile = Tile(int(found[1]), *_parse_place(found[2], found[3]))
        if format_tile_path(tile) == path:
            return tile
    raise MalformedError("{path!r} is no path of a tile", path=path)


def format_bundle_path(number: int, width: int = TILE_WIDTH) -> str:
    """The path of the entries below a tile of level 0, such as `tile/entries/000.p/44`."""
    return f"tile/entries/{_format_place(number, width)}"


def parse_bundle_path(path: str) -> tuple[int, int]:
    """Number and width of the bundle at a path; MalformedError for any but the one spelling."""
    found = _BUNDLE_PATH.fullmatch(path)
    if found:
        number, width = _parse_place(found[1], found[2])
        if format_bundle_path(number, width) == path:
            return number, width
    raise MalformedError("{path!r} is no path of an entry bundle", path=path)


def _format_place(number: int, width: int) -> str:
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(reversed(groups)) + suffix


def _parse_place(groups: str, width: str | None) -> tuple[int, int]:
    """Number and width; a width no partial tile has is spelled otherwise when formatted."""
    number = int(groups.replace("x", "").replace("/", ""))
    return number, min(int(width), TILE_WIDTH) if width else TILE_WIDTH


# --- contents -----------------------------------------------------------------------------------


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile; MalformedError unless there are 1 to 256 whole ones."""
    if not 0 < len(data) <= TILE_BYTES or len(data) % HASH_BYTES:
        raise MalformedError("a tile holds 1 to 256 hashes of 32 bytes")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def format_bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of an entry bundle; MalformedError for an entry of 64 KiB or more."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > _LONGEST_ENTRY:
            raise MalformedError("an entry of a bundle has at most 65535 bytes")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def parse_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; MalformedError if it ends inside one."""
    entries, start = [], 0
    while start < len(data):
        body = start + 2
        stop = body + int.from_bytes(data[start:body], "big")
        if stop > len(data) or body > len(data):
            raise MalformedError("an entry bundle ends inside an entry")
        entries.append(data[body:stop])
        start = stop
    return entries
