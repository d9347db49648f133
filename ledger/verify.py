"""Recompute everything from stored bytes and compare: entries, trees, heads, keys, vault, files.

    verification = verify(engine)
    for problem in verification.problems:
        print(problem.code, problem.position, problem.center, problem)

Shares only the hash functions with the code that writes. Reads one consistent state, so writers may
go on. Memory: one small record for each stream, kept file and erasure; entries pass through.

What stands in the database alone cannot show that a whole tail was cut off together with the heads:
compare size and root with a checkpoint kept elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, bindparam, select

from ledger.beside import KeyCheck, VaultCheck
from ledger.damage import Damage, Findings, Report, Verification, shown
from ledger.engine import read_transaction
from ledger.errors import MalformedError
from ledger.log_check import LogCheck
from ledger.merkle import Frontier
from ledger.references import Kept, References
from ledger.schema import (
    SCHEMA_VERSION,
    editions,
    entries,
    files,
    keys,
    logs,
    meta,
    stream_heads,
    tiles,
    vault,
)
from ledger.statements import Statement, cursor_of
from ledger.stored import COLUMNS
from ledger.tile_check import TileCheck

__all__ = ["Damage", "Progress", "Report", "Verification", "verify"]

Progress = Callable[[str, int, int], None]
"""Told the log, how many of its entries are done, and of how many."""

_CHUNK = 2_000


def verify(
    engine: Engine,
    *,
    log: str | None = None,
    progress: Progress | None = None,
    limit: int = 10_000,
) -> Verification:
    """Check all logs and what they share, or one log; lists at most `limit` problems of each."""
    with read_transaction(engine) as connection:
        try:
            return _Check(connection, progress, limit).run(log)
        except sqlite3.OperationalError as error:
            if "decode to UTF-8" not in str(error):
                raise
        # Some text column holds bytes that are no text: read on, and say which.
        with _lenient_text(connection):
            return _Check(connection, progress, limit).run(log)


class _Check:
    def __init__(self, connection: Connection, progress: Progress | None, limit: int) -> None:
        self.connection = connection
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
        findings = Findings(log, limit=self.limit)
        references = References(findings, files=self.files, editions=self.editions)
        tile_check = TileCheck(findings, lambda *key: self._rows(_TILE, log, *key))
        check = LogCheck(log, findings, references, tile_check)
        key_check = KeyCheck(self.connection, check)
        vault_check = VaultCheck(self.connection, check)
        head = next(iter(self._rows(_HEAD, log)), None)
        size = head[0] if head and head[0].__class__ is int else 0
        at_head: set[bytes] = set()
        for rows in _split(self._chunks(_ENTRIES, log), size):
            check.take(rows)
            key_check.take(references.keys)
            vault_check.take(references.private)
            references.keys.clear()
            references.private.clear()
            if check.size == size:
                at_head = check.roots()
            if self.progress is not None:
                self.progress(log, check.size, max(size, check.size))
        _check_head(check, head, at_head)
        self._check_stream_heads(check)
        key_check.finish()
        vault_check.finish(references.erased)
        tile_check.finish(self._rows(_TILES, log), size=max(size, check.size))
        return Report(log, check.size, check.computed.root(), findings.done())

    def _check_stream_heads(self, check: LogCheck) -> None:
        for rows in self._chunks(_STREAM_HEADS, check.log):
            for stream, version, leaf in rows:
                _check_stream_head(check, stream, version, leaf)
        for stream, (version, _) in check.streams.items():
            check.findings.add(
                "stream_head_altered",
                "the head of {center} is missing; the stream is at version {version}",
                center=stream,
                version=version,
            )

    # --- what logs share -------------------------------------------------------------------------

    def _log_names(self) -> list[str]:
        """All logs any table speaks of; rows whose log is no name at all are noted."""
        names: set[str] = set()
        for table in (logs, entries, tiles, stream_heads, keys, vault):
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
        if self.connection.dialect.name == "sqlite":
            cursor = cursor_of(self.connection)
            cursor.execute(statement.text(self.connection), parameters)
            while rows := cursor.fetchmany(chunk):
                yield list(rows)
            return
        # Other drivers would fetch the whole table first.
        options = {"stream_results": True, "max_row_buffer": chunk}
        result = self.connection.exec_driver_sql(
            statement.text(self.connection), parameters, execution_options=options
        )
        for part in result.partitions(chunk):
            yield [tuple(row) for row in part]


def _is_named(name: object, content: object) -> bool:
    """Whether a content's SHA-256 is the name it is kept under."""
    return content.__class__ is bytes and sha256(content).hexdigest() == name


def _split(chunks: Iterator[list[tuple[Any, ...]]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The chunks, parted where `size` rows have passed."""
    passed = 0
    for rows in chunks:
        here = size - passed
        passed += len(rows)
        if 0 < here < len(rows):
            yield rows[:here]
            yield rows[here:]
        else:
            yield rows


def _check_head(check: LogCheck, head: tuple[Any, ...] | None, at_head: set[bytes]) -> None:
    if head is None:
        if check.size:
            _add_head(check, "it is missing")
        return
    size, root, frontier = head
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


def _check_stream_head(check: LogCheck, stream: object, version: object, leaf: object) -> None:
    if not isinstance(stream, str) or stream not in check.streams:
        said = "a head of {center} at version {version}, which has no entries"
        check.findings.add("stream_head_altered", said, center=stream, version=version)
        return
    check.resolve(stream, leaf)
    state = check.streams.pop(stream)
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


@contextmanager
def _lenient_text(connection: Connection) -> Iterator[None]:
    """Let SQLite hand over text that is not UTF-8, with surrogates for the bytes."""
    driver: Any = connection.connection.driver_connection
    before = driver.text_factory
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


def _of_log(table: Table, *names: str) -> Select[Any]:
    return select(*(table.c[name] for name in names)).where(table.c.log == bindparam("log_"))


_ENTRIES = Statement(_of_log(entries, *COLUMNS).order_by(entries.c.position), "log_")
_STREAM_HEADS = Statement(_of_log(stream_heads, "stream", "version", "leaf"), "log_")
_HEAD = Statement(_of_log(logs, "size", "root", "frontier"), "log_")
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
