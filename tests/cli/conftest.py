"""The command line, called in this process; and the demo's town, recorded once."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from cli.desk import Desk
from cli.main import main
from support.counter import DEMO, Run, Said


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `taizhang` with arguments, in an empty folder; `stdin`, `language`, `columns`, `url`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {**os.environ})  # what a run changes stays in the test

    def call(
        *arguments: str,
        url: str | None = None,
        language: str = "en",
        columns: int | None = 100,
        stdin: str = "",
    ) -> Said:
        os.environ.pop("TAIZHANG_LEDGER", None)
        os.environ.pop("COLUMNS", None)
        os.environ |= {"TAIZHANG_LANG": language, "NO_COLOR": "1"}
        os.environ |= {"TAIZHANG_LEDGER": url} if url else {}
        os.environ |= {"COLUMNS": str(columns)} if columns else {}
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The ledger at the end of the demo; nobody records in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('town')}/taizhang.db"
    desk = Desk(url, create=True)
    desk.initialise()
    for name in ("town.jsonl", "late.jsonl", "annulment.jsonl"):
        desk.record((DEMO / name).read_bytes().splitlines())
    desk.close()
    return url
