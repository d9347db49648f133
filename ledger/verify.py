"""Recompute everything from stored bytes and compare: entries, trees, heads, keys, vault, files.

    verification = verify(engine)
    for problem in verification.problems:
        print(problem.code, problem.position, problem.center, problem)

Shares only the hash functions with the code that writes. Reads one consistent state, so writers may
go on. Memory: one small record for each stream, kept file and erasure; entries pass through.

What stands in the database alone cannot show that a whole tail was cut off together with the heads,
or that everything was rewritten: give along what was kept elsewhere (`ledger.against`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import compress
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from ledger import reading
from ledger.against import Against, Compared, Mirror
from ledger.beside import KeyCheck, VaultCheck
from ledger.checkpoint import open_checkpoint
from ledger.checkpoints import checkpoint_at
from ledger.crew import Crew, CrewError, Task, crew_of, sparing
from ledger.damage import Damage, Findings, Report, Verification, shown
from ledger.engine import read_transaction
from ledger.errors import IntegrityFailure, MalformedError, NotFoundError
from ledger.hash_share import Share, UnsoundError, join, share_tasks
from ledger.log_check import LogCheck, QuickCheck
from ledger.merkle import HASH_BYTES, Frontier, frontier_at
from ledger.note_check import NoteCheck, compare_mirror
from ledger.references import Kept, References
from ledger.schema import (
    SCHEMA_VERSION,
    checkpoints,
    cosignatures,
    editions,
    entries,
    files,
    keys,
    logs,
    meta,
    sealed_heads,
    stream_heads,
    tiles,
    vault,
)
from ledger.seal_check import SEALED, SealCheck, Statuses
from ledger.statements import Statement, chunks_of, lenient_text
from ledger.stored import COLUMNS
from ledger.tile_check import NoTiles, TileCheck
from ledger.tile_reader import tile_reader

__all__ = ["Damage", "Progress", "Report", "Verification", "verify"]

Progress = Callable[[str, int, int], None]
"""Told the log, how many of its entries are done, and of how many; then the same of the centers
whose statuses are folded for a seal."""

_CHUNK = 2_000
_CENTERS_AT_ONCE = 500
_OF_LOGS = (
    logs,
    entries,
    stream_heads,
    keys,
    vault,
    tiles,
    checkpoints,
    cosignatures,
    sealed_heads,
)
_GENERATION = "GenerationOpened/1"
_MARKS = frozenset({SEALED, _GENERATION})


def verify(
    engine: Engine,
    *,
    log: str | None = None,
    against: Against | None = None,
    statuses: Statuses | None = None,
    listing: bool = False,
    quick: bool = False,
    since: int | None = None,
    as_in_force: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
    limit: int = 10_000,
) -> Verification:
    """Check all logs and what they share, or one log; lists at most `limit` problems of each.

    `against` is what the log is compared with from outside, and the keys to do it by; `statuses`
    gives the digests of published statuses, without which seals are compared in part, and with
    `listing` also what is said of lists (`ledger.seal_check`). `quick` takes the leaf hashes as
    they are stored and hashes no payload again. `since` begins at the checkpoint of that size of
    one log, whose root the entries before it must still give. A copy of a log that was moved has no
    private values; `as_in_force` demands them. With `jobs` so many processes check;
    then `statuses` must be a function at the top of a module.
    """
    scope = _Scope(against or Against(), statuses, listing, quick, since, as_in_force)
    if jobs > 1 and not scope.is_partial:
        found = _verify_together(engine, log, scope, jobs, progress, limit)
        if found is not None:
            return found
    return _verify_alone(engine, log, scope, progress, limit)


def _verify_alone(
    engine: Engine, log: str | None, scope: _Scope, progress: Progress | None, limit: int
) -> Verification:
    with read_transaction(engine) as connection, sparing(connection):
        try:
            return _Check(connection, scope, progress, limit).run(log)
        except sqlite3.OperationalError as error:
            if "decode to UTF-8" not in str(error):
                raise
        # Some text column holds bytes that are no text: read on, and say which.
        with lenient_text(connection):
            return _Check(connection, scope, progress, limit).run(log)


def _verify_together(
    engine: Engine,
    log: str | None,
    scope: _Scope,
    jobs: int,
    progress: Progress | None,
    limit: int,
) -> Verification | None:
    """The verification by several processes; None where anything is wrong, or may be."""
    with (
        read_transaction(engine) as connection,
        sparing(connection),
        crew_of(connection, jobs) as crew,
    ):
        try:
            found = _Check(connection, scope._replace(crew=crew), progress, limit).run(log)
        except (UnsoundError, CrewError, sqlite3.OperationalError, IntegrityFailure):
            return None
    return None if found.problems else found


class _Scope(NamedTuple):
    """How much is checked, against what, and by whom."""

    against: Against
    statuses: Statuses | None
    listing: bool
    quick: bool
    since: int | None
    as_in_force: bool
    crew: Crew | None = None

    @property
    def is_partial(self) -> bool:
        """Whether entries are left out that only a full check would see."""
        return self.quick or self.since is not None


class _Parts(NamedTuple):
    """What takes the entries of one log, and how many its head says there are."""

    check: LogCheck
    references: References
    keys: KeyCheck
    values: VaultCheck
    seals: SealCheck
    notes: NoteCheck
    mirror: Mirror | None
    size: int


class _Check:
    def __init__(
        self,
        connection: Connection,
        scope: _Scope,
        progress: Progress | None,
        limit: int,
    ) -> None:
        self.connection = connection
        self.scope = scope
        self.progress = progress
        self.limit = limit
        self.shared = Findings(limit=limit)
        self.files = Kept("file", self._kept_files())
        self.editions = Kept("edition", self._kept_editions())

    def run(self, log: str | None) -> Verification:
        if log is not None:
            reports = [self._check_log(log)]
        else:
            reports = [self._check_log(name) for name in self._log_names()]
            self._check_meta()
        damaged = any(report.problems for report in reports)
        self._check_kept(whole=log is None and not damaged)
        return Verification(tuple(reports), self.shared.done())

    # --- one log ---------------------------------------------------------------------------------

    def _check_log(self, log: str) -> Report:
        scope = self.scope
        findings = Findings(log, limit=self.limit)
        references = References(findings, files=self.files, editions=self.editions)
        check = self._log_check(log, findings, references)
        start = check.size
        heads = self._rows(_HEAD, log)
        head = heads[0] if heads else None
        size = head[0] if head and head[0].__class__ is int else 0
        parts = _Parts(
            check,
            references,
            KeyCheck(self.connection, check),
            VaultCheck(self.connection, check),
            self._seal_check(check),
            NoteCheck(self.connection, check, scope.against),
            scope.against.mirrors.get(log),
            size,
        )
        notes, seals = parts.notes, parts.seals
        notes.root_at(start)
        at_head: set[bytes] = set()
        if scope.crew is not None:
            self._take_shares(parts, scope.crew)
        else:
            at_head = self._take_rows(parts)
        for (stream,) in self._rows(_NOWHERE, log):
            check.findings.add("position_altered", "an entry stands at no position", center=stream)
        _check_head(check, head, at_head, generation=notes.present_generation)
        if len(heads) > 1:
            _add_head(check, "it stands there {count} times", count=len(heads))
        if head:
            _check_place(check, head[4], scope.against.places)
        if scope.since is None:
            seals.finish()
        notes.finish(seals.seals, since=start)
        listed = seals.listed()
        self._check_stream_heads(check)
        if not scope.is_partial:
            parts.keys.finish()
            if head and head[4] is not None and not scope.as_in_force:
                parts.values.gone.clear()  # with the log, to where it is in force
            parts.values.finish(references.erased)
        if scope.since is None:
            rows = (row for rows in self._chunks(_TILES, log) for row in rows)
            check.tiles.finish(rows, size=max(size, check.size))
        root, compared = check.computed.root(), list(notes.compared)
        if parts.mirror is not None:
            mirrored = len(parts.mirror.hashes) // HASH_BYTES
            compared.append(Compared("mirror", parts.mirror.name, mirrored))
            _check_length(check, mirrored, parts.mirror.name)
        return Report(log, check.size, root, findings.done(), tuple(compared), listed)

    def _take_rows(self, parts: _Parts) -> set[bytes]:
        """Check every entry of a log here; returns the roots it had at the size its head says."""
        check, references, notes, seals = parts.check, parts.references, parts.notes, parts.seals
        at_head: set[bytes] = set()
        sizes, start = notes.sizes, check.size
        statement = _LEAVES if self.scope.quick else _ENTRIES
        stops = {one - start for one in (parts.size, *sizes)}
        for rows in _split(self._chunks(statement, check.log, start), stops):
            for part in _at_marks(rows):
                if part[0][3] == SEALED and self.scope.since is None:
                    seals.seal(part[0])
                elif part[0][3] == _GENERATION:
                    notes.generation(part[0])
                check.take(part)
            if parts.mirror is not None:
                compare_mirror(check, parts.mirror, rows)
            parts.keys.take(references.keys)
            parts.values.take(references.private)
            references.keys.clear()
            references.private.clear()
            if check.size == parts.size:
                at_head = check.roots()
            if check.size in sizes:
                notes.root_at(check.size)
            self._tell(parts)
        return at_head

    def _take_shares(self, parts: _Parts, crew: Crew) -> None:
        """Have the entries of a log checked by several processes; raises UnsoundError."""
        check, notes, seals = parts.check, parts.notes, parts.seals
        sizes = notes.sizes
        # Each share is of positions below this size; so there must be no row besides.
        if self._rows(_COUNT, check.log) != [(parts.size,)]:
            raise UnsoundError
        for shares in crew.results(share_tasks(check.log, parts.size, sizes, _MARKS)):
            for share in shares:
                for mark in share.marks:
                    if mark[3] == _GENERATION:
                        notes.generation(mark)
                    elif share.stop - share.start == 1:
                        seals.seal(mark)
                    else:
                        raise UnsoundError  # a seal where no checkpoint is
                join(check, share)
                self._note_share(parts, share)
                if check.size in sizes:
                    notes.root_at(check.size)
            self._tell(parts)

    def _note_share(self, parts: _Parts, share: Share) -> None:
        """Take in what the entries of a share refer to."""
        mirror = parts.mirror
        if mirror is not None:
            kept = mirror.hashes[share.start * HASH_BYTES : share.stop * HASH_BYTES]
            if not share.leaves.startswith(kept):
                raise UnsoundError
        parts.keys.matched += share.keys
        parts.values.matched += share.values
        parts.values.gone += share.gone
        for position, paths in share.erased:
            parts.references.erased.setdefault(position, set()).update(paths)
        self.files.referenced.update(share.known_by_hash)
        for names, kept_by_name in ((share.files, self.files), (share.editions, self.editions)):
            kept_by_name.referenced.update(names)
            if not all(kept_by_name.is_sound.get(name) for name in names):
                raise UnsoundError

    def _seal_check(self, check: LogCheck) -> SealCheck:
        scope, progress = self.scope, self.progress
        statuses = None if scope.is_partial else scope.statuses
        if statuses is not None and scope.crew is not None:
            statuses = partial(_folded_together, scope.crew, statuses)
        told = None if progress is None else partial(progress, check.log)
        return SealCheck(self.connection, check, statuses, listing=scope.listing, told=told)

    def _tell(self, parts: _Parts) -> None:
        if self.progress is not None:
            done = parts.check.size
            self.progress(parts.check.log, done, max(parts.size, done))

    def _log_check(self, log: str, findings: Findings, references: References) -> LogCheck:
        """The check of a log, from its beginning or from a checkpoint."""
        since = self.scope.since
        if since is not None:
            return self._check_since(log, findings, references, since)
        tiles_of = TileCheck(findings, lambda *key: self._rows(_TILE, log, *key))
        kind = QuickCheck if self.scope.quick else LogCheck
        return kind(log, findings, references, tiles_of)

    def _check_since(
        self, log: str, findings: Findings, references: References, since: int
    ) -> LogCheck:
        found = checkpoint_at(self.connection, log, since)
        if found is None:
            raise NotFoundError(
                "there is no checkpoint of {log} with {size} entries", log=log, size=since
            )
        _, _, signed = open_checkpoint(found.note, self.scope.against.keys)
        read = tile_reader(self.connection, log, size=since)
        start = frontier_at(read, size=since)
        check = LogCheck(log, findings, references, NoTiles(), start=start)
        try:
            # A leaf does not say of which type the columns beside it are.
            for rows in self._chunks(reading.LAST_OF_STREAMS, log, since):
                check.streams.update((row[0], row[1:]) for row in rows)
            is_readable = True
        except ValueError:
            is_readable = False
        if not signed or start.root() != found.root or not is_readable:
            raise IntegrityFailure(
                "the entries before {size} of {log} are not those its checkpoint was signed for: "
                "check the whole log, without --since",
                log=log,
                size=since,
            )
        return check

    def _check_stream_heads(self, check: LogCheck) -> None:
        streams = check.streams
        missing = bytearray(b"\x01") * len(streams)
        for rows in self._chunks(_STREAM_HEADS, check.log):
            for stream, version, leaf in rows:
                place = streams.places.get(stream, -1)
                is_known = place >= 0 and missing[place] == 1
                # A damaged log may say by a head which of its entries is right.
                if check.damaged or not (is_known and streams.stands_at(place, version, leaf)):
                    _check_stream_head(check, stream, version, leaf, is_known=is_known)
                if is_known:
                    missing[place] = 0
        for stream in compress(streams, missing):
            check.findings.add(
                "stream_head_altered",
                "the head of {center} is missing; the stream is at version {version}",
                center=stream,
                version=streams[stream].version,
            )

    # --- what logs share -------------------------------------------------------------------------

    def _log_names(self) -> list[str]:
        """All logs any table speaks of; rows whose log is no name at all are noted."""
        names: set[str] = set()
        for table in _OF_LOGS:
            for (name,) in self._rows(Statement(select(table.c.log).distinct())):
                if isinstance(name, str) and name.isascii():
                    names.add(name)
                else:
                    self._note_nameless(table)
        return sorted(names)

    def _note_nameless(self, table: Table) -> None:
        place = table.c.position if "position" in table.c else table.c.log
        stream = table.c.stream if "stream" in table.c else table.c.log
        for rows in self._chunks(Statement(select(table.c.log, place, stream))):
            for name, position, center in rows:
                if isinstance(name, str) and name.isascii():
                    continue
                self.shared.add(
                    "foreign_row",
                    "a row of {table} belongs to no log: {log}, {place}, {stream}",
                    center=center,
                    table=table.name,
                    log=name,
                    place=position,
                    stream=center,
                )

    def _kept_files(self) -> dict[tuple[str, ...], bool]:
        return {
            (str(shown(name)),): _is_named(name, content) and length == len(content)
            for name, length, content in self._each(_FILES)
        }

    def _kept_editions(self) -> dict[tuple[str, ...], bool]:
        return {
            (str(shown(edition)), str(shown(name))): (
                edition.__class__ is str and _is_named(name, content)
            )
            for edition, name, content in self._each(_EDITIONS)
        }

    def _check_kept(self, *, whole: bool) -> None:
        """Note damaged files and editions nobody refers to, and files that belong to nothing."""
        for kept in (self.files, self.editions):
            for name, is_sound in sorted(kept.is_sound.items()):
                what = " ".join(name)
                if not is_sound and name not in kept.reported:
                    said = "the {what} {name} is not what its hash names"
                    self.shared.add(f"{kept.what}_altered", said, what=kept.what, name=what)
                # An edition need not have ruled anything yet; a file comes with an entry.
                elif whole and kept is self.files and name not in kept.referenced:
                    self.shared.add("foreign_row", "no entry has the file {name}", name=what)

    def _check_meta(self) -> None:
        rows = self._rows(_META)
        if rows != [("schema", str(SCHEMA_VERSION))]:
            found = ", ".join(f"{shown(name)} = {shown(value)}" for name, value in rows)
            self.shared.add("meta_altered", "the table meta holds {found}", found=found)

    # --- rows ------------------------------------------------------------------------------------

    def _rows(self, statement: Statement, *parameters: object) -> list[tuple[Any, ...]]:
        return [row for rows in self._chunks(statement, *parameters) for row in rows]

    def _each(self, statement: Statement) -> Iterator[tuple[Any, ...]]:
        """Rows one at a time: each may hold a whole file."""
        for rows in self._chunks(statement, chunk=1):
            yield from rows

    def _chunks(
        self, statement: Statement, *parameters: object, chunk: int = _CHUNK
    ) -> Iterator[list[tuple[Any, ...]]]:
        return chunks_of(self.connection, statement, *parameters, chunk=chunk)


def _folded_together(
    crew: Crew,
    statuses: Statuses,
    _connection: Connection,
    log: str,
    centers: Sequence[str],
    *,
    upto: int,
) -> Iterator[tuple[str, bytes]]:
    """Statuses, folded by several processes."""
    starts = range(0, len(centers), _CENTERS_AT_ONCE)
    some = (centers[start : start + _CENTERS_AT_ONCE] for start in starts)
    for found in crew.now(Task(_fold, (statuses, log, names, upto)) for names in some):
        yield from found


def _fold(
    connection: Connection, statuses: Statuses, log: str, centers: Sequence[str], upto: int
) -> list[tuple[str, bytes]]:
    return list(statuses(connection, log, centers, upto=upto))


def _is_named(name: object, content: object) -> bool:
    """Whether a content's SHA-256 is the name it is kept under."""
    return content.__class__ is bytes and sha256(content).hexdigest() == name


def _split(
    chunks: Iterator[list[tuple[Any, ...]]], sizes: set[int]
) -> Iterator[list[tuple[Any, ...]]]:
    """The chunks, parted wherever so many rows have passed."""
    passed = 0
    for rows in chunks:
        stops = sorted(size - passed for size in sizes if passed < size < passed + len(rows))
        passed += len(rows)
        start = 0
        for stop in (*stops, len(rows)):
            yield rows[start:stop]
            start = stop


def _at_marks(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, with each that the ledger wrote about itself alone."""
    start = 0
    for place, row in enumerate(rows):
        if row[3] in _MARKS:
            if place > start:
                yield rows[start:place]
            yield [row]
            start = place + 1
    if start < len(rows):
        yield rows[start:]


def _check_head(
    check: LogCheck, head: tuple[Any, ...] | None, at_head: set[bytes], *, generation: int
) -> None:
    if head is None:
        if check.size:
            _add_head(check, "it is missing")
        return
    size, root, frontier, present, _ = head
    if present.__class__ is not int or (present != generation and not check.damaged):
        _add_head(
            check,
            "it says generation {present}, and its entries {generation}",
            present=present,
            generation=generation,
        )
    if not (size.__class__ is int and size > 0 and root.__class__ is frontier.__class__ is bytes):
        _add_head(check, "size, root or frontier is of a wrong type")
    elif size == check.size:
        if check.is_complete and root not in check.roots():
            _add_head(check, "its root is not that of the entries")
        elif not _fits(frontier, size, root):
            _add_head(check, "its frontier does not give its root")
    elif check.is_complete and root in check.roots():
        _add_head(check, "it says {size} entries, but its root is that of {found}", size=size)
    elif size > check.size:
        check.miss(size)
    elif check.is_complete and root in at_head:
        check.findings.add(
            "foreign_row",
            "{position}: entries up to number {last} were added behind the head of the log",
            position=size,
            last=check.size - 1,
        )
    else:
        _add_head(check, "it says {size} entries, there are {found}", size=size)


def _check_place(
    check: LogCheck, place: object, known: Mapping[str, Sequence[str | None]] | None
) -> None:
    """Note where the head says a log is in force, if that is not what is known of it."""
    is_known = known is None or place in known.get(check.log, (None,))
    if is_known and isinstance(place, str | None):
        return
    if place is None:
        _add_head(check, "it says that the log is in force here, and it was moved")
    else:
        said = "it says that the log was moved to {place}, of which nothing is known"
        _add_head(check, said, place=shown(place))


def _add_head(check: LogCheck, said: str, **values: object) -> None:
    check.findings.add(
        "head_altered",
        "the head of the log {log}: " + said,
        log=check.log,
        found=check.size,
        **values,
    )


def _fits(frontier: bytes, size: int, root: bytes) -> bool:
    try:
        tree = Frontier.from_bytes(frontier)
    except MalformedError:
        return False
    return tree.size == size and tree.root() == root


def _check_length(check: LogCheck, mirrored: int, name: str) -> None:
    if mirrored > check.size:
        said = (
            "{position}: missing with all entries up to number {last}, {lost} in all: {name} holds "
            "their hashes. The tail was cut, or an old backup was put back"
        )
        values = {"last": mirrored - 1, "lost": mirrored - check.size, "name": name}
        check.findings.add("tail_cut", said, position=check.size, **values)


def _check_stream_head(
    check: LogCheck, stream: Any, version: object, leaf: object, *, is_known: bool
) -> None:
    if not is_known:
        said = "a head of {center} at version {version}, which has no entries"
        check.findings.add("stream_head_altered", said, center=stream, version=version)
        return
    check.resolve(stream, leaf)
    state = check.streams[stream]
    if version.__class__ is not int or version != state.version:
        check.findings.add(
            "stream_head_altered",
            "the head of {center} says version {version}; its entries end at {found}",
            center=stream,
            version=version,
            found=state.version,
        )
    elif leaf != state.leaf:
        said = "the head of {center} is not the leaf of its last entry"
        check.findings.add("stream_head_altered", said, center=stream)


def _of_log(table: Table, *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).where(table.c.log == bindparam("log_"))


_FROM = entries.c.position >= bindparam("start")
_ENTRIES = Statement(
    _of_log(entries, *COLUMNS).where(_FROM).order_by(entries.c.position), "log_", "start"
)
_NOWHERE = Statement(_of_log(entries, "stream").where(entries.c.position.is_(None)), "log_")
_NAMES: list[Any] = [literal_column(f"'{name}'") for name in sorted(_MARKS)]
# The columns of a check, of which a quick one reads only what it compares.
_LEAVES = Statement(
    select(
        *(entries.c[name] for name in ("position", "stream", "version", "type")),
        literal_column("''"),
        literal_column("''"),
        case(
            (
                entries.c.type.in_(literal_column(f"'{name}'") for name in sorted(_MARKS)),
                entries.c.payload,
            )
        ),
        literal_column("NULL"),
        literal_column("NULL"),
        entries.c.leaf,
    )
    .where(entries.c.log == bindparam("log_"), _FROM)
    .order_by(entries.c.position),
    "log_",
    "start",
)
_COUNT = Statement(_of_log(entries).with_only_columns(func.count()), "log_")
_STREAM_HEADS = Statement(_of_log(stream_heads, "stream", "version", "leaf"), "log_")
_HEAD = Statement(_of_log(logs, "size", "root", "frontier", "generation", "in_force_at"), "log_")
_TILE = Statement(
    _of_log(tiles, "root", "hashes")
    .where(tiles.c.level == bindparam("level_"))
    .where(tiles.c.number == bindparam("number_")),
    "log_",
    "level_",
    "number_",
)
_TILES = Statement(_of_log(tiles, "level", "number"), "log_")
_FILES = Statement(select(files.c.sha256, files.c.length, files.c.content))
_EDITIONS = Statement(select(editions.c.edition, editions.c.sha256, editions.c.content))
_META = Statement(select(meta.c.name, meta.c.value))
