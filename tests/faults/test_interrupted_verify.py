"""Ctrl-C while several processes verify: a word, the exit status of it, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import orjson
import pytest

from cli.desk import Desk
from support.command import COMMAND, environment

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from town import town


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that takes a while."""
    folder = tmp_path_factory.mktemp("large")
    desk = Desk(f"sqlite:///{folder}/ledger.db", create=True)
    desk.record(orjson.dumps(entry) for entry in town(30_000))
    desk.close()
    return folder


def _others(pid: int) -> list[int]:
    """The processes another one has started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(number) for number in text.split()]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_nobody_goes_on_alone(folder: Path, stop: signal.Signals) -> None:
    """Stopped at the terminal, or killed, a verification ends with all its processes."""
    process = subprocess.Popen(
        [*COMMAND, "log", "verify", "--jobs", "3"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(folder, "en"),
        start_new_session=True,
    )
    end = monotonic() + 60
    others: list[int] = []
    while len(others) < 2 and process.poll() is None and monotonic() < end:
        others = _others(process.pid)
    assert len(others) == 2
    os.killpg(process.pid, stop)
    _, said = process.communicate(timeout=60)
    while any(Path(f"/proc/{one}").exists() for one in others) and monotonic() < end:
        sleep(0.05)
    assert not any(Path(f"/proc/{one}").exists() for one in others)
    if stop is signal.SIGINT:
        assert process.returncode == 130
        assert said.decode().strip() == "Interrupted; nothing was recorded."
    else:
        assert said == b""
