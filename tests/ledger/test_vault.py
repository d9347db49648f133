"""Private values: bound to the log by commitments, gone without a trace once erased."""

from __future__ import annotations

import json

import pytest

from ledger.schema import metadata
from support.command import run
from support.places import Place, Places

SECRET = "13812345678"
APPLICATION = {
    "type": "ApplicationSubmitted",
    "on": "2024-04-10",
    "center": "hechuan/id:a",
    "round": "hechuan:designation:2024",
    "name": "甲",
    "private": {"contact": {"phone": SECRET, "name": "张三"}},
    "key": "k",
}
ERASURE = {
    "type": "PrivateErased",
    "on": "2024-06-10",
    "center": "hechuan/id:a",
    "erases": "k",
    "fields": ["/contact/phone"],
    "reason": "本人申请",
}


@pytest.fixture
def place(places: Places) -> Place:
    """A place for a ledger."""
    return places.new()


def kept(place: Place) -> bytes:
    """Everything the database keeps: of a file all its bytes, of a server its rows."""
    if place.is_file:
        found = sorted(path for path in place.folder.glob("ledger.db*") if path.is_file())
        return b"".join(path.read_bytes() for path in found)
    with place.raw() as raw:
        values = [
            value
            for table in metadata.tables
            for row in raw.run(f"SELECT * FROM {table}")
            for value in row
        ]
    return b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)


def record(place: Place, *entries: dict[str, object]) -> int:
    """Record entries; the exit status."""
    return run(place, "record", "-", stdin="".join(json.dumps(e) + "\n" for e in entries)).status


def test_log_holds_no_private_value(place: Place) -> None:
    """The payload names the path of a private value and never the value."""
    assert record(place, APPLICATION) == 0
    shown = run(place, "log", "show", "hechuan#0").stdout
    assert "/contact/phone" in shown
    assert SECRET not in shown


def test_erased_values_leave_no_bytes(place: Place) -> None:
    """After an erasure nothing of the ledger holds the value, and the log still verifies."""
    assert record(place, APPLICATION) == 0
    assert SECRET.encode() in kept(place)
    assert record(place, ERASURE) == 0
    assert SECRET.encode() not in kept(place)
    assert "张三".encode() in kept(place)
    assert run(place, "log", "verify").status == 0


def test_only_held_values_are_erased(place: Place) -> None:
    """Erasing a path the entry does not hold is refused and erases nothing."""
    assert record(place, APPLICATION) == 0
    assert record(place, {**ERASURE, "fields": ["/contact/phone", "/contact/fax"]}) == 1
    assert SECRET.encode() in kept(place)


def test_a_key_covers_private_values(place: Place) -> None:
    """The same key with another private value is a conflict; with the same it is skipped."""
    assert record(place, APPLICATION) == 0
    assert record(place, APPLICATION) == 0
    assert (
        record(place, {**APPLICATION, "private": {"contact": {"phone": "139", "name": "张三"}}})
        == 4
    )
