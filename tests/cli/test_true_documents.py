"""What README and docs/cli.md show is what the commands say: every `sh` block that is followed by
a `text` block is run, and the text compared.

After a wanted change: TAIZHANG_GOLDEN=write pytest tests/cli/test_true_documents.py, and read the
difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.compile(
    r"^```sh\n(?P<input>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.M | re.S
)
CHANGING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"), "<time>"),
)

pytestmark = pytest.mark.slow


def test_readme_tour_is_true(tmp_path: Path) -> None:
    """The tour of the README, done as it says, gives what it shows."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    start = text.index("## Five minutes")
    run_all(path, text[:start], text[start:], tmp_path)


def test_command_pages_are_true(tmp_path: Path) -> None:
    """The examples of docs/cli.md, in the demo's folder, give what they show."""
    path = ROOT / "docs" / "cli.md"
    told("taizhang demo --into town", tmp_path)
    run_all(path, "", path.read_text(encoding="utf-8"), tmp_path / "town")


def run_all(path: Path, before: str, text: str, folder: Path) -> None:
    """Run the blocks in their order; compare, or write, what they say."""

    def answered(block: re.Match[str]) -> str:
        found = told(block["input"], folder)
        if block["output"] is None:
            return block[0]
        if os.environ.get("TAIZHANG_GOLDEN") == "write" and still(found) != still(block["output"]):
            return f"```sh\n{block['input']}```\n\n```text\n{found}```\n"
        assert still(found) == still(block["output"])
        return block[0]

    again = BLOCKS.sub(answered, text)
    if again != text:
        path.write_text(before + again, encoding="utf-8")


def told(command: str, folder: Path) -> str:
    """Everything a shell says to the commands, in the order in which it is said."""
    environment = {k: v for k, v in os.environ.items() if k != "TAIZHANG_LEDGER"} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TAIZHANG_LANG": "en",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        ["bash"],
        input=command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        encoding="utf-8",
        check=False,
    )
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def still(text: str) -> str:
    """The text without what differs from one recording to the next."""
    for pattern, placeholder in CHANGING:
        text = pattern.sub(placeholder, text)
    return text
