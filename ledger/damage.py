"""What a check of the ledger found: damage with stable codes, each naming its entry or center.

    position_altered     a position that is no whole number, or comes twice
    position_gap         entries missing from the log
    stream_gap           versions missing from a stream, or out of order
    previous_broken      an entry whose predecessor in the stream is damaged or missing
    entry_altered        an entry that no longer gives the leaf recorded for it
    leaf_altered         a leaf column that says something else than entry and successor do
    tile_altered         a tile that does not hold the hashes of the entries below it
    tile_missing         a tile that should be there, over entries that are
    head_altered         the head of a log: size, root or frontier
    stream_head_altered  the head of a stream
    key_altered          an idempotency key: what it stands for, and where
    key_missing          an entry with a key that is not remembered
    vault_altered        a private value that is not the one committed to
    vault_missing        a private value that is gone without an erasure on record
    erasure_undone       a private value that was erased and is there again
    file_altered         an attachment that is not the one its hash names
    file_missing         an attachment that was kept and is gone
    entry_rewritten      an entry whose leaf is not the one a mirror kept
    tail_cut             entries missing that a checkpoint kept elsewhere had covered
    history_rewritten    the log agrees with a smaller signed checkpoint and not with a larger
    split_view           two roots signed for one size
    index_lies           a seal that says something else of a stream than the entries before it
    sealed_head_altered  what is kept of the newest seal
    checkpoint_altered   a checkpoint that is kept, and says something else than it was
    checkpoint_forged    a checkpoint no key of the ledger signed, or with a wrong signature
    checkpoint_missing   a seal whose checkpoint is not kept
    cosignature_altered  a witness's signature that is not under this checkpoint
    register_altered     what lists show of a center
    register_unread      what lists show, where it cannot be compared with a replay
    edition_altered      a regulation file that is not the one its hash names
    edition_missing      a regulation file that a ruling refers to and that is gone
    meta_altered         the row that says which schema this is
    foreign_row          a row that belongs to nothing recorded
    more_damage          how many more were found than are listed

A position is written `beijing#12`; the center is the stream the row belongs to, where one is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.against import Compared
from ledger.identity import format_position

__all__ = ["Damage", "Findings", "Report", "Verification", "shown"]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing wrong: code, place, and a message template with its values."""

    code: str
    position: str | None
    center: str | None
    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format_map(self.values)


@dataclass(frozen=True, slots=True)
class Report:
    """What recomputing one log gave: size and root of what is there, and what is wrong with it.

    `listed` counts its centers, where lists were seen to show of each what its entries give.
    """

    log: str
    size: int
    root: bytes
    problems: tuple[Damage, ...]
    compared: tuple[Compared, ...] = ()
    listed: int | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """Reports of the logs by name, and problems of what they share: files, editions, schema."""

    reports: tuple[Report, ...]
    shared: tuple[Damage, ...]

    @property
    def problems(self) -> tuple[Damage, ...]:
        """All problems, log by log, then the shared ones."""
        found = [problem for report in self.reports for problem in report.problems]
        return (*found, *self.shared)


class Findings:
    """Problems in the order they were found; past `limit` they are only counted."""

    def __init__(self, log: str = "", *, limit: int = 10_000) -> None:
        self._log = log
        self._limit = limit
        self._found: list[Damage] = []
        self._more = 0

    def add(
        self,
        code: str,
        message: str,
        /,
        *,
        position: object = None,
        center: object = None,
        **values: object,
    ) -> int:
        """Note a problem and return its number, for `replace`."""
        if len(self._found) >= self._limit:
            self._more += 1
            return -1
        self._found.append(self._damage(code, message, position, center, values))
        return len(self._found) - 1

    def replace(self, number: int, code: str, message: str, /, **values: object) -> None:
        """Say something better of a problem noted before, at the same place."""
        if number >= 0:
            old = self._found[number]
            ready = {name: shown(value) for name, value in values.items()}
            self._found[number] = Damage(
                code, old.position, old.center, message, old.values | ready
            )

    def done(self) -> tuple[Damage, ...]:
        """All problems; the last one says how many are not listed."""
        if not self._more:
            return tuple(self._found)
        more = Damage("more_damage", None, None, "{count} more problems", {"count": self._more})
        return (*self._found, more)

    def _damage(
        self, code: str, message: str, position: object, center: object, values: dict[str, object]
    ) -> Damage:
        place = None
        if position is not None:
            known = position.__class__ is int
            place = (
                format_position(self._log, position)  # type: ignore[arg-type]  # just looked
                if known
                else f"{self._log}#{shown(position)}"
            )
        stream = None if center is None else str(shown(center))
        ready = {name: shown(value) for name, value in values.items()}
        return Damage(code, place, stream, message, ready | {"position": place, "center": stream})


def shown(value: object) -> str | int:
    """A stored value of whatever type, as it can be printed."""
    if value.__class__ is int:
        return value
    if isinstance(value, str):
        return value if value.isprintable() else ascii(value)
    if isinstance(value, bytes):
        return f"0x{value[:32].hex()}" + ("…" if len(value) > 32 else "")
    return repr(value)
