"""How fast a ledger is verified: by one process, by two, beside hashing alone, and beside a peer.

    python benchmarks/bench_verify.py [--lines 200000] [--turns 3] [--no-peer]

Ratios come first, then the rows they are made of: the best of several turns, in which all come one
after the other. Whoever shares the machine with others looks at processor time, which is that of
all processes together; a busy machine cannot show what a second process is good for, and so the
time of the busier one of the two is given too.

Hashing alone is the limit nobody can pass: the payload and the leaf of each entry, and a node for
each leaf. The peer is ledgerchain (the extra `bench`), which keeps the same entries in a chain of
hashes; without it there is a notice instead.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Any

import orjson
from town import town

from cli.desk import Desk
from cli.proofs import status_digests
from cli.verifying import Outside
from ledger import reading
from ledger.engine import read_transaction
from ledger.merkle import Frontier
from ledger.verify import verify


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, of all processors, of the busiest process; MiB of the largest one."""

    seconds: float
    processor: float
    busiest: float
    mebibytes: int = 0

    def best(self, other: Cost | None) -> Cost:
        """The least of each; the most of memory."""
        if other is None:
            return self
        return Cost(
            min(self.seconds, other.seconds),
            min(self.processor, other.processor),
            min(self.busiest, other.busiest),
            max(self.mebibytes, other.mebibytes),
        )


_ONE, _TWO, _PEER = "command", "command, two processes", "ledgerchain's command"
RATIOS = (
    ("log alone: two processes, one process", "log alone", "log alone, two processes", 1.7),
    ("command: two processes, one process", _ONE, _TWO, 1.7),
    ("command, ledgerchain's", _PEER, _ONE, 5),
    ("command with two processes, ledgerchain's", _PEER, _TWO, 5),
    ("command, hashing alone", "hashing alone", _ONE, 1 / 3),
    ("command with two processes, hashing alone", "hashing alone", _TWO, 1 / 3),
)
"""How many times as fast the second row is as the first one, and what is aimed at."""


def main() -> None:
    """Record a town, seal it, and verify it in every way."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = _filled(Path(folder), options.lines)
        rows = _rows(desk)
        if options.no_peer or find_spec("ledgerchain") is None:
            print("ledgerchain is not installed or not wanted: no row of it (pip install .[bench])")
        else:
            rows |= _peer_rows(Path(folder), options.lines)
        costs: dict[str, Cost] = {}
        for _ in range(options.turns):
            for name, measure in rows.items():
                costs[name] = measure().best(costs.get(name))
        desk.close()
    _print(costs, options.lines)


def _rows(desk: Desk) -> dict[str, Callable[[], Cost]]:
    engine = desk.engine
    command = [sys.executable, "-m", "cli.main", "--ledger", desk.url, "log", "verify", "--json"]
    return {
        "hashing alone": lambda: _here(lambda: _hash_all(desk)),
        "log alone": lambda: _here(lambda: verify(engine)),
        "log alone, two processes": lambda: _here(lambda: verify(engine, jobs=2)),
        "quick": lambda: _here(lambda: verify(engine, quick=True)),
        "with published statuses": lambda: _here(lambda: verify(engine, statuses=status_digests)),
        "with statuses and register": lambda: _here(lambda: desk.verify(outside=Outside(jobs=1))),
        "command": lambda: _command([*command, "--jobs", "1"]),
        "command, two processes": lambda: _command([*command, "--jobs", "2"]),
    }


def _print(costs: dict[str, Cost], lines: int) -> None:
    print(f"{lines:,} entries, one log, one seal\n")
    print(f"{'how many times as fast':44}{'clock':>8}{'processor':>11}{'aim':>8}")
    for name, slow, fast, aim in RATIOS:
        if slow in costs and fast in costs:
            clock = costs[slow].seconds / costs[fast].seconds
            processor = costs[slow].processor / costs[fast].processor
            print(f"{name:44}{clock:8.2f}{processor:11.2f}{aim:8.2f}")
    one, two = costs["log alone"], costs["log alone, two processes"]
    possible = one.processor / two.busiest
    print(f"{'log alone on two idle processors, at best':44}{possible:8.2f}\n")
    print(f"{'':28}{'entries/s':>12}{'seconds':>9}{'processor':>11}{'busiest':>9}{'MiB':>6}")
    for name, cost in costs.items():
        print(
            f"{name:28}{lines / cost.seconds:12,.0f}{cost.seconds:9.2f}{cost.processor:11.2f}"
            f"{cost.busiest:9.2f}{cost.mebibytes or '':>6}"
        )


# --- measuring ------------------------------------------------------------------------------------


def _here(work: Callable[[], object]) -> Cost:
    own, others, started = _processor(RUSAGE_SELF), _processor(RUSAGE_CHILDREN), perf_counter()
    found = work()
    seconds = perf_counter() - started
    own, others = _processor(RUSAGE_SELF) - own, _processor(RUSAGE_CHILDREN) - others
    assert not getattr(found, "problems", ())
    return Cost(seconds, own + others, max(own, others))


# A small process between: a new one counts the memory of the one that made it as its own.
_BETWEEN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def _command(arguments: list[str]) -> Cost:
    between = [sys.executable, "-c", _BETWEEN, *arguments]
    started = perf_counter()
    said = subprocess.run(between, capture_output=True, text=True, check=True)  # noqa: S603  ours
    seconds = perf_counter() - started
    status, spent, kibibytes = said.stdout.split()
    assert status == "0", said.stderr
    return Cost(seconds, float(spent), float(spent), int(kibibytes) // 1024)


def _processor(whose: int) -> float:
    usage = getrusage(whose)
    return usage.ru_utime + usage.ru_stime


# --- what is measured -----------------------------------------------------------------------------


def _filled(folder: Path, lines: int) -> Desk:
    desk = Desk(f"sqlite:///{folder}/ledger.db", create=True)
    desk.initialise()
    desk.record(orjson.dumps(entry) for entry in town(lines))
    desk.proofs.make_key(None, None)
    desk.proofs.checkpoint(["beijing"], None)
    return desk


def _hash_all(desk: Desk) -> None:
    tree = Frontier()
    with read_transaction(desk.engine) as connection:
        for row in reading.read_log(connection, "beijing"):
            sha256(row.payload).digest()
            tree.append(sha256(b"\x00" + row.leaf).digest())


def _peer_rows(folder: Path, lines: int) -> dict[str, Callable[[], Cost]]:
    url = f"sqlite:///{folder}/peer.db"
    _fill_peer(url, lines)
    command = [sys.executable, "-m", "ledgerchain", "verify", "--database-url", url]
    return {"ledgerchain's command": lambda: _command(command)}


def _fill_peer(url: str, lines: int) -> None:
    """The same entries in the peer's tables, by its own hashes, without its writer's flush after
    each one, and its checkpoint."""
    import ledgerchain
    from ledgerchain.models import DecisionLedgerEntry, LedgerHead
    from ledgerchain.writer import GENESIS_PREV_HASH, compute_entry_hash
    from sqlalchemy import create_engine, insert, update
    from sqlalchemy.orm import sessionmaker

    engine = create_engine(url)
    ledgerchain.create_all(engine)
    session_of = sessionmaker(bind=engine)
    with session_of() as session:
        ledgerchain.LedgerWriter.append(
            session, event_type="first", payload={}, actor={"kind": "bench"}, tenant_id="t"
        )
        session.commit()
        head = session.query(LedgerHead).one()
        before, seq = head.last_hash, head.last_seq
        assert before != GENESIS_PREV_HASH
        rows = _peer_entries(town(lines), compute_entry_hash, before, seq)
        for some in _batches(rows, 5_000):
            session.execute(insert(DecisionLedgerEntry), some)
            before, seq = some[-1]["entry_hash"], some[-1]["seq"]
        session.execute(update(LedgerHead).values(last_seq=seq, last_hash=before))
        session.commit()
        ledgerchain.build_checkpoint(session)
        session.commit()
    engine.dispose()


def _peer_entries(
    entries: Iterable[dict[str, Any]], hashed: Callable[..., str], before: str, seq: int
) -> Iterator[dict[str, Any]]:
    from ledgerchain.canonical import sha256_hex

    start = datetime(2026, 1, 1, tzinfo=UTC)
    for entry in entries:
        seq += 1
        row = {
            "seq": seq,
            "tenant_id": "t",
            "ts": start + timedelta(milliseconds=seq),
            "event_type": entry["type"],
            "actor": {"kind": "bench"},
            "payload": entry,
            "payload_sha256": sha256_hex(entry),
            "prev_hash": before,
        }
        kept = ("prev_hash", "payload_sha256", "seq", "event_type", "ts", "tenant_id")
        before = row["entry_hash"] = hashed(**{name: row[name] for name in kept})
        yield row


def _batches(rows: Iterator[dict[str, Any]], length: int) -> Iterator[list[dict[str, Any]]]:
    from itertools import islice

    while some := list(islice(rows, length)):
        yield some


if __name__ == "__main__":
    main()
