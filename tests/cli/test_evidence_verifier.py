"""`taizhang evidence verifier`: what is handed to a company."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from support.command import run

NAMES = ["taizhang_verify.py", "verify.html"]


def test_verifiers_are_written_out(tmp_path: Path) -> None:
    """Both programs are written as they lie in the package, into a new folder."""
    answer = run(tmp_path, "evidence", "verifier", "-o", "given/away")
    assert answer.status == 0
    for name in NAMES:
        kept = files("cli.verifier").joinpath(name).read_bytes()
        assert (tmp_path / "given" / "away" / name).read_bytes() == kept


def test_json_names_files_with_hashes(tmp_path: Path) -> None:
    """With --json each file has its SHA-256, to be compared by whoever gets it."""
    written = run(tmp_path, "evidence", "verifier", "-o", "away", "--json").json["files"]
    found = {file["file"]: file["sha256"] for file in written}
    assert found == {
        f"away/{name}": sha256((tmp_path / "away" / name).read_bytes()).hexdigest()
        for name in NAMES
    }


def test_no_ledger_is_made(tmp_path: Path) -> None:
    """Writing the programs out opens and makes no ledger."""
    run(tmp_path, "evidence", "verifier", "-o", "away")
    assert [path.name for path in tmp_path.iterdir()] == ["away"]


def test_folder_in_the_way(tmp_path: Path) -> None:
    """Where a file stands in place of the folder, the message says so."""
    (tmp_path / "away").write_text("", encoding="utf-8")
    answer = run(tmp_path, "evidence", "verifier", "-o", "away")
    assert answer.status == 1
    assert answer.stderr == "Error: away cannot be written (File exists)\n"
