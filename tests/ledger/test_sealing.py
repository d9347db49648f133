from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from ledger import reading
from ledger.anchor import Anchors
from ledger.checkpoint import open_checkpoint
from ledger.checkpoints import all_checkpoints, newest_checkpoint
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import ConflictError, IntegrityFailure, NotFoundError
from ledger.note import Signer
from ledger.recorder import Draft, append
from ledger.sealing import Sealing, index_of_sealed_heads, seal_log, status_digest_of
from ledger.stored import parse_seal
from ledger.stream_index import NO_STATUS
from support.places import Place, Places

SIGNER = Signer.from_seed("city.example/taizhang", bytes(32))
OTHER = Signer.from_seed("city.example/taizhang", bytes([1]) * 32)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def place(places: Places) -> Place:
    """A place for a ledger."""
    return places.new()


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    """A ledger without entries."""
    found = open_engine(place.url, create=True)
    yield found
    found.dispose()


@pytest.fixture
def anchors(tmp_path: Path) -> Anchors:
    """The anchors of a new trust folder."""
    return Anchors(tmp_path / "trust")


def _record(engine: Engine, *streams: str, on: str = "2026-11-01") -> None:
    drafts = [Draft(stream, None, "WithdrawalRequested/1", on, b"{}") for stream in streams]
    with write_transaction(engine) as connection:
        append(connection, "xian", drafts, recorded_at="2026-11-02T00:00:00.000000Z")


def _statuses(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterable[tuple[str, bytes]]:
    """A status that is the number of entries."""
    for center in centers:
        yield center, sha256(b"%d" % len(reading.read_stream(connection, log, center))).digest()


def _seal(
    engine: Engine,
    anchors: Anchors,
    *signers: Signer,
    at: datetime = NOON,
    retired: Sequence[Signer] = (),
) -> Sealing:
    return seal_log(
        engine,
        "xian",
        signers=signers or (SIGNER,),
        keys=[signer.key for signer in (*(signers or (SIGNER,)), *retired)],
        anchors=anchors,
        statuses=_statuses,
        clock=lambda: at,
    )


class TestSeal:
    def test_checkpoint_covers_seal(self, engine: Engine, anchors: Anchors) -> None:
        """The seal is the last of the entries that are signed for."""
        _record(engine, "xian/id:a", "xian/id:b")
        made = _seal(engine, anchors)
        checkpoint, _, keys = open_checkpoint(made.note, [SIGNER.key])
        with read_transaction(engine) as connection:
            head = reading.log_head(connection, "xian")
        assert (checkpoint.size, checkpoint.root) == (3, head.root)
        assert [key.name for key in keys] == ["city.example/taizhang/xian"]

    def test_index_holds_all_streams_before(self, engine: Engine, anchors: Anchors) -> None:
        """The index speaks of every stream as it was before the seal."""
        _record(engine, "xian/id:a", "xian/id:b", "xian/id:a", "xian:evaluation:2020")
        made = _seal(engine, anchors)
        with read_transaction(engine) as connection:
            seal = parse_seal(reading.read_entry(connection, "xian", made.size - 1).payload)
            index, heads = index_of_sealed_heads(connection, "xian")
        assert (seal.index_root, seal.index_size) == (index.root().hex(), 3)
        assert {stream: entry.version for stream, entry in heads.items()} == {
            "xian/id:a": 2,
            "xian/id:b": 1,
            "xian:evaluation:2020": 1,
        }

    def test_statuses_are_bound(self, engine: Engine, anchors: Anchors) -> None:
        """Centers carry the digest of their status, other streams none, and one digest all."""
        _record(engine, "xian/id:a", "xian/id:a", "xian:evaluation:2020")
        made = _seal(engine, anchors)
        with read_transaction(engine) as connection:
            seal = parse_seal(reading.read_entry(connection, "xian", made.size - 1).payload)
            _, heads = index_of_sealed_heads(connection, "xian")
        status = sha256(b"2").digest()
        assert heads["xian/id:a"].status == status
        assert heads["xian:evaluation:2020"].status == NO_STATUS
        line = f"xian/id:a {status.hex()}\n".encode()
        assert seal.status_digest == sha256(line).hexdigest() == status_digest_of(heads).hex()

    def test_second_seal_goes_on(self, engine: Engine, anchors: Anchors) -> None:
        """The next seal names the one before, and its index holds that stream too."""
        _record(engine, "xian/id:a")
        first = _seal(engine, anchors)
        _record(engine, "xian/id:a", "xian/id:b")
        second = _seal(engine, anchors)
        with read_transaction(engine) as connection:
            seal = parse_seal(reading.read_entry(connection, "xian", second.size - 1).payload)
            _, heads = index_of_sealed_heads(connection, "xian")
        assert seal.previous_seal == first.size - 1
        assert {stream: entry.version for stream, entry in heads.items()} == {
            "xian/id:a": 2,
            "xian/id:b": 1,
            "xian": 1,
        }

    def test_nothing_new_is_not_sealed(self, engine: Engine, anchors: Anchors) -> None:
        """Without new entries the checkpoint there is comes back, and nothing is recorded."""
        _record(engine, "xian/id:a")
        first = _seal(engine, anchors)
        again = _seal(engine, anchors, at=NOON + timedelta(days=1))
        assert again == first._replace(is_new=False)

    def test_a_clock_set_back_is_caught(self, engine: Engine, anchors: Anchors) -> None:
        """A seal is never recorded before the entries it seals."""
        _record(engine, "xian/id:a")
        made = _seal(engine, anchors, at=datetime(2001, 1, 1, tzinfo=UTC))
        with read_transaction(engine) as connection:
            row = reading.read_entry(connection, "xian", made.size - 1)
        assert row.recorded == "2026-11-02T00:00:00.000000Z"

    def test_an_unknown_log_has_none(self, engine: Engine, anchors: Anchors) -> None:
        """A log without entries cannot be sealed."""
        with pytest.raises(NotFoundError):
            _seal(engine, anchors)

    def test_two_keys_sign_both(self, engine: Engine, anchors: Anchors) -> None:
        """During a rotation the old and the new key stand under one checkpoint."""
        _record(engine, "xian/id:a")
        made = _seal(engine, anchors, OTHER, SIGNER)
        for signer in (SIGNER, OTHER):
            assert open_checkpoint(made.note, [signer.key])[2]

    def test_a_new_key_signs_at_once(self, engine: Engine, anchors: Anchors) -> None:
        """After a rotation a checkpoint is made even where nothing else was recorded."""
        _record(engine, "xian/id:a")
        first = _seal(engine, anchors)
        second = _seal(engine, anchors, OTHER, retired=[SIGNER])
        assert second.is_new
        assert second.size == first.size + 1


class TestAnchor:
    def test_anchor_is_the_newest_note(self, engine: Engine, anchors: Anchors) -> None:
        """The anchor is what was printed, with the length of every stream beside it."""
        _record(engine, "xian/id:a", "xian/id:a")
        made = _seal(engine, anchors)
        assert anchors.note("xian") == made.note
        assert anchors.heads("xian") == {"xian/id:a": 2, "xian": 1}

    def test_a_lost_anchor_comes_back(self, engine: Engine, anchors: Anchors) -> None:
        """Where the anchor did not move any more, the next call moves it."""
        _record(engine, "xian/id:a")
        made = _seal(engine, anchors)
        (anchors.folder / "xian.checkpoint").unlink()
        _seal(engine, anchors)
        assert anchors.note("xian") == made.note

    def test_a_smaller_tree_is_refused(
        self, engine: Engine, anchors: Anchors, place: Place
    ) -> None:
        """A log shorter than its anchor is not signed."""
        _record(engine, "xian/id:a")
        old = _copy(engine, place)
        _seal(engine, anchors)
        with pytest.raises(IntegrityFailure, match="tail was cut"):
            _seal(old, anchors)
        old.dispose()

    def test_another_tree_is_refused(self, engine: Engine, anchors: Anchors, place: Place) -> None:
        """A log that is longer, but not the one the anchor was signed for, is not signed."""
        _record(engine, "xian/id:a")
        old = _copy(engine, place)
        _seal(engine, anchors)
        _record(old, *["xian/id:b"] * 5)
        with pytest.raises(IntegrityFailure, match="not those a checkpoint was signed for"):
            _seal(old, anchors)
        old.dispose()

    def test_an_anchor_of_another_key_is_refused(self, engine: Engine, anchors: Anchors) -> None:
        """An anchor that none of the ledger's keys signed stops the signing."""
        _record(engine, "xian/id:a")
        _seal(engine, anchors, OTHER)
        _record(engine, "xian/id:a")
        with pytest.raises(IntegrityFailure, match="signed by none"):
            _seal(engine, anchors)

    def test_a_moved_anchor_is_not_overwritten(self, anchors: Anchors) -> None:
        """Whoever replaces the anchor without knowing it is told."""
        anchors.replace("xian", b"one", expected=None, heads={})
        with pytest.raises(ConflictError):
            anchors.replace("xian", b"two", expected=None, heads={})
        assert anchors.note("xian") == b"one"


class TestReadAgain:
    @pytest.mark.parametrize(
        "altered",
        [
            "UPDATE entries SET payload = x'7b20207d' WHERE position = 3",
            "UPDATE entries SET effective = '2020-01-01' WHERE position = 3",
            "UPDATE entries SET leaf = zeroblob(32) WHERE position = 3",
            "UPDATE entries SET payload = x'7b207d' WHERE position = 2",
            "UPDATE logs SET root = zeroblob(32)",
            "UPDATE sealed_heads SET status = zeroblob(32) WHERE stream LIKE '%a'",
            "UPDATE sealed_heads SET version = 9 WHERE stream LIKE '%a'",
            "DELETE FROM sealed_heads WHERE stream LIKE '%b'",
        ],
    )
    def test_what_was_altered_is_not_signed(
        self, engine: Engine, anchors: Anchors, place: Place, altered: str
    ) -> None:
        """Rows that no longer give what was recorded keep the log from being signed."""
        _record(engine, "xian/id:a", "xian/id:b")
        _seal(engine, anchors)
        _record(engine, "xian/id:a", "xian/id:b")
        before = anchors.note("xian")
        with place.raw() as raw:
            raw.run(altered)
        with pytest.raises(IntegrityFailure):
            _seal(engine, anchors)
        with read_transaction(engine) as connection:
            newest = newest_checkpoint(connection, "xian")
            assert len(list(all_checkpoints(connection, "xian"))) == 1
        assert newest is not None
        assert (anchors.note("xian"), newest.note) == (before, before)


def _copy(engine: Engine, place: Place) -> Engine:
    """A ledger that holds what this one holds now."""
    engine.dispose()
    return open_engine(place.copy().url)
