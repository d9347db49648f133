"""Files off in one place: all checkers agree on them, and none proves what was not there."""

from __future__ import annotations

import json

import pytest

from support.evidence_checkers import (
    NODE,
    verdicts_in_node,
    verdicts_in_python,
    verdicts_of_the_ledger,
)
from support.evidence_mutants import mutants
from support.make_evidence import PROVEN, Case, cases, small_case

pytestmark = pytest.mark.slow


def files_beside(case: Case) -> dict[str, Case]:
    """The case with every value of its file replaced by every odd one."""
    return {
        what: case._replace(data=data) for what, data in mutants(json.loads(case.data.decode()))
    }


def test_less_is_all_that_passes() -> None:
    """A changed file is proven only where it claims less than the whole one."""
    whole = next(case for case in cases() if case.name == "everything")
    known = {claim for claim, _ in whole.verdicts or ()}
    for what, case in files_beside(whole).items():
        verdicts = verdicts_in_python(case) or (("malformed", "malformed"),)
        if {verdict for _, verdict in verdicts} == {PROVEN}:
            assert {claim for claim, _ in verdicts} < known, what


def test_ledger_agrees() -> None:
    """The ledger's own check says of each changed file what the Python file says."""
    found = files_beside(small_case())
    said = {what: verdicts_of_the_ledger(case) for what, case in found.items()}
    assert said == {what: verdicts_in_python(case) for what, case in found.items()}


@pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: the page's script not run")
def test_page_agrees() -> None:
    """The page's script says of each changed file what the Python file says."""
    found = files_beside(small_case())
    said = dict(zip(found, verdicts_in_node(list(found.values()), webcrypto=False), strict=True))
    assert said == {what: verdicts_in_python(case) for what, case in found.items()}
