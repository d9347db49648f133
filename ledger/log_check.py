"""Checking one log: entry → leaf → tree and stream, from stored bytes, sharing only hashes.

An entry whose leaf cannot be recomputed was altered, or its leaf column was. The next entry of its
stream tells which: it was hashed over the true leaf. Where nothing tells, it counts as the entry.

Besides damage the check collects what others need: heads of streams, keys, private values, files
and editions that entries refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import orjson

from ledger.damage import Findings
from ledger.errors import MalformedError
from ledger.leaf import NO_PREVIOUS, Attachment, hash_leaf, leaf_text
from ledger.merkle import HASH_BYTES, Frontier

__all__ = ["COLUMNS", "KeyUse", "LogCheck", "PrivateUse", "Stored", "StreamState"]

COLUMNS = (
    "position",
    "stream",
    "version",
    "type",
    "effective",
    "recorded",
    "payload",
    "private",
    "attachments",
    "leaf",
)
"""The columns of `entries` a check reads, in order."""

Stored = tuple[Any, ...]


class StreamState(NamedTuple):
    """What a stream's next entry builds on."""

    version: int
    leaf: bytes


class KeyUse(NamedTuple):
    """An entry with an idempotency key, and the bytes the key's digest is of."""

    key: str
    stream: str
    position: int
    entry: bytes


class PrivateUse(NamedTuple):
    """An entry with commitments to private values."""

    position: int
    stream: str
    commitments: tuple[tuple[str, bytes], ...]


class _Suspect(NamedTuple):
    finding: int
    version: int
    computed: bytes


class _EntryPart(msgspec.Struct):
    key: str | None = None


class _OutcomePart(msgspec.Struct):
    target: int | None = None


class _RulingPart(msgspec.Struct):
    edition: str | None = None
    edition_sha256: str | None = None
    outcome: _OutcomePart | None = None


class _PayloadPart(msgspec.Struct):
    entry: msgspec.Raw = msgspec.Raw(b"{}")
    ruling: _RulingPart | None = None


_payload_part = msgspec.json.Decoder(_PayloadPart).decode
_entry_part = msgspec.json.Decoder(_EntryPart).decode
_START = StreamState(0, NO_PREVIOUS)


class LogCheck:
    """Takes the rows of a log in order of position and notes what does not fit."""

    def __init__(self, log: str, findings: Findings) -> None:
        self.log = log
        self.findings = findings
        self.size = 0
        self.computed = Frontier()
        self.stored: Frontier | None = None  # over the leaf column, from the first difference on
        self.is_complete = True  # else the tree cannot be recomputed
        self.streams: dict[str, StreamState] = {}
        self.keys: list[KeyUse] = []
        self.private: list[PrivateUse] = []
        self.kept_files: list[tuple[bytes, int, str, int]] = []
        self.named_files: set[bytes] = set()
        self.editions: dict[tuple[str, str], int] = {}
        self.erasures: dict[int, set[str]] = {}
        self._suspects: dict[str, _Suspect] = {}

    def take(self, rows: Sequence[Stored]) -> None:
        """Check the next rows."""
        log, streams = self.log, self.streams
        leaves: list[bytes] = []
        append = leaves.append
        expected = self.size
        for row in rows:
            position, stream, version, type_, effective, recorded, payload, private, files, leaf = row
            try:
                known, previous = streams.get(stream, _START)
                commitments = _parsed_private(private) if private is not None else ()
                attachments = _parsed_files(files) if files is not None else ()
                computed = hash_leaf(
                    leaf_text(
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
                )
            except (MalformedError, TypeError, ValueError, AttributeError):
                computed = None
            if computed == leaf and position == expected and version == known + 1:
                streams[stream] = StreamState(version, leaf)
                append(leaf)
                expected += 1
                if b'"key":' in payload or b'"ruling":' in payload:
                    self._read_payload(position, stream, type_, payload)
                if commitments:
                    self.private.append(PrivateUse(position, stream, commitments))
                if attachments:
                    self._note_files(position, stream, attachments)
            else:
                self._grow(leaves)
                leaves.clear()
                self.size = expected
                self._take_odd(row)
                expected = self.size
        self._grow(leaves)
        self.size = expected

    def resolve(self, stream: str, head: object) -> None:
        """Tell by a stream's head whether its last, damaged entry is right and its leaf is not."""
        suspect = self._suspects.get(stream)
        if suspect and suspect.version == self.streams[stream].version and suspect.computed == head:
            self._clear(suspect)
            self.streams[stream] = StreamState(suspect.version, suspect.computed)

    # --- rows that do not fit --------------------------------------------------------------------

    def _take_odd(self, row: Stored) -> None:
        position, stream, version = row[:3]
        add = self.findings.add
        if position.__class__ is not int or position < self.size:
            add(
                "position_altered",
                "{position}: the position is no place in the log, or comes twice",
                position=position,
                center=stream,
            )
            return
        if position > self.size:
            self._miss(self.size, position)
        self.size = position + 1
        leaf = row[-1] if row[-1].__class__ is bytes and len(row[-1]) == HASH_BYTES else None
        computed = self._judge(row, leaf)
        self.stored = self.stored or self.computed.copy()
        self.stored.append(leaf or computed or NO_PREVIOUS)
        self.computed.append(computed or leaf or NO_PREVIOUS)
        if stream.__class__ is str and version.__class__ is int:
            known = self.streams.get(stream, _START).version
            if version > known:
                state = StreamState(version, leaf or computed or NO_PREVIOUS)
                self.streams[stream] = state

    def _judge(self, row: Stored, leaf: bytes | None) -> bytes | None:
        """Note what is wrong with a row; its leaf recomputed, where that is possible."""
        position, stream, version = row[:3]
        place = {"position": position, "center": stream}
        add = self.findings.add
        misfit = _misfit(row)
        if misfit:
            code = "leaf_altered" if misfit == "leaf" else "entry_altered"
            number = add(
                code,
                "{position}: the column {column} does not hold what an entry holds there",
                **place,
                column=misfit,
            )
            if misfit != "leaf":
                return None
            return self._leaf_of(row, self.streams.get(stream, _START))
        known, previous = self.streams.get(stream, _START)
        if version != known + 1:
            self._judge_version(row, known)
            return None
        computed = self._leaf_of(row, StreamState(known, previous))
        if computed == leaf:
            return computed  # only its place was wrong, and that is noted
        suspect = self._suspects.get(stream)
        if suspect and suspect.version == known:
            again = self._leaf_of(row, StreamState(known, suspect.computed))
            if again == leaf:
                self._clear(suspect)
                return again
        number = add(
            "entry_altered",
            "{position}: the entry no longer gives the leaf recorded for it",
            **place,
        )
        if computed is not None:
            self._suspects[stream] = _Suspect(number, version, computed)
        return computed

    def _judge_version(self, row: Stored, known: int) -> None:
        position, stream, version = row[:3]
        # A version column that alone was altered: with the right version the leaf comes out.
        state = self.streams.get(stream, _START)
        if self._leaf_of(row, state, version=known + 1) == row[-1]:
            self.findings.add(
                "entry_altered",
                "{position}: the version was {expected} when it was recorded, not {version}",
                position=position,
                center=stream,
                expected=known + 1,
                version=version,
            )
            return
        self.findings.add(
            "stream_gap" if version > known else "previous_broken",
            "{position}: version {version} of {center} follows version {known}",
            position=position,
            center=stream,
            version=version,
            known=known,
        )

    def _miss(self, first: int, stop: int) -> None:
        self.is_complete = False
        self.findings.add(
            "position_gap",
            "{position}: {count} entries are missing, up to number {last}",
            position=first,
            count=stop - first,
            last=stop - 1,
        )

    def missing_tail(self, stop: int) -> None:
        """Note that the log ends before the size its head says."""
        self._miss(self.size, stop)

    def _clear(self, suspect: _Suspect) -> None:
        self.findings.replace(
            suspect.finding,
            "leaf_altered",
            "{position}: the leaf column was altered; the entry itself is what was recorded",
        )

    def _leaf_of(self, row: Stored, state: StreamState, *, version: int | None = None) -> bytes | None:
        position, stream, own, type_, effective, recorded, payload, private, files, _ = row
        try:
            return hash_leaf(
                leaf_text(
                    log=self.log,
                    position=position,
                    stream=stream,
                    version=own if version is None else version,
                    previous=state.leaf,
                    type=type_,
                    effective=effective,
                    recorded=recorded,
                    payload_sha256=sha256(payload).digest(),
                    payload_length=len(payload),
                    private=_parsed_private(private) if private is not None else (),
                    attachments=_parsed_files(files) if files is not None else (),
                )
            )
        except (MalformedError, TypeError, ValueError, AttributeError):
            return None

    def _grow(self, leaves: list[bytes]) -> None:
        self.computed.extend(leaves)
        if self.stored is not None:
            self.stored.extend(leaves)
