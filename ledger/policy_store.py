"""Regulation files, stored in the ledger by hash, so that a ruling's edition can always be read
again."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Engine, insert, select

from ledger.engine import lock_ledger, read_transaction, write_transaction
from ledger.errors import ConflictError, IntegrityFailure
from ledger.schema import editions

__all__ = ["add_edition", "keep_editions", "stored_editions"]


def add_edition(engine: Engine, edition: str, data: bytes) -> bool:
    """Store a regulation file under its edition; False where the same file is there already.

    Raises ConflictError for an edition that is stored with another content: what acts were ruled by
    never changes.
    """
    digest = sha256(data).hexdigest()
    with write_transaction(engine) as connection:
        lock_ledger(connection)
        wanted = select(editions.c.sha256).where(editions.c.edition == edition)
        known = sorted(connection.scalars(wanted))
        if digest in known:
            return False
        if known:
            raise ConflictError(
                "the edition {edition} is stored with another content ({known}); a changed "
                "regulation is a new edition, under a name of its own",
                edition=edition,
                known=known[0],
            )
        connection.execute(insert(editions).values(edition=edition, sha256=digest, content=data))
    return True


def stored_editions(engine: Engine, *, without: Iterable[str] = ()) -> list[tuple[str, bytes]]:
    """Edition and bytes of every stored regulation file but those named, sorted by edition; raises
    IntegrityFailure for one that is not what its hash names."""
    wanted = select(editions.c.edition, editions.c.sha256, editions.c.content).where(
        editions.c.edition.not_in(list(without))
    )
    with read_transaction(engine) as connection:
        found = connection.execute(wanted).all()
    for edition, digest, content in found:
        if not (
            edition.__class__ is str
            and content.__class__ is bytes
            and sha256(content).hexdigest() == digest
        ):
            raise IntegrityFailure(
                "the regulation {edition} is not what its hash names: run `taizhang log verify`",
                edition=str(edition),
            )
    return sorted((edition, content) for edition, _, content in found)


def keep_editions(engine: Engine, files: Iterable[tuple[str, bytes]]) -> None:
    """Store each regulation file under its edition and hash; what is there already stays."""
    ready = [(edition, sha256(data).hexdigest(), data) for edition, data in files]
    with read_transaction(engine) as connection:
        known = {
            (row.edition, row.sha256)
            for row in connection.execute(select(editions.c.edition, editions.c.sha256))
        }
    missing = [item for item in ready if item[:2] not in known]
    if not missing:
        return
    with write_transaction(engine) as connection:
        lock_ledger(connection)
        known = {
            (row.edition, row.sha256)
            for row in connection.execute(select(editions.c.edition, editions.c.sha256))
        }
        for edition, digest, data in missing:
            if (edition, digest) not in known:
                connection.execute(
                    insert(editions).values(edition=edition, sha256=digest, content=data)
                )
