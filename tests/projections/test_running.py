"""Keeping the register in step: batches, rebuilds, races and damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

import pytest

from ledger.entries import EnterpriseRenamed
from ledger.errors import IntegrityFailure
from ledger.ruling import Recorded
from projections import running
from projections.center import CenterState
from projections.fold import fold
from projections.register import RegisterRow, digest, row_of
from projections.running import catch_up, caught_up, compare, rebuild

T = TypeVar("T")

BATCH = 10


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of ten entries, so that short logs have several."""
    monkeypatch.setattr(running, "BATCH", BATCH)


class Log:
    """A log in a list, as `Source` asks for it."""

    def __init__(self, entries: Iterable[Recorded]) -> None:
        self.entries = list(entries)
        self.unread: dict[str, IntegrityFailure] = {}

    def size(self, log: str) -> int:
        """How many entries there are."""
        return len(self.entries)

    def touched(self, log: str, start: int, stop: int) -> list[str]:
        """Centers with an entry in the span."""
        return sorted({r.stream for r in self.entries[start:stop]})

    def streams(self, log: str, centers: Sequence[str]) -> Iterator[tuple[str, list[Recorded]]]:
        """The entries of each center."""
        for center in centers:
            yield center, [r for r in self.entries if r.stream == center]

    def all_streams(self, log: str) -> Iterator[tuple[str, list[Recorded]]]:
        """The entries of every center."""
        yield from self.streams(log, sorted({r.stream for r in self.entries}))

    def each(
        self, log: str, work: Callable[[str, list[Recorded] | IntegrityFailure], T]
    ) -> Iterator[tuple[int, T]]:
        """What is made of every center; one in `unread` cannot be read."""
        for center, entries in self.all_streams(log):
            yield len(entries), work(center, self.unread.get(center, entries))


class Table:
    """A table in a mapping, as `Shelf` asks for it; `rivals` writes that come in between."""

    def __init__(self) -> None:
        self.upto = 0
        self.live: dict[str, RegisterRow] = {}
        self.rivals: list[int] = []
        self.seen: list[int] = []

    def position(self, log: str) -> int:
        """Up to where the rows speak."""
        return self.upto

    def put(self, log: str, rows: Iterable[RegisterRow], *, upto: int, expected: int) -> bool:
        """Write rows, unless a rival was faster."""
        if self.rivals:
            self.upto = self.rivals.pop()
        if self.upto != expected:
            return False
        self.live |= {row.center: row for row in rows}
        self.upto = upto
        self.seen.append(max((row.position for row in self.live.values()), default=-1))
        return True

    def replace(self, log: str, rows: Iterator[RegisterRow], *, upto: int) -> None:
        """Swap all rows."""
        self.live = {row.center: row for row in rows}
        self.upto = upto

    def rows(self, log: str) -> Iterator[RegisterRow]:
        """The rows, sorted."""
        yield from (self.live[center] for center in sorted(self.live))

    def stored(self, log: str) -> Iterator[RegisterRow]:
        """The same."""
        return self.rows(log)


def renamings(count: int, *, centers: int = 3) -> Log:
    """A log in which each center is renamed again and again."""
    found = []
    for number in range(count):
        center = f"xian/id:c{number % centers}"
        on = date(2017, 1, 1) + timedelta(days=number % 700)
        entry = EnterpriseRenamed(on=on, center=center, name=f"名{number}")
        found.append(Recorded("xian", number, center, number, "EnterpriseRenamed/1", "", entry))
    return Log(found)


def states_of(log: Log) -> dict[str, CenterState]:
    """Every center folded to the end of the log."""
    return {center: fold(center, entries) for center, entries in log.all_streams("xian")}


class TestCatchUp:
    @pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 7])
    def test_every_size_is_caught_up(self, count: int) -> None:
        """Whatever the size of the log, the rows are the replay, and speak up to its end."""
        log, table = renamings(count), Table()
        assert catch_up(log, table, "xian") == count
        assert list(table.rows("xian")) == [row_of(s) for s in states_of(log).values()]

    @pytest.mark.parametrize("done", [0, 1, 2, BATCH, 2 * BATCH + 7])
    def test_what_is_behind_is_read(self, done: int) -> None:
        """However far behind the rows are, they are read as if caught up, and not written."""
        log, table = renamings(2 * BATCH + 7, centers=5), Table()
        part = Log(log.entries[:done])
        catch_up(part, table, "xian")
        before = dict(table.live)
        assert list(caught_up(log, table, "xian")) == [row_of(s) for s in states_of(log).values()]
        assert (table.live, table.upto) == (before, done)

    def test_a_batch_looks_no_further(self) -> None:
        """After each batch no row knows of an entry beyond it."""
        log, table = renamings(2 * BATCH + 7), Table()
        catch_up(log, table, "xian")
        assert table.seen == [BATCH - 1, 2 * BATCH - 1, 2 * BATCH + 6]

    def test_states_ahead_are_not_used(self) -> None:
        """States handed over that already know later entries do not put a row ahead of its
        position."""
        log, table = renamings(BATCH + 5), Table()
        catch_up(log, table, "xian", states=states_of(log).get)
        assert table.seen[0] == BATCH - 1
        assert compare(log, table, "xian") == []

    def test_states_at_hand_are_used(self) -> None:
        """A state at the end of the log gives its row without reading the stream."""
        log, table = renamings(10), Table()
        ready = states_of(log)
        log.streams = lambda name, centers: iter(() if not list(centers) else [("never", [])])  # type: ignore[method-assign]
        catch_up(log, table, "xian", states=ready.get)
        assert {row.center for row in table.rows("xian")} == set(ready)

    def test_a_rival_was_faster(self) -> None:
        """When another runner has moved the position, it goes on from there and loses nothing."""
        log, table = renamings(2 * BATCH), Table()
        rival = Table()
        catch_up(renamings(BATCH), rival, "xian")
        table.live = dict(rival.live)
        table.rivals = [BATCH]
        assert catch_up(log, table, "xian") == 2 * BATCH
        assert compare(log, table, "xian") == []

    def test_progress_reaches_the_end(self) -> None:
        """Progress is told after each batch, and ends at the size of the log."""
        told: list[tuple[int, int]] = []
        size = BATCH + 1
        catch_up(renamings(size), Table(), "xian", progress=lambda *done: told.append(done))
        assert told == [(BATCH, size), (size, size)]


class TestRebuild:
    def test_a_rebuild_repairs_everything(self) -> None:
        """Rows that were changed, lost or invented are right again after a rebuild."""
        log, table = renamings(30), Table()
        catch_up(log, table, "xian")
        wanted = digest(table.rows("xian"))
        del table.live["xian/id:c0"]
        table.live["xian/id:c1"] = table.live["xian/id:c1"]._replace(status="designated")
        table.live["xian/id:z"] = table.live["xian/id:c1"]._replace(center="xian/id:z")
        assert digest(table.rows("xian")) != wanted
        assert rebuild(log, table, "xian") == wanted
        assert compare(log, table, "xian") == []

    def test_progress_counts_entries(self) -> None:
        """Progress of a rebuild counts entries and ends at their number."""
        told: list[tuple[int, int]] = []
        rebuild(renamings(30), Table(), "xian", progress=lambda *done: told.append(done))
        assert told == [(10, 30), (20, 30), (30, 30)]


class TestCompare:
    @pytest.fixture
    def table(self) -> Table:
        """A register in step with thirty entries."""
        found = Table()
        catch_up(renamings(30), found, "xian")
        return found

    def found(self, table: Table) -> list[tuple[str, tuple[str, ...]]]:
        """What differs, center by center."""
        return [(d.center, d.fields) for d in compare(renamings(30), table, "xian")]

    @pytest.mark.parametrize(
        ("field", "value"),
        [("name", "别名"), ("status", "revoked"), ("entries", 9), ("position", 3), ("body", b"{}")],
    )
    def test_each_changed_field_is_named(self, table: Table, field: str, value: object) -> None:
        """A row that says something else is found, with the field that differs."""
        table.live["xian/id:c1"] = table.live["xian/id:c1"]._replace(**{field: value})
        assert self.found(table) == [("xian/id:c1", (field,))]

    @pytest.mark.parametrize("center", ["xian/id:c0", "xian/id:c1", "xian/id:c2"])
    def test_a_lost_row_is_named(self, table: Table, center: str) -> None:
        """A center without its row is found, wherever it stands."""
        del table.live[center]
        assert self.found(table) == [(center, ("missing",))]

    @pytest.mark.parametrize("center", ["xian/id:a", "xian/id:c10", "xian/id:z"])
    def test_an_invented_row_is_named(self, table: Table, center: str) -> None:
        """A row of a center that the log does not know is found, wherever it stands."""
        table.live[center] = table.live["xian/id:c1"]._replace(center=center)
        assert self.found(table) == [(center, ("no such center",))]

    @pytest.mark.parametrize("has_row", [True, False])
    def test_an_unreadable_center_is_said(self, table: Table, has_row: bool) -> None:
        """A center whose entries cannot be read is not compared, with the reason; the others
        are."""
        log = renamings(30)
        log.unread["xian/id:c1"] = reason = IntegrityFailure("unreadable")
        table.live["xian/id:c2"] = table.live["xian/id:c2"]._replace(status="revoked")
        if not has_row:
            del table.live["xian/id:c1"]
        unread, differing = compare(log, table, "xian")
        assert (unread.center, unread.fields, unread.unread) == ("xian/id:c1", (), reason)
        assert (differing.center, differing.fields) == ("xian/id:c2", ("status",))

    @pytest.mark.parametrize("center", [None, 7, b"xian/id:c1"])
    def test_a_row_without_center_is_named(self, table: Table, center: object) -> None:
        """A row whose center is no text, wherever the engine sorts it, is found."""
        row = table.live["xian/id:c1"]._replace(center=center)
        for rows in ([row, *table.rows("xian")], [*table.rows("xian"), row]):
            table.stored = lambda _log, rows=rows: iter(rows)
            (found,) = compare(renamings(30), table, "xian")
            assert found.fields == ("no such center",)

    def test_rows_ahead_of_the_log(self, table: Table) -> None:
        """A register that claims to speak of more than the log holds is found."""
        table.upto = 31
        assert self.found(table) == [("xian", ("position",))]

    def test_rows_behind_the_log(self, table: Table) -> None:
        """A register that has not caught up is compared with the replay up to its own position."""
        assert compare(renamings(40), table, "xian") == []
