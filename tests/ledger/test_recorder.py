"""Appending and reading: versions, positions, heads, and what a crash or a conflict leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import (
    ConflictError,
    IntegrityFailure,
    LedgerError,
    MalformedError,
    NotFoundError,
)
from ledger.keys import KeyRow, content_digest, insert_keys, known_keys
from ledger.leaf import NO_PREVIOUS, Attachment, hash_leaf, leaf_text
from ledger.merkle import EMPTY_ROOT, Frontier, tree_root
from ledger.reading import (
    LogHead,
    attachments_of,
    log_head,
    logs,
    private_of,
    read_entry,
    read_log,
    read_stream,
    read_streams,
)
from ledger.recorder import Draft, LogWriter, append
from ledger.verify import verify
from support.places import Places

NOW = "2026-11-23T08:31:27.123456Z"
A, B, C = "beijing/id:a", "beijing/id:b", "beijing/id:c"


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    """A new ledger."""
    made = open_engine(ledger_url, create=True)
    yield made
    made.dispose()


def _draft(stream: str, version: int | None = None, payload: bytes = b"{}") -> Draft:
    return Draft(stream, version, "WithdrawalRequested/1", "2023-06-30", payload)


def _append(engine: Engine, *drafts: Draft, log: str = "beijing") -> range:
    with write_transaction(engine) as connection:
        return append(connection, log, drafts, recorded_at=NOW)


# --- appending ----------------------------------------------------------------------------------


def test_positions_are_dense(engine: Engine) -> None:
    """Positions go on from 0 without gaps, in each log for itself."""
    assert _append(engine, _draft(A), _draft(B)) == range(0, 2)
    assert _append(engine, _draft(A)) == range(2, 3)
    assert _append(engine, _draft("xian/id:a"), log="xian") == range(0, 1)


def test_versions_are_dense(engine: Engine) -> None:
    """Each entry of a stream gets the next version, within a batch too."""
    _append(engine, _draft(A), _draft(B), _draft(A), _draft(A))
    with read_transaction(engine) as connection:
        found = [(row.position, row.version) for row in read_stream(connection, "beijing", A)]
    assert found == [(0, 1), (2, 2), (3, 3)]


def test_leaves_follow_the_text(engine: Engine) -> None:
    """Every stored leaf is the hash of the text its row and its predecessor give."""
    streams = (A, B, A, A, C, B, A, C, C, A)
    drafts = [_draft(stream, payload=b"%d" % n) for n, stream in enumerate(streams)]
    _append(engine, *drafts)
    previous: dict[str, bytes] = {}
    with read_transaction(engine) as connection:
        for row in read_log(connection, "beijing"):
            wanted = leaf_text(
                log=row.log,
                position=row.position,
                stream=row.stream,
                version=row.version,
                previous=previous.get(row.stream, NO_PREVIOUS),
                type=row.type,
                effective=row.effective,
                recorded=NOW,
                payload_sha256=sha256(row.payload).digest(),
                payload_length=len(row.payload),
            )
            assert row.leaf == hash_leaf(wanted)
            previous[row.stream] = row.leaf


def test_head_covers_all_entries(engine: Engine) -> None:
    """After every batch size, root and frontier of the head are those of all leaves so far."""
    for size in (1, 2, 3, 7, 20):
        _append(engine, *[_draft(A) for _ in range(size)])
        with read_transaction(engine) as connection:
            head = log_head(connection, "beijing")
            leaves = [row.leaf for row in read_log(connection, "beijing")]
        assert (head.size, head.root) == (len(leaves), tree_root(leaves))
        assert Frontier.from_bytes(head.frontier).root() == head.root


def test_expected_versions_are_checked(engine: Engine) -> None:
    """A draft that expects another version is refused, and nothing of its batch is recorded."""
    _append(engine, _draft(A, 1), _draft(A, 2))
    for wrong in (0, 1, 2, 4):
        with pytest.raises(ConflictError, match=f"version 2, so version {wrong} cannot"):
            _append(engine, _draft(B), _draft(A, wrong))
    with read_transaction(engine) as connection:
        assert log_head(connection, "beijing").size == 2
    assert _append(engine, _draft(A, 3), _draft(A, 4)) == range(2, 4)


def test_malformed_draft_records_nothing(engine: Engine) -> None:
    """A field that cannot stand in a leaf refuses the whole batch."""
    for bad in (
        _draft("two words"),
        _draft("line\nfeed"),
        _draft(A)._replace(type="no type"),
        _draft(A)._replace(effective="2023-02-30"),
        _draft(A)._replace(private=(("/b", bytes(32)), ("/a", bytes(32)))),
    ):
        with pytest.raises(MalformedError):
            _append(engine, _draft(A), bad)
    with read_transaction(engine) as connection:
        assert logs(connection) == []


def test_writer_goes_on_after_conflict(engine: Engine) -> None:
    """A refused batch leaves a writer as it was: what is appended next fits."""
    with write_transaction(engine) as connection, LogWriter(connection, "beijing") as writer:
        writer.append([_draft(A, 1)], recorded_at=NOW)
        with pytest.raises(ConflictError):
            writer.append([_draft(A, 2), _draft(A, 2)], recorded_at=NOW)
        assert writer.append([_draft(A, 2)], recorded_at=NOW) == range(1, 2)
        assert writer.head_of(A).version == 2
        assert writer.head_of(B).version == 0
    assert verify(engine).problems == ()


def test_writer_needs_a_with(engine: Engine) -> None:
    """Without the block that writes the heads, nothing can be appended."""
    with (
        write_transaction(engine) as connection,
        pytest.raises(LedgerError, match="`with` block"),
    ):
        LogWriter(connection, "beijing").append([_draft(A)], recorded_at=NOW)


def test_writer_needs_a_transaction(engine: Engine) -> None:
    """A connection without transaction is refused: it would commit each statement alone."""
    with engine.connect() as connection, pytest.raises(LedgerError, match="write transaction"):
        LogWriter(connection, "beijing")


def _swallow_an_error(engine: Engine) -> None:
    with (
        write_transaction(engine) as connection,
        suppress(KeyError),
        LogWriter(connection, "beijing") as writer,
    ):
        writer.append([_draft(A)], recorded_at=NOW)
        raise KeyError


def test_failed_writer_takes_all_with_it(engine: Engine) -> None:
    """Entries whose heads were not written are never committed, even if the error is swallowed."""
    with pytest.raises(LedgerError, match="rolled back"):
        _swallow_an_error(engine)
    with read_transaction(engine) as connection:
        assert list(read_log(connection, "beijing")) == []


def test_lost_writer_writes_no_more(engine: Engine) -> None:
    """After the database refused a batch, not even the heads of earlier ones are written."""
    _append(engine, _draft(A))
    before = _cut(engine)
    with pytest.raises(LedgerError, match="rolled back"):
        _append_twice(engine)
    with read_transaction(engine) as connection:
        assert logs(connection) == [before]
        assert connection.scalar(text("SELECT count(*) FROM stream_heads")) == 1
        assert read_stream(connection, "beijing", C) == []


def _cut(engine: Engine) -> LogHead:
    """Set the head back by one entry, so that the next but one position is taken."""
    with read_transaction(engine) as connection:
        old = log_head(connection, "beijing")
    _append(engine, _draft(A))
    with write_transaction(engine) as connection:
        connection.execute(
            text("UPDATE logs SET size = :size, root = :root, frontier = :frontier"),
            {"size": old.size, "root": old.root, "frontier": old.frontier},
        )
        connection.execute(text("UPDATE stream_heads SET version = 9 WHERE stream = :s"), {"s": A})
    return old


def _append_twice(engine: Engine) -> None:
    with write_transaction(engine) as connection, LogWriter(connection, "xian") as writer:
        writer.append([_draft("xian/id:a")], recorded_at=NOW)
        with suppress(IntegrityFailure), LogWriter(connection, "beijing") as other:
            other.append([_draft(C)], recorded_at=NOW)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(st.lists(st.sampled_from([A, B, C, "beijing"]), max_size=9), max_size=9),
    kept=st.integers(0, 3),
)
def test_flat_memory_changes_nothing(batches: list[list[str]], kept: int) -> None:
    """However few heads a writer keeps, it records the same as one batch does."""
    roots = []
    for parts, limit in ((batches, kept), ([list(chain(*batches))], 100)):
        engine = open_engine("sqlite://", create=True)
        roots.append(_recorded(engine, parts, limit))
        engine.dispose()
    assert roots[0] == roots[1]


def test_flat_memory_changes_no_engine(places: Places) -> None:
    """On each engine the same, with batches that go by row and by COPY."""
    roots = []
    batches = [[A], [A, B, C, "beijing"], [B], [], [C, C, A]] * 4
    for parts, limit in ((batches, 0), (batches, 2), ([list(chain(*batches))], 100)):
        engine = open_engine(places.new().url, create=True)
        roots.append(_recorded(engine, parts, limit))
        engine.dispose()
    assert len(set(roots)) == 1


def _recorded(engine: Engine, batches: list[list[str]], heads_kept: int) -> bytes:
    """The root after recording an entry for each name, with at most so many heads in memory."""
    with (
        write_transaction(engine) as connection,
        LogWriter(connection, "beijing", heads_kept=heads_kept) as writer,
    ):
        for streams in batches:
            writer.append([_draft(stream) for stream in streams], recorded_at=NOW)
        root = writer.root
    assert verify(engine).problems == ()
    return root


def test_damaged_head_is_not_built_upon(engine: Engine) -> None:
    """A head that contradicts itself stops the writer instead of being continued."""
    _append(engine, _draft(A), _draft(A))
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE logs SET root = :root"), {"root": bytes(32)})
    with pytest.raises(IntegrityFailure, match="run `taizhang log verify`"):
        _append(engine, _draft(A))


def test_cut_head_is_not_built_upon(engine: Engine) -> None:
    """A head set back to an older, sound state collides with the entries behind it."""
    _append(engine, _draft(A))
    _cut(engine)
    with pytest.raises(IntegrityFailure, match="does not fit its entries"):
        _append(engine, _draft(C))


# --- reading ------------------------------------------------------------------------------------


def test_rows_say_what_was_drafted(engine: Engine) -> None:
    """Commitments and attachments come back as they were handed in."""
    private = (("/contact/phone", b"\x01" * 32), ("/联系人", b"\x02" * 32))
    files = (Attachment(b"\x03" * 32, 5, "评价 报告.pdf"), Attachment(b"\x04" * 32, None, "b"))
    _append(engine, _draft(A)._replace(private=private, attachments=files))
    with read_transaction(engine) as connection:
        row = read_entry(connection, "beijing", 0)
    assert (private_of(row), attachments_of(row)) == (private, files)
    assert row[:7] == ("beijing", 0, A, 1, "WithdrawalRequested/1", "2023-06-30", NOW)


def test_missing_entry_is_named(engine: Engine) -> None:
    """A position that does not exist raises NotFoundError with the position."""
    with read_transaction(engine) as connection, pytest.raises(NotFoundError, match="beijing#3"):
        read_entry(connection, "beijing", 3)


def test_unknown_log_is_empty(engine: Engine) -> None:
    """A log without entries has size 0 and the root of the empty tree."""
    with read_transaction(engine) as connection:
        head = log_head(connection, "beijing")
        assert (head.size, head.root) == (0, EMPTY_ROOT)
        assert list(read_log(connection, "beijing")) == []
        assert read_stream(connection, "beijing", A) == []


def test_streams_come_in_order(engine: Engine) -> None:
    """Many streams are read by stream and version, each once, whatever was asked for twice."""
    names = [f"beijing/id:{number:04}" for number in range(1300)]
    _append(engine, *[_draft(name) for name in names * 2])
    with read_transaction(engine) as connection:
        rows = list(read_streams(connection, "beijing", [*reversed(names), names[0], "none"]))
        some = list(read_streams(connection, "beijing", names[:3], upto_position=1300))
    assert [(row.stream, row.version) for row in rows] == [(n, v) for n in names for v in (1, 2)]
    assert [row.position for row in some] == [0, 1300, 1, 2]


def test_log_is_read_in_chunks(engine: Engine) -> None:
    """Any range with any size of chunks gives the same rows, in order."""
    _append(engine, *[_draft(A) for _ in range(10)])
    with read_transaction(engine) as connection:
        for chunk in (1, 3, 10, 99):
            for start, stop in ((0, None), (0, 10), (2, 7), (9, 50), (5, 5)):
                rows = read_log(connection, "beijing", start, stop, chunk=chunk)
                assert [row.position for row in rows] == list(range(10))[start:stop]


# --- keys ---------------------------------------------------------------------------------------


def test_known_keys_come_back(engine: Engine) -> None:
    """Keys are found by log and key, with every stream they were recorded in."""
    _append(engine, _draft(A), _draft(B))
    digest = content_digest({"key": "k", "type": "X"})
    rows = [KeyRow("k", A, 0, digest), KeyRow("k", B, 1, digest)]
    with write_transaction(engine) as connection:
        insert_keys(connection, "beijing", rows)
    with read_transaction(engine) as connection:
        assert known_keys(connection, "beijing", ["k", "other"]) == {"k": rows}
        assert known_keys(connection, "xian", ["k"]) == {}


def test_keys_may_come_first(engine: Engine) -> None:
    """Keys may be written before the entries of their transaction, as soon as the log is there."""
    _append(engine, _draft(B))
    with write_transaction(engine) as connection:
        insert_keys(connection, "beijing", [KeyRow("k", A, 1, bytes(32))])
        append(connection, "beijing", [_draft(A)], recorded_at=NOW)


def test_file_refuses_keys_of_nothing(tmp_path: Path) -> None:
    """In a file no key is recorded without its entry; a server's partitions stand alone."""
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db", create=True)
    with pytest.raises(Exception, match="FOREIGN KEY"), write_transaction(engine) as connection:
        insert_keys(connection, "beijing", [KeyRow("k2", A, 7, bytes(32))])
    engine.dispose()


# --- many processes -----------------------------------------------------------------------------

_WRITER = """
import sys
from ledger.engine import open_engine, write_transaction
from ledger.errors import BusyError, ConflictError
from ledger.reading import log_head, read_stream
from ledger.recorder import Draft, append

url, name, rounds, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
engine = open_engine(url)
for number in range(rounds):
    shared = name.startswith("w") and number % 5 == 0
    try:
        with write_transaction(engine) as connection:
            own = Draft(f"beijing/id:{name}", None, "X/1", "2023-06-30", b"{}")
            drafts = [own] * batch
            if shared:
                drafts.append(own._replace(stream="beijing/id:shared", version=number // 5 + 1))
            append(connection, "beijing", drafts, recorded_at="2026-11-23T08:31:27.123456Z")
        print(len(drafts), flush=True)
    except (BusyError, ConflictError) as error:
        print(type(error).__name__, flush=True)
"""


def _start(url: str, name: str, rounds: int, batch: int) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, name, str(rounds), str(batch)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


@pytest.mark.slow
def test_writers_take_turns(engine: Engine) -> None:
    """Four processes at once all succeed or are told of a conflict; the log stays dense."""
    url = engine.url.render_as_string(hide_password=False)
    writers = [_start(url, f"w{number}", 40, 5) for number in range(4)]
    said = [line for writer in writers for line in writer.communicate()[0].split()]
    assert all(writer.returncode == 0 for writer in writers)
    assert len(said) == 160
    assert set(said) <= {"5", "6", "ConflictError", "BusyError"}
    report = verify(engine).reports[0]
    assert report.problems == ()
    assert report.size == sum(int(word) for word in said if word.isdigit())


@pytest.mark.slow
def test_kill_leaves_whole_batches(engine: Engine) -> None:
    """A writer killed at any moment leaves every batch it reported and no part of another."""
    url, batch = engine.url.render_as_string(hide_password=False), 1000
    for number in range(6):
        with _start(url, f"k{number}", 100_000, batch) as writer:
            assert writer.stdout is not None
            reported = sum(int(writer.stdout.readline()) for _ in range(number + 1))
            writer.kill()
            reported += sum(int(line) for line in writer.stdout.read().split())
        with read_transaction(engine) as connection:
            rows = read_stream(connection, "beijing", f"beijing/id:k{number}")
        assert len(rows) % batch == 0
        assert all(b.version == a.version + 1 for a, b in pairwise(rows))
        assert len(rows) >= reported > 0
    assert verify(engine).problems == ()
