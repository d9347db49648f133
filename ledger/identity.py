"""Names of things, parsed once: schemes, enterprises, centers, rounds, positions.

All of them stay plain text inside the ledger (`NewType`), in exactly one spelling, so that they
can be hashed, sorted and compared as bytes. Source: contract section 2.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, NewType

from ledger.errors import MalformedError

__all__ = [
    "CenterId",
    "Position",
    "Round",
    "RoundId",
    "format_position",
    "is_scheme",
    "parse_center",
    "parse_edition",
    "parse_position",
    "parse_round",
    "scheme_of",
]

CenterId = NewType("CenterId", str)
RoundId = NewType("RoundId", str)

_SCHEME = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_LOCAL_ID = re.compile(r"id:[A-Za-z0-9_-]{1,64}\Z")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}\Z")
_ROUND = re.compile(r"([a-z][a-z0-9_-]{0,31}):(evaluation|designation):([12][0-9]{3})\Z")
_POSITION = re.compile(r"([a-z][a-z0-9_-]{0,31})#(0|[1-9][0-9]{0,17})\Z")
_EDITION = re.compile(r"([a-z][a-z0-9_-]{0,31})/([A-Za-z0-9][A-Za-z0-9._-]{0,31})\Z")


class Round(NamedTuple):
    """One batch of designations or one evaluation (批次、年度)."""

    scheme: str
    kind: str
    year: int


class Position(NamedTuple):
    """The 0-based place of an entry in its scheme's log."""

    log: str
    number: int


def is_scheme(text: str) -> bool:
    """Whether the text can name a regulation family."""
    return _SCHEME.match(text) is not None


@lru_cache(maxsize=1 << 16)
def parse_center(text: str) -> CenterId:
    """The center named `scheme/enterprise`; raises MalformedError for a wrong check digit and the
    like."""
    scheme, slash, enterprise = text.partition("/")
    if not slash or not is_scheme(scheme):
        raise MalformedError(
            "{center!r} is no center: write scheme/enterprise, such as beijing/91110108MA10000177",
            center=text,
        )
    if enterprise.startswith("id:"):
        if not _LOCAL_ID.match(enterprise):
            raise MalformedError(
                "{enterprise!r} is no enterprise: after id: come 1 to 64 of A-Z a-z 0-9 _ -",
                enterprise=enterprise,
            )
        return CenterId(text)
    if not _CREDIT_CODE.match(enterprise):
        raise MalformedError(
            "{enterprise!r} is no unified social credit code "
            "(18 characters, digits and capitals without I O S V Z); "
            "where no code is known write id:NAME",
            enterprise=enterprise,
        )
    from stdnum.cn import uscc  # slow to import, and not needed for `id:` names
    from stdnum.exceptions import ValidationError

    try:
        uscc.validate(enterprise)
    except ValidationError:
        raise MalformedError(
            "the check digit of {enterprise!r} does not fit (GB 32100-2015): "
            "one character is mistyped",
            enterprise=enterprise,
        ) from None
    return CenterId(text)


@lru_cache(maxsize=4096)
def parse_round(text: str) -> Round:
    """The round named `scheme:kind:year`; raises MalformedError."""
    found = _ROUND.match(text)
    if not found:
        raise MalformedError(
            "{round!r} is no round: write scheme:evaluation:YEAR or scheme:designation:YEAR, "
            "such as beijing:evaluation:2023",
            round=text,
        )
    return Round(found[1], found[2], int(found[3]))


def parse_position(text: str) -> Position:
    """The position written `scheme#n`; raises MalformedError."""
    found = _POSITION.match(text)
    if not found:
        raise MalformedError(
            "{position!r} is no position: write scheme#n, such as beijing#41", position=text
        )
    return Position(found[1], int(found[2]))


def format_position(log: str, number: int) -> str:
    """A position as it is written everywhere: `scheme#n`."""
    return f"{log}#{number}"


def parse_edition(text: str) -> tuple[str, str]:
    """Scheme and version of an edition id such as `xian/2016`; raises MalformedError."""
    found = _EDITION.match(text)
    if not found:
        raise MalformedError(
            "{edition!r} is no edition: write scheme/version, such as beijing/1", edition=text
        )
    return found[1], found[2]


@lru_cache(maxsize=1 << 16)
def scheme_of(stream: str) -> str:
    """The scheme a center, round or scheme stream belongs to."""
    return stream.partition("/")[0].partition(":")[0]
