"""The command `taizhang` as its users run it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["COMMAND", "Answer", "environment", "run", "start"]

COMMAND = [sys.executable, "-c", "from cli.main import main; main()"]


class Answer:
    """What a finished run said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.stdout)


def run(folder: Path, *arguments: str, stdin: str = "", language: str = "en") -> Answer:
    """Run a command on the ledger `ledger.db` in a folder."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(folder, language),
        timeout=300,
        check=False,
    )
    return Answer(done)


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command and leave it running."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(folder, "en"),
    )


def environment(folder: Path, language: str) -> dict[str, str]:
    """The environment in which the command finds the ledger of a folder."""
    return {
        **os.environ,
        "TAIZHANG_LEDGER": f"sqlite:///{folder}/ledger.db",
        "TAIZHANG_LANG": language,
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
