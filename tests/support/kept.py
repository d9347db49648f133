"""Answers that are kept whole, under the name of what was asked, in a JSON file of lines.

TAIZHANG_GOLDEN=write, and `-n 0`, keeps the answers of the day: read the difference.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ledger.ruling import Cite, Finding

__all__ = ["agree", "article", "finding", "names_kept", "plain"]


def agree(path: Path, name: str, answer: list[str]) -> None:
    """Compare an answer with the one that is kept under the name."""
    if os.environ.get("TAIZHANG_GOLDEN") == "write":
        kept = {**(_read(path) if path.exists() else {}), name: answer}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")
        _read.cache_clear()
    assert answer == _read(path).get(name)


def names_kept(folder: Path) -> set[str]:
    """The names under which anything is kept in the files of a folder."""
    return {name for path in folder.rglob("*.json") for name in _read(path)}


def finding(found: Finding) -> str:
    """A finding on one line."""
    where = article(found.cite)
    return f"{found.code}: {found.say} {plain(found.values)}, {where}, {plain(found.entries)}"


def article(cite: Cite | None) -> str:
    """A citation as a few words."""
    return f"{cite.edition} {cite.article}" if cite else "no article"


def plain(value: Any) -> str:
    """A value as JSON in one line, without what is not said."""
    return json.dumps(_said(msgspec.to_builtins(value, str_keys=True)), ensure_ascii=False)


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _said(part) for key, part in sorted(value.items()) if part is not None}
    return [_said(part) for part in value] if isinstance(value, list | tuple) else value


@cache
def _read(path: Path) -> dict[str, list[str]]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
