"""The processes of this machine, and which of them started which."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["children", "processes"]


def children(pid: int) -> list[int]:
    """The living children of a process, not theirs."""
    return [child for child, parent in processes().items() if parent == pid]


def processes() -> dict[int, int]:
    """The living processes, each with its parent; zombies are not alive."""
    # `ps` is not part of every Linux, and only Linux has /proc.
    listed = _from_proc() if Path("/proc/self/stat").exists() else _from_ps()
    return {int(pid): int(parent) for pid, parent, state in listed if not state.startswith("Z")}


def _from_proc() -> Iterator[list[str]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            text = path.read_text(errors="replace")
            # pid (name) state parent …, and a name may hold anything
            state, parent, *_ = text.rpartition(")")[2].split()
            yield [path.parent.name, parent, state]


def _from_ps() -> Iterator[list[str]]:
    command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    yield from (line.split() for line in said.splitlines())
