"""Killed at each named point, the ledger is what it was before or after, and goes on.

A power cut is played by SIGKILL at the points `ledger.failpoints` knows. Whatever was killed is
run again and completes; no origin ever has two roots for one size, in anything that was printed,
stored or anchored; and what a command that ended well had said is still so.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.checkpoint import open_checkpoint
from ledger.checkpoints import all_checkpoints
from ledger.engine import open_engine, read_transaction
from support.command import COMMAND

POINTS = {
    "append.written": "record more.jsonl",
    "append.committed": "record more.jsonl",
    "seal.appended": "log checkpoint",
    "seal.signed": "log checkpoint",
    "seal.committed": "log checkpoint",
    "anchor.heads": "log checkpoint",
    "anchor.moved": "log checkpoint",
    "backup.copied": "backup --force new.db",
    "restore.ready": "restore --force old.db",
    "restore.placed": "restore --force old.db",
    "repair.mended": "log repair --from old.db",
    "repair.committed": "log repair --from old.db",
}
ELSEWHERE = {"witness.kept", "publish.ready", "publish.file", "publish.done"}
"""Killed in test_killed_witness.py and test_killed_publish.py."""

SOURCES = Path(__file__).parents[2]


def _fact(name: str) -> str:
    entry = {
        "type": "FactEstablished",
        "on": "2022-02-02",
        "center": f"hechuan/id:{name}",
        "fact": "dissolution",
        "key": f"key-{name}",
    }
    return json.dumps(entry) + "\n"


class _Office:
    """A ledger in a folder, commands on it, and every root that was ever signed for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.signed: dict[tuple[str, int], bytes] = {}

    def run(self, line: str, *, point: str | None = None, stdin: str = "") -> Any:
        """Run a command, perhaps to its death at a point."""
        found = subprocess.run(
            [*COMMAND, *line.split()],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env={
                **os.environ,
                "TAIZHANG_LEDGER": "sqlite:///ledger.db",
                "TAIZHANG_LANG": "en",
                "PYTHONPATH": os.pathsep.join([str(SOURCES), *sys.path]),
                **({"TAIZHANG_FAILPOINT": point} if point else {}),
            },
            timeout=120,
            check=False,
        )
        if "—" in found.stdout and line.startswith("log checkpoint"):
            self.note(found.stdout.encode())
        return found

    def note(self, data: bytes) -> None:
        """Remember what a note says; fail where another root was signed for the same."""
        found, _, _ = open_checkpoint(data, ())
        known = self.signed.setdefault((found.origin, found.size), found.root)
        assert known == found.root, f"two roots for {found.size} entries of {found.origin}"

    def look(self) -> None:
        """Note everything signed that is stored or anchored now."""
        engine = open_engine(f"sqlite:///{self.folder}/ledger.db")
        with read_transaction(engine) as connection:
            for stored in all_checkpoints(connection, "hechuan"):
                self.note(stored.note)
        engine.dispose()
        for path in [
            *self.folder.glob("*.trust/*.checkpoint"),
            *self.folder.glob("site/**/checkpoint"),
        ]:
            self.note(path.read_bytes())

    def size(self) -> int:
        """How many entries a sound ledger has."""
        found = self.run("log verify --json")
        assert found.returncode == 0, found.stdout
        size: int = json.loads(found.stdout)["size"]
        return size


@pytest.fixture
def office(tmp_path: Path) -> _Office:
    """Sealed once and backed up; then three more entries, sealed again; and a file to record."""
    found = _Office(tmp_path)
    assert found.run("init --no-passphrase").returncode == 0
    assert found.run("record -", stdin=_fact("a") + _fact("b")).returncode == 0
    assert found.run("log checkpoint").returncode == 0
    assert found.run("backup old.db").returncode == 0
    (tmp_path / "more.jsonl").write_text(_fact("c") + _fact("d"), encoding="utf-8")
    return found


def test_every_point_is_killed_at() -> None:
    """Each failpoint in the sources is one that a test kills at."""
    rooms = ("ledger", "projections", "policies", "cli")
    texts = [
        path.read_text(encoding="utf-8") for r in rooms for path in (SOURCES / r).rglob("*.py")
    ]
    found = {name for text in texts for name in re.findall(r'reached\("([^"]+)"\)', text)}
    assert found == set(POINTS) | ELSEWHERE


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_there_it_goes_on(office: _Office, point: str) -> None:
    """Killed at the point, everything acknowledged is there, and the same command completes."""
    command = POINTS[point]
    if not point.startswith("append"):
        assert office.run("record more.jsonl").returncode == 0
    if point.startswith("repair"):
        _damage(office.folder / "ledger.db")
    acknowledged = 5 if point.startswith(("seal", "anchor", "backup")) else 3
    killed = office.run(command, point=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    office.look()
    if not point.startswith("repair"):
        assert office.size() >= acknowledged
    again = office.run(command)
    assert again.returncode == 0, again.stdout + again.stderr
    assert office.run("log checkpoint").returncode == 0
    assert office.size() >= acknowledged
    office.look()
    if point.startswith("append"):
        assert json.loads(office.run("record more.jsonl --json").stdout)["skipped"] == 2


@pytest.mark.slow
def test_two_seal_at_once(office: _Office) -> None:
    """Of several checkpoints made at the same time each is one, and no two contradict."""
    assert office.run("record more.jsonl").returncode == 0
    processes = [
        subprocess.Popen(
            [*COMMAND, "log", "checkpoint"],
            cwd=office.folder,
            env={
                **os.environ,
                "TAIZHANG_LEDGER": "sqlite:///ledger.db",
                "PYTHONPATH": os.pathsep.join([str(SOURCES), *sys.path]),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        stdout, _ = process.communicate(timeout=120)
        assert process.returncode in (0, 4)
        if process.returncode == 0:
            office.note(stdout)
    office.look()
    assert office.run("log checkpoint").returncode == 0
    assert office.run("log verify").returncode == 0


def _damage(path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_refuse_update")
        connection.execute("UPDATE entries SET payload = x'7b7d' WHERE position = 1")
