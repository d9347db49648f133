"""Values as bytes with exactly one spelling: the payloads that are hashed.

A value is built of `None`, `bool`, `int`, `str`, `list` and `dict`, nothing else. Its canonical
bytes are JSON in UTF-8 without white space, object members sorted by key, strings escaped only
where JSON demands it. Equal values have equal bytes and equal bytes have equal values:

    >>> encode({"score": "59.99", "grade": None, "round": "beijing:evaluation:2023"})
    b'{"grade":null,"round":"beijing:evaluation:2023","score":"59.99"}'

What has no single spelling is refused, never adjusted:

* floats and Decimals: write a decimal string;
* integers of 2^53 and more (either sign): other JSON readers would round them;
* keys that are not ASCII: their sort order differs between UTF-8 and UTF-16 (RFC 8785 §3.2.3);
* text that is not in Unicode normalization form C, or not Unicode at all (lone surrogates);
* values nested more than `MAX_DEPTH` containers deep.

Within these bounds the bytes are those of RFC 8785 (JCS), so any JCS library can reproduce them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias
from unicodedata import is_normalized

import orjson

from ledger.errors import MalformedError

__all__ = ["MAX_DEPTH", "JsonValue", "decode", "digest", "encode", "encode_trusted"]

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_DEPTH = 100

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_SUBCLASS
_INTEGER_BOUND = 2**53
_SCALARS = frozenset({type(None), bool, int, str})
_TYPES = _SCALARS | {list, dict}


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value`; MalformedError names the place that has none."""
    try:
        data = orjson.dumps(value, option=_OPTIONS)
    except TypeError as error:
        _refuse(value, reason=str(error))
    # orjson has already refused long integers, lone surrogates, subclasses and keys that are not
    # str. Normal form is checked on the whole text at once; JSON's own characters never compose,
    # so this can only be too strict (an escape before a combining mark): then each string decides.
    is_ascii = data.isascii()
    if not (
        (is_ascii or is_normalized("NFC", data.decode()))
        and _is_plain(value, 1, ascii_keys=is_ascii)
    ):
        _check(value, ())
    return data


def decode(data: bytes) -> JsonValue:
    """Return the value with these canonical bytes; MalformedError for any other spelling."""
    try:
        value: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedError("not JSON: {reason}", reason=str(error)) from error
    if encode(value) != data:
        raise MalformedError(
            "not canonical: duplicate or unsorted keys, white space, or needless escapes"
        )
    return value


def encode_trusted(value: object) -> bytes:
    """Return sorted JSON of a value checked before; takes `orjson.Fragment` of canonical bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(data: bytes) -> str:
    """Return SHA-256 of the bytes as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def _is_plain(value: object, depth: int, *, ascii_keys: bool) -> bool:
    """Tell quickly whether all types, keys and depths are allowed."""
    items: Iterable[object]
    if type(value) is dict:
        if not ascii_keys and not "".join(value).isascii():
            return False
        items = value.values()
    elif type(value) is list:
        items = value
    else:
        return type(value) in _SCALARS
    for item in items:
        kind = type(item)
        if kind in _SCALARS:
            continue
        if depth == MAX_DEPTH or (kind is not dict and kind is not list):
            return False
        if item and not _is_plain(item, depth + 1, ascii_keys=ascii_keys):
            return False
    return True


def _refuse(value: object, *, reason: str) -> NoReturn:
    _check(value, ())
    raise MalformedError("no canonical form: {reason}", reason=reason)


def _check(value: object, path: tuple[str, ...]) -> None:
    """Raise MalformedError at the first place, in reading order, that has no canonical form."""
    if type(value) not in _TYPES:
        kind = type(value).__name__
        if isinstance(value, (float, Decimal)):
            kind += " (write a decimal string)"
        raise _error("{kind} is no canonical value", path, kind=kind)
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int):
        if not -_INTEGER_BOUND < value < _INTEGER_BOUND:
            raise _error("integer of 2^53 or more", path)
    elif isinstance(value, (list, dict)):
        if len(path) == MAX_DEPTH:
            raise _error("nested more than {depth} deep", path, depth=MAX_DEPTH)
        if isinstance(value, dict):
            _check_members(value, path)
        else:
            for index, item in enumerate(value):
                _check(item, (*path, str(index)))


def _check_members(members: dict[object, object], path: tuple[str, ...]) -> None:
    for key, item in members.items():
        if type(key) is not str:
            raise _error("key {key} is not a string", path, key=repr(key))
        if not key.isascii():
            raise _error("key {key} is not ASCII", path, key=_printable(key))
        _check(item, (*path, key))


def _check_text(text: str, path: tuple[str, ...]) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _error("text with a lone surrogate", path) from None
    if not is_normalized("NFC", text):
        raise _error("text not in Unicode normalization form C", path)


def _error(message: str, path: tuple[str, ...], **values: Any) -> MalformedError:
    # RFC 6901 §3: "~" and "/" inside a token are written ~0 and ~1; the whole value is "".
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
    return MalformedError("value at {path!r}: " + message, path=pointer, **values)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
