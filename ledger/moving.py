"""Moving a log to another ledger: to a server of its own, or from a file to a server.

    head = move_log(source, target, "beijing", check=check, remember=remember)

Name, keys, entries and roots stay; every proof made before is a proof afterwards. The log may grow
in one place only, whatever fails and whenever, or two roots would be signed for one size. So a log
is in force where `logs.in_force_at` says nothing; elsewhere it names the ledger where it is:

    1. under the lock of the log it is checked, and all rows are copied; the copy names the source
    2. the copy is checked
    3. the source names the target, and gives up its private values; its lock goes
    4. the copy names nothing any more: the log is in force there

Killed before 3 the move has not happened, and the next one replaces the copy. Killed after 3 the
log is in force nowhere, until the next call does 4.

The source keeps its rows, as a copy. Files and regulations that the entries name go along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from hashlib import sha256

from sqlalchemy import Connection, Engine, Table, delete, func, select, text, update

from ledger import reading
from ledger.damage import Damage
from ledger.engine import lock_ledger, write_transaction
from ledger.errors import ConflictError, IntegrityFailure, NotFoundError, elsewhere
from ledger.failpoints import reached
from ledger.merkle import root_of
from ledger.moves import place_of
from ledger.reading import LogHead
from ledger.repair import triggers_lifted
from ledger.schema import (
    PARTITIONED,
    editions,
    entries,
    files,
    logs,
    reading_heads,
    vault,
)
from ledger.statements import Insert, write_rows
from ledger.tile_reader import tile_reader
from ledger.vault import keep_file

__all__ = ["move_log"]

_CHUNK = 1_000
_TABLES = (*PARTITIONED, reading_heads)

Remember = Callable[[str, str, str], None]
"""Keeps outside both databases that a log, now closed at one place, goes on at another."""

Check = Callable[[Engine], Sequence[Damage]]
"""Verifies the log in one of the ledgers, as one that is in force; says what is wrong with it."""


def move_log(
    source: Engine,
    target: Engine,
    log: str,
    *,
    check: Check,
    remember: Remember,
    progress: Callable[[int, int], None] | None = None,
) -> LogHead:
    """Move a log from one ledger to another; returns its head there.

    Nobody records in it meanwhile. Where an earlier call was killed this one goes on. Raises
    NotFoundError for a log without entries, ConflictError where the target has another log of this
    name, ReadOnlyError where the log has gone elsewhere, IntegrityFailure where the copy is not
    sound; then the log stays in force at the source.
    """
    here, there = place_of(source), place_of(target)
    if here == there:
        raise ConflictError("the log {log} is kept at {place} already", log=log, place=there)
    with write_transaction(source) as connection:
        reading.lock_log(connection, log)
        head = reading.log_head(connection, log)
        if not head.size:
            raise NotFoundError("there is no log {log}; nothing is recorded in it", log=log)
        if head.in_force_at is None:
            _demand_sound(check(source), log, here)  # first: in a file may stand anything
            _discard(connection, target, head, there)
            _copy(connection, target, head, here, progress)
            reached("move.copied")
            _demand_sound(check(target), log, there)
            _name_place(connection, log, there)
            connection.execute(delete(vault).where(vault.c.log == log))
        elif head.in_force_at != there:
            raise elsewhere(log, head.in_force_at)
    reached("move.closed")
    remember(log, here, there)
    with write_transaction(target) as connection:
        reading.lock_log(connection, log)
        found = reading.log_head(connection, log)
        if found.in_force_at is not None:
            if found[:-1] != head[:-1]:
                raise IntegrityFailure(
                    "the copy of {log} at {place} is not the one that was made there: put the one "
                    "that was made back, or see docs/server.md",
                    log=log,
                    place=there,
                )
            _name_place(connection, log, None)
        elif not found.size:
            raise elsewhere(log, there)
    reached("move.opened")
    return found._replace(in_force_at=None)


def _demand_sound(problems: Sequence[Damage], log: str, place: str) -> None:
    if problems:
        raise IntegrityFailure(
            "the log {log} at {place} is not sound, so it was not moved: see `taizhang log verify` "
            "there",
            log=log,
            place=place,
        )


def _name_place(connection: Connection, log: str, place: str | None) -> None:
    connection.execute(update(logs).where(logs.c.log == log).values(in_force_at=place))


# --- what is there already ----------------------------------------------------------------------


def _discard(source: Connection, target: Engine, head: LogHead, there: str) -> None:
    """Drop a copy of the same log that an earlier move left in the target."""
    log = head.log
    with write_transaction(target) as connection:
        lock_ledger(connection)
        reading.lock_log(connection, log)
        found = reading.log_head(connection, log)
        if not found.size:
            _demand_nothing(connection, log, there)
            return
        if found.in_force_at is None or not _goes_on_from(source, head, found):
            raise ConflictError("there is another log {log} at {place}", log=log, place=there)
        if connection.dialect.name == "postgresql":
            for table in PARTITIONED:
                for partition in connection.scalars(_PARTITION, {"table": table.name, "log": log}):
                    connection.exec_driver_sql(f"DROP TABLE {partition}")
        is_file = connection.dialect.name == "sqlite"
        with triggers_lifted(connection) if is_file else nullcontext():
            for emptied in (*_TABLES, logs):
                connection.execute(delete(emptied).where(emptied.c.log == log))


def _demand_nothing(connection: Connection, log: str, there: str) -> None:
    """Refuse where rows of a log stand that has no head."""
    for table in _TABLES:
        if connection.scalar(select(func.count()).where(table.c.log == log)):
            raise IntegrityFailure(
                "the ledger at {place} has rows of {log} and no such log: see `taizhang log "
                "verify` there",
                place=there,
                log=log,
            )


def _goes_on_from(source: Connection, head: LogHead, older: LogHead) -> bool:
    """Whether the log at the source begins with all that a copy of it has."""
    if older.size > head.size:
        return False
    return root_of(tile_reader(source, head.log, size=head.size), size=older.size) == older.root


_PARTITION = text(
    "SELECT CAST(CAST(c.oid AS regclass) AS text) FROM pg_inherits i JOIN pg_class c "
    "ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(:table) "
    "AND pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES IN (%L)', CAST(:log AS text))"
)


# --- copying ------------------------------------------------------------------------------------


def _copy(
    source: Connection,
    target: Engine,
    head: LogHead,
    here: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    log = head.log
    with write_transaction(target) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.taizhang_open_log(log)))
        done = 0
        for table in _TABLES:
            statement = Insert(table)
            for rows in _rows(source, table, log):
                write_rows(connection, statement, rows)
                if table is entries:
                    _copy_files(source, connection, rows)
                    done += len(rows)
                    if progress is not None:
                        progress(done, head.size)
        _copy_editions(source, connection, log)
        write_rows(connection, Insert(logs), [head._replace(in_force_at=here)])


def _rows(connection: Connection, table: Table, log: str) -> Iterator[list[tuple[object, ...]]]:
    wanted = select(table).where(table.c.log == log).order_by(*table.primary_key)
    options = {"stream_results": True, "max_row_buffer": _CHUNK}
    for part in connection.execute(wanted, execution_options=options).partitions(_CHUNK):
        yield [tuple(row) for row in part]


def _copy_files(source: Connection, target: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    named = [reading.Row._make(row) for row in rows if row[_ATTACHMENTS]]
    for name in sorted({f.sha256.hex() for row in named for f in reading.attachments_of(row)}):
        content = source.scalar(select(files.c.content).where(files.c.sha256 == name))
        if content is None:  # only its hash was ever recorded
            continue
        if sha256(content).hexdigest() != name:
            raise IntegrityFailure("the file {name} is not what its hash names", name=name)
        keep_file(target, name, content)


_ATTACHMENTS = list(entries.c).index(entries.c.attachments)


def _copy_editions(source: Connection, target: Connection, log: str) -> None:
    lock_ledger(target)
    ours = editions.c.edition.startswith(f"{log}/", autoescape=True)
    present = {tuple(row) for row in target.execute(select(editions.c.edition, editions.c.sha256))}
    found = [tuple(row) for row in source.execute(select(editions).where(ours))]
    write_rows(target, Insert(editions), [row for row in found if row[:2] not in present])
