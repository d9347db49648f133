"""eventsourcing-sqlalchemy as a process of an environment of its own (`make bench-peers`).

Reads questions as JSON lines, answers each with the seconds it took: {"append": rows} inserts in
one transaction, {"replay": size} reads everything.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import Environment
from eventsourcing_sqlalchemy.factory import SQLAlchemyFactory
from sqlalchemy import event


def main(url: str) -> None:
    """Answer until the input ends."""
    factory = SQLAlchemyFactory(Environment("bench", {"SQLALCHEMY_URL": url}))
    if url.startswith("sqlite"):
        event.listen(factory.datastore.engine, "connect", _settle)
    recorder = factory.application_recorder()
    for line in sys.stdin.buffer:
        question = orjson.loads(line)
        if "append" in question:
            events = [
                StoredEvent(uuid5(NAMESPACE_URL, stream), version, type_, payload.encode())
                for stream, version, type_, payload in question["append"]
            ]
            answer = _timed(lambda: recorder.insert_events(events))  # noqa: B023  called at once
        else:
            size = question["replay"]
            answer = _timed(lambda: _read(recorder, size))  # noqa: B023  called at once
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


def _settle(connection: Any, _record: Any) -> None:
    """The same settings as everyone's."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _read(recorder: Any, size: int) -> None:
    found = sum(len(recorder.select_notifications(s, 1000)) for s in range(1, size + 1, 1000))
    assert found == size, found


def _timed(work: Callable[[], object]) -> dict[str, float]:
    cpu, start = _cpu(), perf_counter()
    work()
    return {"wall": perf_counter() - start, "cpu": _cpu() - cpu}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(sys.argv[1])
