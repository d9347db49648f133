"""`taizhang log publish`: what it says, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.counter import Run
from support.static_log import read_static_log

ENTRY = (
    '{"type": "FactEstablished", "on": "2020-01-02", "center": "beijing/id:c%d", '
    '"fact": "dissolution"}\n'
)


@pytest.fixture
def sealed(run: Run) -> Run:
    """A ledger of one center, sealed once."""
    assert run("init", "--authority", "example.gov.cn", "--no-passphrase").status == 0
    assert run("record", "-", stdin=ENTRY % 1).status == 0
    assert run("log", "checkpoint").status == 0
    return run


def test_published_checkpoint_is_the_newest(sealed: Run) -> None:
    """The folder holds the checkpoint that `log checkpoint` prints, and its tree."""
    assert sealed("log", "publish", "www").status == 0
    note = sealed("log", "checkpoint", "--newest").stdout
    assert Path("www/beijing/checkpoint").read_text("utf-8") == note
    assert read_static_log(Path("www/beijing")).size == 2


def test_answer_counts_the_files(sealed: Run) -> None:
    """The JSON names log, head and folder, and counts what is new."""
    said = sealed("log", "publish", "www", "--json").json
    (one,) = said["published"]
    assert {"ok": said["ok"], "unsealed": said["unsealed"]} == {"ok": True, "unsealed": []}
    assert (one["log"], one["size"], one["folder"]) == ("beijing", 2, "www/beijing")
    assert (one["written"], one["kept"]) == (3, 0)


def test_unsealed_log_is_left_out(sealed: Run) -> None:
    """A log without a checkpoint is named and does not hinder the others."""
    sealed("record", "-", stdin=(ENTRY % 1).replace("beijing", "xian"))
    said = sealed("log", "publish", "www")
    assert said.status == 0
    assert "xian" in said.stderr
    assert not Path("www/xian").exists()


@pytest.mark.parametrize("options", [(), ("--scheme", "xian")])
def test_nothing_sealed_is_not_found(run: Run, options: tuple[str, ...]) -> None:
    """Without a checkpoint there is nothing to publish, and it is said how to make one."""
    run("init", "--no-passphrase")
    run("record", "-", stdin=ENTRY % 1)
    said = run("log", "publish", "www", *options)
    assert said.status == 3
    assert not Path("www").exists()


def test_published_history_is_not_replaced(sealed: Run) -> None:
    """A folder whose checkpoint the ledger does not go on from is refused with exit 5."""
    sealed("log", "publish", "www")
    note = Path("www/beijing/checkpoint")
    note.write_text(note.read_text("utf-8").replace("\n2\n", "\n9\n", 1), "utf-8")
    said = sealed("log", "publish", "www", "--json")
    assert (said.status, said.json["error"]["code"]) == (5, "integrity")


def test_second_run_says_so(sealed: Run) -> None:
    """Publishing again says that everything is there."""
    sealed("log", "publish", "www")
    assert "already" in sealed("log", "publish", "www").stderr
