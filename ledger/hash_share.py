"""A share of a log, hashed again in a process of its own.

Each process takes a range of positions and says only whether every entry in it gives the leaf that
is stored for it, and what the entries refer to. The process that asked compares the stored leaves
with trees, heads and checkpoints meanwhile. Where any share is not sound everything is checked
again in one process, which names what is wrong; so the names do not depend on how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from sqlalchemy import Connection

from ledger import reading
from ledger.beside import KeyCheck, VaultCheck
from ledger.damage import Findings
from ledger.engine import open_engine, read_transaction
from ledger.errors import LedgerError
from ledger.leaf import NO_PREVIOUS
from ledger.log_check import LogCheck, StreamState
from ledger.references import Kept, References
from ledger.tile_check import NoTiles

__all__ = ["Share", "ranges", "take_share"]

_CHUNK = 2_000


class Share(NamedTuple):
    """What one process found: whether all is sound, how many keys and private values fit, the
    values that are gone, those that were erased, the files and editions that must be kept, and the
    files known by their hash alone."""

    is_sound: bool
    keys: int = 0
    values: int = 0
    gone: tuple[tuple[int, str, str], ...] = ()
    erased: tuple[tuple[int, str], ...] = ()
    files: frozenset[tuple[str, ...]] = frozenset()
    editions: frozenset[tuple[str, ...]] = frozenset()
    known_by_hash: frozenset[tuple[str, ...]] = frozenset()


class _Range(LogCheck):
    """A check that begins anywhere: the tree is somebody else's business."""

    def begin(self, position: int) -> None:
        """Say at which position the first row stands."""
        self.size = position

    def _grow(self, leaves: list[bytes]) -> None:
        pass


def ranges(size: int, count: int) -> list[tuple[int, int]]:
    """So many ranges of about the same length that make up all positions below a size."""
    stops = [size * number // count for number in range(count + 1)]
    return [(start, stop) for start, stop in pairwise(stops) if start < stop]


def take_share(url: str, log: str, start: int, stop: int) -> Share:
    """Hash the entries at start ≤ position < stop again; runs in a process of its own."""
    engine = open_engine(url)
    try:
        with read_transaction(engine) as connection:
            return _checked(connection, log, start, stop)
    except (LedgerError, ValueError, TypeError):
        return Share(is_sound=False)
    finally:
        engine.dispose()


def _checked(connection: Connection, log: str, start: int, stop: int) -> Share:
    findings = Findings(log)
    files, editions = _Trusting("file"), _Trusting("edition")
    references = References(findings, files=files, editions=editions)
    check = _Range(log, findings, references, NoTiles())
    check.begin(start)
    keys, values = KeyCheck(connection, check), VaultCheck(connection, check)
    rows = reading.read_log(connection, log, start, stop, chunk=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        _see_to_streams(connection, check, chunk)
        check.take([row[1:] for row in chunk])
        keys.take(references.keys)
        values.take(references.private)
        references.keys.clear()
        references.private.clear()
    return Share(
        is_sound=check.size == stop and not findings.done(),
        keys=keys.matched,
        values=values.matched,
        gone=tuple(values.gone),
        erased=tuple((at, path) for at, paths in references.erased.items() for path in paths),
        files=frozenset(files.needed),
        editions=frozenset(editions.needed),
        known_by_hash=frozenset(files.referenced),
    )


def _see_to_streams(connection: Connection, check: LogCheck, rows: Sequence[reading.Row]) -> None:
    """Give the check the stored leaf before the first entry of each stream that is new to it."""
    for row in rows:
        if row.stream in check.streams:
            continue
        before = NO_PREVIOUS
        if row.version > 1:
            before = reading.leaf_of(connection, row.log, row.stream, row.version - 1)
        check.streams[row.stream] = StreamState(row.version - 1, before)


class _Trusting(Kept):
    """Notes what is referred to; whether it is sound is looked at once, elsewhere."""

    def __init__(self, what: str) -> None:
        super().__init__(what, {})
        self.needed: set[tuple[str, ...]] = set()

    def use(self, name: tuple[str, ...], findings: Findings, position: int, stream: str) -> None:
        """Note that an entry refers to a thing."""
        self.needed.add(name)
