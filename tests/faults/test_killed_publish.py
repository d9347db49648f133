"""A publication that is killed shows no checkpoint without its tiles, and the next run ends it."""

from __future__ import annotations

import signal

import pytest

from support.command import run
from support.places import Places
from support.static_log import read_static_log

ENTRIES = "".join(
    f'{{"type": "FactEstablished", "on": "2020-01-02", "center": "beijing/id:c{number}", '
    '"fact": "dissolution"}\n'
    for number in range(270)
)
MORE = ENTRIES.replace("id:c", "id:d")


@pytest.mark.slow
@pytest.mark.parametrize("point", ["publish.file", "publish.ready", "publish.done"])
def test_killed_publication_is_ended(
    places: Places, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Killed at this point it shows the earlier tree or the new one, whole."""
    here = places.new()
    (here.folder / "entries").write_text(ENTRIES, "utf-8")
    (here.folder / "more").write_text(MORE, "utf-8")
    for command in ("init --no-passphrase", "record entries", "log checkpoint", "log publish www"):
        assert run(here, *command.split()).status == 0
    for command in ("record more", "log checkpoint"):
        assert run(here, *command.split()).status == 0
    monkeypatch.setenv("TAIZHANG_FAILPOINT", point)
    assert run(here, "log", "publish", "www").status == -signal.SIGKILL
    monkeypatch.delenv("TAIZHANG_FAILPOINT")
    shown = read_static_log(here.folder / "www" / "beijing").size
    assert shown == (542 if point == "publish.done" else 271)
    assert run(here, "log", "publish", "www").status == 0
    assert read_static_log(here.folder / "www" / "beijing").size == 542
