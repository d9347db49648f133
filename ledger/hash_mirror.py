"""The leaf hashes of a log, kept by somebody else: 32 bytes an entry, and nothing of its content.

Whoever rewrites a log consistently changes every hash from some entry on; a mirror names the first.

    <name>.hashes      the leaf hashes, one after the other
    <name>.frontier    how many of them count, and the tree over them (`ledger.merkle.Frontier`)

Hashes are written and flushed first, then the frontier is put in place: what stands beyond it in
the file was never accepted and is cut off by the next writer. Who writes holds the log's lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ledger.durable import PUBLIC, read_file, write_file
from ledger.errors import IntegrityFailure
from ledger.merkle import HASH_BYTES, Frontier, tree_root

__all__ = ["HashMirror"]

_CHUNK = 4096 * HASH_BYTES


class HashMirror:
    """The mirrored hashes of one log."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.hashes"
        self._frontier_path = folder / f"{name}.frontier"

    @property
    def size(self) -> int:
        """How many leaf hashes are accepted."""
        return self._frontier().size

    def root(self, size: int) -> bytes | None:
        """Return the root of the first `size` leaves; None where fewer are mirrored."""
        frontier = self._frontier()
        if size > frontier.size:
            return None
        return frontier.root() if size == frontier.size else tree_root(self.hashes(stop=size))

    def hashes(self, *, stop: int | None = None) -> Iterator[bytes]:
        """Yield the accepted leaf hashes, or the first `stop` of them, in order."""
        left = HASH_BYTES * (self.size if stop is None else stop)
        with self.path.open("rb") as file:
            while left:
                chunk = file.read(min(_CHUNK, left))
                left -= len(chunk)
                if not chunk or len(chunk) % HASH_BYTES:
                    raise IntegrityFailure("{path} is shorter than it was", path=str(self.path))
                yield from _cut(chunk)

    def extend(self, stream: BinaryIO, count: int, *, root: bytes) -> bool:
        """Append `count` hashes if the tree then has this root; tell whether they were accepted."""
        frontier = self._frontier()
        accepted = HASH_BYTES * frontier.size
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PUBLIC)
        with os.fdopen(descriptor, "r+b") as file:
            if file.seek(0, os.SEEK_END) < accepted:
                raise IntegrityFailure("{path} is shorter than it was", path=str(self.path))
            file.truncate(accepted)
            file.seek(accepted)
            if not _copy(stream, file, count=count, frontier=frontier) or frontier.root() != root:
                file.truncate(accepted)
                return False
            file.flush()
            os.fsync(file.fileno())
        write_file(self._frontier_path, frontier.to_bytes())
        return True

    def _frontier(self) -> Frontier:
        data = read_file(self._frontier_path)
        return Frontier() if data is None else Frontier.from_bytes(data)


def _copy(stream: BinaryIO, file: BinaryIO, *, count: int, frontier: Frontier) -> bool:
    """Copy exactly so many hashes and grow the tree by them; False where there are not so many."""
    left = count * HASH_BYTES
    while left:
        chunk = stream.read(min(_CHUNK, left))
        left -= len(chunk)
        if not chunk or len(chunk) % HASH_BYTES:
            return False
        file.write(chunk)
        frontier.extend(_cut(chunk))
    return not stream.read(1)


def _cut(chunk: bytes) -> Iterator[bytes]:
    return (chunk[at : at + HASH_BYTES] for at in range(0, len(chunk), HASH_BYTES))
