"""Tampering with every column of every table behind the ledger's back: each change is reported.

One small ledger holds every kind of row. Each test works on a copy without triggers, types and
keys, as somebody who may write the file could make it. Columns come from the schema, so a column
nobody checks fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Any

import orjson
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ledger import verify as verifying
from ledger.against import Against
from ledger.commitment import commit
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.keys import KeyRow, content_digest, insert_keys
from ledger.leaf import Attachment, hash_leaf, leaf_text
from ledger.merkle import EMPTY_ROOT, Frontier
from ledger.reading import log_head, read_log
from ledger.recorder import Draft, LogWriter
from ledger.schema import metadata
from ledger.verify import Verification, verify
from support.places import Place, Places
from support.tampering import changes, flip
from support.together import verified_twice

NOW = "2026-11-23T08:31:27.123456Z"
CENTERS = [f"beijing/id:{name}" for name in "abc"]

# Rebuilt from entries at any time and compared with them by `taizhang projection check`.
DERIVED = {"register", "reading_heads"}
# Altered column by column in test_verify_tiles.py and test_verify_seals.py.
ELSEWHERE = {"checkpoints", "cosignatures", "sealed_heads", "tiles"}
TABLES = {name: table for name, table in metadata.tables.items() if name not in DERIVED | ELSEWHERE}
CELLS = [(name, column.name) for name, table in TABLES.items() for column in table.c]


class _Sample:
    """Fills a ledger with every kind of row: fanned-out keys, rulings, files, private values."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.files = {b"report": "report.pdf", b"table": "评价 表.xlsx"}

    def fill(self) -> None:
        with write_transaction(self.engine) as self.connection:
            self._editions()
            with LogWriter(self.connection, "beijing") as self.writer:
                for number in range(12):
                    self._entry(CENTERS[number % 3], number)
                self._private(CENTERS[0])
                self._erased(CENTERS[1])
                self._files(CENTERS[2])
                self._entry("beijing:evaluation:2023", 20)
                for number in range(30, 33):
                    self._entry(CENTERS[number % 3], number)
            with LogWriter(self.connection, "xian") as self.writer:
                self._entry("xian/id:a", 40)
                self._entry("xian/id:a", 41)

    def _insert(self, table: str, **values: object) -> None:
        self.connection.execute(TABLES[table].insert().values(**values))

    def _editions(self) -> None:
        for content in (b"edition: beijing/1", b"edition: beijing/1 # corrected"):
            digest = sha256(content).hexdigest()
            self._insert("editions", edition="beijing/1", sha256=digest, content=content)
        self.edition = sha256(b"edition: beijing/1").hexdigest()
        self.corrected = digest

    def _entry(self, stream: str, number: int, **more: Any) -> int:
        key = f"key-{number}" if number % 2 else None
        name = more.pop("name", "WithdrawalRequested")
        entry = {"center": stream, "on": "2023-06-30", "type": name, "note": f"注 {number}"}
        entry |= {"key": key} if key else {}
        entry |= more.pop("fields", {})
        payload: dict[str, Any] = {"entry": entry}
        if number % 3 == 0 or "target" in more:
            pins = self.corrected if number % 2 else self.edition
            payload["ruling"] = {"edition": "beijing/1", "edition_sha256": pins, "engine": 1}
            payload["ruling"]["outcome"] = {"target": more.pop("target", None)}
        data = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
        draft = Draft(stream, None, f"{name}/1", "2023-06-30", data, **more)
        (position,) = self.writer.append([draft], recorded_at=NOW)
        if key:
            log = stream.split("/")[0].split(":")[0]
            row = KeyRow(key, stream, position, content_digest(entry))
            insert_keys(self.connection, log, [row])
        return position

    def _private(self, stream: str) -> int:
        values = {"/contact/name": '"张三"'.encode(), "/contact/phone": b'"13800000000"'}
        salts = {path: sha256(path.encode()).digest() for path in values}
        private = tuple(
            (path, commit(path, value, salt=salts[path])) for path, value in values.items()
        )
        position = self._entry(stream, 50, private=private)
        for path, value in values.items():
            self._insert(
                "vault", log="beijing", position=position, path=path, salt=salts[path], value=value
            )
        return position

    def _erased(self, stream: str) -> None:
        position = self._private(stream)
        self._entry(
            stream,
            60,
            name="PrivateErased",
            target=position,
            fields={"fields": ["/contact/name"]},
        )
        self.connection.execute(
            text("DELETE FROM vault WHERE position = :position AND path = '/contact/name'"),
            {"position": position},
        )

    def _files(self, stream: str) -> None:
        for content in self.files:
            digest = sha256(content).hexdigest()
            self._insert("files", sha256=digest, length=len(content), content=content)
        files = tuple(
            Attachment(sha256(content).digest(), len(content), name)
            for content, name in self.files.items()
        )
        # The third one is known by its hash alone, and not kept.
        self._entry(stream, 70, attachments=(*files, Attachment(bytes(32), None, "elsewhere")))


@pytest.fixture(scope="module")
def sound_place(module_places: Places) -> Place:
    """The sample ledger, sound, with all its triggers."""
    place = module_places.new()
    engine = open_engine(place.url, create=True)
    _Sample(engine).fill()
    engine.dispose()
    return place


@pytest.fixture(scope="module")
def open_place(sound_place: Place) -> Place:
    """The sample without triggers, types, keys and checks; on a server the types remain."""
    place = sound_place.copy()
    place.free()
    place.keep()
    return place


class _Open:
    """A ledger one may do anything to, and its check."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.engine = open_engine(place.url)
        self.raw = place.open_raw()

    def run(self, statement: str, *values: object) -> list[Any]:
        return self.raw.run(statement, *values)

    def check(self) -> Verification:
        # No log was ever moved, as far as the trust folder knows.
        return verified_twice(self.engine, against=Against(places={}))

    def codes(self) -> list[str]:
        return [problem.code for problem in self.check().problems]

    def close(self) -> None:
        self.engine.dispose()
        self.raw.close()


@pytest.fixture
def opened(open_place: Place) -> Iterator[_Open]:
    """The open sample, as it was at first."""
    open_place.put_back()
    opened = _Open(open_place)
    yield opened
    opened.close()


# --- sound ledgers ------------------------------------------------------------------------------


def test_sound_ledger_is_clean(sound_place: Place) -> None:
    """Without tampering there is no problem, and size and root are those of the heads."""
    engine = open_engine(sound_place.url)
    found = verify(engine)
    with read_transaction(engine) as connection:
        heads = [log_head(connection, name)[:3] for name in ("beijing", "xian")]
    engine.dispose()
    assert found.problems == ()
    assert [(report.log, report.size, report.root) for report in found.reports] == heads


def test_open_copy_is_clean(opened: _Open) -> None:
    """The copy without constraints is as sound as the original: what follows is tampering."""
    assert opened.check().problems == ()


def test_empty_ledger_is_clean(ledger_url: str) -> None:
    """A ledger without logs has nothing to report; a log without entries the empty root."""
    engine = open_engine(ledger_url, create=True)
    assert verify(engine) == Verification((), ())
    (report,) = verify(engine, log="beijing").reports
    engine.dispose()
    assert (report.size, report.root, report.problems) == (0, EMPTY_ROOT, ())


def test_progress_is_told(opened: _Open) -> None:
    """Progress names the log, how many entries are done and how many there are."""
    told: list[tuple[str, int, int]] = []
    verify(opened.engine, progress=lambda *progress: told.append(progress))
    assert told[-1] == ("xian", 2, 2)
    assert [log for log, done, total in told if done == total] == ["beijing", "xian"]


def test_one_log_is_checked_alone(opened: _Open) -> None:
    """Damage of another log is none of its business."""
    opened.run("UPDATE entries SET payload = x'00' WHERE log = 'beijing' AND position = 3")
    assert verify(opened.engine, log="xian").problems == ()
    assert [p.code for p in verify(opened.engine, log="beijing").problems] == ["entry_altered"]


def test_many_problems_are_counted(opened: _Open) -> None:
    """Past a limit problems are counted, not listed."""
    opened.run("UPDATE entries SET payload = x'00'")
    problems = verify(opened.engine, log="beijing", limit=3).problems
    assert [problem.code for problem in problems] == ["entry_altered"] * 3 + ["more_damage"]
    assert int(str(problems[-1]).split()[0]) >= 15


# --- every column of every table ----------------------------------------------------------------


def test_all_tables_are_covered() -> None:
    """A table that is neither checked nor derived would be a place to tamper unseen."""
    assert set(TABLES) == {
        "logs",
        "entries",
        "stream_heads",
        "keys",
        "vault",
        "files",
        "editions",
        "meta",
    }
    assert set(metadata.tables) == set(TABLES) | DERIVED | ELSEWHERE


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_no_cell_changes_unseen(opened: _Open, table: str, column: str) -> None:
    """Whatever any cell is changed to is reported, by the position or the center it belongs to."""
    rows = opened.run(f"SELECT rowid, {column} FROM {table} ORDER BY rowid")
    # What is reported hangs on the program, not on the engine: a server is asked less often.
    for rowid, before in rows if opened.place.is_file else rows[:: 1 + len(rows) // 3]:
        marks = _marks(opened, table, rowid)
        for expression, value in changes(before):
            change = f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?"
            if not opened.raw.try_to(change, value, rowid):
                continue
            after = opened.raw.cell(table, column, rowid)
            if after != before or type(after) is not type(before):
                problems = opened.check().problems
                said = [f"{p.position} {p.center} {p}" for p in problems]
                assert any(mark in line for mark in marks for line in said), (value, before, said)
            opened.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", before, rowid)
    assert opened.check().problems == ()


def _marks(opened: _Open, table: str, rowid: int) -> list[str]:
    """What a report about a row has to say: its position, else its center, else its name."""
    names = [column.name for column in TABLES[table].c]
    values = opened.run(f"SELECT {', '.join(names)} FROM {table} WHERE rowid = ?", rowid)[0]
    row = dict(zip(names, values, strict=True))
    if table in ("entries", "keys", "vault"):
        return [f"{row['log']}#{row['position']} "]
    if table == "stream_heads":
        return [row["stream"]]
    if table == "files":
        return [row["sha256"]]
    return {"logs": [f"the log {row.get('log')}"], "meta": ["table meta"]}.get(
        table, [str(row.get("sha256"))]
    )


def _flip_any_bit(opened: _Open, data: st.DataObject) -> None:
    table, column = data.draw(st.sampled_from(CELLS))
    wanted = f"SELECT rowid, {column} FROM {table} ORDER BY rowid"
    rows = [row for row in opened.run(wanted) if row[1] and not isinstance(row[1], int)]
    if not rows:
        return
    rowid, before = data.draw(st.sampled_from(rows))
    content = before.encode() if isinstance(before, str) else before
    flipped = flip(content, data.draw(st.integers(0, len(content) * 8 - 1)))
    change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
    if not isinstance(before, str):
        opened.run(change, flipped, rowid)
    elif opened.place.is_file:
        opened.run(change.replace("?", "CAST(? AS TEXT)", 1), flipped, rowid)
    else:  # a server takes no text that is none
        altered = flipped.decode("utf-8", "ignore").replace("\0", "")
        opened.run(change, altered, rowid)
    assert opened.check().problems
    opened.run(change, before, rowid)


def test_no_bit_flips_unseen(opened: _Open) -> None:
    """Any single bit of any text or blob of any table."""
    examples = 200 if opened.place.is_file else 30

    @settings(max_examples=examples, deadline=None)
    @given(data=st.data())
    def flipped(data: st.DataObject) -> None:
        _flip_any_bit(opened, data)

    flipped()


# --- whole rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_no_row_disappears_unseen(opened: _Open, table: str) -> None:
    """Each row of each table, deleted, is missed by name."""
    names = ", ".join(column.name for column in TABLES[table].c)
    for (rowid,) in opened.run(f"SELECT rowid FROM {table}"):
        marks = _marks(opened, table, rowid)
        row = opened.run(f"SELECT rowid, {names} FROM {table} WHERE rowid = ?", rowid)[0]
        opened.run(f"DELETE FROM {table} WHERE rowid = ?", rowid)
        said = [f"{p.position} {p.center} {p}" for p in opened.check().problems]
        assert any(mark in line for mark in marks for line in said), said
        places = ", ".join("?" * len(row))
        opened.run(f"INSERT INTO {table} (rowid, {names}) VALUES ({places})", *row)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("logs", "log = 'hechuan'"),
        ("entries", "position = 1000"),
        ("entries", "log = 'hechuan'"),
        ("entries", "version = 1000"),
        ("entries", "log = NULL"),
        ("stream_heads", "stream = 'beijing/id:z'"),
        ("stream_heads", "log = 'hechuan'"),
        ("keys", "key = 'other'"),
        ("keys", "stream = 'beijing/id:z'"),
        ("keys", "log = 'hechuan'"),
        ("keys", "log = x'00'"),
        ("vault", "path = '/other'"),
        ("vault", "log = 'hechuan'"),
        ("vault", "position = 0"),
        ("files", f"sha256 = '{sha256(b'new').hexdigest()}', length = 3, content = x'6e6577'"),
        ("files", "sha256 = 'abc'"),
        # An edition that fits its hash is what `policy add` makes; it has ruled nothing.
        ("editions", "edition = 'beijing/9', content = x'00'"),
        ("meta", "name = 'other'"),
    ],
)
def test_no_row_appears_unseen(opened: _Open, table: str, change: str) -> None:
    """A row made from another one is reported, wherever it is put."""
    names = ", ".join(column.name for column in TABLES[table].c)
    for (rowid,) in opened.run(f"SELECT rowid FROM {table}"):
        opened.run(f"CREATE TABLE one AS SELECT {names} FROM {table} WHERE rowid = ?", rowid)
        if opened.raw.try_to(f"UPDATE one SET {change}"):
            opened.run(f"INSERT INTO {table} ({names}) SELECT {names} FROM one")
            ((added,),) = opened.run(f"SELECT max(rowid) FROM {table}")
            assert opened.check().problems
            opened.run(f"DELETE FROM {table} WHERE rowid = ?", added)
        opened.run("DROP TABLE one")


def test_swapped_entries_are_named(opened: _Open) -> None:
    """Two neighbours that trade places are reported, both of them."""
    positions = range(len(opened.run("SELECT 1 FROM entries WHERE log = 'beijing'")))
    move = "UPDATE entries SET position = ? WHERE position = ? AND log = 'beijing'"
    for one, two in pairwise(positions):
        for new, old in ((-1, one), (one, two), (two, -1)):
            opened.run(move, new, old)
        named = {problem.position for problem in opened.check().problems}
        assert {f"beijing#{one}", f"beijing#{two}"} <= named
        for new, old in ((-1, one), (one, two), (two, -1)):
            opened.run(move, new, old)


@pytest.mark.parametrize("table", ["stream_heads", "keys", "vault", "files"])
def test_swapped_values_are_reported(opened: _Open, table: str) -> None:
    """Two rows that trade what they say, column by column, are reported."""
    (one, two) = (row[0] for row in opened.run(f"SELECT rowid FROM {table} ORDER BY rowid LIMIT 2"))
    for column in TABLES[table].c:
        read = f"SELECT {column.name} FROM {table} WHERE rowid IN (?, ?) ORDER BY rowid"
        (first,), (second,) = opened.run(read, one, two)
        if first == second:
            continue
        write = f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?"
        opened.run(write, second, one)
        opened.run(write, first, two)
        assert opened.check().problems, column.name
        opened.run(write, first, one)
        opened.run(write, second, two)


# --- what is said -------------------------------------------------------------------------------


def _first(opened: _Open) -> tuple[str, str | None, str | None]:
    """The one problem there is; only an erasure that cannot be trusted may bring on another."""
    first, *others = opened.check().problems
    assert {problem.code for problem in others} <= {"vault_missing"}
    assert not others or first.position == "beijing#14"
    return first.code, first.position, first.center


@pytest.mark.parametrize("position", range(20))
def test_altered_payload_is_one_problem(opened: _Open, position: int) -> None:
    """An altered payload is `entry_altered` at its position, and nothing else is blamed."""
    place = f"log = 'beijing' AND position = {position}"
    ((payload, stream),) = opened.run(f"SELECT payload, stream FROM entries WHERE {place}")
    altered = payload.replace(b"2023", b"2024")
    opened.run(f"UPDATE entries SET payload = ? WHERE {place}", altered)
    assert _first(opened) == ("entry_altered", f"beijing#{position}", stream)


@pytest.mark.parametrize("position", range(20))
def test_altered_leaf_is_told_apart(opened: _Open, position: int) -> None:
    """An altered leaf column is `leaf_altered`: the next entry or the head knows the true leaf."""
    place = f"log = 'beijing' AND position = {position}"
    opened.run(f"UPDATE entries SET leaf = zeroblob(32) WHERE {place}")
    assert _first(opened)[:2] == ("leaf_altered", f"beijing#{position}")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE logs SET size = size - 1 WHERE log = 'xian'", "head_altered"),
        ("UPDATE logs SET size = size + 1 WHERE log = 'xian'", "head_altered"),
        ("UPDATE logs SET root = zeroblob(32) WHERE log = 'xian'", "head_altered"),
        ("UPDATE logs SET frontier = zeroblob(8) WHERE log = 'xian'", "head_altered"),
        ("DELETE FROM logs WHERE log = 'xian'", "head_altered"),
        ("UPDATE stream_heads SET version = 9 WHERE log = 'xian'", "stream_head_altered"),
        ("UPDATE stream_heads SET leaf = zeroblob(32) WHERE log = 'xian'", "stream_head_altered"),
        ("DELETE FROM stream_heads WHERE log = 'xian'", "stream_head_altered"),
        ("UPDATE keys SET digest = zeroblob(32) WHERE key = 'key-41'", "key_altered"),
        ("UPDATE keys SET position = 0 WHERE key = 'key-41'", "key_altered"),
        ("DELETE FROM keys WHERE key = 'key-41'", "key_missing"),
        ("UPDATE vault SET salt = zeroblob(32) WHERE rowid = 1", "vault_altered"),
        ("UPDATE vault SET value = x'3131' WHERE rowid = 1", "vault_altered"),
        ("DELETE FROM vault WHERE rowid = 1", "vault_missing"),
        ("UPDATE files SET content = x'3131' WHERE rowid = 1", "file_altered"),
        ("UPDATE files SET length = 99 WHERE rowid = 1", "file_altered"),
        ("DELETE FROM files WHERE rowid = 1", "file_missing"),
        ("UPDATE editions SET content = x'3131' WHERE rowid = 1", "edition_altered"),
        ("DELETE FROM editions WHERE rowid = 1", "edition_missing"),
        ("UPDATE meta SET value = '0'", "meta_altered"),
    ],
)
def test_one_change_is_one_problem(opened: _Open, change: str, code: str) -> None:
    """Each kind of damage has its own code, and is said once."""
    opened.run(change)
    assert opened.codes() == [code]


def test_missing_entry_is_an_interval(opened: _Open) -> None:
    """Missing entries are named by the first of them, and how far they reach."""
    opened.run("DELETE FROM entries WHERE log = 'beijing' AND position BETWEEN 4 AND 6")
    first = opened.check().problems[0]
    assert (first.code, first.position) == ("position_gap", "beijing#4")
    assert "up to number 6" in str(first)


def test_missing_tail_is_named(opened: _Open) -> None:
    """A tail that is cut off is known by the head, which still says the size."""
    opened.run("DELETE FROM entries WHERE log = 'beijing' AND position >= 18")
    problems = opened.check().problems
    assert problems[0].position == "beijing#18"
    assert {problem.code for problem in problems} >= {"position_gap", "stream_head_altered"}


def test_entries_behind_the_head_are_foreign(opened: _Open) -> None:
    """An entry that is sound but added behind the head is named."""
    engine = opened.engine
    tables = ("logs", "stream_heads")
    names = [", ".join(column.name for column in TABLES[table].c) for table in tables]
    heads = [
        opened.run(f"SELECT {columns} FROM {table} WHERE log = 'xian'")
        for table, columns in zip(tables, names, strict=True)
    ]
    with write_transaction(engine) as connection, LogWriter(connection, "xian") as writer:
        writer.append([Draft("xian/id:a", None, "X/1", "2023-01-01", b"{}")], recorded_at=NOW)
    for table, columns, rows in zip(tables, names, heads, strict=True):
        opened.run(f"DELETE FROM {table} WHERE log = 'xian'")
        for row in rows:
            places = ", ".join("?" * len(row))
            opened.run(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row)
    found = {problem.code: problem.position for problem in opened.check().problems}
    assert found == {"foreign_row": "xian#2", "stream_head_altered": None}


def test_skipped_version_is_reported(opened: _Open) -> None:
    """A version left out is reported even if every hash was made to fit it."""
    with read_transaction(opened.engine) as connection:
        first, second = read_log(connection, "xian")
    leaf = hash_leaf(
        leaf_text(
            log="xian",
            position=1,
            stream=second.stream,
            version=3,
            previous=first.leaf,
            type=second.type,
            effective=second.effective,
            recorded=second.recorded,
            payload_sha256=sha256(second.payload).digest(),
            payload_length=len(second.payload),
        )
    )
    tree = Frontier()
    tree.extend((first.leaf, leaf))
    where = "WHERE log = 'xian'"
    opened.run(f"UPDATE entries SET version = 3, leaf = ? {where} AND position = 1", leaf)
    opened.run(f"UPDATE stream_heads SET version = 3, leaf = ? {where}", leaf)
    opened.run(f"UPDATE logs SET root = ?, frontier = ? {where}", tree.root(), tree.to_bytes())
    assert _first(opened) == ("stream_gap", "xian#1", "xian/id:a")


def test_undone_erasure_is_reported(opened: _Open) -> None:
    """A private value that was erased and is back, as from an old backup, is reported."""
    (kept,) = opened.run("SELECT log, position, path FROM vault WHERE rowid = 3")
    path, value = "/contact/name", '"张三"'.encode()
    salt = sha256(path.encode()).digest()
    opened.run(
        "INSERT INTO vault (log, position, path, salt, value) VALUES (?, ?, ?, ?, ?)",
        *kept[:2],
        path,
        salt,
        value,
    )
    assert _first(opened)[:2] == ("erasure_undone", f"beijing#{kept[1]}")


def test_consistent_forgery_needs_the_root(sound_place: Place) -> None:
    """Somebody who recomputes everything is not seen from inside; the root tells who kept it."""
    place = sound_place.copy()
    engine = open_engine(place.url)
    before = verify(engine).reports[1].root
    with read_transaction(engine) as connection:
        rows = list(read_log(connection, "xian"))
    with place.raw() as raw:
        for table in ("logs", "entries", "stream_heads", "keys"):
            raw.run(f"DELETE FROM {table} WHERE log = 'xian'")
    with write_transaction(engine) as connection, LogWriter(connection, "xian") as writer:
        for row in rows:
            payload = orjson.dumps({"entry": {"note": "forged"}})
            draft = Draft(row.stream, None, row.type, row.effective, payload)
            writer.append([draft], recorded_at=row.recorded)
    found = verify(engine)
    engine.dispose()
    assert found.problems == ()
    assert found.reports[1].root != before


@pytest.mark.parametrize(
    "damage",
    [
        lambda opened: opened.run("UPDATE entries SET stream = CAST(x'ff' AS TEXT)"),
        lambda opened: opened.run("UPDATE entries SET position = 'x', version = NULL, leaf = 1"),
        lambda opened: opened.run("UPDATE logs SET size = 'x', root = NULL, frontier = 7"),
        lambda opened: opened.run("UPDATE keys SET position = NULL, digest = 'x', stream = 1.5"),
        lambda opened: opened.run("UPDATE vault SET position = 1e300, salt = 1, value = NULL"),
        lambda opened: opened.run("UPDATE files SET sha256 = NULL, length = 'x', content = 3"),
        lambda opened: opened.run("DELETE FROM entries"),
    ],
)
def test_ruins_do_not_crash(opened: _Open, damage: Callable[[_Open], object]) -> None:
    """However bad it is, the check comes to its end and every problem can be printed."""
    try:
        damage(opened)
    except psycopg.Error:  # as good as a server's types let it
        opened.run("UPDATE entries SET version = NULL, leaf = x'00', stream = ''")
        opened.run("UPDATE logs SET size = NULL, root = NULL, frontier = x'07'")
        opened.run("UPDATE keys SET position = NULL, digest = NULL, stream = 'x'")
        opened.run("UPDATE vault SET position = NULL, salt = NULL, value = NULL")
        opened.run("UPDATE files SET sha256 = NULL, length = NULL, content = NULL")
    problems = opened.check().problems
    assert problems
    assert all(str(problem).encode() for problem in problems)


# --- several processes --------------------------------------------------------------------------


@pytest.mark.slow
def test_two_processes_find_nothing_either(
    sound_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two processes a sound ledger has the same size, root and no problem, and nothing is
    checked a second time."""
    engine = open_engine(sound_place.url)
    alone = verify(engine)
    monkeypatch.setattr(verifying, "_verify_alone", lambda *_: pytest.fail("checked again"))
    monkeypatch.setattr("ledger.hash_share.ENTRIES_AT_ONCE", 3)
    together = verify(engine, jobs=2)
    engine.dispose()
    assert together == alone


def test_jobs_are_of_no_use_in_memory() -> None:
    """A ledger that no other process can read is verified all the same."""
    engine = open_engine("sqlite://", create=True)
    assert verify(engine, jobs=3) == Verification((), ())
    engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET payload = x'00' WHERE log = 'beijing' AND position = 15",
        "DELETE FROM entries WHERE log = 'beijing' AND position = 15",
        "DELETE FROM keys WHERE position = 3",
        "UPDATE vault SET value = x'00'",
        "DELETE FROM files",
    ],
)
def test_two_processes_name_the_same(opened: _Open, change: str) -> None:
    """What two processes find is named as one process names it."""
    opened.run(change)
    alone, together = opened.check(), verify(opened.engine, jobs=2)
    assert alone.problems
    assert together.problems == alone.problems
