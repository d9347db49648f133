from __future__ import annotations

import pytest

from support.cases import Case, all_cases, cases_of, check, schemes
from support.scenario import judge

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_case_holds(case: Case) -> None:
    """What a jurist wrote down comes out of the real rulebook."""
    check(case)


@pytest.mark.parametrize("scheme", [name for name in schemes() if judge().rulebook.ids(name)])
def test_every_ground_is_cased(scheme: str) -> None:
    """Each ground of each regulation is tried with a met and with an unmet case."""
    tried = {
        ("refused" not in case.then, ground)
        for case in cases_of(scheme)
        if case.when["type"] == "CenterRevoked"
        for ground in case.when["grounds"]
    }
    edition = judge().rulebook.edition(judge().rulebook.ids(scheme)[0])
    assert tried >= {
        (met, ground) for met in (True, False) for ground in edition.revocation.grounds
    }
