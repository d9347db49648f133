"""Entries, keys, vault and register: the tables of the first ledgers.

Nothing makes them any more; a new ledger is made at the newest schema.
"""

from __future__ import annotations

revision = "1"
down_revision = None


def upgrade() -> None:
    """Never called: a ledger of an older schema than the first there is not."""
    raise AssertionError("no ledger is older than schema 1")
