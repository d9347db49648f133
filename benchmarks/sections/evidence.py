"""The evidence file of a center with 100 entries in a ledger of many centers: built and checked in
this process, and as whole commands beside one that does nothing. pymerkle only makes and checks the
100 inclusion proofs, without leaves, seal, signatures, nor proof that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import processes
from aims import shown
from bench import Bench
from measuring import Sample
from places import Place, SqlitePlace
from processes import taizhang

from cli.desk import Desk
from ledger.engine import write_transaction
from ledger.evidence import Wanted
from ledger.evidence_check import PROVEN, check_evidence
from ledger.note import VerifierKey, format_vkey
from ledger.recorder import LogWriter
from sections.proofs import Pymerkle, pymerkle
from sections.seal import AT, draft, record

ENTRIES = 100
CENTER = "xian/id:c0"
_NOTHING = "a command that does nothing"


def measure(bench: Bench) -> None:
    """Every engine."""
    bench.report.section("Evidence", __doc__)
    for place in bench.places:
        bench.say(f"{place.name}, evidence from {bench.centers:,} centers")
        _measure_on(bench, place)


def _measure_on(bench: Bench, place: Place) -> None:
    url, trust = place.fresh(), bench.folder / f"evidence-{place.key}"
    desk = Desk(url, create=True, trust=trust)
    desk.initialise()
    key = desk.proofs.make_key("bench.example", None)
    record(desk.engine, bench.centers)
    with write_transaction(desk.engine) as connection, LogWriter(connection, "xian") as writer:
        for _ in range(ENTRIES - 1):
            writer.append([draft(CENTER)], recorded_at=AT)
    older = desk.proofs.checkpoint(["xian"], None)[0].size
    record(desk.engine, min(300, bench.centers))
    desk.proofs.checkpoint(["xian"], None)
    data = desk.proofs.evidence(Wanted(CENTER)).data
    assert {claim.verdict for claim in check_evidence(data, keys=[key])} == {PROVEN}
    works: dict[str, Callable[[], object]] = {
        "build the file": lambda: desk.proofs.evidence(Wanted(CENTER)),
        "build it at an older checkpoint": lambda: desk.proofs.evidence(Wanted(CENTER), size=older),
        "check the file": lambda: check_evidence(data, keys=[key]),
        **_commands(url, trust, bench.folder / "center.evidence.json", key, place),
    }
    if pymerkle is not None:
        tree = Pymerkle(SqlitePlace(bench.folder / "pymerkle"), bench.centers)
        works |= _pymerkle(tree)
    found = place.meter.alternate(works, rounds=bench.rounds)
    desk.close()
    place.remove(url)
    if pymerkle is not None:
        tree.place.remove(tree.url)
    _print(bench, place, found, len(data))


def _commands(
    url: str, trust: Path, file: Path, key: VerifierKey, place: Place
) -> dict[str, Callable[[], object]]:
    vkey, environment = format_vkey(key), {"TAIZHANG_TRUST": str(trust)}

    def run(*arguments: str) -> Callable[[], Sample]:
        command = taizhang(url, *arguments)
        return lambda: processes.run(command, meter=place.meter, environment=environment).sample(1)

    return {
        _NOTHING: run("--version"),
        "taizhang evidence export": run("evidence", "export", CENTER, "-o", str(file)),
        "taizhang evidence check": run("evidence", "check", str(file), "--key", vkey),
    }


def _pymerkle(tree: Pymerkle) -> dict[str, Callable[[], object]]:
    places = range(0, tree.size, max(1, tree.size // ENTRIES))

    def prove() -> None:
        with tree.opened() as ask:
            for place in places:
                ask("inclusion", place)

    with tree.opened() as ask:
        proofs = [ask("inclusion", place) for place in places]
        root = ask("root", 0)
    leaves = _leaves(tree, places)

    def check() -> None:
        for leaf, proof in zip(leaves, proofs, strict=True):
            pymerkle.verify_inclusion(leaf, root, proof)

    return {"pymerkle: 100 proofs made": prove, "pymerkle: 100 proofs checked": check}


def _leaves(tree: Pymerkle, places: range) -> list[bytes]:
    opened = pymerkle.SqliteTree(tree.path)
    found = [opened.get_leaf(place + 1) for place in places]
    opened.close()
    return found


def _print(bench: Bench, place: Place, found: dict[str, list[Sample]], length: int) -> None:
    middles = {name: sorted(samples)[len(samples) // 2] for name, samples in found.items()}
    judged = {
        "taizhang evidence export": "evidence_build",
        "taizhang evidence check": "evidence_check",
    }
    rows = []
    for name, sample in middles.items():
        said = ""
        if name in judged:
            said = bench.report.judge(
                judged[name], sample.wall, size=ENTRIES, engine=place.name, by_cpu=sample.cpu
            )
        ratio = sample.wall / middles[_NOTHING].wall
        rows.append([name, f"{ratio:.2f}", shown(sample.wall, "s"), shown(sample.cpu, "s"), said])
    title = f"{place.name}, {bench.centers:,} centers, a file of {length:,} bytes"
    bench.report.table([title, "time, × nothing", "wall", "processor", "aim"], rows, texts=1)
