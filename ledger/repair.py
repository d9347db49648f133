"""Mending a damaged ledger from a backup: only with rows whose bytes give what was sealed.

The backup is verified first, and its newest checkpoint must be signed by a key of the ledger: up to
there its entries are what the ledger signed for. Such entries are put back where the ledger's own
differ or are missing. What can be computed from sound entries, tiles, heads, keys, the index of the
newest seal, is computed and not copied. Private values come back only if they fit the commitment
and were never erased, files and regulations only by their hash.

Everything happens in one transaction, in which alone the triggers that keep the tables append-only
are lifted. A row that is right is never written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Engine, Table, and_, delete, insert, select, text

from ledger import reading
from ledger.checkpoint import open_checkpoint
from ledger.checkpoints import StoredCheckpoint, all_checkpoints, newest_checkpoint
from ledger.commitment import check_commitment
from ledger.damage import Findings
from ledger.engine import read_transaction, write_transaction
from ledger.errors import IntegrityFailure, LedgerError, NotFoundError
from ledger.failpoints import reached
from ledger.keys import KeyRow, content_digest
from ledger.log_check import LogCheck
from ledger.merkle import tree_root
from ledger.note import VerifierKey
from ledger.references import Ignored
from ledger.schema import (
    APPEND_ONLY,
    checkpoints,
    cosignatures,
    editions,
    entries,
    files,
    keys,
    logs,
    sealed_heads,
    stream_heads,
    tiles,
    vault,
)
from ledger.sealing import StatusDigests, index_before
from ledger.stored import COLUMNS, parse_payload
from ledger.tile_check import NoTiles
from ledger.tiles import TILE_WIDTH
from ledger.verify import verify

__all__ = ["Mended", "repair", "triggers_lifted"]

_CHUNK = 2_000


class Mended(NamedTuple):
    """A row that was put right: its table, log and place, and where the right one came from."""

    table: str
    log: str
    place: str
    source: str  # "backup" or "computed"


class _DryRun(Exception):  # noqa: N818  a signal, not an error
    pass


def repair(
    engine: Engine,
    backup: Engine,
    *,
    vkeys: Sequence[VerifierKey],
    erased: Mapping[str, set[tuple[int, str]]],
    statuses: StatusDigests,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Mended]:
    """Put right what the backup and the sound entries allow; returns every row that was mended.

    `erased` are the private values that may not come back. Raises IntegrityFailure for a backup
    that is damaged or of which no checkpoint is signed by one of `vkeys`.
    """
    if engine.dialect.name != "sqlite":
        raise LedgerError("a ledger on a server is repaired by the means of the server")
    if verify(backup).problems:
        raise IntegrityFailure("the backup is damaged itself: `taizhang log verify` says where")
    mended: list[Mended] = []
    try:
        with (
            read_transaction(backup) as source,
            write_transaction(engine) as connection,
            triggers_lifted(connection),
        ):
            work = _Repair(connection, source, vkeys, erased, statuses, mended, progress)
            work.run()
            if dry_run:
                raise _DryRun
            reached("repair.mended")
    except _DryRun:
        pass
    reached("repair.committed")
    return mended


class _Repair:
    def __init__(
        self,
        connection: Connection,
        source: Connection,
        vkeys: Sequence[VerifierKey],
        erased: Mapping[str, set[tuple[int, str]]],
        statuses: StatusDigests,
        mended: list[Mended],
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.connection = connection
        self.source = source
        self.vkeys = vkeys
        self.erased = erased
        self.statuses = statuses
        self.mended = mended
        self.progress = progress

    def run(self) -> None:
        """Mend log by log, then what logs share."""
        found = 0
        for head in reading.logs(self.source):
            signed = [one for one in all_checkpoints(self.source, head.log) if self._is_ours(one)]
            if signed:
                found += 1
                self._mend_log(head, signed)
        if not found:
            raise NotFoundError(
                "the backup holds no checkpoint signed by this ledger: nothing in it can be told "
                "from something made up. Repair from a backup made after `taizhang log checkpoint`"
            )
        for table, name in ((files, files.c.sha256), (editions, editions.c.sha256)):
            self._mend_contents(table, name)

    def _is_ours(self, stored: StoredCheckpoint) -> bool:
        return bool(open_checkpoint(stored.note, self.vkeys)[2])

    def _mend_log(self, head: reading.LogHead, signed: Sequence[StoredCheckpoint]) -> None:
        log, size = head.log, signed[-1].size
        self._mend_entries(log, size)
        self._mend_signed(log, signed)
        self._mend_vault(log, size)
        self._compute(log, head, signed)

    def _mend_entries(self, log: str, size: int) -> None:
        for first in range(0, size, _CHUNK):
            stop = min(first + _CHUNK, size)
            scope = and_(
                entries.c.log == log, entries.c.position >= first, entries.c.position < stop
            )
            right = self.source.execute(select(entries).where(scope)).fetchall()
            self._mend(entries, ("log", "position"), right, scope, source="backup")
            if self.progress is not None:
                self.progress(stop, size)

    def _mend_signed(self, log: str, signed: Sequence[StoredCheckpoint]) -> None:
        scope = and_(checkpoints.c.log == log, checkpoints.c.size <= signed[-1].size)
        self._mend(checkpoints, ("log", "size"), signed, scope, source="backup")
        scope = and_(cosignatures.c.log == log, cosignatures.c.size <= signed[-1].size)
        right = self.source.execute(select(cosignatures).where(scope)).fetchall()
        key = ("log", "size", "name", "key_id")
        self._mend(cosignatures, key, right, scope, source="backup", keep_others=True)

    def _mend_vault(self, log: str, size: int) -> None:
        scope = and_(vault.c.log == log, vault.c.position < size)
        kept = self.source.execute(select(vault).where(scope)).fetchall()
        gone = self.erased.get(log, set())
        right = [
            row
            for row in kept
            if (row.position, row.path) not in gone and self._is_committed(log, row)
        ]
        key = ("log", "position", "path")
        self._mend(vault, key, right, scope, source="backup", keep_others=True)

    def _is_committed(self, log: str, row: Any) -> bool:
        entry = reading.read_entry(self.connection, log, row.position)
        committed = dict(reading.private_of(entry)).get(row.path)
        return committed is not None and check_commitment(
            committed, path=row.path, value=row.value, salt=row.salt
        )

    def _mend_contents(self, table: Table, name: Any) -> None:
        """Files and regulations: a content stands under its hash or not at all."""
        right = [
            row
            for row in self.source.execute(select(table))
            if sha256(row.content).hexdigest() == getattr(row, name.name)
        ]
        key = tuple(column.name for column in table.primary_key)
        self._mend(table, key, right, None, source="backup", keep_others=True)

    # --- what is computed from sound entries -----------------------------------------------------

    def _compute(self, log: str, head: reading.LogHead, signed: Sequence[StoredCheckpoint]) -> None:
        """Tiles, heads, keys and the newest seal's index, if all entries give what was signed."""
        references = _KeysOf()
        check = LogCheck(log, Findings(log), references, NoTiles())
        leaves: list[bytes] = []
        roots: dict[int, bytes] = {}
        sizes = {one.size for one in signed}
        rows = iter(self._all_rows(log))
        while chunk := list(islice(rows, _CHUNK)):
            for row in chunk:
                check.take([row])
                leaves.append(row[-1])
                if check.size in sizes:
                    roots[check.size] = check.computed.root()
        if check.findings.done() or any(roots.get(one.size) != one.root for one in signed):
            return  # what is left is damaged beyond the backup: nothing may be computed from it
        self._mend_tiles(log, leaves)
        self._mend_heads(log, head, check)
        right = [(log, *use) for use in references.rows]
        self._mend(keys, ("log", "key", "stream"), right, keys.c.log == log, source="computed")
        self._mend_index(log)

    def _all_rows(self, log: str) -> Iterator[tuple[Any, ...]]:
        wanted = select(*(entries.c[name] for name in COLUMNS)).where(entries.c.log == log)
        for row in self.connection.execute(wanted.order_by(entries.c.position)):
            yield tuple(row)

    def _mend_tiles(self, log: str, leaves: Sequence[bytes]) -> None:
        right, level, hashes = [], 0, list(leaves)
        while len(hashes) >= TILE_WIDTH:
            above = []
            for number in range(len(hashes) // TILE_WIDTH):
                part = hashes[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
                above.append(tree_root(part))
                right.append((log, level, number, above[-1], b"".join(part)))
            level, hashes = level + 1, above
        self._mend(tiles, ("log", "level", "number"), right, tiles.c.log == log, source="computed")

    def _mend_heads(self, log: str, head: reading.LogHead, check: LogCheck) -> None:
        right = [(log, stream, *state) for stream, state in sorted(check.streams.items())]
        scope = stream_heads.c.log == log
        self._mend(stream_heads, ("log", "stream"), right, scope, source="computed")
        wanted = select(logs.c.generation, logs.c.in_force_at).where(logs.c.log == log)
        present = self.connection.execute(wanted).first()
        generation, place = head.generation, head.in_force_at
        if present is not None:
            found, place = present
            generation = max(generation, found if found.__class__ is int else 0)
        tree = check.computed
        right_head = [(log, check.size, tree.root(), tree.to_bytes(), generation, place)]
        self._mend(logs, ("log",), right_head, logs.c.log == log, source="computed")

    def _mend_index(self, log: str) -> None:
        newest = newest_checkpoint(self.connection, log)
        if newest is None:
            return
        found = index_before(self.connection, log, newest.size - 1, self.statuses)
        right = [(log, stream, *entry) for stream, entry in sorted(found.items())]
        scope = sealed_heads.c.log == log
        self._mend(sealed_heads, ("log", "stream"), right, scope, source="computed")

    # --- rows ------------------------------------------------------------------------------------

    def _mend(
        self,
        table: Table,
        key: Sequence[str],
        right: Iterable[Sequence[Any]],
        scope: Any,
        *,
        source: str,
        keep_others: bool = False,
    ) -> None:
        """Make the rows in scope these rows; without `keep_others` all others in it go."""
        names = [column.name for column in table.c]
        places = [names.index(name) for name in key]
        wanted = select(table) if scope is None else select(table).where(scope)
        present = {}
        for row in self.connection.execute(wanted):
            present[tuple(row[place] for place in places)] = tuple(row)
        for wanted_row in right:
            sound = tuple(wanted_row)
            place = tuple(sound[number] for number in places)
            if present.pop(place, None) == sound:
                continue
            self._remove(table, key, place)
            self.connection.execute(insert(table).values(dict(zip(names, sound, strict=True))))
            self._note(table, place, source)
        if not keep_others:
            for place in present:
                self._remove(table, key, place)
                self._note(table, place, "removed")

    def _remove(self, table: Table, key: Sequence[str], place: Sequence[Any]) -> None:
        same = [table.c[name] == value for name, value in zip(key, place, strict=True)]
        self.connection.execute(delete(table).where(*same))

    def _note(self, table: Table, place: Sequence[Any], source: str) -> None:
        log, *rest = place if "log" in table.c else ("", *place)
        shown = " ".join(part.hex() if isinstance(part, bytes) else str(part) for part in rest)
        self.mended.append(Mended(table.name, str(log), shown, source))


class _KeysOf(Ignored):
    """Keeps what is remembered of the keys of all entries, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[KeyRow] = []

    def note_payload(self, position: int, stream: str, type_: str, payload: bytes) -> None:
        """Take the key of an entry."""
        part = parse_payload(payload)
        if part is not None and part.key is not None:
            digest = content_digest(orjson.loads(part.entry))
            self.rows.append(KeyRow(part.key, stream, position, digest))


@contextmanager
def triggers_lifted(connection: Connection) -> Iterator[None]:
    """Without the triggers that refuse changes in a file, for the time of the block."""
    names = [table.name for table in APPEND_ONLY]
    wanted = text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = [row for row in connection.execute(wanted) if row.tbl_name in names]
    for row in found:
        connection.exec_driver_sql(f'DROP TRIGGER "{row.name}"')
    yield
    for row in found:
        connection.exec_driver_sql(row.sql)
