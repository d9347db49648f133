"""One version of one regulation, as data: the model every edition file is loaded into.

Every value stands beside the article it comes from. `reads` names the interpretations a section
depends on, so that a ruling can say which readings it used. Nothing in here decides anything.

A section that is absent says that the regulation has no such rule. Where the text is not at hand,
`unknown` names the place and why, and a rule that needs the place answers undetermined.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import field

__all__ = [
    "UNKNOWN_ARTICLE",
    "AnyWhen",
    "Authority",
    "BanRule",
    "CertificateRules",
    "ChangeRules",
    "Commendation",
    "Condition",
    "Counter",
    "DesignationRules",
    "Edition",
    "EvaluationRules",
    "FailingFacts",
    "Floors",
    "FormRules",
    "FraudRule",
    "Grade",
    "Ground",
    "InForce",
    "Interpretation",
    "Lookback",
    "NotFiled",
    "PublicityRules",
    "ResultDue",
    "RevocationRules",
    "Stage",
    "WarningBand",
    "WhenFacts",
    "WhenFailed",
    "WhenFailedRun",
    "WhenNotFiled",
    "WhenReturnsMissed",
    "WhenWithdrawn",
]

UNKNOWN_ARTICLE = "（条号不详）"
"""What stands for the number of an article in a document whose text is not at hand."""

Industry = Literal["manufacturing", "software", "construction", "industrial_service", "other"]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class InForce(_Section, frozen=True, kw_only=True):
    """When the edition applies; an unknown end has bounds instead.

    `last_day_earliest` is a day on which it is known to have still applied.
    """

    article: str
    first_day: date | None = None
    first_day_earliest: date | None = None
    first_day_latest: date | None = None
    last_day: date | None = None
    last_day_earliest: date | None = None
    last_day_latest: date | None = None
    open_end: bool = False
    reads: tuple[str, ...] = ()


class Authority(_Section, frozen=True, kw_only=True):
    """Who operates the procedure, who signs jointly, who may adopt an interpretation."""

    operates: str
    article: str
    signers: tuple[str, ...] = ()
    joint_acts: dict[str, str] = {}
    interprets: tuple[str, ...] = ()
    interprets_article: str = UNKNOWN_ARTICLE
    reads: tuple[str, ...] = ()


class Lookback(_Section, frozen=True, kw_only=True):
    """Facts inside the closed window of `years` before the deadline that exclude an applicant."""

    years: int
    article: str
    facts: dict[str, str]
    reads: tuple[str, ...] = ()


class Condition(_Section, frozen=True, kw_only=True):
    """A measured minimum: `at_least` unless the industry has its own; `only_for` names industries
    it binds."""

    indicator: str
    article: str
    at_least: Decimal
    unit: str
    form: str | None = None
    industries: dict[Industry, Decimal] = {}
    only_for: tuple[Industry, ...] = ()
    reads: tuple[str, ...] = ()


class Floors(_Section, frozen=True, kw_only=True):
    """Floors (限定性指标): measured ones, or `unknown` minimum values that only an attestation can
    settle."""

    article: str
    unknown: bool = False
    indicators: tuple[str, ...] = ()
    measured: tuple[Condition, ...] = ()
    reads: tuple[str, ...] = ()


class Stage(_Section, frozen=True, kw_only=True):
    """A review that must be passed before the proposal."""

    stage: str
    article: str


class PublicityRules(_Section, frozen=True, kw_only=True):
    """Whether a publicity must have ended first, and how long it must be (None: not stated)."""

    article: str
    required: bool = True
    min_days: int | None = None
    reads: tuple[str, ...] = ()


class ResultDue(_Section, frozen=True, kw_only=True):
    """By when a result is owed: working days after the admission, or after a day of the round's
    year."""

    working_days: int
    article: str
    after: Literal["admission", "day"]
    month_day: str | None = None
    reads: tuple[str, ...] = ()


class FraudRule(_Section, frozen=True, kw_only=True):
    """The ban of an applicant who filed false materials."""

    ground: str
    years: int
    article: str
    reads: tuple[str, ...] = ()


class DesignationRules(_Section, frozen=True, kw_only=True):
    """The way from application to designation; all of it is empty only where it is unknown."""

    article: str = UNKNOWN_ARTICLE
    cycle_years: int | None = None
    cycle_article: str = UNKNOWN_ARTICLE
    admission_article: str = UNKNOWN_ARTICLE
    proposal_article: str = UNKNOWN_ARTICLE
    refusal_article: str = UNKNOWN_ARTICLE
    lookback: Lookback | None = None
    reviews: tuple[Stage, ...] = ()
    publicity: PublicityRules | None = None
    ban_article: str = UNKNOWN_ARTICLE
    conditions: tuple[Condition, ...] = ()
    floors: Floors | None = None
    attested: dict[str, str] = {}
    materials: tuple[str, ...] = ()
    materials_article: str | None = None
    deadline_month_day: str | None = None
    deadline_article: str | None = None
    deadline_reads: tuple[str, ...] = ()
    result: ResultDue | None = None
    applicant_fraud: FraudRule | None = None
    reads: tuple[str, ...] = ()


class Grade(_Section, frozen=True, kw_only=True):
    """A grade and its band; a missing bound is unbounded."""

    word: str
    article: str
    low: Decimal | None = None
    low_included: bool = True
    high: Decimal | None = None
    high_included: bool = False


class NotFiled(_Section, frozen=True, kw_only=True):
    """Nothing filed by the deadline, or by so many months after it."""

    article: str
    grace_months: int = 0
    grace_days: int = 0
    reads: tuple[str, ...] = ()


class FailingFacts(_Section, frozen=True, kw_only=True):
    """Facts that fail an evaluation whatever its score; `unknown` says that the list of them is not
    at hand."""

    article: str
    facts: tuple[str, ...] = ()
    unknown: bool = False
    reads: tuple[str, ...] = ()


class WarningBand(_Section, frozen=True, kw_only=True):
    """Scores that earn a warning beside the grade."""

    article: str
    low: Decimal
    low_included: bool
    high: Decimal
    high_included: bool
    reads: tuple[str, ...] = ()


class Commendation(_Section, frozen=True, kw_only=True):
    """Grades that may be commended."""

    article: str
    grades: tuple[str, ...]


class Counter(_Section, frozen=True, kw_only=True):
    """A count of consecutive failures and its limit.

    `gap` says what a year without evaluation between two failures does: `undetermined`, `reset` or
    `ignored`.
    """

    limit: int
    counts: Literal["grade", "band", "return"]
    article: str
    grades: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    return_kind: Literal["bulletin", "operating_data"] | None = None
    gap: Literal["undetermined", "reset", "ignored"] = "ignored"
    fails_article: str | None = None
    since_last_evaluation: bool = False
    reads: tuple[str, ...] = ()


class EvaluationRules(_Section, frozen=True, kw_only=True):
    """The way from filing to grade."""

    cycle_years: int | None = None
    cycle_article: str = UNKNOWN_ARTICLE
    filing_article: str
    score_article: str
    confirmation_article: str
    failing: str
    grades: tuple[Grade, ...]
    publicity: PublicityRules | None = None
    not_filed_fails: NotFiled | None = None
    facts_fail: FailingFacts | None = None
    floors: Floors | None = None
    floors_advise: Floors | None = None
    counters: dict[str, Counter] = {}
    warning: WarningBand | None = None
    commendation: Commendation | None = None
    rectification_article: str | None = None
    result: ResultDue | None = None
    reads: tuple[str, ...] = ()


class CertificateRules(_Section, frozen=True, kw_only=True):
    """Certificates: their number and term."""

    article: str
    years: int
    pattern: str
    example: str
    renewed_for: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


class WhenFailedRun(_Section, frozen=True, kw_only=True, tag_field="kind", tag="failed_run"):
    """The named counter has reached its limit."""

    counter: str


class WhenFailed(_Section, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """A failing grade has been confirmed."""


class WhenNotFiled(_Section, frozen=True, kw_only=True, tag_field="kind", tag="not_filed"):
    """Nothing was filed for a round, and the time is over."""

    grace_months: int = 0
    grace_days: int = 0


class WhenReturnsMissed(
    _Section, frozen=True, kw_only=True, tag_field="kind", tag="returns_missed"
):
    """The named counter of missed returns has reached its limit."""

    counter: str


class WhenFacts(_Section, frozen=True, kw_only=True, tag_field="kind", tag="facts"):
    """One of the facts is established, since the designation or at any time, and qualified as
    `needs` says."""

    facts: tuple[str, ...]
    since: Literal["designation", "any_time"] = "designation"
    needs: Literal["penalized", "serious"] | None = None


class WhenWithdrawn(_Section, frozen=True, kw_only=True, tag_field="kind", tag="withdrawn"):
    """The enterprise asked to give up the designation."""


AnyWhen = WhenFailedRun | WhenFailed | WhenNotFiled | WhenReturnsMissed | WhenFacts | WhenWithdrawn


class BanRule(_Section, frozen=True, kw_only=True):
    """A reapplication ban of so many years."""

    years: int
    article: str


class Ground(_Section, frozen=True, kw_only=True):
    """A ground of revocation: met when any of `when` is; `ban` None needs `no_ban`, the reason, or
    a word under `unknown`.

    `ban_by_counter` gives a ban of its own to a failure that came from the named counter.
    """

    article: str
    when: tuple[AnyWhen, ...]
    ban: BanRule | None
    no_ban: str | None = None
    ban_by_counter: dict[str, BanRule] = {}
    note: str | None = None
    reads: tuple[str, ...] = ()


class RevocationRules(_Section, frozen=True, kw_only=True):
    """Grounds and bans."""

    article: str
    grounds: dict[str, Ground]
    multiple: Literal["longest", "sum"] = "longest"
    reads: tuple[str, ...] = ()


class ChangeRules(_Section, frozen=True, kw_only=True):
    """By when a renaming or reorganisation is to be reported."""

    working_days: int
    article: str
    reads: tuple[str, ...] = ()


class FormRules(_Section, frozen=True, kw_only=True):
    """The form filings are made on: a file of `policies.forms`, pinned by the hash of its bytes.

    `relations` says which of the form's sums have to be equal (`eq`) instead of at least (`ge`).
    """

    name: str
    sha256: str
    application_article: str
    evaluation_article: str
    relations: dict[str, Literal["ge", "eq"]] = {}
    reads: tuple[str, ...] = ()


class Interpretation(_Section, frozen=True, kw_only=True):
    """An ambiguous passage: the readings allowed and what each changes in this edition.

    `values` maps each reading to changes, path → new value; the default changes nothing.
    """

    id: str
    article: str
    question: str
    default: str
    values: dict[str, dict[str, Any]]
    open_value: bool = False


class Edition(_Section, frozen=True, kw_only=True):
    """A regulation as it stood: what its text says, and under `unknown` what is not at hand."""

    edition: str
    scheme: str
    title: str
    in_force: InForce
    authority: Authority
    designation: DesignationRules = DesignationRules()
    evaluation: EvaluationRules
    revocation: RevocationRules
    changes: ChangeRules | None = None
    interpretations: dict[str, Interpretation] = {}
    unknown: dict[str, str] = {}
    document: str | None = None
    certificate: CertificateRules | None = None
    form: FormRules | None = None
    errata: dict[str, str] = {}
    discretion: dict[str, str] = field(default_factory=dict)
    sha256: str = ""

    def is_known_in_force(self, day: date) -> bool:
        """Whether the edition certainly applied on the day."""
        force = self.in_force
        first = force.first_day or force.first_day_latest
        if first is None or day < first:
            return False
        if force.last_day is not None:
            return day <= force.last_day
        known = force.last_day_earliest
        return force.open_end or (known is not None and day <= known)

    def has_known_end_before(self, day: date) -> bool:
        """Whether the edition certainly no longer applied on the day."""
        end = self.in_force.last_day or self.in_force.last_day_latest
        return end is not None and end < day

    def unknown_at(self, place: str) -> tuple[str, str] | None:
        """The unknown place that this one lies in, and why it is not at hand; None where the text
        is at hand."""
        while place:
            if place in self.unknown:
                return place, self.unknown[place]
            place = place.rpartition("/")[0]
        return None

    def why_unknown(self, place: str) -> str | None:
        """Why what stands at the place is not at hand; None where it is."""
        found = self.unknown_at(place)
        return None if found is None else found[1]
