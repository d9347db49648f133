"""Two processes write and four verify, all the time, on each engine; then every word is checked.

    python benchmarks/hammer.py --seconds 30

A writer keeps what each receipt says, a reader every head it saw. At the end each head must be the
root of the entries it is over, every acknowledged entry must stand where its receipt says, and
positions must be dense; no verification on the way may have found anything. PostgreSQL is started
in a temporary folder where it is installed, or named with --url, as an empty database.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from cli.desk import Desk
from ledger import reading
from ledger.engine import open_engine, read_transaction
from ledger.merkle import Frontier
from ledger.schema import entries, keys
from ledger.verify import verify

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.postgres import NoPostgresError, Servers, find_programs

SCHEMES = ("beijing", "hechuan")


class Ack(NamedTuple):
    """What a receipt said: the key and position of an entry, and the head after it."""

    key: str
    log: str
    position: int
    size: int
    root: bytes


class Figures(NamedTuple):
    """What was done in how many seconds, and everything that went wrong."""

    seconds: float
    recorded: int
    write_milliseconds: Sequence[float]
    verified: int
    verified_entries: int
    heads: int
    problems: Sequence[str]


def hammer(url: str, trust: Path, seconds: float, *, writers: int = 2, readers: int = 4) -> Figures:
    """Hammer a new ledger; each writer records and each reader verifies at least once."""
    desk = Desk(url, create=True, trust=trust)
    desk.initialise()
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(writers + readers), context.Queue()
    started = [
        context.Process(target=_run, args=(work, number, url, trust, seconds, ready, answers))
        for work, count in ((_write, writers), (_read, readers))
        for number in range(count)
    ]
    for process in started:
        process.start()
    began = perf_counter()
    found = [answers.get(timeout=seconds + 300) for _ in started]
    for process in started:
        process.join()
    took = perf_counter() - began
    acks = [ack for one in found for ack in one.get("acks", ())]
    heads = {head for one in found for head in one.get("heads", ())}
    heads |= {(ack.log, ack.size, ack.root) for ack in acks}
    problems = [problem for one in found for problem in one["problems"]]
    problems += _contradictions(desk, acks, heads)
    desk.close()
    return Figures(
        seconds=took,
        recorded=len(acks),
        write_milliseconds=sorted(t for one in found for t in one.get("times", ())),
        verified=sum(one.get("verified", 0) for one in found),
        verified_entries=sum(one.get("entries", 0) for one in found),
        heads=len(heads),
        problems=problems,
    )


def _run(
    work: Any, number: int, url: str, trust: Path, seconds: float, ready: Any, answers: Any
) -> None:
    said: dict[str, Any] = {"problems": []}

    def begun() -> float:
        """Wait for the others; when to stop."""
        ready.wait(120)
        return perf_counter() + seconds

    try:
        work(said, number, url, trust, begun)
    except Exception as error:
        said["problems"].append(f"{work.__name__.strip('_')} {number}: {error!r}")
    answers.put(said)


def _write(
    said: dict[str, Any], number: int, url: str, trust: Path, begun: Callable[[], float]
) -> None:
    """Record one entry a commit, in both logs by turns."""
    said |= {"acks": [], "times": []}
    desk = Desk(url, trust=trust)
    desk.book.stream("hechuan", "hechuan")  # the regulations are read before the clock runs
    count, end = 0, begun()
    while not count or perf_counter() < end:
        log, key = SCHEMES[count % 2], f"w{number}-{count}"
        start = perf_counter()
        receipt = desk.record([_fact(log, f"w{number}-{count % 100}", key)])
        said["times"].append(1000 * (perf_counter() - start))
        ((_, position, _),) = receipt.runs()
        said["acks"].append(Ack(key, log, position, *receipt.logs[log]))
        count += 1
    desk.close()


def _read(
    said: dict[str, Any], number: int, url: str, trust: Path, begun: Callable[[], float]
) -> None:
    """Verify everything again and again; a log never shrinks, and has no hole in any snapshot."""
    said |= {"verified": 0, "entries": 0, "heads": set()}
    engine = open_engine(url)
    sizes: dict[str, int] = {}
    end = begun()
    while not said["verified"] or perf_counter() < end:
        found = verify(engine)
        said["problems"] += [f"reader {number}: {problem}" for problem in found.problems]
        said["verified"] += 1
        said["entries"] += sum(report.size for report in found.reports)
        with read_transaction(engine) as connection:
            for head in reading.logs(connection):
                said["heads"].add((head.log, head.size, head.root))
                wanted = select(entries.c.position).where(entries.c.log == head.log)
                positions = sorted(connection.scalars(wanted))
                if positions != [*range(head.size)]:
                    said["problems"].append(f"reader {number}: {head.log} is not dense")
                if head.size < sizes.get(head.log, 0):
                    said["problems"].append(f"reader {number}: {head.log} has shrunk")
                sizes[head.log] = head.size
    engine.dispose()


def _fact(log: str, center: str, key: str) -> bytes:
    return orjson.dumps(
        {
            "type": "FactEstablished",
            "on": "2022-02-02",
            "center": f"{log}/id:{center}",
            "fact": "penalty",
            "key": key,
        }
    )


def _contradictions(
    desk: Desk, acks: Sequence[Ack], heads: set[tuple[str, int, bytes]]
) -> Iterator[str]:
    """What the ledger as it is now does not bear out."""
    yield from (f"at the end: {problem}" for problem in desk.verify().problems)
    with read_transaction(desk.engine) as connection:
        found = connection.execute(select(keys.c.key, keys.c.log, keys.c.position))
        kept = {tuple(row) for row in found}
        roots = {}
        for head in reading.logs(connection):
            tree = Frontier()
            for leaf in reading.leaf_hashes(connection, head.log, start=0, stop=head.size):
                tree.append(leaf)
                roots[head.log, tree.size] = tree.root()
    for ack in acks:
        if ack[:3] not in kept:
            yield f"lost: {ack.key}, acknowledged as {ack.log}#{ack.position}"
    if len(kept) != len(acks):
        yield f"{len(acks)} entries were acknowledged, {len(kept)} are kept"
    for log, size, root in sorted(heads):
        if roots.get((log, size)) != root:
            yield f"the root of {log} at {size} was another"


@contextmanager
def engines(folder: Path, url: str | None) -> Iterator[list[tuple[str, str]]]:
    """The engines at hand, each with the URL of a ledger that is not there yet."""
    found = [("SQLite", f"sqlite:///{folder}/ledger.db")]
    if url is not None:
        yield [*found, ("PostgreSQL", url)]
        return
    try:
        find_programs().path("postgres")
    except NoPostgresError as missing:
        print(f"{missing}\n", file=sys.stderr)
        yield found
        return
    with Servers() as servers:
        server = servers.start("hammered")
        yield [*found, ("PostgreSQL", server.create_database("ledger"))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Hammer each engine and print a Markdown table; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30, help="for each engine")
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--url", help="an empty PostgreSQL database, instead of a new server")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as name, engines(Path(name), options.url) as all_engines:
        print(f"{options.writers} writers, {options.readers} verifying readers.\n")
        print("| engine | s | recorded | p50 ms | p99 ms | verified | entries | heads | wrong |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
        for engine, url in all_engines:
            found = hammer(
                url,
                Path(name) / engine,
                options.seconds,
                writers=options.writers,
                readers=options.readers,
            )
            times = found.write_milliseconds
            cells = [
                engine,
                f"{found.seconds:.0f}",
                f"{found.recorded:,}",
                f"{times[len(times) // 2]:.1f}",
                f"{times[len(times) * 99 // 100]:.1f}",
                f"{found.verified:,}",
                f"{found.verified_entries:,}",
                f"{found.heads:,}",
                str(len(found.problems)),
            ]
            print(f"| {' | '.join(cells)} |", flush=True)
            problems += [f"{engine}: {problem}" for problem in found.problems]
    for problem in problems[:50]:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
