"""Publishing a log as files that any static web server can serve (C2SP tlog-tiles).

    <folder>/<scheme>/checkpoint                  the newest checkpoint, with its cosignatures
    <folder>/<scheme>/tile/<level>/<number>       tiles, full, and partial ones as `….p/<width>`
    <folder>/<scheme>/tile/entries/<number>       the texts that were hashed, bundled likewise
    <folder>/<scheme>/<generation>/…              the same of a generation from the second on

Partial tiles are published for each checkpoint as long as the full tile is not there; nothing is
ever deleted. Each file is put in place whole, and the checkpoint comes last: whoever fetches one
finds everything below it, even if a run was killed. What an entry says stays out: the hashed text
holds its type, days and hashes, and of private values only commitments.

Every text is hashed again on the way out, and its tile must lead to the root that was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.checkpoint import Checkpoint, generation_of, open_checkpoint
from ledger.checkpoints import StoredCheckpoint, all_checkpoints, cosigned_note
from ledger.durable import exclusive, make_folder, read_file, write_file
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError
from ledger.failpoints import reached
from ledger.leaf import hash_leaf
from ledger.merkle import Subtree, root_of, tree_root
from ledger.reading import read_leaf_texts
from ledger.tile_reader import read_below, tile_reader
from ledger.tiles import (
    TILE_HEIGHT,
    Tile,
    format_bundle,
    format_bundle_path,
    format_tile_path,
    tiles_of,
)

__all__ = ["Progress", "Published", "publish_log"]

Progress = Callable[[int, int], None]
"""Told how many entries are published, and of how many."""


class Published(NamedTuple):
    """What was published of a log: its head, where, and how many files were new or there before."""

    log: str
    size: int
    root: bytes
    folder: Path
    written: int
    kept: int


def publish_log(
    connection: Connection,
    stored: StoredCheckpoint,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> Published:
    """Bring the files of a log up to a checkpoint; a second run writes nothing.

    Raises IntegrityFailure where the checkpoint already published does not lead to this one, or
    the ledger does not give the root that was signed; the published checkpoint then stays.
    """
    note = cosigned_note(connection, stored)
    checkpoint, _, _ = open_checkpoint(note, ())
    if (checkpoint.size, checkpoint.root) != (stored.size, stored.root):
        raise _unfit(stored.log)
    generation = generation_of(checkpoint.origin)
    place = folder / stored.log / ("" if generation == 1 else str(generation))
    make_folder(place)
    with exclusive(place / ".lock"):
        return _Publication(connection, stored, checkpoint, place).run(note, progress)


class _Publication:
    def __init__(
        self, connection: Connection, stored: StoredCheckpoint, checkpoint: Checkpoint, place: Path
    ) -> None:
        self.connection = connection
        self.log = stored.log
        self.size = stored.size
        self.checkpoint = checkpoint
        self.place = place
        self.read = tile_reader(connection, stored.log, size=stored.size)
        self.before = 0  # up to here everything was published with an earlier checkpoint
        self.written = self.kept = 0

    def run(self, note: bytes, progress: Progress | None) -> Published:
        published = read_file(self.place / "checkpoint")
        if published is not None:
            self.before = self._check_published(published)
        if root_of(self.read, size=self.size) != self.checkpoint.root:
            raise _unfit(self.log)
        for tile, widths in self._wanted(0):
            self._publish_entries(tile, widths)
            if progress is not None:
                progress(tile.stop, self.size)
        for level in count(1):
            if not self.size >> TILE_HEIGHT * level:
                break
            for tile, widths in self._wanted(level):
                self._publish_tile(tile, widths)
        reached("publish.ready")
        self._put("checkpoint", note, covered=False)
        reached("publish.done")
        return Published(
            self.log, self.size, self.checkpoint.root, self.place, self.written, self.kept
        )

    def _check_published(self, note: bytes) -> int:
        """The size of the checkpoint that is published, which this one must go on from."""
        place = str(self.place)
        try:
            old, _, _ = open_checkpoint(note, ())
        except MalformedError as error:
            raise IntegrityFailure(
                "the file `checkpoint` in {folder} is none: it is not replaced, see what it is",
                folder=place,
            ) from error
        if old.origin != self.checkpoint.origin:
            raise IntegrityFailure(
                "{folder} holds the checkpoint of another log, {origin}: it is not replaced",
                folder=place,
                origin=old.origin,
            )
        if old.size > self.size:
            raise IntegrityFailure(
                "the checkpoint in {folder} has {found} entries, the newest one of the ledger only "
                "{size}: it is not replaced; is this an old backup?",
                folder=place,
                found=old.size,
                size=self.size,
            )
        if root_of(self.read, size=old.size) != old.root:
            raise IntegrityFailure(
                "the checkpoint in {folder} says something else of the first {found} entries than "
                "the ledger: it is not replaced, run `taizhang log verify`",
                folder=place,
                found=old.size,
            )
        return old.size

    def _wanted(self, level: int) -> Iterator[tuple[Tile, list[int]]]:
        """The tiles of a level, the last one with the widths it had at each checkpoint."""
        for tile in tiles_of(self.size, level=level):
            if tile.is_full:
                yield tile, [tile.width]
            else:
                first = tile.start >> TILE_HEIGHT * level
                widths = {(size >> TILE_HEIGHT * level) - first for size in self._sizes()}
                yield tile, sorted(width for width in widths if width > 0)

    def _sizes(self) -> Iterator[int]:
        """The sizes for which this log, under this origin, has signed checkpoints up to now."""
        first_line = self.checkpoint.origin.encode() + b"\n"
        for other in all_checkpoints(self.connection, self.log):
            if other.size <= self.size and other.note.startswith(first_line):
                yield other.size

    def _publish_entries(self, tile: Tile, widths: Sequence[int]) -> None:
        paths = [
            path
            for width in widths
            for path in (
                format_tile_path(Tile(0, tile.number, width)),
                format_bundle_path(tile.number, width),
            )
        ]
        if tile.stop <= self.before and all((self.place / path).exists() for path in paths):
            self.kept += len(paths)
            return
        texts = self._texts(tile)
        hashes = [hash_leaf(text) for text in texts]
        if hashes != read_below(self.connection, self.log, tile):
            raise _unfit(self.log)
        self._check_root(tile, hashes)
        for width in widths:
            covered = tile.start + width <= self.before
            data = b"".join(hashes[:width])
            self._put(format_tile_path(Tile(0, tile.number, width)), data, covered=covered)
            bundle = format_bundle(texts[:width])
            self._put(format_bundle_path(tile.number, width), bundle, covered=covered)

    def _texts(self, tile: Tile) -> list[bytes]:
        try:
            return list(read_leaf_texts(self.connection, self.log, tile.start, tile.stop))
        except (NotFoundError, MalformedError, TypeError, ValueError) as error:
            raise _unfit(self.log) from error  # no text of a leaf can be made from what is stored

    def _publish_tile(self, tile: Tile, widths: Sequence[int]) -> None:
        hashes = read_below(self.connection, self.log, tile)
        self._check_root(tile, hashes)
        for width in widths:
            part = Tile(tile.level, tile.number, width)
            data = b"".join(hashes[:width])
            self._put(format_tile_path(part), data, covered=part.stop <= self.before)

    def _check_root(self, tile: Tile, hashes: list[bytes]) -> None:
        """A full tile must have the root that stands for it in the tile above, which leads up to
        the root that was signed."""
        if tile.is_full:
            (root,) = self.read((Subtree(TILE_HEIGHT * (tile.level + 1), tile.number),))
            if tree_root(hashes) != root:
                raise _unfit(self.log)

    def _put(self, path: str, data: bytes, *, covered: bool) -> None:
        """Put a file in place unless it is there; one that no checkpoint covers yet may be of a
        run that was killed, and is compared."""
        target = self.place / path
        if (covered and target.exists()) or read_file(target) == data:
            self.kept += 1
            return
        make_folder(target.parent)
        write_file(target, data)
        self.written += 1
        reached("publish.file")


def _unfit(log: str) -> IntegrityFailure:
    return IntegrityFailure(
        "the entries of {log} do not give the root that was signed, so nothing more is published: "
        "run `taizhang log verify`",
        log=log,
    )
