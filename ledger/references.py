"""What sound entries refer to outside the log: keys, private values, files, editions, erasures.

Collected while a log is checked, and compared with the other tables by `ledger.verify`. Keys and
private values are handed over batch by batch; the rest stays, one small record for each file,
edition and erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ledger.damage import Findings
from ledger.leaf import Attachment
from ledger.stored import parse_payload

__all__ = ["Ignored", "Kept", "KeyUse", "PrivateUse", "References"]


class KeyUse(NamedTuple):
    """An entry with an idempotency key, and the bytes its digest is of."""

    key: str
    stream: str
    position: int
    entry: bytes


class PrivateUse(NamedTuple):
    """An entry with commitments to private values."""

    position: int
    stream: str
    commitments: tuple[tuple[str, bytes], ...]


class Kept:
    """Things kept by hash, each sound or damaged, and which of them entries refer to."""

    def __init__(self, what: str, is_sound: Mapping[tuple[str, ...], bool]) -> None:
        self.what = what
        self.is_sound = is_sound
        self.referenced: set[tuple[str, ...]] = set()
        self.reported: set[tuple[str, ...]] = set()

    def use(self, name: tuple[str, ...], findings: Findings, position: int, stream: str) -> None:
        """Note that an entry refers to a thing; the first one names it if damaged or gone."""
        self.referenced.add(name)
        sound = self.is_sound.get(name)
        if sound or name in self.reported:
            return
        self.reported.add(name)
        state = "missing" if sound is None else "altered"
        findings.add(
            f"{self.what}_{state}",
            f"{{position}}: the {self.what} {{name}} it refers to is {state}",
            position=position,
            center=stream,
            name=" ".join(name),
        )


class References:
    """Takes sound entries one by one; `keys` and `private` are emptied by whoever reads them."""

    def __init__(self, findings: Findings, *, files: Kept, editions: Kept) -> None:
        self.findings = findings
        self.files = files
        self.editions = editions
        self.keys: list[KeyUse] = []
        self.private: list[PrivateUse] = []
        self.erased: dict[int, set[str]] = {}
        self._edition: tuple[str, str] | None = None

    def note_payload(self, position: int, stream: str, type_: str, payload: bytes) -> None:
        """Take the key, the edition and the erasure from a payload."""
        part = parse_payload(payload)
        if part is None:
            return
        if part.key is not None:
            self.keys.append(KeyUse(part.key, stream, position, part.entry))
        if part.edition is not None and part.edition != self._edition:
            self._edition = part.edition  # the next ones mostly refer to it too
            self.editions.use(part.edition, self.findings, position, stream)
        if part.target is not None and type_.startswith("PrivateErased/"):
            self.erased.setdefault(part.target, set()).update(part.erased)
        if part.reapplied and type_.startswith("ErasuresReapplied/"):
            for place, path in part.reapplied:
                self.erased.setdefault(place, set()).add(path)

    def note_private(
        self, position: int, stream: str, commitments: tuple[tuple[str, bytes], ...]
    ) -> None:
        """Take the commitments of an entry."""
        self.private.append(PrivateUse(position, stream, commitments))

    def note_files(self, position: int, stream: str, files: tuple[Attachment, ...]) -> None:
        """Take the attachments of an entry; one of unknown length was never kept."""
        for file in files:
            name = (file.sha256.hex(),)
            if file.length is None:
                self.files.referenced.add(name)
            else:
                self.files.use(name, self.findings, position, stream)


class Ignored(References):
    """Takes entries and keeps nothing: for checks of the log alone."""

    def __init__(self) -> None:
        super().__init__(Findings(), files=Kept("file", {}), editions=Kept("edition", {}))

    def note_payload(self, position: int, stream: str, type_: str, payload: bytes) -> None:
        """Keep nothing."""

    def note_private(
        self, position: int, stream: str, commitments: tuple[tuple[str, bytes], ...]
    ) -> None:
        """Keep nothing."""

    def note_files(self, position: int, stream: str, files: tuple[Attachment, ...]) -> None:
        """Keep nothing."""
