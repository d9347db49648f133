"""How articles, positions and instants are written inside a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cli.i18n import N_, translate
from ledger.clock import SHANGHAI, parse_instant

__all__ = ["article", "positions", "shanghai", "with_article"]


def article(cite: Mapping[str, Any] | None) -> str:
    """Edition and article, such as `beijing/1 第十四条（一）`; empty where none is cited."""
    return f"{cite['edition']} {cite['article']}" if cite else ""


def with_article(text: str, cite: Mapping[str, Any] | None) -> str:
    """The text, and behind it the article it rests on."""
    if not cite:
        return text
    return translate(N_("{text} [{article}]")).format(text=text, article=article(cite))


def positions(found: Iterable[str]) -> str:
    """Positions as a list."""
    return translate(N_(", ")).join(found)


def shanghai(instant: str) -> str:
    """A recording instant as the clock on the wall showed it in China, to the second."""
    return parse_instant(instant).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
