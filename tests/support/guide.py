"""The regulation that docs/add-a-regulation.md writes, block by block."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["GUIDE", "example"]

GUIDE = (Path(__file__).parents[2] / "docs" / "add-a-regulation.md").read_text(encoding="utf-8")


def example() -> str:
    """The file the guide's blocks make, one put under the other."""
    return "".join(re.findall(r"^```yaml\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE))
