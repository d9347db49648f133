"""The anchor: the newest checkpoint of each log, kept outside the database it speaks of.

Whoever can write the database can cut its tail or put an old backup in its place; with the anchor
beside, that shows. It belongs on another disk, or better with another person: any copy of a
checkpoint is an anchor (`log verify --checkpoint FILE`).

    <folder>/<log>.checkpoint    the signed note, cosignatures included
    <folder>/<log>.heads         how many entries each stream had: names who lost entries
    <folder>/<log>.<n>.checkpoint   the last note of generation n, once the log went on as n + 1
    <folder>/witnesses           vkeys of witnesses whose cosignatures were added
    <folder>/<log>.moved         the ledger a log was moved to, then those it was moved from
    <folder>/<log>.erasures      private values that were erased, which no backup may bring back

An anchor is only ever replaced by compare-and-swap: whoever replaces it says what it read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from zlib import compress, decompress

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.durable import exclusive, read_file, write_file
from ledger.errors import ConflictError, IntegrityFailure, MalformedError
from ledger.failpoints import reached
from ledger.identity import is_scheme
from ledger.moves import Move
from ledger.note import VerifierKey, format_vkey, parse_vkey

__all__ = ["Anchors", "open_anchor"]

_HEADS = "taizhang-heads/v1"
_ERASURES = "taizhang-erasures/v1"
_MOVED = "taizhang-moved/v1"


class Anchors:
    """The anchors in a folder; the folder is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def logs(self) -> list[str]:
        """Every log that has an anchor here, by name."""
        names = (path.stem for path in self.folder.glob("*.checkpoint"))
        return sorted(name for name in names if is_scheme(name))

    def note(self, log: str) -> bytes | None:
        """The signed note of a log's newest checkpoint; None where none is kept."""
        return read_file(self.path(log))

    def replace(
        self, log: str, note: bytes, *, expected: bytes | None, heads: Mapping[str, int] | None
    ) -> None:
        """Put a newer note in place of the one that was read.

        Raises ConflictError where another process has replaced it meanwhile.
        """
        with self._locked():
            if self.note(log) != expected:
                raise ConflictError(
                    "the anchor of {log} was replaced meanwhile: try again", log=log
                )
            if heads is not None:  # first, so that no anchor stands without them
                write_file(self.path(log, "heads"), _format_heads(heads))
                reached("anchor.heads")
            write_file(self.path(log), note)
            reached("anchor.moved")

    def archive(self, log: str, *, generation: int) -> None:
        """Keep the anchor of a generation that is over beside the present one; it stays there."""
        note = self.note(log)
        path = self.path(log, f"{generation}.checkpoint")
        if note is not None and read_file(path) is None:
            write_file(path, note)

    def erasures(self, log: str) -> set[tuple[int, str]]:
        """Position and path of every private value known to be erased."""
        path = self.path(log, "erasures")
        data = read_file(path)
        if data is None:
            return set()
        return set(_parse_lines(data, _ERASURES, path))

    def add_erasures(self, log: str, erased: Iterable[tuple[int, str]]) -> None:
        """Remember that values were erased; what is known already stays once."""
        with self._locked():
            known = self.erasures(log)
            new = known | set(erased)
            if new != known:
                lines = [f"{position} {path}" for position, path in sorted(new)]
                write_file(self.path(log, "erasures"), _format_lines(_ERASURES, lines))

    def moves(self) -> dict[str, Move]:
        """Where each log is that was ever moved."""
        found = {path.stem: path for path in self.folder.glob("*.moved") if is_scheme(path.stem)}
        return {log: _parse_move(path) for log, path in sorted(found.items())}

    def add_move(self, log: str, here: str, there: str) -> None:
        """Remember that a log was moved from one ledger to another."""
        with self._locked():
            known = self.moves().get(log, Move(here, frozenset()))
            left = sorted({*known.left, here} - {there})
            write_file(self.path(log, "moved"), _format_lines(_MOVED, [there, *left]))

    def witnesses(self) -> list[VerifierKey]:
        """The witnesses whose cosignatures were ever added."""
        path = self.folder / "witnesses"
        data = read_file(path)
        try:
            return [] if data is None else [parse_vkey(line) for line in data.decode().splitlines()]
        except (ValueError, MalformedError):
            raise _damaged(path) from None

    def add_witnesses(self, keys: Iterable[VerifierKey]) -> None:
        """Remember witnesses, so that what they signed can be verified later."""
        with self._locked():
            known = self.witnesses()
            new = list(dict.fromkeys([*known, *keys]))
            if new != known:
                lines = "".join(f"{format_vkey(key)}\n" for key in new)
                write_file(self.folder / "witnesses", lines.encode())

    def heads(self, log: str) -> dict[str, int]:
        """Stream → number of entries at the anchor; empty where they are not kept."""
        path = self.path(log, "heads")
        data = read_file(path)
        return {} if data is None else _parse_heads(data, path)

    def heads_as_now(self, log: str) -> Callable[[], dict[str, int]]:
        """What gives the heads as they are kept now, whenever it is called: unpacked they take
        much memory, where there are many centers. What is damaged is said now."""
        path = self.path(log, "heads")
        data = read_file(path)
        if data is None:
            return dict
        _parse_heads(data, path)
        packed = compress(data, 1)
        return lambda: _parse_heads(decompress(packed), path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exclusive(self.folder / ".lock"):
            yield

    def path(self, log: str, what: str = "checkpoint") -> Path:
        """Where the anchor of a log is kept, or what belongs to it."""
        return self.folder / f"{log}.{what}"


def open_anchor(log: str, note: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in an anchor's note; IntegrityFailure where none of the ledger's keys, of
    which `keys` are all there ever were, signed it."""
    checkpoint, _, signed = open_checkpoint(note, keys)
    if not signed:
        raise IntegrityFailure(
            "the anchor of {log} is signed by none of this ledger's keys: it was replaced, or the "
            "keys are those of another ledger",
            log=log,
        )
    return checkpoint


def _format_heads(heads: Mapping[str, int]) -> bytes:
    return _format_lines(_HEADS, [f"{heads[stream]} {stream}" for stream in sorted(heads)])


def _parse_heads(data: bytes, path: Path) -> dict[str, int]:
    return {stream: number for number, stream in _parse_lines(data, _HEADS, path)}


def _format_lines(first: str, lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in (first, *lines)).encode()


def _parse_lines(data: bytes, first: str, path: Path) -> list[tuple[int, str]]:
    """Lines of a number and a name."""
    try:
        found, *lines = data.decode().splitlines()
        if found != first:
            raise ValueError(found)
        return [(int(number), name) for number, name in (line.split(" ") for line in lines)]
    except ValueError:
        raise _damaged(path) from None


def _parse_move(path: Path) -> Move:
    try:
        first, place, *left = (read_file(path) or b"").decode().splitlines()
    except ValueError:
        raise _damaged(path) from None
    if first != _MOVED:
        raise _damaged(path)
    return Move(place, frozenset(left))


def _damaged(path: Path) -> IntegrityFailure:
    return IntegrityFailure("{path} is damaged", path=str(path))
