"""The published status of a center: the document whose digest a seal commits to.

Canonical JSON, sorted keys; days as `YYYY-MM-DD`, decimals as they were filed. A change of its
fields needs a new `format` number, because a digest once sealed must be found again.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson

from projections.center import CenterState
from projections.counters import counts

__all__ = ["STATUS_FORMAT", "published_status", "status_digest"]

STATUS_FORMAT = "taizhang-status/v1"


def published_status(state: CenterState) -> bytes:
    """What the ledger publishes of a center after the entries its state was folded from."""
    return orjson.dumps(_document(state), option=orjson.OPT_SORT_KEYS)


def status_digest(state: CenterState) -> bytes:
    """SHA-256 of the published status."""
    return sha256(published_status(state)).digest()


def _document(state: CenterState) -> dict[str, Any]:
    return {
        "format": STATUS_FORMAT,
        "center": state.center,
        "name": state.name,
        "former_names": [{"name": f.name, "until": f.until} for f in state.former_names],
        "status": state.status,
        "designated_on": state.designated_on,
        "revoked_on": state.revoked_on,
        "grounds": list(state.grounds),
        "ban": _ban(state),
        "counters": {
            name: {"count": found.count, "limit": found.limit, "rounds": list(found.rounds)}
            for name, found in counts(state).items()
        },
        "warned_on": state.warning.on if state.warning else None,
        "certificate": _certificate(state),
        "last_evaluation": _last_evaluation(state),
        "entries": state.entries,
        "position": state.position,
    }


def _ban(state: CenterState) -> dict[str, Any] | None:
    ban = state.ban
    if ban is None:
        return None
    return {
        "from": ban.start,
        "last_day": ban.last_day,
        "first_eligible_day": ban.first_eligible_day,
        "grounds": list(ban.grounds),
    }


def _certificate(state: CenterState) -> dict[str, Any] | None:
    found = state.certificate
    return None if found is None else {"number": found.number, "valid_until": found.valid_until}


def _last_evaluation(state: CenterState) -> dict[str, Any] | None:
    confirmed = [v for v in state.evaluations if v.result is not None]
    last = max(confirmed, key=lambda v: v.year, default=None)
    if last is None or last.result is None:
        return None
    score = last.result.score
    return {
        "round": last.round,
        "score": None if score is None else format(score, "f"),
        "grade": last.result.grade,
    }
