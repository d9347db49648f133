"""What `log verify` is compared with, and the register against a replay."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cli.reasons import filled
from ledger.against import Against, Mirror, OutsideNote
from ledger.damage import Damage, Verification
from ledger.errors import IntegrityFailure
from ledger.moves import allowed_places
from ledger.note import VerifierKey

if TYPE_CHECKING:
    from cli.proofs import Proofs
    from projections.running import Difference

__all__ = ["Outside", "against_of", "jobs_for", "with_registers"]

_MANY = 100_000
_MOST = 6


@dataclass(frozen=True, slots=True)
class Outside:
    """What the user brings along: notes by the name of their file, keys, witnesses, mirrors by log,
    how much is to be checked, and by how many processes (None: as suits its size)."""

    notes: Sequence[tuple[str, bytes]] = ()
    keys: Sequence[VerifierKey] = ()
    witnesses: Sequence[VerifierKey] = ()
    mirrors: Sequence[tuple[str, str, bytes]] = ()
    quick: bool = False
    since: int | None = None
    jobs: int | None = None


def jobs_for(entries: int) -> int:
    """One process for each processor, where that is worth their start; no more than are kept busy
    by the one that puts together what they find."""
    if entries < _MANY:
        return 1
    may = getattr(os, "sched_getaffinity", None)  # not on every system
    return min(_MOST, len(may(0)) if may else os.cpu_count() or 1)


def against_of(
    proofs: Proofs | None,
    outside: Outside,
    *,
    here: str,
    copies: Collection[str] = (),
    as_in_force: bool = False,
) -> Against:
    """The anchors of the ledger's trust folder, where it has one, and what was brought along; not
    the anchors of logs of which there are copies, for they go on elsewhere."""
    notes = [OutsideNote("checkpoint", name, data) for name, data in outside.notes]
    keys, heads, witnesses = list(outside.keys), {}, list(outside.witnesses)
    places = None
    if proofs is not None:
        keys += proofs.vkeys()
        witnesses += proofs.anchors.witnesses()
        if not as_in_force:
            places = allowed_places(proofs.anchors.moves(), here)
        for log in proofs.anchors.logs():
            note = proofs.anchors.note(log)
            if note is not None and log not in copies:
                notes.append(OutsideNote("anchor", str(proofs.anchors.path(log)), note))
                heads[log] = proofs.anchors.heads_as_now(log)
    mirrors = {log: Mirror(name, hashes) for log, name, hashes in outside.mirrors}
    return Against(
        keys=tuple(dict.fromkeys(keys)),
        witnesses=tuple(dict.fromkeys(witnesses)),
        notes=tuple(notes),
        mirrors=mirrors,
        heads=heads,
        places=places,
    )


def with_registers(
    found: Verification,
    logs: Sequence[str],
    compare: Callable[[str], Sequence[Difference]],
    strangers: Sequence[Difference] = (),
) -> Verification:
    """The verification, with what the registers say otherwise than a replay of their logs, and what
    of them could not be compared; `strangers` are rows that belong to no log."""
    said = {problem.center for problem in found.problems}
    more: dict[str, list[Damage]] = {}
    for log in logs:
        try:
            differences = compare(log)
        except IntegrityFailure as error:
            more[log] = [_unread(None, log, error)]
            continue
        more[log] = [
            _damage(one)
            for one in differences
            if one.unread is None or one.center not in said  # a damaged entry is named already
        ]
    more[""] = [_damage(one) for one in strangers]
    reports = [
        replace(report, problems=(*report.problems, *more.pop(report.log, ())))
        for report in found.reports
    ]
    rest = [problem for problems in more.values() for problem in problems]
    shared = (*found.shared, *rest)
    return Verification(tuple(reports), shared)


def _damage(one: Difference) -> Damage:
    if one.unread is not None:
        return _unread(one.center, one.center, one.unread)
    said = "the register says something else of {center} than its entries: {fields}"
    values = {"center": one.center, "fields": ", ".join(one.fields), "position": None}
    return Damage("register_altered", None, one.center, said, values)


def _unread(center: str | None, name: str, error: IntegrityFailure) -> Damage:
    said = "the register cannot be compared with the entries of {name}: {reason}"
    values = {"name": name, "reason": filled(error), "position": None, "center": center}
    return Damage("register_unread", None, center, said, values)
