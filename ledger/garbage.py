"""How often Python looks for garbage that refers to itself: in commands and their processes."""

from __future__ import annotations

import gc

__all__ = ["collect_rarely"]


def collect_rarely() -> None:
    """Entries form no reference cycles; looking for them after every 700 objects costs a tenth."""
    gc.set_threshold(50_000, 20, 50)
