"""One write transaction of the book: lines are judged against folded states, and written in chunks.

It is the judge's knowledge: what it asks of rounds, readings and entries is answered from what the
transaction holds, entries not yet written included. What one submission changed in memory can be
taken back as long as nothing of it is written.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from hashlib import sha256
from itertools import islice, starmap
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import msgspec
import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger import canonical, reading
from ledger import entries as e
from ledger.clock import format_instant
from ledger.commitment import SALT_BYTES, commit
from ledger.entries import AnyEntry, Entry, stored_type, stream_of
from ledger.errors import KeyConflictError, MalformedError, NotFoundError, Problem, RefusedError
from ledger.identity import parse_position, scheme_of
from ledger.keys import KeyRow, insert_keys, known_keys
from ledger.leaf import Attachment
from ledger.parsing import ParsedLine, content_of, flatten_private
from ledger.receipt import Receipt
from ledger.recorder import Draft, LogWriter
from ledger.ruling import Finding, Recorded, Ruling
from ledger.upcasting import recorded_of
from ledger.vault import PrivateValue, erase_values, keep_file, keep_values, private_values

__all__ = [
    "CHUNK_LINES",
    "Folding",
    "Judging",
    "Session",
    "Stopped",
    "Submission",
    "Verdict",
    "failure_of",
    "find_entry",
    "stored_entries",
]

CHUNK_LINES = 1000
"""How many lines are judged before they are written."""

CACHED_CENTERS = 8192

_NO_HEAD_YET = (0, b"")


class Verdict(Protocol):
    """What a judge says of an entry."""

    @property
    def ruling(self) -> Ruling | None:
        """What is stored; None for entries no rule speaks of."""

    @property
    def bars(self) -> tuple[Finding, ...]:
        """What keeps an act from being recorded."""

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is said of it besides."""


class Judging(Protocol):
    """The rulebook, as far as the book needs it."""

    def judge(self, entry: Entry, state: Any, knowledge: Any) -> Verdict:
        """What the rules say of the entry; raises MalformedError for what no rule could mean."""


class Folding(Protocol):
    """The projections, as far as the book needs them."""

    def fold_center(
        self, center: str, entries: Sequence[Recorded], *, on: date | None = None
    ) -> Any:
        """The center's state after its entries up to the end of the day."""

    def can_extend(self, state: Any, recorded: Recorded) -> bool:
        """Whether `extend` gives what a new fold would."""

    def extend(self, state: Any, recorded: Recorded) -> Any:
        """The state after one more entry."""

    def latest_on(self, state: Any) -> date:
        """The last day on which anything the state knows took effect."""

    def fold_round(self, entries: Sequence[Recorded]) -> Any:
        """The round after its notices."""

    def fold_scheme(self, entries: Sequence[Recorded]) -> Any:
        """The interpretations a scheme adopted."""


class Submission:
    """Sound lines that one caller wants recorded, all or none, in a transaction with others'.

    Once that has ended, `outcome` is the receipt or what to raise.
    """

    def __init__(self, lines: Sequence[ParsedLine], *, historical: bool = False) -> None:
        self.lines = lines
        self.historical = historical
        self.outcome: Receipt | Exception | None = None

    @property
    def logs(self) -> tuple[str, ...]:
        """The logs its entries belong to, by name."""
        return tuple(
            sorted({scheme_of(stream_of(en)) for line in self.lines for en in line.entries})
        )

    @property
    def needs_its_own(self) -> bool:
        """Whether it writes before all of it is judged, and so cannot share a transaction."""
        return len(self.lines) > CHUNK_LINES or any(
            isinstance(entry, e.PrivateErased) or any(a.path is not None for a in entry.attachments)
            for line in self.lines
            for entry in line.entries
        )


class Stopped(Exception):  # noqa: N818  a signal, not an error
    """Roll back, then say why: the lines that are malformed, or else the error."""

    def __init__(self, problems: list[Problem], error: Exception | None) -> None:
        super().__init__()
        self.problems = problems
        self.error = error


def failure_of(
    stopped: Stopped, rest: Iterable[ParsedLine | Problem] = (), *, is_batch: bool = False
) -> Exception:
    """What to raise: every malformed line of all that was sent first, else why it was stopped."""
    problems = [*stopped.problems, *(line for line in rest if isinstance(line, Problem))]
    if problems:
        count = len(problems)
        said = (
            "{count} malformed line(s); nothing of their batch was recorded"
            if is_batch
            else "{count} malformed line(s); nothing was recorded"
        )
        return MalformedError(said, problems=problems, count=count)
    assert stopped.error is not None  # noqa: S101  a stop without bad lines has an error
    return stopped.error


class _Pending:
    """What was judged for a log and is not written yet."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.keys: list[KeyRow] = []
        self.values: list[PrivateValue] = []

    def mark(self) -> tuple[int, int, int]:
        """How much there is."""
        return len(self.drafts), len(self.keys), len(self.values)

    def cut(self, mark: tuple[int, int, int]) -> None:
        """Forget what came after a mark."""
        drafts, keys, values = mark
        del self.drafts[drafts:], self.keys[keys:], self.values[values:]


class _Undo(NamedTuple):
    """What a submission changed in memory, as it was before."""

    pending: dict[str, tuple[int, int, int]]
    states: dict[str, Any]
    plain: set[str]
    keys: list[tuple[str, str, str]]


class Session:
    """Caches, writers and what was recorded so far in one write transaction.

    `folder` is where the paths of attachments start; with `historical` an act that is barred is
    recorded with its deviations; `is_batch` is for the words of an error alone.
    """

    def __init__(
        self, connection: Connection, instant: datetime, *, judging: Judging, folding: Folding
    ) -> None:
        self.connection = connection
        self.folding = folding
        self.judging = judging
        self.instant = format_instant(instant)
        self.recorded_at: dict[str, str] = {}
        self.historical = False
        self.is_batch = False
        self.folder = Path()
        self.receipt = Receipt()
        self.closing = ExitStack()
        self.writers: dict[str, LogWriter] = {}
        self.pending: dict[str, _Pending] = {}
        self.changed: set[str] = set()
        self.undo = _Undo({}, {}, set(), [])
        self.seen_keys: dict[tuple[str, str], dict[str, bytes]] = {}
        self.states: OrderedDict[str, Any] = OrderedDict()
        self.rounds: dict[str, Any] = {}
        self.schemes: dict[str, Any] = {}

    # --- the judge's knowledge -------------------------------------------------------------------

    def round(self, round_id: str) -> Any:
        """The round, if its notice is on file."""
        if round_id not in self.rounds:
            self.rounds[round_id] = self.folding.fold_round(
                self._load(scheme_of(round_id), round_id)
            )
        return self.rounds[round_id]

    def adopted(self, scheme: str) -> Any:
        """Interpretations adopted in the scheme."""
        if scheme not in self.schemes:
            self.schemes[scheme] = self.folding.fold_scheme(self._load(scheme, scheme))
        return self.schemes[scheme]

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center with that position or key."""
        return find_entry(self._load(scheme_of(center), center), scheme_of(center), name)

    def state_of(self, center: str) -> Any:
        """A state folded to the end of the log, if it is still at hand."""
        return self.states.get(center)

    # --- taking lines ----------------------------------------------------------------------------

    def take(
        self, parsed: Iterator[ParsedLine | Problem], progress: Callable[[int], None] | None
    ) -> None:
        """Record every line, chunk by chunk; raises Stopped at the first that cannot be."""
        while chunk := list(islice(parsed, CHUNK_LINES)):
            problems = [line for line in chunk if isinstance(line, Problem)]
            if problems:
                raise Stopped(problems, None)
            lines = [line for line in chunk if isinstance(line, ParsedLine)]
            self._prepare(lines)
            for line in lines:
                self._take_line(line)
            self._flush()
            if progress is not None:
                progress(lines[-1].number)
            self._begin()
        self._state_heads(self.receipt)

    def take_each(self, submissions: Sequence[Submission]) -> list[Receipt | Exception]:
        """Record each submission or nothing of it; the receipt of each, or what to raise."""
        self._prepare([line for submission in submissions for line in submission.lines])
        outcomes = [self._take_one(submission) for submission in submissions]
        self._flush()
        ends = self.ends()
        for submission, outcome in zip(submissions, outcomes, strict=True):
            if isinstance(outcome, Receipt):
                self._state_heads(outcome)
                outcome.upto = {log: ends[log] for log in submission.logs if log in ends}
        return outcomes

    def hold(self, log: str) -> None:
        """Keep other writers from a log from here on."""
        self._writer(log)

    def _take_one(self, submission: Submission) -> Receipt | Exception:
        self._begin()
        self.historical = submission.historical
        self.receipt = Receipt()
        try:
            for line in submission.lines:
                self._take_line(line)
        except Stopped as stopped:
            self._take_back()
            return failure_of(stopped)
        except Exception as error:
            # Of its own making, whatever it is, unless the database cannot go on.
            if isinstance(error, DBAPIError | self.connection.dialect.loaded_dbapi.Error):
                raise
            self._take_back()
            return error
        return self.receipt

    def _begin(self) -> None:
        """From here on what is changed can be taken back."""
        marks = {log: pending.mark() for log, pending in self.pending.items()}
        self.undo = _Undo(marks, {}, set(), [])

    def _take_back(self) -> None:
        """Forget what was changed since `_begin`; nothing of it is written yet."""
        for log, pending in self.pending.items():
            pending.cut(self.undo.pending.get(log, (0, 0, 0)))
        self.states.update(self.undo.states)
        for stream in self.undo.plain:
            self.rounds.pop(stream, None)
            self.schemes.pop(stream, None)
        for log, key, stream in self.undo.keys:
            seen = self.seen_keys.get((log, key), {})
            seen.pop(stream, None)
            if not seen:  # else the key was known before
                self.seen_keys.pop((log, key), None)

    def _state_heads(self, receipt: Receipt) -> None:
        """Tell in a receipt how the logs stand that it has entries in."""
        for log in receipt.logs:
            self.changed.add(log)
            receipt.logs[log] = (self.writers[log].size, self.writers[log].root)

    def ends(self) -> dict[str, int]:
        """The last position of every log that was looked at."""
        return {log: w.size - 1 for log, w in sorted(self.writers.items()) if w.size}

    def _take_line(self, line: ParsedLine) -> None:
        try:
            prepared = [self._prepared(entry) for entry in line.entries]
            if self._is_known(line.entries, prepared):
                self.receipt.skipped += len(line.entries)
                return
            for entry, content in zip(line.entries, prepared, strict=True):
                self._take_entry(line.number, entry, content)
        except MalformedError as error:
            problem = Problem(error.message, line=line.number, **error.values)
            raise Stopped([problem], None) from None
        except (RefusedError, KeyConflictError, NotFoundError) as error:
            raise Stopped([], error) from None

    def _prepared(self, entry: Entry) -> _Prepared:
        files = [self._attached(attachment) for attachment in entry.attachments]
        content = content_of(entry)
        if files:
            content["attachments"] = [{"name": a.name, "sha256": a.sha256.hex()} for a, _ in files]
        data = canonical.encode(content)
        private = flatten_private(entry.private) if isinstance(entry.private, dict) else []
        return _Prepared(data, sha256(data).digest(), tuple(files), tuple(private))

    def _attached(self, attachment: e.Attachment) -> tuple[Attachment, bytes | None]:
        if attachment.path is None:
            return Attachment(bytes.fromhex(attachment.sha256 or ""), None, attachment.name), None
        path = self.folder / attachment.path
        try:
            content = path.read_bytes()
        except OSError as error:
            raise MalformedError(
                "attachments: {path} cannot be read ({reason})",
                path=str(attachment.path),
                reason=error.strerror or "unreadable",
            ) from None
        return Attachment(sha256(content).digest(), len(content), attachment.name), content

    def _is_known(self, entries: tuple[Entry, ...], prepared: list[_Prepared]) -> bool:
        """Whether the line's key is recorded with the same content; raises KeyConflictError for
        other content."""
        key = entries[0].key
        if key is None:
            return False
        log = scheme_of(stream_of(entries[0]))
        known = self.seen_keys.get((log, key))
        if known is None:
            return False
        wanted = {stream_of(entry): p.digest for entry, p in zip(entries, prepared, strict=True)}
        if known == wanted and all(
            self._same_private(log, key, stream_of(en), p)
            for en, p in zip(entries, prepared, strict=True)
        ):
            return True
        said = (
            "the key {key!r} is already recorded in {log} with other content; nothing of its batch "
            "was recorded. To change what was recorded, file a new entry under a new key"
            if self.is_batch
            else "the key {key!r} is already recorded in {log} with other content; "
            "nothing was recorded. To change what was recorded, file a new entry under a new key"
        )
        raise KeyConflictError(said, key=key, log=log)

    def _same_private(self, log: str, key: str, stream: str, prepared: _Prepared) -> bool:
        if not prepared.private:
            return True
        found = self.recorded(stream, key)
        if found is None:
            return False
        kept = private_values(self.connection, log, found.position)
        for value in self.pending[log].values:
            if value.position == found.position:
                kept[value.path] = value.value
        return all(kept.get(path, value) == value for path, value in prepared.private)

    def _take_entry(self, number: int, entry: Entry, prepared: _Prepared) -> None:
        stream = stream_of(entry)
        log = scheme_of(stream)
        state = self._state_on(entry, stream, log)
        verdict = self.judging.judge(entry, state, self)
        bars, notes = verdict.bars, verdict.notes
        if bars and not self.historical:
            said = (
                "line {line}: {type} of {stream} is refused; nothing of its batch was recorded"
                if self.is_batch
                else "line {line}: {type} of {stream} is refused; nothing was recorded"
            )
            raise RefusedError(
                said,
                line=number,
                findings=[(stream, finding) for finding in (*bars, *notes)],
                type=type(entry).__name__,
                stream=stream,
            )
        writer = self._writer(log)
        pending = self.pending[log]
        position = writer.size + len(pending.drafts)
        for spool, findings in ((self.receipt.findings, notes), (self.receipt.deviations, bars)):
            for finding in findings:
                spool.add(
                    {"line": number, "center": stream, "finding": msgspec.to_builtins(finding)}
                )
        recorded = Recorded(
            log,
            position,
            stream,
            0,
            stored_type(type(entry)),
            self.recorded_at[log],
            cast(AnyEntry, entry),
            verdict.ruling,
            notes,
            bars,
        )
        pending.drafts.append(self._draft(stream, log, position, entry, prepared, verdict))
        if entry.key is not None:
            pending.keys.append(KeyRow(entry.key, stream, position, prepared.digest))
            self.seen_keys.setdefault((log, entry.key), {})[stream] = prepared.digest
            self.undo.keys.append((log, entry.key, stream))
        self._evolve(stream, log, recorded)
        self.receipt.count(log, position, position + 1)
        self.receipt.logs[log] = _NO_HEAD_YET

    def _draft(
        self,
        stream: str,
        log: str,
        position: int,
        entry: Entry,
        prepared: _Prepared,
        verdict: Verdict,
    ) -> Draft:
        payload: dict[str, Any] = {"entry": orjson.Fragment(prepared.data)}
        if verdict.ruling is not None:
            payload["ruling"] = msgspec.to_builtins(verdict.ruling)
        if verdict.notes:
            payload["findings"] = msgspec.to_builtins(verdict.notes)
        if verdict.bars:
            payload["deviations"] = msgspec.to_builtins(verdict.bars)
        private: tuple[tuple[str, bytes], ...] = ()
        if prepared.private:
            salted = [
                (path, value, secrets.token_bytes(SALT_BYTES)) for path, value in prepared.private
            ]
            private = tuple((path, commit(path, value, salt=salt)) for path, value, salt in salted)
            self.pending[log].values += [
                PrivateValue(position, path, salt, value) for path, value, salt in salted
            ]
        for attachment, content in prepared.files:
            if content is not None:
                keep_file(self.connection, attachment.sha256.hex(), content)
        if (
            isinstance(entry, e.PrivateErased)
            and verdict.ruling is not None
            and verdict.ruling.outcome.target is not None
        ):
            self._flush()
            target = verdict.ruling.outcome.target
            erase_values(self.connection, log, target, entry.fields)
            self.receipt.erased.setdefault(log, []).extend((target, path) for path in entry.fields)
        return Draft(
            stream=stream,
            version=None,
            type=stored_type(type(entry)),
            effective=entry.on.isoformat(),
            payload=canonical.encode_trusted(payload),
            private=private,
            attachments=tuple(attachment for attachment, _ in prepared.files),
        )

    # --- states ----------------------------------------------------------------------------------

    def _state_on(self, entry: Entry, stream: str, log: str) -> Any:
        """The center's state at the end of the entry's day; None for entries of rounds and
        schemes."""
        if "/" not in stream:
            return None
        state = self.states.get(stream)
        if state is None:
            state = self._fold(stream, log)
        else:
            self.states.move_to_end(stream)
        if entry.on >= self.folding.latest_on(state):
            return state
        return self.folding.fold_center(stream, self._load(log, stream), on=entry.on)

    def _evolve(self, stream: str, log: str, recorded: Recorded) -> None:
        if "/" not in stream:
            self.rounds.pop(stream, None)
            self.schemes.pop(stream, None)
            self.undo.plain.add(stream)
            return
        state = self.states[stream]
        self.undo.states.setdefault(stream, state)
        if self.folding.can_extend(state, recorded):
            self.states[stream] = self.folding.extend(state, recorded)
        else:
            del self.states[stream]

    def _fold(self, stream: str, log: str) -> Any:
        self.states[stream] = state = self.folding.fold_center(stream, self._load(log, stream))
        self._forget()
        return state

    def _forget(self) -> None:
        while len(self.states) > CACHED_CENTERS:
            self.states.popitem(last=False)

    def _load(self, log: str, stream: str) -> list[Recorded]:
        """Every entry of a stream, those that are not written yet included."""
        found = stored_entries(self.connection, log, stream)
        if log in self.pending and self.pending[log].drafts:
            first, drafts = self.writers[log].size, self.pending[log].drafts
            found += [
                recorded_of(
                    log, position, stream, version, draft.type, self.recorded_at[log], draft.payload
                )
                for version, (position, draft) in enumerate(
                    ((n, d) for n, d in enumerate(drafts, first) if d.stream == stream),
                    found[-1].version + 1 if found else 1,
                )
            ]
        return found

    # --- the database ----------------------------------------------------------------------------

    def _prepare(self, lines: list[ParsedLine]) -> None:
        """Fetch in bulk what the chunk will need: unknown centers and keys."""
        centers: dict[str, dict[str, None]] = {}
        keys: dict[str, dict[str, None]] = {}
        for line in lines:
            for entry in line.entries:
                stream = stream_of(entry)
                log = scheme_of(stream)
                if "/" in stream and stream not in self.states:
                    centers.setdefault(log, {})[stream] = None
                if entry.key is not None:
                    keys.setdefault(log, {})[entry.key] = None
        for log in sorted({*centers, *keys}):
            self._writer(log)  # what is read from here on is what is written upon
        for log, streams in centers.items():
            self._prefetch(log, list(streams))
        self.seen_keys.clear()
        for log, wanted in keys.items():
            for key, rows in known_keys(self.connection, log, list(wanted)).items():
                self.seen_keys[log, key] = {row.stream: row.digest for row in rows}

    def _prefetch(self, log: str, streams: list[str]) -> None:
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for recorded in starmap(recorded_of, reading.read_recorded(self.connection, log, streams)):
            found[recorded.stream].append(recorded)
        for stream, entries in found.items():
            self.states[stream] = self.folding.fold_center(stream, entries)
        self._forget()

    def _writer(self, log: str) -> LogWriter:
        writer = self.writers.get(log)
        if writer is None:
            writer = self.writers[log] = self.closing.enter_context(LogWriter(self.connection, log))
            self.pending[log] = _Pending()
            self.recorded_at[log] = self._instant(log, writer.size)
        return writer

    def _instant(self, log: str, size: int) -> str:
        """The recording instant; never before that of the last entry, whatever the clock says."""
        if size == 0:
            return self.instant
        return max(self.instant, reading.read_entry(self.connection, log, size - 1).recorded)

    def _flush(self) -> None:
        for log, pending in self.pending.items():
            if pending.drafts:
                self.writers[log].append(pending.drafts, recorded_at=self.recorded_at[log])
            insert_keys(self.connection, log, pending.keys)
            keep_values(self.connection, log, pending.values)
            pending.cut((0, 0, 0))


class _Prepared(msgspec.Struct, frozen=True):
    data: bytes
    digest: bytes
    files: tuple[tuple[Any, bytes | None], ...]
    private: tuple[tuple[str, bytes], ...]


def find_entry(entries: Sequence[Recorded], log: str, name: str) -> Recorded | None:
    """The entry a position (`scheme#n`) or key names."""
    by_key = next((r for r in entries if r.entry.key == name), None)
    if by_key is not None:
        return by_key
    try:
        position = parse_position(name)
    except MalformedError:
        return None
    return next((r for r in entries if (position.log, position.number) == (log, r.position)), None)


def stored_entries(
    connection: Connection, log: str, stream: str, *, upto: int | None = None
) -> list[Recorded]:
    """Every entry of a stream that is written, oldest first, up to a position."""
    rows = reading.read_recorded(connection, log, (stream,), upto_position=upto)
    return list(starmap(recorded_of, rows))
