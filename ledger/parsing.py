"""One line of input → checked entries; or what is wrong with it, and what to do.

The scan for duplicate keys and the exact decimals come from the standard library's JSON decoder;
shapes are
checked by msgspec against the entry classes; what spans several fields is checked here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from unicodedata import is_normalized, normalize

import msgspec

from ledger import canonical
from ledger import entries as e
from ledger.entries import REGISTRY, CenterEntry, Entry, decode_hook, encode_hook
from ledger.errors import MalformedError, Problem
from ledger.identity import is_scheme, parse_center, parse_edition, parse_round, scheme_of

__all__ = [
    "MAX_LINE_BYTES",
    "ParsedLine",
    "content_of",
    "flatten_private",
    "parse_line",
    "parse_lines",
]

MAX_LINE_BYTES = 1 << 20
"""A line of more than 1 MiB is refused (contract section 3)."""

_KEY = re.compile(r"[!-~\u4e00-\u9fff][ -~\u4e00-\u9fff]{0,199}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INDICATOR = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_WHOLE = frozenset({"rd_staff_full_time", "rd_staff", "valid_ip", "invention_applications"})


class ParsedLine(msgspec.Struct, frozen=True):
    """A sound line: its 1-based number and its entries, several where `centers` fans it out."""

    number: int
    entries: tuple[Entry, ...]


def parse_lines(
    lines: Iterable[bytes], *, today: date, first: int = 1
) -> Iterator[ParsedLine | Problem]:
    """Every line that is not blank, sound or not, in order, numbered from `first`; never raises for
    what is in a line."""
    for number, line in enumerate(lines, first):
        if line.strip():
            yield parse_line(line, number, today=today)


def parse_line(line: bytes, number: int, *, today: date) -> ParsedLine | Problem:
    """One line as entries, or the first thing that is wrong with it."""
    try:
        entries = _entries(_object(line, number), today)
    except MalformedError as error:
        return Problem(error.message, line=number, **error.values)
    return ParsedLine(number, entries)


def content_of(entry: Entry) -> dict[str, Any]:
    """The entry as plain canonical values, without private values: what is hashed and compared."""
    content: dict[str, Any] = msgspec.to_builtins(entry, enc_hook=encode_hook)
    private = content.get("private")
    if isinstance(private, dict):
        content["private"] = [path for path, _ in flatten_private(private)]
    for field, value in content.items():
        if value.__class__ is tuple:
            content[field] = list(value)
    return content


def flatten_private(private: dict[str, Any]) -> list[tuple[str, bytes]]:
    """JSON-pointer path and canonical bytes of every private value, mappings taken apart, sorted by
    path."""
    return sorted(_flat("", private), key=lambda item: item[0].encode())


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, bytes]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(f"{prefix}/{key.replace('~', '~0').replace('/', '~1')}", part)
    else:
        yield prefix, canonical.encode(_exact(value))


def _exact(value: Any) -> Any:
    """Decimals inside free-form values as the text they were written with."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: _exact(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(part) for part in value]
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise MalformedError("the key {key!r} stands twice in one object", key=twice)
    return found


def _no_constant(name: str) -> Any:
    raise MalformedError("{name} is no JSON number", name=name)


def _decimal(text: str) -> Decimal:
    if "e" in text or "E" in text:
        raise MalformedError("the number {number} has an exponent; write it out", number=text[:40])
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > 16:
        raise MalformedError("the number {number} is too long", number=text[:40])
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant
)


def _object(line: bytes, number: int) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise MalformedError(
            "the line has {size} bytes; at most {limit} are read",
            size=len(line),
            limit=MAX_LINE_BYTES,
        )
    if number == 1 and line.startswith(b"\xef\xbb\xbf"):
        line = line[3:]
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(
            "the line is not UTF-8 (byte {byte}); "
            "a file saved as GB18030 or GBK has to be saved as UTF-8",
            byte=error.start + 1,
        ) from None
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedError(
            "the line is no JSON: {reason} (column {column})", reason=error.msg, column=error.colno
        ) from None
    except RecursionError:
        raise MalformedError("the line is nested too deeply") from None
    if not isinstance(found, dict):
        raise MalformedError(
            "a line holds one JSON object, such as {example}", example='{"type": "RoundOpened", …}'
        )
    if "\\u" in text or not is_normalized("NFC", text):
        return {key: _normal(part) for key, part in found.items()}
    return found


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MalformedError(
                "the text {text} holds half a character (a lone surrogate)", text=ascii(value[:40])
            ) from None
        return normalize("NFC", value)
    if isinstance(value, dict):
        return {_normal(key): _normal(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_normal(part) for part in value]
    return value


def _entries(found: dict[str, Any], today: date) -> tuple[Entry, ...]:
    kind = found.get("type")
    entry_class = REGISTRY.get(kind) if isinstance(kind, str) else None
    if entry_class is None:
        raise MalformedError(
            "{type} is no entry type{hint}", type=_shown(kind), hint=_hint(kind, REGISTRY)
        )
    if entry_class.kind == "mark":
        raise MalformedError(
            "{type} is written by the ledger itself (taizhang log checkpoint, taizhang restore) "
            "and cannot be recorded from a file",
            type=entry_class.__name__,
        )
    centers = found.pop("centers", None)
    if centers is None:
        return (_entry(found, entry_class, today),)
    return tuple(
        _entry({**found, "center": center}, entry_class, today)
        for center in _fan_out(found, entry_class, centers)
    )


def _fan_out(found: dict[str, Any], entry_class: type[Entry], centers: Any) -> list[str]:
    if not issubclass(entry_class, CenterEntry):
        raise MalformedError(
            "{type} belongs to no center: leave out centers", type=entry_class.__name__
        )
    if "center" in found:
        raise MalformedError("write either center or centers, not both")
    if not isinstance(centers, list) or not centers or not all(isinstance(c, str) for c in centers):
        raise MalformedError("centers must be a list of at least one center")
    if len(set(centers)) != len(centers):
        raise MalformedError("a center stands twice in centers")
    if len({scheme_of(c) for c in centers}) > 1:
        raise MalformedError("the centers of one line must belong to one scheme")
    return centers


def _entry(found: dict[str, Any], entry_class: type[Entry], today: date) -> Entry:
    try:
        entry = msgspec.convert(found, entry_class, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise _explained(error, found, entry_class) from None
    _check_common(entry, found, today)
    if isinstance(entry, CenterEntry):
        parse_center(entry.center)
    own = _OWN_CHECKS.get(entry_class)
    if own is not None:
        own(entry)
    round_id = getattr(entry, "round", None)
    if round_id is not None:
        _check_round(entry, round_id)
    return entry


def _check_common(entry: Entry, found: dict[str, Any], today: date) -> None:
    if entry.on > today:
        raise MalformedError(
            "on: {on} lies in the future (today is {today})",
            on=entry.on.isoformat(),
            today=today.isoformat(),
        )
    if entry.on.year < 1980:
        raise MalformedError(
            "on: {on} lies before 1980; is the year right?", on=entry.on.isoformat()
        )
    for field, value in found.items():
        if value.__class__ is str and (not value.strip() or _CONTROL.search(value)):
            raise MalformedError("{field} is empty or holds control characters", field=field)
    if type(entry.by) is tuple and (not entry.by or not all(name.strip() for name in entry.by)):
        raise MalformedError("by: name at least one body, and none of them empty")
    if entry.key is not None and not _KEY.match(entry.key):
        raise MalformedError("key: at most 200 printable characters, not starting with a space")
    if entry.policy is not None:
        parse_edition(entry.policy)
    if entry.attachments:
        _check_attachments(entry.attachments)
    if isinstance(entry.private, tuple):
        raise MalformedError("private must be a mapping of names to values")
    if entry.private is not None:
        _check_private(entry.private)


def _check_attachments(attachments: tuple[e.Attachment, ...]) -> None:
    names = [a.name for a in attachments]
    for attachment in attachments:
        if (
            not attachment.name.strip()
            or _CONTROL.search(attachment.name)
            or "\n" in attachment.name
            or len(attachment.name) > 255
        ):
            raise MalformedError("attachments: a name has 1 to 255 characters on one line")
        if (attachment.sha256 is None) == (attachment.path is None):
            raise MalformedError(
                "attachments: {name!r} needs either sha256 or path", name=attachment.name
            )
        if attachment.sha256 is not None and not _SHA256.match(attachment.sha256):
            raise MalformedError(
                "attachments: sha256 of {name!r} is not 64 lower-case hex digits",
                name=attachment.name,
            )
    if len(set(names)) != len(names):
        raise MalformedError("attachments: a name stands twice")


def _check_private(private: dict[str, Any]) -> None:
    paths = flatten_private(private)
    if not paths:
        raise MalformedError("private holds no value")
    for path, _ in paths:
        if (
            not path.isascii()
            or " " in path
            or _CONTROL.search(path)
            or "\n" in path
            or len(path) > 200
        ):
            raise MalformedError(
                "private: the name {path!r} must be ASCII without spaces, at most 200 characters",
                path=path,
            )


def _check_round(entry: Entry, text: str) -> None:
    round_ = parse_round(text)
    wanted = _ROUND_KIND.get(type(entry))
    if wanted is not None and round_.kind != wanted:
        raise MalformedError(
            "round: {type} belongs to {wanted} rounds, and {round} is none",
            type=type(entry).__name__,
            wanted=wanted,
            round=text,
        )
    if isinstance(entry, CenterEntry) and scheme_of(entry.center) != round_.scheme:
        raise MalformedError(
            "round: {round} belongs to another scheme than the center {center}",
            round=text,
            center=entry.center,
        )


def _check_indicators(indicators: dict[str, e.Quantity] | None) -> None:
    for name, value in (indicators or {}).items():
        if not _INDICATOR.match(name):
            raise MalformedError("indicators: {name!r} is no indicator name", name=name)
        if name not in _KNOWN_INDICATORS:
            raise MalformedError(
                "indicators: {name!r} is unknown{hint}",
                name=name,
                hint=_hint(name, _KNOWN_INDICATORS),
            )
        if not name.startswith("h") and value < 0:
            raise MalformedError(
                "indicators: {name} is negative ({value})", name=name, value=str(value)
            )
        if name in _WHOLE and value != value.to_integral_value():
            raise MalformedError(
                "indicators: {name} counts whole numbers, not {value}", name=name, value=str(value)
            )


def _check_publicity(entry: e.PublicityOpened) -> None:
    if entry.closes < entry.on:
        raise MalformedError(
            "closes: {closes} lies before the first day {on}",
            closes=entry.closes.isoformat(),
            on=entry.on.isoformat(),
        )
    if (
        entry.round is not None
        and entry.subject != "revocation"
        and parse_round(entry.round).kind != entry.subject
    ):
        raise MalformedError(
            "round: {round} is no {subject} round", round=entry.round, subject=entry.subject
        )


def _check_grounds(entry: e.CenterRevoked) -> None:
    if not entry.grounds or len(set(entry.grounds)) != len(entry.grounds):
        raise MalformedError("grounds: name at least one ground, each once")


def _check_scheme(entry: e.InterpretationAdopted) -> None:
    if not is_scheme(entry.scheme):
        raise MalformedError(
            "scheme: {scheme!r} is no scheme, such as beijing", scheme=entry.scheme
        )


def _check_fields(entry: e.PrivateErased) -> None:
    if not entry.fields or len(set(entry.fields)) != len(entry.fields):
        raise MalformedError("fields: name at least one path, each once")


def _check_established(entry: e.FactEstablished) -> None:
    if entry.decided_on is not None and entry.decided_on > entry.on:
        raise MalformedError(
            "decided_on: {decided_on} lies after on, {on}",
            decided_on=entry.decided_on.isoformat(),
            on=entry.on.isoformat(),
        )


def _check_reported(entry: e.ChangeReported) -> None:
    if entry.completed_on > entry.on:
        raise MalformedError(
            "completed_on: {day} lies after the report itself", day=entry.completed_on.isoformat()
        )


_OWN_CHECKS: dict[type[Entry], Callable[[Any], None]] = {
    e.ApplicationSubmitted: lambda entry: _check_indicators(entry.indicators),
    e.EvaluationSubmitted: lambda entry: _check_indicators(entry.indicators),
    e.PublicityOpened: _check_publicity,
    e.CenterRevoked: _check_grounds,
    e.InterpretationAdopted: _check_scheme,
    e.PrivateErased: _check_fields,
    e.FactEstablished: _check_established,
    e.ChangeReported: _check_reported,
}

_ROUND_KIND: dict[type[Entry], str] = {
    **dict.fromkeys(
        (
            e.ApplicationSubmitted,
            e.ApplicationAdmitted,
            e.ApplicationRefused,
            e.DesignationProposed,
            e.CenterDesignated,
        ),
        "designation",
    ),
    **dict.fromkeys(
        (
            e.EvaluationSubmitted,
            e.EvaluationNotSubmitted,
            e.EvaluationDeferred,
            e.EvaluationScored,
            e.GradeConfirmed,
            e.WarningIssued,
            e.CommendationIssued,
            e.ScoreCorrected,
        ),
        "evaluation",
    ),
}

_KNOWN_INDICATORS = frozenset(
    {
        "main_revenue",
        "revenue",
        "rd_expenditure",
        "rd_staff_full_time",
        "rd_staff",
        "equipment_value",
        "valid_ip",
        "invention_applications",
        "premises_area",
        *(f"h{number}" for number in range(1, 38)),
    }
)


def _explained(
    error: msgspec.ValidationError, found: dict[str, Any], entry_class: type[Entry]
) -> MalformedError:
    """What is wrong with the shape, in our own words."""
    names = {f.encode_name: f for f in msgspec.structs.fields(entry_class)}
    unknown = [key for key in found if key not in names and key != "type"]
    if unknown:
        hint = (
            " (YAML reads a bare on as true: quote it)"
            if unknown[0] == "true"
            else _hint(unknown[0], names)
        )
        return MalformedError(
            "{type} has no field {field!r}{hint}",
            type=entry_class.__name__,
            field=unknown[0],
            hint=hint,
        )
    missing = [name for name, field in names.items() if field.required and name not in found]
    if missing:
        return MalformedError(
            "{type} needs the field {field!r}", type=entry_class.__name__, field=missing[0]
        )
    reason, _, place = str(error).partition(" - at `$.")
    field = place.rstrip("`")
    name = field.partition("[")[0].partition(".")[0]
    return MalformedError(
        "{field}: {reason} (found {value})",
        field=field or "?",
        reason=_plain_reason(reason),
        value=_shown(found.get(name)),
    )


def _plain_reason(reason: str) -> str:
    if reason.startswith("Invalid RFC3339"):
        return "no such day; write YYYY-MM-DD"
    if reason.startswith("Invalid enum value"):
        return "not among the allowed words"
    if reason.startswith("Expected `"):
        wanted = reason.removeprefix("Expected `").partition("`")[0]
        return f"expected {wanted.replace(' | null', '')}"
    return reason


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:60] + "…"


def _hint(word: Any, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
