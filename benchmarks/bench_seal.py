"""How long a seal takes: the first one of many centers, and one after a day's work.

    python benchmarks/bench_seal.py [--centers 30000] [--entries 5]

Prints the time of each, and as a peer, in the same run, the time to read and hash the entries.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from cli.proofs import status_digests
from ledger import reading
from ledger.anchor import Anchors
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.note import Signer
from ledger.recorder import Draft, LogWriter
from ledger.sealing import seal_log

AT = "2026-11-23T08:00:00.000000Z"
SIGNER = Signer.from_seed("bench.example/taizhang", bytes(32))


def main() -> None:
    """Record, seal, record a little more, seal again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--centers", type=int, default=30_000)
    parser.add_argument("--entries", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/ledger.db", create=True)
        anchors = Anchors(Path(folder) / "trust")
        _record(engine, given.centers, given.entries)
        hashing = _timed(lambda: _hash_all(engine))
        first = _timed(lambda: _seal(engine, anchors))
        _record(engine, 300, 1)
        second = _timed(lambda: _seal(engine, anchors))
        size = given.centers * given.entries
        print(f"{given.centers} centers, {size} entries")
        print(f"read and hash all entries      {hashing:8.3f} s  1.00")
        print(f"first seal, every status folded {first:7.3f} s  {first / hashing:.2f}")
        print(f"seal after 300 more entries    {second:8.3f} s  {second / hashing:.2f}")
        engine.dispose()


def _record(engine: Engine, centers: int, entries: int) -> None:
    with write_transaction(engine) as connection, LogWriter(connection, "xian") as writer:
        for _ in range(entries):
            drafts = list(_drafts(centers))
            for start in range(0, centers, 1000):
                writer.append(drafts[start : start + 1000], recorded_at=AT)


def _drafts(centers: int) -> Iterator[Draft]:
    for number in range(centers):
        center = f"xian/id:c{number}"
        payload = (
            f'{{"entry":{{"center":"{center}","on":"2026-11-01","type":"WithdrawalRequested"}}}}'
        )
        yield Draft(center, None, "WithdrawalRequested/1", "2026-11-01", payload.encode())


def _hash_all(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        for row in reading.read_log(connection, "xian"):
            sha256(b"\x00" + row.payload).digest()


def _seal(engine: Engine, anchors: Anchors) -> None:
    made = seal_log(
        engine,
        "xian",
        signers=[SIGNER],
        keys=[SIGNER.key],
        anchors=anchors,
        statuses=status_digests,
        clock=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC),
    )
    assert made.is_new


def _timed(work: object) -> float:
    started = perf_counter()
    work()  # type: ignore[operator]  # a plain call
    return perf_counter() - started


if __name__ == "__main__":
    main()
