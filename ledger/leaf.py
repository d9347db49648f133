"""The leaf: the text of an entry that is hashed into its log.

A leaf says in a few lines of UTF-8 what was recorded where and when, and binds the payload, the
private values and the attachments by their hashes. This page is its specification, version 1.

Every line ends with one line feed (0x0A), the last one too; fields are parted by one space:

    taizhang-leaf/v1
    log <log>
    position <number>
    stream <stream> <version>
    previous <base64>
    type <Name>/<schema>
    effective <day>
    recorded <instant>
    payload <hex> <number>
    private <path> <hex>                 none or more
    attachment <hex> <number or -> <name>   none or more

* log: `[a-z][a-z0-9_-]*`, the scheme whose log this is; position: its place there, from 0.
* stream: printable ASCII without space; version: its place in the stream, from 1.
* previous: the leaf hash of the entry before it in the stream; 32 zero bytes for version 1 and
  only there.
* type: `[A-Z][A-Za-z0-9]*`, a slash, the schema number from 1.
* effective: `YYYY-MM-DD`, the day it takes legal effect.
* recorded: `YYYY-MM-DDTHH:MM:SS.ffffffZ`, UTC, microseconds, no leap second.
* payload: SHA-256 and length in bytes of the canonical payload.
* private: the commitments of `ledger.commitment`, strictly ascending by path in UTF-8 bytes.
* attachment: SHA-256, length in bytes and name of a file, in the order given; `-` stands for the
  length of a file that only its hash was given of. A name may hold spaces; it is
  not empty, in Unicode normalization form C, without control characters, line or paragraph
  separators, byte order mark or characters that reorder text; no name comes twice.
* number: decimal, no sign, no leading zero, at most 18 digits. hex: 64 lower-case digits.
  base64: RFC 4648 §4 of 32 bytes, with padding and with zero bits left over.
* The whole text has at most 8,192 bytes.

Each text that keeps to this has one reading, and each reading one text. The leaf hash is
SHA-256(0x00 ‖ text) (RFC 9162 §2.1.1). Worked example, 473 bytes:

    taizhang-leaf/v1
    log beijing
    position 41
    stream beijing/91110108551385082U 7
    previous EGxBEmGBnlo1GS6rRzJNcq48rzYnYtZmE6p0zcHCqZM=
    type EvaluationScored/1
    effective 2023-06-30
    recorded 2026-11-23T08:31:27.123456Z
    payload 2626e2b59d435a8d81e2cf1c3f6e1485f81cea3f300492ec6672dcb5773f481b 88
    private /contact/phone 64f6d72a7ab16df9129b4b4ac9e1ed80793644f90dfbe63905354c30bbbe2e55
    attachment 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 5 评价 报告.pdf

with the leaf hash

    12bc1872d7b0228b97689c89239c85cab1ffeb631550e23b30f565a6ac1ce093
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from unicodedata import is_normalized

from ledger.commitment import check_path
from ledger.errors import MalformedError

__all__ = [
    "MAX_LEAF_BYTES",
    "NO_PREVIOUS",
    "Attachment",
    "Leaf",
    "format_leaf",
    "hash_leaf",
    "leaf_text",
    "parse_leaf",
]

MAX_LEAF_BYTES = 8192
NO_PREVIOUS = bytes(32)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file bound to an entry: its SHA-256, its length in bytes (None: not known) and its name."""

    sha256: bytes
    length: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one leaf says; the fields are those of the text, hashes as 32 bytes."""

    log: str
    position: int
    stream: str
    version: int
    previous: bytes
    type: str
    effective: str
    recorded: str
    payload_sha256: bytes
    payload_length: int
    private: tuple[tuple[str, bytes], ...] = ()
    attachments: tuple[Attachment, ...] = ()


def format_leaf(leaf: Leaf) -> bytes:
    """Return the text of the leaf; MalformedError if a field cannot stand in it."""
    return leaf_text(
        log=leaf.log,
        position=leaf.position,
        stream=leaf.stream,
        version=leaf.version,
        previous=leaf.previous,
        type=leaf.type,
        effective=leaf.effective,
        recorded=leaf.recorded,
        payload_sha256=leaf.payload_sha256,
        payload_length=leaf.payload_length,
        private=leaf.private,
        attachments=leaf.attachments,
    )


def parse_leaf(text: bytes) -> Leaf:
    """Return the leaf with exactly this text; MalformedError for everything else."""
    if len(text) > MAX_LEAF_BYTES:
        raise MalformedError("a leaf has at most {limit} bytes", limit=MAX_LEAF_BYTES)
    try:
        match = _TEXT.fullmatch(text.decode())
        leaf = _leaf_of(match) if match else None
    except ValueError as error:  # not UTF-8, or not base64
        raise MalformedError("not a leaf: {reason}", reason=str(error)) from error
    # Reading is generous and writing is strict: only what is written back the same was a leaf.
    if leaf is None or format_leaf(leaf) != text:
        raise MalformedError("not a leaf, version 1")
    return leaf


def hash_leaf(text: bytes) -> bytes:
    """Return the leaf hash of any bytes: SHA-256(0x00 ‖ text), RFC 9162 §2.1.1."""
    return sha256(b"\x00" + text).digest()


def leaf_text(
    *,
    log: str,
    position: int,
    stream: str,
    version: int,
    previous: bytes | bytearray,
    type: str,
    effective: str,
    recorded: str,
    payload_sha256: bytes,
    payload_length: int,
    private: Sequence[tuple[str, bytes]] = (),
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """Return the text of a leaf from its fields, without building a `Leaf`; the same checks."""
    try:
        # Checks are spread by how often a value comes back: logs, types and days are few and
        # remembered; streams, numbers and hashes get the cheapest test that is complete.
        _check_log(log)
        _check_type(type)
        _check_day(effective)
        _check_instant(recorded)
        if not (stream.isascii() and stream.isprintable()) or " " in stream or not stream:
            raise _refused("stream", stream)
        if not (
            position.__class__ is version.__class__ is payload_length.__class__ is int
            and 0 <= position < _NUMBER_BOUND
            and 0 < version < _NUMBER_BOUND
            and 0 <= payload_length < _NUMBER_BOUND
        ):
            raise _refused("numbers", (position, version, payload_length))
        if len(previous) != 32 or len(payload_sha256) != 32:
            raise _refused("hash", previous if len(previous) != 32 else payload_sha256)
        if (version == 1) != (previous == NO_PREVIOUS):
            raise MalformedError("only version 1 of a stream, and each one, has no previous leaf")
        text = (
            f"taizhang-leaf/v1\nlog {log}\nposition {position}\nstream {stream} {version}\n"
            f"previous {b2a_base64(previous, newline=False).decode()}\ntype {type}\n"
            f"effective {effective}\nrecorded {recorded}\n"
            f"payload {payload_sha256.hex()} {payload_length}\n"
        )
        if private:
            text += _private_lines(private)
        if attachments:
            text += _attachment_lines(attachments)
    except (TypeError, AttributeError) as error:
        raise MalformedError("leaf field of a wrong type: {reason}", reason=str(error)) from error
    data = text.encode()
    if len(data) > MAX_LEAF_BYTES:
        raise MalformedError("a leaf has at most {limit} bytes", limit=MAX_LEAF_BYTES)
    return data


_NUMBER_BOUND = 10**18

_LOG = re.compile(r"[a-z][a-z0-9_-]*")
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*/[1-9][0-9]{0,17}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
_UNFIT_IN_NAME = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)

_TEXT = re.compile(
    "taizhang-leaf/v1\n"
    "log ([^ \n]+)\n"
    "position ([0-9]{1,18})\n"
    "stream ([^ \n]+) ([0-9]{1,18})\n"
    "previous ([^ \n]+)\n"
    "type ([^ \n]+)\n"
    "effective ([^ \n]+)\n"
    "recorded ([^ \n]+)\n"
    "payload ([0-9a-f]{64}) ([0-9]{1,18})\n"
    "((?:private [^ \n]+ [0-9a-f]{64}\n)*)"
    "((?:attachment [0-9a-f]{64} (?:[0-9]{1,18}|-) [^\n]+\n)*)"
)


@lru_cache(maxsize=256)
def _check_log(log: str) -> None:
    if not _LOG.fullmatch(log):
        raise _refused("log", log)


@lru_cache(maxsize=1024)
def _check_type(name: str) -> None:
    if not _TYPE.fullmatch(name):
        raise _refused("type", name)


@lru_cache(maxsize=8192)
def _check_day(day: str) -> None:
    # fromisoformat alone would also take 20230630 and 2023-W26-5.
    if not _DAY.fullmatch(day):
        raise _refused("day", day)
    try:
        date.fromisoformat(day)
    except ValueError:
        raise _refused("day", day) from None


@lru_cache(maxsize=64)
def _check_instant(instant: str) -> None:
    if not _TIME.fullmatch(instant, 10):
        raise _refused("instant", instant)
    _check_day(instant[:10])


def _private_lines(private: Sequence[tuple[str, bytes]]) -> str:
    lines, before = [], ""
    for path, commitment in private:
        check_path(path)
        # Code points sort as their UTF-8 bytes do.
        if path <= before:
            raise MalformedError("private paths are not strictly ascending")
        if len(commitment) != 32:
            raise _refused("commitment", commitment)
        lines.append(f"private {path} {commitment.hex()}\n")
        before = path
    return "".join(lines)


def _attachment_lines(attachments: Sequence[Attachment]) -> str:
    lines, names = [], set()
    for file in attachments:
        name, length = file.name, file.length
        if not name or _UNFIT_IN_NAME.search(name) or not is_normalized("NFC", name):
            raise _refused("attachment name", name)
        if name in names:
            raise MalformedError("two attachments of one name")
        if length is not None and (length.__class__ is not int or not 0 <= length < _NUMBER_BOUND):
            raise _refused("attachment length", length)
        if len(file.sha256) != 32:
            raise _refused("hash", file.sha256)
        shown = "-" if length is None else length
        lines.append(f"attachment {file.sha256.hex()} {shown} {name}\n")
        names.add(name)
    return "".join(lines)


def _leaf_of(match: re.Match[str]) -> Leaf:
    groups = match.groups()
    private = (line.split(" ") for line in groups[10].split("\n")[:-1])
    attachments = (line.split(" ", 3) for line in groups[11].split("\n")[:-1])
    return Leaf(
        log=groups[0],
        position=int(groups[1]),
        stream=groups[2],
        version=int(groups[3]),
        previous=a2b_base64(groups[4]),
        type=groups[5],
        effective=groups[6],
        recorded=groups[7],
        payload_sha256=bytes.fromhex(groups[8]),
        payload_length=int(groups[9]),
        private=tuple((path, bytes.fromhex(digits)) for _, path, digits in private),
        attachments=tuple(
            Attachment(bytes.fromhex(digits), None if length == "-" else int(length), name)
            for _, digits, length, name in attachments
        ),
    )


def _refused(field: str, value: object) -> MalformedError:
    return MalformedError("no {field} of a leaf: {value}", field=field, value=ascii(value))
