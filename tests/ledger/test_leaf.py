"""Leaf texts: frozen bytes, one reading each, and no field that could pass for another."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.leaf
from ledger.errors import MalformedError
from ledger.leaf import (
    MAX_LEAF_BYTES,
    NO_PREVIOUS,
    Attachment,
    Leaf,
    format_leaf,
    hash_leaf,
    leaf_text,
    parse_leaf,
)

VECTORS = Path(__file__).parents[1] / "vectors" / "leaf"
INDEX = json.loads((VECTORS / "index.json").read_text("utf-8"))
golden = pytest.mark.parametrize("case", INDEX, ids=lambda case: case["name"])

FIELDS: dict[str, Any] = {
    "log": "beijing",
    "position": 41,
    "stream": "beijing/91110108551385082U",
    "version": 7,
    "previous": bytes(range(32)),
    "type": "EvaluationScored/1",
    "effective": "2023-06-30",
    "recorded": "2026-11-23T08:31:27.123456Z",
    "payload_sha256": bytes(range(32, 64)),
    "payload_length": 82,
}
HASH = bytes(range(64, 96))
TEXT = leaf_text(
    **FIELDS,
    private=[("/contact/phone", HASH), ("/contact/post", HASH)],
    attachments=[Attachment(HASH, 5, "评价 报告.pdf"), Attachment(HASH, 0, "a.txt")],
)

numbers = st.integers(0, 10**18 - 1)
hashes = st.binary(min_size=32, max_size=32)
ascii_words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80)
paths = st.lists(st.from_regex(r"/([a-zA-Z0-9_电话]|~0|~1){0,9}", fullmatch=True), max_size=4)
names = (
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]) | st.just(" "))
    .map(lambda name: normalize("NFC", name))
    .filter(bool)
)
instants = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))  # noqa: DTZ001  written as UTC


@st.composite
def leaves(draw: st.DrawFn) -> Leaf:
    """Any leaf that has a text."""
    version = draw(st.integers(1, 10**18 - 1) | st.just(1))
    log_name = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
    type_name = st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}/[1-9][0-9]{0,3}", fullmatch=True)
    return Leaf(
        log=draw(log_name),
        position=draw(numbers),
        stream=draw(ascii_words),
        version=version,
        previous=NO_PREVIOUS if version == 1 else draw(hashes.filter(any)),
        type=draw(type_name),
        effective=draw(st.dates()).isoformat(),
        recorded=draw(instants).isoformat(timespec="microseconds") + "Z",
        payload_sha256=draw(hashes),
        payload_length=draw(numbers),
        private=tuple((path, draw(hashes)) for path in sorted(set(draw(paths)))),
        attachments=tuple(
            Attachment(draw(hashes), draw(numbers), name)
            for name in draw(st.lists(names, max_size=3, unique=True))
        ),
    )


def golden_leaf(fields: dict[str, Any]) -> Leaf:
    """The leaf an index entry describes."""
    return Leaf(
        **fields
        | {
            "previous": bytes.fromhex(fields["previous"]),
            "payload_sha256": bytes.fromhex(fields["payload_sha256"]),
            "private": tuple((path, bytes.fromhex(digits)) for path, digits in fields["private"]),
            "attachments": tuple(
                Attachment(bytes.fromhex(file["sha256"]), file["length"], file["name"])
                for file in fields["attachments"]
            ),
        }
    )


@golden
def test_golden_leaves_keep_bytes(case: dict[str, Any]) -> None:
    """Each frozen leaf has its frozen text and hash."""
    text = (VECTORS / case["text"]).read_bytes()
    assert format_leaf(golden_leaf(case["leaf"])) == text
    assert (len(text), hash_leaf(text).hex()) == (case["bytes"], case["hash"])


@golden
def test_golden_texts_keep_fields(case: dict[str, Any]) -> None:
    """Each frozen text reads as its frozen fields."""
    text = (VECTORS / case["text"]).read_bytes()
    assert parse_leaf(text) == golden_leaf(case["leaf"])


def test_worked_example_is_golden() -> None:
    """The example in the specification is the golden leaf, with its length and hash."""
    case = INDEX[0]
    lines = (VECTORS / case["text"]).read_text("utf-8").splitlines()
    page = ledger.leaf.__doc__ or ""
    example = "".join(f"    {line}\n" for line in lines)
    assert f"Worked example, {case['bytes']} bytes:\n\n{example}" in page
    assert f"\n    {case['hash']}\n" in page


def test_leaf_hash_is_prefixed() -> None:
    """A leaf hash is SHA-256 of a zero byte and the text."""
    assert hash_leaf(TEXT) == sha256(b"\0" + TEXT).digest()


@given(leaves())
def test_leaves_survive_the_round(leaf: Leaf) -> None:
    """Parsing the text of a leaf gives the leaf."""
    assert parse_leaf(format_leaf(leaf)) == leaf


@golden
def test_every_bit_is_bound(case: dict[str, Any]) -> None:
    """A text with any bit flipped is no leaf or another leaf, and never has the same hash."""
    text = (VECTORS / case["text"]).read_bytes()
    number, leaf = int.from_bytes(text, "big"), parse_leaf(text)
    for bit in range(8 * len(text)):
        flipped = (number ^ 1 << bit).to_bytes(len(text), "big")
        assert hash_leaf(flipped) != hash_leaf(text)
        try:
            other = parse_leaf(flipped)
        except MalformedError:
            continue
        assert other != leaf
        assert format_leaf(other) == flipped


@golden
def test_every_cut_is_refused(case: dict[str, Any]) -> None:
    """A text cut short, except after a whole optional line, is no leaf."""
    text = (VECTORS / case["text"]).read_bytes()
    head = text.index(b"\npayload ")
    for length in range(len(text)):
        is_whole = length > head + 1 and text[:length].endswith(b"\n")
        if is_whole:
            assert format_leaf(parse_leaf(text[:length])) == text[:length]
        else:
            with pytest.raises(MalformedError):
                parse_leaf(text[:length])


def test_lines_have_one_order() -> None:
    """No two neighbouring lines can change places, except attachments, whose order is theirs."""
    lines = TEXT.splitlines(keepends=True)
    for place in range(len(lines) - 2):
        swapped = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
        with pytest.raises(MalformedError):
            parse_leaf(b"".join(swapped))


def test_no_line_comes_twice() -> None:
    """Every line stands once, and every line before the optional ones must be there."""
    lines = TEXT.splitlines(keepends=True)
    for place in range(len(lines)):
        with pytest.raises(MalformedError):
            parse_leaf(b"".join([*lines[: place + 1], *lines[place:]]))
        if place < 9:
            with pytest.raises(MalformedError):
                parse_leaf(b"".join([*lines[:place], *lines[place + 1 :]]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"leaf/v1", b"leaf/v2"),
        (b"\n", b"\r\n"),
        (b"position 41", b"position 041"),
        (b"position 41", b"position +41"),
        (b"position 41", b"position -1"),
        (b"position 41", b"position 4_1"),
        (b"position 41", "position \uff14\uff11".encode()),
        (b"position 41", b"position " + b"1" * 19),
        (b"position 41", b"position  41"),
        (b"position 41", b"position 41 "),
        (b"082U 7", b"082U 07"),
        (b"082U 7", b"082U 0"),
        (b"082U 7", b"082U 1"),
        (b"Hh8=", b"Hh9="),
        (b"Hh8=", b"Hh8"),
        (b"Hh8=", b"Hh8=="),
        (b"previous A", b"previous =A"),
        (b"previous AAE", b"previous AA-"),
        (b"previous AAE", b"previous AAEA"),
        (b"previous AAE", "previous 甲".encode()),
        (b"payload 2021", b"payload 20"),
        (b"payload 2021", b"payload 202021"),
        (b"2a2b2c2d2e2f", b"2A2B2C2D2E2F"),
        (b" 82\n", b"\n"),
        (b" 82\n", b" 082\n"),
        (b" 82\n", b" 82 \n"),
        (b"/contact/post", b"/contact/phone"),
        (b"/contact/post", b"/contact"),
        (b"/contact/post", b"contact/post"),
        (b"/contact/post", b"/contact/~post"),
        (b"/contact/post", b"/contact/ post"),
        (b"a.txt", b""),
        (b"a.txt", b"a\t.txt"),
        (b"a.txt", "评价 报告.pdf".encode()),
        (b"a.txt", "e\u0301".encode()),
        (b"a.txt", b"\xff"),
        (b"a.txt", b"\xed\xa0\x80"),
        (b"0 a.txt", b"00 a.txt"),
        (b"taizhang", b"\xef\xbb\xbftaizhang"),
        (b"2023-06-30", b"20230630"),
        (b"123456Z", b"123456+00:00"),
    ],
)
def test_other_spellings_are_refused(old: bytes, new: bytes) -> None:
    """A field spelled in a second way is no leaf."""
    assert old in TEXT
    with pytest.raises(MalformedError):
        parse_leaf(TEXT.replace(old, new))


@pytest.mark.parametrize("extra", [b"\n", b" ", b"\0", b"note x\n", b"log beijing\n"])
def test_trailing_bytes_are_refused(extra: bytes) -> None:
    """Nothing follows the last line."""
    with pytest.raises(MalformedError):
        parse_leaf(TEXT + extra)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("log", bad)
            for bad in ("", "Beijing", "bei jing", "beijing\n", "1a", "_a", "北京", "a.b")
        ),
        *(("position", bad) for bad in (-1, 10**18, True, 41.0, "41", None)),
        *(
            ("stream", bad)
            for bad in ("", "a b", "a\n", "a\x7f", "a\t", "中心", "a\xa0", None, b"a")
        ),
        *(("version", bad) for bad in (0, -1, 10**18, True, 7.0, "7", 1)),
        *(("previous", bad) for bad in (b"", bytes(31), bytes(33), NO_PREVIOUS, "a" * 32, None)),
        *(("type", bad) for bad in ("", "Scored", "Scored/0", "Scored/01", "scored/1", "A B/1")),
        *(("type", bad) for bad in ("A/1\n", "A_/1", "A/1/2", "评分/1", "A/" + "1" * 19, ["A/1"])),
        *(
            ("effective", bad)
            for bad in ("", "2023-6-30", "2023-02-29", "2023-13-01", "0000-01-01")
        ),
        *(("effective", bad) for bad in ("20230630", "2023-W26-5", "2023-06-30\n", 20230630)),
        *(("effective", bad) for bad in ("\uff12023-06-30", "2023-06-30T00", date(2023, 6, 30))),
        *(("recorded", bad) for bad in ("", "2026-11-23", "2026-11-23T08:31:27Z", None)),
        *(("recorded", bad) for bad in ("2026-11-23 08:31:27.123456Z", "2026-11-23T08:31:27.123Z")),
        ("recorded", "2026-11-23T08:31:27.123456Z\n"),
        ("recorded", "2026-11-23T08:31:27.123456+00:00"),
        ("recorded", "2026-11-23T08:31:60.000000Z"),
        ("recorded", "2026-11-23T24:00:00.000000Z"),
        ("recorded", "2026-02-30T08:31:27.123456Z"),
        ("recorded", "x026-11-23T08:31:27.123456Z"),
        *(("payload_sha256", bad) for bad in (b"", bytes(31), "a" * 32, None)),
        *(("payload_length", bad) for bad in (-1, 10**18, True, 82.0, "82")),
        ("private", [("/b", HASH), ("/a", HASH)]),
        ("private", [("/a", HASH), ("/a", HASH)]),
        ("private", [("/a\nprivate /b", HASH)]),
        ("private", [("/a", HASH[:-1])]),
        ("private", [("/a", "a" * 32)]),
        ("private", [("", HASH)]),
        *(("attachments", [Attachment(HASH, 1, bad)]) for bad in ("", "a\nb", "a\x00", "a\x85")),
        *(
            ("attachments", [Attachment(HASH, 1, bad)])
            for bad in ("\u2028", "\u202egpj", "\ufeffa")
        ),
        *(
            ("attachments", [Attachment(HASH, 1, bad)])
            for bad in ("e\u0301", "\ud800", "\r", "\x1b[m")
        ),
        *(("attachments", [Attachment(HASH, bad, "a")]) for bad in (-1, 10**18, True, 1.0, "1")),
        *(("attachments", [Attachment(bad, 1, "a")]) for bad in (b"", bytes(31), "a" * 32)),
        ("attachments", [Attachment(HASH, 1, "a"), Attachment(NO_PREVIOUS, 2, "a")]),
    ],
)
def test_unfit_fields_are_refused(field: str, value: object) -> None:
    """No field is written that would read differently, whatever type it comes in."""
    for _ in range(2):  # a refusal must not be remembered as a check passed
        with pytest.raises(MalformedError):
            leaf_text(**FIELDS | {field: value})


def test_first_versions_follow_nothing() -> None:
    """Version 1 has no previous leaf and every later version has one."""
    assert leaf_text(**FIELDS | {"version": 1, "previous": NO_PREVIOUS})
    for version, previous in ((1, HASH), (2, NO_PREVIOUS)):
        with pytest.raises(MalformedError):
            leaf_text(**FIELDS | {"version": version, "previous": previous})


def test_size_has_a_bound() -> None:
    """A leaf of exactly 8 KiB is written and read, one byte more is not."""
    bare = leaf_text(**FIELDS, attachments=[Attachment(HASH, 1, "a")])
    name = "a" * (MAX_LEAF_BYTES - len(bare) + 1)
    largest = leaf_text(**FIELDS, attachments=[Attachment(HASH, 1, name)])
    assert len(largest) == MAX_LEAF_BYTES
    assert format_leaf(parse_leaf(largest)) == largest
    with pytest.raises(MalformedError):
        leaf_text(**FIELDS, attachments=[Attachment(HASH, 1, name + "a")])
    with pytest.raises(MalformedError):
        parse_leaf(largest[:-1] + b"a\n")


def test_every_day_is_a_day() -> None:
    """The days of four years around a leap year are taken as effective and recorded day."""
    for offset in range(4 * 366):
        day = (date(2022, 1, 1) + timedelta(offset)).isoformat()
        assert leaf_text(**FIELDS | {"effective": day, "recorded": f"{day}T00:00:00.000000Z"})


@given(st.sampled_from(sorted(FIELDS)), st.text() | st.binary() | st.integers() | st.none())
def test_any_field_is_bound(field: str, value: object) -> None:
    """Whatever is put into a field is refused or comes back from the text as it was."""
    try:
        text = leaf_text(**FIELDS | {field: value})
    except MalformedError:
        return
    assert getattr(parse_leaf(text), field) == value
