"""Private keys at rest: one JSON document each, sealed with a passphrase.

Canonical JSON (`ledger.canonical`) and one line feed:

    {"created_at": "2026-11-23T08:00:00.000000Z",     when it was made
     "format": "taizhang-key/v1",
     "kdf": {"lanes": 4, "memory_kib": 65536, "passes": 3, "salt": <base64 of 16 bytes>},
     "nonce": <base64 of 12 bytes>,
     "protection": "argon2id+aes-256-gcm",
     "sealed": <base64 of 48 bytes>,
     "vkey": <the public half, `ledger.note`>}

The passphrase, as the bytes that were given, becomes a key of 32 bytes by Argon2id (RFC 9106, which
recommends these costs where memory is scarce), and that seals the seed of 32 bytes by AES-256-GCM.
Its associated data are format, created_at and vkey, each followed by a line feed. Costs are bounded
on reading, so that a file made elsewhere cannot exhaust the machine.

For trials a key may lie open: `"protection": "none"`, and `"seed"` in place of `kdf`, `nonce` and
`sealed`. Whoever reads such a file can sign.

PKCS#8 is not used: its usual encryption stretches a passphrase by 2,048 rounds of PBKDF2 only.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ledger import canonical
from ledger.clock import format_instant, parse_instant
from ledger.errors import KeyLockedError, MalformedError
from ledger.note import ED25519, Signer, VerifierKey, format_vkey, parse_vkey
from ledger.strict_base64 import decode_base64, encode_base64

__all__ = [
    "SEED_BYTES",
    "Cost",
    "is_protected",
    "new_seed",
    "open_key",
    "reseal_key",
    "seal_key",
    "vkey_in",
]

SEED_BYTES = 32

_FORMAT = "taizhang-key/v1"
_SEALED = "argon2id+aes-256-gcm"
_OPEN = "none"
_SALT_BYTES, _NONCE_BYTES, _TAG_BYTES = 16, 12, 16
_MAX_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Cost:
    """What Argon2id may cost: memory in KiB, passes over it, lanes."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        # RFC 9106 §3.1 wants 8 KiB a lane; the upper bounds are ours.
        if not (
            1 <= self.lanes <= 16
            and 1 <= self.passes <= 64
            and 8 * self.lanes <= self.memory_kib <= 1 << 20
        ):
            raise MalformedError("not a key file: its costs are out of bounds")


_DEFAULT_COST = Cost()


def new_seed() -> bytes:
    """Return a fresh private key from the system's source of secrets."""
    return secrets.token_bytes(SEED_BYTES)


def seal_key(
    seed: bytes,
    *,
    name: str,
    passphrase: bytes | None,
    created_at: datetime,
    algorithm: int = ED25519,
    cost: Cost = _DEFAULT_COST,
) -> bytes:
    """Return the key as a document; it lies open where there is no passphrase."""
    vkey = format_vkey(Signer.from_seed(name, seed, algorithm=algorithm).key)
    made = format_instant(created_at)
    document: dict[str, Any] = {"created_at": made, "format": _FORMAT, "vkey": vkey}
    if passphrase is None:
        document |= {"protection": _OPEN, "seed": encode_base64(seed)}
    else:
        document |= _sealed(seed, passphrase, cost=cost, bound=_bound(_FORMAT, made, vkey))
    return canonical.encode(document) + b"\n"


def reseal_key(
    data: bytes, *, old: bytes | None, new: bytes | None, cost: Cost = _DEFAULT_COST
) -> bytes:
    """Return the document of the same key under another passphrase; KeyLockedError for a wrong
    old one."""
    document = _read(data)
    key, seed = _opened(document, old)
    made = parse_instant(document.created_at)
    algorithm = key.algorithm
    return seal_key(
        seed, name=key.name, passphrase=new, created_at=made, algorithm=algorithm, cost=cost
    )


def open_key(data: bytes, *, passphrase: bytes | None) -> Signer:
    """Return the signer in a document; KeyLockedError without the right passphrase.

    A passphrase is not looked at where the key lies open.
    """
    key, seed = _opened(_read(data), passphrase)
    return Signer.from_seed(key.name, seed, algorithm=key.algorithm)


def is_protected(data: bytes) -> bool:
    """Tell whether the key in a document is sealed."""
    return isinstance(_read(data), _Sealed)


def vkey_in(data: bytes) -> VerifierKey:
    """Return the public half of the key in a document; it needs no passphrase."""
    return parse_vkey(_read(data).vkey)


class _Kdf(msgspec.Struct, forbid_unknown_fields=True):
    lanes: int
    memory_kib: int
    passes: int
    salt: str


class _Document(msgspec.Struct, forbid_unknown_fields=True, tag_field="protection"):
    created_at: str
    format: str
    vkey: str


class _Open(_Document, tag=_OPEN):
    seed: str


class _Sealed(_Document, tag=_SEALED):
    kdf: _Kdf
    nonce: str
    sealed: str


def _read(data: bytes) -> _Open | _Sealed:
    if len(data) > _MAX_BYTES or not data.endswith(b"\n"):
        raise MalformedError("not a key file")
    try:
        document = msgspec.convert(canonical.decode(data[:-1]), _Open | _Sealed)
    except msgspec.ValidationError as error:
        raise MalformedError("not a key file: {reason}", reason=str(error)) from error
    if document.format != _FORMAT or not _is_instant(document.created_at):
        raise MalformedError("not a key file of format {format}", format=_FORMAT)
    return document


def _opened(document: _Open | _Sealed, passphrase: bytes | None) -> tuple[VerifierKey, bytes]:
    """The key in a document and its seed, which fit each other."""
    key = parse_vkey(document.vkey)
    if isinstance(document, _Sealed):
        seed = _unlocked(document, passphrase)
    else:
        seed = _decoded(document.seed)
    if len(seed) != SEED_BYTES:
        raise MalformedError("not a key file: a private key has 32 bytes")
    if Signer.from_seed(key.name, seed, algorithm=key.algorithm).key != key:
        raise MalformedError("not a key file: its two halves are of different keys")
    return key, seed


def _is_instant(text: str) -> bool:
    try:
        return format_instant(parse_instant(text)) == text
    except (ValueError, OverflowError):
        return False


def _unlocked(document: _Sealed, passphrase: bytes | None) -> bytes:
    if passphrase is None:
        raise KeyLockedError("the key is sealed; a passphrase is needed")
    kdf = document.kdf
    salt, nonce = _decoded(kdf.salt), _decoded(document.nonce)
    sealed = _decoded(document.sealed)
    lengths = (len(salt), len(nonce), len(sealed))
    if lengths != (_SALT_BYTES, _NONCE_BYTES, SEED_BYTES + _TAG_BYTES):
        raise MalformedError("not a key file: salt, nonce or sealed key has another length")
    stretched = _stretch(passphrase, salt, Cost(kdf.memory_kib, kdf.passes, kdf.lanes))
    return _unsealed(
        stretched, nonce, sealed, _bound(document.format, document.created_at, document.vkey)
    )


def _sealed(seed: bytes, passphrase: bytes, *, cost: Cost, bound: bytes) -> dict[str, Any]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(_stretch(passphrase, salt, cost)).encrypt(nonce, seed, bound)
    return {
        "kdf": {
            "lanes": cost.lanes,
            "memory_kib": cost.memory_kib,
            "passes": cost.passes,
            "salt": encode_base64(salt),
        },
        "nonce": encode_base64(nonce),
        "protection": _SEALED,
        "sealed": encode_base64(sealed),
    }


def _unsealed(key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise KeyLockedError(
            "the passphrase is wrong, or the key file was altered since it was made"
        ) from None


def _stretch(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    if not passphrase:
        raise MalformedError("the passphrase is empty")
    return Argon2id(
        salt=salt,
        length=32,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    ).derive(passphrase)


def _bound(*parts: str) -> bytes:
    """What the sealed seed is bound to: format, created_at and vkey."""
    return "".join(f"{part}\n" for part in parts).encode()


def _decoded(text: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise MalformedError("not a key file: not base64") from error
