"""A verification put together from shares, as several processes make it, in one process.

So that every tampering test also asks whether shares would have hidden what it did.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine

from ledger import verify as verifying
from ledger.crew import crew_of
from ledger.engine import read_transaction
from ledger.verify import Verification, verify


def verified_twice(engine: Engine, **scope: Any) -> Verification:
    """What a verification finds, after shares of a few entries were seen to find nothing just
    where it finds nothing."""
    alone = verify(engine, **scope)
    together = _together(engine, **scope)
    if alone.problems:
        assert together is None, "shares hide it"
    else:
        assert together == alone, "shares see something else"
    return alone


def _together(engine: Engine, **scope: Any) -> Verification | None:
    """What shares give; None where everything would be checked once more."""
    fall_back = patch.object(verifying, "_verify_alone", lambda *_: None)
    one_process = patch.object(verifying, "crew_of", lambda connection, _: crew_of(connection, 1))
    with read_transaction(engine) as connection:
        sizes = [row[0] for row in connection.exec_driver_sql("SELECT count(*) FROM entries")]
    few = patch("ledger.hash_share.ENTRIES_AT_ONCE", max(4, sizes[0] // 10))
    with fall_back, one_process, few:
        return verify(engine, jobs=2, **scope)
