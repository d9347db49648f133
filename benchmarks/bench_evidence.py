"""How long an evidence file takes: a center of 100 entries in a ledger of many centers.

    python benchmarks/bench_evidence.py [--centers 30000] [--entries 100]

Prints the time to build and to check the file in this process, the same as whole commands, and as a
peer, in the same run, the time of a command that does nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from cli.desk import Desk
from ledger.engine import write_transaction
from ledger.evidence import Wanted
from ledger.evidence_check import PROVEN, check_evidence
from ledger.note import format_vkey
from ledger.recorder import Draft, LogWriter

AT = "2026-11-23T08:00:00.000000Z"
CENTER = "xian/id:c0"
TAIZHANG = Path(sys.executable).with_name("taizhang")


def main() -> None:
    """Record, seal, then export and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--centers", type=int, default=30_000)
    parser.add_argument("--entries", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger, file = Path(folder) / "ledger.db", Path(folder) / "center.evidence.json"
        desk = Desk(f"sqlite:///{ledger}", create=True)
        desk.initialise()
        key = desk.proofs.make_key("bench.example", None)
        _record(desk, given.centers, given.entries)
        older = desk.proofs.checkpoint(["xian"], None)[0].size
        _record(desk, 300, 1)
        desk.proofs.checkpoint(["xian"], None)
        wanted = Wanted(CENTER)
        building = _timed(lambda: desk.proofs.evidence(wanted))
        earlier = _timed(lambda: desk.proofs.evidence(wanted, size=older), rounds=1)
        data = desk.proofs.evidence(wanted).data
        checking = _timed(lambda: check_evidence(data, keys=[key]))
        assert {claim.verdict for claim in check_evidence(data, keys=[key])} == {PROVEN}
        desk.close()
        target, vkey = f"sqlite:///{ledger}", format_vkey(key)
        nothing = _command("--version")
        export = _command("--ledger", target, "evidence", "export", CENTER, "-o", str(file))
        check = _command("evidence", "check", str(file), "--key", vkey)
        print(f"{given.centers} centers, {given.entries} entries of one; file {len(data)} bytes")
        print(f"a command that does nothing    {nothing:8.3f} s  1.00")
        for what, seconds in {
            "build the file": building,
            "build it at an older checkpoint": earlier,
            "check the file": checking,
            "taizhang evidence export": export,
            "taizhang evidence check": check,
        }.items():
            print(f"{what:31}{seconds:8.3f} s  {seconds / nothing:.2f}")


def _record(desk: Desk, centers: int, entries: int) -> None:
    """One entry of each center, and more of the first."""
    with write_transaction(desk.engine) as connection, LogWriter(connection, "xian") as writer:
        for start in range(0, centers, 1000):
            writer.append(
                list(map(_draft, range(start, min(start + 1000, centers)))), recorded_at=AT
            )
        for _ in range(entries - 1):
            writer.append([_draft(0)], recorded_at=AT)


def _draft(number: int) -> Draft:
    center = f"xian/id:c{number}"
    payload = f'{{"entry":{{"center":"{center}","on":"2026-11-01","type":"WithdrawalRequested"}}}}'
    return Draft(center, None, "WithdrawalRequested/1", "2026-11-01", payload.encode())


def _timed(work: Callable[[], object], *, rounds: int = 3) -> float:
    """The shortest of a few runs."""
    return min(_once(work) for _ in range(rounds))


def _once(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _command(*arguments: str) -> float:
    call = [str(TAIZHANG), *arguments]
    return _timed(lambda: subprocess.run(call, check=True, capture_output=True))  # noqa: S603  ours


if __name__ == "__main__":
    main()
