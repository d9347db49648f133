"""Several processes record at once: all succeed, the log has no gap, nothing is said of locks."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from support.command import run, start
from support.places import Places

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from town import town

WRITERS = 4
LINES = 600


def test_writers_take_their_turns(places: Places) -> None:
    """Four processes, four files, one ledger: every entry is there and the register agrees."""
    here = places.new()
    files = []
    for writer in range(WRITERS):
        path = here.folder / f"file-{writer}.jsonl"
        entries = [
            {**e, "center": e["center"].replace("id:c", f"id:w{writer}-")} if "center" in e else e
            for e in town(LINES)
        ]
        path.write_bytes(b"".join(orjson.dumps(entry) + b"\n" for entry in entries))
        files.append(path)
    processes = [start(here, "record", str(path)) for path in files]
    for process in processes:
        _, talk = process.communicate(timeout=300)
        assert process.returncode == 0, talk.decode()
        assert b"locked" not in talk
    verified = run(here, "log", "verify", "--json").json
    assert verified["size"] == WRITERS * LINES
    assert verified["problems"] == []
    assert run(here, "projection", "check").status == 0
