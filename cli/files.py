"""Files a user names on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from ledger.trust_policy import TrustPolicy

__all__ = ["read_file", "read_policy", "write_output"]


def read_file(file: str) -> bytes:
    """All bytes of a file, or of standard input for `-`; raises NotFoundError."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise NotFoundError(
            "the file {file} cannot be read ({reason})",
            file=file,
            reason=error.strerror or "unreadable",
        ) from None


def read_policy(file: str | None) -> TrustPolicy | None:
    """The trust policy in a file, if one is named; raises NotFoundError, MalformedError."""
    from ledger.trust_policy import parse_policy

    return None if file is None else parse_policy(read_file(file))


def write_output(file: str, data: bytes, *, is_json: bool = False) -> None:
    """Write a file whole or not at all; `-` is standard output, unless that is JSON already.

    A pipe or a device is written to, and a link leads to what it names: neither is replaced.
    """
    if file == "-":
        if not is_json:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        return
    from ledger.durable import cannot_write, write_file

    path = Path(file)
    if not path.exists() or path.is_file() or path.is_dir():
        write_file(path.resolve() if path.is_symlink() else path, data)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise cannot_write(file, error) from None
