"""Canonical bytes: one spelling for each value, one value for each spelling."""

from __future__ import annotations

import doctest
import json
from datetime import date
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any
from unicodedata import normalize
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.canonical
from ledger.canonical import MAX_DEPTH, decode, digest, encode, encode_trusted
from ledger.errors import MalformedError

VECTORS = Path(__file__).parents[1] / "vectors" / "canonical"
ACCEPTED = json.loads((VECTORS / "accepted.json").read_text("utf-8"))
REFUSED = json.loads((VECTORS / "refused.json").read_text("utf-8"))

texts = st.text(st.characters(codec="utf-8")).map(lambda text: normalize("NFC", text))
keys = st.text(st.characters(max_codepoint=127))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20
)
# Values of which any part may be unfit.
wild_scalars = scalars | st.integers() | st.floats() | st.text() | st.decimals() | st.binary()
wild_values = st.recursive(
    wild_scalars,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | keys, inner),
    max_leaves=10,
)


class Subtext(str):
    """A str that is not exactly str."""

    __slots__ = ()


class Band(IntEnum):
    """An int that is not exactly int."""

    GOOD = 1


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_golden_values_keep_bytes(case: dict[str, str]) -> None:
    """Each frozen value has its frozen bytes and hash."""
    data = case["canonical"].encode()
    assert encode(json.loads(case["spelling"])) == data
    assert digest(data) == case["sha256"]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
def test_golden_bytes_keep_value(case: dict[str, str]) -> None:
    """Each frozen text decodes to the value any JSON reader finds in it."""
    assert decode(case["canonical"].encode()) == json.loads(case["spelling"])


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_other_spellings_are_refused(case: dict[str, str]) -> None:
    """No second spelling of a value decodes."""
    with pytest.raises(MalformedError):
        decode(case["text"].encode())


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"\xfe\xff\x001"])
def test_broken_utf8_is_refused(data: bytes) -> None:
    """Bytes that are not strict UTF-8 do not decode."""
    with pytest.raises(MalformedError):
        decode(data)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.5, "value at '': float (write a decimal string)"),
        ({"scores": [1, Decimal("59.99")]}, "value at '/scores/1': Decimal (write a decimal"),
        ({"a": {"n": 2**53}}, "value at '/a/n': integer of 2^53 or more"),
        ([-(2**53)], "value at '/0': integer of 2^53 or more"),
        ({"a/b": {"c~d": float("nan")}}, "value at '/a~1b/c~0d': float"),
        ({"a": {1: 2}}, "value at '/a': key 1 is not a string"),
        ({"by": {"名称": 1}}, "value at '/by': key 名称 is not ASCII"),
        ({"\ud800": 1}, r"value at '': key \ud800 is not ASCII"),
        (["e\u0301"], "value at '/0': text not in Unicode normalization form C"),
        (["\ud800"], "value at '/0': text with a lone surrogate"),
        ({"on": date(2023, 6, 30)}, "value at '/on': date is no canonical value"),
        ((1, 2), "value at '': tuple is no canonical value"),
        ({"id": UUID(int=0)}, "value at '/id': UUID is no canonical value"),
        ([b"bytes"], "value at '/0': bytes is no canonical value"),
        ([Subtext("a")], "value at '/0': Subtext is no canonical value"),
        ([Band.GOOD], "value at '/0': Band is no canonical value"),
        ({Subtext("a"): 1}, "value at '': key 'a' is not a string"),
        ({"a": {1, 2}}, "value at '/a': set is no canonical value"),
        ([orjson.Fragment(b"1")], "value at '/0': Fragment is no canonical value"),
    ],
)
def test_refusal_names_the_place(value: object, message: str) -> None:
    """What has no canonical form is refused with its path and the reason."""
    with pytest.raises(MalformedError) as caught:
        encode(value)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_depth_has_a_bound(wrap: Any) -> None:
    """A value nested as deep as allowed round-trips, one level more is refused."""
    value: Any = wrap("x")
    for _ in range(MAX_DEPTH - 1):
        value = wrap(value)
    assert decode(encode(value)) == value
    with pytest.raises(MalformedError, match="nested"):
        encode(wrap(value))
    with pytest.raises(MalformedError, match="nested"):
        decode(encode_trusted(wrap(value)))


def test_empty_containers_count_as_deep() -> None:
    """An empty container below the deepest level is refused like a full one."""
    value: list[Any] = []
    for _ in range(MAX_DEPTH):
        value = [value]
    with pytest.raises(MalformedError, match="nested"):
        encode(value)


def test_endless_values_are_refused() -> None:
    """A list that holds itself is refused as nested too deep."""
    value: list[Any] = []
    value.append(value)
    with pytest.raises(MalformedError, match="nested"):
        encode(value)


def test_deep_input_is_refused() -> None:
    """Bytes nested far too deep are malformed, not a crash."""
    for depth in (300, 2000, 100_000):
        with pytest.raises(MalformedError):
            decode(b"[" * depth + b"]" * depth)


def test_fragments_are_kept_whole() -> None:
    """Trusted encoding takes bytes encoded before as they are."""
    payload = {"b": 1, "a": ["x"]}
    whole = encode_trusted({"p": orjson.Fragment(encode(payload)), "k": None})
    assert whole == encode({"p": payload, "k": None})


def test_docstring_examples_are_true() -> None:
    """The example in the specification gives what it says."""
    assert doctest.testmod(ledger.canonical).failed == 0


@given(values)
def test_values_survive_the_round(value: Any) -> None:
    """Encoding loses nothing, and trusted encoding gives the same bytes."""
    data = encode(value)
    assert decode(data) == value
    assert encode_trusted(value) == data


@given(values)
def test_bytes_are_plain_json(value: Any) -> None:
    """The bytes are those the standard library writes: sorted, compact, not escaped."""
    plain = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert encode(value) == plain.encode()


@given(st.dictionaries(keys, scalars), st.randoms())
def test_key_order_is_irrelevant(value: dict[str, Any], random: Any) -> None:
    """However its keys were put in, an object has the same bytes."""
    members = list(value.items())
    random.shuffle(members)
    assert encode(dict(members)) == encode(value)


@given(wild_values)
def test_nothing_unfit_slips_through(value: Any) -> None:
    """Whatever encodes decodes to an equal value with the same bytes; all else is malformed."""
    try:
        data = encode(value)
    except MalformedError:
        return
    again = decode(data)
    assert again == value
    assert encode(again) == data
    assert is_fit(value)


@given(wild_values)
def test_nothing_fit_is_refused(value: Any) -> None:
    """A value is refused only where a part of it is unfit."""
    if is_fit(value):
        encode(value)
    else:
        with pytest.raises(MalformedError):
            encode(value)


@given(values.map(encode), st.data())
def test_damaged_bytes_decode_strictly(data: bytes, draw: st.DataObject) -> None:
    """Canonical bytes with one bit flipped are malformed or the one spelling of another value."""
    bit = draw.draw(st.integers(0, 8 * len(data) - 1))
    damaged = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")
    try:
        value = decode(damaged)
    except MalformedError:
        return
    assert encode(value) == damaged != data


def is_fit(value: Any) -> bool:
    """The rule of the specification, written down a second time."""
    match value:
        case dict():
            members = value.items()
            return all(type(k) is str and k.isascii() and is_fit(item) for k, item in members)
        case list():
            return all(is_fit(item) for item in value)
        case str():
            surrogate = any("\ud800" <= letter <= "\udfff" for letter in value)
            return not surrogate and normalize("NFC", value) == value
        case bool() | None:
            return True
        case int():
            return abs(value) < 2**53
    return False
