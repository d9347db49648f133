"""What a proof costs: from tiles in SQL, beside pymerkle on its own tree in SQLite over entries of
like length. *Cold* is the first proof on a new connection with nothing cached in the process (the
system's page cache stays warm), *warm* the proofs after it on the same reader. Medians in
milliseconds; stores take turns, question by question.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from statistics import median
from typing import Any

from bench import Bench
from measuring import Meter, Sample
from places import Place, SqlitePlace
from sqlalchemy.engine import make_url
from stores import NOW

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.merkle import prove_consistency, prove_inclusion, root_of
from ledger.recorder import Draft, LogWriter
from ledger.tile_reader import tile_reader

try:
    import pymerkle
except ModuleNotFoundError:
    pymerkle = None

QUESTIONS = ("inclusion", "root", "consistency")
_WARM = 100
_CHUNK = 5_000

Ask = Callable[[str, int], object]
"""Answers a question about a place: a leaf, or an older size."""


class Tiles:
    """The ledger: entries with leaf, heads and tiles."""

    name = "taizhang, SQL tiles"
    cold_rounds = 15

    def __init__(self, place: Place, size: int) -> None:
        self.place, self.url, self.size = place, place.fresh(), size
        engine = open_engine(self.url, create=True)
        with write_transaction(engine) as connection, LogWriter(connection, "beijing") as writer:
            entries = _drafts(size)
            while some := list(islice(entries, _CHUNK)):
                writer.append(some, recorded_at=NOW)
        engine.dispose()

    @contextmanager
    def opened(self) -> Iterator[Ask]:
        """A new connection with nothing cached."""
        engine = open_engine(self.url)
        with read_transaction(engine) as connection:
            read, size = tile_reader(connection, "beijing", size=self.size), self.size
            answers: dict[str, Callable[[int], object]] = {
                "inclusion": lambda place: prove_inclusion(read, index=place, size=size),
                "root": lambda _: root_of(read, size=size),
                "consistency": lambda place: prove_consistency(
                    read, old_size=place + 1, new_size=size
                ),
            }
            yield lambda question, place: answers[question](place)
        engine.dispose()


class Pymerkle:
    """pymerkle's tree in SQLite, over entries of the same length as our leaf texts."""

    name = "pymerkle, SqliteTree"
    cold_rounds = 3

    def __init__(self, place: Place, size: int) -> None:
        self.place, self.url, self.size = place, place.fresh(), size
        self.path = make_url(self.url).database
        tree = pymerkle.SqliteTree(self.path)
        for start in range(0, size, _CHUNK):
            tree.append_entries([b"%0380d" % n for n in range(start, min(start + _CHUNK, size))])
        tree.close()

    @contextmanager
    def opened(self) -> Iterator[Ask]:
        """A new connection with nothing cached; its first leaf has the index 1."""
        tree = pymerkle.SqliteTree(self.path)
        size = self.size
        answers: dict[str, Callable[[int], object]] = {
            "inclusion": lambda place: tree.prove_inclusion(place + 1, size),
            "root": lambda _: tree.get_root(size),
            "consistency": lambda place: tree.prove_consistency(place + 1, size),
        }
        yield lambda question, place: answers[question](place)
        tree.close()


def measure(bench: Bench) -> None:
    """Every engine and size; pymerkle stands beside all of them."""
    bench.report.section("Proofs", __doc__)
    for place in bench.places:
        for size in bench.sizes:
            _measure_at(bench, place, size)


def _measure_at(bench: Bench, place: Place, size: int) -> None:
    bench.say(f"{place.name}, proofs from {size:,} entries")
    chosen = random.Random(1)
    places = [chosen.randrange(size) for _ in range(_WARM)]
    stores: list[Any] = [Tiles(place, size)]
    if pymerkle is not None:
        stores.append(Pymerkle(SqlitePlace(bench.folder / "pymerkle"), size))
    columns = [(how, question) for how in (cold, warm) for question in QUESTIONS]
    found: dict[str, list[Sample]] = {store.name: [] for store in stores}
    for number, (how, question) in enumerate(columns):
        for store in stores[:: -1 if number % 2 else 1]:
            found[store.name].append(how(store, question, places))
    ours = found[Tiles.name]
    bench.report.table(
        [
            f"{place.name}, {size:,} entries: milliseconds (× ours)",
            *(f"{how.__name__} {question}" for how, question in columns),
        ],
        [
            [name, *(_cell(one, our) for one, our in zip(samples, ours, strict=True))]
            for name, samples in found.items()
        ],
    )
    wall, cpu = 1000 * ours[0].wall, 1000 * ours[0].cpu
    said = bench.report.judge("proof", wall, size=size, engine=place.name, by_cpu=cpu)
    bench.report.text(
        f"A cold inclusion proof takes {wall:.2f} ms ({cpu:.2f} ms of the processor), {said}."
    )
    for store in stores:
        store.place.remove(store.url)


def _cell(sample: Sample, ours: Sample) -> str:
    return f"{1000 * sample.wall:,.2f} ({sample.wall / ours.wall:,.1f})"


def cold(store: Any, question: str, places: Sequence[int]) -> Sample:
    """The median of the first answer on a new connection."""
    found = []
    for place in places[: store.cold_rounds]:
        with store.opened() as ask:
            found.append(_timed(store, ask, question, place))
    return _middle(found)


def warm(store: Any, question: str, places: Sequence[int]) -> Sample:
    """The median of the answers after a first one."""
    with store.opened() as ask:
        ask(question, places[0])
        return _middle([_timed(store, ask, question, place) for place in places])


def _timed(store: Any, ask: Ask, question: str, place: int) -> Sample:
    meter: Meter = store.place.meter
    return meter.time(lambda: ask(question, place))


def _middle(samples: Sequence[Sample]) -> Sample:
    return Sample(median(s.wall for s in samples), median(s.cpu for s in samples))


def _drafts(size: int) -> Iterator[Draft]:
    for number in range(size):
        yield Draft(f"beijing/id:c{number % 5_000}", None, "X/1", "2023-06-30", b"%0360d" % number)
