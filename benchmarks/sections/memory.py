"""The greatest memory of whole processes: recording a file, rebuilding, verifying."""

from __future__ import annotations

from aims import shown
from bench import Bench
from places import Place

READERS = (("projection", "rebuild"), ("projection", "check"), ("log", "verify"))


def measure(bench: Bench) -> None:
    """Every engine; sizes side by side, for the peak must not grow with them."""
    bench.report.section("Memory", __doc__)
    for place in bench.places:
        _measure_on(bench, place)


def _measure_on(bench: Bench, place: Place) -> None:
    peaks: dict[str, list[float]] = {}
    for size in bench.sizes:
        bench.say(f"{place.name}, memory at {size:,} entries")
        ledger = bench.towns.at(place, size)
        peaks.setdefault("record", []).append(ledger.recorded.mebibytes)
        for arguments in READERS:
            found = ledger.run(*arguments)
            peaks.setdefault(arguments[-1], []).append(found.mebibytes)
    rows = []
    for name, found in peaks.items():
        judged = ""
        if name != "check":
            for size, peak in zip(bench.sizes, found, strict=True):
                judged = bench.report.judge(f"memory_{name}", peak, size=size, engine=place.name)
        rows.append([f"taizhang {name}", *(shown(peak, "MiB") for peak in found), judged])
    heads = [f"{place.name}, peak", *(f"{size:,}" for size in bench.sizes), "aim"]
    bench.report.table(heads, rows, texts=1)
