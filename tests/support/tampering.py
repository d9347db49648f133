"""Changing stored values as somebody would who may write the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def changes(value: Any) -> Iterator[tuple[str, object]]:
    """SQL expressions, each with a parameter, that make another value of one."""
    yield "?", None
    yield "?", 7.5
    yield "?", "其他"
    yield "?", b"\xff\x00"
    yield "CAST(? AS TEXT)", b"\xff\xfe"
    if value is None:
        yield from (("?", "[]"), ("?", ""), ("?", "null"), ("?", b"[]"))
    if isinstance(value, int):
        yield from (("?", value + 1), ("?", value - 1), ("?", -value - 1), ("?", 2**62))
    if isinstance(value, str):
        yield from (("?", value + " "), ("?", value[:-1]), ("?", ""), ("?", value.swapcase()))
        yield "?", value.encode()
    if isinstance(value, str) and value:
        yield "?", value[:-1] + chr(ord(value[-1]) ^ 1)
    if isinstance(value, bytes):
        yield from (("?", value[:-1]), ("?", value + b"\0"), ("?", b""))
        yield from (("?", flip(value, at)) for at in (0, len(value) * 4, len(value) * 8 - 1))
        yield "CAST(? AS TEXT)", value


def flip(value: bytes, bit: int) -> bytes:
    """The value with one bit changed."""
    return bytes(byte ^ (1 << bit % 8) * (at == bit // 8) for at, byte in enumerate(value))
