"""What a log sends to a witness, and what a witness answers (C2SP tlog-witness, add-checkpoint).

*Request*, to have a checkpoint cosigned:

    old <number>                         the size the witness cosigned last, 0 for none
    <base64 of a hash>                   0 to 63: the consistency proof from there (RFC 9162 §2.1.4)

    <checkpoint, a signed note>

*Answer*, when it did: signature lines of the witness, each with a line feed. They become part of
the note by standing under it.

*Upload*, our own, of leaf hashes to a witness that mirrors them:

    taizhang-hashes/v1
    start <number>                       how many the witness has

    <checkpoint, a signed note>

    <32 bytes a leaf>                    raw, from start to the size of the checkpoint

Every line ends with one line feed. number: decimal, no sign, no leading zero, at most 18 digits;
base64 has one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from ledger.errors import MalformedError
from ledger.merkle import HASH_BYTES
from ledger.note import MAX_NOTE_BYTES, Signature, format_signature, parse_signature
from ledger.strict_base64 import decode_base64, encode_base64

__all__ = [
    "MAX_PROOF_LINES",
    "MAX_REQUEST_BYTES",
    "WitnessRequest",
    "format_answer",
    "format_request",
    "format_upload_head",
    "parse_answer",
    "parse_request",
    "read_upload_head",
]

MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 64 * 64

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_UPLOAD = b"taizhang-hashes/v1\n"
_MAX_SIGNATURE_LINES = 100


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """A checkpoint to cosign, and the proof that it goes on from the tree of `old_size`."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def format_request(request: WitnessRequest) -> bytes:
    """Return the body of an add-checkpoint request."""
    lines = [f"old {request.old_size}", *map(encode_base64, request.proof)]
    return "\n".join(lines).encode() + b"\n\n" + request.checkpoint


def parse_request(body: bytes) -> WitnessRequest:
    """Return the request with exactly this body; MalformedError for everything else.

    What stands below the empty line is taken as it is.
    """
    head, parted, checkpoint = body.partition(b"\n\n")
    if not parted or len(body) > MAX_REQUEST_BYTES:
        raise MalformedError("not a request: no empty line parts the proof from the checkpoint")
    try:
        first, *lines = head.decode("ascii").split("\n")
        proof = tuple(map(decode_base64, lines))
    except ValueError as error:
        raise MalformedError("not a request: a hash of the proof is not base64") from error
    if len(proof) > MAX_PROOF_LINES or any(len(one) != HASH_BYTES for one in proof):
        raise MalformedError("not a request: a proof has at most 63 hashes of 32 bytes")
    return WitnessRequest(_number("old", first), proof, checkpoint)


def format_answer(signatures: Iterable[Signature]) -> bytes:
    """Return the body of the answer with these cosignatures."""
    return "".join(f"{format_signature(signature)}\n" for signature in signatures).encode()


def parse_answer(body: bytes) -> tuple[Signature, ...]:
    """Return the signatures in an answer, whoever made them; MalformedError for anything else."""
    try:
        lines = body.decode().split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError("not an answer of a witness: not UTF-8") from error
    if lines.pop() or not 0 < len(lines) <= _MAX_SIGNATURE_LINES:
        raise MalformedError("not an answer of a witness: signature lines are needed")
    return tuple(map(parse_signature, lines))


def format_upload_head(start: int, checkpoint: bytes) -> bytes:
    """Return what stands before the leaf hashes of an upload."""
    return b"%bstart %d\n\n%b\n" % (_UPLOAD, start, checkpoint)


def read_upload_head(stream: BinaryIO) -> tuple[int, bytes]:
    """Read on to the first leaf hash; return how many come before it, and the checkpoint.

    MalformedError for anything else.
    """
    if stream.readline(len(_UPLOAD)) != _UPLOAD:
        raise MalformedError("not an upload of hashes: it begins otherwise")
    line = stream.readline(64)
    start = _number("start", line.removesuffix(b"\n").decode("ascii", "replace"))
    if not line.endswith(b"\n") or stream.readline(1) != b"\n":
        raise MalformedError("not an upload of hashes: no empty line before the checkpoint")
    return start, _read_note(stream)


def _read_note(stream: BinaryIO) -> bytes:
    """A note up to the empty line below its signatures, which is read too."""
    # The text of a checkpoint has no empty line: one ends it, and one ends the signatures.
    lines: list[bytes] = []
    length = empty = 0
    while empty < 2:
        line = stream.readline(MAX_NOTE_BYTES - length + 1)
        length += len(line)
        if not line.endswith(b"\n") or length > MAX_NOTE_BYTES:
            raise MalformedError("not an upload of hashes: the checkpoint does not end")
        lines.append(line)
        empty += line == b"\n"
    return b"".join(lines[:-1])


def _number(word: str, line: str) -> int:
    found, _, number = line.partition(" ")
    if found != word or not _NUMBER.fullmatch(number):
        raise MalformedError("not a message to a witness: {word} and a size", word=word)
    return int(number)
