"""What a chapter may ask of the ledger, and the shape of its answer."""

from __future__ import annotations

from typing import Any, Protocol

from ledger.ruling import Finding, Outcome, Recorded
from policies.outcome import Assessment, as_finding
from projections.rounds import Adopted, RoundState

__all__ = ["Knowledge", "KnownBefore", "Verdict"]


class Knowledge(Protocol):
    """What the ledger knew when an entry is judged; all of it at one position of the scheme's
    log."""

    def round(self, round_id: str) -> RoundState | None:
        """The round, if its notice is on file."""

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        """Interpretations adopted in the scheme."""

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center with that position (`scheme#n`) or key."""


class KnownBefore:
    """Knowledge as it was before a position; with it an act is judged or explained again."""

    def __init__(self, known: Knowledge, upto: int) -> None:
        self.known = known
        self.upto = upto

    def round(self, round_id: str) -> RoundState | None:
        """The round, as the notices on file by then left it."""
        found = self.known.round(round_id)
        return None if found is None else found.before(self.upto)

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        """Interpretations adopted by then."""
        return tuple(a for a in self.known.adopted(scheme) if a.position < self.upto)

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center with that position or key, if it was recorded by then."""
        found = self.known.recorded(center, name)
        return found if found is None or found.position < self.upto else None


class Verdict:
    """What one chapter finds of one entry: what bars it, what is only noted, and what follows from
    it."""

    __slots__ = ("bars", "notes", "outcome")

    def __init__(self) -> None:
        self.bars: list[Finding] = []
        self.notes: list[Finding] = []
        self.outcome = Outcome()

    def bar(self, assessment: Assessment, code: str) -> None:
        """The act is not supported, for this reason; said once."""
        finding = as_finding(assessment, code)
        if finding not in self.bars:
            self.bars.append(finding)

    def note(self, assessment: Assessment, code: str) -> None:
        """Said of the entry, once, and refused for nothing."""
        finding = as_finding(assessment, code)
        if finding not in self.notes:
            self.notes.append(finding)

    def note_if_unknown(self, assessment: Assessment | None) -> None:
        """Note a step of the procedure of which the text is not at hand: it decides no outcome."""
        if assessment is not None:
            self.note(assessment, "policy_undetermined")

    def bar_if(self, assessment: Assessment, code: str) -> bool:
        """Bar the act where the answer is yes, or undetermined."""
        stands = assessment.result is not False
        if stands:
            self.bar(assessment, code)
        return stands

    def finding(self, **parts: Any) -> None:
        """A bar in plain parts."""
        self.bars.append(Finding(**parts))
