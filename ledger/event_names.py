"""Names of eventsourcing in a ledger's alphabet, and back: originators as streams, topics as types.

A leaf holds streams of printable ASCII and types such as `EvaluationScored/1`. The library has
UUIDs and dotted topics. Both ways lose nothing:

    UUID                                  urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7
    EvaluationScored/1                    EvaluationScored/1
    app.model:Account.Opened              TopicappZ2emodelZ3aAccountZ2eOpened/1

An escaped topic begins with `Topic` and ends with `/1`; between them stand its UTF-8 bytes, letters
and digits as they are, all others and `Z` itself as `Z` with two hex digits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from uuid import UUID

from ledger.errors import MalformedError

__all__ = ["originator_of", "stream_of", "topic_of", "type_of"]

_URN = "urn:uuid:"
_STORED = re.compile(r"(?!Topic)[A-Z][A-Za-z0-9]*/[1-9][0-9]{0,17}")
_ESCAPED = re.compile(r"Topic((?:[A-Ya-z0-9]|Z[0-9a-f]{2})*)/1")


def stream_of(originator_id: UUID | str) -> str:
    """The stream of an originator; MalformedError for text that would come back as a UUID."""
    if isinstance(originator_id, UUID):
        return originator_id.urn
    if originator_id.startswith(_URN):
        raise MalformedError("{id!r}: hand in a UUID, or text without urn:uuid:", id=originator_id)
    return originator_id


def originator_of(stream: str) -> UUID | str:
    """The originator of a stream, of the type it was given in."""
    return UUID(stream) if stream.startswith(_URN) else stream


@lru_cache(maxsize=4096)
def type_of(topic: str) -> str:
    """The stored type of a topic."""
    if _STORED.fullmatch(topic):
        return topic
    return f"Topic{''.join(map(_escaped, topic.encode()))}/1"


@lru_cache(maxsize=4096)
def topic_of(stored: str) -> str:
    """The topic of a stored type."""
    found = _ESCAPED.fullmatch(stored)
    if found is None:
        return stored
    data = re.sub(rb"Z(..)", lambda part: bytes.fromhex(part[1].decode()), found[1].encode())
    return data.decode()


def _escaped(byte: int) -> str:
    character = chr(byte)
    if character.isascii() and character.isalnum() and character != "Z":
        return character
    return f"Z{byte:02x}"
