"""Bring `cli/verifier/verify.html` in step: its words, and the hashes of its own scripts.

The sentences are those of the Python verifier, so that the two cannot part; names of entries and
statuses are the catalogues'. The page's content security policy allows nothing but the scripts
and styles with these hashes. Run it after a change of the page: `python
tests/support/make_verifier_page.py`.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from cli.glossary import TYPES
from cli.i18n import choose, translate
from cli.verifier import taizhang_verify
from cli.wording import WORDS

__all__ = ["PAGE", "brought_in_step", "script_of"]

PAGE = Path(taizhang_verify.__file__).with_name("verify.html")
_NAMES = (
    *("none", "applicant", "proposed", "designated", "suspended", "revoked"),
    *("failed_evaluations", "low_band", "missed_bulletins", "missed_returns"),
)


def brought_in_step(page: str) -> str:
    """The page with the words and hashes it must have."""
    words = json.dumps(_words(), ensure_ascii=False, indent=1, sort_keys=True)
    page = _filled(page, '<script type="application/json" id="words">', words, "</script>")
    scripts = [script_of(page, name) for name in ("core", "page")]
    styles = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    page = _filled(page, "script-src ", " ".join(map(_source, scripts)), ";")
    return _filled(page, "style-src ", " ".join(map(_source, styles)), ";")


def script_of(page: str, name: str) -> str:
    """The text of one of the page's scripts."""
    found = re.search(f'<script id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1]


def _filled(page: str, before: str, text: str, after: str) -> str:
    head, tail = page.split(before, 1)
    return head + before + text + after + tail.split(after, 1)[1]


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _words() -> dict[str, dict[str, list[str]]]:
    return {
        "say": {code: list(texts) for code, texts in taizhang_verify.SAY.items()},
        "types": {name: _both(text) for name, text in TYPES.items()},
        "names": {name: _both(WORDS[name]) for name in _NAMES},
    }


def _both(text: str) -> list[str]:
    found = []
    for language in ("en", "zh"):
        choose(language)
        found.append(translate(text))
    return found


if __name__ == "__main__":
    PAGE.write_text(brought_in_step(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
