"""The demo runs, and what it prints can be done again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from stdnum.cn import uscc

from cli.walkthrough import FILES, STEPS
from support.counter import DEMO, Run


@pytest.mark.parametrize("language", ["zh", "en"])
def test_demo_runs(language: str, run: Run, tmp_path: Path) -> None:
    """The demo makes the folder it is given, runs every step in it, and ends well."""
    said = run("demo", "--into", str(tmp_path / "new" / "town"), language=language)
    assert said.status == 0
    assert said.stdout.count("$ taizhang ") == len(STEPS)
    assert f"cd {tmp_path}/new/town" in said.stdout
    assert {path.name for path in (tmp_path / "new" / "town").iterdir()} == {
        *FILES,
        "taizhang.db",
        "taizhang.db-next",
        "taizhang.db-queue",
    }


def test_commands_can_be_repeated(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question of the demo, asked again in its folder, has the answer that was shown."""
    shown = run("demo", "--into", "town", url="sqlite:///elsewhere.db").stdout
    monkeypatch.chdir(tmp_path / "town")
    answers = re.findall(r"^\$ taizhang (.+)\n((?:(?!\[\d+/).*\n)*)", shown, re.M)
    asked = [(line, answer) for line, answer in answers if "--known-at" in line]
    assert len(asked) >= 2
    for line, answer in asked:
        assert answer.startswith(run(*line.split()).stdout)


def test_advice_can_be_followed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands to go on with work in the demo's folder."""
    shown = run("demo", "--into", "town").stdout
    monkeypatch.chdir(tmp_path / "town")
    advised = re.findall(r"^  taizhang ([^>\n]+)", shown.partition("Go on")[2], re.M)
    assert advised
    for line in advised:
        assert run(*line.split()).status == 0


def test_demo_spares_a_full_folder(run: Run, tmp_path: Path) -> None:
    """A folder that holds something is left alone, and the demo says so."""
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    said = run("demo", "--into", ".")
    assert said.status == 2
    assert "not empty" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_demo_spares_the_ledger_in_use(run: Run, tmp_path: Path) -> None:
    """The demo records nothing in the ledger the environment names."""
    assert run("demo", "--into", "town", url="sqlite:///mine.db").status == 0
    assert not (tmp_path / "mine.db").exists()


def test_companies_are_invented() -> None:
    """Every company of the demo is marked as an example and has a code with a valid check digit."""
    lines = [
        json.loads(line)
        for name in FILES
        for line in (DEMO / name).read_text(encoding="utf-8").splitlines()
    ]
    names = {line["name"] for line in lines if "name" in line}
    assert all("示例" in name for name in names)
    codes = {c for line in lines for c in [line.get("center"), *line.get("centers", [])] if c}
    assert len(codes) >= 8
    assert all(uscc.is_valid(code.partition("/")[2]) for code in codes)
