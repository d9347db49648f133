"""Signed notes: a text, and under it who signed it (C2SP signed-note).

A note is UTF-8. Its text ends with a line feed, then comes an empty line, then one or more
signature lines:

    — <name> <base64 of key id ‖ signature>

* The *last* empty line parts text and signatures; the text may hold empty lines of its own.
* No control characters below 0x20 except the line feed.
* name: of a key; not empty, no white space, no plus sign.
* Base64 has one spelling (`ledger.strict_base64`); a signature has at least one byte.
* At most `MAX_SIGNATURES` signatures and `MAX_NOTE_BYTES` bytes.

Each text that keeps to this has one reading, and each reading one text.

*Keys.* The key id is the first four bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key); it
says which key is meant and proves nothing. A key is written as a *vkey*:

    <name>+<key id, 8 hex digits>+<base64 of algorithm ‖ public key>

Two algorithms are known, both with public keys of 32 bytes: 1, Ed25519 over the text (RFC 8032),
which is verified here, and 4, the cosignature of a witness (`ledger.cosignature`).

*Verifying.* Lines of unknown keys say nothing and are passed over. A line of a known key, one of
the same name and key id, must be right, or the whole note is refused.

Worked example. The seed 0x00 0x01 … 0x1f, named city.example/taizhang, has the vkey

    city.example/taizhang+cb5facc2+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4

and signs a text of two lines so:

    一、台账
    二、存证

    — city.example/taizhang y1+swnAc6iA8bPx2rRZadz71VNam/6Z1jhwcfYGyayLNJevPdJjNPSP3Ui6xbqSt9r95ajQI2YXD4NXomyv2dhIx5w4=
"""  # noqa: E501  a signature line has its length

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import IntegrityFailure, MalformedError
from ledger.strict_base64 import decode_base64, encode_base64

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "KEY_ID_BYTES",
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "Signer",
    "VerifierKey",
    "format_note",
    "format_signature",
    "format_vkey",
    "known_keys",
    "parse_note",
    "parse_signature",
    "parse_vkey",
    "sign_note",
    "verify_note",
    "with_signatures",
]

ED25519 = 1
COSIGNATURE = 4

KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100

_PUBLIC_BYTES = 32
_DASH = "— "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name; MalformedError where the two cannot be a key."""

    name: str
    algorithm: int
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE):
            raise MalformedError(
                "key {name}: algorithm {algorithm} is neither 1, Ed25519, nor 4, cosignature",
                name=self.name,
                algorithm=self.algorithm,
            )
        if len(self.public) != _PUBLIC_BYTES:
            raise MalformedError("key {name}: a public key has 32 bytes", name=self.name)

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before each of its signatures."""
        named = b"%b\n%c%b" % (self.name.encode(), self.algorithm, self.public)
        return sha256(named).digest()[:KEY_ID_BYTES]

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the Ed25519 signature of the message is by this key."""
        # Slow to import, and most commands verify nothing.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):  # ValueError: no point of the curve
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the name and id of a key, and the bytes it gave."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, in their order; nothing is said of their truth."""

    text: str
    signatures: tuple[Signature, ...]


class Signer:
    """A private key with its name; shows its public half only."""

    __slots__ = ("_private", "_seed", "key")

    def __init__(self, key: VerifierKey, seed: bytes, private: object) -> None:
        self.key = key
        self._seed = seed
        self._private = private

    def __repr__(self) -> str:
        return f"Signer({format_vkey(self.key)})"

    @classmethod
    def from_seed(cls, name: str, seed: bytes, *, algorithm: int = ED25519) -> Signer:
        """Return the signer whose private key is this seed of 32 bytes (RFC 8032 §5.1.5)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if len(seed) != _PUBLIC_BYTES:
            raise MalformedError("a private key has 32 bytes, not {length}", length=len(seed))
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes_raw()
        return cls(VerifierKey(name, algorithm, public), seed, private)

    def named(self, name: str) -> Signer:
        """Return the signer with the same private key and another name."""
        return Signer.from_seed(name, self._seed, algorithm=self.key.algorithm)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of the message."""
        signature: bytes = self._private.sign(message)  # type: ignore[attr-defined]  # lazy import
        return signature


def parse_vkey(text: str) -> VerifierKey:
    """Return the key written so; MalformedError for any other spelling or a wrong key id."""
    try:
        # A name holds no plus sign, base64 may.
        name, _, material = text.split("+", 2)
        data = decode_base64(material)
    except ValueError as error:
        raise _no_vkey(text) from error
    if not data:
        raise _no_vkey(text)
    key = VerifierKey(name, data[0], data[1:])
    if format_vkey(key) != text:
        raise MalformedError(
            "key {name}: the key id does not fit the key; copy the whole vkey again", name=name
        )
    return key


def format_vkey(key: VerifierKey) -> str:
    """Return the key as it is printed and handed over."""
    return f"{key.name}+{key.key_id.hex()}+{encode_base64(bytes([key.algorithm]) + key.public)}"


def parse_note(data: bytes) -> Note:
    """Return the note with exactly these bytes; MalformedError for everything else."""
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedError("a note has at most {limit} bytes", limit=MAX_NOTE_BYTES)
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("not a note: not UTF-8") from error
    if any(sign < " " and sign != "\n" for sign in whole):
        raise MalformedError("not a note: it holds control characters")
    text, parted, below = whole.rpartition("\n\n")
    if not parted:
        raise MalformedError("not a note: no empty line parts the text from its signatures")
    lines = below.split("\n")
    if lines.pop() or not lines:
        raise MalformedError("not a note: a text, an empty line and signature lines are needed")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedError("a note has at most {limit} signatures", limit=MAX_SIGNATURES)
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def format_note(note: Note) -> bytes:
    """Return the bytes of the note; MalformedError if its parts cannot stand in one."""
    lines = [format_signature(signature) + "\n" for signature in note.signatures]
    try:
        data = f"{note.text}\n{''.join(lines)}".encode()
    except UnicodeEncodeError as error:
        raise MalformedError("not a note: not UTF-8") from error
    if parse_note(data) != note:
        raise MalformedError("the text of a note ends with a line feed")
    return data


def parse_signature(line: str) -> Signature:
    """Return the signature on a line, without its line feed; MalformedError for other lines."""
    try:
        name, spelled = line.removeprefix(_DASH).split(" ")
        data = decode_base64(spelled)
    except ValueError as error:
        raise MalformedError("not a signature line: {line}", line=ascii(line)) from error
    if not line.startswith(_DASH) or len(data) <= KEY_ID_BYTES:
        raise MalformedError("not a signature line: {line}", line=ascii(line))
    _check_name(name)
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def format_signature(signature: Signature) -> str:
    """Return the signature as a line, without its line feed."""
    return f"{_DASH}{signature.name} {encode_base64(signature.key_id + signature.data)}"


def sign_note(text: str, signers: Iterable[Signer]) -> Note:
    """Return the text signed by each of the Ed25519 signers."""
    signatures = []
    for signer in signers:
        if signer.key.algorithm != ED25519:
            raise MalformedError("key {name} cosigns and does not sign", name=signer.key.name)
        data = signer.sign(text.encode())
        signatures.append(Signature(signer.key.name, signer.key.key_id, data))
    note = Note(text, tuple(signatures))
    format_note(note)
    return note


def with_signatures(note: Note, more: Iterable[Signature]) -> Note:
    """Return the note with these signatures too; a newer one of the same key takes its place."""
    signatures = {(one.name, one.key_id): one for one in (*note.signatures, *more)}
    return Note(note.text, tuple(signatures.values()))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Return the Ed25519 keys that signed the text, in the order of their lines.

    Empty where none of the keys did; IntegrityFailure where a line of one is wrong.
    """
    known = known_keys(keys, algorithm=ED25519)
    text = note.text.encode()
    found: dict[VerifierKey, None] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not key.is_signed(text, signature.data):
            raise IntegrityFailure("the signature of {name} is not of this text", name=key.name)
        found[key] = None
    return tuple(found)


def known_keys(
    keys: Iterable[VerifierKey], *, algorithm: int
) -> dict[tuple[str, bytes], VerifierKey]:
    """Return the keys of the algorithm by name and id; MalformedError where two share both."""
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if key.algorithm == algorithm and known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedError("two different keys {name} have the same key id", name=key.name)
    return known


def _check_name(name: str) -> None:
    # C2SP signed-note, "Format"; str.isspace holds for all that Unicode calls white space.
    if not name or any(sign == "+" or sign < " " or sign.isspace() for sign in name):
        raise MalformedError(
            "{name} is no name of a key: not empty, no white space, no +", name=ascii(name)
        )
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        raise MalformedError("{name} is no name of a key: not Unicode", name=ascii(name))


def _no_vkey(text: str) -> MalformedError:
    return MalformedError(
        "{text} is no vkey: write NAME+KEYID+BASE64, as it was printed with the key",
        text=ascii(text[:120]),
    )
