"""Judge a recorded entry again by the pins its stored ruling carries.

    judgement = again(judge, recorded, state, knowledge)

Which edition rules an act is asked once, when it is recorded. An edition that is added later may
have been in force on its day; it rules nothing that was ruled without it. Readings need no pin of
their own: those adopted later are not in `knowledge`, which ends before the entry.
"""

from __future__ import annotations

from ledger.entries import Entry
from ledger.ruling import Finding, Recorded
from policies.edition import Edition
from policies.judge import Judge, Judgement
from policies.rulebook import Resolution
from policies.verdict import Knowledge
from projections.center import CenterState

__all__ = ["again"]


def again(
    judge: Judge, recorded: Recorded, state: CenterState | None, knowledge: Knowledge
) -> Judgement:
    """The judgement, which must be the stored one to the byte where the state and the knowledge are
    those of its time."""
    return _Pinned(judge, recorded).judge(recorded.entry, state, knowledge)


class _Pinned(Judge):
    """A judge who rules one entry by the edition it was ruled by, or by none as then."""

    def __init__(self, judge: Judge, recorded: Recorded) -> None:
        super().__init__(judge.rulebook, judge.calendar)
        self.recorded = recorded

    def resolve(self, entry: Entry, state: CenterState, knowledge: Knowledge) -> Resolution:
        """The edition of the stored ruling; where there was none, why."""
        ruling, unruled = self.recorded.ruling, _unruled(self.recorded)
        if ruling is not None and ruling.edition is not None:
            found = self._at_hand(ruling.edition)
            if found is None:
                return super().resolve(entry, state, knowledge)
            return Resolution(found)
        if unruled is None:
            return Resolution(None)
        return Resolution(None, unruled.say, self._at_hand(unruled.values.get("edition")))

    def _at_hand(self, edition_id: str | None) -> Edition | None:
        if edition_id is None or edition_id not in self.rulebook:
            return None
        return self.rulebook.edition(edition_id)


_UNRULED = frozenset({"no_edition_in_force", "edition_ended", "policy_reason_missing"})


def _unruled(recorded: Recorded) -> Finding | None:
    """The deviation that says why no edition could be named."""
    return next((f for f in recorded.deviations if f.say in _UNRULED), None)
