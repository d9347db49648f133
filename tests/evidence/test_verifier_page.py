"""`verify.html` as it lies there: in step with what it is made from, and closed to the outside."""

from __future__ import annotations

import re

from support.make_verifier_page import PAGE, brought_in_step

TEXT = PAGE.read_text(encoding="utf-8")


def test_page_is_in_step() -> None:
    """Words and hashes are current: python tests/support/make_verifier_page.py."""
    assert brought_in_step(TEXT) == TEXT


def test_page_loads_nothing() -> None:
    """The page names no address but the style of its own policy."""
    assert re.findall(r"(?:https?:)?//[a-z]+\.|\b(?:src|href)=|@import|url\(", TEXT) == []


def test_policy_forbids_everything_else() -> None:
    """What the content security policy does not name is forbidden, and it names no host."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', TEXT)
    assert policy is not None
    hashes = re.sub(r"'sha256-[A-Za-z0-9+/]{43}='", "HASH", policy[1])
    assert hashes == (
        "default-src 'none'; script-src HASH HASH; style-src HASH; worker-src blob:; "
        "base-uri 'none'; form-action 'none'"
    )
