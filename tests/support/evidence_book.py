"""A small signed ledger made of pure functions, and evidence files cut out of it.

No database and no rulebook: whatever a ledger could sign, a lying one too, can be written down
here in a few lines, and is the same on every machine.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ledger import canonical
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.commitment import commit
from ledger.cosignature import cosign
from ledger.leaf import NO_PREVIOUS, Attachment, Leaf, format_leaf, hash_leaf
from ledger.merkle import prove_inclusion, reader_of, tree_root
from ledger.note import COSIGNATURE, Signer, format_note, format_vkey, sign_note, with_signatures
from ledger.stream_index import NO_STATUS, IndexEntry, StreamIndex

__all__ = [
    "LEDGER",
    "NEXT_KEY",
    "STRANGER",
    "WITNESSES",
    "Book",
    "Document",
    "Entry",
    "policy",
    "spelled",
    "vkey",
]

Document = dict[str, Any]

LEDGER = Signer.from_seed("city.example/taizhang", b"\x01" * 32)
NEXT_KEY = Signer.from_seed("city.example/taizhang", b"\x02" * 32)
STRANGER = Signer.from_seed("elsewhere.example/taizhang", b"\x03" * 32)
WITNESSES = tuple(
    Signer.from_seed(f"{name}.example/w", bytes([number]) * 32, algorithm=COSIGNATURE)
    for number, name in enumerate(("tax", "notary", "university"), 16)
)
_AT = 1_795_420_800  # 2026-11-23T08:00:00Z


@dataclass(frozen=True)
class Entry:
    """An entry as the book keeps it: leaf, payload, and salted values by path."""

    leaf: Leaf
    payload: bytes
    values: Mapping[str, tuple[bytes, bytes]] = field(default_factory=dict)

    @property
    def text(self) -> bytes:
        """The text that is hashed."""
        return format_leaf(self.leaf)

    @property
    def hash(self) -> bytes:
        """The leaf hash."""
        return hash_leaf(self.text)


class Book:
    """The log of one scheme; `add` entries, `seal` it, then take a `document` from it."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.entries: list[Entry] = []
        self.statuses: dict[str, str] = {}
        self.index = StreamIndex()
        self.seal_at = 0

    def add(
        self,
        stream: str,
        type: str,
        said: Mapping[str, Any] | None = None,
        *,
        ruling: Mapping[str, Any] | None = None,
        private: Mapping[str, Any] | None = None,
        attachments: Sequence[Attachment] = (),
        previous: bytes | None = None,
        version: int | None = None,
    ) -> int:
        """Append an entry and return its position; the last two let a ledger lie."""
        position, before = len(self.entries), self.stream(stream)
        values = {
            path: (sha256(f"{position} {path}".encode()).digest(), canonical.encode(value))
            for path, value in sorted((private or {}).items())
        }
        parts: dict[str, Any] = {"entry": {"type": type, "on": "2021-07-12", **(said or {})}}
        payload = canonical.encode(parts | ({"ruling": dict(ruling)} if ruling else {}))
        leaf = Leaf(
            log=self.scheme,
            position=position,
            stream=stream,
            version=version or len(before) + 1,
            previous=previous or (before[-1].hash if before else NO_PREVIOUS),
            type=f"{type}/1",
            effective="2021-07-12",
            recorded=f"2026-11-23T08:00:{position:02}.000000Z",
            payload_sha256=sha256(payload).digest(),
            payload_length=len(payload),
            private=tuple((p, commit(p, v, salt=s)) for p, (s, v) in values.items()),
            attachments=tuple(attachments),
        )
        self.entries.append(Entry(leaf, payload, values))
        return position

    def stream(self, name: str) -> list[Entry]:
        """The entries of a stream, in order."""
        return [entry for entry in self.entries if entry.leaf.stream == name]

    def seal(
        self,
        *,
        instead: Mapping[str, IndexEntry] | None = None,
        type: str = "Sealed",
        said: Mapping[str, Any] | None = None,
    ) -> Book:
        """Append the seal; `instead` is what a lying index says of some streams."""
        heads = {
            name: IndexEntry(len(self.stream(name)), self.stream(name)[-1].hash, self._digest(name))
            for name in {entry.leaf.stream for entry in self.entries}
        }
        self.index = StreamIndex(heads | dict(instead or {}))
        sealed = {
            "scheme": self.scheme,
            "index_size": len(self.index),
            "index_root": self.index.root().hex(),
            "status_digest": "00" * 32,
        }
        self.seal_at = self.add(self.scheme, type, sealed | dict(said or {}))
        return self

    def checkpoint(
        self,
        signers: Iterable[Signer] = (LEDGER,),
        *,
        witnesses: Iterable[Signer] = (),
        origin: str = "",
    ) -> str:
        """The signed note over all entries."""
        origin = origin or f"{LEDGER.key.name}/{self.scheme}"
        root = tree_root(entry.hash for entry in self.entries)
        text = format_checkpoint(Checkpoint(origin, len(self.entries), root))
        note = sign_note(text, [signer.named(origin) for signer in signers])
        cosignatures = [cosign(text, witness, at=_AT) for witness in witnesses]
        return format_note(with_signatures(note, cosignatures)).decode()

    def document(
        self,
        center: str,
        *,
        rounds: Sequence[str] = (),
        others: Sequence[int] = (),
        disclose: Mapping[int, Sequence[str]] | None = None,
        erased: Mapping[int, Mapping[str, int]] | None = None,
    ) -> Document:
        """The evidence file of a center, as a value."""
        shown = {
            position: [
                *({"path": path, **self._opened(position, path)} for path in paths),
                *({"path": p, "erased": at} for p, at in (erased or {}).get(position, {}).items()),
            ]
            for position, paths in (disclose or {}).items()
        }
        for private in shown.values():
            private.sort(key=lambda item: item["path"])
        return {
            "format": "taizhang-evidence/v1",
            "center": center,
            "checkpoint": self.checkpoint(),
            "seal": self.shown(self.seal_at),
            "streams": [self._shown_stream(name, shown) for name in (center, *sorted(rounds))],
            "others": [self.shown(position) for position in others],
            "status": self.statuses.get(center),
            "editions": [],
            "attachments": [],
        }

    def shown(self, position: int, private: Sequence[Mapping[str, Any]] = ()) -> Document:
        """One entry as the file shows it."""
        entry = self.entries[position]
        read = reader_of([entry.hash for entry in self.entries])
        proof = prove_inclusion(read, index=position, size=len(self.entries))
        return {
            "leaf": entry.text.decode(),
            "payload": entry.payload.decode(),
            "proof": [_base64(node) for node in proof],
            "private": [dict(item) for item in private],
        }

    def shown_index(self, stream: str) -> Document:
        """The proof of what the seal says of a stream."""
        siblings, end = self.index.prove(stream)
        shown: Document | None = None
        if end is not None:
            key, (version, head, status) = end
            shown = {"key": key.hex(), "version": version, "head": _base64(head)}
            shown["status"] = status.hex()
        return {"siblings": [_base64(node) for node in siblings], "end": shown}

    def _shown_stream(self, name: str, private: Mapping[int, Sequence[Document]]) -> Document:
        positions = [entry.leaf.position for entry in self.stream(name)]
        return {
            "stream": name,
            "entries": [
                self.shown(position, private.get(position, ()))
                for position in positions
                if position < self.seal_at
            ],
            "index": self.shown_index(name),
        }

    def _opened(self, position: int, path: str) -> Document:
        salt, value = self.entries[position].values[path]
        return {"salt": _base64(salt), "value": value.decode()}

    def _digest(self, stream: str) -> bytes:
        status = self.statuses.get(stream)
        return NO_STATUS if status is None else sha256(status.encode()).digest()


def spelled(document: Document) -> bytes:
    """The file with this content."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode() + b"\n"


def vkey(signer: Signer, name: str = "") -> str:
    """The public key of a signer as it is handed over, under another name if one is given."""
    return format_vkey(signer.named(name).key if name else signer.key)


def policy(quorum: str = "two") -> bytes:
    """A policy with three witnesses, of which any two make the group `two`."""
    lines = [f"log {vkey(LEDGER)}"]
    lines += [f"witness {witness.key.name} {vkey(witness)}" for witness in WITNESSES]
    lines.append("group two 2 " + " ".join(witness.key.name for witness in WITNESSES))
    return "".join(f"{line}\n" for line in [*lines, f"quorum {quorum}"]).encode()


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
