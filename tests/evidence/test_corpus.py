"""The corpus: both verifiers give the listed verdicts on files good, damaged and malformed.

That the ledger's own check gives them too is tested in `tests/ledger/test_evidence_check.py`.
"""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from support.evidence_checkers import NODE, verdicts_in_node, verdicts_in_python
from support.make_evidence import CONTRADICTED, NOT_PROVEN, cases

CASES = {case.name: case for case in cases()}
needs_node = pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: the page's script not run")


@pytest.mark.parametrize("name", CASES)
def test_verdicts_are_the_listed(name: str) -> None:
    """Each claim of the file gets the verdict the corpus lists, in the order listed."""
    assert verdicts_in_python(CASES[name]) == CASES[name].verdicts


@pytest.mark.slow
def test_verdicts_without_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier's own arithmetic gives the verdicts of the library on the whole corpus."""
    monkeypatch.setattr(builtins, "__import__", _without_cryptography(builtins.__import__))
    assert {case.name: verdicts_in_python(case) for case in CASES.values()} == {
        case.name: case.verdicts for case in CASES.values()
    }


@needs_node
@pytest.mark.slow
@pytest.mark.parametrize("webcrypto", [True, False])
def test_page_gives_listed_verdicts(*, webcrypto: bool) -> None:
    """The script of the page gives the listed verdicts, with and without WebCrypto."""
    found = verdicts_in_node(list(CASES.values()), webcrypto=webcrypto)
    assert dict(zip(CASES, found, strict=True)) == {
        name: case.verdicts for name, case in CASES.items()
    }


def test_every_row_has_both_sides() -> None:
    """For each kind of claim the corpus has a file where it is contradicted or not proven."""
    verdicts = [pair for case in CASES.values() for pair in case.verdicts or ()]
    bad = {claim.split(" ")[0] for claim, verdict in verdicts if verdict == CONTRADICTED}
    weak = {claim.split(" ")[0] for claim, verdict in verdicts if verdict == NOT_PROVEN}
    kinds = {claim.split(" ")[0] for claim, _ in verdicts}
    assert bad == weak == kinds


def test_names_of_cases_differ() -> None:
    """No two files of the corpus bear one name."""
    assert len(CASES) == len(cases())


def _without_cryptography(plain: Any) -> Any:
    def imported(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return plain(name, *rest, **more)

    return imported
