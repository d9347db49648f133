"""The whole ruling on every case, as it is kept under `rulings/`.

A case says what a jurist looks at; the ruling holds more: each finding with its sentence, figures,
article and entries, the outcome, and the readings, calendar years and entries it rests on. After a
wanted change: TAIZHANG_GOLDEN=write pytest -n 0 tests/cases/test_rulings.py, and read the
difference.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cases import Case, all_cases
from support.kept import agree, finding, names_kept, plain
from support.scenario import Answer, given, judge

KEPT = Path(__file__).parent / "rulings"

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_whole_ruling_stands(case: Case) -> None:
    """The ruling on a case says what it said before, to the last entry it rests on."""
    answer = given(*case.given).when(case.when, historical=case.historical).answer
    file = case.name.partition(":")[0]
    agree(KEPT / f"{file}.json", case.name, told(answer))
    for ruling in (recorded.ruling for recorded in answer.recorded):
        if ruling is not None and ruling.edition is not None:
            # The hash of the file changes with every comment in it, so it is not kept.
            assert ruling.edition_sha256 == judge().rulebook.edition(ruling.edition).sha256


def test_no_ruling_is_left_over() -> None:
    """Each ruling that is kept belongs to a case."""
    assert names_kept(KEPT) == {case.name for case in CASES}


def told(answer: Answer) -> list[str]:
    """What came of a line, a line for each thing that is said."""
    if answer.malformed is not None:
        return [f"malformed: {answer.malformed}"]
    said = [f"bars {finding(f)}" for f in answer.bars]
    said += [f"notes {finding(f)}" for f in answer.notes]
    for ruling in (recorded.ruling for recorded in answer.recorded):
        if ruling is not None:
            said.append(f"outcome {plain(ruling.outcome)}")
            said.append(f"under {ruling.edition} {plain(ruling.interpretations)}")
            said.append(f"calendar {' '.join(ruling.calendar)} used {plain(ruling.used)}")
    return said
