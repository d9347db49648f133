"""What an evidence file shows from beside the log: private values, regulations, attachments.

A private value is withheld unless it was asked for, and never shown once its erasure is on record.
A regulation or an attachment that is not kept as it was recorded is left out: what is not in the
file is not claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from ledger import canonical
from ledger.commitment import check_commitment
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError, Problem
from ledger.identity import format_position
from ledger.proven_entries import ProvenEntry
from ledger.reading import attachments_of, private_of
from ledger.schema import editions, files, vault
from ledger.strict_base64 import encode_base64

__all__ = ["Beside", "Place"]

Place = tuple[int, str]
"""Position and path of a private value."""

_MAX_ATTACHED = 32 << 20
"""Bytes of attachments in one file: in base64 they leave room below the limit of a file."""


class Beside:
    """What is read from beside the log for one file, and what of it is not shown.

    `erased` gives for a private value the position of its erasure in the file, `gone` those erased
    later; `disclose` are the paths asked for, None for all.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        disclose: frozenset[str] | None,
        erased: Mapping[Place, int],
        gone: frozenset[Place],
    ) -> None:
        self.connection = connection
        self.withheld = 0
        self.gone = 0
        self.left_out: list[Problem] = []
        self._disclose = disclose
        self._erased = erased
        self._gone = gone
        self._paths: set[str] = set()

    def private(self, entry: ProvenEntry) -> list[dict[str, Any]]:
        """Values asked for and erasures, by path; what is neither is counted."""
        shown = []
        for path, commitment in private_of(entry.row):
            self._paths.add(path)
            place = (entry.row.position, path)
            if place in self._erased:
                shown.append({"path": path, "erased": self._erased[place]})
                continue
            kept = None if place in self._gone else self._kept(entry.row.log, place)
            if kept is None:
                self.gone += 1
            elif self._disclose is not None and path not in self._disclose:
                self.withheld += 1
            else:
                _demand_committed(entry, path, commitment, kept)
                salt, value = kept
                shown.append({"path": path, "salt": encode_base64(salt), "value": value.decode()})
        return shown

    def demand_known_paths(self) -> None:
        """Raise NotFoundError for a path asked for that no entry is bound to."""
        for path in sorted((self._disclose or frozenset()) - self._paths):
            if not self._paths:
                raise NotFoundError(
                    "no entry of the file is bound to a private value {path}, nor to any other",
                    path=path,
                )
            raise NotFoundError(
                "no entry of the file is bound to a private value {path}; there are {known}",
                path=path,
                known=", ".join(sorted(self._paths)),
            )

    def editions(self, entries: Iterable[ProvenEntry]) -> list[dict[str, str]]:
        """The regulations that rulings of these entries name."""
        found = []
        for edition, digest in sorted(set(_pins_of(entries))):
            wanted = select(editions.c.content).where(
                editions.c.edition == edition, editions.c.sha256 == digest
            )
            text = _text(self.connection.scalar(wanted), digest)
            if text is None:
                said = "The regulation {name} is left out: it is not kept as it was, or not in NFC."
                self.left_out.append(Problem(said, name=edition))
            else:
                found.append({"edition": edition, "sha256": digest, "content": text})
        return found

    def attachments(self, entries: Iterable[ProvenEntry]) -> list[dict[str, str]]:
        """The files these entries are bound to, as far as there is room."""
        names = {
            file.sha256.hex(): file.name
            for entry in entries
            for file in attachments_of(entry.row)
            if file.length is not None
        }
        found, room = [], _MAX_ATTACHED
        for digest in sorted(names):
            wanted = select(files.c.content).where(files.c.sha256 == digest)
            content = _content(self.connection.scalar(wanted), digest)
            if content is None:
                said = "The attachment {name} is left out: it is not kept as it was recorded."
            elif len(content) > room:
                said = "The attachment {name} is left out: it is too long for the file."
            else:
                room -= len(content)
                found.append({"sha256": digest, "content": encode_base64(content)})
                continue
            self.left_out.append(Problem(said, name=names[digest]))
        return found

    def _kept(self, log: str, place: Place) -> tuple[Any, Any] | None:
        wanted = select(vault.c.salt, vault.c.value).where(
            vault.c.log == log, vault.c.position == place[0], vault.c.path == place[1]
        )
        row = self.connection.execute(wanted).first()
        return None if row is None else (row.salt, row.value)


def _pins_of(entries: Iterable[ProvenEntry]) -> Iterable[tuple[str, str]]:
    for entry in entries:
        ruling = entry.said.get("ruling", {})
        if ruling.get("edition") and ruling.get("edition_sha256"):
            yield ruling["edition"], ruling["edition_sha256"]


def _demand_committed(
    entry: ProvenEntry, path: str, commitment: bytes, kept: tuple[Any, Any]
) -> None:
    salt, value = kept
    try:
        if check_commitment(commitment, path=path, value=value, salt=salt):
            return
    except (MalformedError, TypeError):
        pass
    raise IntegrityFailure(
        "the private value {path} of {position} is not kept as it was recorded: run "
        "`taizhang log verify`",
        path=path,
        position=format_position(entry.row.log, entry.row.position),
    )


def _content(stored: object, digest: str) -> bytes | None:
    """The bytes with this hash; None where others are stored, or none."""
    if isinstance(stored, bytes) and sha256(stored).hexdigest() == digest:
        return stored
    return None


def _text(stored: object, digest: str) -> str | None:
    """The content as a text that can stand in a file; None where it cannot."""
    content = _content(stored, digest)
    try:
        text = None if content is None else content.decode()
        canonical.encode(text)
    except (UnicodeDecodeError, MalformedError):
        return None
    return text
