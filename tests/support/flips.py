"""Damage of the smallest kind: every single bit of some bytes, flipped."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["bit_flips"]


def bit_flips(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the place of the byte that was changed, and the changed bytes, for every bit."""
    for place, byte in enumerate(data):
        for bit in range(8):
            yield place, b"%b%c%b" % (data[:place], byte ^ 1 << bit, data[place + 1 :])
