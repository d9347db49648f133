"""Proofs on their own: that a leaf stands in a log, in one small text file (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64>                       none or one
    index <number>
    <base64 of a hash>                   none or more: the inclusion proof, from the leaf up

    <checkpoint, a signed note>

* Every line ends with one line feed. number: decimal, no sign, no leading zero, at most 18 digits.
* extra: one byte or more that say something to the application. *Nothing vouches for them.*
* At most `MAX_PROOF_LINES` hashes of 32 bytes (RFC 9162 §2.1.3); base64 with one spelling.
* The checkpoint is that of `ledger.checkpoint`, with whatever cosignatures it had.

The proof is of a leaf *hash*, which is not in the file: who checks makes it from the entry.
Worked example: leaf 1 of a log of two, whose leaf texts are "a" and "b", without line feeds:

    c2sp.org/tlog-proof@v1
    index 1
    Aippeebat6pa5MPl5F9+l3ESp+Y1k4INvsHsc4ok+Tw=

    city.example/taizhang/beijing
    2
    sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=

    — city.example/taizhang/beijing /TTiwV16dmG0w2Kp5NoB/QhyjdF3Le0IH8GSk8X/E4ihG05K1o/nwM6505dM3tT8ZuNZsxjT97CHF8JUOAgkMtq8iAA=
    — witness.example/w1 IDJKvgAAAABrA/KAuSDiBAiTyQ07o/78wAw2wsBexcZ+9e13Tt1K+G0Rqgd559/N4/qR4IU+a+LL+9ri+1smeFiexoppAAG9z0GgAA==
"""  # noqa: E501  a signature line has its length

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.errors import IntegrityFailure, MalformedError
from ledger.merkle import HASH_BYTES, check_inclusion
from ledger.note import VerifierKey
from ledger.strict_base64 import decode_base64, encode_base64

__all__ = ["MAX_PROOF_LINES", "TlogProof", "check_proof", "format_proof", "parse_proof"]

MAX_PROOF_LINES = 63

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
# With room for the longest path and 64 KiB of extra data before the checkpoint.
_MAX_HEAD_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A leaf's place, its path to the root, and the checkpoint that has this root."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: TlogProof) -> bytes:
    """Return the text of the proof; MalformedError if a field cannot stand in it."""
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines += [f"index {proof.index}", *map(encode_base64, proof.proof)]
    data = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint
    if parse_proof(data) != proof:
        raise MalformedError("not a proof: a hash is empty")
    return data


def parse_proof(data: bytes) -> TlogProof:
    """Return the proof with exactly this text; MalformedError for everything else.

    Its checkpoint is read too, but neither its signatures nor the path are checked.
    """
    head, parted, checkpoint = data.partition(b"\n\n")
    if not parted or len(head) > _MAX_HEAD_BYTES:
        raise MalformedError("not a proof: no empty line parts the path from the checkpoint")
    try:
        proof = _parse_head(head.decode("ascii").split("\n"), checkpoint)
    except ValueError as error:
        raise MalformedError("not a proof: a hash or the extra data is not base64") from error
    open_checkpoint(checkpoint, ())
    return proof


def check_proof(proof: TlogProof, leaf_hash: bytes, keys: Iterable[VerifierKey]) -> Checkpoint:
    """Return the checkpoint of the log in which the leaf is proven to stand at the index.

    IntegrityFailure says what failed: a signature, no signature by one of the keys, or the path.
    Cosignatures are for the caller to judge (`ledger.trust_policy`).
    """
    checkpoint, _, signers = open_checkpoint(proof.checkpoint, keys)
    if not signers:
        raise IntegrityFailure(
            "the checkpoint of {origin} is signed by none of the given keys",
            origin=checkpoint.origin,
        )
    if not check_inclusion(
        index=proof.index,
        size=checkpoint.size,
        leaf=leaf_hash,
        proof=proof.proof,
        root=checkpoint.root,
    ):
        raise IntegrityFailure(
            "the path does not lead from this entry at {index} to the root of {origin}"
            " at size {size}",
            index=proof.index,
            origin=checkpoint.origin,
            size=checkpoint.size,
        )
    return checkpoint


def _parse_head(lines: list[str], checkpoint: bytes) -> TlogProof:
    if lines.pop(0) != _HEADER:
        raise MalformedError("not a proof: the first line is not {header}", header=_HEADER)
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    word, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if word != "index" or not _INDEX.fullmatch(number) or extra == b"":
        raise MalformedError("not a proof: an index is needed, and extra data only before it")
    hashes = tuple(map(decode_base64, lines))
    if len(hashes) > MAX_PROOF_LINES or any(len(one) != HASH_BYTES for one in hashes):
        raise MalformedError("not a proof: a path has at most 63 hashes of 32 bytes")
    return TlogProof(int(number), hashes, checkpoint, extra)
