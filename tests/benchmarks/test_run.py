"""`benchmarks/run` as a program."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from bench import SECTIONS

ROOT = Path(__file__).parents[2]
SMALL = ["--sizes", "64", "128", "--rounds", "1", "--centers", "20"]

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "run"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_section_is_listed() -> None:
    """The help names each section, and each has its file."""
    said = _run("--help").stdout
    files = {path.stem for path in (ROOT / "benchmarks" / "sections").glob("[!_]*.py")}
    assert files == set(SECTIONS)
    assert all(name in said for name in SECTIONS)


def test_unknown_section_is_refused() -> None:
    """A section that does not exist ends the program before anything is measured."""
    done = _run("apend")
    assert done.returncode == 2
    assert "there is no 'apend'" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_everything_can_be_measured(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every section still runs on every engine, and leaves its files behind nowhere."""
    if engine == "postgresql":
        pytest.importorskip("psycopg_pool", reason="`make bench-peers` installs it")
        request.getfixturevalue("postgres")  # skips where there is none
    file, folder = tmp_path / "found.md", tmp_path / "work"
    folder.mkdir()
    done = _run(*SMALL, "--engine", engine, "--output", str(file), "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    assert text.count("\n## ") == 1 + len(SECTIONS)
    for work in ("append, batches", "record a file", "rebuild of all", "log verify", "peak memory"):
        assert f"\n| {work}" in text
    assert list(folder.iterdir()) == []
