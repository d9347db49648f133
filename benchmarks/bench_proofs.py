"""What a proof costs: from tiles in SQL, beside pymerkle on its own SQLite tree.

    pip install -e '.[bench]'
    python benchmarks/bench_proofs.py --entries 100000 1000000

Both hold as many entries of like length, in files of one folder. *Cold* is the first proof on a new
connection with nothing cached in the process (the system's page cache stays warm), *warm* the
proofs after it on the same reader. Medians, in milliseconds; figures move by a third, so compare
the ratios. Without pymerkle (GPL, for comparison only, never part of the product) ours are shown
alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.merkle import prove_consistency, prove_inclusion, root_of
from ledger.recorder import Draft, LogWriter
from ledger.tile_reader import tile_reader

try:
    import pymerkle
except ModuleNotFoundError:
    pymerkle = None

NOW = "2026-11-23T08:31:27.123456Z"
QUESTIONS = ("inclusion", "root", "consistency")
_WARM = 100

Ask = Callable[[str, int], object]
"""Answers a question about a place: a leaf, or an older size."""


class Tiles:
    """The ledger: entries with leaf, heads and tiles."""

    name = "taizhang, SQL tiles"
    cold_rounds = 15

    def __init__(self, folder: Path, size: int) -> None:
        self.url = f"sqlite:///{folder}/ledger.db"
        self.size = size
        engine = open_engine(self.url, create=True)
        with write_transaction(engine) as connection, LogWriter(connection, "beijing") as writer:
            for start in range(0, size, 5_000):
                writer.append(list(_drafts(start, min(start + 5_000, size))), recorded_at=NOW)
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

    name = "pymerkle"
    cold_rounds = 3

    def __init__(self, folder: Path, size: int) -> None:
        self.path = str(folder / "pymerkle.db")
        tree = pymerkle.SqliteTree(self.path)
        for start in range(0, size, 5_000):
            tree.append_entries([b"%0380d" % n for n in range(start, min(start + 5_000, size))])
        tree.close()
        self.size = size

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


def _drafts(start: int, stop: int) -> Iterator[Draft]:
    for number in range(start, stop):
        yield Draft(f"beijing/id:c{number % 5_000}", None, "X/1", "2023-06-30", b"%0360d" % number)


def cold(store: Any, question: str, places: Sequence[int]) -> float:
    """The median of the first answer on a new connection."""
    found = []
    for place in places[: store.cold_rounds]:
        with store.opened() as ask:
            found.append(_timed(ask, question, place))
    return median(found)


def warm(store: Any, question: str, places: Sequence[int]) -> float:
    """The median of the answers after a first one."""
    with store.opened() as ask:
        ask(question, places[0])
        return median(_timed(ask, question, place) for place in places[:_WARM])


def _timed(ask: Ask, question: str, place: int) -> float:
    start = perf_counter()
    ask(question, place)
    return 1000 * (perf_counter() - start)


def measure(size: int, folder: Path) -> None:
    """Print the table for one size."""
    chosen = random.Random(1)
    places = [chosen.randrange(size) for _ in range(_WARM)]
    kinds = [Tiles] + ([Pymerkle] if pymerkle else [])
    stores: list[Any] = []
    for kind in kinds:
        start = perf_counter()
        stores.append(kind(folder, size))
        print(f"{kind.name}: {size / (perf_counter() - start):,.0f} entries a second appended")
    columns = [(how, question) for how in (cold, warm) for question in QUESTIONS]
    print("\n| " + f"{size:,} entries | ", end="")
    print(" | ".join(f"{how.__name__} {question}" for how, question in columns) + " |")
    print("|---|" + "---:|" * len(columns))
    ours = [how(stores[0], question, places) for how, question in columns]
    _print_row(stores[0].name, ours, ours)
    for store in stores[1:]:
        _print_row(store.name, [how(store, question, places) for how, question in columns], ours)
    print()


def _print_row(name: str, found: Sequence[float], ours: Sequence[float]) -> None:
    cells = [f"{value:,.2f} ({value / our:,.1f})" for value, our in zip(found, ours, strict=True)]
    print(f"| {name} | " + " | ".join(cells) + " |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table for each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, nargs="+", default=[100_000], help="sizes of trees")
    parser.add_argument("--folder", type=Path, help="where the files go; default a temporary one")
    options = parser.parse_args(arguments)
    print(f"Python {sys.version.split()[0]}; milliseconds, in brackets the ratio to ours")
    if pymerkle is None:
        print("pymerkle is not installed (pip install -e '.[bench]'): ours alone")
    for size in options.entries:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            measure(size, Path(name))


if __name__ == "__main__":
    main()
