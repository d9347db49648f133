"""What is said of centers with a past: why they stand so, what is due, what the audit finds.

The pasts are the backgrounds of the cases; the answers are kept under `answers/`. After a wanted
change: TAIZHANG_GOLDEN=write pytest -n 0 tests/policies/test_whole_answers.py, and read the
difference.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from support.answers import told
from support.cases import background, backgrounds_of, center_of
from support.kept import agree, names_kept
from support.scenario import given

KEPT = Path(__file__).parent / "answers"

SOON, LATER = timedelta(days=20), timedelta(days=400)

PASTS = [(s, name) for s in ("beijing", "hechuan", "xian") for name in backgrounds_of(s)]


@pytest.mark.parametrize("after", [SOON, LATER], ids=["soon", "later"])
@pytest.mark.parametrize(("scheme", "past"), PASTS)
def test_the_whole_answer_stands(scheme: str, past: str, after: timedelta) -> None:
    """Reasons, duties and findings of a center with that past are what they were before."""
    ledger = given(*background(scheme, past), historical=True).ledger
    day = max(recorded.on for recorded in ledger.log(scheme)) + after
    answer = [day.isoformat(), *told(ledger, center_of(scheme), day)]
    agree(KEPT / f"{scheme}.json", f"{past}, {after.days} days later", answer)


def test_no_answer_is_left_over() -> None:
    """Each answer that is kept belongs to a background."""
    assert names_kept(KEPT) == {
        f"{past}, {after.days} days later" for _, past in PASTS for after in (SOON, LATER)
    }
