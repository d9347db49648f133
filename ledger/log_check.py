"""Checking one log: entry → leaf → tiles, tree and stream, from stored bytes, sharing only hashes.

An entry whose leaf cannot be recomputed was altered, or its leaf column was. The next entry of its
stream tells which: it was hashed over the true leaf. Where nothing tells, it counts as the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from ledger.damage import Findings
from ledger.errors import MalformedError
from ledger.leaf import NO_PREVIOUS, hash_leaf, leaf_text
from ledger.merkle import HASH_BYTES, Frontier, is_hash
from ledger.references import References
from ledger.stored import EntryRow, misfit_of, parse_attachments, parse_private
from ledger.stream_table import START, StreamState, StreamTable
from ledger.tile_check import TileCheck

__all__ = ["LogCheck", "QuickCheck"]

_UNREADABLE = (MalformedError, TypeError, ValueError, AttributeError)


class _Suspect(NamedTuple):
    finding: int
    version: int
    computed: bytes


class LogCheck:
    """Takes the rows of a log in order of position and notes what does not fit.

    `computed` is the tree over the leaves as recomputed, `stored` over the leaf column where that
    differs. `start` is the tree over the rows before the first one taken, and then `streams` must
    hold what those rows left. `is_complete` is False once an entry is missing: then no root can be
    recomputed.
    """

    def __init__(
        self,
        log: str,
        findings: Findings,
        references: References,
        tiles: TileCheck,
        *,
        start: Frontier | None = None,
    ) -> None:
        self.log = log
        self.findings = findings
        self.references = references
        self.tiles = tiles
        self.computed = start.copy() if start else Frontier()
        self.size = self.computed.size
        self.stored: Frontier | None = None
        self.is_complete = True
        self.streams = StreamTable()
        self.damaged: set[int] = set()
        self._suspects: dict[str, _Suspect] = {}

    def roots(self) -> set[bytes]:
        """The roots the log may have had: as recomputed, and over the leaf column."""
        return {self.computed.root(), (self.stored or self.computed).root()}

    def take(self, rows: Sequence[EntryRow]) -> None:
        """Check the next rows."""
        log, references = self.log, self.references
        streams = self.streams
        places, versions, heads = streams.places, streams.versions, streams.leaves
        marks = streams.marks
        leaves: list[bytes] = []
        for row in rows:
            (
                position,
                stream,
                version,
                type_,
                effective,
                recorded,
                payload,
                private,
                files,
                leaf,
            ) = row
            try:
                place = places.get(stream)
                previous: bytes | bytearray
                if place is None:
                    known, previous = START
                else:
                    known, start = versions[place], place * HASH_BYTES
                    previous = heads[start : start + HASH_BYTES]
                commitments = () if private is None else parse_private(private)
                attachments = () if files is None else parse_attachments(files)
                text = leaf_text(
                    log=log,
                    position=position,
                    stream=stream,
                    version=version,
                    previous=previous,
                    type=type_,
                    effective=effective,
                    recorded=recorded,
                    payload_sha256=sha256(payload).digest(),
                    payload_length=len(payload),
                    private=commitments,
                    attachments=attachments,
                )
            except _UNREADABLE:
                text = b""
            if hash_leaf(text) != leaf or position != self.size or version != known + 1:
                self._grow(leaves)
                leaves = []
                self._take_odd(row)
                continue
            if place is None:
                places[stream] = len(versions)
                versions.append(version)
                heads += leaf
                marks.append(1)
            else:
                versions[place] = version
                heads[start : start + HASH_BYTES] = leaf
                marks[place] = 1
            leaves.append(leaf)
            self.size += 1
            references.note_payload(position, stream, type_, payload)
            if commitments:
                references.note_private(position, stream, commitments)
            if attachments:
                references.note_files(position, stream, attachments)
        self._grow(leaves)

    def go_on(self, leaves: list[bytes]) -> None:
        """Take the leaves of the next entries, which somebody else has checked."""
        self.size += len(leaves)
        self._grow(leaves)

    def miss(self, stop: int) -> None:
        """Note that the entries before `stop` are missing."""
        self.is_complete = False
        self.tiles.skip(stop)
        self.findings.add(
            "position_gap",
            "{position}: missing, with all entries up to number {last}",
            position=self.size,
            last=stop - 1,
        )

    def resolve(self, stream: str, head: object) -> None:
        """Tell by a stream's head whether its last, damaged entry is right and its leaf is not."""
        suspect = self._suspects.get(stream)
        state = self.streams[stream]
        if suspect and suspect.version == state.version and suspect.computed == head:
            self._clear(suspect)
            self.streams.put(stream, StreamState(suspect.version, suspect.computed))

    # --- rows that do not fit --------------------------------------------------------------------

    def _take_odd(self, row: EntryRow) -> None:
        position, stream, version = row[:3]
        if position.__class__ is not int or position < self.size:
            self.findings.add(
                "position_altered",
                "{position}: the position is no place in the log, or comes twice",
                position=position,
                center=stream,
            )
            return
        if position > self.size:
            self.miss(position)
        self.size = position + 1
        leaf = row[-1] if is_hash(row[-1]) else None
        found = len(self.damaged)
        computed = self._judge(row, leaf)
        if len(self.damaged) == found and computed == leaf:
            self._note(row)
        best = leaf or computed or NO_PREVIOUS
        self.stored = self.stored or self.computed.copy()
        self.stored.append(best)
        self.computed.extend((computed or best,), self.tiles.roots)
        self.tiles.doubt(computed or best)
        known = self.streams[stream].version
        if stream.__class__ is str and version.__class__ is int and version > known:
            self.streams.put(stream, StreamState(version, best))

    def _judge(self, row: EntryRow, leaf: bytes | None) -> bytes | None:
        """Note what is wrong with a row; its leaf recomputed, where that can be done."""
        misfit = misfit_of(row)
        if misfit not in (None, "leaf"):
            self._add(
                row, "entry_altered", "no entry holds what its column {column} holds", column=misfit
            )
            return None
        state = self.streams[row[1]]
        if row[2] != state.version + 1:
            self._judge_version(row, state)
            return None
        computed = _leaf_of(self.log, row, state)
        if computed is not None and computed == leaf:
            return computed  # only entries before it are missing
        suspect = self._suspects.get(row[1])
        if suspect and suspect.version == state.version:
            again = _leaf_of(self.log, row, StreamState(state.version, suspect.computed))
            if again is not None and again == leaf:
                self._clear(suspect)
                return again
        number = self._add(row, "entry_altered", "it no longer gives the leaf recorded for it")
        if computed is not None:
            self._suspects[row[1]] = _Suspect(number, row[2], computed)
        return computed

    def _judge_version(self, row: EntryRow, state: StreamState) -> None:
        expected = state.version + 1
        values = {"version": row[2], "expected": expected}
        # A version column that alone was altered: with the right version the leaf comes out.
        if _leaf_of(self.log, (*row[:2], expected, *row[3:]), state) == row[-1]:
            said = "recorded as version {expected} of {center}, it says version {version}"
            self._add(row, "entry_altered", said, **values)
        elif row[2] > expected:
            said = "version {version} of {center} where version {expected} is missing"
            self._add(row, "stream_gap", said, **values)
        else:
            said = "version {version} of {center} comes where version {expected} belongs"
            self._add(row, "previous_broken", said, **values)

    def _add(self, row: EntryRow, code: str, said: str, **values: object) -> int:
        self.damaged.add(row[0])
        message = "{position}: " + said
        return self.findings.add(code, message, position=row[0], center=row[1], **values)

    def _clear(self, suspect: _Suspect) -> None:
        said = "{position}: the leaf column was altered; the entry itself is what was recorded"
        self.findings.replace(suspect.finding, "leaf_altered", said)

    def _note(self, row: EntryRow) -> None:
        position, stream, _, type_, _, _, payload, private, files, _ = row
        self.references.note_payload(position, stream, type_, payload)
        if private is not None:
            self.references.note_private(position, stream, parse_private(private))
        if files is not None:
            self.references.note_files(position, stream, parse_attachments(files))

    def _grow(self, leaves: list[bytes]) -> None:
        self.computed.extend(leaves, self.tiles.roots)
        self.tiles.take(leaves)
        if self.stored is not None:
            self.stored.extend(leaves)


class QuickCheck(LogCheck):
    """Takes leaf hashes as they are stored: only their order, streams and tree are checked."""

    def take(self, rows: Sequence[EntryRow]) -> None:
        """Check the next rows, of which only position, stream, version and leaf count."""
        leaves: list[bytes] = []
        for row in rows:
            position, stream, version, leaf = row[0], row[1], row[2], row[-1]
            if (
                position != self.size
                or version != self.streams[stream].version + 1
                or leaf.__class__ is not bytes
                or len(leaf) != HASH_BYTES
            ):
                self._grow(leaves)
                leaves = []
                self._take_odd(row)
                continue
            self.streams.put(stream, StreamState(version, leaf))
            leaves.append(leaf)
            self.size += 1
        self._grow(leaves)

    def _judge(self, row: EntryRow, leaf: bytes | None) -> bytes | None:
        state = self.streams[row[1]]
        if leaf is None:
            self._add(row, "leaf_altered", "its leaf is no hash")
        elif row[2].__class__ is not int:
            said = "no entry holds what its column {column} holds"
            self._add(row, "entry_altered", said, column="version")
        elif row[2] != state.version + 1:
            self._judge_version(row, state)
        return leaf

    def _note(self, row: EntryRow) -> None:
        """What entries refer to is not read."""


def _leaf_of(log: str, row: EntryRow, state: StreamState) -> bytes | None:
    """The leaf hash a row gives after a state of its stream; None if it gives none."""
    position, stream, version, type_, effective, recorded, payload, private, files, _ = row
    try:
        text = leaf_text(
            log=log,
            position=position,
            stream=stream,
            version=version,
            previous=state.leaf,
            type=type_,
            effective=effective,
            recorded=recorded,
            payload_sha256=sha256(payload).digest(),
            payload_length=len(payload),
            private=() if private is None else parse_private(private),
            attachments=() if files is None else parse_attachments(files),
        )
    except _UNREADABLE:
        return None
    return hash_leaf(text)
