"""Files that are there whole or not at all: written beside, flushed to the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.errors import BusyError, LedgerError

__all__ = [
    "PRIVATE",
    "PUBLIC",
    "cannot_write",
    "exclusive",
    "make_folder",
    "read_file",
    "sync_folder",
    "write_file",
]

PRIVATE = 0o600
PUBLIC = 0o644


def write_file(path: Path, data: bytes, *, mode: int = PUBLIC, replace: bool = True) -> None:
    """Put a file in place; after a crash there is the old one or the new one.

    Without `replace` an existing file is kept and FileExistsError raised.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            beside.replace(path)
        else:
            path.hardlink_to(beside)
        sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that a crash does not take them away again."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    except OSError as error:
        raise cannot_write(folder, error) from error


def read_file(path: Path) -> bytes | None:
    """A file's bytes; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(
            "{path} cannot be read ({reason})", path=str(path), reason=error.strerror or "failed"
        ) from error


def cannot_write(path: Path | str, error: OSError) -> LedgerError:
    """What to raise where a file or folder could not be written."""
    reason = error.strerror or "failed"
    return LedgerError("{path} cannot be written ({reason})", path=str(path), reason=reason)


def sync_folder(folder: Path) -> None:
    """Flush what a folder says of its files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Keep others out while the block runs, threads of this process too; BusyError where one is in
    already, unless this is to wait for it.

    The lock goes with the process, so that a killed one leaves none behind.
    """
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            raise BusyError(
                "another process is at work with {path}: try again when it is done",
                path=str(path.parent),
            ) from None
        yield
    finally:
        os.close(descriptor)
