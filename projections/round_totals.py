"""What a round comes to: what each center did in it, and totals that add them up one by one.

    totals = RoundTotals()
    for center, entries in source.all_streams(log):
        if (part := part_in(notice, center, entries, on=day)) is not None:
            totals.add(part)

A center belongs to an evaluation round when it was designated in an earlier year and still held the
designation when the round opened, or when any entry of it names the round; to a designation round
when an entry names it. Nothing in here judges: which revocation rests on which round is read from
the entries its ruling used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec

from ledger import entries as e
from ledger.identity import parse_round
from ledger.ruling import Recorded
from projections.fold import annulments, fold
from projections.rounds import RoundState

__all__ = ["MARKS", "PartInRound", "RoundTotals", "part_in"]

MARKS = {
    "evaluation": ("submitted", "not_submitted", "deferred", "warned", "revoked"),
    "designation": ("applications", "admitted", "refused", "designated"),
}
"""What is counted in a round of each kind, in the order it is shown in."""

_DESIGNATION = {
    e.ApplicationSubmitted: "applications",
    e.ApplicationAdmitted: "admitted",
    e.ApplicationRefused: "refused",
    e.CenterDesignated: "designated",
}


class PartInRound(msgspec.Struct, frozen=True):
    """What one center did in a round: what it is counted as, and its confirmed grade."""

    center: str
    marks: tuple[str, ...]
    grade: str | None = None

    @property
    def owes_filing(self) -> bool:
        """Whether an evaluation filing was owed and nothing is on file."""
        return "not_submitted" in self.marks


class RoundTotals:
    """Centers of a round, counted by mark and by grade."""

    def __init__(self) -> None:
        self.centers = 0
        self.marks: Counter[str] = Counter()
        self.grades: Counter[str] = Counter()

    def add(self, part: PartInRound) -> None:
        """Count one center."""
        self.centers += 1
        self.marks.update(part.marks)
        if part.grade is not None:
            self.grades[part.grade] += 1


def part_in(
    notice: RoundState, center: str, entries: Sequence[Recorded], *, on: date
) -> PartInRound | None:
    """What the center did in the round up to the end of the day; None where it had no part."""
    standing = _standing(entries, on)
    own = [r for r in standing if getattr(r.entry, "round", None) == notice.round]
    is_named = any(getattr(r.entry, "round", None) == notice.round for r in entries if r.on <= on)
    if parse_round(notice.round).kind == "designation":
        kinds = {_DESIGNATION.get(type(r.entry)) for r in own}
        marks = tuple(mark for mark in MARKS["designation"] if mark in kinds)
        return PartInRound(center, marks) if is_named else None
    owes = _owed_when_opened(notice, center, entries, standing, on=on)
    if not owes and not is_named:
        return None
    return _evaluated(notice, center, own, standing, owes=owes)


def _evaluated(
    notice: RoundState,
    center: str,
    own: Sequence[Recorded],
    standing: Sequence[Recorded],
    *,
    owes: bool,
) -> PartInRound:
    kinds = {type(r.entry) for r in own}
    grades = [r.outcome.grade for r in own if isinstance(r.entry, e.GradeConfirmed)]
    marks = [_filing(notice, own, standing, owes=owes)]
    marks.append("warned" if e.WarningIssued in kinds else None)
    marks.append("revoked" if _is_revoked_for(notice, standing) else None)
    return PartInRound(
        center, tuple(m for m in marks if m is not None), grades[-1] if grades else None
    )


def _filing(
    notice: RoundState, own: Sequence[Recorded], standing: Sequence[Recorded], *, owes: bool
) -> str | None:
    """Filed, not filed or deferred; None where nothing was owed and nothing is on file.

    A score or a passing grade shows that something was filed, also where only results were
    recorded. What is filed after the entry that nothing was does not undo it (B04).
    """
    if any(isinstance(r.entry, e.EvaluationDeferred) for r in own):
        return "deferred"
    filed = [r.on for r in own if isinstance(r.entry, e.EvaluationSubmitted)]
    missed = [r.on for r in own if isinstance(r.entry, e.EvaluationNotSubmitted)]
    if missed and not any(day <= min(missed) for day in filed):
        return "not_submitted" if owes or not _is_newcomer(notice, standing) else None
    if filed or any(_shows_filing(r) for r in own):
        return "submitted"
    return "not_submitted" if owes else None


def _shows_filing(recorded: Recorded) -> bool:
    if isinstance(recorded.entry, e.GradeConfirmed):
        return recorded.outcome.grade is not None and not recorded.outcome.failed
    return isinstance(recorded.entry, e.EvaluationScored | e.ScoreCorrected)


def _standing(entries: Sequence[Recorded], on: date) -> list[Recorded]:
    """Entries in effect at the end of the day, in the order of their effect."""
    gone = annulments(entries, on=on)
    kept = [r for r in entries if r.on <= on and r.position not in gone]
    return sorted(kept, key=lambda r: (r.on, r.position))


def _owed_when_opened(
    notice: RoundState,
    center: str,
    entries: Sequence[Recorded],
    standing: Sequence[Recorded],
    *,
    on: date,
) -> bool:
    """Whether the center, designated in an earlier year, had to file when the round opened, and did
    not leave before the deadline for another reason."""
    opened = notice.opened_on
    if on < opened:
        return False
    if not any(isinstance(r.entry, e.CenterDesignated) and r.on <= opened for r in standing):
        return False
    state = fold(center, entries, on=opened, annulled_as_of=on)
    if state.standing not in ("designated", "suspended") or state.designated_on is None:
        return False
    left = any(
        isinstance(r.entry, e.CenterRevoked) and opened < r.on <= notice.deadline for r in standing
    )
    return state.designated_on.year < parse_round(notice.round).year and not left


def _is_newcomer(notice: RoundState, standing: Sequence[Recorded]) -> bool:
    """Whether the first designation on file is not of an earlier year than the round."""
    year = parse_round(notice.round).year
    first = next((r.on.year for r in standing if isinstance(r.entry, e.CenterDesignated)), None)
    return first is not None and first >= year


def _is_revoked_for(notice: RoundState, standing: Sequence[Recorded]) -> bool:
    return any(
        _round_rested_on(r, standing) == notice.round
        for r in standing
        if isinstance(r.entry, e.CenterRevoked) and r.on >= notice.opened_on
    )


def _round_rested_on(revocation: Recorded, standing: Sequence[Recorded]) -> str | None:
    """The newest round whose failure or missing filing the ruling used, so that a revocation for
    two failed years is counted once."""
    used = set(revocation.ruling.used) if revocation.ruling else set()
    rounds = [
        r.entry.round
        for r in standing
        if r.position in used and isinstance(r.entry, e.GradeConfirmed | e.EvaluationNotSubmitted)
    ]
    return max(rounds, key=lambda name: parse_round(name).year, default=None)
