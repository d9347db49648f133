"""The one composition root: clock, store, rulebook and projections, and the operations they offer.

Commands, a web portal and a Python user call a `Desk`; nothing else builds these parts. Every
operation
returns plain values; wording and layout are the callers'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ledger.clock import Clock, legal_day, parse_instant, system_clock
from ledger.errors import (
    ConflictError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    NotFoundError,
    ReadOnlyError,
)
from ledger.identity import (
    CenterId,
    Position,
    format_position,
    parse_center,
    parse_position,
    scheme_of,
)
from ledger.leaf import NO_PREVIOUS
from ledger.ruling import Recorded
from projections import fold as folding
from projections.center import CenterState, new_center
from projections.rounds import Adopted, RoundState, fold_round, fold_scheme

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cli.proofs import Proofs
    from cli.verifying import Outside
    from ledger.book import Book
    from ledger.damage import Damage, Report
    from ledger.group_commit import GroupCommit
    from ledger.migrating import Migrated
    from ledger.reading import LogHead, Row
    from ledger.readings import LogSource, RegisterShelf
    from ledger.receipt import Receipt
    from ledger.verify import Verification
    from policies.audit import AuditFinding
    from policies.due import Duty
    from policies.foreign_score import ForeignScore
    from policies.judge import Judge
    from policies.replacement import Replacement
    from policies.rulebook import Rulebook
    from policies.scoring import Table
    from policies.verdict import Knowledge
    from policies.what_if import Rejudged
    from projections.register import RegisterRow
    from projections.round_totals import PartInRound
    from projections.running import Difference, Progress

__all__ = ["Desk", "Folds", "Library", "View"]


class Folds:
    """The projections in the shape the book takes them."""

    def fold_center(
        self, center: str, entries: Sequence[Recorded], *, on: date | None = None
    ) -> CenterState:
        """The center's state for a ruling: annulments known by now count, whatever their day."""
        return folding.fold(center, entries, on=on)

    def can_extend(self, state: CenterState, recorded: Recorded) -> bool:
        """Whether one more entry can be evolved on top."""
        return folding.can_extend(state, recorded)

    def extend(self, state: CenterState, recorded: Recorded) -> CenterState:
        """The state after one more entry."""
        return folding.extend(state, recorded)

    def latest_on(self, state: CenterState) -> date:
        """The last day anything in the state took effect."""
        return state.latest_on

    def fold_round(self, entries: Sequence[Recorded]) -> RoundState | None:
        """The round after its notices."""
        return fold_round(entries)

    def fold_scheme(self, entries: Sequence[Recorded]) -> tuple[Adopted, ...]:
        """The interpretations a scheme adopted."""
        return fold_scheme(entries)


class View:
    """What an answer speaks of: the day, and up to which position (-1: before the first)."""

    __slots__ = ("known_at", "log", "on", "upto")

    def __init__(self, log: str, on: date, *, upto: int, known_at: str | None) -> None:
        self.log = log
        self.on = on
        self.upto = upto
        self.known_at = known_at

    @property
    def position(self) -> str | None:
        """The last entry the answer knows of; None before the first."""
        return format_position(self.log, self.upto) if self.upto >= 0 else None


class Library:
    """What the ledger knows, read outside a write transaction; streams are read once."""

    def __init__(self, book: Book, *, upto: int | None = None) -> None:
        self.book = book
        self.upto = upto
        self.rounds: dict[str, RoundState | None] = {}
        self.schemes: dict[str, tuple[Adopted, ...]] = {}
        self.stream: tuple[str, Sequence[Recorded]] = ("", ())

    def with_stream(self, center: str, entries: Sequence[Recorded]) -> Library:
        """The same knowledge, with a center's entries at hand."""
        self.stream = (center, entries)
        return self

    def round(self, round_id: str) -> RoundState | None:
        """The round, if its notice was on file."""
        if round_id not in self.rounds:
            self.rounds[round_id] = fold_round(self._read(round_id))
        return self.rounds[round_id]

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        """Interpretations adopted in the scheme."""
        if scheme not in self.schemes:
            self.schemes[scheme] = fold_scheme(self._read(scheme))
        return self.schemes[scheme]

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center with that position or key."""
        from ledger.session import find_entry

        entries = self.stream[1] if self.stream[0] == center else self._read(center)
        return find_entry(entries, scheme_of(center), name)

    def _read(self, stream: str) -> list[Recorded]:
        return self.book.stream(scheme_of(stream), stream, upto=self.upto)


class Desk:
    """A ledger, open, with everything that is needed to rule, show and check."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = system_clock,
        create: bool = False,
        trust: Path | None = None,
    ) -> None:
        self.url = url
        self.trust = trust
        self.clock = clock
        self.create = create
        self.has_recorded = False
        self.next_line: int | None = None
        self._opening = Lock()

    # --- parts -----------------------------------------------------------------------------------

    @cached_property
    def engine(self) -> Engine:
        """The database; opened at first use."""
        from ledger.engine import open_engine

        return open_engine(self.url, create=self.create)

    @cached_property
    def rulebook(self) -> Rulebook:
        """The regulations that ship with the program, and those added to the ledger."""
        from policies.loading import builtin_editions
        from policies.rulebook import Rulebook

        builtin = list(builtin_editions())
        return Rulebook([*builtin, *self._added_editions([name for name, _ in builtin])])

    @cached_property
    def judge(self) -> Judge:
        """The rulebook at work."""
        from policies.calendars import load_calendar
        from policies.judge import Judge

        return Judge(self.rulebook, load_calendar())

    @cached_property
    def book(self) -> Book:
        """The write path."""
        from ledger.book import Book

        return Book(self.engine, judging=self.judge, folding=Folds(), clock=self.clock)

    @cached_property
    def group_commit(self) -> GroupCommit:
        """The write path for many threads; the regulations are stored."""
        from ledger.group_commit import GroupCommit

        self._keep_editions()
        return GroupCommit(self.book, after=self._take_in)

    @cached_property
    def proofs(self) -> Proofs:
        """Keys, checkpoints and proofs."""
        from cli.proofs import Proofs

        return Proofs(self.engine, trust=self.trust_path, clock=self.clock)

    @property
    def trust_path(self) -> Path:
        """The folder of keys and anchors; raises MalformedError where none is named."""
        from cli.proofs import trust_folder

        return trust_folder(self.url, self.trust)

    @cached_property
    def source(self) -> LogSource:
        """The log, as projections read it."""
        from ledger.readings import LogSource

        return LogSource(self.engine)

    @cached_property
    def shelf(self) -> RegisterShelf:
        """The register's table."""
        from ledger.readings import RegisterShelf
        from projections.register import RegisterRow

        return RegisterShelf(self.engine, RegisterRow)

    @property
    def is_committing(self) -> bool:
        """Whether an interruption leaves it open if what was sent is recorded."""
        return "book" in self.__dict__ and self.book.is_committing

    def close(self) -> None:
        """Let the database go."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    @property
    def today(self) -> date:
        """Today's legal day."""
        return legal_day(self.clock())

    # --- operations ------------------------------------------------------------------------------

    def initialise(self) -> list[str]:
        """Create the schema and store the regulations by their hashes; returns the edition ids."""
        self.create = True
        self._keep_editions()
        return self.rulebook.ids()

    def migrate(self, *, dry_run: bool = False) -> Migrated:
        """Bring an older ledger to the newest schema; before anything else is asked of the desk."""
        from ledger.engine import open_engine
        from ledger.migrating import migrate

        engine = open_engine(self.url, older=True)
        try:
            migrated = migrate(engine, dry_run=dry_run)
        finally:
            engine.dispose()
        if migrated.before != migrated.after and not dry_run:
            self.catch_up([head.log for head in self.logs()])
        return migrated

    def move(self, log: str, to: str, *, progress: Progress | None = None) -> LogHead:
        """Move a log to the ledger at another URL, with the same trust folder; it is checked there
        before it is in force."""
        from ledger.moving import move_log

        other = Desk(to, clock=self.clock, trust=self.trust_path)

        def check(engine: Engine) -> Sequence[Damage]:
            desk = self if engine is self.engine else other
            return desk.verify(scheme=log, as_in_force=True).problems

        try:
            return move_log(
                self.engine,
                other.engine,
                log,
                check=check,
                remember=self.proofs.anchors.add_move,
                progress=progress,
            )
        finally:
            other.close()

    def grant(self, *, recorders: Sequence[str], readers: Sequence[str]) -> None:
        """Let roles of the server record, or only read."""
        from ledger.roles import grant_roles

        grant_roles(self.engine, recorders=recorders, readers=readers)

    def record(
        self,
        lines: Iterable[bytes],
        *,
        historical: bool = False,
        dry_run: bool = False,
        folder: Path | None = None,
        batch: range | None = None,
        progress: Callable[[int], None] | None = None,
        told: Callable[[ConflictError], None] | None = None,
    ) -> Receipt:
        """Rule and record a file, or nothing of it; then bring the register up to date.

        With `batch` it is these lines of a longer file; see `cli.batches`.

        Where the server goes away and the lines can be read again, they are sent again to whichever
        server takes writes; after a commit whose answer was lost only if each has a key. `told`
        hears of it.
        """
        from ledger.again import until_answered
        from ledger.engine import waiting_seconds

        failures: list[ConflictError] = []

        def failed(error: ConflictError) -> None:
            failures.append(error)
            if told is not None:
                told(error)

        def after(log: str, states: Callable[[str], Any]) -> None:
            if batch is not None:
                self.next_line = batch.stop
            self._take_in(log, states)

        def attempt() -> Receipt:
            self._keep_editions()
            return self.book.record(
                lines,
                historical=historical,
                dry_run=dry_run,
                folder=folder,
                batch_from=None if batch is None else batch.start,
                progress=progress,
                after=after,
            )

        seconds = waiting_seconds(self.engine)
        receipt = until_answered(attempt, lines, today=self.today, seconds=seconds, told=failed)
        receipt.repeated = len(failures)
        if not dry_run:
            self._remember(receipt.erased)
        return receipt

    def record_shared(
        self, lines: Iterable[bytes], *, historical: bool = False, folder: Path | None = None
    ) -> Receipt:
        """The same for callers on many threads of one desk, whose lines share transactions.

        Each caller's lines are still recorded as a whole or not at all, and sent again as `record`
        does where a server goes away. The heads in a receipt are those after the transaction.
        """
        from ledger.again import until_answered
        from ledger.engine import waiting_seconds

        given = list(lines)
        with self._opening:
            committer = self.group_commit

        def attempt() -> Receipt:
            return committer.record(given, historical=historical, folder=folder)

        seconds = waiting_seconds(self.engine)
        receipt = until_answered(attempt, given, today=self.today, seconds=seconds)
        if receipt.erased:
            with self._opening:
                self._remember(receipt.erased)
        return receipt

    def view(self, log: str, *, on: date | None = None, known_at: str | None = None) -> View:
        """The two clocks of a question; `known_at` is a time or `scheme#n`, by default what is on
        file now: what is recorded while the question is answered is left out."""
        if known_at is None:
            upto = self.source.size(log) - 1
        elif "#" in known_at:
            position = parse_position(known_at)
            self._check_position(position, log)
            upto = position.number
        else:
            upto = self._known_at(log, known_at)
        return View(log, on or self.today, upto=upto, known_at=known_at)

    def entries(self, center: str, view: View) -> list[Recorded]:
        """What the ledger knew of a center; raises NotFoundError for a center nothing was ever
        known of."""
        name = self._center(center)
        found = self.book.stream(view.log, name)
        if not found:
            raise NotFoundError(
                "nothing is recorded about {center}. Check the code, or list the register with "
                "`taizhang center list`",
                center=name,
            )
        return folding.known(found, position=view.upto)

    def state(self, center: str, view: View) -> CenterState:
        """The center's state on the view's day, as known then."""
        return folding.fold(center, self.entries(center, view), on=view.on, annulled_as_of=view.on)

    def state_or_new(self, center: str, view: View) -> CenterState:
        """The same, and the empty state for a center nothing is known of."""
        try:
            return self.state(center, view)
        except NotFoundError:
            return new_center(self._center(center))

    def entry(self, position: Position) -> Recorded:
        """The entry at a position of any log; raises NotFoundError."""
        from ledger import reading
        from ledger.engine import read_transaction
        from ledger.upcasting import recorded_of

        with read_transaction(self.engine) as connection:
            row = reading.read_entry(connection, *position)
        return recorded_of(*row[:5], row.recorded, row.payload)

    def leaf(self, position: Position) -> tuple[Row, bytes]:
        """An entry as it is stored, and the text of its leaf made from what is stored."""
        from ledger import reading
        from ledger.engine import read_transaction
        from ledger.stored import demand_readable

        with read_transaction(self.engine) as connection:
            row = reading.read_entry(connection, *position)
            demand_readable(row.log, row[1:])
            before = reading.read_stream(
                connection, row.log, row.stream, upto_position=row.position - 1
            )
        return row, reading.leaf_text_of(row, before[-1].leaf if before else NO_PREVIOUS)

    def verify(
        self,
        *,
        scheme: str | None = None,
        outside: Outside | None = None,
        as_in_force: bool = False,
        progress: Progress | None = None,
    ) -> Verification:
        """Everything recomputed from stored bytes, of one log or all, and compared with what is
        kept outside the database; what does not fit, by entry.

        With `as_in_force` a copy of a log that is in force elsewhere must be as complete as that.
        """
        from cli.proofs import standings
        from cli.verifying import Outside, against_of, jobs_for, with_registers
        from ledger.moves import place_of
        from ledger.reading import is_log_name
        from ledger.verify import verify

        outside = outside or Outside()
        heads = self._stored_heads()
        named = [head for head in heads if is_log_name(head.log)]
        if scheme is not None and scheme not in {head.log for head in named}:
            raise NotFoundError("there is no log {log}; nothing is recorded in it", log=scheme)
        moved = {head.log for head in named if head.in_force_at is not None}
        copies = [] if as_in_force else sorted(moved)
        entries = sum(head.size for head in heads if head.size.__class__ is int)

        def told(_log: str, done: int, size: int) -> None:
            if progress is not None:
                progress(done, size)

        found = verify(
            self.engine,
            log=scheme,
            against=against_of(
                self._proofs_or_none(),
                outside,
                here=place_of(self.engine),
                copies=copies,
                as_in_force=as_in_force,
            ),
            statuses=standings,
            listing=True,
            quick=outside.quick,
            since=outside.since,
            as_in_force=as_in_force,
            jobs=outside.jobs or jobs_for(entries),
            progress=told,
        )
        if outside.quick or outside.since is not None:
            return found
        logs = [scheme] if scheme is not None else self.check_logs()
        seen = {one.log for one in found.reports if self._is_listed(one)}
        rest = [log for log in logs if log not in seen]
        strangers = self.strangers() if scheme is None else ()
        return with_registers(found, rest, lambda log: self.compare(log, progress), strangers)

    def logs(self) -> list[Any]:
        """The heads of all logs."""
        from ledger import reading
        from ledger.engine import read_transaction

        with read_transaction(self.engine) as connection:
            return reading.logs(connection)

    def sizes(self, scheme: str | None = None) -> dict[str, int]:
        """How many entries each log has, or that of a scheme."""
        return {head.log: head.size for head in self.logs() if scheme in (None, head.log)}

    def register(
        self,
        *,
        scheme: str | None,
        status: str | None,
        search: str | None,
        sizes: Mapping[str, int] | None = None,
    ) -> Iterator[Any]:
        """The register's rows as of these sizes of the logs, by default the present ones."""
        from projections.register import matching

        sizes = self.sizes(scheme) if sizes is None else sizes
        rows = chain.from_iterable(self._register_of(log, size) for log, size in sizes.items())
        return matching(rows, status=status, search=search)

    def _register_of(self, log: str, size: int) -> Iterator[RegisterRow]:
        from projections.running import caught_up

        # A standby cannot be written to, nor can who may only read write; rows that stay behind
        # are folded for the answer.
        with suppress(ReadOnlyError):
            self.catch_up([log])
        return caught_up(self.source, self.shelf, log, size=size)

    def wait_for(self, positions: Iterable[str], *, seconds: float) -> None:
        """Come back once the entries at these positions are on file; BehindError if not all are
        in time."""
        from ledger.awaiting import wait_for

        wanted = [parse_position(text) for text in positions]
        wait_for(self.engine, wanted, seconds=seconds)

    @property
    def is_standby(self) -> bool:
        """Whether the server follows another one, and so may be behind it."""
        from ledger.engine import is_standby

        return is_standby(self.engine)

    def catch_up(self, logs: Sequence[str]) -> None:
        """Bring the register to the end of each log."""
        from projections.running import catch_up

        for log in logs:
            catch_up(self.source, self.shelf, log)

    def rebuild(
        self, log: str, progress: Progress | None = None, *, jobs: int | None = None
    ) -> str:
        """Fold the register of a log from scratch, by `jobs` processes (None: as suits its size);
        returns its digest."""
        from projections.running import rebuild

        return rebuild(self._shared_source(log, jobs), self.shelf, log, progress=progress)

    def forget_strangers(self) -> None:
        """Drop register rows of logs that do not exist."""
        self.shelf.keep_only([head.log for head in self.logs()])

    def compare(
        self, log: str, progress: Progress | None = None, *, jobs: int | None = None
    ) -> list[Difference]:
        """Centers whose live row differs from a replay, which is shared as in `rebuild`."""
        from projections.running import compare

        return compare(self._shared_source(log, jobs), self.shelf, log, progress=progress)

    def _shared_source(self, log: str, jobs: int | None) -> LogSource:
        from cli.verifying import jobs_for
        from ledger.crew_source import CrewSource

        jobs = jobs or jobs_for(self.source.size(log))
        return self.source if jobs == 1 else CrewSource(self.engine, jobs=jobs)

    def strangers(self) -> list[Difference]:
        """Register rows that belong to no log, or to no generation of one."""
        from ledger.damage import shown
        from projections.running import Difference

        return [
            Difference(str(shown(center)), (column,)) for center, column in self.shelf.strangers()
        ]

    def check_logs(self) -> list[str]:
        """Every log that has entries or register rows, by name."""
        from ledger.reading import is_log_name

        names = {head.log for head in self._stored_heads() if is_log_name(head.log)}
        return sorted({*names, *self.shelf.logs()})

    def _stored_heads(self) -> list[LogHead]:
        from ledger import reading
        from ledger.engine import read_transaction
        from ledger.statements import lenient_text

        with read_transaction(self.engine) as connection, lenient_text(connection):
            return reading.stored_heads(connection)

    def knowledge(self, view: View) -> Knowledge:
        """What the rules may ask, as the ledger knew it at the view's position."""
        return Library(self.book, upto=view.upto)

    def audit(
        self, log: str, progress: Progress | None = None, *, size: int | None = None
    ) -> Iterator[tuple[int, list[AuditFinding]]]:
        """Number of acts and what was found among the first `size` entries (default: all there
        are), stream by stream."""
        from policies.audit import audit_center, audit_plain, count_acts

        size = self.source.size(log) if size is None else size
        known = Library(self.book, upto=size - 1)
        for stream in self.source.plain_streams(log):
            entries = self.book.stream(log, stream, upto=size - 1)
            yield count_acts(entries), list(audit_plain(self.judge, entries, known))
        done = 0
        for center, recorded in self.source.all_streams(log):
            entries = folding.known(recorded, position=size - 1)
            if not entries:
                continue
            found = list(
                audit_center(
                    self.judge,
                    center,
                    entries,
                    known.with_stream(center, entries),
                    today=self.today,
                )
            )
            yield count_acts(entries), found
            done += len(entries)
            if progress is not None:
                progress(done, size)

    def notice(self, round_id: str, view: View) -> RoundState:
        """The round as its notices leave it on the view's day; raises NotFoundError."""
        self._scheme(view.log)
        found = self._notice(round_id, view)
        if found is None:
            raise NotFoundError(
                "no notice of {round} is on file up to {on}; a round begins with RoundOpened",
                round=round_id,
                on=view.on.isoformat(),
            )
        return found

    def parts(
        self, notice: RoundState, view: View, progress: Progress | None = None
    ) -> Iterator[tuple[PartInRound, str | None]]:
        """What each center did in the round; with its name, where it owes a filing."""
        from projections.round_totals import part_in

        for center, entries in self._known_streams(view, progress):
            part = part_in(notice, center, entries, on=view.on)
            if part is not None:
                name = folding.fold(center, entries, on=view.on).name if part.owes_filing else None
                yield part, name

    def duties(self, view: View, progress: Progress | None = None) -> Iterator[Duty]:
        """What is due in a log on the view's day, center by center."""
        from policies.duties import duties_of_center, duties_of_round, open_rounds

        known = Library(self.book, upto=view.upto)
        streams = (s for s in self.source.plain_streams(view.log) if ":" in s)
        notices = [notice for s in streams if (notice := self._notice(s, view)) is not None]
        rounds = open_rounds(notices, on=view.on)
        for notice in rounds:
            yield from duties_of_round(self.judge, notice, known, on=view.on)
        for center, entries in self._known_streams(view, progress):
            knowing = known.with_stream(center, entries)
            yield from duties_of_center(
                self.judge, center, entries, knowing, on=view.on, rounds=rounds
            )

    def what_if(
        self,
        replacement: Replacement,
        scheme: str,
        *,
        center: str | None = None,
        progress: Progress | None = None,
        view: View | None = None,
    ) -> Iterator[tuple[str, Sequence[Rejudged], tuple[str, str | None] | None]]:
        """Stream by stream the acts judged again, and a center's status as it is and would be."""
        from policies.what_if import WhatIf

        self._scheme(scheme)
        view = view or self.view(scheme)
        upto = view.upto
        what_if = WhatIf(
            self.judge,
            replacement,
            lambda stream: self.book.stream(scheme, stream, upto=upto),
            scheme=scheme,
            size=upto + 1,
            today=view.on,
        )
        if center is not None:
            outlook = what_if.center(center, self.entries(center, view))
            yield center, outlook.acts, (outlook.old, outlook.new)
            return
        for stream in self.source.plain_streams(scheme):
            yield stream, what_if.plain(self.book.stream(scheme, stream, upto=upto)), None
        for name, entries in self._known_streams(view, progress):
            outlook = what_if.center(name, entries)
            yield name, outlook.acts, (outlook.old, outlook.new)

    def foreign_score(
        self,
        center: str,
        table: Table,
        *,
        round_id: str | None,
        experts: Mapping[str, Decimal],
        view: View | None = None,
    ) -> ForeignScore:
        """A center's filing by the scoring table of another place; recorded nowhere."""
        from policies.foreign_score import foreign_score

        view = view or self.view(scheme_of(center))
        state = self.state(center, view)
        edition = self.rulebook.edition(state.edition or self.rulebook.ids(view.log)[-1])
        return foreign_score(edition, state, table, round_id=round_id, experts=experts)

    def logs_of(self, scheme: str | None) -> list[str]:
        """Names of the logs there are: that of a scheme, or all that are in force here."""
        if scheme is not None:
            self._scheme(scheme)
        kept = [head for head in self.logs() if scheme in (None, head.log)]
        return [head.log for head in kept if scheme is not None or head.in_force_at is None]

    def newest_instant(self, log: str) -> str | None:
        """When the last entry of a log was recorded."""
        size = self.source.size(log)
        return self.entry(Position(log, size - 1)).recorded_at if size else None

    def add_edition(self, data: bytes, *, source: str) -> bool:
        """Check a regulation file and add it to the ledger; False where it is there already.

        Raises MalformedError with every defect, or ConflictError where the edition is there with
        another content.
        """
        from ledger.policy_store import add_edition
        from policies.adding import check_to_add

        checked = check_to_add(data, source=source)
        if checked.edition is None or checked.defects:
            message = "defects in {file}: {count}; nothing can be ruled by it"
            count = len(checked.defects)
            raise MalformedError(message, problems=checked.defects, file=source, count=count)
        self._keep_editions()
        is_new = add_edition(self.engine, checked.edition.edition, data)
        for part in ("rulebook", "judge", "book", "group_commit"):
            self.__dict__.pop(part, None)
        return is_new

    def _added_editions(self, builtin: Sequence[str]) -> list[tuple[str, bytes]]:
        """Files of the editions that are stored in the ledger and do not ship with the program;
        none without a ledger."""
        from ledger.policy_store import stored_editions

        try:
            engine = self.engine
        except NotFoundError:
            return []
        own = [name.removesuffix(".yaml") for name in builtin]
        return [(f"{name}.yaml", data) for name, data in stored_editions(engine, without=own)]

    def _keep_editions(self) -> None:
        """Store every regulation by its hash: a ruling's edition can always be read again."""
        from ledger.policy_store import keep_editions

        keep_editions(self.engine, [(i, self.rulebook.data(i)) for i in self.rulebook.ids()])

    def _take_in(self, log: str, states: Callable[[str], Any]) -> None:
        """Bring the register up to date with what was just recorded."""
        from projections.running import catch_up

        self.has_recorded = True
        try:
            catch_up(self.source, self.shelf, log, states=states)
        except IntegrityFailure:
            raise
        except LedgerError:
            pass  # it is on file all the same, and whoever reads next catches up

    def _remember(self, erased: Mapping[str, Iterable[tuple[int, str]]]) -> None:
        """Keep outside the database what was erased, so that no backup brings it back."""
        proofs = self._proofs_or_none() if erased else None
        if proofs is not None:
            for log, values in erased.items():
                proofs.anchors.add_erasures(log, values)

    def _proofs_or_none(self) -> Proofs | None:
        """Keys and anchors; None for a ledger on a server whose trust folder was not named."""
        try:
            return self.proofs
        except MalformedError:
            return None

    def _is_listed(self, report: Report) -> bool:
        """Whether the register of a log was seen to be right on the way: a row for each center as
        all its entries give it, no other row, and a position that covers them."""
        try:
            count, last = self.shelf.extent(report.log)
            position: object = self.shelf.position(report.log)
        except IntegrityFailure:  # a comparison says what it is
            return False
        if not isinstance(position, int) or not isinstance(last, int):
            return False
        return count == report.listed and last < position <= report.size

    # --- helpers ---------------------------------------------------------------------------------

    def _center(self, center: str) -> CenterId:
        if "/" in center:  # else it is no center, whatever scheme was meant
            self._scheme(scheme_of(center))
        return parse_center(center)

    def _scheme(self, scheme: str) -> None:
        if scheme not in self.rulebook.schemes():
            raise NotFoundError(
                "there is no scheme {scheme!r}; at hand are {known}",
                scheme=scheme,
                known=", ".join(self.rulebook.schemes()),
            )

    def _notice(self, round_id: str, view: View) -> RoundState | None:
        notices = self.book.stream(view.log, round_id, upto=view.upto)
        return fold_round(r for r in notices if r.on <= view.on)

    def _known_streams(
        self, view: View, progress: Progress | None
    ) -> Iterator[tuple[str, list[Recorded]]]:
        """Every center with the entries known, one at a time."""
        done, size = 0, self.source.size(view.log)
        for center, entries in self.source.all_streams(view.log):
            yield center, folding.known(entries, position=view.upto)
            done += len(entries)
            if progress is not None:
                progress(done, size)

    def _check_position(self, position: Position, log: str) -> None:
        if position.log != log:
            raise MalformedError(
                "the position {position} belongs to another log than {log}",
                position=f"{position.log}#{position.number}",
                log=log,
            )
        size = self.source.size(log)
        if position.number >= size:
            raise NotFoundError(
                "there is no entry {position}; the log has {size}",
                position=f"{position.log}#{position.number}",
                size=size,
            )

    def _known_at(self, log: str, text: str) -> int:
        """The last position recorded at or before a time; -1 before the first."""
        from ledger.readings import last_position_before

        try:
            instant: datetime = parse_instant(text)
        except ValueError:
            raise MalformedError(
                "{text!r} is neither a position such as beijing#41 nor a time such as "
                "2026-11-23T08:31:27Z",
                text=text,
            ) from None
        return last_position_before(self.engine, log, instant)
