"""A stored ruling is given again to the byte, whatever editions and readings come later."""

from __future__ import annotations

from functools import cache

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.ruling import Recorded
from policies.calendars import load_calendar
from policies.judge import Judge
from policies.loading import builtin_editions
from policies.replay import again
from policies.rulebook import Rulebook
from policies.verdict import KnownBefore
from projections.fold import fold
from support.histories import SCHEMES, days, histories, notices
from support.places import Places
from support.scenario import FileLedger, Line, MemoryLedger, judge, knowledge_of

SOME = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LATER = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}


def later_edition(scheme: str) -> tuple[str, bytes]:
    """An edition of the scheme that comes later and was in force on every day of a history."""
    old = LATER[scheme]
    lines = dict(builtin_editions())[f"{old}.yaml"].decode().splitlines(keepends=True)
    kept, inside = [], False
    for line in lines:
        inside = line.startswith("in_force:") or (inside and line.startswith(" "))
        if line.startswith("in_force:"):
            kept.append("in_force: {article: 第一条, first_day: 2010-01-01, open_end: 'true'}\n")
        elif not inside:
            kept.append(line.replace(f"edition: {old}", f"edition: {scheme}/9999"))
    return f"{scheme}/9999.yaml", "".join(kept).encode()


@cache
def later_judge() -> Judge:
    """The judge after an edition of every scheme was added."""
    files = [*builtin_editions(), *(later_edition(scheme) for scheme in SCHEMES)]
    return Judge(Rulebook(files), load_calendar())


def readings(scheme: str) -> list[tuple[str, str]]:
    """Every reading of the scheme's edition that changes something."""
    known = judge().rulebook.edition(LATER[scheme]).interpretations
    return sorted((k, v) for k, found in known.items() for v, new in found.values.items() if new)


def adopting(scheme: str, reading: tuple[str, str], on: object) -> Line:
    """The adoption of a reading."""
    by = judge().rulebook.edition(LATER[scheme]).authority.interprets
    policy = {"policy": LATER[scheme], "policy_reason": "解释"}
    key, value = reading
    act = {"type": "InterpretationAdopted", "on": on, "scheme": scheme, "by": list(by), **policy}
    return {**act, "interpretation": key, "value": value}


@SOME
@given(st.sampled_from(SCHEMES), st.data())
def test_later_law_changes_no_ruling(scheme: str, data: st.DataObject) -> None:
    """After a later edition and adopted readings, even of earlier days, every stored ruling, note
    and deviation is given again as it is."""
    lines = data.draw(histories(scheme))
    ledger = MemoryLedger()
    adopted = st.sampled_from(readings(scheme))
    for line in notices(scheme):
        ledger.record(line)
    cut = data.draw(st.integers(0, len(lines)))
    for line in lines[:cut]:
        assert ledger.record(line, historical=True).recorded
    for line in [adopting(scheme, data.draw(adopted), data.draw(days)), *lines[cut:]]:
        assert ledger.record(line, historical=True).recorded
    ledger.record(adopting(scheme, data.draw(adopted), data.draw(days)), historical=True)
    log = ledger.log(scheme)
    center = f"{scheme}/id:x"
    own = [r for r in log if r.stream == center]
    for recorded in log:
        before = [r for r in own if r.position < recorded.position]
        state = fold(center, before, on=recorded.on) if recorded.stream == center else None
        known = KnownBefore(knowledge_of(log), recorded.position)
        found = again(later_judge(), recorded, state, known)
        assert as_stored(found.ruling) == as_stored(recorded.ruling)
        assert (found.notes, found.bars) == (recorded.findings, recorded.deviations)


def test_an_objection_no_edition_rules_keeps_its_target() -> None:
    """An objection lodged after the edition ended is given again with the act it aims at."""
    center = "beijing/id:x"
    ledger = MemoryLedger()
    designated = {"type": "CenterDesignated", "on": "2020-07-10", "name": "甲"}
    objection = {"type": "ObjectionLodged", "on": "2022-01-01", "objection": "p", "claim": "异议"}
    for line in (
        {**designated, "center": center, "round": "beijing:designation:2020"},
        {**objection, "center": center, "subject": "designation"},
    ):
        assert ledger.record(line, historical=True).recorded
    log = ledger.log("beijing")
    aimed_at, lodged = log[-2:]
    state = fold(center, [aimed_at], on=lodged.on)
    known = KnownBefore(knowledge_of(log), lodged.position)
    found = again(later_judge(), lodged, state, known)
    assert found.ruling is not None
    assert found.ruling.edition is None
    assert found.ruling.outcome.target == aimed_at.position
    assert as_stored(found.ruling) == as_stored(lodged.ruling)


def as_stored(ruling: object) -> bytes:
    """The ruling as bytes."""
    return msgspec.json.encode(ruling)


def test_an_added_edition_is_no_deviation(places: Places) -> None:
    """`policy add` of an edition that was in force all along leaves the audit as it was, and rules
    what comes after it."""
    center = "hechuan/id:x"
    ledger = FileLedger(places.new())
    designated = {
        "type": "CenterDesignated",
        "on": "2022-09-15",
        "center": center,
        "round": "hechuan:designation:2022",
        "name": "甲",
    }
    notice = {"type": "PartyNotified", "on": "2024-05-06", "center": center, "regarding": "甲"}
    assert ledger.record(designated, notice, historical=True).recorded
    before = ledger.audit("hechuan")
    name, data = later_edition("hechuan")
    assert ledger.desk.add_edition(data, source=name)
    assert ledger.audit("hechuan") == before
    [after] = ledger.record({**notice, "on": "2024-05-07"}).recorded
    assert edition(after) == "hechuan/9999"
    ledger.close()


def edition(recorded: Recorded) -> str | None:
    """The edition that ruled the entry."""
    return recorded.ruling.edition if recorded.ruling else None
