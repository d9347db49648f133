"""The guide to keeping a ledger: every command in it works, one after the other, and every code
`log verify` may give is in its table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger import damage

GUIDE = (Path(__file__).parents[2] / "docs" / "keeping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.M | re.S)
WITNESS = "https://w1.example"

LINES = """\
{"type": "FactEstablished", "on": "2022-09-15", "center": "hechuan/id:yinxing", \
"fact": "penalty", "key": "yinxing"}
{"type": "FactEstablished", "on": "2023-02-02", "center": "hechuan/id:yinxing", \
"fact": "penalty", "key": "yinxing-contact", "private": {"phone": "13800138000"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the guide takes for granted."""
    (tmp_path / "passphrase").write_text("first passphrase\n", encoding="utf-8")
    (tmp_path / "next-passphrase").write_text("second passphrase\n", encoding="utf-8")
    (tmp_path / "day.jsonl").write_text(LINES, encoding="utf-8")
    return tmp_path


def environment() -> dict[str, str]:
    """The environment of a shell in the folder; the ledger is the one that lies there."""
    return {name: value for name, value in os.environ.items() if name[:9] != "TAIZHANG_"} | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TAIZHANG_LANG": "en",
        "NO_COLOR": "1",
    }


@contextmanager
def serving(block: str, folder: Path) -> Iterator[str]:
    """Run a block that serves, on a free port; hands over the address."""
    command = ["bash", "-c", f"exec {block.strip()} --port 0 --json"]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        found = (re.search(rb'"url": ?"([^"]+)"', line) for line in process.stdout)
        yield next(match[1].decode() for match in found if match)
    finally:
        process.terminate()
        process.communicate()


def do(block: str, folder: Path) -> None:
    """Run a block; every command in it must succeed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_every_command_works(folder: Path) -> None:
    """From the first key to an erased value, each command of the guide ends with status 0."""
    served = next(number for number, block in enumerate(BLOCKS) if "witness serve" in block)
    for block in BLOCKS[:served]:
        do(block, folder)
    with serving(BLOCKS[served], folder) as address:
        do(BLOCKS[served + 1].replace(WITNESS, address), folder)
    for block in BLOCKS[served + 2 :]:
        do(block, folder)


def test_every_code_is_explained() -> None:
    """The table has exactly the codes that a check may give."""
    assert damage.__doc__ is not None
    known = re.findall(r"^ {4}([a-z_]+) {2}", damage.__doc__, re.M)
    table = GUIDE[GUIDE.index("| code |") :]
    explained = [
        code
        for line in table.splitlines()
        for code in re.findall(r"`([a-z]+_[a-z_]+)`", line[:200])
    ]
    assert sorted(explained) == sorted(known)
