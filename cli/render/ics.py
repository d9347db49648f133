"""Deadlines as an iCalendar file (RFC 5545): all-day events with identifiers that stay the same.

A calendar that reads a newer file replaces the events it knows by their UID. A day that cannot be
told yet stands at the day it is never before, and is marked as tentative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from cli.i18n import N_, language, translate
from cli.render.cites import with_article
from cli.render.deadlines import from_whom

__all__ = ["calendar_file", "has_day"]

Value = dict[str, Any]

_OCTETS = 75
"""Octets a line may take, its end not counted (RFC 5545 §3.1)."""


def calendar_file(duties: Iterable[Value], *, stamp: datetime) -> bytes:
    """The duties that have a day as a calendar, each an event; `stamp` says how new they are."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//taizhang//deadlines//{language().upper()}",
        "CALSCALE:GREGORIAN",
    ]
    for duty in duties:
        if has_day(duty):
            lines += _event(duty, stamp)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def has_day(duty: Value) -> bool:
    """Whether a day can be marked: the last one, or the one it is never before."""
    return (duty["due"] or duty["lower_bound"]) is not None


def _event(duty: Value, stamp: datetime) -> Iterator[str]:
    day = date.fromisoformat(duty["due"] or duty["lower_bound"])
    yield "BEGIN:VEVENT"
    yield f"UID:{sha256(duty['key'].encode()).hexdigest()[:32]}@taizhang"
    yield f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"  # the first day after it
    yield f"SUMMARY:{_text(_summary(duty))}"
    yield f"DESCRIPTION:{_text(_description(duty))}"
    yield f"STATUS:{'CONFIRMED' if duty['due'] else 'TENTATIVE'}"
    yield f"CATEGORIES:{_text(duty['what'])}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _summary(duty: Value) -> str:
    who = duty["name"] or duty["center"] or from_whom(duty)
    if duty["due"] is None:
        return translate(N_("{who}: {message} (not before this day)")).format(who=who, **duty)
    return translate(N_("{who}: {message}")).format(who=who, **duty)


def _description(duty: Value) -> str:
    parts = [with_article(duty["message"], duty["cite"]), from_whom(duty)]
    if duty["stated"] not in (None, duty["due"]):
        parts.append(translate(N_("printed {stated}")).format(**duty))
    parts += [text for text in (duty["undetermined"], duty["center"]) if text]
    return "\n".join(parts)


def _text(value: str) -> str:
    """A TEXT value (§3.3.11): backslash, semicolon, comma and line ends are escaped."""
    for mark in ("\\", ";", ","):
        value = value.replace(mark, "\\" + mark)
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets; a character is never torn apart (§3.1)."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > _OCTETS:
            pieces.append(piece)
            piece = b" "  # what begins with a space continues the line before
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
