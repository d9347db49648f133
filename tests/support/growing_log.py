"""A log that grows and signs, for those who watch it: leaves, checkpoints and requests."""

from __future__ import annotations

from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.leaf import hash_leaf
from ledger.merkle import prove_consistency, reader_of, tree_root
from ledger.note import Signer, format_note, sign_note
from ledger.witness_messages import WitnessRequest, format_request, format_upload_head

__all__ = ["LEDGER", "ORIGIN", "GrowingLog"]

LEDGER = Signer.from_seed("city.example/taizhang", bytes(range(32)))
ORIGIN = "city.example/taizhang/beijing"


class GrowingLog:
    """The log of one scheme; `fork` makes another one that shares its first leaves."""

    def __init__(self, size: int, *, origin: str = ORIGIN, signer: Signer = LEDGER) -> None:
        self.leaves = [hash_leaf(b"%d" % number) for number in range(size)]
        self.origin = origin
        self.signer = signer.named(origin)

    def fork(self, shared: int) -> GrowingLog:
        """A log of the same name and length whose leaves differ from `shared` on."""
        other = GrowingLog(len(self.leaves), origin=self.origin, signer=self.signer)
        other.leaves[shared:] = [
            hash_leaf(b"other %d" % number) for number in range(shared, len(self.leaves))
        ]
        return other

    def head(self, size: int) -> Checkpoint:
        """The checkpoint of that size."""
        return Checkpoint(self.origin, size, tree_root(self.leaves[:size]))

    def note(self, size: int) -> bytes:
        """The signed checkpoint of that size."""
        return format_note(sign_note(format_checkpoint(self.head(size)), [self.signer]))

    def request(self, old: int, new: int) -> bytes:
        """The request to cosign the checkpoint of size `new` after that of size `old`."""
        proof = prove_consistency(reader_of(self.leaves), old_size=old, new_size=new)
        return format_request(WitnessRequest(old, tuple(proof), self.note(new)))

    def upload(self, old: int, new: int) -> bytes:
        """The upload of the leaf hashes from `old` to `new`."""
        return format_upload_head(old, self.note(new)) + b"".join(self.leaves[old:new])
