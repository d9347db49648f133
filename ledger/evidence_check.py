"""Checking an evidence file: every claim it makes, and whether that is proven.

    for claim in check_evidence(data, keys=[parse_vkey(text)]):
        print(claim.verdict, claim.claim, claim)

Needs no ledger, no network and no clock. Keys, and the quorum of witnesses that is wanted, come
from whoever checks. The table of claims and how they rest on each other is that of
docs/formats.md, "Evidence file".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ledger.checkpoint import keys_for
from ledger.commitment import check_commitment
from ledger.cosignature import verified_cosignatures
from ledger.curve import is_fit
from ledger.errors import IntegrityFailure, MalformedError
from ledger.evidence_file import (
    Evidence,
    KeptFile,
    ShownEntry,
    ShownPrivate,
    ShownStream,
    parse_evidence,
)
from ledger.identity import format_position
from ledger.leaf import NO_PREVIOUS
from ledger.merkle import check_inclusion
from ledger.note import COSIGNATURE, ED25519, VerifierKey, known_keys, verify_note
from ledger.stream_index import IndexEntry, check_index
from ledger.trust_policy import TrustPolicy

__all__ = ["CONTRADICTED", "NOT_PROVEN", "PROVEN", "Claim", "check_evidence"]

PROVEN, NOT_PROVEN, CONTRADICTED = "proven", "not_proven", "contradicted"

_HEX = re.compile("[0-9a-f]{64}")
_ORIGIN_END = re.compile(r"/([a-z][a-z0-9_-]{0,31})(?:/(?:[2-9]|[1-9][0-9]{1,8}))?\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, its verdict, and a message template with its values."""

    claim: str
    verdict: str
    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format_map(self.values)


def check_evidence(
    data: bytes, *, keys: Sequence[VerifierKey], policy: TrustPolicy | None = None
) -> tuple[Claim, ...]:
    """Every claim with its verdict, in the order of the specification; MalformedError for a file
    that cannot be read."""
    return tuple(_Check(parse_evidence(data), keys, policy).claims())


class _Check:
    def __init__(
        self, file: Evidence, keys: Sequence[VerifierKey], policy: TrustPolicy | None
    ) -> None:
        self.file = file
        self.policy = policy
        self.checkpoint = _checkpoint_claim(file, keys)
        self.seal = self._seal_claim()
        self.entries = [(entry, self._entry_claim(entry)) for entry in file.entries()]
        self.sound = [entry for entry, claim in self.entries if claim.verdict == PROVEN]

    def claims(self) -> Iterator[Claim]:
        """All claims, each at best as good as what it rests on."""
        file = self.file
        yield self.checkpoint
        if self.policy is not None:
            yield _witness_claim(file, self.policy)
        yield self._held(self.seal)
        for _, claim in self.entries:
            yield self._held(claim)
        for stream in file.streams:
            yield self._held(self._complete_claim(stream), self.seal)
        yield self._held(self._status_claim(), self.seal)
        for entry, claim in [(file.seal, self.seal), *self.entries]:
            for private in entry.private:
                yield self._held(self._private_claim(entry, private), claim)
        for edition in file.editions:
            yield self._held(self._edition_claim(edition))
        for attachment in file.attachments:
            yield self._held(self._attachment_claim(attachment))

    def _held(self, claim: Claim, *others: Claim) -> Claim:
        if claim.verdict != PROVEN:
            return claim
        for other in (*others, self.checkpoint):
            is_checkpoint = other is self.checkpoint
            if other.verdict == CONTRADICTED or (is_checkpoint and other.verdict != PROVEN):
                said = "it would hold, but rests on {claim}, which does not"
                return replace(
                    claim, verdict=NOT_PROVEN, message=said, values={"claim": other.claim}
                )
        return claim

    # --- seal and entries ------------------------------------------------------------------------

    def _seal_claim(self) -> Claim:
        seal, position = self.file.seal, _name(self.file.seal)
        wrong = self._wrong_with(seal)
        if wrong is not None:
            return _contradicted("seal", wrong, position=position)
        if seal.leaf.position != self.file.checkpoint.size - 1:
            said = "{position} is not the last entry the checkpoint covers"
            return _contradicted("seal", said, position=position)
        is_seal = seal.leaf.type == "Sealed/1" and seal.said["entry"].get("type") == "Sealed"
        if not is_seal or seal.leaf.stream != self.file.scheme or self._index_root() is None:
            said = "{position} is no seal of the scheme but of type {type}"
            return _contradicted("seal", said, position=position, type=seal.leaf.type)
        said = "{position} is the seal that ends the checkpoint"
        return Claim("seal", PROVEN, said, {"position": position})

    def _index_root(self) -> bytes | None:
        root = self.file.seal.said["entry"].get("index_root")
        return bytes.fromhex(root) if isinstance(root, str) and _HEX.fullmatch(root) else None

    def _entry_claim(self, entry: ShownEntry) -> Claim:
        claim, position = f"entry {_name(entry)}", _name(entry)
        wrong = self._wrong_with(entry)
        if wrong is not None:
            return _contradicted(claim, wrong, position=position)
        said = "{type} of {day} was recorded as {position}, at {recorded}"
        values = {
            "type": entry.leaf.type.partition("/")[0],
            "day": entry.leaf.effective,
            "recorded": entry.leaf.recorded,
            "position": position,
        }
        return Claim(claim, PROVEN, said, values)

    def _wrong_with(self, entry: ShownEntry) -> str | None:
        """Why the entry is not in the tree as it is shown; None if it is."""
        leaf, tree = entry.leaf, self.file.checkpoint
        if leaf.log != self.file.scheme:
            said = "{position} is of another log than the center"
            return said
        if (
            sha256(entry.payload).digest() != leaf.payload_sha256
            or len(entry.payload) != leaf.payload_length
        ):
            said = "the payload shown of {position} is not the one that was recorded"
            return said
        if check_inclusion(
            index=leaf.position, size=tree.size, leaf=entry.hash, proof=entry.proof, root=tree.root
        ):
            return None
        said = "{position} as it is shown is not in the tree of the checkpoint"
        return said

    # --- completeness and status -----------------------------------------------------------------

    def _complete_claim(self, stream: ShownStream) -> Claim:
        claim = f"complete {stream.stream}"
        root = self._index_root()
        if root is None:
            return _contradicted(claim, "the seal gives no root of an index")
        try:
            found = check_index(stream.stream, stream.answer, root=root)
        except IntegrityFailure as error:
            return _contradicted(claim, error.message, **error.values)
        if found is None:
            if stream.entries:
                said = "the seal says that there are no entries, and {count} are shown"
                return _contradicted(claim, said, count=len(stream.entries))
            return Claim(claim, PROVEN, "nothing was recorded of it up to the seal")
        wrong = self._gap_in(stream)
        if wrong is not None:
            return _contradicted(claim, wrong[0], position=wrong[1])
        return _counted(claim, stream, found)

    def _gap_in(self, stream: ShownStream) -> tuple[str, str] | None:
        before = NO_PREVIOUS
        for number, entry in enumerate(stream.entries, 1):
            leaf, position = entry.leaf, _name(entry)
            if leaf.stream != stream.stream:
                said = "{position} is not an entry of this stream"
                return said, position
            if leaf.version != number:
                said = "an entry is missing before {position}, or shown twice"
                return said, position
            if leaf.position >= self.file.seal.leaf.position:
                said = "{position} was recorded after the seal"
                return said, position
            if leaf.previous != before:
                said = "{position} does not follow the entry shown before it"
                return said, position
            before = entry.hash
        return None

    def _status_claim(self) -> Claim:
        own, root = self.file.streams[0], self._index_root()
        try:
            found = None if root is None else check_index(own.stream, own.answer, root=root)
        except IntegrityFailure:
            root = None
        if root is None:
            return Claim("status", NOT_PROVEN, "the index does not show what was published")
        if found is None:
            if self.file.status is None:
                return Claim("status", PROVEN, "nothing was published of the center")
            return _contradicted(
                "status", "a status is shown of a center of which nothing was recorded"
            )
        if self.file.status is None:
            return Claim("status", NOT_PROVEN, "the published status is not in the file")
        if sha256(self.file.status.encode()).digest() != found.status:
            return _contradicted("status", "the status shown is not the one that was sealed")
        return Claim("status", PROVEN, "this is what was published of the center at the seal")

    # --- private values, regulations, attachments ------------------------------------------------

    def _private_claim(self, entry: ShownEntry, private: ShownPrivate) -> Claim:
        claim, position = f"private {_name(entry)} {private.path}", _name(entry)
        commitment = dict(entry.leaf.private).get(private.path)
        if commitment is None:
            said = "{position} is bound to no private value of this name"
            return _contradicted(claim, said, position=position)
        if private.erased is not None:
            return self._erased_claim(claim, entry, private)
        try:
            fits = check_commitment(
                commitment, path=private.path, value=private.value, salt=private.salt
            )
        except MalformedError:
            fits = False
        if not fits:
            said = "the private value shown is not the one {position} is bound to"
            return _contradicted(claim, said, position=position)
        said = "this is the private value {position} is bound to"
        return Claim(claim, PROVEN, said, {"position": position})

    def _erased_claim(self, claim: str, entry: ShownEntry, private: ShownPrivate) -> Claim:
        erasure = format_position(entry.leaf.log, private.erased or 0)
        for other in self.sound:
            if _name(other) == erasure and _erases(other, entry.leaf.position, private.path):
                return Claim(claim, PROVEN, "erased, by {position}", {"position": erasure})
        return _contradicted(claim, "{position} does not erase this value", position=erasure)

    def _edition_claim(self, edition: KeptFile) -> Claim:
        claim = f"edition {edition.name} {edition.sha256}"
        if sha256(edition.content).hexdigest() != edition.sha256:
            return _contradicted(claim, "the content is not the one its hash names")
        for entry in self.sound:
            ruling = entry.said.get("ruling", {})
            pins = (ruling.get("edition"), ruling.get("edition_sha256"))
            if pins == (edition.name, edition.sha256):
                said = "{position} was ruled by this text of the regulation"
                return Claim(claim, PROVEN, said, {"position": _name(entry)})
        return Claim(claim, NOT_PROVEN, "no ruling shown names this text of the regulation")

    def _attachment_claim(self, attachment: KeptFile) -> Claim:
        claim = f"attachment {attachment.sha256}"
        if sha256(attachment.content).hexdigest() != attachment.sha256:
            return _contradicted(claim, "the content is not the one its hash names")
        bound = [
            (entry, file)
            for entry in self.sound
            for file in entry.leaf.attachments
            if file.sha256.hex() == attachment.sha256
        ]
        for entry, file in bound:
            if file.length in (None, len(attachment.content)):
                values = {"position": _name(entry), "name": file.name}
                return Claim(claim, PROVEN, "{name} is attached to {position}", values)
        if bound:
            said = "{position} is bound to a file of another length"
            return _contradicted(claim, said, position=_name(bound[0][0]))
        return Claim(claim, NOT_PROVEN, "no entry shown is bound to this file")


def _checkpoint_claim(file: Evidence, keys: Sequence[VerifierKey]) -> Claim:
    tree = file.checkpoint
    known = keys_for(tree.origin, keys)
    values: dict[str, Any] = {"origin": tree.origin, "size": tree.size}
    try:
        _demand_fit(file, known, ED25519)
        signed = verify_note(file.note, known)
    except IntegrityFailure as error:
        return _contradicted("checkpoint", error.message, **error.values)
    end = _ORIGIN_END.search(tree.origin)
    if end is None or end[1] != file.scheme:
        said = "the checkpoint is of {origin}, which is not the log of this center"
        return _contradicted("checkpoint", said, **values)
    if not signed:
        said = "none of the keys given signed the checkpoint of {origin}"
        return Claim("checkpoint", NOT_PROVEN, said, values)
    said = "{origin} with {size} entries, signed by a key given"
    return Claim("checkpoint", PROVEN, said, values)


def _witness_claim(file: Evidence, policy: TrustPolicy) -> Claim:
    try:
        _demand_fit(file, policy.witness_keys, COSIGNATURE)
        cosigned = verified_cosignatures(file.note, policy.witness_keys)
    except IntegrityFailure as error:
        return _contradicted("witnesses", error.message, **error.values)
    if policy.is_met(cosigned):
        said = "the quorum of the policy cosigned: {count} witnesses"
        return Claim("witnesses", PROVEN, said, {"count": len(cosigned)})
    lack = "; ".join(str(problem) for problem in policy.missing(cosigned))
    return Claim("witnesses", NOT_PROVEN, "the quorum is not reached: {lack}", {"lack": lack})


def _demand_fit(file: Evidence, keys: Sequence[VerifierKey], algorithm: int) -> None:
    """Raise IntegrityFailure for a line of a known key that verifies by no strict reading."""
    known = known_keys(keys, algorithm=algorithm)
    for line in file.note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None and not is_fit(key.public, line.data[-64:]):
            raise IntegrityFailure("the signature of {name} is not of this text", name=key.name)


def _counted(claim: str, stream: ShownStream, found: IndexEntry) -> Claim:
    shown = len(stream.entries)
    if shown != found.version:
        said = "the seal counts {counted} entries, and {shown} are shown"
        return _contradicted(claim, said, counted=found.version, shown=shown)
    if stream.entries[-1].hash != found.head:
        said = "the last entry shown, {position}, is not the last the seal counts"
        return _contradicted(claim, said, position=_name(stream.entries[-1]))
    said = "entries shown: {count}; these are all there are up to the seal"
    return Claim(claim, PROVEN, said, {"count": shown})


def _erases(entry: ShownEntry, position: int, path: str) -> bool:
    outcome = entry.said.get("ruling", {}).get("outcome")
    target = outcome.get("target") if isinstance(outcome, dict) else None
    fields = entry.said["entry"].get("fields")
    return (
        entry.leaf.type.partition("/")[0] == "PrivateErased"
        and target.__class__ is int
        and target == position
        and isinstance(fields, list)
        and path in fields
    )


def _name(entry: ShownEntry) -> str:
    return format_position(entry.leaf.log, entry.leaf.position)


def _contradicted(claim: str, message: str, **values: object) -> Claim:
    return Claim(claim, CONTRADICTED, message, values)
