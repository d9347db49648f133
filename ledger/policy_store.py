"""Regulation files, stored in the ledger by hash, so that a ruling's edition can always be read
again."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import Engine, insert, select

from ledger.engine import read_transaction, write_transaction
from ledger.schema import editions

__all__ = ["keep_editions", "stored_edition"]


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
        known = {
            (row.edition, row.sha256)
            for row in connection.execute(select(editions.c.edition, editions.c.sha256))
        }
        for edition, digest, data in missing:
            if (edition, digest) not in known:
                connection.execute(
                    insert(editions).values(edition=edition, sha256=digest, content=data)
                )


def stored_edition(engine: Engine, edition: str, digest: str) -> bytes | None:
    """The bytes of an edition file with that hash, if the ledger holds it."""
    with read_transaction(engine) as connection:
        wanted = select(editions.c.content).where(
            editions.c.edition == edition, editions.c.sha256 == digest
        )
        return connection.scalars(wanted).first()
