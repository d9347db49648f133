"""The anchor: the newest checkpoint of each log, kept outside the database it speaks of.

Whoever can write the database can cut its tail or put an old backup in its place; with the anchor
beside, that shows. It belongs on another disk, or better with another person: any copy of a
checkpoint is an anchor (`log verify --checkpoint FILE`).

    <folder>/<log>.checkpoint    the signed note, cosignatures included
    <folder>/<log>.heads         how many entries each stream had: names who lost entries

An anchor is only ever replaced by compare-and-swap: whoever replaces it says what it read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.durable import exclusive, read_file, write_file
from ledger.errors import ConflictError, IntegrityFailure

__all__ = ["Anchors"]

_HEADS = "taizhang-heads/v1"


class Anchors:
    """The anchors in a folder; the folder is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def logs(self) -> list[str]:
        """Every log that has an anchor here, by name."""
        return sorted(path.stem for path in self.folder.glob("*.checkpoint"))

    def note(self, log: str) -> bytes | None:
        """The signed note of a log's newest checkpoint; None where none is kept."""
        return read_file(self._path(log))

    def replace(
        self, log: str, note: bytes, *, expected: bytes | None, heads: Mapping[str, int] | None
    ) -> None:
        """Put a newer note in place of the one that was read.

        Raises ConflictError where another process has replaced it meanwhile.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / ".lock"):
            if self.note(log) != expected:
                raise ConflictError(
                    "the anchor of {log} was replaced meanwhile: try again", log=log
                )
            if heads is not None:  # first, so that no anchor stands without them
                write_file(self._path(log, "heads"), _format_heads(heads))
            write_file(self._path(log), note)

    def heads(self, log: str) -> dict[str, int]:
        """Stream → number of entries at the anchor; empty where they are not kept."""
        data = read_file(self._path(log, "heads"))
        return {} if data is None else _parse_heads(data, self._path(log, "heads"))

    def _path(self, log: str, what: str = "checkpoint") -> Path:
        return self.folder / f"{log}.{what}"


def _format_heads(heads: Mapping[str, int]) -> bytes:
    lines = [f"{heads[stream]} {stream}\n" for stream in sorted(heads)]
    return (_HEADS + "\n" + "".join(lines)).encode()


def _parse_heads(data: bytes, path: Path) -> dict[str, int]:
    try:
        first, *lines = data.decode().splitlines()
        if first != _HEADS:
            raise ValueError(first)
        return {stream: int(version) for version, stream in (line.split(" ") for line in lines)}
    except ValueError:
        raise IntegrityFailure("{path} is damaged", path=str(path)) from None
