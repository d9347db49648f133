"""Backups, putting them back, and what a restored ledger says of itself."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.checkpoint import open_checkpoint
from ledger.note import VerifierKey, parse_vkey
from support.counter import Run, fact

SECRET = "13800138000"


ERASE = json.dumps(
    {
        "type": "PrivateErased",
        "on": "2022-03-03",
        "center": "hechuan/id:a",
        "erases": "key-a",
        "fields": ["/phone"],
        "reason": "申请",
    }
)


@pytest.fixture
def backed(run: Run) -> Run:
    """A sealed ledger of two centers, one with a telephone number, and its backup `b.db`."""
    assert run("init", "--authority", "example.gov.cn", "--no-passphrase").status == 0
    lines = fact("a", private={"phone": SECRET}) + fact("b")
    assert run("record", "-", stdin=lines).status == 0
    assert run("log", "checkpoint").status == 0
    assert run("backup", "b.db").status == 0
    return run


def _key(run: Run) -> VerifierKey:
    return parse_vkey(run("init", "--json").json["vkey"])


def _bytes_of_ledger() -> bytes:
    return b"".join(path.read_bytes() for path in Path().glob("taizhang.db*") if path.is_file())


class TestBackup:
    def test_backup_is_the_same_ledger(self, backed: Run) -> None:
        """A backup has the size and root of what it was made of, and is sound."""
        here = backed("log", "verify", "--json").json
        there = backed("log", "verify", "--json", url="sqlite:///b.db").json
        assert there["problems"] == []
        assert (there["size"], there["root"]) == (here["size"], here["root"])

    def test_backup_is_one_file(self, backed: Run) -> None:
        """Nothing has to be kept beside the file."""
        assert [path.name for path in Path().glob("b.db*")] == ["b.db"]

    def test_an_existing_file_stays(self, backed: Run) -> None:
        """A file that exists is only replaced with --force."""
        before = Path("b.db").read_bytes()
        assert backed("backup", "b.db").status == 4
        assert Path("b.db").read_bytes() == before
        assert backed("backup", "b.db", "--force").status == 0

    def test_a_missing_folder_is_said(self, backed: Run) -> None:
        """A backup that cannot be written leaves nothing behind."""
        said = backed("backup", "nowhere/b.db")
        assert said.status != 0
        assert "Traceback" not in said.stderr

    def test_hash_is_of_the_file(self, backed: Run) -> None:
        """Length and hash that are printed are those of the file."""
        from hashlib import sha256

        said = backed("backup", "c.db", "--json").json
        data = Path("c.db").read_bytes()
        assert (said["length"], said["sha256"]) == (len(data), sha256(data).hexdigest())


class TestRestore:
    def test_present_backup_changes_nothing(self, backed: Run) -> None:
        """A backup that lacks nothing comes back as it was, in the same generation."""
        before = backed("log", "checkpoint").stdout
        said = backed("restore", "b.db", "--force", "--json").json
        assert said["logs"]["hechuan"] == {
            "size": 3,
            "generation": 1,
            "lost": 0,
            "centers": {},
            "erased_again": 0,
        }
        assert backed("log", "checkpoint").stdout == before

    def test_a_ledger_is_never_overwritten(self, backed: Run) -> None:
        """Without --force nothing happens; with it the old file is kept under another name."""
        before = backed("log", "verify", "--json").json["root"]
        assert backed("restore", "b.db").status == 4
        aside = backed("restore", "b.db", "--force", "--json").json["aside"]
        assert backed("log", "verify", "--json", url=f"sqlite:///{aside}").json["root"] == before

    def test_behind_opens_a_generation(self, backed: Run) -> None:
        """A backup behind a signed checkpoint goes on under another origin, and names the lost."""
        assert backed("record", "-", stdin=fact("c") + fact("b", key="again")).status == 0
        lost = backed("log", "checkpoint").stdout.encode()
        said = backed("restore", "b.db", "--force", "--json").json["logs"]["hechuan"]
        assert (said["size"], said["generation"], said["lost"]) == (4, 2, 3)
        assert said["centers"] == {"hechuan": 1, "hechuan/id:b": 1, "hechuan/id:c": 1}
        after, _, signed = open_checkpoint(
            backed("log", "checkpoint").stdout.encode(), [_key(backed)]
        )
        before, _, _ = open_checkpoint(lost, [])
        assert signed
        assert after.origin == before.origin + "/2"

    def test_generation_is_on_record(self, backed: Run) -> None:
        """The first new entry holds the checkpoint that was lost, and says from where."""
        assert backed("record", "-", stdin=fact("c")).status == 0
        lost = backed("log", "checkpoint").stdout
        assert backed("restore", "b.db", "--force", "--reason", "磁盘损坏").status == 0
        entry = backed("log", "show", "hechuan#3", "--json").json["payload"]["entry"]
        assert (entry["type"], entry["generation"]) == ("GenerationOpened", 2)
        assert (entry["lost_from"], entry["reason"]) == (3, "磁盘损坏")
        assert entry["checkpoint"] == lost

    def test_no_origin_has_two_roots(self, backed: Run) -> None:
        """After restores and new entries, each origin and size was signed with one root."""
        seen: dict[tuple[str, int], bytes] = {}
        for name in ("c", "d", "e"):
            assert backed("record", "-", stdin=fact(name)).status == 0
            note = backed("log", "checkpoint").stdout.encode()
            found, _, _ = open_checkpoint(note, [])
            assert seen.setdefault((found.origin, found.size), found.root) == found.root
            assert backed("restore", "b.db", "--force").status == 0
            note = backed("log", "checkpoint").stdout.encode()
            found, _, _ = open_checkpoint(note, [])
            assert seen.setdefault((found.origin, found.size), found.root) == found.root
            for path in Path().glob("taizhang.db.before-*"):
                path.unlink()
        assert len({origin for origin, _ in seen}) == 4

    def test_old_anchor_is_kept(self, backed: Run) -> None:
        """The last checkpoint of a generation that ended stays in the trust folder."""
        assert backed("record", "-", stdin=fact("c")).status == 0
        lost = backed("log", "checkpoint").stdout
        assert backed("restore", "b.db", "--force").status == 0
        assert backed("log", "checkpoint").status == 0
        kept = Path("taizhang.db.trust/hechuan.1.checkpoint").read_text(encoding="utf-8")
        assert kept == lost

    def test_lost_entries_are_recorded_again(self, backed: Run) -> None:
        """What is known of the lost entries is recorded again under its keys."""
        assert backed("record", "-", stdin=fact("c")).status == 0
        assert backed("log", "checkpoint").status == 0
        assert backed("restore", "b.db", "--force").status == 0
        said = backed("record", "-", "--json", stdin=fact("b") + fact("c")).json
        assert (said["recorded"], said["skipped"]) == (1, 1)

    def test_lost_without_checkpoint_keeps_generation(self, backed: Run) -> None:
        """Entries nobody had signed for are lost without a trace, and the generation stays."""
        assert backed("record", "-", stdin=fact("c")).status == 0
        said = backed("restore", "b.db", "--force", "--json").json["logs"]["hechuan"]
        assert (said["size"], said["generation"], said["lost"]) == (3, 1, 0)

    def test_a_log_lost_whole_is_named(self, backed: Run) -> None:
        """A log of which the backup has nothing begins anew with what was lost."""
        line = fact("x").replace("hechuan", "xian")
        assert backed("record", "-", stdin=line).status == 0
        assert backed("log", "checkpoint").status == 0
        said = backed("restore", "b.db", "--force", "--json").json["logs"]["xian"]
        assert (said["size"], said["generation"], said["lost"]) == (1, 2, 2)

    def test_a_damaged_backup_is_refused(self, backed: Run) -> None:
        """A backup whose bytes were changed replaces nothing, and the damage is named."""
        with closing(sqlite3.connect("b.db")) as connection:
            connection.execute("DROP TRIGGER entries_refuse_update")
            connection.execute("UPDATE entries SET effective = '2020-01-01' WHERE position = 1")
            connection.commit()
        before = _bytes_of_ledger()
        said = backed("restore", "b.db", "--force", "--json")
        assert said.status == 5
        assert said.json["problems"][0]["position"] == "hechuan#1"
        assert _bytes_of_ledger() == before
        assert not list(Path().glob(".*restoring*"))

    def test_another_ledger_is_refused(self, backed: Run) -> None:
        """A backup that does not go with the anchors is none of this ledger."""
        other = "sqlite:///other.db"
        assert backed("init", "--no-passphrase", url=other).status == 0
        lines = fact("x") + fact("y") + fact("z") + fact("w")
        assert backed("record", "-", stdin=lines, url=other).status == 0
        assert backed("backup", "o.db", url=other).status == 0
        said = backed("restore", "o.db", "--force")
        assert said.status == 5
        assert "none of this ledger" in said.stderr

    @pytest.mark.parametrize("content", [b"", b"no database at all", None])
    def test_no_backup_at_all_is_refused(self, backed: Run, content: bytes | None) -> None:
        """What is no ledger is not put back, and the present one stays."""
        if content is not None:
            Path("x.db").write_bytes(content)
        before = backed("log", "verify", "--json").json["root"]
        said = backed("restore", "x.db", "--force")
        assert said.status != 0
        assert "Traceback" not in said.stderr
        assert backed("log", "verify", "--json").json["root"] == before


class TestErasure:
    def test_restore_erases_again(self, backed: Run) -> None:
        """A value erased since the backup is erased again, and no byte of it is left."""
        assert backed("record", "-", stdin=ERASE).status == 0
        said = backed("restore", "b.db", "--force", "--json").json["logs"]["hechuan"]
        assert said["erased_again"] == 1
        assert backed("log", "verify", "--json").json["problems"] == []
        assert SECRET.encode() not in _bytes_of_ledger()

    def test_trust_folder_remembers(self, backed: Run) -> None:
        """Erasures are known even where the ledger that recorded them is gone."""
        assert backed("record", "-", stdin=ERASE).status == 0
        for path in Path().glob("taizhang.db*"):
            if path.is_file():
                path.unlink()
        said = backed("restore", "b.db", "--json").json["logs"]["hechuan"]
        assert said["erased_again"] == 1
        assert SECRET.encode() not in _bytes_of_ledger()

    def test_checkpoint_learns_of_erasures(self, backed: Run) -> None:
        """A checkpoint notes the erasures it reads, where recording did not come to it."""
        assert backed("record", "-", stdin=ERASE).status == 0
        path = Path("taizhang.db.trust/hechuan.erasures")
        before = path.read_bytes()
        path.unlink()
        assert backed("log", "checkpoint").status == 0
        assert path.read_bytes() == before

    def test_dry_run_erases_nothing(self, backed: Run) -> None:
        """Playing an erasure through leaves no note of it."""
        assert backed("record", "-", "--dry-run", stdin=ERASE).status == 0
        assert not Path("taizhang.db.trust/hechuan.erasures").exists()

    def test_erased_is_said_on_record(self, backed: Run) -> None:
        """The log says which values were erased again, so that nobody asks where they went."""
        assert backed("record", "-", stdin=ERASE).status == 0
        assert backed("restore", "b.db", "--force").status == 0
        entry = backed("log", "show", "hechuan#3", "--json").json["payload"]["entry"]
        assert (entry["type"], entry["erased"]) == ("ErasuresReapplied", ["0 /phone"])


def test_two_generations_verify(backed: Run) -> None:
    """A ledger that went on as generation 3 is sound, and its older backup too."""
    for name in ("c", "d"):
        assert backed("record", "-", stdin=fact(name)).status == 0
        assert backed("log", "checkpoint").status == 0
        shutil.copy("b.db", "again.db")
        assert backed("restore", "again.db", "--force").status == 0
        assert backed("log", "checkpoint").status == 0
        for path in Path().glob("taizhang.db.before-*"):
            path.unlink()
    assert backed("log", "verify", "--json").json["problems"] == []
