"""Whatever the order in which entries come in, every way of folding them gives one answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.entries import DecisionAnnulled, DesignationProposed
from ledger.identity import format_position
from ledger.ruling import Recorded
from policies.calendars import load_calendar
from policies.judge import Judge
from policies.rulebook import Rulebook
from policies.verdict import KnownBefore
from projections.center import CenterState
from projections.counters import counts
from projections.fold import annulments, can_extend, extend, fold, known
from projections.register import digest, row_of
from support.histories import SCHEMES, days, histories, notices
from support.places import Places
from support.scenario import FileLedger, Line, MemoryLedger, judge, knowledge_of

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MANY = settings(FEW, max_examples=80)
NUMBERS = count()

schemes = st.sampled_from(SCHEMES)
any_history = schemes.flatmap(histories)


@pytest.fixture(scope="module")
def ledger(module_places: Places) -> Iterator[FileLedger]:
    """A real ledger that already holds every round; each example adds a center of its own."""
    found = FileLedger(module_places.new())
    for scheme in SCHEMES:
        found.record(*notices(scheme))
    yield found
    found.close()


def in_memory(lines: list[Line]) -> list[Recorded]:
    """The center's entries, after the lines were recorded in memory as published."""
    memory = MemoryLedger()
    center = str(lines[0]["center"]) if lines else "beijing/id:x"
    for line in notices(center.partition("/")[0]):
        memory.record(line)
    for line in lines:
        assert memory.record(line, historical=True).recorded
    return memory.entries(center)


def on_file(ledger: FileLedger, lines: list[Line]) -> tuple[str, list[Recorded]]:
    """A center of its own, and its entries after the lines were recorded on the real file."""
    number = next(NUMBERS)
    named = [renamed(line, f"n{number}") for line in lines]
    answer = ledger.record(*named, historical=True)
    assert answer.malformed is None, answer.malformed
    center = str(named[0]["center"])
    return center, ledger.desk.book.stream(center.partition("/")[0], center)


def renamed(line: Line, name: str) -> Line:
    """The line as it speaks of another center."""
    scheme = str(line["center"]).partition("/")[0]
    named = {**line, "center": f"{scheme}/id:{name}", "key": f"{name}-{line['key']}"}
    if "annuls" in line:
        named["annuls"] = f"{name}-{line['annuls']}"
    return named


class TestFold:
    @MANY
    @given(any_history)
    def test_extending_equals_folding_anew(self, lines: list[Line]) -> None:
        """Where a state can be extended, it becomes what a fold of all entries gives."""
        entries = in_memory(lines)
        for number, recorded in enumerate(entries):
            before = fold(recorded.stream, entries[:number])
            if can_extend(before, recorded):
                after = fold(recorded.stream, entries[: number + 1])
                assert extend(before, recorded) == after

    @MANY
    @given(any_history, days)
    def test_a_day_ignores_what_came_later(self, lines: list[Line], day: date) -> None:
        """The state on a day is the fold of the entries that had taken effect by then."""
        entries = in_memory(lines)
        by_then = [r for r in entries if r.entry.on <= day]
        center = entries[0].stream if entries else "beijing/id:x"
        assert fold(center, entries, on=day, annulled_as_of=day) == fold(center, by_then)

    @MANY
    @given(any_history)
    def test_a_position_ignores_what_came_later(self, lines: list[Line]) -> None:
        """What was known after a position is what the center looked like when it was recorded."""
        memory = MemoryLedger()
        center = str(lines[0]["center"]) if lines else "beijing/id:x"
        for line in notices(center.partition("/")[0]):
            memory.record(line)
        seen = {}
        for line in lines:
            position = memory.record(line, historical=True).recorded[0].position
            seen[position] = fold(center, memory.entries(center))
        entries = memory.entries(center)
        for position, state in seen.items():
            assert fold(center, known(entries, position=position)) == state

    @MANY
    @given(any_history, st.data())
    def test_annulled_acts_leave_no_trace(self, lines: list[Line], data: st.DataObject) -> None:
        """An annulled act leaves the center, its counters included, as if it had never been."""
        entries = in_memory(lines)
        gone = annulments(entries)
        acts = [
            r
            for r in entries
            if r.entry.kind == "act"
            and not isinstance(r.entry, DecisionAnnulled | DesignationProposed)
            and r.position not in gone
        ]
        if not acts:
            return
        target = data.draw(st.sampled_from(acts))
        annulment = annulling(target, entries[-1].position + 1)
        with_both = fold(target.stream, [*entries, annulment])
        without = fold(target.stream, [r for r in entries if r is not target])
        assert counts(with_both) == counts(without)
        assert bare(with_both) == bare(without)

    @FEW
    @given(any_history)
    def test_folding_depends_on_no_order(self, lines: list[Line]) -> None:
        """Entries are folded in the order of their effect, however they are handed over."""
        entries = in_memory(lines)
        center = entries[0].stream if entries else "beijing/id:x"
        by_day = sorted(entries, key=lambda r: (r.entry.on, r.position))
        assert bare(fold(center, by_day)) == bare(fold(center, entries))


class TestLiveReadings:
    @FEW
    @given(any_history)
    def test_live_rows_equal_a_replay(self, ledger: FileLedger, lines: list[Line]) -> None:
        """The row kept while recording is the row a fold of the stored entries gives."""
        if not lines:
            return
        center, entries = on_file(ledger, lines)
        row = ledger.desk.shelf.row(center.partition("/")[0], center)
        assert row == row_of(fold(center, entries))

    @FEW
    @given(any_history)
    def test_a_rebuild_changes_nothing(self, ledger: FileLedger, lines: list[Line]) -> None:
        """Comparing finds no difference, and the digest of a rebuild is the live one."""
        if not lines:
            return
        center, _ = on_file(ledger, lines)
        log = center.partition("/")[0]
        live = digest(ledger.desk.shelf.rows(log))
        assert ledger.desk.compare(log) == []
        assert ledger.desk.rebuild(log) == live

    @FEW
    @given(any_history, days, st.data())
    def test_views_equal_filtered_folds(
        self, ledger: FileLedger, lines: list[Line], day: date, data: st.DataObject
    ) -> None:
        """`--on` and `--known-at` together are the fold of the entries with both at or before."""
        if not lines:
            return
        center, entries = on_file(ledger, lines)
        upto = data.draw(st.sampled_from(entries)).position
        kept = [r for r in entries if r.position <= upto and r.entry.on <= day]
        log = center.partition("/")[0]
        found = ledger.state(center, on=day, known_at=format_position(log, upto))
        assert found == fold(center, kept)

    @FEW
    @given(any_history, days, st.data())
    def test_later_entries_change_no_past(
        self, ledger: FileLedger, lines: list[Line], day: date, data: st.DataObject
    ) -> None:
        """What an earlier position knew stays the same, whatever is recorded afterwards."""
        if len(lines) < 2:
            return
        cut = data.draw(st.integers(1, len(lines) - 1))
        number = next(NUMBERS)
        named = [renamed(line, f"n{number}") for line in lines]
        first = ledger.record(*named[:cut], historical=True)
        assert first.recorded, first.malformed
        known_at = format_position(first.recorded[-1].log, first.recorded[-1].position)
        center = str(named[0]["center"])
        before = [ledger.state(center, on=on, known_at=known_at) for on in (None, day)]
        assert ledger.record(*named[cut:], historical=True).recorded
        assert [ledger.state(center, on=on, known_at=known_at) for on in (None, day)] == before


class TestJudging:
    @FEW
    @given(any_history)
    def test_judging_again_gives_the_bytes(self, ledger: FileLedger, lines: list[Line]) -> None:
        """Judged again from what was known before it, every entry has the ruling that is stored."""
        if not lines:
            return
        center, entries = on_file(ledger, lines)
        scheme = center.partition("/")[0]
        rounds = [
            r
            for s in ledger.desk.source.plain_streams(scheme)
            for r in ledger.desk.book.stream(scheme, s)
        ]
        everything = knowledge_of([*rounds, *entries])
        for number, recorded in enumerate(entries):
            state = fold(center, entries[:number], on=recorded.entry.on)
            known_then = KnownBefore(everything, recorded.position)
            found = judge().judge(recorded.entry, state, known_then)
            assert msgspec.json.encode(found.ruling) == msgspec.json.encode(recorded.ruling)
            assert [f.code for f in found.bars] == [f.code for f in recorded.deviations]

    @FEW
    @given(any_history)
    def test_both_ledgers_say_the_same(self, ledger: FileLedger, lines: list[Line]) -> None:
        """The book with its caches rules like a ledger that folds everything before each ruling."""
        if not lines:
            return
        center, entries = on_file(ledger, lines)
        plain = in_memory([renamed(line, center.partition("/id:")[2]) for line in lines])
        shift = {p.position: r.position for p, r in zip(plain, entries, strict=True)}
        for naive, real in zip(plain, entries, strict=True):
            assert naive.outcome.grade == real.outcome.grade
            assert naive.outcome.ban == real.outcome.ban
            target = naive.outcome.target
            assert (None if target is None else shift.get(target)) == real.outcome.target
            assert [f.code for f in naive.findings] == [f.code for f in real.findings]
            assert [f.code for f in naive.deviations] == [f.code for f in real.deviations]

    @settings(FEW, max_examples=15)
    @given(any_history)
    def test_two_judges_agree_to_the_byte(self, lines: list[Line]) -> None:
        """A rulebook and a calendar loaded afresh give the same rulings."""
        other = Judge(Rulebook(), load_calendar())
        entries = in_memory(lines)
        rounds = notice_entries(entries)
        for number, recorded in enumerate(entries):
            before = entries[:number]
            state = fold(recorded.stream, before, on=recorded.entry.on)
            found = other.judge(recorded.entry, state, knowledge_of([*rounds, *before]))
            assert msgspec.json.encode(found.ruling) == msgspec.json.encode(recorded.ruling)


def notice_entries(entries: list[Recorded]) -> list[Recorded]:
    """The notices of the scheme, as recorded before the entries."""
    if not entries:
        return []
    memory = MemoryLedger()
    for line in notices(entries[0].log):
        memory.record(line)
    return memory.log(entries[0].log)


def annulling(target: Recorded, position: int) -> Recorded:
    """An annulment of the act, recorded at the position."""
    entry = DecisionAnnulled(on=target.entry.on, center=target.stream, annuls="", reason="更正")
    assert target.ruling is not None
    ruling = replace(target.ruling, outcome=type(target.outcome)(target=target.position))
    return Recorded(
        target.log, position, target.stream, position, "DecisionAnnulled/1", "", entry, ruling
    )


def bare(state: CenterState) -> CenterState:
    """The state without what only counts entries, or only an annulment leaves behind.

    An annulled grade leaves its round under way, so a publicity that names none speaks of it.
    """
    evaluations = tuple(replace(v, void_publicity_before=-1) for v in state.evaluations)
    untouched = tuple(v for v in evaluations if v != type(v)(v.round, v.year))
    return replace(
        state,
        evaluations=tuple(sorted(untouched, key=lambda v: v.round)),
        publicities=tuple(replace(p, round=None) for p in state.publicities),
        objections=tuple(replace(o, round=None) for o in state.objections),
        annulled={},
        entries=0,
        position=-1,
        latest_on=date.min,
    )
