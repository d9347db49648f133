"""Answers as JSON values, in the shapes of the contract (section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from cli.desk import View
from cli.glossary import field_name
from cli.i18n import N_, translate
from cli.reasons import damage
from cli.wording import sentence, word
from ledger.identity import format_position, scheme_of
from ledger.ruling import Ban, Cite, Finding, Recorded
from policies.outcome import Assessment
from projections.center import CenterState, Certificate
from projections.counters import counts
from projections.fold import annulments
from projections.register import body_of

__all__ = [
    "center_value",
    "cite_value",
    "damage_value",
    "finding_value",
    "history_value",
    "node_value",
    "register_value",
]


def center_value(state: CenterState, view: View) -> dict[str, Any]:
    """`center show --json`, without `ok`."""
    last = max(
        (v for v in state.evaluations if v.score is not None or v.result is not None),
        key=lambda v: v.year,
        default=None,
    )
    return {
        "center": state.center,
        "scheme": scheme_of(state.center),
        "name": state.name,
        "former_names": [
            {"name": f.name, "until": f.until.isoformat()} for f in state.former_names
        ],
        "on": view.on.isoformat(),
        "known_at": view.known_at,
        "upto": view.position,
        "status": state.status,
        "designated_on": _day(state.designated_on),
        "revoked_on": _day(state.revoked_on),
        "grounds": list(state.grounds),
        "counters": {
            name: {"count": found.count, "limit": found.limit, "rounds": list(found.rounds)}
            for name, found in counts(state).items()
        },
        "ban": ban_value(state.ban),
        "warning": None
        if state.warning is None
        else {
            "on": state.warning.on.isoformat(),
            "round": state.warning.round,
            "cite": cite_value(state.warning.cite),
        },
        "certificate": _certificate(state.certificate, view.on),
        "last_evaluation": None
        if last is None
        else {
            "round": last.round,
            "score": format(last.score, "f") if last.score is not None else None,
            "grade": last.result.grade if last.result else None,
            "confirmed": last.result is not None,
        },
        "open": _open(state, view.on),
        "entries": state.entries,
        "position": format_position(scheme_of(state.center), state.position)
        if state.position >= 0
        else None,
    }


def ban_value(ban: Ban | None) -> dict[str, Any] | None:
    """A ban as the contract shows it; an ended one too."""
    if ban is None:
        return None
    found: dict[str, Any] = {
        "from": ban.start.isoformat(),
        "last_day": _day(ban.last_day),
        "first_eligible_day": _day(ban.first_eligible_day),
        "years": ban.years,
        "grounds": list(ban.grounds),
        "cite": cite_value(ban.cite),
    }
    if ban.undetermined is not None:
        found["undetermined"] = ban.undetermined
    return found


def cite_value(cite: Cite | None) -> dict[str, str] | None:
    """Edition and article."""
    return None if cite is None else {"edition": cite.edition, "article": cite.article}


def finding_value(
    finding: Finding | Mapping[str, Any], *, center: str, line: int | None = None
) -> dict[str, Any]:
    """F of the contract: line, center, code, message, cite."""
    if not isinstance(finding, Finding):
        finding = msgspec.convert(finding, Finding)
    found: dict[str, Any] = {} if line is None else {"line": line}
    log = scheme_of(center)
    return found | {
        "center": center,
        "code": finding.code,
        "message": sentence(finding.say or finding.code, finding.values),
        "cite": cite_value(finding.cite),
        "entries": [format_position(log, n) for n in finding.entries if n >= 0],
    }


def damage_value(problem: Any) -> dict[str, Any]:
    """One problem of `log verify`: code, position, center, message."""
    return {
        "code": problem.code,
        "position": problem.position,
        "center": problem.center,
        "message": damage(problem.message, problem.values),
    }


def history_value(
    entries: Sequence[Recorded], *, on: date, since: date | None = None
) -> list[dict[str, Any]]:
    """Every entry with its two dates, what was said of it, and what annulled it; in the order of
    legal effect, between two days."""
    gone = annulments(entries, on=on)
    return [
        {
            "position": format_position(r.log, r.position),
            "type": type(r.entry).__name__,
            "on": r.entry.on.isoformat(),
            "recorded_at": r.recorded_at,
            "by": list(r.entry.by) if isinstance(r.entry.by, tuple) else r.entry.by,
            "document": r.entry.document,
            "summary": summary(r),
            "findings": [finding_value(f, center=r.stream) for f in r.findings],
            "deviations": [finding_value(f, center=r.stream) for f in r.deviations],
            "ruling": msgspec.to_builtins(r.ruling) if r.ruling else None,
            "annulled_by": format_position(r.log, gone[r.position].position)
            if r.position in gone
            else None,
        }
        for r in sorted(entries, key=lambda r: (r.entry.on, r.position))
        if (since is None or since <= r.entry.on) and r.entry.on <= on
    ]


_SHARED = frozenset(
    {
        "type",
        "on",
        "center",
        "by",
        "document",
        "policy",
        "policy_reason",
        "key",
        "private",
        "attachments",
    }
)
"""Fields every entry may have; the others are what it says itself."""


def summary(recorded: Recorded) -> str:
    """What the entry says, in a few words: its own fields, in the reader's language."""
    from ledger.parsing import content_of

    own = {k: v for k, v in content_of(recorded.entry).items() if k not in _SHARED}
    note = own.pop("note", None)
    if recorded.outcome.grade is not None:
        own.setdefault("grade", recorded.outcome.grade)
    if note is not None:
        own["note"] = note
    return " · ".join(_part(key, value) for key, value in own.items())


def node_value(
    assessment: Assessment, log: str, documents: Mapping[str, str | None]
) -> dict[str, Any]:
    """N of the contract: a step of an explanation and what it rests on."""
    cite = assessment.cite
    return {
        "claim": sentence(assessment.say, assessment.values),
        "cite": None
        if cite is None
        else {
            "edition": cite.edition,
            "document": documents.get(cite.edition),
            "article": cite.article,
        },
        "entries": [format_position(log, n) for n in assessment.entries if n >= 0],
        "interpretation": None
        if assessment.interpretation is None
        else {"key": assessment.interpretation[0], "value": assessment.interpretation[1]},
        "result": assessment.result,
        "because": [node_value(part, log, documents) for part in assessment.because],
    }


def register_value(row: Any) -> dict[str, Any]:
    """One line of the register."""
    return {
        "center": row.center,
        "name": row.name,
        "status": row.status,
        **body_of(row),
        "entries": row.entries,
        "position": format_position(scheme_of(row.center), row.position),
    }


def _open(state: CenterState, on: date) -> dict[str, Any]:
    log = scheme_of(state.center)
    return {
        "publicity": [
            {
                "subject": p.subject,
                "round": p.round,
                "on": p.on.isoformat(),
                "closes": p.closes.isoformat(),
                "position": format_position(log, p.position),
            }
            for p in state.publicities
            if p.on <= on <= p.closes
        ],
        "objections": [
            {
                "objection": o.id,
                "subject": o.subject,
                "on": o.on.isoformat(),
                "position": format_position(log, o.position),
            }
            for o in state.objections
            if o.outcome is None
        ],
        "rectification": [
            {
                "on": r.on.isoformat(),
                "due": _day(r.due),
                "position": format_position(log, r.position),
            }
            for r in state.rectifications
        ],
    }


def _certificate(certificate: Certificate | None, on: date) -> dict[str, Any] | None:
    if certificate is None:
        return None
    expired = certificate.valid_until is not None and on > certificate.valid_until
    return {
        "number": certificate.number,
        "issued_on": certificate.issued_on.isoformat(),
        "valid_until": _day(certificate.valid_until),
        "status": "expired" if expired else "valid",
    }


def _part(key: str, value: Any) -> str:
    template = N_("{field} {value}")
    return translate(template).format(field=field_name(key), value=_shown(key, value))


def _shown(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return translate(N_("yes")) if value else translate(N_("no"))
    if isinstance(value, dict):
        parts = [f"{word(k)} {_shown(k, v)}" for k, v in list(value.items())[:_PARTS]]
    elif isinstance(value, list):
        parts = [_shown(key, part) for part in value[:_PARTS]]
    else:
        return word(str(value)) if key in _WORDED else str(value)
    return translate(N_(", ")).join(parts + ["…"] * (len(value) > _PARTS))


_PARTS = 8
"""Members of a list or mapping that a summary shows."""

_WORDED = frozenset(
    {"fact", "form", "industry", "kind", "materials", "outcome", "severity", "stage", "subject"}
)
"""Fields whose values are words of the ledger, not of whoever filed."""


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
