#!/usr/bin/env python3
"""Check an evidence file (证据文件, *.evidence.json) of a taizhang ledger, with this file alone.

    python taizhang_verify.py FILE --key VKEY [--key ...] [--policy FILE] [--json] [--lang zh|en]

Needs Python 3.9 or newer and nothing else. Where the package `cryptography` is installed it
verifies the signatures, else the pages below do; both accept the same. Nothing is fetched, nothing
is written, and nothing the file says of itself is believed: keys, and the wanted quorum of
witnesses, come from whoever checks. Get the key from the authority by another way than the file.

Each claim is proven (成立), not_proven (未能证明) or contradicted (与证据矛盾). Exit status:

    0  every claim is proven
    1  something is not proven
    2  the file, a key or the policy is malformed, or the command line is
    5  something is contradicted

Specification: "Evidence file" in docs/formats.md of taizhang; the table of claims there is
`check` here. Underlying: RFC 8032 (Ed25519), RFC 8785 (canonical JSON), RFC 9162 §2.1 (trees),
C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.
"""

from __future__ import annotations

import argparse
import binascii
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import is_normalized

__all__ = [
    "SAY",
    "Claim",
    "UnreadableError",
    "check",
    "main",
    "verify_ed25519",
    "verify_ed25519_slowly",
]

MAX_FILE_BYTES = 64 << 20
FORMAT = "taizhang-evidence/v1"

PROVEN, NOT_PROVEN, CONTRADICTED = "proven", "not_proven", "contradicted"

_MAX_NOTE_BYTES = 1 << 20
_MAX_SIGNATURES = 100
_MAX_LEAF_BYTES = 8192
_MAX_DEPTH = 100
_ED25519, _COSIGNATURE = 1, 4


class UnreadableError(Exception):
    """Input that cannot be read: the code of a message, and what fills it."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class Claim(NamedTuple):
    """One claim with its verdict; `code` and `values` are the message, `rests_on` a caveat."""

    claim: str
    verdict: str
    code: str
    values: dict[str, object]
    rests_on: str = ""


# --- bytes and their one spelling ---------------------------------------------------------------


def _base64(text: object, where: str, length: int | None = None) -> bytes:
    """The bytes, of this length, in the one base64 spelling they have."""
    try:
        data = binascii.a2b_base64(_text(text, where))
    except ValueError:
        raise UnreadableError("m.base64", where=where) from None
    if binascii.b2a_base64(data, newline=False).decode() != text:
        raise UnreadableError("m.base64", where=where)
    if length is not None and len(data) != length:
        raise UnreadableError("m.length", where=where, length=length)
    return data


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise UnreadableError("m.text", where=where)
    return value


_HEX = re.compile("[0-9a-f]{64}")


def _hex(value: object, where: str) -> bytes:
    if not _HEX.fullmatch(_text(value, where)):
        raise UnreadableError("m.hex", where=where)
    return bytes.fromhex(str(value))


def _parse_canonical(text: str, where: str) -> Any:
    """The value with this canonical JSON (RFC 8785, narrowed); no other spelling is taken."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _once(pairs, where),
            parse_int=lambda digits: _whole(digits, where),
            parse_float=lambda _: _refuse_number(where),
            parse_constant=lambda _: _refuse_number(where),
        )
        _check_value(value, where, 1)
    except RecursionError:
        raise UnreadableError("m.depth", where=where, depth=_MAX_DEPTH) from None
    except ValueError as error:
        raise UnreadableError("m.json", where=where, reason=error) from None
    spelled = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if spelled != text:
        raise UnreadableError("m.spelling", where=where)
    return value


def _once(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnreadableError("m.twice", where=where)
    return members


def _whole(digits: str, where: str) -> int:
    # Long numbers are refused before they are read: reading them takes quadratic time.
    if len(digits) > 17 or not -(2**53) < int(digits) < 2**53:
        _refuse_number(where)
    return int(digits)


def _refuse_number(where: str) -> Any:
    raise UnreadableError("m.number", where=where)


def _check_value(value: object, where: str, depth: int) -> None:
    """Text in normalization form C, names in ASCII, no deeper than allowed."""
    if isinstance(value, str):
        _check_text(value, where)
        return
    if not isinstance(value, (dict, list)):
        return
    if depth > _MAX_DEPTH:
        raise UnreadableError("m.depth", where=where, depth=_MAX_DEPTH)
    if isinstance(value, dict) and not all(name.isascii() for name in value):
        raise UnreadableError("m.names", where=where)
    for item in value.values() if isinstance(value, dict) else value:
        _check_value(item, where, depth + 1)


def _check_text(text: str, where: str) -> None:
    if text.isascii():
        return
    if re.search("[\ud800-\udfff]", text) or not is_normalized("NFC", text):
        raise UnreadableError("m.unicode", where=where)


# --- hashes: trees and indexes ------------------------------------------------------------------


def _is_included(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = sha256(b"\x01" + sibling + node).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + sibling).digest()
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


class _End(NamedTuple):
    """The leaf of the index a proof ends at."""

    key: bytes
    version: int
    head: bytes
    status: bytes


class _Index(NamedTuple):
    siblings: list[bytes]
    end: _End | None


def _index_key(stream: str) -> bytes:
    return sha256(b"taizhang-stream/v1\x00" + stream.encode()).digest()


def _leads_to(index: _Index, key: bytes, root: bytes) -> bool:
    """Whether the index with this root says of the key what the proof says: see `_found`."""
    depth = len(index.siblings)
    if depth > 256 or (index.end is not None and index.end.version < 1):
        return False
    place = int.from_bytes(key, "big")
    node = bytes(32)
    if index.end is not None:
        end = index.end
        if (int.from_bytes(end.key, "big") ^ place) >> (256 - depth):
            return False
        counted = end.version.to_bytes(8, "big")
        node = sha256(b"\x02" + end.key + counted + end.head + end.status).digest()
    for number in reversed(range(depth)):
        beside = index.siblings[number]
        is_right = place >> (255 - number) & 1
        node = sha256(b"\x03" + (beside + node if is_right else node + beside)).digest()
    return node == root


def _found(index: _Index, key: bytes) -> _End | None:
    """What a proof that leads to the root says of the key; None for absent."""
    return index.end if index.end is not None and index.end.key == key else None


# --- Ed25519 (RFC 8032) -------------------------------------------------------------------------
# Decided before anything is computed, so that every library agrees: S is below the order; key and R
# are the one encoding of a point, and no point of small order (with such a key one signature would
# do for any text).

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]
_ZERO: _Point = (0, 1, 1, 0)


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of the message is by this key; by `cryptography` where it is there."""
    if _points_of(public, signature) is None:
        return False
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return verify_ed25519_slowly(public, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_ed25519_slowly(public: bytes, message: bytes, signature: bytes) -> bool:
    """The same without any library (RFC 8032 §5.1.7, without the cofactor)."""
    points = _points_of(public, signature)
    if points is None:
        return False
    key, nonce = points
    number = int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little")
    right = _add(nonce, _times(challenge % _ORDER, key))
    return _is_same(_times(number, _base()), right)


def _points_of(public: bytes, signature: bytes) -> tuple[_Point, _Point] | None:
    """Key and R as points, if they and S are fit to be believed."""
    if len(public) != 32 or len(signature) != 64:
        return None
    if int.from_bytes(signature[32:], "little") >= _ORDER:
        return None
    key, nonce = _decode_point(public), _decode_point(signature[:32])
    if key is None or nonce is None:
        return None
    if _is_same(_times(8, key), _ZERO) or _is_same(_times(8, nonce), _ZERO):
        return None
    return key, nonce


def _decode_point(data: bytes) -> _Point | None:
    """RFC 8032 §5.1.3."""
    encoded = int.from_bytes(data, "little")
    sign, y = encoded >> 255, encoded & (1 << 255) - 1
    if y >= _P:
        return None
    x = _root_of_ratio(y * y - 1, _D * y * y + 1)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _root_of_ratio(above: int, below: int) -> int | None:
    x = above * pow(below, 3, _P) * pow(above * pow(below, 7, _P), (_P - 5) // 8, _P) % _P
    square = below * x * x % _P
    if square == above % _P:
        return x
    return x * _ROOT_OF_MINUS_ONE % _P if square == -above % _P else None


def _base() -> _Point:
    y = 4 * pow(5, _P - 2, _P) % _P
    base = _decode_point(y.to_bytes(32, "little"))
    if base is None:
        raise AssertionError("the base point is on the curve")
    return base


def _add(one: _Point, other: _Point) -> _Point:
    """RFC 8032 §5.1.4, which also doubles."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    found = _ZERO
    while number:
        if number & 1:
            found = _add(found, point)
        point, number = _add(point, point), number >> 1
    return found


def _is_same(one: _Point, other: _Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % _P == 0


# --- keys, notes, checkpoints (C2SP) ------------------------------------------------------------


class _Key(NamedTuple):
    name: str
    algorithm: int
    public: bytes

    def key_id(self) -> bytes:
        named = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return sha256(named).digest()[:4]


class _Line(NamedTuple):
    """A signature line of a note."""

    name: str
    key_id: bytes
    data: bytes


class _Checkpoint(NamedTuple):
    text: str
    origin: str
    size: int
    root: bytes
    lines: list[_Line]


# No control character, none that Unicode calls white space, no plus sign, no lone surrogate.
_UNFIT_NAME = re.compile(
    "[\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]"
)
_SIZE = re.compile("0|[1-9][0-9]{0,17}")
_SCHEME = re.compile("[a-z][a-z0-9_-]{0,31}")
_GENERATION = re.compile("[2-9]|[1-9][0-9]{1,8}")


def _parse_key(text: str, algorithm: int) -> _Key:
    """The key written as a vkey, which must be of this algorithm."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise UnreadableError("m.vkey", vkey=ascii(text[:120]))
    try:
        data = _base64(parts[2], "")
        name = _fit_name(parts[0])
    except UnreadableError:
        raise UnreadableError("m.vkey", vkey=ascii(text[:120])) from None
    if len(data) != 33 or data[0] not in (_ED25519, _COSIGNATURE):
        raise UnreadableError("m.vkey", vkey=ascii(text[:120]))
    key = _Key(name, data[0], data[1:])
    if key.key_id().hex() != parts[1]:
        raise UnreadableError("m.key_id", name=name)
    if key.algorithm != algorithm:
        raise UnreadableError("m.algorithm", name=name)
    return key


def _fit_name(name: str) -> str:
    if not name or _UNFIT_NAME.search(name):
        raise UnreadableError("m.key_name", name=ascii(name))
    return name


def _by_id(keys: Iterable[_Key]) -> dict[tuple[str, bytes], _Key]:
    known: dict[tuple[str, bytes], _Key] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id()), key) != key:
            raise UnreadableError("m.key_twice", name=key.name)
    return known


def _parse_checkpoint(text: str) -> _Checkpoint:
    """A signed note whose text is exactly origin, size and root."""
    if len(text.encode()) > _MAX_NOTE_BYTES or re.search("[\x00-\x09\x0b-\x1f]", text):
        raise UnreadableError("m.note")
    above, parted, below = text.rpartition("\n\n")
    lines = below.split("\n")
    if not parted or lines.pop() or not 1 <= len(lines) <= _MAX_SIGNATURES:
        raise UnreadableError("m.note")
    said = above.split("\n")
    if len(said) != 3 or not _SIZE.fullmatch(said[1]):
        raise UnreadableError("m.checkpoint")
    root = _base64(said[2], "checkpoint", 32)
    signed = [_parse_line(line) for line in lines]
    return _Checkpoint(above + "\n", _fit_name(said[0]), int(said[1]), root, signed)


def _parse_line(line: str) -> _Line:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise UnreadableError("m.note")
    data = _base64(parts[2], "checkpoint")
    if len(data) <= 4:
        raise UnreadableError("m.note")
    return _Line(_fit_name(parts[1]), data[:4], data[4:])


def _scheme_of_origin(origin: str) -> str:
    """The scheme an origin ends with, a generation after it or not; empty where there is none."""
    parts = origin.split("/")
    if len(parts) > 2 and _GENERATION.fullmatch(parts[-1]):
        parts.pop()
    return parts[-1] if len(parts) > 1 and _SCHEME.fullmatch(parts[-1]) else ""


def _keys_for(origin: str, given: Iterable[_Key]) -> list[_Key]:
    """The given keys that may sign for the origin, under its name."""
    return [
        _Key(origin, key.algorithm, key.public)
        for key in given
        if key.name == origin or _is_log_of(origin, key.name)
    ]


def _is_log_of(origin: str, ledger: str) -> bool:
    if not origin.startswith(ledger + "/"):
        return False
    scheme, parted, generation = origin[len(ledger) + 1 :].partition("/")
    return _SCHEME.fullmatch(scheme) is not None and (
        not parted or _GENERATION.fullmatch(generation) is not None
    )


# --- policies of witnesses (C2SP tlog-policy) ---------------------------------------------------


class _Policy:
    """Witnesses and groups by name; a group is its threshold and its members."""

    def __init__(self) -> None:
        self.witnesses: dict[bytes, _Key] = {}
        self.groups: dict[bytes, tuple[int, list[bytes]]] = {}
        self.quorum: list[bytes] = []
        self._logs: list[bytes] = []
        self._members: list[bytes] = []

    def lacking(self, cosigned: Iterable[_Key]) -> list[str]:
        """Names of the quorum that did not cosign, the outermost first; empty when it is met."""
        there = set(cosigned)
        met = {name for name, key in self.witnesses.items() if key in there}
        for name, (threshold, members) in self.groups.items():
            if sum(member in met for member in members) >= threshold:
                met.add(name)
        missing = [name for name in self.quorum if name != b"none" and name not in met]
        for name in missing:  # grows while it is read
            missing += [m for m in self.groups.get(name, (0, []))[1] if m not in met]
        return [name.decode("utf-8", "backslashreplace") for name in missing]

    def read(self, words: list[bytes]) -> bool:
        """Take in one line; False where it breaks a rule."""
        kind, rest = words[0], words[1:]
        if kind == b"log" and len(rest) in (1, 2):
            return self._take_log(_key_of(rest[0], _ED25519))
        if kind == b"witness" and len(rest) in (2, 3):
            return self._take_witness(rest[0], _key_of(rest[1], _COSIGNATURE))
        if kind == b"group" and len(rest) >= 3:
            return self._take_group(rest[0], rest[1], rest[2:])
        if kind == b"quorum" and len(rest) == 1 and not self.quorum:
            self.quorum = rest
            return rest[0] == b"none" or self._is_defined(rest[0])
        return False

    def _is_defined(self, name: bytes) -> bool:
        return name in self.witnesses or name in self.groups

    def _is_free(self, name: bytes) -> bool:
        return name != b"none" and not self._is_defined(name)

    def _take_log(self, key: _Key) -> bool:
        is_new = key.public not in self._logs
        self._logs.append(key.public)
        return is_new

    def _take_witness(self, name: bytes, key: _Key) -> bool:
        is_new = all(key.public != known.public for known in self.witnesses.values())
        if not is_new or not self._is_free(name):
            return False
        self.witnesses[name] = key
        return True

    def _take_group(self, name: bytes, count: bytes, members: list[bytes]) -> bool:
        counts = {b"any": 1, b"all": len(members)}
        is_number = re.fullmatch(rb"[1-9][0-9]{0,8}", count) is not None
        threshold = int(count) if is_number else counts.get(count, 0)
        if not 0 < threshold <= len(members) or not self._is_free(name):
            return False
        for member in members:
            if not self._is_defined(member) or member in self._members:
                return False
            self._members.append(member)
        self.groups[name] = (threshold, members)
        return True


def _key_of(word: bytes, algorithm: int) -> _Key:
    try:
        return _parse_key(word.decode(), algorithm)
    except UnicodeDecodeError:
        raise UnreadableError("m.vkey", vkey=ascii(word)) from None


def _parse_policy(data: bytes) -> _Policy:
    """What a policy file says; UnreadableError names the first line that breaks a rule."""
    policy = _Policy()
    lines = data.split(b"\n")
    if len(data) > _MAX_NOTE_BYTES or lines.pop():
        raise UnreadableError("m.policy", line=len(lines) + 1)
    for number, line in enumerate(lines, 1):
        words = [word for word in re.split(rb"[ \t]+", line) if word]
        if re.search(rb"[^\t\x20-\x7e\x80-\xff]", line):
            raise UnreadableError("m.policy", line=number)
        try:
            if words and not words[0].startswith(b"#") and not policy.read(words):
                raise UnreadableError("m.policy", line=number)
        except UnreadableError:
            raise UnreadableError("m.policy", line=number) from None
    if not policy.quorum:
        raise UnreadableError("m.no_quorum")
    _by_id(policy.witnesses.values())
    return policy


# --- leaves -------------------------------------------------------------------------------------


class _File(NamedTuple):
    """An attachment as a leaf names it; length None where it is not known."""

    sha256: str
    length: int | None
    name: str


class _Leaf(NamedTuple):
    log: str
    position: int
    stream: str
    version: int
    previous: bytes
    type: str
    effective: str
    recorded: str
    payload_sha256: str
    payload_length: int
    private: dict[str, bytes]
    attachments: list[_File]


_NUMBER = "(0|[1-9][0-9]{0,17})"
# RFC 6901, less what would end a field of the leaf or hide in it.
_PATH = (
    "(?:/(?:~[01]|[^/~\x00-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ud800-\udfff\ufeff])*)+"
)
_LEAF = re.compile(
    "taizhang-leaf/v1\n"
    "log ([a-z][a-z0-9_-]*)\n"
    f"position {_NUMBER}\n"
    "stream ([!-~]+) ([1-9][0-9]{0,17})\n"
    "previous ([A-Za-z0-9+/]{43}=)\n"
    "type ([A-Z][A-Za-z0-9]*/[1-9][0-9]{0,17})\n"
    "effective ([0-9]{4}-[0-9]{2}-[0-9]{2})\n"
    "recorded ([0-9]{4}-[0-9]{2}-[0-9]{2})"
    "(T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z)\n"
    f"payload ([0-9a-f]{{64}}) {_NUMBER}\n"
    f"((?:private {_PATH} [0-9a-f]{{64}}\n)*)"
    f"((?:attachment [0-9a-f]{{64}} (?:{_NUMBER}|-) [^\n]+\n)*)"
)
_UNFIT_IN_FILE_NAME = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)


def _parse_leaf(text: str, where: str) -> _Leaf:
    """The leaf with exactly this text, version 1."""
    found = _LEAF.fullmatch(text) if len(text.encode()) <= _MAX_LEAF_BYTES else None
    if found is None:
        raise UnreadableError("m.leaf", where=where)
    leaf = _Leaf(
        log=found[1],
        position=int(found[2]),
        stream=found[3],
        version=int(found[4]),
        previous=_base64(found[5], where, 32),
        type=found[6],
        effective=found[7],
        recorded=found[8] + found[9],
        payload_sha256=found[10],
        payload_length=int(found[11]),
        private=_private_lines(found[12], where),
        attachments=_attachment_lines(found[13], where),
    )
    if not (_is_day(found[7]) and _is_day(found[8])):
        raise UnreadableError("m.leaf", where=where)
    if (leaf.version == 1) != (leaf.previous == bytes(32)):
        raise UnreadableError("m.leaf", where=where)
    return leaf


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _private_lines(text: str, where: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    before = ""
    for line in text.split("\n")[:-1]:
        _, path, digits = line.split(" ")
        if path <= before or not is_normalized("NFC", path):
            raise UnreadableError("m.leaf", where=where)
        found[path] = bytes.fromhex(digits)
        before = path
    return found


def _attachment_lines(text: str, where: str) -> list[_File]:
    files: list[_File] = []
    for line in text.split("\n")[:-1]:
        _, digits, length, name = line.split(" ", 3)
        is_fit = not _UNFIT_IN_FILE_NAME.search(name) and is_normalized("NFC", name)
        if not is_fit or any(name == file.name for file in files):
            raise UnreadableError("m.leaf", where=where)
        files.append(_File(digits, None if length == "-" else int(length), name))
    return files


# --- the file -----------------------------------------------------------------------------------


class _Private(NamedTuple):
    """A value that is disclosed, or the position its erasure was recorded at."""

    path: str
    salt: bytes
    value: str
    erased: int | None


class _Entry(NamedTuple):
    leaf: _Leaf
    hash: bytes
    payload: dict[str, Any]
    payload_bytes: bytes
    proof: list[bytes]
    private: list[_Private]

    def name(self) -> str:
        return f"{self.leaf.log}#{self.leaf.position}"


class _Stream(NamedTuple):
    name: str
    entries: list[_Entry]
    proof: _Index


class _Evidence(NamedTuple):
    center: str
    scheme: str
    checkpoint: _Checkpoint
    seal: _Entry
    streams: list[_Stream]
    others: list[_Entry]
    status: str | None
    editions: list[tuple[str, str, bytes]]
    attachments: list[tuple[str, bytes]]

    def entries(self) -> Iterator[_Entry]:
        """All entries that make a claim, in order."""
        for stream in self.streams:
            yield from stream.entries
        yield from self.others


_CENTER = re.compile("([a-z][a-z0-9_-]{0,31})/(?:[0-9A-HJ-NPQRTUWXY]{18}|id:[A-Za-z0-9_-]{1,64})")
_MEMBERS = "attachments center checkpoint editions format others seal status streams"


def _parse_evidence(data: bytes) -> _Evidence:
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError("m.big")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise UnreadableError("m.utf8") from None
    if not text.endswith("\n"):
        raise UnreadableError("m.end")
    document = _members(_parse_canonical(text[:-1], "file"), _MEMBERS, "file")
    if document["format"] != FORMAT:
        raise UnreadableError("m.format", format=ascii(document["format"])[:60])
    center = _text(document["center"], "center")
    named = _CENTER.fullmatch(center)
    if named is None:
        raise UnreadableError("m.center", center=ascii(center)[:120])
    status = document["status"]
    return _Evidence(
        center=center,
        scheme=named[1],
        checkpoint=_parse_checkpoint(_text(document["checkpoint"], "checkpoint")),
        seal=_parse_entry(document["seal"], "seal"),
        streams=_parse_streams(document["streams"], center),
        others=_parse_others(document["others"]),
        status=None if status is None else _text(status, "status"),
        editions=_parse_editions(document["editions"]),
        attachments=_parse_attachments(document["attachments"]),
    )


def _members(value: object, names: str, where: str) -> dict[str, Any]:
    """The value as an object that has exactly these members."""
    if not isinstance(value, dict) or sorted(value) != names.split():
        raise UnreadableError("m.members", where=where, names=names)
    return value


def _each(value: object, where: str) -> Iterator[tuple[str, Any]]:
    """The items of a list, each with its place."""
    if not isinstance(value, list):
        raise UnreadableError("m.list", where=where)
    for number, item in enumerate(value):
        yield f"{where}[{number}]", item


def _check_order(keys: list[Any], where: str) -> None:
    for number in range(1, len(keys)):
        if keys[number - 1] >= keys[number]:
            raise UnreadableError("m.order", where=where)


def _parse_entry(value: object, where: str) -> _Entry:
    entry = _members(value, "leaf payload private proof", where)
    leaf_text = _text(entry["leaf"], where + ".leaf")
    payload_text = _text(entry["payload"], where + ".payload")
    payload = _parse_canonical(payload_text, where + ".payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("entry"), dict):
        raise UnreadableError("m.payload", where=where)
    if not isinstance(payload.get("ruling", {}), dict):
        raise UnreadableError("m.payload", where=where)
    private = [_parse_private(item, at) for at, item in _each(entry["private"], where + ".private")]
    _check_order([item.path for item in private], where + ".private")
    return _Entry(
        leaf=_parse_leaf(leaf_text, where),
        hash=sha256(b"\x00" + leaf_text.encode()).digest(),
        payload=payload,
        payload_bytes=payload_text.encode(),
        proof=[_base64(item, at, 32) for at, item in _each(entry["proof"], where + ".proof")],
        private=private,
    )


def _parse_private(value: object, where: str) -> _Private:
    if isinstance(value, dict) and "erased" in value:
        erased = _members(value, "erased path", where)
        at = _number(erased["erased"], where)
        return _Private(_text(erased["path"], where), b"", "", at)
    shown = _members(value, "path salt value", where)
    salt = _base64(shown["salt"], where + ".salt", 32)
    return _Private(_text(shown["path"], where), salt, _text(shown["value"], where), None)


def _number(value: object, where: str) -> int:
    if type(value) is not int or value < 0:
        raise UnreadableError("m.position", where=where)
    return value


def _parse_streams(value: object, center: str) -> list[_Stream]:
    streams = [_parse_stream(item, where) for where, item in _each(value, "streams")]
    names = [stream.name for stream in streams]
    if names[:1] != [center] or center in names[1:]:
        raise UnreadableError("m.own_stream")
    _check_order(names[1:], "streams")
    return streams


def _parse_stream(value: object, where: str) -> _Stream:
    stream = _members(value, "entries index stream", where)
    entries = [_parse_entry(item, at) for at, item in _each(stream["entries"], where + ".entries")]
    name = _text(stream["stream"], where)
    return _Stream(name, entries, _parse_index(stream["index"], where + ".index"))


def _parse_index(value: object, where: str) -> _Index:
    index = _members(value, "end siblings", where)
    siblings = [_base64(item, at, 32) for at, item in _each(index["siblings"], where + ".siblings")]
    if index["end"] is None:
        return _Index(siblings, None)
    end = _members(index["end"], "head key status version", where + ".end")
    return _Index(
        siblings,
        _End(
            key=_hex(end["key"], where + ".end.key"),
            version=_number(end["version"], where + ".end.version"),
            head=_base64(end["head"], where + ".end.head", 32),
            status=_hex(end["status"], where + ".end.status"),
        ),
    )


def _parse_others(value: object) -> list[_Entry]:
    others = [_parse_entry(item, where) for where, item in _each(value, "others")]
    _check_order([entry.leaf.position for entry in others], "others")
    return others


def _parse_editions(value: object) -> list[tuple[str, str, bytes]]:
    editions = []
    for where, item in _each(value, "editions"):
        edition = _members(item, "content edition sha256", where)
        digest = _hex(edition["sha256"], where + ".sha256").hex()
        name = _text(edition["edition"], where + ".edition")
        editions.append((name, digest, _text(edition["content"], where + ".content").encode()))
    _check_order([edition[:2] for edition in editions], "editions")
    return editions


def _parse_attachments(value: object) -> list[tuple[str, bytes]]:
    files = []
    for where, item in _each(value, "attachments"):
        file = _members(item, "content sha256", where)
        digest = _hex(file["sha256"], where + ".sha256").hex()
        files.append((digest, _base64(file["content"], where + ".content")))
    _check_order([digest for digest, _ in files], "attachments")
    return files


# --- the claims ---------------------------------------------------------------------------------


def check(data: bytes, keys: Iterable[str], policy: bytes | None = None) -> list[Claim]:
    """Every claim of the file with its verdict, in the order of the specification.

    `keys` are vkeys, `policy` the bytes of a policy file. Raises UnreadableError.
    """
    given = [_parse_key(key, _ED25519) for key in keys]
    wanted = None if policy is None else _parse_policy(policy)
    return list(_Check(_parse_evidence(data), given, wanted).claims())


class _Check:
    """One file under check."""

    def __init__(self, file: _Evidence, keys: list[_Key], policy: _Policy | None) -> None:
        self._file = file
        self._keys = keys
        self._policy = policy
        self._checkpoint = self._check_checkpoint()
        self._seal = self._check_seal()
        self._entries = [(entry, self._check_entry(entry)) for entry in file.entries()]

    def claims(self) -> Iterator[Claim]:
        yield self._checkpoint
        if self._policy is not None:
            yield self._check_witnesses(self._policy)
        yield self._held(self._seal)
        for _, claim in self._entries:
            yield self._held(claim)
        for stream in self._file.streams:
            yield self._held(self._check_complete(stream), self._seal)
        yield self._held(self._check_status(), self._seal)
        yield from self._private_claims()
        for edition in self._file.editions:
            yield self._held(self._check_edition(*edition))
        for file in self._file.attachments:
            yield self._held(self._check_attachment(*file))

    def _held(self, claim: Claim, *others: Claim) -> Claim:
        """The claim, at best as good as what it rests on: the checkpoint, and other claims."""
        if claim.verdict != PROVEN:
            return claim
        for other in others:
            if other.verdict == CONTRADICTED:
                return claim._replace(verdict=NOT_PROVEN, rests_on=other.claim)
        if self._checkpoint.verdict != PROVEN:
            return claim._replace(verdict=NOT_PROVEN, rests_on="checkpoint")
        return claim

    def _check_checkpoint(self) -> Claim:
        found, scheme = self._file.checkpoint, self._file.scheme
        known = _by_id(_keys_for(found.origin, self._keys))
        signed = False
        for line in found.lines:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not verify_ed25519(key.public, found.text.encode(), line.data):
                return _contradicted("checkpoint", "cp.signature", name=key.name)
            signed = True
        values = {"origin": found.origin, "scheme": scheme, "size": found.size}
        if _scheme_of_origin(found.origin) != scheme:
            return _contradicted("checkpoint", "cp.scheme", **values)
        if not signed:
            return Claim("checkpoint", NOT_PROVEN, "cp.unsigned", dict(values))
        return Claim("checkpoint", PROVEN, "cp.ok", dict(values))

    def _check_witnesses(self, policy: _Policy) -> Claim:
        found = self._file.checkpoint
        known = _by_id(policy.witnesses.values())
        cosigned = set()
        for line in found.lines:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not _is_cosigned(key, found.text, line.data):
                return _contradicted("witnesses", "w.signature", name=key.name)
            cosigned.add(key)
        lacking = policy.lacking(cosigned)
        if lacking:
            values: dict[str, object] = {"names": ", ".join(lacking)}
            return Claim("witnesses", NOT_PROVEN, "w.missing", values)
        return Claim("witnesses", PROVEN, "w.ok", {"number": len(cosigned)})

    def _check_seal(self) -> Claim:
        entry, scheme = self._file.seal, self._file.scheme
        wrong = self._wrong_with(entry)
        if wrong:
            return _contradicted("seal", wrong, position=entry.name())
        if entry.leaf.position != self._file.checkpoint.size - 1:
            return _contradicted("seal", "s.last", position=entry.name())
        said = entry.payload["entry"]
        is_seal = entry.leaf.type == "Sealed/1" and said.get("type") == "Sealed"
        if not is_seal or entry.leaf.stream != scheme or self._sealed_root() is None:
            return _contradicted("seal", "s.type", position=entry.name(), type=entry.leaf.type)
        return Claim("seal", PROVEN, "s.ok", {"position": entry.name()})

    def _sealed_root(self) -> bytes | None:
        root = self._file.seal.payload["entry"].get("index_root")
        return bytes.fromhex(root) if isinstance(root, str) and _HEX.fullmatch(root) else None

    def _check_entry(self, entry: _Entry) -> Claim:
        name = f"entry {entry.name()}"
        wrong = self._wrong_with(entry)
        if wrong:
            return _contradicted(name, wrong, position=entry.name())
        values = {"type": entry.leaf.type.partition("/")[0], "day": entry.leaf.effective}
        return Claim(name, PROVEN, "e.ok", dict(values))

    def _wrong_with(self, entry: _Entry) -> str:
        """Why the entry is not in the tree of the checkpoint as it is shown; empty if it is."""
        leaf, checkpoint = entry.leaf, self._file.checkpoint
        if leaf.log != self._file.scheme:
            return "e.log"
        if sha256(entry.payload_bytes).hexdigest() != leaf.payload_sha256:
            return "e.payload"
        if len(entry.payload_bytes) != leaf.payload_length:
            return "e.payload"
        size, root = checkpoint.size, checkpoint.root
        if not _is_included(leaf.position, size, entry.hash, entry.proof, root):
            return "e.proof"
        return ""

    def _check_complete(self, stream: _Stream) -> Claim:
        claim, key, root = f"complete {stream.name}", _index_key(stream.name), self._sealed_root()
        if root is None:
            return _contradicted(claim, "c.no_root")
        if not _leads_to(stream.proof, key, root):
            return _contradicted(claim, "c.proof")
        end, shown = _found(stream.proof, key), len(stream.entries)
        if end is None:
            if shown:
                return _contradicted(claim, "c.shown", number=shown)
            return Claim(claim, PROVEN, "c.absent", {})
        for place in range(shown):
            wrong = self._wrong_in_stream(stream, place)
            if wrong:
                return _contradicted(claim, wrong, position=stream.entries[place].name())
        if shown != end.version:
            return _contradicted(claim, "c.number", shown=shown, counted=end.version)
        if stream.entries[-1].hash != end.head:
            return _contradicted(claim, "c.head", position=stream.entries[-1].name())
        return Claim(claim, PROVEN, "c.ok", {"number": shown})

    def _wrong_in_stream(self, stream: _Stream, place: int) -> str:
        leaf = stream.entries[place].leaf
        before = stream.entries[place - 1].hash if place else bytes(32)
        if leaf.stream != stream.name:
            return "c.stream"
        if leaf.version != place + 1:
            return "c.version"
        if leaf.position >= self._file.seal.leaf.position:
            return "c.late"
        return "" if leaf.previous == before else "c.previous"

    def _check_status(self) -> Claim:
        own, status = self._file.streams[0], self._file.status
        key, root = _index_key(own.name), self._sealed_root()
        if root is None or not _leads_to(own.proof, key, root):
            return Claim("status", NOT_PROVEN, "st.unknown", {})
        end = _found(own.proof, key)
        if end is None:
            if status is None:
                return Claim("status", PROVEN, "st.absent", {})
            return _contradicted("status", "st.shown")
        if status is None:
            return Claim("status", NOT_PROVEN, "st.missing", {})
        if sha256(status.encode()).digest() != end.status:
            return _contradicted("status", "st.other")
        return Claim("status", PROVEN, "st.ok", {})

    def _private_claims(self) -> Iterator[Claim]:
        for entry, claim in [(self._file.seal, self._seal), *self._entries]:
            for item in entry.private:
                yield self._held(self._check_private(entry, item), claim)

    def _check_private(self, entry: _Entry, item: _Private) -> Claim:
        claim = f"private {entry.name()} {item.path}"
        commitment = entry.leaf.private.get(item.path)
        if commitment is None:
            return _contradicted(claim, "p.unbound", position=entry.name())
        if item.erased is not None:
            return self._check_erased(claim, entry, item)
        opened = b"taizhang-private/v1\x00" + item.salt + item.path.encode() + b"\x00"
        if sha256(opened + item.value.encode()).digest() != commitment:
            return _contradicted(claim, "p.other", position=entry.name())
        return Claim(claim, PROVEN, "p.ok", {})

    def _check_erased(self, claim: str, entry: _Entry, item: _Private) -> Claim:
        erasure = f"{entry.leaf.log}#{item.erased}"
        for other, said in self._entries:
            is_there = said.verdict == PROVEN and other.name() == erasure
            if is_there and _is_erasure(other, entry.leaf.position, item.path):
                return Claim(claim, PROVEN, "p.erased", {"position": erasure})
        return _contradicted(claim, "p.not_erased", position=erasure)

    def _check_edition(self, name: str, digest: str, content: bytes) -> Claim:
        claim = f"edition {name} {digest}"
        if sha256(content).hexdigest() != digest:
            return _contradicted(claim, "h.other")
        for entry, said in self._entries:
            ruling = entry.payload.get("ruling", {})
            names = (ruling.get("edition"), ruling.get("edition_sha256"))
            if said.verdict == PROVEN and names == (name, digest):
                return Claim(claim, PROVEN, "ed.ok", {"position": entry.name()})
        return Claim(claim, NOT_PROVEN, "ed.unnamed", {})

    def _check_attachment(self, digest: str, content: bytes) -> Claim:
        claim = f"attachment {digest}"
        if sha256(content).hexdigest() != digest:
            return _contradicted(claim, "h.other")
        bound = [
            (entry, file)
            for entry, said in self._entries
            for file in entry.leaf.attachments
            if said.verdict == PROVEN and file.sha256 == digest
        ]
        for entry, file in bound:
            if file.length in (None, len(content)):
                values = {"position": entry.name(), "name": file.name}
                return Claim(claim, PROVEN, "a.ok", dict(values))
        if bound:
            return _contradicted(claim, "a.length", position=bound[0][0].name())
        return Claim(claim, NOT_PROVEN, "a.unbound", {})


def _contradicted(claim: str, code: str, **values: object) -> Claim:
    return Claim(claim, CONTRADICTED, code, values)


def _is_cosigned(key: _Key, text: str, data: bytes) -> bool:
    """Whether these bytes are the witness's cosignature/v1 of a checkpoint's text."""
    at = int.from_bytes(data[:8], "big")
    if len(data) != 72 or at >= 1 << 63:
        return False
    return verify_ed25519(key.public, f"cosignature/v1\ntime {at}\n{text}".encode(), data[8:])


def _is_erasure(entry: _Entry, position: int, path: str) -> bool:
    """Whether the entry erases the private value at that position and path."""
    ruling, said = entry.payload.get("ruling", {}), entry.payload["entry"]
    outcome = ruling.get("outcome")
    target = outcome.get("target") if isinstance(outcome, dict) else None
    fields = said.get("fields")
    return (
        entry.leaf.type.partition("/")[0] == "PrivateErased"
        and type(target) is int
        and target == position
        and isinstance(fields, list)
        and path in fields
    )


# --- what is shown ------------------------------------------------------------------------------

# English and Chinese; `verify.html` holds the same sentences.
SAY: dict[str, tuple[str, str]] = {
    PROVEN: ("proven", "成立"),
    NOT_PROVEN: ("not proven", "未能证明"),
    CONTRADICTED: ("CONTRADICTED", "与证据矛盾"),
    # malformed
    "m.big": ("the file has more than 64 MiB", "文件超过 64 MiB"),
    "m.utf8": ("the file is not UTF-8", "文件不是 UTF-8 编码"),
    "m.end": ("the file does not end with a line feed", "文件未以换行符结尾"),
    "m.format": (
        "the file has the format {format}; taizhang-evidence/v1 is known here",
        "文件格式为 {format}，此程序只认识 taizhang-evidence/v1",
    ),
    "m.center": ("{center} is no center", "{center} 不是企业技术中心的标识"),
    "m.json": ("{where}: not JSON ({reason})", "{where}：不是 JSON（{reason}）"),
    "m.spelling": (
        "{where}: not canonical JSON: white space, order of members or needless escapes",
        "{where}：不是规范化 JSON（空白、成员次序或多余转义）",
    ),
    "m.twice": ("{where}: a member stands twice", "{where}：有重复的成员"),
    "m.number": ("{where}: a number that is not whole or too large", "{where}：数字不是整数或过大"),
    "m.depth": ("{where}: nested more than {depth} deep", "{where}：嵌套超过 {depth} 层"),
    "m.names": ("{where}: a member name that is not ASCII", "{where}：成员名不是 ASCII"),
    "m.unicode": (
        "{where}: text that is not in Unicode normalization form C",
        "{where}：文本不符合 Unicode NFC 规范形式",
    ),
    "m.members": (
        "{where}: exactly these members are wanted: {names}",
        "{where}：应当恰有以下成员：{names}",
    ),
    "m.list": ("{where}: not a list", "{where}：不是列表"),
    "m.text": ("{where}: not a text", "{where}：不是文本"),
    "m.hex": ("{where}: not 64 lower-case hexadecimal digits", "{where}：不是 64 位小写十六进制"),
    "m.base64": ("{where}: not base64 in its one spelling", "{where}：不是唯一写法的 base64"),
    "m.length": ("{where}: not {length} bytes long", "{where}：长度不是 {length} 字节"),
    "m.position": ("{where}: not a position or number", "{where}：不是位置或数目"),
    "m.order": ("{where}: not sorted, or something twice", "{where}：未按次序排列或有重复"),
    "m.own_stream": (
        "streams: the center's own stream stands first, and once",
        "streams：本中心的记录应当排在首位且只出现一次",
    ),
    "m.leaf": ("{where}: not a leaf, version 1", "{where}：不是第 1 版的叶文本"),
    "m.payload": ("{where}: not the payload of an entry", "{where}：不是记录的内容"),
    "m.note": ("the checkpoint is no signed note", "检查点不是签名文书"),
    "m.checkpoint": (
        "the checkpoint has other lines than origin, size and root",
        "检查点不是由来源、条数和根值三行组成",
    ),
    "m.key_name": ("{name} is no name of a key", "{name} 不能作密钥名称"),
    "m.vkey": (
        "{vkey} is no vkey: write NAME+KEYID+BASE64, as the authority printed it",
        "{vkey} 不是公钥：应写作 名称+编号+BASE64，照机关公布的原样填写",
    ),
    "m.key_id": (
        "key {name}: the key id does not fit the key; copy the whole vkey again",
        "公钥 {name}：编号与密钥不符，请重新完整复制",
    ),
    "m.algorithm": (
        "key {name}: a ledger's key signs and has algorithm 1, a witness's has 4",
        "公钥 {name}：台账的密钥算法为 1，见证人的为 4",
    ),
    "m.key_twice": (
        "two different keys {name} have the same key id",
        "两个不同的公钥 {name} 编号相同",
    ),
    "m.policy": ("the policy breaks a rule in line {line}", "见证规则文件第 {line} 行不合格式"),
    "m.no_quorum": ("the policy has no quorum line", "见证规则文件没有 quorum 行"),
    "m.unread": ("{file} cannot be read ({reason})", "无法读取 {file}（{reason}）"),
    # checkpoint, witnesses, seal
    "cp.ok": (
        "a given key signed that {origin} holds {size} entries",
        "所给公钥签署：{origin} 共有 {size} 条记录",
    ),
    "cp.signature": (
        "the signature of {name} is not of this checkpoint",
        "{name} 的签名与此检查点不符",
    ),
    "cp.scheme": (
        "the checkpoint is of {origin}, the center belongs to {scheme}",
        "检查点属于 {origin}，而该中心属于 {scheme}",
    ),
    "cp.unsigned": (
        "no given key signed the checkpoint of {origin}: get the authority's key",
        "所给公钥均未签署 {origin} 的检查点：请向主管部门索取公钥",
    ),
    "w.ok": (
        "the quorum is met; cosigned by {number}",
        "见证人数已达要求，{number} 位见证人已副署",
    ),
    "w.signature": (
        "the cosignature of {name} is not of this checkpoint",
        "见证人 {name} 的副署与此检查点不符",
    ),
    "w.missing": ("not cosigned by {names}", "尚缺副署：{names}"),
    "s.ok": ("{position} closes the checkpoint", "{position} 为该检查点的封存记录"),
    "s.last": ("{position} is not the last entry of the log", "{position} 不是日志的最后一条"),
    "s.type": (
        "{position} is of type {type} and no seal of the log",
        "{position} 的类型为 {type}，不是该日志的封存记录",
    ),
    # entry
    "e.ok": ("{day} {type}, as recorded", "{day} {type}，与记录一致"),
    "e.log": ("{position} belongs to another log", "{position} 属于另一日志"),
    "e.payload": (
        "the content shown for {position} is not what was recorded",
        "{position} 所示内容与记录时不同",
    ),
    "e.proof": (
        "{position}, as shown here, is not in the log",
        "日志中没有此处所示的 {position}",
    ),
    # complete
    "c.ok": ("all {number} entries are shown", "全部 {number} 条记录均已出示"),
    "c.absent": ("nothing is recorded under this name", "该名下没有任何记录"),
    "c.no_root": ("the seal holds no index", "封存记录中没有索引根值"),
    "c.proof": (
        "the index proof does not lead to the sealed root",
        "索引证明不能推出封存的根值",
    ),
    "c.shown": (
        "{number} entries are shown, the sealed index knows none",
        "出示了 {number} 条记录，而封存索引中一条也没有",
    ),
    "c.number": (
        "{shown} entries are shown, {counted} were counted: some are withheld or made up",
        "出示 {shown} 条记录，封存时为 {counted} 条：有隐匿或伪造",
    ),
    "c.stream": ("{position} stands in another stream", "{position} 不属于此处"),
    "c.version": ("before {position} an entry is missing", "{position} 之前缺少记录"),
    "c.late": ("{position} does not stand before the seal", "{position} 不在封存记录之前"),
    "c.previous": (
        "{position} was recorded after another entry than the one shown before it",
        "{position} 的前一条记录与此处所示不同",
    ),
    "c.head": ("{position} is not the last entry that was sealed", "{position} 不是封存的最后一条"),
    # status
    "st.ok": ("this status was published", "公布的状态即为此"),
    "st.absent": ("the ledger did not know the center", "台账中没有该中心"),
    "st.other": ("another status was published", "公布的状态与此不同"),
    "st.shown": (
        "a status is shown of a center the ledger did not know",
        "台账中没有该中心，却出示了状态",
    ),
    "st.missing": ("the file does not show the published status", "文件未出示公布的状态"),
    "st.unknown": (
        "without a sound index proof nothing is known of the status",
        "索引证明不成立，无从得知状态",
    ),
    # private, edition, attachment
    "p.ok": ("disclosed, as recorded", "已披露，与记录一致"),
    "p.erased": ("erased by {position}", "已由 {position} 删除"),
    "p.unbound": (
        "{position} is bound to no private value of this name",
        "{position} 没有此名的非公开内容",
    ),
    "p.other": (
        "the value shown for {position} is not what was recorded",
        "{position} 所示的非公开内容与记录时不同",
    ),
    "p.not_erased": (
        "{position} is shown as the erasure and is none of this value",
        "{position} 并非删除该内容的记录",
    ),
    "h.other": ("the content has another hash", "内容的哈希值不同"),
    "ed.ok": ("{position} was judged by it", "{position} 据此裁断"),
    "ed.unnamed": ("no ruling shown here was made by it", "此处所示裁断均未依据它"),
    "a.ok": ("bound to {position} as {name}", "为 {position} 的附件“{name}”"),
    "a.length": ("{position} is bound to it with another length", "{position} 所载长度不同"),
    "a.unbound": ("no entry shown here is bound to it", "此处所示记录均未附有它"),
    # frame
    "rests": ("; holds if `{claim}` does", "；以“{claim}”成立为前提"),
    "title": ("Evidence file of {center}", "{center} 的证据文件"),
    "checked": ("Claims", "逐项核验"),
    "status": ("Published status", "公布的状态"),
    "entries": ("Entries", "记录"),
    "all": (
        "Everything is proven, as of the checkpoint. What was recorded later is not in it.",
        "截至该检查点，各项均成立；此后的记录不在其中。",
    ),
    "some": (
        "Not proven: {number} of {of} claims. That refutes nothing: see what is missing.",
        "{of} 项中有 {number} 项未能证明；并非不实，请看所缺何物。",
    ),
    "wrong": (
        "Contradicted: {number} of {of} claims. The file was changed, or its maker is wrong. "
        "Keep it as it is and ask for a new one.",
        "{of} 项中有 {number} 项与证据矛盾：文件被改动过，或出具有误。请原样保存，并要求重新出具。",
    ),
    "error": ("Error: {message}", "错误：{message}"),
}


def _say(lang: str, code: str, **values: object) -> str:
    text = SAY[code][lang == "zh"]
    return text.format_map({name: _printable(value) for name, value in values.items()})


def _printable(value: object) -> str:
    """The value on one line, without what would move the cursor or turn the line around."""
    return re.sub(
        "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]",
        lambda found: f"\\u{ord(found[0]):04x}",
        str(value),
    )


def _message(claim: Claim, lang: str) -> str:
    said = _say(lang, claim.code, **claim.values)
    return said + (_say(lang, "rests", claim=claim.rests_on) if claim.rests_on else "")


def _page(file: _Evidence, claims: list[Claim], lang: str) -> Iterator[str]:
    """What a reader is shown, line by line."""
    yield _say(lang, "title", center=file.center)
    yield ""
    if file.status is not None:
        yield _say(lang, "status")
        yield from (f"  {_printable(line)}" for line in _status_lines(file.status))
        yield ""
    yield _say(lang, "entries")
    for entry in file.entries():
        said = entry.leaf
        yield _printable(f"  {entry.name()}  {said.effective}  {said.type.partition('/')[0]}")
    yield ""
    yield _say(lang, "checked")
    for claim in claims:
        verdict = _say(lang, claim.verdict)
        yield f"  [{verdict}] {_printable(claim.claim)}"
        yield f"      {_message(claim, lang)}"
    yield ""
    yield _closing(claims, lang)


def _status_lines(status: str) -> list[str]:
    """The published status, a line for each thing it says; raw where it cannot be read."""
    try:
        members = json.loads(status)
        shown = {name: value for name, value in members.items() if value not in (None, [])}
        return [f"{name}: {_plain(value)}" for name, value in shown.items() if name != "format"]
    except (ValueError, AttributeError, RecursionError):
        return [status]


def _plain(value: object) -> str:
    """A value of the status as a reader without brackets and quotes has it."""
    if isinstance(value, dict):
        return "; ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _closing(claims: list[Claim], lang: str) -> str:
    for verdict, code in ((CONTRADICTED, "wrong"), (NOT_PROVEN, "some")):
        number = sum(claim.verdict == verdict for claim in claims)
        if number:
            return _say(lang, code, number=number, of=len(claims))
    return _say(lang, "all")


def _exit_status(claims: list[Claim]) -> int:
    verdicts = {claim.verdict for claim in claims}
    if CONTRADICTED in verdicts:
        return 5
    return 1 if NOT_PROVEN in verdicts else 0


# --- the command line ---------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Check the file the command line names and print the result; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    options = _parse_arguments(arguments)
    lang = options.lang or _language()
    try:
        keys = [key for given in options.key for key in _keys_given(given)]
        data = _read(options.file)
        policy = None if options.policy is None else _read(options.policy)
        claims = check(data, keys, policy)
    except UnreadableError as error:
        return _report(error, lang, as_json=options.json)
    if options.json:
        sys.stdout.write(_as_json(claims, lang) + "\n")
    else:
        lines = _page(_parse_evidence(data), claims, lang)
        sys.stdout.write("\n".join(lines) + "\n")
    return _exit_status(claims)


def _parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="taizhang_verify.py",
        description="Check an evidence file of a taizhang ledger, offline. 离线核验台账证据文件。",
        epilog="Exit status: 0 all proven, 1 something not proven, 2 malformed, 5 contradicted.",
    )
    parser.add_argument("file", metavar="FILE", help="the evidence file 证据文件")
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="VKEY",
        help="public key of the ledger, or @FILE with one a line 台账公钥；repeatable",
    )
    parser.add_argument("--policy", metavar="FILE", help="whose cosignatures it takes 见证规则文件")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--lang", choices=("zh", "en"), help="language 语言")
    return parser.parse_args(arguments)


def _language() -> str:
    for name in ("TAIZHANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "en" if os.environ[name].startswith("en") else "zh"
    return "zh"


def _keys_given(text: str) -> list[str]:
    if not text.startswith("@"):
        return [text]
    lines = _read(text[1:]).decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _read(file: str) -> bytes:
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableError("m.unread", file=file, reason=reason) from None


def _as_json(claims: list[Claim], lang: str) -> str:
    shown = [
        {"claim": claim.claim, "verdict": claim.verdict, "message": _message(claim, lang)}
        for claim in claims
    ]
    ok = _exit_status(claims) == 0
    return json.dumps({"ok": ok, "claims": shown}, ensure_ascii=False)


def _report(error: UnreadableError, lang: str, *, as_json: bool) -> int:
    message = _say(lang, error.code, **error.values)
    if as_json:
        value = {"ok": False, "error": {"code": "malformed", "message": message}}
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stderr.write(_say(lang, "error", message=message) + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
