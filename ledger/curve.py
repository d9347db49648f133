"""Which keys and signatures of Ed25519 are fit to be believed, before anything is verified.

Libraries differ at the edges of RFC 8032: points of small order, points spelled in another way,
S not reduced. With such a key one signature would do for any text. What is refused here is refused
by every checker of evidence files, so that all of them say the same (docs/formats.md).
"""

from __future__ import annotations

__all__ = ["is_fit"]

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


def is_fit(public: bytes, signature: bytes) -> bool:
    """Whether key and R are the one encoding of a point not of small order, and S is reduced."""
    if len(public) != 32 or len(signature) != 64:
        return False
    reduced = int.from_bytes(signature[32:], "little") < _ORDER
    return reduced and _is_fit_point(public) and _is_fit_point(signature[:32])


def _is_fit_point(data: bytes) -> bool:
    # RFC 8032 §5.1.3
    encoded = int.from_bytes(data, "little")
    sign, y = encoded >> 255, encoded & (1 << 255) - 1
    if y >= _P:
        return False
    x = _root(y * y - 1, _D * y * y + 1)
    if x is None or (x == 0 and sign):
        return False
    return not _is_of_small_order(_P - x if x & 1 != sign else x, y)


def _root(above: int, below: int) -> int | None:
    """The square root of above / below, if there is one."""
    root = above * pow(below, 3, _P) * pow(above * pow(below, 7, _P), (_P - 5) // 8, _P) % _P
    square = below * root * root % _P
    if square == above % _P:
        return root
    return root * _SQRT_MINUS_ONE % _P if square == -above % _P else None


def _is_of_small_order(x: int, y: int) -> bool:
    """Whether eight times the point is the neutral one, (0, 1)."""
    for _ in range(3):
        # Doubling on -x² + y² = 1 + d x² y²; the denominators are never zero on this curve.
        product = _D * x * x * y * y
        x, y = (
            2 * x * y * pow(1 + product, -1, _P) % _P,
            (y * y + x * x) * pow(1 - product, -1, _P) % _P,
        )
    return (x, y) == (0, 1)
