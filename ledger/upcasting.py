"""Stored rows back into entries: the closed registry, and old shapes raised to current ones.

An entry is never rewritten. When a type's shape changes, its class gets a new `schema` number and a
pure step
from the old payload to the new is added to `UPCASTS`; the golden bytes of every version stay in the
tests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import msgspec
import orjson

from ledger.clock import is_instant
from ledger.damage import shown
from ledger.entries import REGISTRY, AnyEntry, decode_hook, stored_type
from ledger.errors import IntegrityFailure
from ledger.ruling import Payload, Recorded

__all__ = ["UPCASTS", "decode_payload", "recorded_of"]

UPCASTS: dict[str, Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]] = {}
"""Stored type such as `EvaluationScored/1` → step to the next: new stored type and payload. Empty:
nothing changed yet."""

_CURRENT = {stored_type(entry): entry for entry in REGISTRY.values()}
_Decode = Callable[[bytes], "Payload[AnyEntry]"]


def decode_payload(stored: str, data: bytes) -> Payload[AnyEntry]:
    """The payload of a stored type; raises ValueError for an unknown type or bytes that do not fit
    it."""
    if data.__class__ is not bytes or stored.__class__ is not str:
        raise ValueError("payload" if stored.__class__ is str else "type")
    if stored not in _CURRENT:
        stored, data = _raised(stored, data)
    try:
        return _decoder_of(stored)(data)
    # A damaged row may hold anything, and nothing.
    except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{stored}: {error}") from None


@cache
def _decoder_of(stored: str) -> _Decode:
    """What reads the payloads of a current type; of a known type the bytes are read once."""
    kind: Any = _CURRENT[stored]
    return msgspec.json.Decoder(Payload[kind], dec_hook=decode_hook).decode


def recorded_of(
    log: str, position: int, stream: str, version: int, stored: str, recorded_at: str, data: bytes
) -> Recorded:
    """A stored row as an entry in its place; raises IntegrityFailure that names the position where
    a column holds what no entry holds there."""
    try:
        payload = decode_payload(stored, data)
        # SQLite keeps a value of any type in any column.
        if not (position.__class__ is version.__class__ is int and stream.__class__ is str):
            raise ValueError(_misfit(position, stream))
        _check_instant(recorded_at)
    except ValueError as error:
        raise IntegrityFailure(
            "the entry {position} cannot be read: {reason}. Run `taizhang log verify`",
            position=f"{log}#{shown(position)}",
            reason=str(shown(str(error))),
        ) from None
    return Recorded(
        log,
        position,
        stream,
        version,
        stored,
        recorded_at,
        payload.entry,
        payload.ruling,
        payload.findings,
        payload.deviations,
    )


@lru_cache(maxsize=4096)
def _check_instant(recorded_at: object) -> None:
    if not is_instant(recorded_at):
        raise ValueError("recorded")


def _misfit(position: object, stream: object) -> str:
    if position.__class__ is not int:
        return "position"
    return "version" if stream.__class__ is str else "stream"


def _raised(stored: str, data: bytes) -> tuple[str, bytes]:
    value: dict[str, Any] = {}
    while stored not in _CURRENT:
        step = UPCASTS.get(stored)
        if step is None:
            raise ValueError(f"{stored} is no entry type of this program")
        stored, value = step(value or orjson.loads(data))
    return stored, orjson.dumps(value)
