"""What the ruled recording is compared with: every line of a file an event of an aggregate, saved
through eventsourcing's Application on its native recorder. No rules, no hashes.

    python benchmarks/peers/save_application.py FILE '{"SQLITE_DBNAME": …}'
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

__all__ = ["Office", "save_all"]

CHUNK = 500
"""Lines a save: more than 1 MB of parameters in one save hangs on PostgreSQL for ever."""


class Stream(Aggregate):
    """What happened to one center, or in one round."""

    class Began(Aggregate.Created):
        """The first entry."""

        name: str
        entry: dict[str, Any]

    class Happened(Aggregate.Event):
        """Another one."""

        entry: dict[str, Any]

    @event(Began)
    def __init__(self, name: str, entry: dict[str, Any]) -> None:
        self.name = name
        self.last = entry["type"]

    @staticmethod
    def create_id(name: str) -> UUID:
        """The same name, the same id."""
        return uuid5(NAMESPACE_URL, name)

    @event(Happened)
    def happen(self, entry: dict[str, Any]) -> None:
        """Take one more entry."""
        self.last = entry["type"]


class Office(Application[UUID]):
    """The library's application, as it comes."""


def save_all(lines: Any, application: Office) -> int:
    """Save all lines; returns how many. Aggregates stay in memory, so that none is read again."""
    streams: dict[str, Stream] = {}
    saved = 0
    while some := list(islice(lines, CHUNK)):
        touched: dict[str, Stream] = {}
        for line in some:
            entry = orjson.loads(line)
            name = entry.get("center") or entry["round"]
            stream = streams.get(name)
            if stream is None:
                stream = streams[name] = Stream(name=name, entry=entry)
            else:
                stream.happen(entry=entry)
            touched[name] = stream
        application.save(*touched.values())
        saved += len(some)
    return saved


def main(file: str, environment: str) -> None:
    """Save a file."""
    with Path(file).open("rb") as lines, Office(env=json.loads(environment)) as application:
        print(save_all(lines, application))


if __name__ == "__main__":
    main(*sys.argv[1:])
