"""How fast a ledger is verified: by one process, by two, and the share of each part.

    python benchmarks/bench_verify.py [--lines 200000]

Prints entries a second, and ratios to one process. Hashing alone is the limit nobody can pass:
the payload and the leaf of each entry, and a node for each leaf.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from hashlib import sha256
from time import perf_counter

import orjson
from town import town

from cli.desk import Desk
from cli.proofs import status_digests
from ledger import reading
from ledger.engine import read_transaction
from ledger.merkle import Frontier
from ledger.verify import verify


def main() -> None:
    """Record a town, seal it, and verify it in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(f"sqlite:///{folder}/ledger.db", create=True)
        desk.initialise()
        desk.record(orjson.dumps(entry) for entry in town(lines))
        desk.proofs.make_key(None, None)
        desk.proofs.checkpoint(["beijing"], None)
        one = _timed(lambda: verify(desk.engine))
        rows = {
            "hashing alone": _timed(lambda: _hash_all(desk)),
            "one process": one,
            "two processes": _timed(lambda: verify(desk.engine, jobs=2)),
            "quick": _timed(lambda: verify(desk.engine, quick=True)),
            "with published statuses": _timed(lambda: verify(desk.engine, statuses=status_digests)),
            "with statuses and register": _timed(desk.verify),
        }
        print(f"{lines} entries, one log, one seal")
        for name, seconds in rows.items():
            print(f"{name:28} {lines / seconds:12,.0f} entries/s  {one / seconds:5.2f}")
        desk.close()


def _timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    found = work()
    seconds = perf_counter() - started
    assert not getattr(found, "problems", ())
    return seconds


def _hash_all(desk: Desk) -> None:
    tree = Frontier()
    with read_transaction(desk.engine) as connection:
        for row in reading.read_log(connection, "beijing"):
            sha256(row.payload).digest()
            tree.append(sha256(b"\x00" + row.leaf).digest())


if __name__ == "__main__":
    main()
