"""A witness: cosigns the tree heads of logs that only ever grow (C2SP tlog-witness).

For each log it remembers the newest checkpoint it cosigned, and cosigns another only with a proof
that it goes on from that one. So whoever sees the cosignature knows that the log did not show this
witness anything else before. What it answers, in the order of the checks:

    400  no request; or the old size is larger than the checkpoint's
    404  no trusted key signs for this origin
    403  signed by none of those keys, or wrongly by one
    409  the old size is not that of the newest cosigned checkpoint, whose size is the answer
         (text/x.tlog.size); or it is, the sizes are equal, and the roots differ
    422  the proof does not lead from the cosigned checkpoint to this one
    200  cosigned: the new checkpoint is on the disk before the answer is given

A witness that *mirrors* also keeps every leaf hash (`ledger.hash_mirror`). It cosigns only trees it
has all hashes of, and answers 428 until they were uploaded; that is part of what its key says. The
answers to an upload are those above: 409 with the number of hashes it has, 422 where the hashes do
not give the root, 200 with the number it has now.

Checkpoints with extension lines are answered 400 (`ledger.checkpoint`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from shutil import copyfileobj
from typing import BinaryIO, NamedTuple

from ledger import failpoints
from ledger.checkpoint import Checkpoint, keys_for, parse_checkpoint
from ledger.cosignature import cosign, verified_cosignatures
from ledger.errors import IntegrityFailure, MalformedError
from ledger.merkle import EMPTY_ROOT, HASH_BYTES, check_consistency
from ledger.note import (
    Note,
    Signer,
    VerifierKey,
    format_note,
    parse_note,
    verify_note,
    with_signatures,
)
from ledger.witness_messages import (
    WitnessRequest,
    format_answer,
    format_upload_head,
    parse_request,
    read_upload_head,
)
from ledger.witness_state import LogState, WitnessStates

__all__ = ["PLAIN", "TREE_SIZE", "Answer", "Witness"]

PLAIN = "text/plain; charset=utf-8"
TREE_SIZE = "text/x.tlog.size"


class Answer(NamedTuple):
    """An HTTP status, the body that goes with it and its content type."""

    status: int
    body: bytes
    content_type: str = PLAIN


class Witness:
    """The key of a witness, the logs it trusts and what it remembers of them.

    A key among `logs` stands for the log of its name, and for all logs of the ledger of its name.
    """

    def __init__(
        self,
        signer: Signer,
        *,
        logs: Iterable[VerifierKey],
        states: WitnessStates,
        is_mirror: bool = False,
    ) -> None:
        self.signer = signer
        self.logs = tuple(logs)
        self.states = states
        self.is_mirror = is_mirror

    def add_checkpoint(self, body: bytes, *, at: int) -> Answer:
        """Cosign the checkpoint of a request, at so many seconds since 1970, or say why not.

        IntegrityFailure where what is remembered of the log is damaged.
        """
        try:
            request = parse_request(body)
            checkpoint, note = _opened(request.checkpoint)
        except MalformedError as error:
            return _refusal(400, str(error))
        refusal = self._distrust(checkpoint, note)
        if refusal:
            return refusal
        if request.old_size > checkpoint.size:
            return _refusal(400, "the old size is larger than the size of the checkpoint")
        # Comparing and remembering are one step, or a slower request could bring back an older
        # tree.
        with self.states.locked(checkpoint.origin) as state:
            refusal = self._contradiction(state, request, checkpoint=checkpoint, note=note)
            return refusal or self._cosigned(state, checkpoint.origin, note=note, at=at)

    def add_hashes(self, stream: BinaryIO, length: int) -> Answer:
        """Mirror the leaf hashes of an upload of so many bytes, or say why not."""
        if not self.is_mirror:
            return _refusal(404, "this witness mirrors no hashes")
        try:
            start, data = read_upload_head(stream)
            checkpoint, note = _opened(data)
        except MalformedError as error:
            return _refusal(400, str(error))
        refusal = self._distrust(checkpoint, note)
        if refusal:
            return refusal
        count = checkpoint.size - start
        if length != len(format_upload_head(start, data)) + count * HASH_BYTES or count < 0:
            return _refusal(400, "not as many hashes as lie between start and the checkpoint")
        self.states.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A slow sender must not hold the lock.
        with tempfile.TemporaryFile(dir=self.states.folder) as hashes:
            copyfileobj(stream, hashes)
            hashes.seek(0)
            with self.states.locked(checkpoint.origin) as state:
                answer = _mirrored(state, hashes, start=start, checkpoint=checkpoint)
                if answer.status == 200:
                    state.keep_mirrored(format_note(note))
                return answer

    def _distrust(self, checkpoint: Checkpoint, note: Note) -> Answer | None:
        keys = keys_for(checkpoint.origin, self.logs)
        if not keys:
            return _refusal(404, "no log this witness knows")
        try:
            signers = verify_note(note, keys)
        except IntegrityFailure as error:
            return _refusal(403, str(error))
        return None if signers else _refusal(403, "signed by no key this witness trusts")

    def _contradiction(
        self, state: LogState, request: WitnessRequest, *, checkpoint: Checkpoint, note: Note
    ) -> Answer | None:
        known = self._known(state, checkpoint.origin)
        if request.old_size != known.size:
            return Answer(409, b"%d\n" % known.size, TREE_SIZE)
        if checkpoint.size == known.size and checkpoint.root != known.root:
            state.keep_conflict(format_note(note))
            return _refusal(409, "this witness cosigned another root of the same size")
        if not check_consistency(
            old_size=known.size,
            new_size=checkpoint.size,
            old_root=known.root,
            new_root=checkpoint.root,
            proof=request.proof,
        ):
            return _refusal(422, "the proof does not lead from the cosigned checkpoint to this one")
        return _unmirrored(state, checkpoint, note=note) if self.is_mirror else None

    def _cosigned(self, state: LogState, origin: str, *, note: Note, at: int) -> Answer:
        cosignature = cosign(note.text, self.signer, at=at)
        known = {(key.name, key.key_id) for key in keys_for(origin, self.logs)}
        # Lines of strangers are not this witness's to keep.
        kept = [line for line in note.signatures if (line.name, line.key_id) in known]
        whole = with_signatures(Note(note.text, ()), [*kept, cosignature])
        state.keep(format_note(whole))
        failpoints.reached("witness.kept")
        return Answer(200, format_answer([cosignature]))

    def _known(self, state: LogState, origin: str) -> Checkpoint:
        """The checkpoint cosigned last, or the empty tree."""
        data = state.note()
        if data is None:
            return Checkpoint(origin, 0, EMPTY_ROOT)
        try:
            checkpoint, note = _opened(data)
            is_own = bool(verified_cosignatures(note, [self.signer.key]))
        except (MalformedError, IntegrityFailure):
            is_own = False
        if not is_own or checkpoint.origin != origin:
            raise IntegrityFailure(
                "what the witness remembers of {origin} is damaged, or is another witness's: put "
                "back the folder that belongs to this key, or begin with a new key and folder",
                origin=origin,
            )
        return checkpoint


def _opened(data: bytes) -> tuple[Checkpoint, Note]:
    note = parse_note(data)
    return parse_checkpoint(note.text), note


def _unmirrored(state: LogState, checkpoint: Checkpoint, *, note: Note) -> Answer | None:
    root = state.mirror.root(checkpoint.size)
    if root is None:
        return _refusal(428, "this witness mirrors: the leaf hashes have to be uploaded first")
    if root != checkpoint.root:
        state.keep_conflict(format_note(note))
        return _refusal(422, "the mirrored hashes do not give the root of the checkpoint")
    return None


def _mirrored(state: LogState, hashes: BinaryIO, *, start: int, checkpoint: Checkpoint) -> Answer:
    size = state.mirror.size
    if start != size:
        return Answer(409, b"%d\n" % size, TREE_SIZE)
    if not state.mirror.extend(hashes, checkpoint.size - start, root=checkpoint.root):
        return _refusal(422, "the hashes do not give the root of the checkpoint")
    return Answer(200, b"%d\n" % checkpoint.size, TREE_SIZE)


def _refusal(status: int, reason: str) -> Answer:
    """A refusal with its reason in English; literal reasons are in the catalogue."""
    return Answer(status, f"{reason}\n".encode())
