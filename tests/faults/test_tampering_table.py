"""The tampering table, row by row: what was done to a ledger, and what `taizhang log verify` names.

What a check finds is tried in tests/ledger more closely; here it is asked for as its users do.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection

from cli.desk import Desk
from cli.proofs import status_digests
from ledger import reading
from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.checkpoints import StoredCheckpoint, keep_checkpoint
from ledger.engine import read_transaction, write_transaction
from ledger.leaf import hash_leaf
from ledger.note import Signer, format_note, sign_note
from ledger.recorder import Draft, LogWriter
from ledger.sealing import index_before, index_of_sealed_heads, status_digest_of
from ledger.stream_index import index_root
from support.sealed_town import CENTER, OpenTown, make_town, open_town, rewrite

STRANGER = Signer.from_seed("city.example/taizhang", bytes([9]) * 32)
ORIGIN = "city.example/taizhang/hechuan"
B, C = "hechuan/id:b", "hechuan/id:c"
HERE = "log = 'hechuan' AND position"
SIZE = 12


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger as it should be."""
    return make_town(tmp_path_factory.mktemp("made"))


@pytest.fixture
def town(made: Path, tmp_path: Path) -> Iterator[OpenTown]:
    """A copy that anybody may write."""
    copy = open_town(made, tmp_path / "copy")
    yield copy
    copy.close()


class TestEntries:
    def test_altered_entry_is_named(self, town: OpenTown) -> None:
        """An altered entry is named by its position, and nothing else is blamed."""
        town.run(f"UPDATE entries SET effective = '2022-05-06' WHERE {HERE} = 7")
        assert _found(town) == [("entry_altered", "hechuan#7", B)]

    @pytest.mark.parametrize("position", [2, 7, 10])
    def test_entry_with_leaf_is_named(self, town: OpenTown, position: int) -> None:
        """An entry that was rewritten together with its leaf is named where anything was hashed
        over it, and else the interval between two checkpoints."""
        row, previous = _row(town, position)
        payload = row.payload.replace(b"2022-", b"2021-")
        leaf = hash_leaf(reading.leaf_text_of(row._replace(payload=payload), previous))
        town.run(
            f"UPDATE entries SET payload = ?, leaf = ? WHERE {HERE} = ?", payload, leaf, position
        )
        places = {place for _, place, _ in _found(town)}
        assert places & {f"hechuan#{position}", "hechuan#0", "hechuan#6", "hechuan#9"}

    def test_deleted_entry_is_named(self, town: OpenTown) -> None:
        """A deleted entry leaves a gap, which is named."""
        town.run(f"DELETE FROM entries WHERE {HERE} = 7")
        assert ("position_gap", "hechuan#7", None) in _found(town)

    def test_inserted_entry_is_named(self, town: OpenTown) -> None:
        """An entry that comes twice at a position is named there."""
        town.run(f"CREATE TEMP TABLE one AS SELECT * FROM entries WHERE {HERE} = 7")
        town.run("UPDATE one SET stream = 'hechuan/id:z', version = 1")
        town.run("INSERT INTO entries SELECT * FROM one")
        assert "hechuan#7" in {place for _, place, _ in _found(town)}

    def test_swapped_entries_are_named(self, town: OpenTown) -> None:
        """Two entries that traded places are named, both."""
        for new, old in ((-1, 6), (6, 7), (7, -1)):
            town.run(f"UPDATE entries SET position = ? WHERE {HERE} = ?", new, old)
        assert {"hechuan#6", "hechuan#7"} <= {place for _, place, _ in _found(town)}

    def test_added_entries_are_named(self, town: OpenTown) -> None:
        """Entries added behind the head of the log, not by the program, are named by position."""
        with _heads_kept(town):
            _append(town, CENTER)
        assert ("foreign_row", f"hechuan#{SIZE}", None) in _found(town)


class TestBeside:
    def test_private_value_is_named(self, town: OpenTown) -> None:
        """A private value that was altered is named by entry and path."""
        town.run("UPDATE vault SET value = CAST('\"1\"' AS BLOB)")
        (problem,) = _problems(town)
        assert (problem["code"], problem["position"]) == ("vault_altered", "hechuan#2")
        assert "/phone" in problem["message"]

    def test_erased_value_stays_erased(self, town: OpenTown) -> None:
        """A value that was erased on record may not come back."""
        town.run("INSERT INTO vault SELECT log, position, '/name', salt, value FROM vault")
        assert ("erasure_undone", "hechuan#2", None) in _found(town)

    def test_attachment_is_named(self, town: OpenTown) -> None:
        """An attachment that was altered is named with the entry it came with."""
        town.run("UPDATE files SET content = x'00'")
        assert _found(town) == [("file_altered", "hechuan#2", CENTER)]

    def test_register_names_center_and_field(self, town: OpenTown) -> None:
        """A row of the register that a replay does not give: its center and the field."""
        town.run("UPDATE register SET status = 'designated' WHERE center = ?", B)
        (problem,) = _problems(town)
        assert (problem["code"], problem["center"]) == ("register_altered", B)
        assert "status" in problem["message"]

    def test_register_of_nothing_is_named(self, town: OpenTown) -> None:
        """Rows whose register is gone, and of a register that was replaced, are named."""
        town.run("DELETE FROM reading_heads WHERE log = 'hechuan'")
        named = {center for code, _, center in _found(town) if code == "register_altered"}
        assert named == {CENTER, B, C}


class TestTail:
    def test_cut_tail_is_counted(self, town: OpenTown) -> None:
        """A tail cut off with everything that speaks of it: where, how many, whose."""
        town.put_back(1)
        problems = _problems(town, "--scheme", "hechuan")
        cut, *lost = [p for p in problems if p["code"] == "tail_cut"]
        assert cut["position"] == "hechuan#6"
        assert "6 in all" in cut["message"]
        assert {p["center"] for p in lost} == {CENTER, B, C, "hechuan"}

    def test_old_backup_is_found(self, town: OpenTown) -> None:
        """An old backup with other entries after it: the first position that is another's."""
        town.put_back(1)
        _append(town, *[C] * 8)
        found = _found(town, "--scheme", "hechuan")
        assert ("history_rewritten", "hechuan#6", None) in found

    def test_kept_checkpoint_counts_too(self, town: OpenTown) -> None:
        """Without the anchor, a checkpoint kept by somebody else shows the cut."""
        town.put_back(1)
        _forget_anchors(town)
        assert _found(town) == []
        kept = ("--checkpoint", town.note(2))
        assert _found(town, *kept) == [("tail_cut", "hechuan#6", None)]


class TestRewritten:
    @pytest.fixture
    def rewritten(self, town: OpenTown) -> OpenTown:
        """Entry 7 was changed, and everything made to fit, with the ledger's own keys."""
        rewrite(town, changed={7: _another_day})
        return town

    def test_inside_nothing_is_seen(self, rewritten: OpenTown) -> None:
        """From inside a consistent rewrite is not seen: the reason for what is kept outside."""
        _forget_anchors(rewritten)
        assert _found(rewritten) == []

    def test_anchor_shows_it(self, rewritten: OpenTown) -> None:
        """The anchor shows that something before it was changed; what is kept here and was signed
        anew does not narrow it."""
        assert ("history_rewritten", "hechuan#0", None) in _found(rewritten)

    def test_kept_checkpoints_give_the_interval(self, rewritten: OpenTown) -> None:
        """Between the last checkpoint that agrees and the first that does not."""
        _forget_anchors(rewritten)
        kept = [w for n in (1, 2, 3) for w in ("--checkpoint", rewritten.note(n))]
        told = {p["code"]: p for p in _problems(rewritten, *kept)}["history_rewritten"]
        assert told["position"] == "hechuan#6"
        assert "before number 9" in told["message"]

    def test_mirror_names_the_entry(self, rewritten: OpenTown) -> None:
        """A mirror of the hashes names the entry itself, and the seals that had to change."""
        found = _found(rewritten, "--mirror", rewritten.mirror)
        named = [place for code, place, _ in found if code == "entry_rewritten"]
        assert named[0] == "hechuan#7"
        assert set(named[1:]) <= {"hechuan#8", "hechuan#11"}


class TestCheckpoints:
    def test_forged_checkpoint_is_named(self, town: OpenTown) -> None:
        """A note that a stranger signed in the place of the kept one: for which size, by whom."""
        town.run(
            "UPDATE checkpoints SET note = ?, root = ? WHERE log = 'hechuan' AND size = ?",
            _signed(STRANGER),
            bytes(32),
            SIZE,
        )
        problem = _one(town, "checkpoint_forged")
        assert problem["position"] == f"hechuan#{SIZE - 1}"
        assert all(part in problem["message"] for part in (f"{SIZE} entries", _key(STRANGER)))

    def test_wrong_signature_is_named(self, town: OpenTown) -> None:
        """A note whose text was changed is no longer signed by its key."""
        place = "WHERE log = 'hechuan' AND size = 6"
        ((note,),) = town.run(f"SELECT note FROM checkpoints {place}")
        town.run(f"UPDATE checkpoints SET note = ? {place}", note.replace(b"\n6\n", b"\n5\n"))
        problem = _one(town, "checkpoint_forged")
        assert problem["position"] == "hechuan#5"
        assert all(part in problem["message"] for part in ("6 entries", f"{ORIGIN}+"))

    def test_stranger_outside_is_named(self, town: OpenTown) -> None:
        """A checkpoint from outside by a key nobody knows: the file and the size."""
        file = _written(town, "stranger.note", _signed(STRANGER))
        problem = _one(town, "checkpoint_forged", "--checkpoint", file)
        parts = (file, f"{SIZE} entries", _key(STRANGER))
        assert all(part in problem["message"] for part in parts)

    def test_split_view_shows_both(self, town: OpenTown) -> None:
        """Another root of the same size by the ledger's own key: key, size, and both notes."""
        desk = Desk(town.url)
        signer = desk.proofs.keyring.signers(None)[0]
        desk.close()
        file = _written(town, "other.note", _signed(signer))
        said = _one(town, "split_view", "--checkpoint", file)["message"]
        true = b64decode(Path(town.note(3)).read_text(encoding="utf-8").split("\n")[2])
        both = (true.hex(), "the checkpoint kept here", bytes(32).hex(), file)
        assert all(part in said for part in (ORIGIN, f"{SIZE} entries", _key(signer), *both))


class TestSeals:
    def test_wrong_status_names_the_center(self, town: OpenTown) -> None:
        """A seal signed with the true key over a status that its entries do not give."""
        rewrite(town, changed={}, statuses=_lying)
        _forget_anchors(town)
        found = _found(town)
        assert ("index_lies", f"hechuan#{SIZE - 1}", C) in found
        assert {code for code, _, _ in found} == {"index_lies"}

    def test_left_out_entry_names_the_center(self, town: OpenTown) -> None:
        """A seal whose index stops before a center's newest entry names center and seal."""
        _append(town, B, CENTER)
        _seal_without(town, B)
        _forget_anchors(town)
        assert ("index_lies", f"hechuan#{SIZE + 2}", B) in _found(town)

    def test_kept_index_is_named(self, town: OpenTown) -> None:
        """What is kept of the newest seal, altered, is named by its stream."""
        town.run("UPDATE sealed_heads SET status = zeroblob(32) WHERE stream = ?", CENTER)
        assert _found(town) == [("sealed_head_altered", None, CENTER)]

    def test_missing_checkpoint_is_named(self, town: OpenTown) -> None:
        """A seal without its checkpoint is named."""
        town.run("DELETE FROM checkpoints WHERE log = 'hechuan' AND size = 9")
        assert _found(town) == [("checkpoint_missing", "hechuan#8", None)]


def _problems(town: OpenTown, *words: str) -> list[dict[str, Any]]:
    """What the command says of each problem; it ends with 5 where there is one."""
    said = town.command("log", "verify", "--json", *words)
    problems: list[dict[str, Any]] = said.json["problems"]
    assert said.status == (5 if problems else 0)
    return problems


def _found(town: OpenTown, *words: str) -> list[tuple[str, str | None, str | None]]:
    """Code, position and center of each."""
    return [(p["code"], p["position"], p["center"]) for p in _problems(town, *words)]


def _one(town: OpenTown, code: str, *words: str) -> dict[str, Any]:
    """The problem with that code."""
    (problem,) = [p for p in _problems(town, *words) if p["code"] == code]
    return problem


def _row(town: OpenTown, position: int) -> tuple[reading.Row, bytes]:
    """An entry as it is stored, and the leaf before it in its stream."""
    desk = Desk(town.url)
    with read_transaction(desk.engine) as connection:
        row = reading.read_entry(connection, "hechuan", position)
        before = reading.read_stream(connection, "hechuan", row.stream, upto_position=position - 1)
    desk.close()
    return row, before[-1].leaf if before else bytes(32)


def _another_day(payload: bytes) -> bytes:
    return payload.replace(b"2022-05-05", b"2022-05-06")


def _forget_anchors(town: OpenTown) -> None:
    """Take the anchors away, and leave the keys."""
    for path in town.trust.glob("*.checkpoint"):
        path.unlink()


def _key(signer: Signer) -> str:
    """Name and id of a signer's key, as they stand in a vkey."""
    return f"{ORIGIN}+{signer.named(ORIGIN).key.key_id.hex()}"


def _written(town: OpenTown, name: str, note: bytes) -> str:
    path = town.folder / name
    path.write_bytes(note)
    return str(path)


@contextmanager
def _heads_kept(town: OpenTown) -> Iterator[None]:
    """Put back what speaks of the end of the log."""
    tables = ("logs", "stream_heads")
    before = {table: town.run(f"SELECT * FROM {table} WHERE log = 'hechuan'") for table in tables}
    yield
    for table, rows in before.items():
        town.run(f"DELETE FROM {table} WHERE log = 'hechuan'")
        for row in rows:
            town.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)


def _append(town: OpenTown, *streams: str) -> None:
    desk = Desk(town.url)
    drafts = [
        Draft(stream, None, "WithdrawalRequested/1", "2022-06-06", _withdrawal(stream))
        for stream in streams
    ]
    with (
        write_transaction(desk.engine) as connection,
        LogWriter(connection, "hechuan") as writer,
    ):
        writer.append(drafts, recorded_at="2026-12-02T00:00:00.000000Z")
    desk.catch_up(["hechuan"])
    desk.close()


def _withdrawal(center: str) -> bytes:
    entry = {"center": center, "on": "2022-06-06", "type": "WithdrawalRequested"}
    return orjson.dumps({"entry": entry}, option=orjson.OPT_SORT_KEYS)


def _signed(signer: Signer, size: int = SIZE, root: bytes = bytes(32)) -> bytes:
    text = format_checkpoint(Checkpoint(ORIGIN, size, root))
    return format_note(sign_note(text, [signer.named(ORIGIN)]))


def _lying(
    connection: Connection, log: str, centers: Sequence[str], *, upto: int | None = None
) -> Iterator[tuple[str, bytes]]:
    for center, digest in status_digests(connection, log, centers, upto=upto):
        yield center, bytes(32) if center == C else digest


def _seal_without(town: OpenTown, left_out: str) -> None:
    """Seal with the true keys over an index that forgets the newest entry of a center."""
    desk = Desk(town.url)
    signer = desk.proofs.keyring.signers(None)[0]
    with write_transaction(desk.engine) as connection:
        size = reading.log_head(connection, "hechuan").size
        true = index_before(connection, "hechuan", size, status_digests)
        _, known = index_of_sealed_heads(connection, "hechuan")
        index = true | {left_out: known[left_out]}
        seal = {
            "type": "Sealed",
            "on": "2026-12-02",
            "scheme": "hechuan",
            "index_size": len(index),
            "index_root": index_root(index.items()).hex(),
            "status_digest": status_digest_of(index).hex(),
            "previous_seal": SIZE - 1,
        }
        payload = orjson.dumps({"entry": seal}, option=orjson.OPT_SORT_KEYS)
        with LogWriter(connection, "hechuan") as writer:
            draft = Draft("hechuan", None, "Sealed/1", "2026-12-02", payload)
            writer.append([draft], recorded_at="2026-12-02T00:00:00.000000Z")
            note = _signed(signer, writer.size, writer.root)
            keep_checkpoint(connection, StoredCheckpoint("hechuan", writer.size, writer.root, note))
    town.run("DELETE FROM sealed_heads WHERE log = 'hechuan'")
    for stream, entry in index.items():
        town.run("INSERT INTO sealed_heads VALUES ('hechuan', ?, ?, ?, ?)", stream, *entry)
    desk.catch_up(["hechuan"])
    desk.close()
