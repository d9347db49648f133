"""A killed process leaves the whole file or nothing of it."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import orjson
import pytest

from support.command import run, start
from support.places import Places

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from town import town

LINES = 50_000
MOMENTS = 12


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 50,000 entries, each with a key."""
    path = tmp_path_factory.mktemp("town") / "town.jsonl"
    path.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in town(LINES, keyed=True)))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("step", [LINES, LINES // 10], ids=["whole", "in batches"])
def test_kill_leaves_all_or_nothing(step: int, file: Path, places: Places) -> None:
    """Killed at any moment, the ledger verifies with all or nothing, or with whole batches; the
    same command again completes it.

    A server goes on when its client is killed.
    """
    batch = () if step == LINES else ("--batch", str(step))
    began = time.monotonic()
    whole = places.new()
    assert run(whole, "record", str(file), *batch).status == 0
    duration = time.monotonic() - began
    assert run(whole, "log", "verify", "--json").json["size"] == LINES

    seen = set()
    moments = MOMENTS if whole.is_file else MOMENTS // 3
    for moment in range(moments):
        place = places.new()
        assert run(place, "init", "--no-passphrase").status == 0
        process = start(place, "record", str(file), *batch)
        time.sleep(duration * (moment + 0.5) / moments)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        verified = run(place, "log", "verify", "--json")
        assert verified.status == 0, verified.stdout
        seen.add(verified.json["size"])
        if moment % 4 == 3:
            again = run(place, "record", str(file), *batch, "--json").json
            assert again["recorded"] + again["skipped"] == LINES
            after = run(place, "log", "verify", "--json").json
            assert (after["ok"], after["size"]) == (True, LINES)
            assert run(place, "projection", "check").status == 0
    assert all(size % step == 0 for size in seen), seen
    if batch:
        assert any(0 < size < LINES for size in seen), seen
    else:
        assert 0 in seen
