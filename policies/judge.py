"""Judge one entry: the rules in force, applied to what the ledger knows.

`Judge.judge` returns a judgement and raises nothing but MalformedError, for what no reading of the
regulation
could mean (a ground it does not have, an edition nobody knows). An act with barring findings is
refused by
the caller, or recorded with them as deviations where it is historical.
"""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec.structs import replace

from ledger import entries as e
from ledger.entries import Entry, stream_of
from ledger.errors import MalformedError
from ledger.identity import scheme_of
from ledger.ruling import Finding, Outcome, Ruling
from policies.acts import CHAPTERS
from policies.acts.supervision import rests_on_rounds
from policies.case import Case, cite_of
from policies.edition import Edition
from policies.legal_time import WorkCalendar, weekdays_only
from policies.rulebook import Resolution, Rulebook
from policies.rules.grading import counter_rules
from policies.verdict import Knowledge, Verdict
from projections.center import CenterState, act_at_issue, new_center
from projections.rounds import adopted_on

__all__ = ["ENGINE", "Judge", "Judgement", "readings_on"]

ENGINE = 1
"""Version of the judging rules; a change of any outcome for the same pins needs a new one."""


class Judgement(msgspec.Struct, frozen=True):
    """What the rules say of an entry: the ruling to store, what bars it, and what is only noted."""

    ruling: Ruling | None
    bars: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


_NOTHING = Judgement(None)


class Judge:
    """The rulebook at work, with one calendar; keeps no state between entries."""

    def __init__(self, rulebook: Rulebook, calendar: WorkCalendar) -> None:
        self.rulebook = rulebook
        self.calendar = calendar
        self._schemes = frozenset(rulebook.schemes())

    def judge(self, entry: Entry, state: CenterState | None, knowledge: Knowledge) -> Judgement:
        """What the rules say of an entry, given the center's state at the end of the entry's
        day."""
        stream = stream_of(entry)
        scheme = scheme_of(stream)
        if scheme not in self._schemes:
            raise MalformedError(
                "there is no regulation for the scheme {scheme!r}; at hand are {known}",
                scheme=scheme,
                known=", ".join(sorted(self._schemes)),
            )
        state = state or new_center(stream)
        chapter = CHAPTERS.get(type(entry))
        if entry.kind == "fact" and chapter is None and entry.policy is None:
            return _NOTHING
        resolution = self.resolve(entry, state, knowledge)
        edition = resolution.edition
        if entry.kind == "fact":
            if edition is None or chapter is None:
                return _ruled_by_none(entry, state)
            case = self.case(edition, state, entry.on, knowledge, getattr(entry, "round", None))
            verdict = chapter(case, entry, knowledge)
            return Judgement(_ruling(case, edition, verdict.outcome), (), tuple(verdict.notes))
        applied = edition or resolution.fallback
        if applied is None:
            return Judgement(None, (_policy_undetermined(resolution, entry),))
        case = self.case(applied, state, entry.on, knowledge, getattr(entry, "round", None))
        verdict = chapter(case, entry, knowledge) if chapter else Verdict()
        bars = verdict.bars if edition else [_policy_undetermined(resolution, entry), *verdict.bars]
        return Judgement(_ruling(case, edition, verdict.outcome), tuple(bars), tuple(verdict.notes))

    def resolve(self, entry: Entry, state: CenterState, knowledge: Knowledge) -> Resolution:
        """The edition that rules the entry (contract section 3, "Which edition rules an act")."""
        scheme = scheme_of(stream_of(entry))
        round_id = getattr(entry, "round", None)
        if isinstance(entry, e.CenterRevoked):
            round_id = self._round_rested_on(entry, scheme, state)
        round_state = knowledge.round(round_id) if round_id and entry.policy is None else None
        return self.rulebook.resolve(
            scheme,
            entry.on,
            policy=entry.policy,
            policy_reason=entry.policy_reason,
            round_edition=round_state.edition if round_state else None,
            center_edition=state.edition,
            adopted=readings_on(knowledge, scheme, entry.on),
        )

    def case(
        self,
        edition: Edition,
        state: CenterState,
        on: date,
        knowledge: Knowledge,
        round_id: str | None,
    ) -> Case:
        """The question before the rules, under the interpretations that apply on the day."""
        readings = {
            key: value
            for key, value in readings_on(knowledge, edition.scheme, on).items()
            if key in edition.interpretations
        }
        edition = self.rulebook.reading(edition, readings)
        round_state = knowledge.round(round_id) if round_id else None
        return Case(
            edition,
            calendar=self._calendar_of(edition),
            state=state,
            round=round_state,
            on=on,
            readings=readings,
        )

    def _calendar_of(self, edition: Edition) -> WorkCalendar:
        """The calendar the edition counts working days by (T03)."""
        return weekdays_only() if edition.time.calendar == "weekdays-only" else self.calendar

    def as_read(self, state: CenterState, on: date, knowledge: Knowledge) -> CenterState:
        """The state with its counters as the regulation is read on the day.

        The fold counts as the rulings said; a reading adopted since then has not been ruled by.
        """
        results = state.results()
        newest = results[-1].result if results else None
        edition_id = newest.edition if newest and newest.edition else state.edition
        if edition_id is None or edition_id not in self.rulebook:
            return state
        edition = self.case(self.rulebook.edition(edition_id), state, on, knowledge, None).edition
        return replace(state, counting=counter_rules(edition))

    def _round_rested_on(
        self, entry: e.CenterRevoked, scheme: str, state: CenterState
    ) -> str | None:
        """The newest round a revocation for failing or not filing rests on (rulings, "Editions
        shipped")."""
        editions = [self.rulebook.edition(i) for i in self.rulebook.ids(scheme)]
        if not any(
            rests_on_rounds(edition.revocation.grounds, entry.grounds) for edition in editions
        ):
            return None
        decided = [
            v for v in state.evaluations if v.result is not None or v.not_submitted is not None
        ]
        return max(decided, key=lambda v: v.year).round if decided else None


def readings_on(knowledge: Knowledge, scheme: str, on: date) -> dict[str, str]:
    """The readings the scheme has adopted that apply on a day, by their keys."""
    adopted = knowledge.adopted(scheme)
    return {key: found.value for key, found in adopted_on(adopted, on).items()} if adopted else {}


def _ruled_by_none(entry: Entry, state: CenterState) -> Judgement:
    """No regulation speaks of the fact; which act an objection aims at is a fact even so."""
    target = act_at_issue(state, entry.subject) if isinstance(entry, e.ObjectionLodged) else None
    if target is None:
        return _NOTHING
    aim = Outcome(target=target)
    return Judgement(Ruling(edition=None, edition_sha256=None, engine=ENGINE, outcome=aim))


def _ruling(case: Case, edition: Edition | None, outcome: Outcome) -> Ruling:
    interpretations, calendar = case.pins()
    return Ruling(
        edition=edition.edition if edition else None,
        edition_sha256=edition.sha256 if edition else None,
        engine=ENGINE,
        interpretations=interpretations,
        calendar=calendar,
        used=tuple(sorted(case.used)),
        outcome=outcome,
    )


def _policy_undetermined(resolution: Resolution, entry: Entry) -> Finding:
    edition = resolution.fallback
    return Finding(
        code="policy_undetermined",
        cite=cite_of(edition.edition, edition.in_force.article) if edition else None,
        say=resolution.say,
        values={"on": entry.on.isoformat(), "edition": edition.edition if edition else None},
    )
