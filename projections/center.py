"""One center's state: what its entries come to; `projections.evolving` changes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ledger.ruling import Ban, Cite, CounterRule

__all__ = [
    "Application",
    "CenterState",
    "Certificate",
    "Change",
    "Evaluation",
    "Fact",
    "FormerName",
    "Objection",
    "Publicity",
    "Rectification",
    "Request",
    "Result",
    "Review",
    "Warned",
    "act_at_issue",
    "new_center",
    "objected_round",
    "round_at_issue",
]


class _Part(msgspec.Struct, frozen=True):
    pass


class FormerName(_Part, frozen=True):
    """A name the enterprise bore until the day (exclusive) it registered another."""

    name: str
    until: date


class Review(_Part, frozen=True):
    """The latest decision of one review stage in one round."""

    round: str
    stage: str
    passed: bool
    on: date
    position: int


class Application(_Part, frozen=True):
    """The latest application of the center in one round, and how far it got."""

    round: str
    on: date
    position: int
    industry: str | None
    indicators: dict[str, Any]
    attested: dict[str, bool]
    materials: tuple[str, ...] | None
    admitted_on: date | None = None
    admitted: int | None = None
    refused: int | None = None
    proposed_on: date | None = None
    proposed: int | None = None
    designated: int | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it was filed and neither refused nor led to a designation."""
        return self.position >= 0 and self.refused is None and self.designated is None


class Publicity(_Part, frozen=True):
    """A publicity period: first and last day, both included."""

    subject: str
    round: str | None
    on: date
    closes: date
    position: int


class Objection(_Part, frozen=True):
    """An objection and, once decided, its outcome; `target` is the act of `round` it objects to."""

    id: str
    subject: str
    on: date
    position: int
    target: int | None
    round: str | None = None
    outcome: str | None = None
    decided_on: date | None = None
    decided: int | None = None


class Result(_Part, frozen=True):
    """A confirmed grade."""

    grade: str | None
    failed: bool
    warned: bool
    score: Decimal | None
    on: date
    position: int
    edition: str | None


class Evaluation(_Part, frozen=True):
    """Everything known of the center in one evaluation round; positions are None where nothing is
    on file."""

    round: str
    year: int
    filed_on: date | None = None
    filed: int | None = None
    first_filed_on: date | None = None
    indicators: dict[str, Any] = {}
    not_submitted_on: date | None = None
    not_submitted: int | None = None
    deferred: int | None = None
    floors_met: bool | None = None
    floors: int | None = None
    score: Decimal | None = None
    scored_on: date | None = None
    scored: int | None = None
    result: Result | None = None
    void_publicity_before: int = -1
    warned: int | None = None
    commended: int | None = None


class Fact(_Part, frozen=True):
    """An established fact that grounds, look-backs and bans may rest on."""

    fact: str
    on: date
    decided_on: date
    penalized: bool | None
    severity: str | None
    position: int


class Request(_Part, frozen=True):
    """A periodic return that was asked for, filed or missed."""

    return_kind: str
    period: str
    due: date | None
    requested: int | None
    missed_on: date | None = None
    missed: int | None = None
    filed: int | None = None
    filed_on: date | None = None


class Change(_Part, frozen=True):
    """A renaming or reorganisation, and the report of it."""

    what: str
    on: date
    position: int
    reported_on: date | None = None
    reported: int | None = None


class Warned(_Part, frozen=True):
    """The warning that stands."""

    on: date
    round: str
    cite: Cite | None
    position: int


class Certificate(_Part, frozen=True):
    """The latest certificate; `valid_until` is its last day, None where the regulation knows no
    term."""

    number: str
    issued_on: date
    valid_until: date | None
    position: int


class Rectification(_Part, frozen=True):
    """An order to rectify that has not been reported done."""

    on: date
    due: date | None
    position: int


class CenterState(_Part, frozen=True):
    """Where a center stands after its entries up to some day and position."""

    center: str
    name: str | None = None
    former_names: tuple[FormerName, ...] = ()
    standing: str = "none"
    stage: str | None = None
    designated_on: date | None = None
    designated: int | None = None
    designation_round: str | None = None
    edition: str | None = None
    revoked_on: date | None = None
    revoked: int | None = None
    grounds: tuple[str, ...] = ()
    spent_facts: frozenset[int] = frozenset()
    ban: Ban | None = None
    ban_position: int | None = None
    counting: tuple[CounterRule, ...] = ()
    applications: tuple[Application, ...] = ()
    reviews: tuple[Review, ...] = ()
    application_floors: dict[str, tuple[bool, int]] = {}
    publicities: tuple[Publicity, ...] = ()
    objections: tuple[Objection, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    requests: tuple[Request, ...] = ()
    facts: tuple[Fact, ...] = ()
    withdrawals: tuple[tuple[date, int], ...] = ()
    changes: tuple[Change, ...] = ()
    warning: Warned | None = None
    certificate: Certificate | None = None
    rectifications: tuple[Rectification, ...] = ()
    hearings: tuple[int, ...] = ()
    annulled: dict[int, int] = {}
    entries: int = 0
    position: int = -1
    latest_on: date = date.min

    @property
    def status(self) -> str:
        """none, applicant, proposed, designated, suspended or revoked (contract, `center show`)."""
        if self.standing in ("designated", "suspended"):
            return self.standing
        return self.stage or self.standing

    def application(self, round: str) -> Application | None:
        """The latest application in that round."""
        for application in self.applications:
            if application.round == round:
                return application
        return None

    def evaluation(self, round: str) -> Evaluation | None:
        """What is known of that evaluation round."""
        for evaluation in self.evaluations:
            if evaluation.round == round:
                return evaluation
        return None

    def is_banned(self, day: date) -> bool:
        """Whether a reapplication ban runs on the day; a ban of unknown length runs."""
        ban = self.ban
        return (
            ban is not None and day >= ban.start and (ban.last_day is None or day <= ban.last_day)
        )

    def results(self) -> list[Evaluation]:
        """Confirmed evaluations of the present (or last) designation, in the order of their
        years."""
        since = (
            (self.designated_on, self.designated)
            if self.designated_on and self.designated is not None
            else None
        )
        found = [
            v
            for v in self.evaluations
            if v.result and (since is None or (v.result.on, v.result.position) > since)
        ]
        return sorted(found, key=lambda v: v.year)


def new_center(center: str) -> CenterState:
    """The state of a center nothing is known of."""
    return CenterState(center)


def round_at_issue(state: CenterState, subject: str) -> str | None:
    """The round a publicity without one speaks of: the one that is under way."""
    if subject == "designation":
        return next((a.round for a in reversed(state.applications) if a.proposed is not None), None)
    if subject == "evaluation":
        return next((v.round for v in reversed(state.evaluations)), None)
    return None


def objected_round(state: CenterState, subject: str) -> str | None:
    """The round an objection of that subject belongs to."""
    if subject == "designation":
        if state.standing == "designated" and state.stage is None:
            return state.designation_round
        latest = state.applications[-1].round if state.applications else None
        return round_at_issue(state, subject) or latest
    published = next((p for p in reversed(state.publicities) if p.subject == subject), None)
    return published.round if published is not None else round_at_issue(state, subject)


def act_at_issue(state: CenterState, subject: str) -> int | None:
    """The act an objection of that subject objects to."""
    if subject == "designation":
        if state.standing == "designated" and state.stage is None:
            return state.designated
        return next(
            (a.proposed for a in reversed(state.applications) if a.proposed is not None), None
        )
    if subject == "revocation" and state.revoked is not None:
        return state.revoked
    published = next((p for p in reversed(state.publicities) if p.subject == subject), None)
    if subject == "evaluation" and published is not None and published.round:
        evaluation = state.evaluation(published.round)
        if evaluation and evaluation.result and evaluation.result.position > published.position:
            return evaluation.result.position
    return published.position if published else None
