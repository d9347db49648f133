"""Whatever history a ledger holds, what it exports is proven, at every checkpoint it signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.evidence_check import PROVEN
from ledger.evidence_file import parse_evidence
from ledger.identity import scheme_of
from support.evidence_checkers import verdicts_in_python
from support.evidence_town import Town, opened
from support.histories import SCHEMES, histories, notices
from support.make_evidence import Case
from support.places import SqlitePlaces
from support.scenario import Line, line_of

pytestmark = pytest.mark.slow

FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SECRET = "13800138000"


@contextmanager
def sealed_in_parts(scheme: str, *parts: list[Line]) -> Iterator[Town]:
    """A ledger that was sealed after each part of what was recorded."""
    with TemporaryDirectory() as folder:
        desk = opened(SqlitePlaces(Path(folder)).new(), create=True)
        desk.initialise()
        key = desk.proofs.make_key("city.example", None)
        sizes = []
        for lines in (notices(scheme), *parts):
            if lines:
                desk.record(map(line_of, lines), historical=True)
            sizes += [made.size for made in desk.proofs.checkpoint([scheme], None)]
        try:
            yield Town(desk, key, tuple(sizes))
        finally:
            desk.close()


@st.composite
def pasts(draw: st.DrawFn) -> tuple[str, list[Line], list[Line]]:
    """A scheme, and the entries of two centers in two parts, some with private values."""
    scheme = draw(st.sampled_from(SCHEMES))
    lines = draw(histories(scheme)) + draw(histories(scheme, center="id:y"))
    filed = [
        {**line, "private": {"phone": SECRET}} if draw(st.booleans()) else line for line in lines
    ]
    cut = draw(st.integers(0, len(filed)))
    return scheme, filed[:cut], filed[cut:]


@FEW
@given(past=pasts())
def test_every_export_is_proven(past: tuple[str, list[Line], list[Line]]) -> None:
    """Of every center, known or not, at every checkpoint, both checkers find all proven."""
    scheme, before, after = past
    with sealed_in_parts(scheme, before, after) as ledger:
        key = (ledger.spelled_key,)
        for center in (f"{scheme}/id:x", f"{scheme}/id:y", f"{scheme}/id:nobody"):
            for size in set(ledger.sizes):
                built = ledger.built(center, size=size, disclose=True, absent=True)
                claims = ledger.checked(built)
                assert {claim.verdict for claim in claims} == {PROVEN}
                said = verdicts_in_python(Case("", built.data, key, None, None))
                assert said == tuple((claim.claim, claim.verdict) for claim in claims)


@FEW
@given(past=pasts())
def test_file_holds_the_stream(past: tuple[str, list[Line], list[Line]]) -> None:
    """A file shows the entries of its center before the seal, all of them and in order, says how
    many came later, and holds nothing private."""
    scheme, before, after = past
    center = f"{scheme}/id:x"
    with sealed_in_parts(scheme, before, after) as ledger:
        stored = ledger.desk.book.stream(scheme_of(center), center)
        for size in set(ledger.sizes):
            built = ledger.built(center, size=size, absent=True)
            own = parse_evidence(built.data).streams[0].entries
            covered = [entry.position for entry in stored if entry.position < size]
            assert [entry.leaf.position for entry in own] == covered
            assert built.later == len(stored) - len(covered)
            assert SECRET.encode() not in built.data
