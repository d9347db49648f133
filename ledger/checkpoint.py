"""Checkpoints: the head of a log's tree, as a text that is signed (C2SP tlog-checkpoint).

Exactly three lines, each ending with a line feed:

    <origin>
    <size>
    <base64 of the root>

* origin: the name of the log, which is also the name of the key that signs; see below.
* size: the number of leaves, decimal, no sign, no leading zero, at most 18 digits.
* root: 32 bytes (RFC 9162 §2.1.1), base64 with one spelling.

The extension lines the specification allows are refused: nobody can check them against the log.

*Keys and origins.* A ledger has one Ed25519 key for all its logs. The key is named after the
ledger, `<authority>/taizhang`; the log of a scheme has the origin `<authority>/taizhang/<scheme>`
and is signed with the same key under that name, so that name and origin agree and the key id
differs from log to log. A log that begins anew, after a restore that lost entries, has the origin
`<authority>/taizhang/<scheme>/<generation>`, counted from 2. Whoever knows the ledger's vkey can
therefore verify all its logs, and whoever knows the vkey of one log only that one.

Worked example, signed with the key of `ledger.note`:

    city.example/taizhang/beijing
    2
    sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=

    — city.example/taizhang/beijing /TTiwV16dmG0w2Kp5NoB/QhyjdF3Le0IH8GSk8X/E4ihG05K1o/nwM6505dM3tT8ZuNZsxjT97CHF8JUOAgkMtq8iAA=
"""  # noqa: E501  a signature line has its length

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import MalformedError
from ledger.identity import is_scheme
from ledger.note import ED25519, Note, VerifierKey, parse_note, verify_note
from ledger.strict_base64 import decode_base64, encode_base64

__all__ = [
    "Checkpoint",
    "format_checkpoint",
    "generation_of",
    "keys_for",
    "log_key",
    "log_origin",
    "open_checkpoint",
    "origin_parts",
    "parse_checkpoint",
]

_ROOT_BYTES = 32
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_GENERATION = "[2-9]|[1-9][0-9]{1,8}"
_ORIGIN = re.compile(rf"(.+)/([a-z][a-z0-9_-]{{0,31}})(?:/({_GENERATION}))?\Z")
_ORIGIN_END = re.compile(rf"/({_GENERATION})\Z")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of one log when it had so many leaves."""

    origin: str
    size: int
    root: bytes


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text to be signed; MalformedError if a field cannot stand in it."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"
    parse_checkpoint(text)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint with exactly this text; MalformedError for everything else."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedError("not a checkpoint: exactly three lines, origin, size and root")
    origin, size, spelled = lines[:3]
    try:
        root = decode_base64(spelled)
    except ValueError as error:
        raise MalformedError("not a checkpoint: the root is not base64") from error
    if len(root) != _ROOT_BYTES:
        raise MalformedError("not a checkpoint: a root has 32 bytes")
    if not _SIZE.fullmatch(size):
        raise MalformedError("not a checkpoint: no size {size}", size=ascii(size))
    # The origin is the name of a key, and must be fit to be one.
    VerifierKey(origin, ED25519, bytes(32))
    return Checkpoint(origin, int(size), root)


def log_origin(ledger: str, scheme: str, *, generation: int = 1) -> str:
    """Return the origin of a scheme's log in the ledger of this name."""
    if not is_scheme(scheme) or generation < 1:
        raise MalformedError("{scheme!r} names no log", scheme=scheme)
    return f"{ledger}/{scheme}" if generation == 1 else f"{ledger}/{scheme}/{generation}"


def origin_parts(origin: str) -> tuple[str, str, int] | None:
    """Name of the ledger, scheme and generation an origin names; None if it is none of a log."""
    found = _ORIGIN.match(origin)
    return None if found is None else (found[1], found[2], int(found[3] or 1))


def generation_of(origin: str) -> int:
    """The generation an origin names; 1 where it names none."""
    found = _ORIGIN_END.search(origin)
    return int(found[1]) if found else 1


def log_key(ledger_key: VerifierKey, scheme: str, *, generation: int = 1) -> VerifierKey:
    """Return the key of a scheme's log: the ledger's, under the log's name."""
    origin = log_origin(ledger_key.name, scheme, generation=generation)
    return VerifierKey(origin, ledger_key.algorithm, ledger_key.public)


def keys_for(origin: str, given: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Return the keys that may sign for the origin, under its name: its own, and its ledger's."""
    parts = origin_parts(origin)
    names = (origin,) if parts is None else (origin, parts[0])
    return [
        VerifierKey(origin, key.algorithm, key.public)
        for key in given
        if key.algorithm == ED25519 and key.name in names
    ]


def open_checkpoint(
    data: bytes, keys: Iterable[VerifierKey]
) -> tuple[Checkpoint, Note, tuple[VerifierKey, ...]]:
    """Return the checkpoint in a note, the note, and which of the keys signed it for its log.

    No keys where none did: then nothing in it may be believed. MalformedError for what is no
    checkpoint, IntegrityFailure for a wrong signature of a known key.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    return checkpoint, note, verify_note(note, keys_for(checkpoint.origin, keys))
