"""The register: one row a center, as of everything recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec
import orjson

from ledger.errors import IntegrityFailure
from projections.center import CenterState
from projections.counters import counts

__all__ = ["RegisterRow", "body_of", "digest", "is_row_of", "matching", "row_of"]


class RegisterRow(NamedTuple):
    """A center in the register; `body` is canonical JSON of what lists show beside name and
    status."""

    center: str
    name: str
    status: str
    entries: int
    position: int
    body: bytes


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a body holds, in the order in which it is written."""

    ban_last_day: date | None
    certificate: str | None
    certificate_valid_until: date | None
    counters: dict[str, int]
    designated_on: date | None
    edition: str | None
    first_eligible_day: date | None
    former_names: list[str]
    grounds: list[str]
    last_grade: str | None
    last_round: str | None
    last_score: str | None
    open_objections: list[str]
    revoked_on: date | None
    warned_on: date | None


_decode_body = msgspec.json.Decoder(_Body).decode


def row_of(state: CenterState) -> RegisterRow:
    """The register's row for a state folded from all entries of the center."""
    return RegisterRow(
        state.center,
        state.name or "",
        state.status,
        state.entries,
        state.position,
        orjson.dumps(_body(state), option=orjson.OPT_SORT_KEYS),
    )


def is_row_of(row: tuple[Any, ...] | None, state: CenterState) -> bool:
    """Whether the columns of a stored row, of whatever type, are those of the state's row."""
    # The number of entries first: it is at hand, and tells an older state.
    if row is None or row[3] != state.entries:
        return False
    expected = row_of(state)
    return all(
        found == value and found.__class__ is value.__class__
        for found, value in zip(row, expected, strict=True)
    )


def matching(
    rows: Iterable[RegisterRow], *, status: str | None = None, search: str | None = None
) -> Iterator[RegisterRow]:
    """The rows of a status, and with a part of a name or code that is looked for."""
    for row in rows:
        if status is not None and row.status != status:
            continue
        known = search is None or search in row.name or search in row.center
        if known or (search is not None and search.encode() in row.body):
            yield row


def body_of(row: RegisterRow) -> dict[str, Any]:
    """The body of a stored row, days as text; raises IntegrityFailure for one that is none."""
    try:
        found: dict[str, Any] = msgspec.to_builtins(_decode_body(row.body))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise IntegrityFailure(
            "the register's row of {center} cannot be read: {reason}. Run "
            "`taizhang projection rebuild`",
            center=row.center,
            reason="body",
        ) from None
    return found


def digest(rows: Iterable[RegisterRow]) -> str:
    """SHA-256 over the rows in the order of their centers: equal registers have equal digests."""
    found = hashlib.sha256()
    for row in rows:
        line = orjson.dumps([row.center, row.name, row.status, row.entries, row.position])
        found.update(line + b"\n" + row.body + b"\n")
    return found.hexdigest()


def _body(state: CenterState) -> dict[str, Any]:
    last = max(
        (v for v in state.evaluations if v.result is not None or v.score is not None),
        key=lambda v: v.year,
        default=None,
    )
    ban = state.ban
    return {
        "designated_on": state.designated_on,
        "revoked_on": state.revoked_on,
        "grounds": list(state.grounds),
        "edition": state.edition,
        "ban_last_day": ban.last_day if ban else None,
        "first_eligible_day": ban.first_eligible_day if ban else None,
        "counters": {name: found.count for name, found in counts(state).items()},
        "last_round": last.round if last else None,
        "last_grade": last.result.grade if last and last.result else None,
        "last_score": format(last.score, "f") if last and last.score is not None else None,
        "warned_on": state.warning.on if state.warning else None,
        "certificate": state.certificate.number if state.certificate else None,
        "certificate_valid_until": state.certificate.valid_until if state.certificate else None,
        "open_objections": [o.id for o in state.objections if o.outcome is None],
        "former_names": [f.name for f in state.former_names],
    }
