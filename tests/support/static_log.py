"""A reader of published logs that knows tlog-tiles and RFC 9162, and nothing of the ledger."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from support import naive_merkle as naive

__all__ = ["StaticLog", "files_under", "read_static_log"]


class StaticLog(NamedTuple):
    """What a published folder says: the head of its checkpoint, and every entry below it."""

    origin: str
    size: int
    root: bytes
    entries: list[bytes]


def read_static_log(folder: Path) -> StaticLog:
    """Fetch a log by its checkpoint, comparing every tile on the way; AssertionError if it does
    not fit."""
    origin, number, spelled = (folder / "checkpoint").read_text("utf-8").split("\n")[:3]
    size, root = int(number), base64.b64decode(spelled)
    hashes: list[bytes] = []
    entries: list[bytes] = []
    for path in _paths("0", size):
        hashes += _hashes(folder / path)
    for path in _paths("entries", size):
        entries += _entries((folder / path).read_bytes())
    assert hashes == [sha256(b"\0" + entry).digest() for entry in entries]
    assert len(entries) == size
    level = 0
    while size >> 8 * (level + 1):
        full = [hashes[start : start + 256] for start in range(0, len(hashes) - 255, 256)]
        above = [_root(part) for part in full]
        level += 1
        hashes = []
        for path in _paths(str(level), size >> 8 * level):
            hashes += _hashes(folder / path)
        assert hashes == above
    assert naive.tree_hash(entries) == root
    return StaticLog(origin, size, root, entries)


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder that a web server would hand out, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def _paths(kind: str, hashes: int) -> list[str]:
    full, width = divmod(hashes, 256)
    paths = [f"tile/{kind}/{number:03}" for number in range(full)]
    return paths + ([f"tile/{kind}/{full:03}.p/{width}"] if width else [])


def _hashes(path: Path) -> list[bytes]:
    data = path.read_bytes()
    assert len(data) % 32 == 0
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def _entries(data: bytes) -> list[bytes]:
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in pairs]
    return hashes[0]
