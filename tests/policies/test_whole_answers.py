"""What is said of centers with a past: why they stand so, what is due, what the audit finds.

The pasts are the backgrounds of the cases; the answers are kept under `answers/`. After a wanted
change: TAIZHANG_GOLDEN=write pytest -n 0 tests/policies/test_whole_answers.py, and read the
difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.identity import scheme_of
from policies.audit import AuditFinding
from policies.due import Duty
from policies.duties import duties_of_center, duties_of_round, open_rounds
from policies.outcome import Assessment
from projections.rounds import fold_round
from support.cases import background, backgrounds_of, center_of
from support.kept import agree, article, names_kept, plain
from support.scenario import MemoryLedger, given, judge

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


def told(ledger: MemoryLedger, center: str, day: date) -> Iterator[str]:
    """All that is said of a center on a day, line by line."""
    explained = ledger.why(center, on=day)
    yield from reasons(explained.because)
    for other in explained.why_not:
        yield from reasons(other, "why not: ")
    yield from (due(duty) for duty in duties(ledger, center, day))
    yield from (audited(found) for found in ledger.audit(scheme_of(center), today=day))


def reasons(said: Assessment, before: str = "") -> Iterator[str]:
    """A claim, and below it what it rests on, further in."""
    reading = f", read {plain(said.interpretation)}" if said.interpretation else ""
    where = f"{article(said.cite)}, {plain(said.entries)}{reading}"
    yield f"{before}{said.result}: {said.say} {plain(said.values)}, {where}"
    for part in said.because:
        yield from reasons(part, f"  {before}")


def duties(ledger: MemoryLedger, center: str, day: date) -> Iterator[Duty]:
    """What the center owes or is owed on the day, and what the open rounds ask of anybody."""
    names = sorted({r.stream for r in ledger.log(scheme_of(center)) if ":" in r.stream})
    notices = [fold_round(ledger.stored.stream(name)) for name in names if "/" not in name]
    rounds = open_rounds([notice for notice in notices if notice is not None], on=day)
    entries = ledger.entries(center)
    known = ledger.stored
    yield from duties_of_center(judge(), center, entries, known, on=day, rounds=rounds)
    for notice in rounds:
        yield from duties_of_round(judge(), notice, known, on=day)


def due(duty: Duty) -> str:
    """A duty on one line."""
    return f"due: {duty.what} {plain(duty)}"


def audited(found: AuditFinding) -> str:
    """A finding of the audit on one line."""
    return f"audit: {found.code} {plain(found)}"
