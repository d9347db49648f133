"""Passphrases asked for at a real terminal: how often, what is refused, and that nothing shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import KeyLockedError
from ledger.sealed_key import is_protected, open_key
from support.command import run
from support.terminal import Terminal, at_terminal

NEW = "New passphrase of the signing key"
AGAIN = "Repeat for confirmation"
PRESENT = "Passphrase of the signing key"
SECRET = "正确的口令 horse"
LINE = (
    '{"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:a", '
    '"fact": "dissolution"}\n'
)

pytestmark = pytest.mark.slow


def key_of(folder: Path) -> bytes:
    """The file of the ledger's key."""
    return (folder / "ledger.db.trust" / "signing-1.key").read_bytes()


def choose(terminal: Terminal, first: str = SECRET, second: str = SECRET) -> None:
    """Type a new passphrase and its repetition."""
    terminal.answer(NEW, f"{first}\n")
    terminal.answer(AGAIN, f"{second}\n")


@pytest.fixture
def protected(tmp_path: Path) -> Path:
    """The folder of a ledger with one entry, whose key is protected."""
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    assert run(tmp_path, "init", "--passphrase-file", "secret").status == 0
    assert run(tmp_path, "record", "-", stdin=LINE).status == 0
    return tmp_path


def test_init_asks_twice(tmp_path: Path) -> None:
    """The key is sealed under what was typed, and only after it was repeated."""
    with at_terminal(tmp_path, "init") as terminal:
        choose(terminal)
        status, _ = terminal.finish()
    assert status == 0
    assert open_key(key_of(tmp_path), passphrase=SECRET.encode()).key.name.endswith("/taizhang")


def test_typed_text_never_shows(tmp_path: Path) -> None:
    """Neither the terminal nor standard output ever bears the passphrase."""
    with at_terminal(tmp_path, "init") as terminal:
        choose(terminal)
        _, stdout = terminal.finish()
    assert SECRET not in terminal.shown + stdout


def test_different_answers_are_refused(tmp_path: Path) -> None:
    """Two answers that differ make no key; it asks again for both."""
    with at_terminal(tmp_path, "init") as terminal:
        choose(terminal, "first", "second")
        choose(terminal)
        status, _ = terminal.finish()
    assert (status, "do not match" in terminal.shown) == (0, True)
    with pytest.raises(KeyLockedError):
        open_key(key_of(tmp_path), passphrase=b"first")


def test_empty_answers_are_refused(tmp_path: Path) -> None:
    """An empty answer is no passphrase, and does not leave the key open: it asks again."""
    with at_terminal(tmp_path, "init") as terminal:
        terminal.answer(NEW, "\n")
        choose(terminal)
        status, _ = terminal.finish()
    assert (status, is_protected(key_of(tmp_path))) == (0, True)


def test_interrupted_init_makes_no_key(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C at the prompt has no key afterwards."""
    with at_terminal(tmp_path, "init") as terminal:
        terminal.answer(NEW, "\x03")
        status, _ = terminal.finish()
    assert (status, list(tmp_path.glob("*.trust/*.key"))) == (130, [])


def test_checkpoint_asks_once(protected: Path) -> None:
    """Signing asks for the passphrase one time, and standard output is the checkpoint alone."""
    with at_terminal(protected, "log", "checkpoint") as terminal:
        terminal.answer(PRESENT, f"{SECRET}\n")
        status, stdout = terminal.finish()
    assert (status, terminal.shown.count(PRESENT)) == (0, 1)
    assert stdout == run(protected, "log", "checkpoint", "--newest").stdout


def test_wrong_passphrase_signs_nothing(protected: Path) -> None:
    """A wrong answer ends with status 2, and no checkpoint is made."""
    with at_terminal(protected, "log", "checkpoint") as terminal:
        terminal.answer(PRESENT, "wrong\n")
        status, stdout = terminal.finish()
    assert (status, stdout) == (2, "")
    assert run(protected, "log", "checkpoint", "--newest").status == 3
