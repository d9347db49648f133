"""Where a log that was moved is in force, as it is remembered outside the databases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["Move", "allowed_places", "place_of"]


_WHO = {"user", "password", "passfile", "sslpassword"}
"""What libpq also takes behind the question mark."""


class Move(NamedTuple):
    """The place where a log is in force, and those it left."""

    place: str
    left: frozenset[str]


def place_of(engine: Engine) -> str:
    """The URL of a ledger, as a copy of a log names it: without user and password."""
    from sqlalchemy import URL

    url, database = engine.url, engine.url.database
    if engine.dialect.name == "sqlite" and database and not url.query:
        database = str(Path(database).resolve())
    query = {name: value for name, value in url.query.items() if name not in _WHO}
    named = URL.create(url.drivername, None, None, url.host, url.port, database, query)
    return named.render_as_string()


def allowed_places(moves: Mapping[str, Move], here: str) -> dict[str, tuple[str | None, ...]]:
    """What the head of each moved log may say at a place; a server has more than one name, so only
    at a place the log is known to have left must it be closed."""
    return {
        log: (move.place,) if here in move.left else (move.place, None)
        for log, move in moves.items()
    }
