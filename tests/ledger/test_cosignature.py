"""Cosignatures: the message is the specified one, and time and text are bound."""

from __future__ import annotations

from textwrap import dedent

import pytest

import ledger.cosignature
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.cosignature import cosign, verified_cosignatures, verify_cosignature
from ledger.errors import IntegrityFailure, LedgerError, MalformedError
from ledger.leaf import hash_leaf
from ledger.merkle import tree_root
from ledger.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    Signer,
    format_note,
    format_signature,
    format_vkey,
    parse_note,
    sign_note,
    with_signatures,
)
from support.flips import bit_flips

ORIGIN = "city.example/taizhang/beijing"
LOG = Signer.from_seed(ORIGIN, bytes(range(32)))
WITNESS = Signer.from_seed("witness.example/w1", bytes(range(32, 64)), algorithm=COSIGNATURE)
OTHER = Signer.from_seed("witness.example/w2", bytes(32), algorithm=COSIGNATURE)
TEXT = format_checkpoint(Checkpoint(ORIGIN, 2, tree_root([hash_leaf(b"a"), hash_leaf(b"b")])))
AT = 1795420800
LINE = cosign(TEXT, WITNESS, at=AT)
NOTE = with_signatures(sign_note(TEXT, [LOG]), [LINE])


def test_message_is_spelled_out() -> None:
    """Timestamp, header line, time line and the text make up what is signed."""
    message = f"cosignature/v1\ntime {AT}\n{TEXT}".encode()
    assert LINE.data == AT.to_bytes(8, "big") + WITNESS.sign(message)


def test_worked_example_is_true() -> None:
    """Key and cosignature of the module docstring are those of its seed."""
    written = dedent(ledger.cosignature.__doc__ or "")
    assert f"    {format_vkey(WITNESS.key)}\n" in written
    assert f"    {format_signature(LINE)}\n" in written


def test_cosignature_tells_its_time() -> None:
    """A verified cosignature gives the time that was cosigned."""
    for at in (0, AT, 2**63 - 1):
        assert verify_cosignature(TEXT, cosign(TEXT, WITNESS, at=at), WITNESS.key) == at


@pytest.mark.parametrize("at", [-1, 2**63])
def test_times_have_bounds(at: int) -> None:
    """No time before 1970 or past 63 bits is cosigned."""
    with pytest.raises(MalformedError):
        cosign(TEXT, WITNESS, at=at)


def test_late_times_are_no_cosignatures() -> None:
    """A timestamp past 63 bits is refused even where the signature over it is true."""
    at = 2**63
    message = f"cosignature/v1\ntime {at}\n{TEXT}".encode()
    data = at.to_bytes(8, "big") + WITNESS.sign(message)
    with pytest.raises(IntegrityFailure):
        verify_cosignature(TEXT, Signature(WITNESS.key.name, WITNESS.key.key_id, data), WITNESS.key)


def test_others_lines_are_passed_over() -> None:
    """A line of another key, or a key of another kind, is no answer."""
    assert verify_cosignature(TEXT, LINE, OTHER.key) is None
    signed = sign_note(TEXT, [LOG]).signatures[0]
    assert verify_cosignature(TEXT, signed, LOG.key) is None


@pytest.mark.parametrize("data", [b"x", LINE.data[:-1], LINE.data + b"\0", LINE.data[8:]])
def test_other_lengths_are_wrong(data: bytes) -> None:
    """A known witness's line has exactly 72 bytes after the key id."""
    line = Signature(LINE.name, LINE.key_id, data)
    with pytest.raises(IntegrityFailure):
        verify_cosignature(TEXT, line, WITNESS.key)


def test_log_keys_do_not_cosign() -> None:
    """A key of algorithm 1 makes no cosignature."""
    with pytest.raises(MalformedError):
        cosign(TEXT, LOG, at=AT)


def test_signature_is_no_cosignature() -> None:
    """The same seed's signature of the text does not pass for a cosignature of it."""
    plain = Signer.from_seed(WITNESS.key.name, bytes(range(32, 64)), algorithm=ED25519)
    data = AT.to_bytes(8, "big") + plain.sign(TEXT.encode())
    with pytest.raises(IntegrityFailure):
        verify_cosignature(TEXT, Signature(LINE.name, LINE.key_id, data), WITNESS.key)


def test_newest_time_is_told() -> None:
    """Of two true cosignatures of one witness the later one counts."""
    lines = tuple(cosign(TEXT, WITNESS, at=at) for at in (AT, AT + 60, AT - 60))
    assert verified_cosignatures(Note(TEXT, lines), [WITNESS.key]) == {WITNESS.key: AT + 60}


def test_only_asked_witnesses_are_told() -> None:
    """Keys that did not cosign, and keys that were not asked for, do not appear."""
    assert verified_cosignatures(NOTE, [WITNESS.key, OTHER.key, LOG.key]) == {WITNESS.key: AT}
    assert verified_cosignatures(NOTE, [OTHER.key]) == {}


def test_wrong_cosignature_names_itself() -> None:
    """A known witness's line under another text breaks the note."""
    other = Note(TEXT.replace("\n2\n", "\n3\n"), (LINE,))
    with pytest.raises(IntegrityFailure, match="cosignature of witness"):
        verified_cosignatures(other, [WITNESS.key])


def test_every_bit_is_bound() -> None:
    """Only bits of the log's own line can change without the cosignature failing."""
    data = format_note(NOTE)
    log_line = format_signature(NOTE.signatures[0]).encode()
    start = data.index(log_line)
    free = range(start, start + len(log_line))
    for place, flipped in bit_flips(data):
        assert place in free or not is_cosigned(flipped)


def is_cosigned(data: bytes) -> bool:
    """Whether the bytes are a note WITNESS cosigned at AT."""
    try:
        return verified_cosignatures(parse_note(data), [WITNESS.key]) == {WITNESS.key: AT}
    except LedgerError:
        return False
