"""What a witness remembers: the newest checkpoint it cosigned of each log, in a folder.

    <name>.checkpoint            the note, with the log's signatures and the witness's own
    <name>.lock                  held while a checkpoint is compared with it and takes its place
    <name>.conflict-<hash>       a note the log signed that contradicts these: proof of a split view
    <name>.mirrored              the note whose leaf hashes were taken last
    <name>.hashes, .frontier     the mirrored leaf hashes (`ledger.hash_mirror`)

The name is the origin where a file may be called so, and the beginning of its SHA-256. Losing the
folder means forgetting what was cosigned; then a witness has to begin anew, with another key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ledger.durable import exclusive, read_file, write_file
from ledger.hash_mirror import HashMirror

__all__ = ["LogState", "WitnessStates"]

_MAX_CONFLICTS = 16
"""More than enough to prove a split view, and a bound on what a log can make a witness store."""


class LogState:
    """What is remembered of one log; whoever writes holds its lock."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._name = _name(origin)
        self.mirror = HashMirror(folder, self._name)

    def note(self) -> bytes | None:
        """The note cosigned last; None where none was."""
        return read_file(self._folder / f"{self._name}.checkpoint")

    def keep(self, note: bytes) -> None:
        """Remember the note; when this returns, a power cut does not forget it."""
        write_file(self._folder / f"{self._name}.checkpoint", note)

    def keep_mirrored(self, note: bytes) -> None:
        """Remember the note under which the mirrored hashes were taken."""
        write_file(self._folder / f"{self._name}.mirrored", note)

    def keep_conflict(self, note: bytes) -> None:
        """Keep a note that contradicts what was cosigned or mirrored, as evidence."""
        if len(self.conflicts()) < _MAX_CONFLICTS:
            digest = sha256(note).hexdigest()[:32]
            write_file(self._folder / f"{self._name}.conflict-{digest}", note)

    def conflicts(self) -> list[Path]:
        """The files of such notes."""
        return sorted(self._folder.glob(f"{self._name}.conflict-*"))


class WitnessStates:
    """The logs a witness remembers; the folder is made when the first is cosigned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def locked(self, origin: str) -> Iterator[LogState]:
        """Hand over what is remembered of a log, and keep every other thread and process out."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exclusive(self.folder / f"{_name(origin)}.lock", wait=True):
            yield LogState(self.folder, origin)


def _name(origin: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9.-]", "_", origin)[:80]
    return f"{readable}-{sha256(origin.encode()).hexdigest()[:32]}"
