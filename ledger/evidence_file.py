"""The evidence file as a document: what may stand in it, read strictly and written canonically.

Specification: docs/formats.md, "Evidence file". Reading takes exactly one spelling of each file;
whether what it claims is so is another question (`ledger.evidence_check`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from ledger import canonical
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import MalformedError
from ledger.leaf import Leaf, hash_leaf, parse_leaf
from ledger.note import Note, parse_note
from ledger.stream_index import IndexEntry, IndexProof
from ledger.strict_base64 import decode_base64

__all__ = [
    "EVIDENCE_FORMAT",
    "MAX_EVIDENCE_BYTES",
    "Evidence",
    "KeptFile",
    "ShownEntry",
    "ShownPrivate",
    "ShownStream",
    "format_document",
    "parse_evidence",
]

EVIDENCE_FORMAT = "taizhang-evidence/v1"
MAX_EVIDENCE_BYTES = 64 << 20

_CENTER = re.compile(r"([a-z][a-z0-9_-]{0,31})/(?:[0-9A-HJ-NPQRTUWXY]{18}|id:[A-Za-z0-9_-]{1,64})")
_HEX = re.compile("[0-9a-f]{64}")


class ShownPrivate(NamedTuple):
    """A private value that is disclosed, or the position at which its erasure is on record."""

    path: str
    salt: bytes
    value: bytes
    erased: int | None


class ShownEntry(NamedTuple):
    """An entry as it is shown: its leaf, its payload, and the proof that it is in the tree."""

    leaf: Leaf
    hash: bytes
    payload: bytes
    said: dict[str, Any]
    proof: tuple[bytes, ...]
    private: tuple[ShownPrivate, ...]


class ShownStream(NamedTuple):
    """The entries of a stream, and the proof of what the sealed index says of it."""

    stream: str
    entries: tuple[ShownEntry, ...]
    answer: IndexProof


class KeptFile(NamedTuple):
    """A content under its hash (hexadecimal); `name` is the edition of a regulation, else empty."""

    name: str
    sha256: str
    content: bytes


class Evidence(NamedTuple):
    """An evidence file, read."""

    center: str
    scheme: str
    checkpoint: Checkpoint
    note: Note
    seal: ShownEntry
    streams: tuple[ShownStream, ...]
    others: tuple[ShownEntry, ...]
    status: str | None
    editions: tuple[KeptFile, ...]
    attachments: tuple[KeptFile, ...]

    def entries(self) -> Iterator[ShownEntry]:
        """Every entry that makes a claim, in order; the seal is not among them."""
        for stream in self.streams:
            yield from stream.entries
        yield from self.others


def format_document(document: dict[str, Any]) -> bytes:
    """The bytes of a file with these members; MalformedError if they cannot stand in one."""
    data = canonical.encode(document) + b"\n"
    parse_evidence(data)
    return data


def parse_evidence(data: bytes) -> Evidence:
    """The file with exactly these bytes; MalformedError for everything else."""
    if len(data) > MAX_EVIDENCE_BYTES:
        raise MalformedError("an evidence file has at most {limit} bytes", limit=MAX_EVIDENCE_BYTES)
    if not data.endswith(b"\n"):
        raise _malformed("not an evidence file: it does not end with a line feed")
    try:
        file = msgspec.convert(canonical.decode(data[:-1]), _File)
    except msgspec.ValidationError as error:
        raise MalformedError("not an evidence file: {reason}", reason=str(error)) from None
    center = _CENTER.fullmatch(file.center)
    if file.format != EVIDENCE_FORMAT or center is None:
        raise _malformed("not an evidence file: its format or its center is none that is known")
    note = parse_note(file.checkpoint.encode())
    found = Evidence(
        center=file.center,
        scheme=center[1],
        checkpoint=parse_checkpoint(note.text),
        note=note,
        seal=_entry(file.seal),
        streams=tuple(_stream(stream) for stream in file.streams),
        others=tuple(_entry(entry) for entry in file.others),
        status=file.status,
        editions=tuple(
            KeptFile(one.edition, _digits(one.sha256), one.content.encode())
            for one in file.editions
        ),
        attachments=tuple(
            KeptFile("", _digits(one.sha256), _bytes(one.content)) for one in file.attachments
        ),
    )
    _check_orders(found)
    return found


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _End(_Strict):
    head: str
    key: str
    status: str
    version: int


class _Index(_Strict):
    end: _End | None
    siblings: list[str]


class _Private(_Strict):
    path: str
    salt: str | msgspec.UnsetType = msgspec.UNSET
    value: str | msgspec.UnsetType = msgspec.UNSET
    erased: int | msgspec.UnsetType = msgspec.UNSET


class _Entry(_Strict):
    leaf: str
    payload: str
    private: list[_Private]
    proof: list[str]


class _Stream(_Strict):
    entries: list[_Entry]
    index: _Index
    stream: str


class _Edition(_Strict):
    content: str
    edition: str
    sha256: str


class _Attachment(_Strict):
    content: str
    sha256: str


class _File(_Strict):
    attachments: list[_Attachment]
    center: str
    checkpoint: str
    editions: list[_Edition]
    format: str
    others: list[_Entry]
    seal: _Entry
    status: str | None
    streams: list[_Stream]


def _entry(shown: _Entry) -> ShownEntry:
    text = shown.leaf.encode()
    said = canonical.decode(shown.payload.encode())
    if not (
        isinstance(said, dict)
        and isinstance(said.get("entry"), dict)
        and isinstance(said.get("ruling", {}), dict)
    ):
        raise _malformed("not an evidence file: a payload says no entry")
    private = tuple(_private(one) for one in shown.private)
    return ShownEntry(
        leaf=parse_leaf(text),
        hash=hash_leaf(text),
        payload=shown.payload.encode(),
        said=said,
        proof=tuple(_hash(one) for one in shown.proof),
        private=private,
    )


def _private(shown: _Private) -> ShownPrivate:
    match (shown.salt, shown.value, shown.erased):
        case (str(salt), str(value), msgspec.UNSET):
            return ShownPrivate(shown.path, _hash(salt), value.encode(), None)
        case (msgspec.UNSET, msgspec.UNSET, int(erased)) if erased >= 0:
            return ShownPrivate(shown.path, b"", b"", erased)
    raise _malformed("not an evidence file: a private value is neither disclosed nor erased")


def _stream(shown: _Stream) -> ShownStream:
    siblings = tuple(_hash(one) for one in shown.index.siblings)
    end = shown.index.end
    if end is None:
        proof = IndexProof(siblings, None)
    elif end.version < 0:
        raise _malformed("not an evidence file: a version is a number")
    else:
        status = bytes.fromhex(_digits(end.status))
        entry = IndexEntry(end.version, _hash(end.head), status)
        proof = IndexProof(siblings, (bytes.fromhex(_digits(end.key)), entry))
    return ShownStream(shown.stream, tuple(_entry(one) for one in shown.entries), proof)


def _check_orders(found: Evidence) -> None:
    names = [stream.stream for stream in found.streams]
    if names[:1] != [found.center] or found.center in names[1:]:
        raise _malformed("not an evidence file: the center's own stream comes first, and once")
    _ascend("streams", names[1:])
    _ascend("others", [entry.leaf.position for entry in found.others])
    _ascend("editions", [one[:2] for one in found.editions])
    _ascend("attachments", [one.sha256 for one in found.attachments])
    for entry in (found.seal, *found.entries()):
        _ascend("private", [one.path for one in entry.private])


def _ascend(what: str, values: Sequence[Any]) -> None:
    if any(before >= after for before, after in pairwise(values)):
        raise _malformed("not an evidence file: {what} are not in order", what=what)


def _hash(text: str) -> bytes:
    data = _bytes(text)
    if len(data) != 32:
        raise _malformed("not an evidence file: a hash has 32 bytes")
    return data


def _bytes(text: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError:
        raise _malformed("not an evidence file: base64 in another than its one spelling") from None


def _digits(text: str) -> str:
    if not _HEX.fullmatch(text):
        raise _malformed("not an evidence file: a hash has 64 hexadecimal digits")
    return text


def _malformed(message: str, /, **values: Any) -> MalformedError:
    return MalformedError(message, **values)
