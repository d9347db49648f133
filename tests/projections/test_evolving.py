from __future__ import annotations

from ledger.entries import REGISTRY
from projections.evolving import CHANGES


def test_every_type_says_what_it_changes() -> None:
    """A type of entry nobody gave a change would stop every fold of its center."""
    assert set(CHANGES) == set(REGISTRY.values())
