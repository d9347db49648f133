"""What a chapter may ask of the ledger, and the shape of its answer."""

from __future__ import annotations

from typing import Any, Protocol

from ledger.ruling import Finding, Outcome, Recorded
from policies.outcome import Assessment, as_finding
from projections.rounds import Adopted, RoundState

__all__ = ["Knowledge", "Verdict"]


class Knowledge(Protocol):
    """What the ledger knew when an entry is judged; all of it at one position of the scheme's
    log."""

    def round(self, round_id: str) -> RoundState | None:
        """The round, if its notice is on file."""

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        """Interpretations adopted in the scheme."""

    def recorded(self, center: str, name: str) -> Recorded | None:
        """The entry of the center with that position (`scheme#n`) or key."""


class Verdict:
    """What one chapter finds of one entry: what bars it, what is only noted, and what follows from
    it."""

    __slots__ = ("bars", "notes", "outcome")

    def __init__(self) -> None:
        self.bars: list[Finding] = []
        self.notes: list[Finding] = []
        self.outcome = Outcome()

    def bar(self, assessment: Assessment, code: str) -> None:
        """The act is not supported, for this reason."""
        self.bars.append(as_finding(assessment, code))

    def note(self, assessment: Assessment, code: str) -> None:
        """Said of the entry, and refused for nothing."""
        self.notes.append(as_finding(assessment, code))

    def bar_if(self, assessment: Assessment, code: str) -> bool:
        """Bar the act where the answer is yes."""
        if assessment.result:
            self.bar(assessment, code)
        return bool(assessment.result)

    def finding(self, **parts: Any) -> None:
        """A bar in plain parts."""
        self.bars.append(Finding(**parts))
