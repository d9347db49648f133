"""eventsourcing's Mapper and Transcoder for ledger entries: a closed registry, canonical bytes.

The library's own mapper imports whatever module a stored row names, rebuilds objects without
calling them and takes unknown or missing fields as they come. Here a topic is a stored type such
as `EvaluationScored/1`, looked up and never imported; a payload must have exactly the fields of
its class and exactly one spelling. Whatever does not fit raises MapperDeserialisationError.

Payloads are public bytes that anybody can hash again, so there is neither cipher nor compressor:
what must not be public goes into an entry's private values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    Cipher,
    Compressor,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
    Transcoder,
)

from ledger import canonical
from ledger.entries import AnyEntry, Entry, encode_hook, stored_type
from ledger.errors import MalformedError
from ledger.ruling import Payload
from ledger.upcasting import decode_payload

__all__ = ["CanonicalTranscoder", "EntryEvent", "EntryMapper"]


@dataclass(frozen=True)
class EntryEvent:
    """An entry as a domain event: its stream, its version there, and what is stored of it."""

    originator_id: str
    originator_version: int
    payload: Payload[AnyEntry]

    @property
    def entry(self) -> Entry:
        """The entry itself."""
        return self.payload.entry


class CanonicalTranscoder(Transcoder):
    """Plain values ↔ canonical bytes (`ledger.canonical`); strict in both directions."""

    def encode(self, obj: Any) -> bytes:
        """Return the canonical bytes; MalformedError for what has none."""
        return canonical.encode(obj)

    def decode(self, data: bytes) -> Any:
        """Return the value; MalformedError for bytes that are not canonical."""
        return canonical.decode(data)


class EntryMapper(Mapper[str]):
    """Maps `EntryEvent` to stored events and back, for the classes in `ledger.entries.REGISTRY`."""

    def __init__(
        self,
        transcoder: Transcoder | None = None,
        compressor: Compressor | None = None,
        cipher: Cipher | None = None,
    ) -> None:
        if compressor is not None or cipher is not None:
            raise MalformedError(
                "ledger payloads are public canonical bytes: no cipher, no compressor"
            )
        super().__init__(transcoder or CanonicalTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The stored form; MalformedError for anything but an EntryEvent of a registered class."""
        if not isinstance(domain_event, EntryEvent):
            raise MalformedError("{type} is no EntryEvent", type=type(domain_event).__name__)
        value = msgspec.to_builtins(domain_event.payload, enc_hook=encode_hook)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=stored_type(type(domain_event.entry)),
            state=canonical.encode(_lists(value)),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The event of a stored row; raises MapperDeserialisationError for what fits no class."""
        try:
            canonical.decode(stored_event.state)
            payload = decode_payload(stored_event.topic, stored_event.state)
        except (MalformedError, ValueError) as error:
            raise MapperDeserialisationError(
                f"{stored_event.topic!r}, version {stored_event.originator_version} of "
                f"{stored_event.originator_id!r}: {error}"
            ) from error
        event = EntryEvent(
            str(stored_event.originator_id), stored_event.originator_version, payload
        )
        return cast("DomainEventProtocol[str]", event)


def _lists(value: Any) -> Any:
    """The value with lists for tuples: canonical bytes know no tuples."""
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_lists(part) for part in value]
    return value
