"""A seal of many centers: the first one, which folds every status, and one after a day's work. As a
peer the time to read and hash the entries. Five entries a center.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

from aims import shown
from bench import Bench
from measuring import Sample
from places import Place
from sqlalchemy import Engine

from cli.proofs import status_digests
from ledger import reading
from ledger.anchor import Anchors
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.note import Signer
from ledger.recorder import Draft, LogWriter
from ledger.sealing import seal_log

AT = "2026-11-23T08:00:00.000000Z"
ENTRIES = 5
A_DAY = 300
_HASHING = "read and hash all entries"
_FIRST = "first seal"
_LATER = f"seal after {A_DAY} more entries"
SIGNER = Signer.from_seed("bench.example/taizhang", bytes(32))


def measure(bench: Bench) -> None:
    """Every engine."""
    bench.report.section("Seal", __doc__)
    for place in bench.places:
        bench.say(f"{place.name}, seals of {bench.centers:,} centers")
        _measure_on(bench, place)


def _measure_on(bench: Bench, place: Place) -> None:
    url = place.fresh()
    engine = open_engine(url, create=True)
    anchors = Anchors(bench.folder / f"anchors-{place.key}")
    for _ in range(ENTRIES):
        record(engine, bench.centers)
    first = place.meter.time(lambda: _seal(engine, anchors))
    found: dict[str, list[Sample]] = {_HASHING: [], _FIRST: [first], _LATER: []}
    for _ in range(bench.rounds):
        found[_HASHING].append(place.meter.time(lambda: _hash_all(engine)))
        record(engine, A_DAY)
        found[_LATER].append(place.meter.time(lambda: _seal(engine, anchors)))
    engine.dispose()
    place.remove(url)
    _print(bench, place, found)


def _print(bench: Bench, place: Place, found: dict[str, list[Sample]]) -> None:
    middles = {name: sorted(samples)[len(samples) // 2] for name, samples in found.items()}
    hashing = middles[_HASHING]
    rows = []
    for name, sample in middles.items():
        said = ""
        if name == _LATER:
            said = bench.report.judge(
                "seal", sample.wall, size=bench.centers, engine=place.name, by_cpu=sample.cpu
            )
        rows.append(
            [
                name,
                f"{sample.wall / hashing.wall:.2f}",
                shown(sample.wall, "s"),
                shown(sample.cpu, "s"),
                said,
            ]
        )
    title = f"{place.name}, {bench.centers:,} centers, {bench.centers * ENTRIES:,} entries"
    bench.report.table([title, "time, × hashing", "wall", "processor", "aim"], rows, texts=1)


def record(engine: Engine, centers: int) -> None:
    """One more entry of each of the first so many centers."""
    drafts = list(_drafts(centers))
    with write_transaction(engine) as connection, LogWriter(connection, "xian") as writer:
        for start in range(0, centers, 1000):
            writer.append(drafts[start : start + 1000], recorded_at=AT)


def _drafts(centers: int) -> Iterator[Draft]:
    for number in range(centers):
        yield draft(f"xian/id:c{number}")


def draft(center: str) -> Draft:
    """A short entry of a center."""
    payload = f'{{"entry":{{"center":"{center}","on":"2026-11-01","type":"WithdrawalRequested"}}}}'
    return Draft(center, None, "WithdrawalRequested/1", "2026-11-01", payload.encode())


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
