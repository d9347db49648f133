"""Checking signed checkpoints against a recomputed log: those it keeps, and those kept elsewhere.

The roots at the sizes that signed notes speak of are taken while the tree grows. A note that was
signed by the ledger's own key and gives another root proves that the log is not the one it was:
between the largest size on which a note and the log agree and the smallest on which they do not,
something was rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from ledger.against import Against, Compared, Mirror, OutsideNote
from ledger.checkpoint import Checkpoint, open_checkpoint, origin_parts
from ledger.cosignature import verify_cosignature
from ledger.errors import IntegrityFailure, MalformedError
from ledger.log_check import LogCheck
from ledger.merkle import HASH_BYTES
from ledger.note import COSIGNATURE, Note, Signature, VerifierKey, known_keys, parse_note
from ledger.schema import checkpoints, cosignatures
from ledger.statements import Statement, rows_of
from ledger.stored import EntryRow, parse_generation

__all__ = ["Generation", "NoteCheck", "compare_mirror"]


class Generation:
    """A generation that was opened: number, first position, and the note it goes on from."""

    __slots__ = ("note", "number", "position")

    def __init__(self, number: int, position: int, note: str) -> None:
        self.number = number
        self.position = position
        self.note = note


class NoteCheck:
    """The notes that speak of one log, and the sizes at which its root is wanted."""

    def __init__(self, connection: Connection, check: LogCheck, against: Against) -> None:
        self._check = check
        self._against = against
        self._rows = rows_of(connection, _CHECKPOINTS, check.log)
        self._cosigned = rows_of(connection, _COSIGNATURES, check.log)
        self._outside = [note for note in against.notes if _log_of(note) == check.log]
        self._roots: dict[int, set[bytes]] = {}
        self._since = 0
        self.generations: list[Generation] = []
        self.compared: list[Compared] = []
        self._good_here: list[int] = []
        self._good_outside: list[int] = [0]
        self._bad: list[tuple[int, str, str]] = []
        self._signed: dict[tuple[str, int], tuple[bytes, str]] = {}

    @property
    def sizes(self) -> set[int]:
        """Sizes at which `root_at` is to be called."""
        found = {row[0] for row in self._rows if row[0].__class__ is int}
        for note in self._outside:
            found.add(_opened(note.data, ())[0].size)
        return found

    def root_at(self, size: int) -> None:
        """Take the root the log has now, at that size."""
        self._roots[size] = self._check.roots()

    @property
    def present_generation(self) -> int:
        """The generation the log is in, by its own entries."""
        return max((one.number for one in self.generations), default=1)

    def generation(self, row: EntryRow) -> None:
        """Take an entry that opens a generation."""
        try:
            found = parse_generation(row[6])
        except (ValueError, TypeError):
            return  # its leaf is wrong too, which is said
        if row[0].__class__ is int:  # else that is said
            self.generations.append(Generation(found.generation, row[0], found.checkpoint))

    def finish(self, seals: Sequence[int], *, since: int = 0) -> None:
        """Compare every note, and every seal with its checkpoint, from a size on."""
        self._since = since
        for size, root, note in self._rows:
            self._check_stored(size, root, note)
        if not since:
            self._check_seals(seals)
        self._check_cosignatures()
        for outside in self._outside:
            self._check_outside(outside)
        self._note_rewritten()

    # --- what the ledger keeps -------------------------------------------------------------------

    def _check_stored(self, size: Any, root: Any, note: Any) -> None:
        try:
            found, _, signed = _opened(note, self._against.keys)
        except MalformedError:
            said = "the checkpoint kept for {size} entries is none"
            self._add("checkpoint_altered", said, size)
            return
        except IntegrityFailure:
            said = "the checkpoint kept for {size} entries bears a wrong signature, of {keys}"
            self._add("checkpoint_forged", said, size, keys=_signers(note))
            return
        if (found.size, found.root) != (size, root):
            said = "the checkpoint kept for {size} entries says something else than its row"
            self._add("checkpoint_altered", said, size)
        elif self._against.keys and not signed:
            said = (
                "the checkpoint kept for {size} entries is signed by no key of this ledger, but by "
                "{keys}"
            )
            self._add("checkpoint_forged", said, size, keys=_signers(note))
        elif not self._is_of_this_log(found):
            said = "the checkpoint kept for {size} entries is of {origin}"
            self._add("checkpoint_altered", said, size, origin=found.origin)
        elif found.size > self._check.size:
            self._note_cut("the checkpoint kept here", found, {})
        else:
            self._compare(found, "the checkpoint kept here", signed, self._good_here)

    def _is_of_this_log(self, found: Checkpoint) -> bool:
        parts = origin_parts(found.origin)
        if parts is None or parts[1] != self._check.log:
            return False
        past = [one.number for one in self.generations if one.position < found.size]
        return parts[2] == max(past, default=1)

    def _check_seals(self, seals: Sequence[int]) -> None:
        if self._check.damaged or not self._check.is_complete:
            return
        kept = {row[0] for row in self._rows}
        for position in seals:
            if position + 1 not in kept:
                said = "{position}: the checkpoint that this seal ends is not kept"
                self._check.findings.add("checkpoint_missing", said, position=position)
        for size in sorted(size for size in kept if size.__class__ is int):
            if size - 1 not in seals:
                said = "a checkpoint is kept for {size} entries, where no seal ends"
                self._add("checkpoint_altered", said, size)

    def _check_cosignatures(self) -> None:
        notes = {row[0]: row[2] for row in self._rows}
        known = known_keys(self._against.witnesses, algorithm=COSIGNATURE)
        for size, name, key_id, signature in self._cosigned:
            try:
                text = parse_note(notes[size]).text
                line = Signature(name, key_id, signature)
                key = known.get((name, key_id))
                if key is None:
                    raise LookupError(name)
                if verify_cosignature(text, line, key) is None:
                    raise ValueError(name)
            except LookupError:
                self._note_unknown(size, name)
            except (IntegrityFailure, MalformedError, ValueError, TypeError, AttributeError):
                said = "the cosignature of {name} under {size} entries is wrong"
                self._add("cosignature_altered", said, size, name=name)

    def _note_unknown(self, size: Any, name: Any) -> None:
        if not self._against.witnesses:
            return  # nobody was named who could have signed
        said = "a cosignature of {name} under {size} entries is of no witness that is known"
        self._add("cosignature_altered", said, size, name=name)

    # --- what others keep ------------------------------------------------------------------------

    def _check_outside(self, outside: OutsideNote) -> None:
        try:
            found, note, signed = _opened(outside.data, self._against.keys)
        except IntegrityFailure:
            said = "{name}: the checkpoint for {size} entries bears a wrong signature, of {keys}"
            size = _opened(outside.data, ())[0].size
            keys = _signers(outside.data)
            self._add("checkpoint_forged", said, size, name=outside.name, keys=keys)
            return
        if not signed:
            said = (
                "{name}: the checkpoint for {size} entries is signed by no key of this ledger, but "
                "by {keys}"
            )
            keys = _signers(outside.data)
            self._add("checkpoint_forged", said, found.size, name=outside.name, keys=keys)
            return
        if outside.kind == "anchor":
            self._check_cosigned(note, found.size)
        names = tuple(key.name for key in signed)
        self.compared.append(Compared(outside.kind, outside.name, found.size, names))
        if self._is_ended(found):
            return
        if found.size > self._check.size:
            is_anchor = outside.kind == "anchor"
            heads = self._against.heads.get(self._check.log, dict) if is_anchor else dict
            self._note_cut(outside.name, found, heads())
            return
        self._compare(found, outside.name, signed, self._good_outside)

    def _check_cosigned(self, note: Note, size: int) -> None:
        """Note the cosignatures that the anchor has and the ledger no more."""
        known = known_keys(self._against.witnesses, algorithm=COSIGNATURE)
        kept = {tuple(row) for row in self._cosigned}
        for line in note.signatures:
            is_known = (line.name, line.key_id) in known
            if is_known and (size, line.name, line.key_id, line.data) not in kept:
                said = "the cosignature of {name} under {size} entries stands in the anchor only"
                self._add("cosignature_altered", said, size, name=line.name)

    def _is_ended(self, found: Checkpoint) -> bool:
        """Whether the note is of a generation that ended before it, and the log says so."""
        parts = origin_parts(found.origin)
        number = parts[2] if parts else 1
        for one in self.generations:
            if one.number == number + 1 and found.size > one.position:
                try:
                    last = _opened(one.note.encode(), ())[0]
                except (MalformedError, IntegrityFailure):
                    return False
                return last.origin == found.origin and last.size >= found.size
        return False

    def _note_cut(self, name: str, found: Checkpoint, heads: Mapping[str, int]) -> None:
        first, lost = self._check.size, found.size - self._check.size
        streams = self._check.streams
        behind = ((stream, last - streams[stream].version) for stream, last in heads.items())
        touched = {stream: count for stream, count in behind if count > 0}
        said = (
            "{position}: missing with all entries up to number {last}, {lost} in all: {name} was "
            "signed for {size}. The tail was cut, or an old backup was put back"
        )
        values = {"last": found.size - 1, "lost": lost, "name": name, "size": found.size}
        self._check.findings.add("tail_cut", said, position=first, **values)
        for stream, count in sorted(touched.items()):
            said = "{center} lost {count} entries with the tail"
            self._check.findings.add("tail_cut", said, center=stream, count=count)

    def _compare(
        self, found: Checkpoint, name: str, signed: Sequence[VerifierKey], good: list[int]
    ) -> None:
        """Compare a note that is signed by the ledger with the log's own root at its size."""
        first = (found.root, name)
        before, where = self._signed.setdefault((found.origin, found.size), first)
        if before != found.root:
            said = (
                "two checkpoints of {origin} for {size} entries were signed with two roots, "
                "{one} in {first} and {other} in {second}, by {keys}: somebody was shown another "
                "log"
            )
            values = {"origin": found.origin, "one": before.hex(), "other": found.root.hex()}
            values |= {"first": where, "second": name}
            values["keys"] = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in signed)
            self._add("split_view", said, found.size, **values)
        if self._check.damaged or not self._check.is_complete or found.size > self._check.size:
            return  # said already, and more precisely
        if found.size < self._since:
            return  # before what is checked
        if found.root in self._roots.get(found.size, ()):
            good.append(found.size)
        else:
            self._bad.append((found.size, name, found.origin))

    def _note_rewritten(self) -> None:
        if not self._bad:
            return
        size, name, origin = min(self._bad)
        # Whoever signed this size twice may have signed all that is kept here anew.
        kept = [] if size in self._good_here else self._good_here
        good = max(known for known in (*kept, *self._good_outside) if known < size)
        said = (
            "{position}: rewritten from here on or later, before number {last}: the log agrees "
            "with what was signed for {good} entries, and not with {name} of {origin} for {size}"
        )
        values = {"last": size, "good": good, "name": name, "origin": origin, "size": size}
        self._check.findings.add("history_rewritten", said, position=good, **values)

    def _add(self, code: str, said: str, size: Any, **values: Any) -> None:
        last = size - 1 if size.__class__ is int and size > 0 else None
        self._check.findings.add(code, said, position=last, size=size, **values)


def compare_mirror(check: LogCheck, mirror: Mirror, rows: Iterable[EntryRow]) -> None:
    """Note the entries whose leaf is not the one a mirror kept."""
    hashes = mirror.hashes
    for row in rows:
        position, leaf = row[0], row[-1]
        if position.__class__ is not int:
            continue
        kept = hashes[position * HASH_BYTES : (position + 1) * HASH_BYTES]
        if kept and kept != leaf:
            said = "{position}: its leaf is not the one {name} kept of it"
            place = {"position": position, "center": row[1]}
            check.findings.add("entry_rewritten", said, **place, name=mirror.name)


def _opened(
    data: Any, keys: Sequence[VerifierKey]
) -> tuple[Checkpoint, Note, tuple[VerifierKey, ...]]:
    if data.__class__ is not bytes:
        raise MalformedError("not a note")
    return open_checkpoint(data, keys)


def _signers(data: Any) -> str:
    """Who the lines of a note say signed it, as in a vkey: name and key id."""
    lines = _opened(data, ())[1].signatures
    return ", ".join(f"{line.name}+{line.key_id.hex()}" for line in lines)


def _log_of(note: OutsideNote) -> str | None:
    parts = origin_parts(_opened(note.data, ())[0].origin)
    return parts[1] if parts else None


_C, _S = checkpoints.c, cosignatures.c
_CHECKPOINTS = Statement(
    select(_C.size, _C.root, _C.note).where(_C.log == bindparam("log_")).order_by(_C.size), "log_"
)
_COSIGNATURES = Statement(
    select(_S.size, _S.name, _S.key_id, _S.signature).where(_S.log == bindparam("log_")), "log_"
)
