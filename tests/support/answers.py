"""All that is said of a center on a day, line by line, to be kept and compared whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.identity import scheme_of
from policies.audit import AuditFinding
from policies.due import Duty
from policies.duties import duties_of_center, duties_of_round, open_rounds
from policies.eligibility import may_apply
from policies.outcome import Assessment
from projections.rounds import fold_round
from support.kept import article, plain
from support.scenario import MemoryLedger, judge

__all__ = ["eligible", "explained", "owed", "told"]


def told(ledger: MemoryLedger, center: str, day: date) -> Iterator[str]:
    """Why the center stands so, what is due from it, and what the audit finds."""
    yield from explained(ledger, center, day)
    yield from owed(ledger, center, day)


def explained(ledger: MemoryLedger, center: str, day: date) -> Iterator[str]:
    """Why the center stands so, and what would have to be otherwise."""
    found = ledger.why(center, on=day)
    yield from _reasons(found.because)
    for other in found.why_not:
        yield from _reasons(other, "why not: ")


def owed(ledger: MemoryLedger, center: str, day: date) -> Iterator[str]:
    """What is due from the center, and what the audit finds."""
    yield from (_due(duty) for duty in _duties(ledger, center, day))
    yield from (_audited(found) for found in ledger.audit(scheme_of(center), today=day))


def eligible(ledger: MemoryLedger, center: str, day: date) -> Iterator[str]:
    """Whether the center may apply, from when on, and what speaks against it."""
    state = ledger.state(center, on=day)
    found = may_apply(judge(), state, scheme_of(center), day, ledger.stored)
    yield f"may apply: {found.eligible}, first {found.first_eligible_day}"
    for code, against in found.against:
        yield from _reasons(against, f"against, {code}: ")


def _reasons(said: Assessment, before: str = "") -> Iterator[str]:
    """A claim, and below it what it rests on, further in."""
    reading = f", read {plain(said.interpretation)}" if said.interpretation else ""
    where = f"{article(said.cite)}, {plain(said.entries)}{reading}"
    yield f"{before}{said.result}: {said.say} {plain(said.values)}, {where}"
    for part in said.because:
        yield from _reasons(part, f"  {before}")


def _duties(ledger: MemoryLedger, center: str, day: date) -> Iterator[Duty]:
    """What the center owes or is owed on the day, and what the open rounds ask of anybody."""
    names = sorted({r.stream for r in ledger.log(scheme_of(center)) if ":" in r.stream})
    notices = [fold_round(ledger.stored.stream(name)) for name in names if "/" not in name]
    rounds = open_rounds([notice for notice in notices if notice is not None], on=day)
    entries = ledger.entries(center)
    known = ledger.stored
    yield from duties_of_center(judge(), center, entries, known, on=day, rounds=rounds)
    for notice in rounds:
        yield from duties_of_round(judge(), notice, known, on=day)


def _due(duty: Duty) -> str:
    """A duty on one line."""
    return f"due: {duty.what} {plain(duty)}"


def _audited(found: AuditFinding) -> str:
    """A finding of the audit on one line."""
    return f"audit: {found.code} {plain(found)}"
