"""Whatever was recorded, every question about it is answered."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.audit import audit_center
from policies.eligibility import may_apply
from policies.explain import explain
from policies.outcome import Assessment
from projections.fold import fold, known
from support.histories import SCHEMES, days, histories, notices
from support.scenario import Line, MemoryLedger, judge, knowledge_of

TODAY = date(2026, 12, 1)
any_history = st.sampled_from(SCHEMES).flatmap(histories)
SOME = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def recorded(lines: list[Line]) -> tuple[str, MemoryLedger]:
    """The center, and a ledger that holds its history as published."""
    center = str(lines[0]["center"]) if lines else "beijing/id:x"
    ledger = MemoryLedger()
    for line in notices(center.partition("/")[0]):
        ledger.record(line)
    for line in lines:
        assert ledger.record(line, historical=True).recorded
    return center, ledger


def positions(tree: Assessment) -> set[int]:
    """Every entry the tree names."""
    return set(tree.entries).union(*(positions(part) for part in tree.because))


@SOME
@given(any_history, days, st.data())
def test_every_status_is_explained(lines: list[Line], day: date, data: st.DataObject) -> None:
    """Any status on any day, as known at any position, has an explanation from entries known."""
    center, ledger = recorded(lines)
    upto = data.draw(st.integers(0, len(lines) + 6))
    entries = known(ledger.entries(center), position=upto)
    state = fold(center, entries, on=day, annulled_as_of=day)
    log = ledger.log(center.partition("/")[0])
    found = explain(judge(), state, entries, day, knowledge_of(log, upto=upto))
    assert found.because.say == f"status_{state.status}"
    for tree in (found.because, *found.why_not):
        assert positions(tree) <= {r.position for r in log if r.position <= upto}


@SOME
@given(any_history, days)
def test_every_day_is_eligible_or_not(lines: list[Line], day: date) -> None:
    """Eligibility is yes, or no with a reason; a day that is promised lies later."""
    center, ledger = recorded(lines)
    state = fold(center, ledger.entries(center), on=day, annulled_as_of=day)
    found = may_apply(judge(), state, center.partition("/")[0], day, ledger.stored)
    assert found.eligible is (not found.against)
    assert found.first_eligible_day is None or found.first_eligible_day > day


@SOME
@given(any_history)
def test_every_ledger_is_audited(lines: list[Line]) -> None:
    """The audit finds again every deviation of an act that stands, and no other."""
    center, ledger = recorded(lines)
    entries = ledger.entries(center)
    found = list(audit_center(judge(), center, entries, ledger.stored, today=TODAY))
    state = fold(center, entries)
    stands = [r for r in entries if r.position not in annulled(ledger, center)]
    kept = [(r.position, d.code) for r in stands for d in r.deviations]
    assert [(f.position, f.code) for f in found if f.position is not None] == kept
    if state.standing != "designated":
        assert "revocation_due" not in {f.code for f in found}


def annulled(ledger: MemoryLedger, center: str) -> set[int]:
    """Positions of the center's annulled acts."""
    return {
        r.outcome.target
        for r in ledger.entries(center)
        if r.type == "DecisionAnnulled/1" and r.outcome.target is not None
    }
