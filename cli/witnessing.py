"""What a ledger does with witnesses: ask for cosignatures, and keep those it can verify."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ledger.engine import read_transaction, write_transaction
from ledger.errors import IntegrityFailure, LedgerError, NotFoundError
from ledger.note import Note, VerifierKey, format_note, parse_note, with_signatures

if TYPE_CHECKING:
    from cli.proofs import Proofs
    from ledger.checkpoints import StoredCheckpoint

__all__ = ["Taken", "Witnessing"]


class Taken(NamedTuple):
    """Cosignatures a checkpoint of a log bears: key → seconds since 1970, and which are new."""

    log: str
    size: int
    cosigned: dict[VerifierKey, int]
    new: tuple[VerifierKey, ...]


class Witnessing:
    """The witnesses' part of a ledger's proofs."""

    def __init__(self, proofs: Proofs) -> None:
        self.proofs = proofs

    def request(self, log: str, *, old_size: int, size: int) -> bytes:
        """The request to cosign a log's checkpoint of that size.

        IntegrityFailure where the witness cosigned a larger tree than that.
        """
        from ledger.witness_messages import WitnessRequest, format_request

        if old_size > size:
            raise IntegrityFailure(
                "the witness cosigned {log} with {old} entries, and the newest checkpoint here has "
                "{size}: the end of the log is lost, or this is an old copy of it",
                log=log,
                old=old_size,
                size=size,
            )
        hashes, size, note = self.proofs.consistency(log, old_size=old_size, new_size=size)
        return format_request(WitnessRequest(old_size, tuple(hashes), note))

    def upload(self, log: str, *, start: int, size: int) -> bytes | None:
        """The leaf hashes from `start` to the checkpoint of that size, as a mirroring witness takes
        them; None where it has them all."""
        from ledger.reading import leaf_hashes
        from ledger.witness_messages import format_upload_head

        if start >= size:
            return None
        _, _, note = self.proofs.consistency(log, old_size=size, new_size=size)
        with read_transaction(self.proofs.engine) as connection:
            hashes = b"".join(leaf_hashes(connection, log, start=start, stop=size))
        return format_upload_head(start, note) + hashes

    def last_cosigned(self, log: str, keys: Sequence[VerifierKey]) -> int:
        """Size of the newest checkpoint one of the keys is known to have cosigned; 0 for none."""
        from ledger.checkpoints import newest_cosigned

        with read_transaction(self.proofs.engine) as connection:
            return newest_cosigned(connection, log, [(key.name, key.key_id) for key in keys])

    def take(self, note: Note, keys: Iterable[VerifierKey]) -> Taken:
        """Keep what the keys cosigned under a checkpoint of this ledger, also in the anchor.

        NotFoundError for a checkpoint that was not signed here; IntegrityFailure where a
        cosignature is wrong.
        """
        from ledger.checkpoints import keep_cosignature
        from ledger.cosignature import verified_cosignatures
        from ledger.reading import lock_log

        cosigned = verified_cosignatures(note, keys)
        if not cosigned:
            raise LedgerError("none of the given witnesses has cosigned this checkpoint")
        lines = {(key.name, key.key_id): key for key in cosigned}
        new = []
        stored = self._signed_here(note)
        self.proofs.anchors.add_witnesses(cosigned)
        with write_transaction(self.proofs.engine) as connection:
            lock_log(connection, stored.log)
            for line in note.signatures:
                key = lines.get((line.name, line.key_id))
                if key and keep_cosignature(connection, stored.log, stored.size, line):
                    new.append(key)
        self._put_under_anchor(stored)
        return Taken(stored.log, stored.size, cosigned, tuple(new))

    def _signed_here(self, note: Note) -> StoredCheckpoint:
        """The stored checkpoint with the text of the note."""
        from ledger.checkpoint import parse_checkpoint
        from ledger.checkpoints import checkpoint_at
        from ledger.reading import logs

        head = parse_checkpoint(note.text)
        with read_transaction(self.proofs.engine) as connection:
            for log in logs(connection):
                stored = checkpoint_at(connection, log.log, head.size)
                if stored and parse_note(stored.note).text == note.text:
                    return stored
        raise NotFoundError(
            "{origin} with {size} entries and this root is no checkpoint of this ledger",
            origin=head.origin,
            size=head.size,
        )

    def _put_under_anchor(self, stored: StoredCheckpoint) -> None:
        """Show the cosignatures in the anchor too, if it is this checkpoint."""
        from ledger.checkpoints import cosigned_note

        anchors = self.proofs.anchors
        anchor = anchors.note(stored.log)
        if anchor is None or parse_note(anchor).text != parse_note(stored.note).text:
            return
        with read_transaction(self.proofs.engine) as connection:
            kept = parse_note(cosigned_note(connection, stored))
        whole = format_note(with_signatures(parse_note(anchor), kept.signatures))
        if whole != anchor:
            anchors.replace(stored.log, whole, expected=anchor, heads=None)
