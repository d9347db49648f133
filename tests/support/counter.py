"""What tests of the command line share: companies of the demo, and what a run said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["DEMO", "GULOU", "HAITANG", "YINXING", "Run", "Said"]

DEMO = Path(__file__).parents[2] / "cli" / "demo"
"""The files the demo records."""

GULOU = "beijing/91110108MA1D00009X"
"""Revoked, and the revocation annulled."""

YINXING = "beijing/91110108MA1D00005H"
"""Failed twice, revoked, banned to 2024-09-15."""

HAITANG = "beijing/91110108MA1D000028"
"""Applied and was refused."""


class Said:
    """What one run of the command said, and how it ended."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.stdout)


Run = Callable[..., Said]
