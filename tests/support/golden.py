"""Golden transcripts: compared, or written anew with TAIZHANG_GOLDEN=write."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["agree"]

GOLDEN = Path(__file__).parents[1] / "cli" / "golden"

CHANGING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<instant>"),
    (re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"), "<time>"),
    (re.compile(r"(?<=previous )\S{43}="), "<base64>"),
)
"""What differs from one recording to the next."""


def agree(name: str, language: str, text: str) -> None:
    """Compare a transcript with the golden one, apart from what changes with each recording."""
    for pattern, placeholder in CHANGING:
        text = pattern.sub(placeholder, text)
    path = GOLDEN / language / f"{name}.txt"
    if os.environ.get("TAIZHANG_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
