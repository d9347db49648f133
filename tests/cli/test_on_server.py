"""The command on a ledger that a server keeps: begun unasked, played, and no password shown."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from ledger.engine import is_vacant
from support.command import COMMAND, Answer
from support.postgres import Server

PASSWORD = "secret-word"
FACT = json.dumps(
    {
        "type": "FactEstablished",
        "on": "2022-02-02",
        "center": "hechuan/id:a",
        "fact": "dissolution",
        "key": "a",
    }
)


@pytest.fixture
def url(postgres_url: str) -> str:
    """An empty database, and a password in its URL that the server does not ask for."""
    return make_url(postgres_url).set(password=PASSWORD).render_as_string(hide_password=False)


def run(folder: Path, url: str, *arguments: str, stdin: str = "") -> Answer:
    """Run a command on the ledger at a URL, with a trust folder; it never shows the password."""
    known = {"TAIZHANG_LEDGER": url, "TAIZHANG_TRUST": "trust", "TAIZHANG_LANG": "en"}
    done = subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, **known, "NO_COLOR": "1", "COLUMNS": "100"},
        check=False,
    )
    assert PASSWORD not in done.stdout + done.stderr
    return Answer(done)


def test_recording_begins_a_ledger(tmp_path: Path, url: str) -> None:
    """An empty database becomes a ledger with the first entry, as a missing file does."""
    assert run(tmp_path, url, "center", "list").status == 3
    assert is_vacant(url)
    assert run(tmp_path, url, "record", "-", stdin=FACT).status == 0
    said = run(tmp_path, url, "log", "verify", "--json").json
    assert (said["ok"], said["size"]) == (True, 1)


def test_dry_run_leaves_it_empty(tmp_path: Path, url: str) -> None:
    """What is only tried out makes no ledger; where there is one, it is ruled by it."""
    said = run(tmp_path, url, "record", "-", "--dry-run", stdin=FACT)
    assert (said.status, "would be recorded: 1" in said.stdout) == (0, True)
    assert is_vacant(url)
    assert run(tmp_path, url, "record", "-", stdin=FACT).status == 0
    assert "skipped: 1" in run(tmp_path, url, "record", "-", "--dry-run", stdin=FACT).stdout
    assert run(tmp_path, url, "log", "verify", "--json").json["size"] == 1


def test_foreign_database_is_left_alone(tmp_path: Path, url: str, postgres: Server) -> None:
    """Recording makes no ledger beside tables of something else; only `init` does."""
    name = make_url(url).database
    postgres.run("CREATE TABLE other (a int)", database=name)
    said = run(tmp_path, url, "record", "-", stdin=FACT)
    assert (said.status, "taizhang init" in said.stderr) == (3, True)
    assert run(tmp_path, url, "init", "--no-passphrase").status == 0
    assert run(tmp_path, url, "record", "-", stdin=FACT).status == 0


def test_init_hides_the_password(tmp_path: Path, url: str) -> None:
    """The URL is printed without its password, and what needs the trust folder finds it."""
    said = run(tmp_path, url, "init", "--no-passphrase", "--json").json
    assert ":***@" in said["ledger"]
    assert run(tmp_path, url, "record", "-", stdin=FACT).status == 0
    assert run(tmp_path, url, "log", "checkpoint").status == 0
    assert run(tmp_path, url, "log", "verify").status == 0


@pytest.mark.parametrize(
    ("command", "status", "word"),
    [
        (("backup", "b.db"), 1, "kept by a server"),
        (("restore", "b.db"), 2, "put back by the means of the server"),
        (("log", "repair", "--from", "b.db"), 1, "repaired by the means of the server"),
    ],
)
def test_files_are_for_files(
    tmp_path: Path, url: str, command: tuple[str, ...], status: int, word: str
) -> None:
    """What works on files says so, and that the server has means of its own."""
    assert run(tmp_path, url, "init", "--no-passphrase").status == 0
    said = run(tmp_path, url, *command)
    assert (said.status, word in said.stderr) == (status, True), said.stderr
    assert not (tmp_path / "b.db").exists()


def test_missing_database_is_not_found(tmp_path: Path, postgres: Server) -> None:
    """A database that is not there is as a file that is not there: 3, and not made."""
    url = postgres.url("no_such_ledger")
    for command in (("center", "list"), ("record", "-")):
        said = run(tmp_path, url, *command, stdin=FACT)
        assert (said.status, "no such database" in said.stderr) == (3, True), said.stderr
