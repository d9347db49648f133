"""The signing keys of a ledger, in a folder outside its database.

    <folder>/signing-<n>.key     a private key at rest (`ledger.sealed_key`), n from 1
    <folder>/signing-<n>.vkey    the public part of one that has been retired

All keys there sign, the newest as the ledger's own; so a rotation overlaps until the older key is
retired. Retired keys stay as public parts, for what they signed must be checked for ever.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ledger.durable import PRIVATE, exclusive, read_file, write_file
from ledger.errors import ConflictError, IntegrityFailure, NotFoundError
from ledger.note import Signer, VerifierKey, format_vkey, parse_vkey
from ledger.sealed_key import (
    is_protected,
    new_seed,
    open_key,
    reseal_key,
    seal_key,
    vkey_in,
)

__all__ = ["KeptKey", "Keyring"]

_NAME = re.compile(r"signing-([1-9][0-9]{0,5})\.(key|vkey)\Z")


class KeptKey(NamedTuple):
    """A key of the ledger: its number, its public part, and whether it still signs."""

    number: int
    vkey: VerifierKey
    is_active: bool
    is_protected: bool


class Keyring:
    """The keys in a folder; reading never needs a passphrase, signing may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keys(self) -> list[KeptKey]:
        """Every key the ledger ever had, the oldest first."""
        return [self._kept(number, path) for number, path in self._files()]

    def current(self) -> KeptKey:
        """The newest key; raises NotFoundError where there is none."""
        kept = [key for key in self.keys() if key.is_active]
        if not kept:
            raise NotFoundError(
                "there is no signing key in {folder}: `taizhang init` makes one, and keys kept "
                "elsewhere are named by --trust FOLDER",
                folder=str(self.folder),
            )
        return kept[-1]

    def create(self, name: str, *, passphrase: bytes | None, created_at: datetime) -> VerifierKey:
        """Make a new key of that name; it becomes the newest."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with exclusive(self.folder / ".lock"):
            number = max((number for number, _ in self._files()), default=0) + 1
            data = seal_key(new_seed(), name=name, passphrase=passphrase, created_at=created_at)
            write_file(self._path(number, "key"), data, mode=PRIVATE, replace=False)
        return vkey_in(data)

    def signers(self, passphrase: bytes | None) -> list[Signer]:
        """Every key that signs, the newest first; raises KeyLockedError."""
        self.current()
        opened = [
            open_key(self._read(path), passphrase=passphrase)
            for _, path in self._files()
            if path.suffix == ".key"
        ]
        return opened[::-1]

    def protect(self, old: bytes | None, new: bytes) -> None:
        """Seal every key that signs under another passphrase; raises KeyLockedError."""
        with exclusive(self.folder / ".lock"):
            paths = [path for _, path in self._files() if path.suffix == ".key"]
            sealed = [reseal_key(self._read(path), old=old, new=new) for path in paths]
            for path, data in zip(paths, sealed, strict=True):
                write_file(path, data, mode=PRIVATE)

    def retire(self, number: int) -> VerifierKey:
        """Let a key sign no more; its public part stays. The newest key cannot be retired."""
        if number == self.current().number:
            raise ConflictError("key {number} is the newest: rotate first", number=number)
        path = self._path(number, "key")
        with exclusive(self.folder / ".lock"):
            data = read_file(path)
            if data is None:
                raise NotFoundError("no key {number} signs in this ledger", number=number)
            vkey = vkey_in(data)
            write_file(self._path(number, "vkey"), format_vkey(vkey).encode() + b"\n")
            path.unlink()
        return vkey

    def _kept(self, number: int, path: Path) -> KeptKey:
        data = self._read(path)
        if path.suffix == ".vkey":
            vkey = parse_vkey(data.decode("utf-8", "replace").rstrip("\n"))
            return KeptKey(number, vkey, False, False)
        return KeptKey(number, vkey_in(data), True, is_protected(data))

    def _files(self) -> list[tuple[int, Path]]:
        found: dict[int, Path] = {}
        for path in sorted(self.folder.glob("signing-*")):  # .key comes before .vkey
            match = _NAME.match(path.name)
            if match:
                found.setdefault(int(match[1]), path)
        return sorted(found.items())

    def _path(self, number: int, suffix: str) -> Path:
        return self.folder / f"signing-{number}.{suffix}"

    def _read(self, path: Path) -> bytes:
        data = read_file(path)
        if data is None:
            raise IntegrityFailure("{path} has gone while it was read", path=str(path))
        return data
