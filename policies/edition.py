"""One version of one regulation, as data: the model every edition file is loaded into.

Every value stands beside the article it comes from. `reads` names the interpretations a section
depends on, so that a ruling can say which readings it used. Nothing in here decides anything.

A section that is absent says that the regulation has no such rule. Where the text is not at hand,
`unknown` names the place and why, and a rule that needs the place answers undetermined.
"""

from __future__ import annotations

from calendar import monthrange
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
    "TimeRules",
    "WarningBand",
    "WhenFacts",
    "WhenFailed",
    "WhenFailedRun",
    "WhenNotFiled",
    "WhenReportedLate",
    "WhenReturnsMissed",
    "WhenWithdrawn",
    "day_of_year",
]

UNKNOWN_ARTICLE = "（条号不详）"
"""What stands for the number of an article in a document whose text is not at hand."""

Industry = Literal["manufacturing", "software", "construction", "industrial_service", "other"]


def day_of_year(year: int, month_day: str) -> date:
    """The day that a text such as 04-30 names in a year; 28 February where there is no 29th."""
    month, day = map(int, month_day.split("-"))
    return date(year, month, min(day, monthrange(year, month)[1]))


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
    """Who operates the procedure, who signs jointly, who may adopt an interpretation.

    `successors` maps a body that was merged or renamed to the one that took its place; `by_name`
    says that joint acts need the bodies named, not only their number.
    """

    operates: str
    article: str
    signers: tuple[str, ...] = ()
    successors: dict[str, str] = {}
    by_name: bool = False
    joint_acts: dict[str, str] = {}
    interprets: tuple[str, ...] = ()
    interprets_article: str = UNKNOWN_ARTICLE
    reads: tuple[str, ...] = ()


class Lookback(_Section, frozen=True, kw_only=True):
    """Facts inside the window of `years` before the deadline that exclude an applicant.

    `month_day` names a deadline of the round's year other than the notice's; `fact_day` says which
    day of a fact counts; `penalized` lists the facts that only count where they were penalised.
    """

    years: int
    article: str
    facts: dict[str, str]
    first_day_included: bool = True
    month_day: str | None = None
    fact_day: Literal["decision", "act", "publication"] = "decision"
    penalized: tuple[str, ...] = ()
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
    settle. A floor that is `missed` fails, or leaves the grade to an official (`open`)."""

    article: str
    unknown: bool = False
    missed: Literal["fails", "open"] = "fails"
    indicators: tuple[str, ...] = ()
    measured: tuple[Condition, ...] = ()
    reads: tuple[str, ...] = ()


class Stage(_Section, frozen=True, kw_only=True):
    """A review that must be passed before the proposal."""

    stage: str
    article: str


class PublicityRules(_Section, frozen=True, kw_only=True):
    """Whether a publicity must have ended first, how long it must be (None: not stated), and how
    its days are counted."""

    article: str
    required: bool = True
    min_days: int | None = None
    counted: Literal["posting_day_included", "posting_day_excluded", "working_days"] = (
        "posting_day_included"
    )
    reads: tuple[str, ...] = ()


class ResultDue(_Section, frozen=True, kw_only=True):
    """By when a result is owed: working days after the admission, or after a day of the round's
    year."""

    working_days: int
    article: str
    after: Literal["admission", "day"]
    month_day: str | None = None
    reads: tuple[str, ...] = ()

    def counts_from(self, year: int, admitted_on: date | None = None) -> date | None:
        """The day the working days are counted from in a round of the year."""
        if self.after == "admission":
            return admitted_on
        return None if self.month_day is None else day_of_year(year, self.month_day)


class FraudRule(_Section, frozen=True, kw_only=True):
    """The ban of an applicant who filed false materials; it starts with the decision, or with the
    discovery."""

    ground: str
    years: int
    article: str
    starts: Literal["decision", "discovery"] = "decision"
    reads: tuple[str, ...] = ()


class DesignationRules(_Section, frozen=True, kw_only=True):
    """The way from application to designation; all of it is empty only where it is unknown.

    `deadline_from` says whether the notice's deadline binds or the regulation's own day;
    `notice_materials` and `notice_conditions` whether a notice may ask for more. What is `waived`
    may be attested and bars nothing.
    """

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
    waived: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    materials_article: str | None = None
    notice_materials: bool = True
    notice_conditions: bool = True
    deadline_month_day: str | None = None
    deadline_from: Literal["notice", "month_day"] = "notice"
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
    """Nothing filed by the deadline, or by so many months after it; `month_day` names a deadline of
    the round's year other than the notice's."""

    article: str
    grace_months: int = 0
    grace_days: int = 0
    month_day: str | None = None
    reads: tuple[str, ...] = ()


class FailingFacts(_Section, frozen=True, kw_only=True):
    """Facts that fail an evaluation whatever its score; `unknown` says that the list of them is not
    at hand."""

    article: str
    facts: tuple[str, ...] = ()
    unknown: bool = False
    reads: tuple[str, ...] = ()


class WarningBand(_Section, frozen=True, kw_only=True):
    """Scores that earn a warning beside the grade; with a failing grade only where `on_fail` says
    so."""

    article: str
    low: Decimal
    low_included: bool
    high: Decimal
    high_included: bool
    on_fail: bool = False
    reads: tuple[str, ...] = ()


class Commendation(_Section, frozen=True, kw_only=True):
    """Grades that may be commended."""

    article: str
    grades: tuple[str, ...]


class Counter(_Section, frozen=True, kw_only=True):
    """A count of consecutive failures and its limit.

    `gap` says what a year without evaluation between two failures does: `undetermined`, `reset` or
    `ignored`; `scope` whether what a center failed before a revocation counts in a later life of
    it; `late_filing` whether a return filed late counts as filed.
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
    scope: Literal["designation", "lifetime"] = "designation"
    late_filing: Literal["filed", "missed"] = "filed"
    reads: tuple[str, ...] = ()


class EvaluationRules(_Section, frozen=True, kw_only=True):
    """The way from filing to grade.

    `rectification_months` is the term of an order that sets none; `notice_exempts` says whether a
    notice may name centers that are not graded.
    """

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
    rectification_months: int | None = None
    notice_exempts: bool = True
    result: ResultDue | None = None
    reads: tuple[str, ...] = ()


class CertificateRules(_Section, frozen=True, kw_only=True):
    """Certificates: their number and term, and the grades that renew them; with `every_pass` any
    grade but the failing one."""

    article: str
    years: int
    pattern: str
    example: str
    renewed_for: tuple[str, ...] = ()
    every_pass: bool = False
    reads: tuple[str, ...] = ()


class WhenFailedRun(_Section, frozen=True, kw_only=True, tag_field="kind", tag="failed_run"):
    """The named counter has reached its limit."""

    counter: str


class WhenFailed(_Section, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """A failing grade has been confirmed; with `needs_review` an official weighs it first."""

    needs_review: bool = False


class WhenNotFiled(_Section, frozen=True, kw_only=True, tag_field="kind", tag="not_filed"):
    """Nothing was filed for a round, and the time is over."""

    grace_months: int = 0
    grace_days: int = 0
    month_day: str | None = None


class WhenReturnsMissed(
    _Section, frozen=True, kw_only=True, tag_field="kind", tag="returns_missed"
):
    """The named counter of missed returns has reached its limit."""

    counter: str


class WhenFacts(_Section, frozen=True, kw_only=True, tag_field="kind", tag="facts"):
    """One of the facts is established, or all of them `together`, since the designation or at any
    time, not longer ago than `within_years`, and qualified as `needs` says."""

    facts: tuple[str, ...]
    since: Literal["designation", "any_time"] = "designation"
    needs: Literal["penalized", "serious"] | None = None
    together: bool = False
    within_years: int | None = None


class WhenWithdrawn(_Section, frozen=True, kw_only=True, tag_field="kind", tag="withdrawn"):
    """The enterprise asked to give up the designation."""


class WhenReportedLate(_Section, frozen=True, kw_only=True, tag_field="kind", tag="reported_late"):
    """A renaming or reorganisation since the designation was reported late, or not at all."""


AnyWhen = (
    WhenFailedRun
    | WhenFailed
    | WhenNotFiled
    | WhenReturnsMissed
    | WhenFacts
    | WhenWithdrawn
    | WhenReportedLate
)


class BanRule(_Section, frozen=True, kw_only=True):
    """A reapplication ban of so many years, from the decision or from the discovery of the fact."""

    years: int
    article: str
    starts: Literal["decision", "discovery"] = "decision"


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
    """Grounds and bans, and the publicity before a revocation, where one is prescribed."""

    article: str
    grounds: dict[str, Ground]
    publicity: PublicityRules | None = None
    multiple: Literal["longest", "sum"] = "longest"
    reads: tuple[str, ...] = ()


class ChangeRules(_Section, frozen=True, kw_only=True):
    """By when a renaming or reorganisation is to be reported."""

    working_days: int
    article: str
    reads: tuple[str, ...] = ()


class FormRules(_Section, frozen=True, kw_only=True):
    """The form filings are made on: a file of `policies.forms`, pinned by the hash of its bytes.

    `relations` says which of the form's sums have to be equal (`eq`) instead of at least (`ge`);
    `reporting_year` which year the figures speak of where the notice does not say.
    """

    name: str
    sha256: str
    application_article: str
    evaluation_article: str
    relations: dict[str, Literal["ge", "eq"]] = {}
    reporting_year: Literal["year_before", "filing_year"] = "year_before"
    reads: tuple[str, ...] = ()


class TimeRules(_Section, frozen=True, kw_only=True):
    """How legal time is counted: by which calendar, and whether the days at the ends count.

    `rest_day` says where a last day goes that is a rest day; `first_day` whether the day a ban
    starts is counted; `before_day` whether 前 and the day itself go together.
    """

    calendar: Literal["cn-state-council", "weekdays-only"] = "cn-state-council"
    rest_day: Literal["next_workday", "stays"] = "next_workday"
    first_day: Literal["excluded", "counted"] = "excluded"
    before_day: Literal["inclusive", "exclusive"] = "inclusive"


class Interpretation(_Section, frozen=True, kw_only=True):
    """An ambiguous passage: the readings allowed and what each changes in this edition.

    `values` maps each reading to changes, path → new value; the default changes nothing. Of a
    reading that changes no outcome, `without_effect` says why.
    """

    id: str
    article: str
    question: str
    default: str
    values: dict[str, dict[str, Any]]
    open_value: bool = False
    without_effect: dict[str, str] = {}


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
    time: TimeRules = TimeRules()
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
