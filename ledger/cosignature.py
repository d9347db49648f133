"""Cosignatures: a witness's word that it saw this tree head, and when (C2SP tlog-cosignature, v1).

A cosignature stands under a checkpoint as a line of a signed note (`ledger.note`), by a key of
algorithm 4. Its bytes are

    timestamp ‖ Ed25519 signature        8 bytes, big-endian, and 64

The timestamp counts seconds since 1970-01-01T00:00:00Z and is less than 2^63. What is signed is

    cosignature/v1
    time <timestamp, decimal>
    <the text of the checkpoint>

It says: at that time this was the largest tree the witness had seen of the log, consistent with
all it saw before. Witness keys are for nothing else: the message does not hold the witness's name.

Worked example. The seed 0x20 0x21 … 0x3f, named witness.example/w1, has the vkey

    witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X

and cosigns the checkpoint of `ledger.checkpoint` at 1795420800 (2026-11-23T08:00:00Z):

    — witness.example/w1 IDJKvgAAAABrA/KAuSDiBAiTyQ07o/78wAw2wsBexcZ+9e13Tt1K+G0Rqgd559/N4/qR4IU+a+LL+9ri+1smeFiexoppAAG9z0GgAA==
"""  # noqa: E501  a signature line has its length

from __future__ import annotations

from collections.abc import Iterable

from ledger.errors import IntegrityFailure, MalformedError
from ledger.note import COSIGNATURE, Note, Signature, Signer, VerifierKey, known_keys

__all__ = ["cosign", "verified_cosignatures", "verify_cosignature"]

_TIME_BYTES = 8
_DATA_BYTES = _TIME_BYTES + 64
_TIME_BOUND = 1 << 63


def cosign(text: str, signer: Signer, *, at: int) -> Signature:
    """Return the signer's cosignature of a checkpoint's text, at so many seconds since 1970."""
    if signer.key.algorithm != COSIGNATURE:
        raise MalformedError("key {name} signs and does not cosign", name=signer.key.name)
    if not 0 <= at < _TIME_BOUND:
        raise MalformedError("no time of a cosignature: {at}", at=at)
    data = at.to_bytes(_TIME_BYTES, "big") + signer.sign(_message(text, at))
    return Signature(signer.key.name, signer.key.key_id, data)


def verify_cosignature(text: str, signature: Signature, key: VerifierKey) -> int | None:
    """Return when the key cosigned the text, in seconds since 1970; None for another key's line.

    IntegrityFailure where the line is the key's and wrong.
    """
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        return None
    if key.algorithm != COSIGNATURE:
        return None
    at = int.from_bytes(signature.data[:_TIME_BYTES], "big")
    if (
        len(signature.data) != _DATA_BYTES
        or at >= _TIME_BOUND
        or not key.is_signed(_message(text, at), signature.data[_TIME_BYTES:])
    ):
        raise IntegrityFailure("the cosignature of {name} is not of this checkpoint", name=key.name)
    return at


def verified_cosignatures(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int]:
    """Return which of the keys cosigned the note, and when last; keys of other kinds never do."""
    known = known_keys(keys, algorithm=COSIGNATURE)
    found: dict[VerifierKey, int] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        at = verify_cosignature(note.text, signature, key) if key else None
        if key and at is not None:
            found[key] = max(at, found.get(key, at))
    return found


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
