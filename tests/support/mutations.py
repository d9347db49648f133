"""Bytes that were sound or broken before, and are broken a little further."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

__all__ = ["mutated"]

_MOST_STEPS = 4


@st.composite
def mutated(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    """One of the samples after one to four steps: a bit flipped, a part cut, doubled, or put in
    from another sample, or some bytes more."""
    data = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, _MOST_STEPS))):
        step = draw(st.sampled_from((_flipped, _cut, _doubled, _spliced, _with_more)))
        data = step(draw, data, samples)
    return data


def _flipped(draw: st.DrawFn, data: bytes, _samples: Sequence[bytes]) -> bytes:
    if not data:
        return data
    place, bit = draw(st.integers(0, len(data) - 1)), draw(st.integers(0, 7))
    return b"%b%c%b" % (data[:place], data[place] ^ 1 << bit, data[place + 1 :])


def _cut(draw: st.DrawFn, data: bytes, _samples: Sequence[bytes]) -> bytes:
    start, stop = _part(draw, data)
    return data[:start] + data[stop:]


def _doubled(draw: st.DrawFn, data: bytes, _samples: Sequence[bytes]) -> bytes:
    start, stop = _part(draw, data)
    return data[:stop] + data[start:]


def _spliced(draw: st.DrawFn, data: bytes, samples: Sequence[bytes]) -> bytes:
    other = draw(st.sampled_from(samples))
    (start, stop), (first, last) = _part(draw, data), _part(draw, other)
    return data[:start] + other[first:last] + data[stop:]


def _with_more(draw: st.DrawFn, data: bytes, _samples: Sequence[bytes]) -> bytes:
    place = draw(st.integers(0, len(data)))
    return data[:place] + draw(st.binary(min_size=1, max_size=8)) + data[place:]


def _part(draw: st.DrawFn, data: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(data)))
    return start, draw(st.integers(start, len(data)))
