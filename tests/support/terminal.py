"""The command at a terminal: a person who reads what it shows and answers its prompts."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from support.command import COMMAND, environment

__all__ = ["Terminal", "at_terminal"]

_PATIENCE = 60.0
"""Seconds until a prompt that does not come is a failure."""

_GLANCE = 0.05


class Terminal:
    """A running command; `shown` is everything it has shown so far, `stdout` goes elsewhere."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.shown = ""
        self._process = process
        self._descriptor = descriptor
        self._read = 0

    def answer(self, prompt: str, answer: str) -> None:
        """Wait until a prompt stands there, with the space after it, and type an answer."""
        self._wait_for(f"{prompt}: ")
        os.write(self._descriptor, answer.encode())

    def finish(self) -> tuple[int, str]:
        """Wait for the end; returns status and standard output."""
        while self._more():
            pass
        stdout, _ = self._process.communicate(timeout=_PATIENCE)
        return self._process.returncode, stdout.decode()

    def _wait_for(self, text: str) -> None:
        end = monotonic() + _PATIENCE
        while (place := self.shown.find(text, self._read)) < 0:
            assert self._more(), f"no {text!r} in {self.shown!r}"
            assert monotonic() < end, f"no {text!r} in {self.shown!r}"
        self._read = place + len(text)

    def _more(self) -> bool:
        """Take what is shown by now; False once the command has ended and nothing is left."""
        ended = self._process.poll() is not None
        ready, _, _ = select.select([self._descriptor], [], [], 0 if ended else _GLANCE)
        if ready:
            self.shown += os.read(self._descriptor, 4096).decode()
        return bool(ready) or not ended


@contextmanager
def at_terminal(folder: Path, *arguments: str) -> Iterator[Terminal]:
    """Start a command whose terminal this is; standard output is a pipe."""
    ours, theirs = pty.openpty()
    # The first terminal that the leader of a new session opens becomes its own.
    shell = ["sh", "-c", 'exec "$@" <"$0" 2>"$0"', os.ttyname(theirs), *COMMAND, *arguments]
    process = subprocess.Popen(
        shell,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=environment(folder, "en"),
        start_new_session=True,
    )
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.communicate()
        os.close(theirs)  # not before: without anybody at its end a terminal is gone
        os.close(ours)
