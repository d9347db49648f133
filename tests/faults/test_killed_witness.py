"""A witness killed between remembering and answering never cosigns two histories."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ledger.checkpoint import parse_checkpoint
from ledger.note import format_vkey, parse_note
from support.command import Answer, run
from support.growing_log import LEDGER, GrowingLog

LOG = GrowingLog(40)


def sign(folder: Path, body: bytes) -> Answer:
    """Have the witness sign a request, in a process of its own."""
    (folder / "request").write_bytes(body)
    options = ("--key", "w.key", "--log", format_vkey(LEDGER.key), "--state", "state")
    return run(folder, "log", "witness", "sign", "request", "-o", "answer", *options)


def remembered(folder: Path) -> int:
    """The size of the checkpoint the witness remembers."""
    (note,) = (folder / "state").glob("*.checkpoint")
    return parse_checkpoint(parse_note(note.read_bytes()).text).size


@pytest.mark.slow
def test_killed_before_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after it remembered, the witness gives no answer, and goes on from what it knows."""
    run(tmp_path, "log", "witness", "init", "-o", "w.key", "--name", "w", "--no-passphrase")
    assert sign(tmp_path, LOG.request(0, 7)).status == 0
    (tmp_path / "answer").unlink()
    monkeypatch.setenv("TAIZHANG_FAILPOINT", "witness.kept")
    assert sign(tmp_path, LOG.request(7, 20)).status == -signal.SIGKILL
    assert not (tmp_path / "answer").exists()
    assert remembered(tmp_path) == 20

    monkeypatch.delenv("TAIZHANG_FAILPOINT")
    assert sign(tmp_path, LOG.fork(10).request(7, 30)).status == 4
    assert sign(tmp_path, LOG.fork(10).request(20, 30)).status == 5
    assert sign(tmp_path, LOG.request(20, 20)).status == 0
    assert remembered(tmp_path) == 20
