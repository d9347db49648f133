"""What is said of the center after every case, as it is kept under `told/`.

Each case is recorded as it was published, whether lawful or not; then it is asked why the center
stands so, whether it may apply, what is due and what the audit finds, soon after and much later.
Of the rows of a case the first is enough. What a case of the same file has said before in the same
words is left out. After a wanted change: TAIZHANG_GOLDEN=write pytest -n 0 -p no:randomly
tests/cases/test_told.py, and read the difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from ledger.identity import scheme_of
from support.answers import eligible, explained, owed
from support.cases import Case, cases_of, schemes
from support.kept import agree, names_kept
from support.scenario import given

KEPT = Path(__file__).parent / "told"

SOON, LATER = timedelta(days=20), timedelta(days=400)


def _title(case: Case) -> str:
    return case.name.partition(" [")[0]


def _file(case: Case) -> str:
    return case.name.partition(":")[0]


CASES = [
    next(rows)
    for scheme in schemes()
    if scheme != "forms"  # what a form says of its figures changes nothing for the center
    for _, rows in groupby(cases_of(scheme), key=_title)
]
FILES = {file: list(cases) for file, cases in groupby(CASES, key=_file)}


@pytest.mark.parametrize("file", FILES)
def test_what_is_told_stands(file: str) -> None:
    """Reasons, duties and findings after each case of the file are what they were before."""
    said: set[str] = set()
    for case in FILES[file]:
        answer = list(dict.fromkeys(line for line in after(case) if line not in said))
        agree(KEPT / f"{file}.json", _title(case), answer)
        said.update(answer)


def test_nothing_told_is_left_over() -> None:
    """Each answer that is kept belongs to a case."""
    assert names_kept(KEPT) == {_title(case) for case in CASES}


def after(case: Case) -> Iterator[str]:
    """All that is said after the case."""
    ledger = given(*case.given, historical=True).ledger
    ledger.record(case.when, historical=True)
    for center in case.when.get("centers") or [case.when.get("center")]:
        if center is None:
            continue  # a notice, or a reading that is adopted
        day = max(recorded.on for recorded in ledger.log(scheme_of(center)))
        yield from explained(ledger, center, day + SOON)
        yield from eligible(ledger, center, day + SOON)
        yield from owed(ledger, center, day + SOON)
        yield from owed(ledger, center, day + LATER)
