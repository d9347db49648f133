"""Columns of stored entries, read without trust: what they must hold, and what they say.

For checks only. Each parser accepts exactly the text the recorder writes, so that no second
spelling of the same commitments or attachments passes.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from ledger.errors import IntegrityFailure
from ledger.leaf import Attachment
from ledger.merkle import is_hash

__all__ = [
    "COLUMNS",
    "EntryRow",
    "GenerationPart",
    "PayloadPart",
    "SealPart",
    "demand_readable",
    "misfit_of",
    "parse_attachments",
    "parse_generation",
    "parse_payload",
    "parse_private",
    "parse_seal",
]

COLUMNS = (
    "position",
    "stream",
    "version",
    "type",
    "effective",
    "recorded",
    "payload",
    "private",
    "attachments",
    "leaf",
)
"""The columns of `entries` that a check reads for one log, in order."""

EntryRow = tuple[Any, ...]
"""Values of `COLUMNS` as the driver gives them, of any type."""

_TEXTS = ("stream", "type", "effective", "recorded")


class PayloadPart(msgspec.Struct, frozen=True):
    """What a check needs of a payload: the bytes of an entry with a key, and what entry and ruling
    name."""

    entry: bytes
    key: str | None
    erased: tuple[str, ...]
    edition: tuple[str, str] | None
    target: int | None
    reapplied: tuple[tuple[int, str], ...] = ()


class SealPart(msgspec.Struct, frozen=True):
    """What a seal says (`ledger.sealing`); hashes in hexadecimal digits."""

    index_size: int
    index_root: str
    status_digest: str
    previous_seal: int | None = None


class GenerationPart(msgspec.Struct, frozen=True):
    """What the entry says that opens a generation of a log (`ledger.generations`)."""

    generation: int
    lost_from: int
    checkpoint: str


class _Entry(msgspec.Struct, frozen=True):
    key: str | None = None
    fields: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()


class _Outcome(msgspec.Struct, frozen=True):
    target: int | None = None


class _Ruling(msgspec.Struct, frozen=True):
    edition: str | None = None
    edition_sha256: str | None = None
    outcome: _Outcome = _Outcome()


class _Payload(msgspec.Struct, frozen=True):
    entry: msgspec.Raw = msgspec.Raw(b"{}")
    ruling: _Ruling = _Ruling()


class _Whole(msgspec.Struct, frozen=True):
    entry: _Entry = _Entry()
    ruling: _Ruling = _Ruling()


_decode_generation = msgspec.json.Decoder(GenerationPart).decode
_decode_seal = msgspec.json.Decoder(SealPart).decode
_decode_payload = msgspec.json.Decoder(_Payload).decode
_decode_whole = msgspec.json.Decoder(_Whole).decode


def parse_payload(data: bytes) -> PayloadPart | None:
    """What a check needs of a payload; None for payloads of other applications."""
    try:
        payload = _decode_whole(data)
        entry, ruling = payload.entry, payload.ruling
        reapplied = tuple(_place(text) for text in entry.erased) if entry.erased else ()
        # Few entries have a key, and only its digest needs the bytes.
        content = b"" if entry.key is None else bytes(_decode_payload(data).entry)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    pins = (ruling.edition, ruling.edition_sha256)
    return PayloadPart(
        content,
        entry.key,
        entry.fields,
        None if None in pins else pins,  # type: ignore[arg-type]  # just looked
        ruling.outcome.target,
        reapplied,
    )


def _place(text: str) -> tuple[int, str]:
    position, path = text.split(" ")
    return int(position), path


def parse_seal(data: bytes) -> SealPart:
    """What a seal's payload says; ValueError for bytes that are no seal."""
    try:
        return _decode_seal(_decode_payload(data).entry)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def parse_generation(data: bytes) -> GenerationPart:
    """What the payload of a `GenerationOpened` says; ValueError for other bytes."""
    try:
        return _decode_generation(_decode_payload(data).entry)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def parse_private(text: str) -> tuple[tuple[str, bytes], ...]:
    """The commitments in a `private` column; ValueError or TypeError for any other spelling."""
    pairs = tuple((path, bytes.fromhex(digits)) for path, digits in orjson.loads(text))
    _demand(text, [(path, commitment.hex()) for path, commitment in pairs])
    return pairs


def parse_attachments(text: str) -> tuple[Attachment, ...]:
    """The files in an `attachments` column; ValueError or TypeError for any other spelling."""
    files = tuple(
        Attachment(bytes.fromhex(digits), length, name)
        for digits, length, name in orjson.loads(text)
    )
    _demand(text, [(file.sha256.hex(), file.length, file.name) for file in files])
    return files


def misfit_of(row: EntryRow) -> str | None:
    """The first column that holds what no entry holds there; None if all types are right."""
    values = dict(zip(COLUMNS, row, strict=True))
    for name in _TEXTS:
        if values[name].__class__ is not str:
            return name
    if values["version"].__class__ is not int:
        return "version"
    if values["payload"].__class__ is not bytes:
        return "payload"
    try:
        if values["private"] is not None:
            parse_private(values["private"])
    except (ValueError, TypeError):
        return "private"
    try:
        if values["attachments"] is not None:
            parse_attachments(values["attachments"])
    except (ValueError, TypeError):
        return "attachments"
    return None if is_hash(values["leaf"]) else "leaf"


def demand_readable(log: str, row: EntryRow) -> None:
    """Raise IntegrityFailure for a row that cannot be shown, because no entry looks like that."""
    misfit = misfit_of(row)
    if misfit is None and parse_payload(row[COLUMNS.index("payload")]) is None:
        misfit = "payload"
    if misfit is not None:
        raise IntegrityFailure(
            "the entry {position} cannot be read: {reason}. Run `taizhang log verify`",
            position=f"{log}#{row[0]}",
            reason=misfit,
        )


def _demand(text: object, value: list[Any]) -> None:
    if not value or text.__class__ is not str or orjson.dumps(value).decode() != text:
        raise ValueError("spelled otherwise")
