"""What a desk does with keys, checkpoints and proofs; everything outside the database stays in one
folder, the ledger's trust folder.

    <trust>/signing-<n>.key       the signing keys (`ledger.keyring`)
    <trust>/<log>.checkpoint      the anchors (`ledger.anchor`)

For a SQLite file the folder is `<file>.trust` beside it, unless another is named; a ledger on a
server has none of its own, so it must be named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.anchor import Anchors
from ledger.clock import Clock
from ledger.engine import read_transaction
from ledger.errors import MalformedError, NotFoundError
from ledger.identity import Position, format_position
from ledger.keyring import KeptKey, Keyring
from ledger.note import VerifierKey
from ledger.shown_url import shown_url

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ledger.checkpoints import StoredCheckpoint
    from ledger.evidence import Built, Wanted
    from ledger.publishing import Published
    from ledger.repair import Mended
    from ledger.sealing import Sealing
    from projections.center import CenterState

__all__ = ["Proofs", "ledger_file", "trust_folder"]

Progress = Callable[[int, int], None]

_CENTERS_AT_ONCE = 500


def trust_folder(url: str, named: Path | None) -> Path:
    """The folder of keys and anchors that belongs to a ledger."""
    if named is not None:
        return named
    file = ledger_file(url)
    if file is not None:
        return Path(f"{file}.trust")
    raise MalformedError(
        "name the folder of keys and anchors with --trust FOLDER or $TAIZHANG_TRUST: {url} is no "
        "file that one could stand beside",
        url=shown_url(url),
    )


def ledger_file(url: str) -> str | None:
    """The file a SQLite ledger is kept in; None for one on a server or in memory."""
    from sqlalchemy.engine import make_url

    target = make_url(url)
    if target.get_backend_name() == "sqlite" and target.database != ":memory:":
        return target.database or None
    return None


class Proofs:
    """Keys, checkpoints and proofs of one ledger."""

    def __init__(self, engine: Engine, *, trust: Path, clock: Clock) -> None:
        self.engine = engine
        self.trust = trust
        self.clock = clock
        self.keyring = Keyring(trust)
        self.anchors = Anchors(trust)

    # --- keys ------------------------------------------------------------------------------------

    def keys(self) -> list[KeptKey]:
        """Every key the ledger ever had, the oldest first."""
        return self.keyring.keys()

    def vkeys(self) -> list[VerifierKey]:
        """The public parts of these keys."""
        return [kept.vkey for kept in self.keys()]

    def log_keys(self, logs: Sequence[str]) -> dict[str, list[VerifierKey]]:
        """The keys of each log, under the log's own origin."""
        from ledger.checkpoint import log_key
        from ledger.reading import log_head

        with read_transaction(self.engine) as connection:
            found = {log: log_head(connection, log).generation for log in logs}
        vkeys = self.vkeys()
        return {
            log: [log_key(vkey, log, generation=number) for vkey in vkeys]
            for log, number in found.items()
        }

    def make_key(self, authority: str | None, passphrase: bytes | None) -> VerifierKey:
        """Make the ledger's first key; its name is `<authority>/taizhang`."""
        if authority is None:
            authority = self._unnamed()
        elif not authority.strip("/") == authority != "":
            raise MalformedError(
                "{authority!r} cannot name an authority: write its domain or its name, such as "
                "jxj.example.gov.cn",
                authority=authority,
            )
        name = f"{authority}/taizhang"
        return self.keyring.create(name, passphrase=passphrase, created_at=self.clock())

    def rotate(self, passphrase: bytes | None) -> VerifierKey:
        """Make another key of the same name, sealed like the present ones; all of them sign until
        the older ones are retired."""
        signers = self.keyring.signers(passphrase)
        keep = passphrase if self.keyring.current().is_protected else None
        return self.keyring.create(signers[0].key.name, passphrase=keep, created_at=self.clock())

    def repair(
        self,
        backup: Engine,
        *,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> list[Mended]:
        """Put right from a backup what is damaged; never what was erased."""
        from ledger.generations import erasures_in
        from ledger.repair import repair

        vkeys = self.vkeys()
        erased = erasures_in(self.engine)
        for log in {*erased, *self.anchors.logs()}:
            erased.setdefault(log, set()).update(self.anchors.erasures(log))
        return repair(
            self.engine,
            backup,
            vkeys=vkeys,
            erased=erased,
            statuses=status_digests,
            dry_run=dry_run,
            progress=progress,
        )

    # --- checkpoints -----------------------------------------------------------------------------

    def checkpoint(
        self, logs: Sequence[str], passphrase: bytes | None, progress: Progress | None = None
    ) -> list[Sealing]:
        """Seal and sign what was recorded in each of the logs since its last checkpoint."""
        from ledger.sealing import seal_log

        signers, keys = self.keyring.signers(passphrase), self.vkeys()
        return [
            seal_log(
                self.engine,
                log,
                signers=signers,
                keys=keys,
                anchors=self.anchors,
                statuses=status_digests,
                clock=self.clock,
                progress=progress,
            )
            for log in logs
        ]

    def newest(self, log: str) -> Sealing:
        """The newest checkpoint of a log as it was signed, with cosignatures; NotFoundError."""
        from ledger.checkpoints import cosigned_note
        from ledger.sealing import Sealing

        with read_transaction(self.engine) as connection:
            found = self._found(connection, log, None)
            return Sealing(log, found.size, found.root, cosigned_note(connection, found), False)

    def prove(self, position: Position, *, size: int | None = None) -> bytes:
        """A tlog-proof of the entry at a position, in the newest checkpoint or that of a size."""
        from ledger.checkpoints import cosigned_note
        from ledger.merkle import prove_inclusion
        from ledger.tile_reader import tile_reader
        from ledger.tlog_proof import TlogProof, format_proof

        log, index = position
        with read_transaction(self.engine) as connection:
            found = self._covering(connection, position, size)
            read = tile_reader(connection, log, size=found.size)
            hashes = prove_inclusion(read, index=index, size=found.size)
            note = cosigned_note(connection, found)
        return format_proof(TlogProof(index, tuple(hashes), note, None))

    def consistency(
        self, log: str, *, old_size: int, new_size: int | None
    ) -> tuple[list[bytes], int, bytes]:
        """The proof that one checkpoint goes on from another; with size and note of the newer."""
        from ledger.checkpoints import cosigned_note
        from ledger.merkle import prove_consistency
        from ledger.tile_reader import tile_reader

        with read_transaction(self.engine) as connection:
            found = self._found(connection, log, new_size)
            read = tile_reader(connection, log, size=found.size)
            hashes = prove_consistency(read, old_size=old_size, new_size=found.size)
            return hashes, found.size, cosigned_note(connection, found)

    def sealed(self) -> set[str]:
        """The logs that have a checkpoint."""
        from ledger.checkpoints import sealed_logs

        with read_transaction(self.engine) as connection:
            return sealed_logs(connection)

    def publish(self, log: str, folder: Path, progress: Progress | None = None) -> Published:
        """Bring the files of a log in a folder up to its newest checkpoint; NotFoundError where it
        has none."""
        from ledger.publishing import publish_log

        with read_transaction(self.engine) as connection:
            found = self._found(connection, log, None)
            return publish_log(connection, found, folder, progress=progress)

    def evidence(self, wanted: Wanted, *, size: int | None = None) -> Built:
        """The evidence file of a center at the newest checkpoint, or that of a size."""
        from ledger.checkpoints import newest_checkpoint
        from ledger.evidence import build_evidence
        from ledger.identity import scheme_of

        log = scheme_of(wanted.center)
        with read_transaction(self.engine) as connection:
            found = self._found(connection, log, size)
            return build_evidence(
                connection,
                wanted,
                found,
                keys=self.vkeys(),
                is_newest=newest_checkpoint(connection, log) == found,
                statuses=status_digests,
                status_of=status_document,
            )

    def _covering(
        self, connection: Connection, position: Position, size: int | None
    ) -> StoredCheckpoint:

        log, index = position
        found = self._found(connection, log, size)
        if index >= found.size:
            raise NotFoundError(
                "the checkpoint of {log} with {size} entries does not cover {position}: "
                "`taizhang log checkpoint` makes a newer one",
                log=log,
                size=found.size,
                position=format_position(log, index),
            )
        return found

    def _found(self, connection: Connection, log: str, size: int | None) -> StoredCheckpoint:
        from ledger.checkpoints import checkpoint_at, newest_checkpoint

        found = (
            newest_checkpoint(connection, log)
            if size is None
            else checkpoint_at(connection, log, size)
        )
        if found is None:
            raise _unsealed(log, size)
        return found

    def _unnamed(self) -> str:
        """A name for a ledger whose authority was not named; no two ledgers share one."""
        import secrets

        return f"ledger-{secrets.token_hex(8)}"


def status_digests(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """Digest of the published status of each center, folded from its entries up to a position."""
    from projections.published import status_digest

    for center, state in _states(connection, log, centers, upto):
        yield center, status_digest(state)


def standings(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterator[tuple[str, bytes, bool]]:
    """The same, and whether the register's live row of the center says what these entries give."""
    from itertools import islice

    from ledger.readings import live_rows
    from projections.published import status_digest
    from projections.register import is_row_of

    rest = iter(centers)
    while some := list(islice(rest, _CENTERS_AT_ONCE)):
        rows = live_rows(connection, log, some)
        for center, state in _states(connection, log, some, upto):
            yield center, status_digest(state), is_row_of(rows.get(center), state)


def status_document(connection: Connection, log: str, center: str, upto: int) -> bytes:
    """What was published of a center after its entries up to a position."""
    from projections.published import published_status

    ((_, state),) = _states(connection, log, [center], upto)
    return published_status(state)


def _states(
    connection: Connection, log: str, centers: Sequence[str], upto: int | None
) -> Iterator[tuple[str, CenterState]]:
    from itertools import starmap

    from ledger.readings import rows_of_centers
    from ledger.upcasting import recorded_of
    from projections.fold import fold

    for center, rows in rows_of_centers(connection, log, centers, upto=upto):
        yield center, fold(center, list(starmap(recorded_of, rows)))


def _unsealed(log: str, size: int | None = None) -> NotFoundError:
    if size is not None:
        return NotFoundError(
            "there is no checkpoint of {log} with {size} entries", log=log, size=size
        )
    return NotFoundError(
        "{log} has no checkpoint yet: `taizhang log checkpoint` makes one", log=log
    )
