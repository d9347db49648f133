"""Writers and verifying readers on one ledger at once, for a few seconds: nothing is ever wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from hammer import hammer


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_hammered_ledger(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Two writers and four readers: heads agree, nothing acknowledged is lost, no hole is seen."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if engine == "postgresql":
        url = request.getfixturevalue("postgres_url")
    found = hammer(url, tmp_path / "trust", 2.5)
    assert found.problems == []
    assert found.recorded >= 2
    assert found.verified >= 4
