"""Recording marks: entries the ledger writes about a log itself (`ledger.entries`)."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection

from ledger import canonical, reading
from ledger.clock import format_instant
from ledger.entries import SchemeEntry, stored_type
from ledger.recorder import Draft, LogWriter

__all__ = ["append_mark"]


def append_mark(connection: Connection, entry: SchemeEntry, *, now: datetime) -> tuple[int, bytes]:
    """Append a mark to the log of its scheme; returns size and root of the log with it.

    It is recorded now, and never before the entry it follows.
    """
    log, recorded = entry.scheme, format_instant(now)
    draft = Draft(
        stream=log,
        version=None,
        type=stored_type(type(entry)),
        effective=entry.on.isoformat(),
        payload=canonical.encode_trusted({"entry": msgspec.to_builtins(entry)}),
    )
    with LogWriter(connection, log) as writer:
        if writer.size:
            last = reading.read_entry(connection, log, writer.size - 1)
            recorded = max(recorded, last.recorded)
        writer.append([draft], recorded_at=recorded)
        return writer.size, writer.root
