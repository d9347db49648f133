"""A sealed ledger verified in this process: everything recomputed from stored bytes, statuses,
register and anchors included, as `log verify` does. Hashing alone reads the entries and hashes
payloads, leaves and nodes: nobody can be faster. ledgerchain verifies fewer entries, with the same
payloads, and is compared by the time an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from pathlib import Path

import orjson
from bench import Bench
from measuring import Samples, ratio
from places import Place
from report import Judged
from town_ledgers import LOG, TownLedger

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
_TWO = "log verify, two processes"
_PEER_ENTRIES = 10_000


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
    works: dict[str, Callable[[], object]] = {
        _HASHING: lambda: hash_all(ledger),
        _FULL: lambda: _sound(desk.verify()),
        _TWO: lambda: _sound(desk.verify(outside=Outside(jobs=2))),
        "entries and tree": lambda: _sound(verify(desk.engine)),
        "entries and tree, two processes": lambda: _sound(verify(desk.engine, jobs=2)),
        "entries, tree, published statuses": lambda: _sound(
            verify(desk.engine, statuses=status_digests)
        ),
        "quick": lambda: _sound(verify(desk.engine, quick=True)),
    }
    counts = dict.fromkeys(works, size + 1)  # with the seal
    aims = {
        _FULL: [Judged("verify_hashing", _HASHING, slower=True)],
        _TWO: [Judged("verify_two", _FULL)],
    }
    if ledgerchain is not None:
        counts[_PEER] = min(_PEER_ENTRIES, size)
        peer = Chain(place, bench.towns.file(size), counts[_PEER])
        works = {_PEER: peer.verify, **works}
        aims[_FULL].insert(0, Judged("verify_ledgerchain", _PEER))
    found = place.meter.alternate(works, rounds=bench.rounds_at(size), entries=counts)
    bench.report.comparison(
        f"{size:,} entries", found, base=_FULL, engine=place.name, size=size, aims=aims
    )
    _judge_rate(bench, place, found[_FULL], size)
    if ledgerchain is not None:
        peer.close()
    desk.close()


def _judge_rate(bench: Bench, place: Place, samples: Samples, size: int) -> None:
    rates = [sample.entries / sample.wall for sample in samples]
    rate, by_cpu = sorted(rates)[len(rates) // 2], None
    if all(sample.cpu for sample in samples):
        by_cpu = rate * ratio([s._replace(cpu=s.wall) for s in samples], samples, by="cpu").middle
    verdict = bench.report.judge("verify_rate", rate, size=size, engine=place.name, by_cpu=by_cpu)
    bench.report.text(f"log verify, {rate:,.0f} entries a second in one process, {verdict}.")


def _sound(found: object) -> object:
    assert found.problems == ()  # type: ignore[attr-defined]  # a Verification
    return None


def hash_all(ledger: TownLedger) -> None:
    """Read every entry; hash payload, leaf and nodes."""
    tree = Frontier()
    desk = ledger.desk()
    with read_transaction(desk.engine) as connection:
        for row in reading.read_log(connection, LOG):
            sha256(row.payload).digest()
            tree.append(sha256(b"\x00" + row.leaf).digest())
    desk.close()


class Chain:
    """ledgerchain's ledger of the first entries of a file, with a checkpoint over all of them."""

    def __init__(self, place: Place, file: Path, entries: int) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session

        self._place, self._url, self._entries = place, place.fresh(), entries
        self._engine = create_engine(self._url)
        ledgerchain.create_all(self._engine)
        with file.open("rb") as lines, Session(self._engine) as session:
            for number, line in enumerate(islice(lines, entries), start=1):
                entry = orjson.loads(line)
                ledgerchain.LedgerWriter.append(
                    session,
                    event_type=entry["type"],
                    payload=entry,
                    actor={"name": "office"},
                    tenant_id=LOG,
                    subject_uri=entry.get("center"),
                )
                if number % 1_000 == 0:
                    session.commit()
                    session.expunge_all()
            session.commit()

    def verify(self) -> None:
        """Verify the chain, in a new session."""
        from sqlalchemy.orm import Session

        with Session(self._engine) as session:
            found = ledgerchain.verify_chain(session)
        assert found.valid, found
        assert found.checked_entries >= self._entries, found

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()
        self._place.remove(self._url)
