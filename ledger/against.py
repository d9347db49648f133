"""What a ledger is compared with when it is verified: things its own database cannot change.

anchor       the newest checkpoint in the trust folder; it lies on this machine
checkpoint   a signed note somebody else kept
mirror       the leaf hashes a witness kept, 32 bytes an entry
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.note import VerifierKey

__all__ = ["Against", "Compared", "Mirror", "OutsideNote"]


@dataclass(frozen=True, slots=True)
class OutsideNote:
    """A signed checkpoint from outside the database: what kind, its name, and its bytes."""

    kind: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mirror:
    """The leaf hashes of a log from position 0 on, as somebody else kept them."""

    name: str
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Compared:
    """Something a log was compared with: how many entries it speaks of, and who signed it."""

    kind: str
    name: str
    size: int
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """Keys of the ledger, of witnesses, and what was kept outside the database.

    `heads` gives by log, when it is called, how many entries each stream had at the anchor;
    `places` by log what its head may say of where it is in force, if that is known outside:
    nothing, for other logs.
    """

    keys: Sequence[VerifierKey] = ()
    witnesses: Sequence[VerifierKey] = ()
    notes: Sequence[OutsideNote] = ()
    mirrors: Mapping[str, Mirror] = field(default_factory=dict)
    heads: Mapping[str, Callable[[], Mapping[str, int]]] = field(default_factory=dict)
    places: Mapping[str, Sequence[str | None]] | None = None
