"""Signed notes: the published example, one spelling, and no bit of it that can be flipped."""

from __future__ import annotations

import dataclasses
from base64 import b64decode
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger.note
from ledger.errors import IntegrityFailure, LedgerError, MalformedError
from ledger.note import (
    COSIGNATURE,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    Signer,
    VerifierKey,
    format_note,
    format_signature,
    format_vkey,
    parse_note,
    parse_signature,
    parse_vkey,
    sign_note,
    verify_note,
    with_signatures,
)
from support.flips import bit_flips

# The example of Go's package documentation (golang.org/x/mod/sumdb/note).
PUBLISHED_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_PRIVATE = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"  # algorithm and seed
PUBLISHED_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PUBLISHED_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM="
)

CITY = Signer.from_seed("city.example/taizhang", bytes(range(32)))
CLERK = Signer.from_seed("办公室.example", bytes(32))
TEXT = "一、台账\n\n二、存证\n"
NOTE = sign_note(TEXT, [CITY])
DATA = format_note(NOTE)

names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1).filter(
    lambda name: "+" not in name
)
signatures = st.builds(
    Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)
texts = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"]) | st.just("\n"), max_size=60
).map(lambda text: text + "\n")


def test_published_note_is_signed_alike() -> None:
    """The published seed and text give the published key and signature, and they verify."""
    signer = Signer.from_seed("PeterNeumann", b64decode(PUBLISHED_PRIVATE)[1:])
    assert format_vkey(signer.key) == PUBLISHED_VKEY
    note = sign_note(PUBLISHED_TEXT, [signer])
    assert format_note(note).decode() == f"{PUBLISHED_TEXT}\n{PUBLISHED_LINE}\n"
    assert verify_note(note, [parse_vkey(PUBLISHED_VKEY)]) == (signer.key,)


def test_specified_note_has_a_reading() -> None:
    """The example of the specification, with its empty line in the text, is read as meant."""
    line = (
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONr"
        "MouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc="
    )
    text = (
        "Ognuno sta solo sul cuor della terra\n"
        "trafitto da un raggio di sole:\n"
        "\n"
        "ed è subito sera.\n"
    )
    note = parse_note(f"{text}\n{line}\n".encode())
    assert note.text == text
    assert (note.signatures[0].name, note.signatures[0].key_id.hex(), len(note.signatures)) == (
        "quasimodo.example/salvatore",
        "367ba04b",
        1,
    )


def test_worked_example_is_true() -> None:
    """Key and signature of the module docstring are those of its seed."""
    note = sign_note("一、台账\n二、存证\n", [CITY])
    written = dedent(ledger.note.__doc__ or "")
    assert f"    {format_vkey(CITY.key)}\n" in written
    assert f"    {format_signature(note.signatures[0])}\n" in written


def test_vkey_bits_are_bound() -> None:
    """No vkey one bit away from a true one is read as a key."""
    for _, flipped in bit_flips(format_vkey(CITY.key).encode()):
        with pytest.raises(MalformedError):
            parse_vkey(flipped.decode("latin-1"))


def test_vkey_parts_are_no_vkeys() -> None:
    """Nothing cut out of a vkey is read as a key."""
    text = PUBLISHED_VKEY
    for start in range(len(text)):
        for stop in range(start, len(text) + (start != 0)):
            with pytest.raises(MalformedError):
                parse_vkey(text[start:stop])


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        *("", "a", "a+b", "a+b+", "a+00000000+AQ==", "\ud800+00000000+AQ=="),
    ],
)
def test_other_texts_are_no_vkeys(text: str) -> None:
    """Long keys, unknown algorithms, capitals and fragments are refused."""
    with pytest.raises(MalformedError):
        parse_vkey(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\x00", "a\u3000b", "a\xa0", "\ud800"])
def test_unfit_names_make_no_keys(name: str) -> None:
    """A key has a name without white space, plus, controls and lone surrogates."""
    with pytest.raises(MalformedError):
        VerifierKey(name, 1, bytes(32))


@given(names, st.sampled_from([1, 4]), st.binary(min_size=32, max_size=32))
def test_keys_survive_their_vkey(name: str, algorithm: int, public: bytes) -> None:
    """Any key is read back from its vkey."""
    key = VerifierKey(name, algorithm, public)
    assert parse_vkey(format_vkey(key)) == key


@given(texts, st.lists(signatures, min_size=1, max_size=4))
def test_notes_survive_their_bytes(text: str, found: list[Signature]) -> None:
    """Any note is read back from its bytes."""
    note = Note(text, tuple(found))
    assert parse_note(format_note(note)) == note


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.sampled_from([DATA[:9], b"\n", b"\n\n", "— ".encode(), b"a ", b"AAAAAAA=", DATA])
        ).map(b"".join),
    )
)
def test_any_bytes_are_answered(data: bytes) -> None:
    """Any bytes are the one spelling of a note, or malformed."""
    try:
        note = parse_note(data)
    except MalformedError:
        return
    assert format_note(note) == data


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    """Any text is the one spelling of a vkey or of a signature line, or malformed."""
    for parse, write in ((parse_vkey, format_vkey), (parse_signature, format_signature)):
        try:
            value = parse(text)
        except MalformedError:
            continue
        assert write(value) == text  # type: ignore[operator]  # the pair belongs together


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n", b"\n\n", b"a\n", b"a\n\n", DATA[:-1], DATA + b"\n", DATA + b"x"),
        DATA.replace(b"\n\n\xe2\x80\x94", b"\n\xe2\x80\x94"),
        DATA.replace(b"\n", b"\r\n"),
        DATA.replace("—".encode(), b"-"),
        DATA.replace(b" city", b"  city"),
        DATA.replace(b"=\n", b"= \n"),
        DATA.replace(b"=\n", b"\n"),
        b"a\x00\n\n" + DATA.rpartition(b"\n\n")[2],
        b"a\xff\n\n" + DATA.rpartition(b"\n\n")[2],
        "a\n\n— city.example AAAAAA==\n".encode(),
    ],
)
def test_other_bytes_are_no_notes(data: bytes) -> None:
    """Missing parts, other separators, controls, broken UTF-8 and empty signatures are refused."""
    with pytest.raises(MalformedError):
        parse_note(data)


def test_notes_have_bounds() -> None:
    """A hundred signatures and 1 MiB are taken, one more is not."""
    signature = NOTE.signatures[0]
    full = Note("a\n", (signature,) * MAX_SIGNATURES)
    assert parse_note(format_note(full)) == full
    with pytest.raises(MalformedError):
        format_note(Note("a\n", (signature,) * (MAX_SIGNATURES + 1)))
    room = MAX_NOTE_BYTES - len(format_note(Note("\n", (signature,))))
    largest = Note("a" * room + "\n", (signature,))
    assert parse_note(format_note(largest)) == largest
    with pytest.raises(MalformedError):
        format_note(Note("a" * (room + 1) + "\n", (signature,)))


@pytest.mark.parametrize("text", ["", "a", "a\n\nb", "a\r\n", "\ud800\n"])
def test_unfit_texts_are_not_signed(text: str) -> None:
    """What cannot be the text of a note gets no signature."""
    with pytest.raises((MalformedError, UnicodeEncodeError)):
        sign_note(text, [CITY])


def test_every_bit_is_bound() -> None:
    """No note one bit away from a true one verifies."""
    for _, flipped in bit_flips(DATA):
        assert not is_verified(flipped)


def test_only_unknown_lines_are_free() -> None:
    """Beside a true signature, only bits of another signer's line can change: the written list."""
    whole = format_note(with_signatures(NOTE, sign_note(TEXT, [CLERK]).signatures))
    line = format_signature(sign_note(TEXT, [CLERK]).signatures[0]).encode() + b"\n"
    free = range(len(whole) - len(line), len(whole))
    assert whole.endswith(line)
    changed = {place for place, flipped in bit_flips(whole) if is_verified(flipped)}
    assert changed
    assert changed <= set(free)


def is_verified(data: bytes) -> bool:
    """Whether the bytes are a note of CITY's; raises nothing but the module's own errors."""
    try:
        return verify_note(parse_note(data), [CITY.key]) == (CITY.key,)
    except LedgerError:
        return False


def test_unknown_signers_say_nothing() -> None:
    """Where none of the keys signed, the answer is empty, even when a name or an id is shared."""
    key = CITY.key
    assert verify_note(NOTE, []) == ()
    assert verify_note(NOTE, [CLERK.key, VerifierKey(key.name, 1, bytes(32))]) == ()


def test_wrong_known_signature_names_itself() -> None:
    """A known key's line over another text breaks the note, whoever else signed it."""
    other = sign_note("another\n", [CITY]).signatures
    note = with_signatures(sign_note(TEXT, [CLERK]), other)
    with pytest.raises(IntegrityFailure, match="signature of city"):
        verify_note(note, [CLERK.key, CITY.key])


def test_each_signer_counts_once() -> None:
    """A key that signed twice is one key, and signers come in the order of their lines."""
    note = sign_note(TEXT, [CLERK, CITY, CLERK])
    assert verify_note(note, [CITY.key, CLERK.key, CITY.key]) == (CLERK.key, CITY.key)


def test_newer_signature_takes_the_place() -> None:
    """Adding a signature of a key that signed already replaces it and duplicates nothing."""
    again = dataclasses.replace(NOTE.signatures[0], data=b"again")
    assert with_signatures(NOTE, [again, again]) == Note(TEXT, (again,))


def test_cosigners_do_not_sign() -> None:
    """A witness's key signs no note and is no verifier of one."""
    witness = Signer.from_seed("w.example", bytes(32), algorithm=COSIGNATURE)
    with pytest.raises(MalformedError):
        sign_note(TEXT, [witness])
    note = Note(TEXT, (Signature("w.example", witness.key.key_id, bytes(64)),))
    assert verify_note(note, [witness.key]) == ()


def test_ambiguous_keys_are_refused() -> None:
    """Two keys that only their public halves tell apart verify nothing."""
    # The first two numbers whose key ids collide, under the name of CITY.
    publics = (number.to_bytes(32, "big") for number in (5027, 20434))
    one, other = (VerifierKey(CITY.key.name, 1, public) for public in publics)
    assert one.key_id == other.key_id
    with pytest.raises(MalformedError):
        verify_note(NOTE, [one, other])


def test_seed_stays_hidden() -> None:
    """What a signer shows of itself is its vkey."""
    assert repr(CITY) == f"Signer({format_vkey(CITY.key)})"
    assert not hasattr(CITY, "__dict__")


def test_renamed_signer_keeps_its_key() -> None:
    """Under another name the public key is the same and the key id is not."""
    renamed = CITY.named("city.example/taizhang/beijing")
    assert renamed.key.public == CITY.key.public
    assert renamed.key.key_id != CITY.key.key_id


@pytest.mark.parametrize("length", [0, 31, 33])
def test_short_seeds_are_refused(length: int) -> None:
    """A private key has exactly 32 bytes."""
    with pytest.raises(MalformedError):
        Signer.from_seed("a", bytes(length))
