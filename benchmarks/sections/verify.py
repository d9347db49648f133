"""A sealed ledger verified: everything recomputed from stored bytes, statuses, register and anchors
included, as `log verify` does, in this process and as commands; left to itself, it takes a process
for each processor from 100,000 entries on. Hashing alone reads the entries and hashes payloads,
leaves and nodes: nobody can be faster. ledgerchain keeps the same entries, at most 100,000, in a
chain of hashes with a checkpoint, and is compared by the time an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import orjson
import processes
from aims import AIMS
from bench import Bench
from measuring import Sample, Samples, spread
from places import Place
from processes import python
from report import Judged
from town_ledgers import LOG, TownLedger

from cli.desk import Desk
from cli.proofs import status_digests
from cli.verifying import Outside
from ledger import reading
from ledger.engine import read_transaction
from ledger.merkle import Frontier
from ledger.verify import verify

try:
    import ledgerchain
except ModuleNotFoundError:
    ledgerchain = None

_PEER = "ledgerchain"
_HASHING = "hashing alone"
_FULL = "log verify"
_ONE = "log verify, one process"
_TWO = "log verify, two processes"
_TREE = "entries and tree"
_TREE_TWO = "entries and tree, two processes"
_PEER_ENTRIES = 100_000


def measure(bench: Bench) -> None:
    """Every engine and size."""
    bench.report.section("Verify", __doc__)
    for place in bench.places:
        for size in bench.sizes:
            bench.say(f"{place.name}, verify of {size:,} entries")
            _measure_at(bench, place, size)


def _measure_at(bench: Bench, place: Place, size: int) -> None:
    ledger = bench.towns.at(place, size)
    desk = ledger.desk()
    works = _works(ledger, desk)
    counts = dict.fromkeys(works, size + 1)  # with the seal
    aims = {
        _FULL: [Judged("verify_hashing", _HASHING, slower=True)],
        _TWO: [Judged("verify_two", _ONE)],
        _TREE_TWO: [Judged("verify_tree_two", _TREE)],
    }
    chain = None
    if ledgerchain is not None:
        entries = min(_PEER_ENTRIES, size)
        chain = Chain(place, bench.towns.file(size), entries)
        works |= {_PEER: chain.verify, "ledgerchain verify, a command": chain.run}
        counts |= dict.fromkeys(works.keys() - counts.keys(), entries + 1)
        aims[_FULL].insert(0, Judged("verify_ledgerchain", _PEER))
    found = place.meter.alternate(works, rounds=bench.rounds_at(size), entries=counts)
    found = {
        name: [sample._replace(entries=counts[name]) for sample in samples]
        for name, samples in found.items()
    }
    bench.report.comparison(
        f"{size:,} entries", found, base=_ONE, engine=place.name, size=size, aims=aims
    )
    _judge_rate(bench, place, "verify_rate", found[_ONE], size)
    _judge_rate(bench, place, "verify_tree_rate", found[_TREE], size)
    _print_share(bench, place, desk)
    if chain is not None:
        chain.close()
    desk.close()


def _works(ledger: TownLedger, desk: Desk) -> dict[str, Callable[[], object]]:
    engine = desk.engine
    return {
        _HASHING: lambda: hash_all(desk),
        _FULL: lambda: _sound(desk.verify()),
        _ONE: lambda: _sound(desk.verify(outside=Outside(jobs=1))),
        _TWO: lambda: _sound(desk.verify(outside=Outside(jobs=2))),
        _TREE: lambda: _sound(verify(engine)),
        _TREE_TWO: lambda: _sound(verify(engine, jobs=2)),
        "entries, tree, published statuses": lambda: _sound(
            verify(engine, statuses=status_digests)
        ),
        "quick": lambda: _sound(verify(engine, quick=True)),
        "taizhang log verify --jobs 1": lambda: _command(ledger, 1),
        "taizhang log verify --jobs 2": lambda: _command(ledger, 2),
    }


def _command(ledger: TownLedger, jobs: int) -> Sample:
    return ledger.run("log", "verify", "--jobs", str(jobs)).sample(ledger.size)


def _judge_rate(bench: Bench, place: Place, aim: str, samples: Samples, size: int) -> None:
    rate = spread([sample.entries / sample.wall for sample in samples]).middle
    by_cpu = spread([sample.entries / sample.cpu for sample in samples]).middle
    verdict = bench.report.judge(aim, rate, size=size, engine=place.name, by_cpu=by_cpu)
    bench.report.text(
        f"{AIMS[aim].work}: {rate:,.0f} entries a second ({by_cpu:,.0f} a second of the "
        f"processor), {verdict}."
    )


def _print_share(bench: Bench, place: Place, desk: Desk) -> None:
    """What a second process is good for, which a busy machine cannot show."""
    one = sum(_seconds(lambda: desk.verify(outside=Outside(jobs=1))))
    busiest = max(_seconds(lambda: desk.verify(outside=Outside(jobs=2))))
    bench.report.text(
        f"Of two processes the busier one needs {busiest:.2f} s of the processor, one process "
        f"alone {one:.2f} s: on two idle processors {one / busiest:.2f} × at best, "
        f"the server's work aside."
    )


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Of the processor, here and in processes started and ended meanwhile."""
    before = [_used(RUSAGE_SELF), _used(RUSAGE_CHILDREN)]
    work()
    return _used(RUSAGE_SELF) - before[0], _used(RUSAGE_CHILDREN) - before[1]


def _used(whose: int) -> float:
    used = getrusage(whose)
    return used.ru_utime + used.ru_stime


def _sound(found: object) -> object:
    assert found.problems == ()  # type: ignore[attr-defined]  # a Verification
    return None


def hash_all(desk: Desk) -> None:
    """Read every entry; hash payload, leaf and nodes."""
    tree = Frontier()
    with read_transaction(desk.engine) as connection:
        for row in reading.read_log(connection, LOG):
            sha256(row.payload).digest()
            tree.append(sha256(b"\x00" + row.leaf).digest())


class Chain:
    """ledgerchain's ledger of the first entries of a file, with a checkpoint over all of them.

    The rows are by its own hashes, without its writer's flush after each one.
    """

    def __init__(self, place: Place, file: Path, entries: int) -> None:
        from ledgerchain.models import DecisionLedgerEntry, LedgerHead
        from sqlalchemy import create_engine, insert, select, update
        from sqlalchemy.orm import Session

        self._place, self._url, self._entries = place, place.fresh(), entries
        self._engine = create_engine(self._url)
        ledgerchain.create_all(self._engine)
        with file.open("rb") as lines, Session(self._engine) as session:
            ledgerchain.LedgerWriter.append(
                session, event_type="first", payload={}, actor={"kind": "office"}, tenant_id=LOG
            )
            session.commit()
            head = session.scalars(select(LedgerHead)).one()
            before, seq = head.last_hash, head.last_seq
            rows = _chained(islice(lines, entries), before, seq)
            while some := list(islice(rows, 5_000)):
                session.execute(insert(DecisionLedgerEntry), some)
                before, seq = some[-1]["entry_hash"], some[-1]["seq"]
            session.execute(update(LedgerHead).values(last_seq=seq, last_hash=before))
            session.commit()
            ledgerchain.build_checkpoint(session)
            session.commit()

    def verify(self) -> None:
        """Verify the chain, in a new session."""
        from sqlalchemy.orm import Session

        with Session(self._engine) as session:
            found = ledgerchain.verify_chain(session)
        assert found.valid, found
        assert found.checked_entries >= self._entries, found

    def run(self) -> Sample:
        """The same as a command."""
        command = python("-m", "ledgerchain", "verify", "--database-url", self._url)
        return processes.run(command, meter=self._place.meter).sample(self._entries)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()
        self._place.remove(self._url)


def _chained(lines: Iterator[bytes], before: str, seq: int) -> Iterator[dict[str, Any]]:
    from ledgerchain.canonical import sha256_hex

    start = datetime(2026, 1, 1, tzinfo=UTC)
    for line in lines:
        seq += 1
        entry = orjson.loads(line)
        row = {
            "seq": seq,
            "tenant_id": LOG,
            "ts": start + timedelta(milliseconds=seq),
            "event_type": entry["type"],
            "actor": {"kind": "office"},
            "payload": entry,
            "payload_sha256": sha256_hex(entry),
            "prev_hash": before,
        }
        hashed = ("prev_hash", "payload_sha256", "seq", "event_type", "ts", "tenant_id")
        before = ledgerchain.compute_entry_hash(**{name: row[name] for name in hashed})
        yield {**row, "entry_hash": before}
