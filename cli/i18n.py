"""The reader's language: gettext catalogues under `cli/locale`, chosen once per run.

English is the language of the sources and needs no catalogue. click speaks through the same
catalogue: its own words are listed in `cli.usage`.
"""

from __future__ import annotations

import gettext
import locale
import os
from pathlib import Path

__all__ = ["DOMAIN", "LANGUAGES", "LOCALE", "N_", "choose", "counted", "language", "translate"]

DOMAIN = "taizhang"
LANGUAGES = ("zh", "en")
LOCALE = Path(__file__).parent / "locale"
_state: dict[str, gettext.NullTranslations | str] = {
    "language": "en",
    "catalogue": gettext.NullTranslations(),
}


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "mark, do not translate yet"
    """Mark a message for the catalogues and leave it as it is."""
    return message


def counted(one: str, many: str) -> tuple[str, str]:
    """Mark a message that has a form for one and another for many."""
    return one, many


def choose(wanted: str | None) -> str:
    """Settle the language: asked for, else TAIZHANG_LANG, else the locale, else Chinese; returns
    it."""
    found = wanted or os.environ.get("TAIZHANG_LANG") or _of_locale()
    found = found if found in LANGUAGES else "zh"
    _state["language"] = found
    _state["catalogue"] = gettext.translation(DOMAIN, LOCALE, [found], fallback=True)
    _tell_click(found)
    return found


def language() -> str:
    """The language in use."""
    return str(_state["language"])


def translate(message: str) -> str:
    """The message in the language in use."""
    catalogue = _state["catalogue"]
    assert isinstance(catalogue, gettext.NullTranslations)  # noqa: S101  narrowing
    return catalogue.gettext(message) if message else message


def _tell_click(found: str) -> None:
    """Point the gettext functions that click calls to our catalogue, and to the language."""
    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = found


def _of_locale() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value[:2] in LANGUAGES:
            return value[:2]
    current = locale.getlocale()[0] or ""
    return current[:2] if current[:2] in LANGUAGES else "zh"
