"""Keys, checkpoints and proofs from the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.checkpoint import open_checkpoint
from ledger.note import parse_vkey
from ledger.strict_base64 import decode_base64
from ledger.tlog_proof import TlogProof, check_proof, parse_proof
from support.counter import Run

ENTRY = (
    '{"type": "FactEstablished", "on": "2020-01-02", "center": "beijing/id:c%d", '
    '"fact": "dissolution"}\n'
)
XIAN = ENTRY.replace("beijing", "xian")


@pytest.fixture
def ledger(run: Run) -> Run:
    """A ledger of one center, with a key of example.gov.cn."""
    assert run("init", "--authority", "example.gov.cn", "--no-passphrase").status == 0
    assert run("record", "-", stdin=ENTRY % 1).status == 0
    return run


def _vkey(run: Run) -> str:
    found: str = run("init", "--json").json["vkey"]
    return found


class TestInit:
    def test_key_is_named_for_authority(self, run: Run) -> None:
        """The key bears the name of the authority, and so does the origin."""
        said = run("init", "--authority", "example.gov.cn", "--no-passphrase", "--json").json
        assert said["origin"] == "example.gov.cn/taizhang"
        assert parse_vkey(said["vkey"]).name == said["origin"]

    def test_second_init_keeps_the_key(self, ledger: Run) -> None:
        """Initialising again changes nothing."""
        assert _vkey(ledger) == _vkey(ledger)

    def test_two_ledgers_have_two_names(self, run: Run) -> None:
        """Ledgers whose authority was not named are not mistaken for each other."""
        first = run("init", "--json", url="sqlite:///a.db").json["origin"]
        second = run("init", "--json", url="sqlite:///b.db").json["origin"]
        assert first != second

    def test_an_unprotected_key_is_said(self, run: Run) -> None:
        """Without a passphrase the key is made, and standard error says that it is open."""
        assert "not protected by a passphrase" in run("init").stderr

    def test_a_passphrase_protects(self, run: Run) -> None:
        """A key sealed under a passphrase signs only with it."""
        Path("secret").write_text("correct horse\n", encoding="utf-8")
        Path("wrong").write_text("battery\n", encoding="utf-8")
        assert run("init", "--passphrase-file", "secret").status == 0
        assert run("record", "-", stdin=ENTRY % 1).status == 0
        without = run("log", "checkpoint")
        wrong = run("log", "checkpoint", "--passphrase-file", "wrong")
        right = run("log", "checkpoint", "--passphrase-file", "secret")
        assert (without.status, wrong.status, right.status) == (2, 2, 0)
        assert "--passphrase-file" in without.stderr

    def test_passphrase_from_a_descriptor(self, run: Run) -> None:
        """A passphrase may come through a pipe, in no file and no argument."""
        reader, writer = os.pipe()
        os.write(writer, b"correct horse")
        os.close(writer)
        assert run("init", "--passphrase-fd", str(reader)).status == 0
        os.close(reader)
        assert run("log", "key", "show", "--json").json["keys"][0]["protected"] is True

    @pytest.mark.parametrize("name", ["has space", "a+b", "", "/x"])
    def test_unfit_authority_is_refused(self, run: Run, name: str) -> None:
        """A name that cannot stand in a key is malformed, and no key is made."""
        said = run("init", "--authority", name, "--no-passphrase", "--json")
        assert (said.status, said.json["error"]["code"]) == (2, "malformed")
        assert not list(Path().glob("*.trust/*.key"))

    def test_key_file_is_private(self, ledger: Run) -> None:
        """Nobody but its owner can read the key, protected or not."""
        (path,) = Path().glob("*.trust/*.key")
        assert path.stat().st_mode & 0o077 == 0


class TestCheckpoint:
    def test_note_is_signed_by_the_key(self, ledger: Run) -> None:
        """What is printed is a checkpoint of the log, signed by the key that init printed."""
        said = ledger("log", "checkpoint")
        key = parse_vkey(_vkey(ledger))
        checkpoint, _, signed = open_checkpoint(said.stdout.encode(), [key])
        assert (checkpoint.origin, checkpoint.size) == ("example.gov.cn/taizhang/beijing", 2)
        assert [found.public for found in signed] == [key.public]

    def test_again_is_the_same(self, ledger: Run) -> None:
        """Without new entries the same checkpoint is printed, and nothing is recorded."""
        first = ledger("log", "checkpoint").stdout
        assert ledger("log", "checkpoint").stdout == first
        assert ledger("log", "checkpoint", "--newest").stdout == first

    def test_every_log_has_its_own(self, ledger: Run) -> None:
        """Each scheme is sealed for itself, one note after the other."""
        assert ledger("record", "-", stdin=XIAN % 1).status == 0
        said = ledger("log", "checkpoint", "--json").json["checkpoints"]
        assert [(one["log"], one["size"], one["new"]) for one in said] == [
            ("beijing", 2, True),
            ("xian", 2, True),
        ]
        assert ledger("log", "checkpoint").stdout.count("\n— ") == 2

    def test_nothing_recorded_is_no_error(self, run: Run) -> None:
        """A ledger without entries has nothing to sign."""
        assert run("init", "--no-passphrase").status == 0
        said = run("log", "checkpoint")
        assert (said.status, said.stdout) == (0, "")

    @pytest.mark.parametrize(
        "arguments",
        [("checkpoint", "--newest", "--scheme", "beijing"), ("prove", "beijing#0")],
        ids=" ".join,
    )
    def test_before_the_first_it_is_said(self, ledger: Run, arguments: tuple[str, ...]) -> None:
        """Where nothing was sealed yet, the next command is named."""
        said = ledger("log", *arguments)
        assert said.status == 3
        assert "taizhang log checkpoint" in said.stderr

    def test_recording_makes_no_key(self, run: Run) -> None:
        """A ledger made by record has no key until the first checkpoint makes one."""
        assert run("record", "-", stdin=ENTRY % 1).status == 0
        assert run("log", "key", "show", "--json").json["keys"] == []
        assert run("log", "checkpoint").status == 0
        assert len(run("log", "key", "show", "--json").json["keys"]) == 1

    def test_a_put_back_ledger_is_not_signed(self, ledger: Run) -> None:
        """An old file in the place of the present one is refused, and the anchor says why."""
        old = Path("taizhang.db").read_bytes()
        assert ledger("record", "-", stdin=ENTRY % 2).status == 0
        assert ledger("log", "checkpoint").status == 0
        for name in ("taizhang.db", "taizhang.db-wal", "taizhang.db-shm"):
            Path(name).unlink(missing_ok=True)
        Path("taizhang.db").write_bytes(old)
        said = ledger("log", "checkpoint")
        assert said.status == 5
        assert "old backup" in said.stderr

    def test_seals_cannot_be_recorded(self, ledger: Run) -> None:
        """What the ledger writes about itself is not taken from a file."""
        line = '{"type": "Sealed", "on": "2020-01-02", "scheme": "beijing", "index_size": 1}\n'
        said = ledger("record", "-", "--json", stdin=line)
        assert said.status == 2
        assert "written by the ledger itself" in said.json["error"]["message"]


class TestProofs:
    @pytest.fixture
    def sealed(self, ledger: Run) -> Run:
        """Two checkpoints, of 2 and of 4 entries."""
        assert ledger("log", "checkpoint").status == 0
        assert ledger("record", "-", stdin=ENTRY % 2).status == 0
        assert ledger("log", "checkpoint").status == 0
        return ledger

    @pytest.mark.parametrize(("position", "size"), [(0, 2), (0, 4), (1, 4), (2, 4), (3, 4)])
    def test_proof_leads_to_the_checkpoint(self, sealed: Run, position: int, size: int) -> None:
        """A proof leads from the leaf of the entry to a checkpoint that covers it."""
        said = sealed("log", "prove", f"beijing#{position}", "--size", str(size))
        shown = sealed("log", "show", f"beijing#{position}", "--json").json
        proof = parse_proof(said.stdout.encode())
        key = parse_vkey(_vkey(sealed))
        found = check_proof(proof, bytes.fromhex(shown["leaf_hash"]), [key])
        assert (proof.index, found.size) == (position, size)

    def test_proof_goes_into_a_file(self, sealed: Run) -> None:
        """-o writes what otherwise is printed."""
        printed = sealed("log", "prove", "beijing#0").stdout
        assert sealed("log", "prove", "beijing#0", "-o", "p.tlog-proof").stdout == ""
        assert Path("p.tlog-proof").read_text(encoding="utf-8") == printed

    @pytest.mark.parametrize(
        "arguments",
        [
            ("prove", "beijing#9"),
            ("prove", "beijing#0", "--size", "3"),
            ("prove", "beijing#2", "--size", "2"),
            ("consistency", "beijing", "2", "3"),
            ("consistency", "xian", "2"),
        ],
        ids=" ".join,
    )
    def test_what_is_not_there_is_not_found(self, sealed: Run, arguments: tuple[str, ...]) -> None:
        """Entries and checkpoints that do not exist give status 3."""
        assert sealed("log", *arguments).status == 3

    def test_consistency_goes_from_old_to_new(self, sealed: Run) -> None:
        """The proof between two checkpoints is that of RFC 9162, and both roots come out."""
        from ledger.merkle import check_consistency

        roots = {
            size: open_checkpoint(proof_of(sealed, size).checkpoint, [])[0].root for size in (2, 4)
        }
        said = sealed("log", "consistency", "beijing", "2", "--json").json
        assert (said["old"], said["new"]) == (2, 4)
        assert check_consistency(
            old_size=2,
            new_size=4,
            old_root=roots[2],
            new_root=roots[4],
            proof=[decode_base64(line) for line in said["proof"]],
        )


class TestKeys:
    def test_rotation_overlaps(self, ledger: Run) -> None:
        """After a rotation both keys sign; after the old one retired, only the new one."""
        old = parse_vkey(_vkey(ledger))
        assert ledger("log", "checkpoint").status == 0
        new = parse_vkey(ledger("log", "key", "rotate", "--json").json["vkey"])
        both = ledger("log", "checkpoint").stdout.encode()
        assert ledger("log", "key", "retire", "1").status == 0
        assert ledger("record", "-", stdin=ENTRY % 2).status == 0
        after = ledger("log", "checkpoint").stdout.encode()
        signed = [
            [len(open_checkpoint(note, [key])[2]) for key in (old, new)] for note in (both, after)
        ]
        assert signed == [[1, 1], [0, 1]]

    def test_the_newest_cannot_retire(self, ledger: Run) -> None:
        """A ledger always has a key that signs."""
        assert ledger("log", "key", "retire", "1").status == 4

    def test_protect_changes_the_passphrase(self, ledger: Run) -> None:
        """The keys are sealed under the new passphrase, and the old one opens them no more."""
        for name in ("one", "two"):
            Path(name).write_text(name, encoding="utf-8")
        assert ledger("log", "key", "protect", "--new-passphrase-file", "one").status == 0
        said = ledger(
            "log", "key", "protect", "--passphrase-file", "one", "--new-passphrase-file", "two"
        )
        assert said.status == 0
        assert ledger("log", "checkpoint", "--passphrase-file", "one").status == 2
        assert ledger("log", "checkpoint", "--passphrase-file", "two").status == 0

    def test_logs_have_keys_of_their_name(self, ledger: Run) -> None:
        """The key of each log is the ledger's under the log's origin."""
        said = ledger("log", "key", "show", "--json").json
        (vkey,) = said["logs"]["beijing"]
        assert parse_vkey(vkey).name == "example.gov.cn/taizhang/beijing"
        assert parse_vkey(vkey).public == parse_vkey(said["keys"][0]["vkey"]).public

    def test_trust_may_lie_elsewhere(self, run: Run) -> None:
        """--trust names the folder of keys and anchors."""
        assert run("--trust", "safe", "init", "--no-passphrase").status == 0
        assert run("record", "-", stdin=ENTRY % 1).status == 0
        assert run("--trust", "safe", "log", "checkpoint").status == 0
        assert sorted(path.name for path in Path("safe").iterdir() if path.name[0] != ".") == [
            "beijing.checkpoint",
            "beijing.heads",
            "signing-1.key",
        ]
        assert not Path("taizhang.db.trust").exists()


def proof_of(run: Run, size: int) -> TlogProof:
    """A proof in the checkpoint of that size."""
    return parse_proof(run("log", "prove", "beijing#0", "--size", str(size)).stdout.encode())
