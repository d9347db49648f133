"""The program: which sections, engines and sizes; what all sections are handed."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import machine
from places import Place, open_place
from report import Report
from town_ledgers import TownLedgers

from ledger.garbage import collect_rarely

__all__ = ["Bench", "main"]

SECTIONS = (
    "append",
    "commit",
    "sharing",
    "writers",
    "record",
    "rebuild",
    "verify",
    "answers",
    "startup",
    "memory",
    "proofs",
    "seal",
    "evidence",
)
"""In this order; each is a file of the folder `sections` with a function `measure`."""

ABOUT = """How fast taizhang is, beside what else could be used. `make bench-peers` installs what
it is compared with and `make bench` measures; this page is what `benchmarks/run {given}` wrote.

Compare ratios: figures of one table come from one run, in which all took turns, and move together
with whatever else the machine does. Medians are shown, with the least and the greatest in brackets.
Where a machine is shared, processor time says more than the wall; verdicts go by the wall. Python
looks for garbage as seldom as in every command of taizhang, for the peers too.
"""

SIZES = (10_000, 100_000)
ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Bench:
    """What every section is handed."""

    places: Sequence[Place]
    sizes: Sequence[int]
    rounds: int
    centers: int
    folder: Path
    peers: Path | None
    report: Report
    towns: TownLedgers

    def rounds_at(self, size: int) -> int:
        """Fewer where one takes minutes."""
        return self.rounds if size < 1_000_000 else 1

    def say(self, text: str) -> None:
        """Tell whoever waits what is being done."""
        print(f"… {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sections asked for and print what was found."""
    options = _parser().parse_args(arguments)
    collect_rarely()  # as every command does; for the peers too
    chosen = [name for name in SECTIONS if name in (options.sections or SECTIONS)]
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="taizhang-bench-", dir=options.folder)
        folder = Path(stack.enter_context(made))
        places, notices = _places(options, folder, stack)
        about = ABOUT.format(given=_given(options)) + "\n" + machine.describe(folder, places)
        report = Report("Benchmarks", about, file=options.output, write=_write)
        for notice in [*notices, *_missing(options.peers)]:
            report.text(f"Note: {notice}")
        bench = Bench(
            places=places,
            sizes=sorted(options.sizes),
            rounds=options.rounds,
            centers=options.centers,
            folder=folder,
            peers=options.peers,
            report=report,
            towns=stack.enter_context(TownLedgers(folder)),
        )
        for name in chosen:
            bench.say(name)
            _section(name).measure(bench)
        report.close(f"Load after: {machine.busy()}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    add = parser.add_argument
    listed = ", ".join(SECTIONS)
    add("sections", nargs="*", metavar="SECTION", type=_known, help=f"default all: {listed}")
    add("--sizes", type=int, nargs="+", default=SIZES, metavar="N", help="entries of a ledger")
    add("--engine", nargs="+", choices=ENGINES, default=ENGINES, help="default both")
    add("--rounds", type=int, default=3, help="medians of so many; one from 1,000,000 entries on")
    add("--centers", type=int, default=30_000, help="of the sections seal and evidence")
    add("--output", type=Path, metavar="FILE", help="keep the result as Markdown")
    add("--folder", type=Path, metavar="DIR", help="where files go; default a temporary folder")
    add("--postgres", metavar="URL", help="a server to use instead of starting one")
    add("--peers", type=Path, metavar="DIR", help="the environment that `make bench-peers` made")
    return parser


def _given(options: argparse.Namespace) -> str:
    """What was asked for, without what is a matter of this machine."""
    sizes = " ".join(map(str, options.sizes))
    more = f"--sizes {sizes} --rounds {options.rounds} --centers {options.centers}"
    return " ".join([*options.sections, more])


def _known(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(f"there is no {name!r}; choose from {', '.join(SECTIONS)}")
    return name


def _section(name: str) -> ModuleType:
    return importlib.import_module(f"sections.{name}")


def _places(
    options: argparse.Namespace, folder: Path, stack: ExitStack
) -> tuple[list[Place], list[str]]:
    opened = [
        stack.enter_context(open_place(key, folder, postgres=options.postgres))
        for key in options.engine
    ]
    places = [one for one in opened if isinstance(one, Place)]
    return places, [one for one in opened if isinstance(one, str)]


def _missing(peers: Path | None) -> list[str]:
    found = [
        f"{name} is not installed and left out (`make bench-peers`)"
        for name in ("ledgerchain", "pymerkle")
        if importlib.util.find_spec(name) is None
    ]
    if peers is None:
        found.append("eventsourcing-sqlalchemy is left out (`make bench-peers`, then `--peers`)")
    return found


def _write(text: str) -> None:
    print(text, end="", flush=True)
