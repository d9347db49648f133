"""The passphrase of a signing key: from a prompt, a file or a descriptor, never an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.i18n import N_, translate
from cli.output import say
from ledger.errors import MalformedError

if TYPE_CHECKING:
    from ledger.keyring import KeptKey

__all__ = ["Passphrase", "new_passphrase", "passphrase_options", "without_passphrase"]

C = TypeVar("C", bound=Callable[..., Any])

_MAX_BYTES = 4096


class Passphrase:
    """Where the passphrase comes from; read at most once, and only when it is needed."""

    def __init__(self, file: Path | None, descriptor: int | None) -> None:
        if file is not None and descriptor is not None:
            raise MalformedError("give --passphrase-file or --passphrase-fd, not both")
        self.file = file
        self.descriptor = descriptor

    @property
    def is_given(self) -> bool:
        """Whether a file or descriptor was named."""
        return self.file is not None or self.descriptor is not None

    def read(self) -> bytes:
        """The passphrase for keys that exist; asks on a terminal where none was named."""
        if self.is_given:
            return self._given()
        if not sys.stdin.isatty():
            raise MalformedError(
                "the signing key is protected by a passphrase, and there is no terminal to ask on: "
                "give --passphrase-file FILE or --passphrase-fd NUMBER"
            )
        asked: str = click.prompt(
            translate(N_("Passphrase of the signing key")), hide_input=True, err=True
        )
        return asked.encode()

    def for_keys(self, keys: Iterable[KeptKey]) -> bytes | None:
        """The passphrase of the keys that sign; None where none of them is protected."""
        return self.read() if any(k.is_active and k.is_protected for k in keys) else None

    def _given(self) -> bytes:
        try:
            if self.file is not None:
                with self.file.open("rb") as file:
                    data = file.read(_MAX_BYTES + 1)
            else:
                data = os.read(self.descriptor or 0, _MAX_BYTES + 1)
        except OSError as error:
            raise MalformedError(
                "the passphrase cannot be read ({reason})", reason=error.strerror or "unreadable"
            ) from None
        # What an editor or `echo` puts at the end of a line is no part of it.
        passphrase = data.removesuffix(b"\n").removesuffix(b"\r")
        if not passphrase or len(data) > _MAX_BYTES:
            raise MalformedError(
                "a passphrase has 1 to {limit} bytes, in one line", limit=_MAX_BYTES
            )
        return passphrase


def passphrase_options(command: C) -> C:
    """Add the options that say where the passphrase comes from, as `passphrase`."""
    command = click.option(
        "--passphrase-fd",
        type=click.IntRange(min=0),
        help=N_("Read the passphrase of the signing key from this descriptor."),
    )(command)
    return click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help=N_("Read the passphrase of the signing key from this file."),
    )(command)


def without_passphrase(command: C) -> C:
    """Add the option that leaves a new key unprotected."""
    return click.option(
        "--no-passphrase",
        is_flag=True,
        help=N_("Leave the signing key unprotected: for trials only."),
    )(command)


def new_passphrase(
    given: Passphrase, *, is_trial: bool = False, is_needed: bool = False
) -> bytes | None:
    """The passphrase a key is to have; None for an unprotected one, and then says so.

    Without a terminal and without a word about it, the key is left unprotected, unless one is
    needed.
    """
    if given.is_given and is_trial:
        raise MalformedError("--no-passphrase contradicts a passphrase that is given")
    if given.is_given:
        return given.read()
    if not is_trial and sys.stdin.isatty():
        asked: str = click.prompt(
            translate(N_("New passphrase of the signing key")),
            hide_input=True,
            confirmation_prompt=True,
            err=True,
        )
        return asked.encode()
    if is_needed:
        raise MalformedError(
            "there is no terminal to ask for the new passphrase on: give --new-passphrase-file FILE"
        )
    say(
        translate(
            N_(
                "The signing key is not protected by a passphrase: whoever can read it can sign. "
                "`taizhang log key protect` changes that."
            )
        )
    )
    return None
