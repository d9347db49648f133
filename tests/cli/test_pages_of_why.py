"""`center why` of a center revoked on each ground: a page that can be handed to the company.

After a wanted change: TAIZHANG_GOLDEN=write pytest tests/cli/test_pages_of_why.py, and read the
difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from support.cases import background
from support.counter import Run, Said
from support.golden import agree
from support.revoked import CENTERS, DAYS, FRAUD, REVOKED, pages
from support.scenario import FileLedger, flattened

Asked = Callable[..., Said]

GOLDEN = ("beijing 14.6", "xian 16.1", "hechuan 16.2", "hechuan 16.4", FRAUD)
FREE = {"beijing 14.8", "xian 16.3", "xian 16.4", "hechuan 16.9"}
"""Grounds that no ban follows from."""
OTHERS: dict[str, tuple[str, str, str]] = {
    "designated": ("hechuan", "designated", "2025-06-01"),
    "applicant": ("hechuan", "applied", "2022-07-25"),
    "proposed": ("hechuan", "proposed", "2022-07-25"),
    "ban-over": ("beijing", "revoked-for-failing", "2025-01-01"),
}
ENGLISH = re.compile(r"(?<![A-Za-z0-9_./:#=>-])[A-Za-z]{3,}(?![A-Za-z0-9_./:#=>-])")
"""A word that is no part of a name, an id or a reading."""


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The ledger of a ground, or of another state, recorded once."""
    folder = tmp_path_factory.mktemp("why")

    @cache
    def ledger(name: str) -> str:
        path: Path = folder / f"{name.replace(' ', '-')}.db"
        found = FileLedger(path)
        scheme, past, _ = OTHERS.get(name, ("", "", ""))
        lines = list(flattened(background(scheme, past))) if past else pages()[name]
        answer = found.record(*lines)
        assert answer.recorded, (answer.malformed, answer.barred)
        found.close()
        return f"sqlite:///{path}"

    return ledger


@pytest.fixture
def why(run: Run, ledgers: Callable[[str], str]) -> Asked:
    """The page about the center of a ground, or of another state."""

    def asked(name: str, *more: str, language: str = "en") -> Said:
        scheme = OTHERS[name][0] if name in OTHERS else name.partition(" ")[0]
        day = OTHERS[name][2] if name in OTHERS else DAYS[scheme]
        day = "2023-01-31" if name == FRAUD else day
        arguments = ["center", "why", CENTERS[scheme], "--on", day, *more]
        return run(*arguments, url=ledgers(name), language=language)

    return asked


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", [*GOLDEN, *OTHERS])
def test_page_is_word_for_word(name: str, language: str, why: Asked) -> None:
    """The page is exactly that of the transcript."""
    said = why(name, language=language)
    agree(f"page-{name.replace(' ', '-')}", language, said.stdout)


@pytest.mark.parametrize("name", [*REVOKED, FRAUD])
class TestEveryGround:
    def test_it_leads_to_entries(self, name: str, why: Asked) -> None:
        """From the ground down, every reason that ends the tree rests on an entry, and the ground
        has its article."""
        ground = next(n for n in leaves_first(why(name, "--json").json["because"], name))
        assert ground["cite"]["article"].startswith("第")
        assert all(leaf["entries"] for leaf in ends(ground))

    def test_the_ban_is_reckoned(self, name: str, why: Asked) -> None:
        """A ban with its days, or that none follows, and why; with the reading applied."""
        claims = {n["claim"]: n for n in nodes(why(name, "--json").json["because"])}
        word = "no ban" if name in FREE else "which is not counted: last day"
        [claim] = [c for c in claims if word in c]
        assert claims[claim]["interpretation"] is not None

    def test_it_says_what_would_change_it(self, name: str, why: Asked) -> None:
        """The nearest other case of each reason, and from when it may apply again."""
        said = why(name, "--json").json["why_not"]
        assert any("may apply again" in node["claim"] for node in said)
        if name != FRAUD:
            number = name.partition(" ")[2]
            assert any(f"the ground {number}" in node["claim"] for node in said)
            assert any("annulment" in node["claim"] for node in said)

    def test_every_entry_is_shown(self, name: str, why: Asked) -> None:
        """Each entry named has its day, its kind, its document and who did it."""
        said = why(name)
        named = {p for n in nodes(why(name, "--json").json["because"]) for p in n["entries"]}
        shown = said.stdout.partition("Entries named")[2]
        assert all(re.search(rf"^{p} +20\d\d-\d\d-\d\d ", shown, re.M) for p in named)
        assert "〕" in shown or "号" in shown

    def test_nothing_is_left_in_english(self, name: str, why: Asked) -> None:
        """The Chinese page holds no English words but names, ids and readings."""
        page = why(name, language="zh").stdout.partition("重新生成本页")[0]
        kept = re.sub(r"解释口径：\S+?（", "（", page)
        assert ENGLISH.findall(kept) == []


def test_an_unknown_center_is_told_so(run: Run, ledgers: Callable[[str], str]) -> None:
    """Of a center nothing is known of there is nothing to explain, and the answer says so."""
    said = run("center", "why", "beijing/id:stranger", url=ledgers("beijing 14.6"))
    assert (said.status, "nothing is recorded" in said.stderr) == (3, True), said.stderr


def nodes(tree: Any) -> list[Any]:
    """Every claim of the tree."""
    return [tree, *(n for part in tree["because"] for n in nodes(part))]


def ends(tree: Any) -> list[Any]:
    """The claims that rest on no other."""
    return [n for n in nodes(tree) if not n["because"]]


def leaves_first(tree: Any, name: str) -> list[Any]:
    """The claim about the ground, before the others."""
    number = name.partition(" ")[2]
    return [part for part in tree["because"] if part["claim"].endswith(f"the ground {number}")]
