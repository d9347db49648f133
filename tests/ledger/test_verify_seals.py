"""Tampering with seals, checkpoints and what was signed: each is named, however it was done.

One small ledger with two seals and a cosignature. Copies of it are altered without triggers, types
and keys; others are rewritten from the beginning and signed anew with the true key, as the office
itself could do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger import reading
from ledger.against import Against, Mirror, OutsideNote
from ledger.anchor import Anchors
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.checkpoints import cosigned_note, keep_cosignature, newest_checkpoint
from ledger.cosignature import cosign
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.note import COSIGNATURE, Signer, format_note, parse_note, sign_note
from ledger.recorder import Draft, append
from ledger.schema import metadata
from ledger.sealing import seal_log
from ledger.verify import Damage, verify
from support.places import Place, Places, Raw
from support.tampering import changes
from support.together import verified_twice

SIGNER = Signer.from_seed("city.example/taizhang", bytes(32))
OTHER = Signer.from_seed("city.example/taizhang", bytes([1]) * 32)
WITNESS = Signer.from_seed("witness.example/w1", bytes([2]) * 32, algorithm=COSIGNATURE)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLES = ("checkpoints", "cosignatures", "sealed_heads")
CELLS = [(name, column.name) for name in TABLES for column in metadata.tables[name].c]
FIRST = ("a", "b", "a", "c")
SECOND = ("b", "d", "a")


def _statuses(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterable[tuple[str, bytes]]:
    for center in centers:
        rows = reading.read_stream(connection, log, center, upto_position=upto)
        yield center, sha256(b"%d" % len(rows)).digest()


def _record(engine: Engine, names: Iterable[str], *, note: str = "") -> None:
    payload = f'{{"entry":{{"note":"{note}"}}}}'.encode()
    drafts = [
        Draft(f"xian/id:{name}", None, "WithdrawalRequested/1", "2026-11-01", payload)
        for name in names
    ]
    with write_transaction(engine) as connection:
        append(connection, "xian", drafts, recorded_at="2026-11-02T00:00:00.000000Z")


def _seal(
    engine: Engine,
    anchors: Anchors,
    signer: Signer = SIGNER,
    statuses: Callable[..., Any] = _statuses,
) -> bytes:
    made = seal_log(
        engine,
        "xian",
        signers=[signer],
        keys=[signer.key],
        anchors=anchors,
        statuses=statuses,
        clock=lambda: NOON,
    )
    return made.note


class _Ledger:
    """A ledger somebody may do anything to, its notes, and its check."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.engine = open_engine(place.url, create=True)
        self.anchors = Anchors(place.trust)
        self.notes: list[bytes] = []
        self.raw: Raw | None = None

    def build(
        self,
        *,
        first: Sequence[str] = FIRST,
        note: str = "",
        statuses: Callable[..., Any] = _statuses,
    ) -> _Ledger:
        """Record and seal twice, and have the second checkpoint cosigned."""
        _record(self.engine, first, note=note)
        self.notes.append(_seal(self.engine, self.anchors))
        _record(self.engine, SECOND)
        self.notes.append(_seal(self.engine, self.anchors, statuses=statuses))
        with write_transaction(self.engine) as connection:
            newest = newest_checkpoint(connection, "xian")
            assert newest is not None
            line = cosign(parse_note(newest.note).text, WITNESS, at=1_800_000_000)
            keep_cosignature(connection, "xian", newest.size, line)
        return self

    def run(self, statement: str, *values: object) -> list[Any]:
        """Change anything."""
        return self.past_it().run(statement, *values)

    def past_it(self) -> Raw:
        """A connection that may change anything."""
        if self.raw is None:
            self.raw = self.place.open_raw()
        return self.raw

    def problems(
        self,
        *notes: bytes,
        mirror: bytes | None = None,
        keys: Sequence[Signer] = (SIGNER,),
        anchor: bytes | None = None,
        quick: bool = False,
    ) -> tuple[Damage, ...]:
        """What verifying says, compared with notes others kept."""
        outside = [OutsideNote("checkpoint", f"note-{n}", data) for n, data in enumerate(notes)]
        if anchor is not None:
            outside.append(OutsideNote("anchor", "the anchor", anchor))
        against = Against(
            keys=[signer.key for signer in keys],
            witnesses=[WITNESS.key],
            notes=outside,
            mirrors={} if mirror is None else {"xian": Mirror("the mirror", mirror)},
            heads={"xian": self.anchors.heads_as_now("xian")},
        )
        check = verify if quick else verified_twice
        return check(self.engine, against=against, statuses=_statuses, quick=quick).problems

    def leaves(self) -> bytes:
        """What a mirror would have kept."""
        with read_transaction(self.engine) as connection:
            return b"".join(row.leaf for row in reading.read_log(connection, "xian"))

    def close(self) -> None:
        """Let everything go."""
        self.engine.dispose()
        if self.raw is not None:
            self.raw.close()
            self.raw = None


@pytest.fixture
def ledger(places: Places) -> Iterator[_Ledger]:
    """A sound ledger."""
    found = _Ledger(places.new()).build()
    yield found
    found.close()


@pytest.fixture
def opened(ledger: _Ledger) -> _Ledger:
    """The same without triggers, types and keys; on a server the types remain."""
    ledger.engine.dispose()
    ledger.place.free()
    return ledger


def _codes(problems: Iterable[Damage]) -> set[str]:
    return {problem.code for problem in problems}


class TestSound:
    def test_nothing_is_said(self, ledger: _Ledger) -> None:
        """Compared with everything that was kept, a sound ledger has no problem."""
        found = ledger.problems(*ledger.notes, mirror=ledger.leaves(), anchor=ledger.notes[1])
        assert found == ()

    def test_compared_is_named(self, ledger: _Ledger) -> None:
        """What a log was compared with is listed, with its size and who signed it."""
        against = Against(
            keys=[SIGNER.key],
            notes=[OutsideNote("checkpoint", "kept.txt", ledger.notes[0])],
            mirrors={"xian": Mirror("m", ledger.leaves())},
        )
        (report,) = verify(ledger.engine, against=against, statuses=_statuses).reports
        assert [(one.kind, one.name, one.size) for one in report.compared] == [
            ("checkpoint", "kept.txt", 5),
            ("mirror", "m", 9),
        ]
        assert report.compared[0].signed_by == ("city.example/taizhang/xian",)

    def test_quick_is_clean(self, ledger: _Ledger) -> None:
        """A quick check of a sound ledger finds nothing."""
        assert ledger.problems(*ledger.notes, quick=True) == ()

    @pytest.mark.parametrize("size", [5, 9])
    def test_since_a_checkpoint_is_clean(self, ledger: _Ledger, size: int) -> None:
        """A check that begins at a checkpoint of a sound ledger finds nothing."""
        against = Against(keys=[SIGNER.key])
        found = verify(ledger.engine, log="xian", against=against, since=size)
        assert found.problems == ()
        assert found.reports[0].size == 9

    def test_since_sees_what_comes_after(self, opened: _Ledger) -> None:
        """An entry altered after the checkpoint is named."""
        opened.run("UPDATE entries SET payload = x'00' WHERE position = 6")
        against = Against(keys=[SIGNER.key])
        found = verify(opened.engine, log="xian", against=against, since=5)
        assert [(p.code, p.position) for p in found.problems] == [("entry_altered", "xian#6")]


@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_no_cell_changes_unseen(opened: _Ledger, table: str, column: str) -> None:
    """Whatever any cell of what was sealed and signed is changed to is reported."""
    for rowid, before in opened.run(f"SELECT rowid, {column} FROM {table}"):
        for expression, value in changes(before):
            change = f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?"
            if not opened.past_it().try_to(change, value, rowid):
                continue
            after = opened.past_it().cell(table, column, rowid)
            if after != before or type(after) is not type(before):
                assert opened.problems(), (value, before)
            opened.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", before, rowid)
    assert opened.problems() == ()


@pytest.mark.parametrize("table", TABLES)
def test_no_row_disappears_unseen(opened: _Ledger, table: str) -> None:
    """A checkpoint, a sealed head or a cosignature that is deleted is missed."""
    with read_transaction(opened.engine) as connection:
        newest = newest_checkpoint(connection, "xian")
        assert newest is not None
        anchor = cosigned_note(connection, newest)
    for (rowid,) in opened.run(f"SELECT rowid FROM {table}"):
        names = ", ".join(column.name for column in metadata.tables[table].c)
        row = opened.run(f"SELECT rowid, {names} FROM {table} WHERE rowid = ?", rowid)[0]
        opened.run(f"DELETE FROM {table} WHERE rowid = ?", rowid)
        assert opened.problems(anchor=anchor)
        places = ", ".join("?" * len(row))
        opened.run(f"INSERT INTO {table} (rowid, {names}) VALUES ({places})", *row)
    assert opened.problems(anchor=anchor) == ()


class TestCut:
    def test_tail_cut_consistently(self, opened: _Ledger) -> None:
        """A tail cut off with heads, checkpoints and all is told by a note kept elsewhere."""
        _cut_to(opened, 5)
        assert opened.problems() == ()
        (problem,) = opened.problems(opened.notes[1])
        assert (problem.code, problem.position) == ("tail_cut", "xian#5")
        assert "4 in all" in str(problem)

    def test_anchor_names_the_centers(self, opened: _Ledger) -> None:
        """The anchor knows how many entries each center had."""
        _cut_to(opened, 5)
        found = opened.problems(anchor=opened.notes[1])
        assert {problem.center for problem in found} == {
            None,
            "xian",
            "xian/id:a",
            "xian/id:b",
            "xian/id:d",
        }

    def test_mirror_counts_the_lost(self, opened: _Ledger) -> None:
        """A mirror that is longer than the log says how much is missing."""
        leaves = opened.leaves()
        _cut_to(opened, 5)
        assert [(p.code, p.position) for p in opened.problems(mirror=leaves)] == [
            ("tail_cut", "xian#5")
        ]


class TestRewritten:
    @pytest.fixture
    def rewritten(self, ledger: _Ledger, places: Places) -> Iterator[_Ledger]:
        """A ledger with one other entry near the beginning, sealed and signed with the same key."""
        found = _Ledger(places.new()).build(note="changed")
        yield found
        found.close()

    def test_alone_it_is_sound(self, rewritten: _Ledger) -> None:
        """Rewritten consistently and signed with the true key, a ledger alone shows nothing."""
        assert rewritten.problems() == ()

    def test_a_kept_note_tells(self, ledger: _Ledger, rewritten: _Ledger) -> None:
        """A checkpoint that somebody kept proves it, and both notes are named."""
        found = rewritten.problems(ledger.notes[0])
        assert "split_view" in _codes(found)
        assert "history_rewritten" in _codes(found)

    def test_the_interval_is_named(self, ledger: _Ledger, places: Places) -> None:
        """Between the last note that agrees and the first that does not, it was rewritten."""
        other = _Ledger(places.new())
        _record(other.engine, FIRST)
        other.notes.append(_seal(other.engine, other.anchors))
        _record(other.engine, SECOND, note="changed")
        _seal(other.engine, other.anchors)
        found = [p for p in other.problems(*ledger.notes) if p.code == "history_rewritten"]
        other.close()
        assert [problem.position for problem in found] == ["xian#5"]
        assert "before number 9" in str(found[0])

    def test_a_mirror_names_the_entry(self, ledger: _Ledger, rewritten: _Ledger) -> None:
        """With the hashes a witness kept, the first entry that was changed is named exactly."""
        found = rewritten.problems(mirror=ledger.leaves())
        assert found[0].code == "entry_rewritten"
        assert found[0].position == "xian#0"

    def test_two_views_are_told(self, ledger: _Ledger) -> None:
        """Two notes of one size with two roots, both signed, are a split view."""
        shown = Checkpoint("city.example/taizhang/xian", 5, bytes(32))
        note = format_note(sign_note(format_checkpoint(shown), [SIGNER.named(shown.origin)]))
        (problem, _) = sorted(ledger.problems(note), key=lambda p: p.code != "split_view")
        assert problem.code == "split_view"
        assert bytes(32).hex() in str(problem)


class TestForged:
    def test_another_key_is_told(self, ledger: _Ledger) -> None:
        """A note some other key signed is not of this ledger."""
        shown = Checkpoint("city.example/taizhang/xian", 5, bytes(32))
        note = format_note(sign_note(format_checkpoint(shown), [OTHER.named(shown.origin)]))
        assert _codes(ledger.problems(note)) == {"checkpoint_forged"}

    def test_a_wrong_signature_is_told(self, ledger: _Ledger) -> None:
        """A note whose text was changed bears a wrong signature."""
        changed = ledger.notes[0].replace(b"\n5\n", b"\n4\n")
        assert _codes(ledger.problems(changed)) == {"checkpoint_forged"}

    def test_the_wrong_key_is_told(self, ledger: _Ledger) -> None:
        """With the key of another ledger every checkpoint is forged."""
        assert _codes(ledger.problems(keys=[OTHER])) == {"checkpoint_forged"}


class TestLyingSeals:
    def test_a_lie_about_a_status_names_the_center(self, places: Places) -> None:
        """A seal signed over a status that the entries do not give names the center."""

        def lying(
            connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
        ) -> Iterable[tuple[str, bytes]]:
            for center, digest in _statuses(connection, log, centers, upto=upto):
                yield center, bytes(32) if center.endswith("b") else digest

        found = _Ledger(places.new()).build(statuses=lying)
        problems = found.problems()
        found.close()
        assert [(p.code, p.position, p.center) for p in problems] == [
            ("index_lies", "xian#8", "xian/id:b")
        ]


def _cut_to(ledger: _Ledger, size: int) -> None:
    """Put the ledger back to what it was at its first checkpoint, in every table."""
    old = _Ledger(ledger.place.places.new())
    _record(old.engine, FIRST)
    note = _seal(old.engine, old.anchors)
    assert (note, size) == (ledger.notes[0], 5)
    old.close()
    ledger.close()
    ledger.place.become(old.place)
    ledger.engine = open_engine(ledger.place.url)
