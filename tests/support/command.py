"""The command `taizhang` as its users run it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.places import Place

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


def run(where: Path | Place, *arguments: str, stdin: str = "", language: str = "en") -> Answer:
    """Run a command on the ledger of a place, or on `ledger.db` in a folder."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=where if isinstance(where, Path) else where.folder,
        env=environment(where, language),
        timeout=300,
        check=False,
    )
    return Answer(done)


def start(where: Path | Place, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a command and leave it running."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=where if isinstance(where, Path) else where.folder,
        env=environment(where, "en"),
    )


def environment(where: Path | Place, language: str) -> dict[str, str]:
    """The environment in which the command finds the ledger of a folder or of a place."""
    if isinstance(where, Path):
        ledger = {"TAIZHANG_LEDGER": f"sqlite:///{where}/ledger.db"}
    else:
        ledger = {"TAIZHANG_LEDGER": where.url, "TAIZHANG_TRUST": str(where.trust)}
    return {
        **os.environ,
        **ledger,
        "TAIZHANG_LANG": language,
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
