"""Whole processes, measured: wall and processor time, and peak memory.

A small process in between starts them: what Linux reports as the peak of a process includes the
memory of the one that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from measuring import Meter, Sample

__all__ = ["Process", "python", "run", "taizhang"]

_LAUNCHER = """
import os, sys, time
began = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - began
print("\\n", os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime,
      usage.ru_maxrss, file=sys.stderr)
"""


class Process(NamedTuple):
    """What a process took, a server's processor time for it included, and what it said."""

    wall: float
    cpu: float
    mebibytes: float
    stdout: bytes

    def sample(self, entries: int) -> Sample:
        """The same as a sample about so many entries."""
        return Sample(self.wall, self.cpu, entries)


def run(
    command: Sequence[str],
    *,
    meter: Meter | None = None,
    environment: Mapping[str, str] | None = None,
    allowed: Sequence[int] = (0,),
) -> Process:
    """Run a command to its end; RuntimeError with what it said where it fails."""
    server_cpu = (meter or Meter()).server_cpu
    before = server_cpu()
    done = subprocess.run(  # noqa: S603  commands of ours
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        capture_output=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    said, _, figures = done.stderr.rpartition(b"\n")[0].rpartition(b"\n")
    code, wall, cpu, kibibytes = figures.split()
    if int(code) not in allowed:
        text = said.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {int(code)}: {text}")
    scale = 1 if sys.platform == "linux" else 1024  # bytes elsewhere
    seconds = float(cpu) + server_cpu() - before
    return Process(float(wall), seconds, int(kibibytes) / 1024 / scale, done.stdout)


def taizhang(url: str, *arguments: str) -> list[str]:
    """The installed command on a ledger."""
    return [_script(), "--ledger", url, *arguments]


def python(*arguments: str) -> list[str]:
    """This Python."""
    return [sys.executable, *arguments]


def _script() -> str:
    return str(Path(sys.executable).with_name("taizhang"))
