"""The only reader of the clock: the recording instant, and today's legal day in Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

__all__ = [
    "SHANGHAI",
    "Clock",
    "format_instant",
    "instant_of",
    "is_instant",
    "legal_day",
    "parse_instant",
    "system_clock",
    "unix_seconds",
]

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one offset without summer time since 1991; no ledger reaches further back."""

Clock = Callable[[], datetime]
"""A callable that returns the present instant, aware, in UTC."""


def system_clock() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def legal_day(instant: datetime) -> date:
    """The legal day an instant falls on, in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def format_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always 27 characters."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """The instant an RFC 3339 text names; raises ValueError for anything without an offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant.astimezone(UTC)


def is_instant(value: object) -> bool:
    """Whether a stored value is an instant as `format_instant` writes it."""
    if not isinstance(value, str) or len(value) != 27 or value[-1] != "Z":
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def unix_seconds(instant: datetime) -> int:
    """Whole seconds since 1970-01-01T00:00:00Z."""
    return (instant - _EPOCH) // timedelta(seconds=1)


def instant_of(seconds: int) -> datetime | None:
    """The instant so many seconds after 1970-01-01T00:00:00Z; None past the year 9999."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
