"""Every entry the ledger knows: one frozen class per type, in a closed registry.

A *fact* happened outside the authority and is never refused; an *act* is a decision of the
authority and is ruled before it is recorded (contract section 1). A *mark* is set by the ledger
itself, about the log, and cannot be filed. The stored type name and schema
number (`EvaluationScored/1`) are the class's own words, never a module path, so that moving code
never changes what old bytes mean. Decimals keep the digits they were filed with.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal, Union, get_args

import msgspec

from ledger.errors import MalformedError

__all__ = [
    "REGISTRY",
    "AnyEntry",
    "ApplicationAdmitted",
    "ApplicationRefused",
    "ApplicationSubmitted",
    "Attachment",
    "CenterDesignated",
    "CenterEntry",
    "CenterRevoked",
    "CertificateIssued",
    "ChangeReported",
    "CommendationIssued",
    "DecisionAnnulled",
    "DesignationProposed",
    "EnterpriseRenamed",
    "EnterpriseReorganized",
    "Entry",
    "ErasuresReapplied",
    "EvaluationDeferred",
    "EvaluationNotSubmitted",
    "EvaluationScored",
    "EvaluationSubmitted",
    "FactEstablished",
    "FactName",
    "FloorsAttested",
    "GenerationOpened",
    "GradeConfirmed",
    "InterpretationAdopted",
    "ObjectionDecided",
    "ObjectionLodged",
    "PartyNotified",
    "PrivateErased",
    "PublicityOpened",
    "Quantity",
    "RectificationOrdered",
    "RectificationReported",
    "ReturnFiled",
    "ReturnMissed",
    "ReturnRequested",
    "ReviewDecided",
    "RoundEntry",
    "RoundOpened",
    "SchemeEntry",
    "Score",
    "ScoreCorrected",
    "Sealed",
    "StageName",
    "StatementHeard",
    "WarningIssued",
    "WithdrawalRequested",
    "decode_hook",
    "encode_hook",
    "stored_type",
    "stream_of",
]

FactName = Literal[
    "smuggling",
    "customs_penalty",
    "tax_evasion",
    "tax_violation",
    "serious_discredit",
    "false_materials",
    "quality_accident",
    "safety_accident",
    "pollution",
    "dissolution",
    "penalty",
]
"""Facts that grounds of revocation, look-backs and bans may rest on."""

StageName = Literal[
    "preliminary",
    "completeness",
    "qualification",
    "special_audit",
    "expert",
    "defense",
    "verification",
    "comprehensive",
]
"""Reviews of an application."""

_is_number = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?\Z").match


class Quantity(Decimal):
    """A number as filed: at most 15 digits before the point and 4 after, never a binary float."""

    __slots__ = ()


class Score(Quantity):
    """A score as filed: 0 ≤ score ≤ 200, at most 4 decimals (contract section 2)."""

    __slots__ = ()


def decode_hook(kind: type, raw: object) -> object:
    """Turn JSON text or numbers into the exact decimals of this module; raises ValueError."""
    if raw.__class__ is str and kind is Quantity and _is_number(raw):
        return Quantity(raw)  # as most are stored
    if kind is not Quantity and kind is not Score:
        raise NotImplementedError(kind)
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise ValueError('a number is expected, or a decimal text such as "59.99"')
    text = format(raw, "f") if isinstance(raw, Decimal) else str(raw)
    if not _is_number(text):
        raise ValueError(f'{text!r} is no decimal number with at most 4 decimals, such as "59.99"')
    value = kind(text)
    if kind is Score and not 0 <= value <= 200:
        raise ValueError(f"the score {text} lies outside 0 to 200")
    return value


def encode_hook(value: object) -> str:
    """Write exact decimals as the digits they were filed with."""
    if isinstance(value, Decimal):
        return format(value, "f")
    raise NotImplementedError(type(value))


class Attachment(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A file that belongs to an entry: given by its hash, or by the path to hash and keep."""

    name: str
    sha256: str | None = None
    path: str | None = None


class Entry(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="type",
):
    """What all entries share (contract section 3)."""

    kind: ClassVar[Literal["fact", "act", "mark"]]
    schema: ClassVar[int] = 1

    on: date
    by: str | tuple[str, ...] | None = None
    document: str | None = None
    policy: str | None = None
    policy_reason: str | None = None
    attachments: tuple[Attachment, ...] = ()
    note: str | None = None
    key: str | None = None
    private: dict[str, Any] | tuple[str, ...] | None = (
        None  # values when filed, their paths once stored
    )

    @property
    def signers(self) -> tuple[str, ...]:
        """Everybody who did it, jointly."""
        return (self.by,) if isinstance(self.by, str) else self.by or ()


class CenterEntry(Entry, frozen=True, kw_only=True, tag_field="type"):
    """An entry in a center's own stream."""

    center: str


class RoundEntry(Entry, frozen=True, kw_only=True, tag_field="type"):
    """An entry in a round's stream."""

    round: str


class SchemeEntry(Entry, frozen=True, kw_only=True, tag_field="type"):
    """An entry in the scheme's own stream."""

    scheme: str


class RoundOpened(RoundEntry, frozen=True, kw_only=True, tag=True):
    """The notice that opens a designation or evaluation round; a later one amends it."""

    kind = "act"
    deadline: date
    reporting_year: int | None = None
    conditions: dict[str, Any] | None = None


class InterpretationAdopted(SchemeEntry, frozen=True, kw_only=True, tag=True):
    """The competent authority settles how an ambiguous passage is read from now on."""

    kind = "act"
    interpretation: str
    value: str


class ApplicationSubmitted(CenterEntry, frozen=True, kw_only=True, tag=True):
    """An enterprise applies for designation in a round (申报)."""

    kind = "fact"
    round: str
    name: str
    industry: (
        Literal["manufacturing", "software", "construction", "industrial_service", "other"] | None
    ) = None
    indicators: dict[str, Quantity] | None = None
    attested: dict[str, bool] | None = None
    materials: tuple[str, ...] | None = None


class ApplicationAdmitted(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The application is admitted to the procedure (受理)."""

    kind = "act"
    round: str
    reason: str | None = None


class ApplicationRefused(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The application is refused (不予受理 or 不予认定)."""

    kind = "act"
    round: str
    reason: str | None = None


class ReviewDecided(CenterEntry, frozen=True, kw_only=True, tag=True):
    """One review stage has been decided."""

    kind = "act"
    round: str
    stage: StageName
    passed: bool
    opinion: str | None = None


class DesignationProposed(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The center stands on the list of those to be designated (拟认定)."""

    kind = "act"
    round: str


class PublicityOpened(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A result is published for objections (公示); `on` is its first day, `closes` its last."""

    kind = "act"
    subject: Literal["designation", "evaluation", "revocation"]
    closes: date
    round: str | None = None
    stated_days: int | None = None


class ObjectionLodged(CenterEntry, frozen=True, kw_only=True, tag=True):
    """Somebody objects to what is published (异议)."""

    kind = "fact"
    objection: str
    subject: Literal["designation", "evaluation", "revocation"]
    claim: str
    anonymous: bool | None = None


class ObjectionDecided(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The authority decides an objection."""

    kind = "act"
    objection: str
    outcome: Literal["upheld", "dismissed", "inadmissible"]
    reason: str


class CenterDesignated(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The center is designated (认定)."""

    kind = "act"
    round: str
    name: str | None = None


class CertificateIssued(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A certificate is issued or renewed."""

    kind = "act"
    number: str


class EvaluationSubmitted(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The center files its evaluation materials (评价材料)."""

    kind = "fact"
    round: str
    indicators: dict[str, Quantity] | None = None
    tables: dict[str, Any] | None = None
    materials: tuple[str, ...] | None = None


class EvaluationNotSubmitted(CenterEntry, frozen=True, kw_only=True, tag=True):
    """Nothing had been filed for the round by this day."""

    kind = "fact"
    round: str


class EvaluationDeferred(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The evaluation of the center is put off: neither filed nor failed."""

    kind = "act"
    round: str
    reason: str


class FloorsAttested(CenterEntry, frozen=True, kw_only=True, tag=True):
    """An audited conclusion says whether every floor (限定性指标) of the round was met."""

    kind = "fact"
    round: str
    met: bool
    report: str


class EvaluationScored(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The third party's score (评价得分)."""

    kind = "fact"
    round: str
    score: Score
    agency: str | None = None
    report: str | None = None


class GradeConfirmed(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The authority confirms the grade; without `grade` the ruled one is recorded."""

    kind = "act"
    round: str
    grade: str | None = None


class WarningIssued(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A warning (警告) that overlays the grade."""

    kind = "act"
    round: str


class CommendationIssued(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A commendation (通报表扬)."""

    kind = "act"
    round: str


class RectificationOrdered(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The center is told to rectify (整改)."""

    kind = "act"
    due: date | None = None


class RectificationReported(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The center reports its rectification."""

    kind = "fact"
    due: date | None = None


class ReturnRequested(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A bulletin (快报) or operating-data return is asked for."""

    kind = "act"
    return_kind: Literal["bulletin", "operating_data"] = msgspec.field(name="kind")
    period: str
    due: date


class ReturnFiled(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A return was filed."""

    kind = "fact"
    return_kind: Literal["bulletin", "operating_data"] = msgspec.field(name="kind")
    period: str


class ReturnMissed(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A return was not filed."""

    kind = "fact"
    return_kind: Literal["bulletin", "operating_data"] = msgspec.field(name="kind")
    period: str


class EnterpriseRenamed(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The host enterprise changed its name; `on` is its own registration day."""

    kind = "fact"
    name: str


class EnterpriseReorganized(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The host enterprise was reorganised (重组)."""

    kind = "fact"
    form: Literal["merger", "split", "conversion", "other"]
    successor: str | None = None


class ChangeReported(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The enterprise reported a renaming or reorganisation; the formalities ended on
    `completed_on`."""

    kind = "fact"
    completed_on: date


class FactEstablished(CenterEntry, frozen=True, kw_only=True, tag=True):
    """A court or office established a fact that the regulations attach consequences to."""

    kind = "fact"
    fact: FactName
    decided_on: date | None = None
    penalized: bool | None = None
    severity: Literal["serious", "minor"] | None = None
    source: str | None = None


class WithdrawalRequested(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The enterprise asks to give up the designation."""

    kind = "fact"


class PartyNotified(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The party was told what is intended (告知)."""

    kind = "act"
    regarding: str


class StatementHeard(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The party made its statement (陈述申辩)."""

    kind = "fact"
    regarding: str


class CenterRevoked(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The designation is revoked (撤销) on the stated grounds."""

    kind = "act"
    grounds: tuple[str, ...]


class ScoreCorrected(CenterEntry, frozen=True, kw_only=True, tag=True):
    """The authority corrects a score before the grade is confirmed."""

    kind = "act"
    round: str
    score: Score
    reason: str


class DecisionAnnulled(CenterEntry, frozen=True, kw_only=True, tag=True):
    """An earlier act of the center is annulled; `annuls` is its position or its key."""

    kind = "act"
    annuls: str
    reason: str


class PrivateErased(CenterEntry, frozen=True, kw_only=True, tag=True):
    """Private values of an earlier entry are erased; their commitments stay."""

    kind = "act"
    erases: str
    fields: tuple[str, ...]
    reason: str


class Sealed(SchemeEntry, frozen=True, kw_only=True, tag=True):
    """The last entry of a checkpoint: what all entries before it come to (`ledger.sealing`).

    Hashes are 64 hexadecimal digits. `previous_seal` is the position of the seal before.
    """

    kind = "mark"
    index_size: int
    index_root: str
    status_digest: str
    previous_seal: int | None = None


class GenerationOpened(SchemeEntry, frozen=True, kw_only=True, tag=True):
    """The log goes on from a backup that lacks entries a checkpoint had covered.

    `checkpoint` is that signed checkpoint; the entries from `lost_from` to its end are lost, and
    the log goes on under an origin of its own, so that no origin ever has two roots for one size.
    """

    kind = "mark"
    generation: int
    lost_from: int
    checkpoint: str
    reason: str


class ErasuresReapplied(SchemeEntry, frozen=True, kw_only=True, tag=True):
    """A restored backup still held values that had been erased; they were erased again.

    `erased` holds a position and a path each, parted by a space, such as `41 /contact/phone`.
    """

    kind = "mark"
    erased: tuple[str, ...]
    reason: str


AnyEntry = Union[  # noqa: UP007  msgspec wants the union as an object
    RoundOpened,
    InterpretationAdopted,
    ApplicationSubmitted,
    ApplicationAdmitted,
    ApplicationRefused,
    ReviewDecided,
    DesignationProposed,
    PublicityOpened,
    ObjectionLodged,
    ObjectionDecided,
    CenterDesignated,
    CertificateIssued,
    EvaluationSubmitted,
    EvaluationNotSubmitted,
    EvaluationDeferred,
    FloorsAttested,
    EvaluationScored,
    GradeConfirmed,
    WarningIssued,
    CommendationIssued,
    RectificationOrdered,
    RectificationReported,
    ReturnRequested,
    ReturnFiled,
    ReturnMissed,
    EnterpriseRenamed,
    EnterpriseReorganized,
    ChangeReported,
    FactEstablished,
    WithdrawalRequested,
    PartyNotified,
    StatementHeard,
    CenterRevoked,
    ScoreCorrected,
    DecisionAnnulled,
    PrivateErased,
    Sealed,
    GenerationOpened,
    ErasuresReapplied,
]

REGISTRY: dict[str, type[Entry]] = {entry.__name__: entry for entry in get_args(AnyEntry)}
"""Stored type name → class; closed: a name that is not here is refused, never imported."""

_STORED = {entry: f"{name}/{entry.schema}" for name, entry in REGISTRY.items()}


def stored_type(entry: type[Entry]) -> str:
    """The name an entry class is stored under, such as `EvaluationScored/1`."""
    try:
        return _STORED[entry]
    except KeyError:
        raise MalformedError("{type!r} is no registered entry type", type=entry.__name__) from None


def stream_of(entry: Entry) -> str:
    """The stream an entry belongs to: its center, round or scheme."""
    if isinstance(entry, CenterEntry):
        return entry.center
    if isinstance(entry, RoundEntry):
        return entry.round
    if isinstance(entry, SchemeEntry):
        return entry.scheme
    raise MalformedError("{type!r} belongs to no stream", type=type(entry).__name__)
