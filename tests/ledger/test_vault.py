"""Private values: bound to the log by commitments, gone without a trace once erased."""

from __future__ import annotations

import json
from pathlib import Path

from support.command import run

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


def files(folder: Path) -> bytes:
    """Everything the database keeps on disk."""
    found = sorted(path for path in folder.glob("ledger.db*") if path.is_file())
    return b"".join(path.read_bytes() for path in found)


def record(folder: Path, *entries: dict[str, object]) -> int:
    """Record entries; the exit status."""
    return run(folder, "record", "-", stdin="".join(json.dumps(e) + "\n" for e in entries)).status


def test_log_holds_no_private_value(tmp_path: Path) -> None:
    """The payload names the path of a private value and never the value."""
    assert record(tmp_path, APPLICATION) == 0
    shown = run(tmp_path, "log", "show", "hechuan#0").stdout
    assert "/contact/phone" in shown
    assert SECRET not in shown


def test_erased_values_leave_no_bytes(tmp_path: Path) -> None:
    """After an erasure no file of the ledger holds the value, and the log still verifies."""
    assert record(tmp_path, APPLICATION) == 0
    assert SECRET.encode() in files(tmp_path)
    assert record(tmp_path, ERASURE) == 0
    assert SECRET.encode() not in files(tmp_path)
    assert "张三".encode() in files(tmp_path)
    assert run(tmp_path, "log", "verify").status == 0


def test_only_held_values_are_erased(tmp_path: Path) -> None:
    """Erasing a path the entry does not hold is refused and erases nothing."""
    assert record(tmp_path, APPLICATION) == 0
    assert record(tmp_path, {**ERASURE, "fields": ["/contact/phone", "/contact/fax"]}) == 1
    assert SECRET.encode() in files(tmp_path)


def test_a_key_covers_private_values(tmp_path: Path) -> None:
    """The same key with another private value is a conflict; with the same it is skipped."""
    assert record(tmp_path, APPLICATION) == 0
    assert record(tmp_path, APPLICATION) == 0
    assert (
        record(tmp_path, {**APPLICATION, "private": {"contact": {"phone": "139", "name": "张三"}}})
        == 4
    )
