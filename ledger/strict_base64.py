"""Base64 with one spelling: RFC 4648 §4, padded, the bits left over being zero.

Lax decoders read many texts as the same bytes, and each of those is a bit of a proof that could
be flipped unnoticed.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

__all__ = ["decode_base64", "encode_base64"]


def encode_base64(data: bytes) -> str:
    """Return the one spelling of these bytes."""
    return b2a_base64(data, newline=False).decode()


def decode_base64(text: str) -> bytes:
    """Return the bytes spelled exactly so; ValueError for any other text."""
    data = a2b_base64(text)  # binascii.Error is a ValueError, as is text that is not ASCII
    if encode_base64(data) != text:
        raise ValueError("not the one base64 spelling")
    return data
