"""Evidence files from the command line: exported, checked, and what they do not show."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ledger.note import format_vkey
from support.counter import Run, bare_fact
from support.evidence_book import STRANGER, spelled
from support.make_evidence import cases, small_case

SECRET = "13800138000"
CENTER = "hechuan/id:a"


@pytest.fixture
def sealed(run: Run) -> Run:
    """Two centers, one with private values and an attachment; sealed."""
    Path("letter.txt").write_text("决定书", encoding="utf-8")
    assert run("init", "--authority", "example.gov.cn", "--no-passphrase").status == 0
    private = {"phone": SECRET, "mail": "a@example.cn"}
    letter = [{"name": "letter.txt", "path": "letter.txt"}]
    lines = bare_fact("a", key="k", private=private, attachments=letter) + bare_fact("b")
    assert run("record", "-", stdin=lines).status == 0
    assert run("log", "checkpoint").status == 0
    return run


def _key(run: Run) -> str:
    found: str = run("init", "--json").json["vkey"]
    return found


def _verdicts(run: Run, *arguments: str, file: str = "e.json") -> dict[str, str]:
    claims = run("evidence", "check", file, "--json", *arguments).json["claims"]
    return {claim["claim"]: claim["verdict"] for claim in claims}


def _export(run: Run, *arguments: str) -> None:
    assert run("evidence", "export", CENTER, "-o", "e.json", *arguments).status == 0


class TestRoundTrip:
    def test_everything_is_proven(self, sealed: Run) -> None:
        """What was just exported is proven, claim by claim."""
        _export(sealed)
        said = sealed("evidence", "check", "e.json", "--key", _key(sealed), "--json")
        assert said.status == 0
        assert {claim["verdict"] for claim in said.json["claims"]} == {"proven"}

    def test_checking_needs_no_ledger(self, sealed: Run) -> None:
        """A file is checked where there is no ledger at all."""
        _export(sealed)
        key = _key(sealed)
        for path in Path().glob("taizhang.db*"):
            if path.is_file():
                path.unlink()
        assert sealed("evidence", "check", "e.json", "--key", key).status == 0

    def test_key_of_the_log_does(self, sealed: Run) -> None:
        """The key of the one log is enough, and keys may come from a file."""
        _export(sealed)
        vkey = sealed("log", "key", "show", "--json").json["logs"]["hechuan"][0]
        Path("keys").write_text(f"\n{vkey}\n", encoding="utf-8")
        assert sealed("evidence", "check", "e.json", "--key", "@keys").status == 0

    def test_another_key_proves_nothing(self, sealed: Run) -> None:
        """With the key of another ledger nothing is proven, and nothing contradicted."""
        _export(sealed)
        other = sealed("init", "--authority", "example.gov.cn", "--json", url="sqlite:///o.db").json
        said = sealed("evidence", "check", "e.json", "--key", other["vkey"], "--json")
        assert said.status == 1
        assert {claim["verdict"] for claim in said.json["claims"]} == {"not_proven"}

    def test_attachment_is_in_it(self, sealed: Run) -> None:
        """A file bound to an entry comes along and is proven."""
        _export(sealed)
        found = _verdicts(sealed, "--key", _key(sealed))
        assert [v for c, v in found.items() if c.startswith("attachment ")] == ["proven"]

    def test_changed_entry_is_named(self, sealed: Run) -> None:
        """An entry that was changed in the file is contradicted, and named."""
        _export(sealed)
        text = Path("e.json").read_text(encoding="utf-8")
        Path("e.json").write_text(text.replace("dissolution", "dissolutiom"), encoding="utf-8")
        said = sealed("evidence", "check", "e.json", "--key", _key(sealed), "--json")
        assert said.status == 5
        wrong = [c for c in said.json["claims"] if c["verdict"] == "contradicted"]
        assert [c["claim"] for c in wrong] == ["entry hechuan#0"]

    def test_withheld_entry_is_noticed(self, sealed: Run) -> None:
        """A file from which an entry was taken out does not pass as complete."""
        assert sealed("record", "-", stdin=bare_fact("a")).status == 0
        assert sealed("log", "checkpoint").status == 0
        _export(sealed)
        document = json.loads(Path("e.json").read_bytes())
        document["streams"][0]["entries"].pop()
        document["editions"], document["attachments"] = [], []
        text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        Path("e.json").write_text(text + "\n", encoding="utf-8")
        found = _verdicts(sealed, "--key", _key(sealed))
        assert found[f"complete {CENTER}"] == "contradicted"


class TestWhen:
    def test_later_entries_are_counted(self, sealed: Run) -> None:
        """Entries recorded since the checkpoint are not in the file, and that is said."""
        assert sealed("record", "-", stdin=bare_fact("a")).status == 0
        said = sealed("evidence", "export", CENTER, "-o", "e.json", "--json")
        assert said.json["later"] == 1
        assert "not in it" in said.stderr
        assert sealed("evidence", "check", "e.json", "--key", _key(sealed)).status == 0

    def test_an_older_checkpoint_is_proven(self, sealed: Run) -> None:
        """The file at an older checkpoint shows what was so then, status included."""
        assert sealed("record", "-", stdin=bare_fact("a")).status == 0
        assert sealed("log", "checkpoint").status == 0
        _export(sealed, "--size", "3")
        document = json.loads(Path("e.json").read_bytes())
        assert len(document["streams"][0]["entries"]) == 1
        assert json.loads(document["status"])["entries"] == 1
        assert set(_verdicts(sealed, "--key", _key(sealed)).values()) == {"proven"}

    def test_without_checkpoint_it_is_said(self, run: Run) -> None:
        """Before the first checkpoint there is nothing to prove by, and the next step is named."""
        assert run("record", "-", stdin=bare_fact("a")).status == 0
        said = run("evidence", "export", CENTER, "-o", "e.json")
        assert said.status == 3
        assert "taizhang log checkpoint" in said.stderr
        assert not Path("e.json").exists()

    def test_exporting_changes_nothing(self, sealed: Run) -> None:
        """After an export the log is as long as before."""
        before = sealed("log", "verify", "--json").json["root"]
        _export(sealed)
        assert sealed("log", "verify", "--json").json["root"] == before


class TestAbsent:
    def test_unknown_center_is_not_found(self, sealed: Run) -> None:
        """Of a center the ledger does not know nothing is exported."""
        assert sealed("evidence", "export", "hechuan/id:nobody", "-o", "e.json").status == 3
        assert not Path("e.json").exists()

    def test_absence_is_proven(self, sealed: Run) -> None:
        """--absent exports the proof that nothing is recorded of it."""
        said = sealed("evidence", "export", "hechuan/id:nobody", "-o", "e.json", "--absent")
        assert said.status == 0
        found = _verdicts(sealed, "--key", _key(sealed))
        assert found["complete hechuan/id:nobody"] == "proven"
        assert set(found.values()) == {"proven"}


class TestPrivate:
    def test_withheld_by_default(self, sealed: Run) -> None:
        """No byte of a private value is in the file unless it was asked for."""
        said = sealed("evidence", "export", CENTER, "-o", "e.json", "--json")
        assert said.json["withheld"] == 2
        assert SECRET.encode() not in Path("e.json").read_bytes()

    def test_one_is_disclosed(self, sealed: Run) -> None:
        """A value that is asked for is in the file and proven; the other is withheld."""
        _export(sealed, "--disclose", "/phone")
        found = _verdicts(sealed, "--key", _key(sealed))
        assert found["private hechuan#0 /phone"] == "proven"
        assert "private hechuan#0 /mail" not in found

    def test_unknown_path_is_refused(self, sealed: Run) -> None:
        """A path that no entry is bound to is not found, and those there are are named."""
        said = sealed("evidence", "export", CENTER, "-o", "e.json", "--disclose", "/fone")
        assert said.status == 3
        assert "/mail, /phone" in said.stderr

    def test_erased_is_said(self, sealed: Run) -> None:
        """After an erasure every proof holds, and the value is said to be erased."""
        erase = {
            "type": "PrivateErased",
            "on": "2022-03-03",
            "center": CENTER,
            "erases": "k",
            "fields": ["/phone"],
            "reason": "申请",
        }
        assert sealed("record", "-", stdin=json.dumps(erase)).status == 0
        assert sealed("log", "checkpoint").status == 0
        _export(sealed, "--disclose", "all")
        said = sealed("evidence", "check", "e.json", "--key", _key(sealed), "--json")
        (erased,) = [c for c in said.json["claims"] if c["claim"] == "private hechuan#0 /phone"]
        assert (erased["verdict"], erased["message"]) == ("proven", "erased, by hechuan#3")


class TestUsage:
    def test_no_key_is_usage(self, sealed: Run) -> None:
        """Without a key there is nothing to check by."""
        _export(sealed)
        assert sealed("evidence", "check", "e.json").status == 2

    @pytest.mark.parametrize("content", ["", "{}", "{}\n", "\x00", '{"format": 1}\n'])
    def test_other_files_are_malformed(self, sealed: Run, content: str) -> None:
        """What is no evidence file is said to be none."""
        Path("e.json").write_text(content, encoding="utf-8")
        said = sealed("evidence", "check", "e.json", "--key", _key(sealed), "--json")
        assert (said.status, said.json["error"]["code"]) == (2, "malformed")

    def test_a_bad_key_is_malformed(self, sealed: Run) -> None:
        """A key with a wrong digit is refused before anything is checked."""
        _export(sealed)
        key = _key(sealed)
        flipped = key[:-2] + ("A" if key[-2] != "A" else "B") + key[-1]
        assert sealed("evidence", "check", "e.json", "--key", flipped).status == 2

    def test_page_is_readable(self, sealed: Run) -> None:
        """The page names the center, every claim, and what follows."""
        _export(sealed)
        said = sealed("evidence", "check", "e.json", "--key", _key(sealed), language="zh")
        assert "成立  complete hechuan/id:a" in said.stdout
        assert "请与其另行公布的公钥比对" in said.stdout


def _damage(statement: str) -> None:
    with closing(sqlite3.connect("taizhang.db")) as raw, raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement)


class TestDamage:
    def test_altered_entry_stops_it(self, sealed: Run) -> None:
        """From a ledger with an altered entry nothing is exported, and the entry is named."""
        _damage("UPDATE entries SET effective = '2022-02-03' WHERE position = 0")
        said = sealed("evidence", "export", CENTER, "-o", "e.json")
        assert said.status == 5
        assert "hechuan#0" in said.stderr
        assert not Path("e.json").exists()

    def test_missing_regulation_is_left_out(self, sealed: Run) -> None:
        """A regulation that is no longer kept is left out, and that is said."""
        center = "hechuan/id:c"
        apply = {
            "type": "ApplicationSubmitted",
            "on": "2022-04-01",
            "center": center,
            "round": "hechuan:designation:2022",
            "name": "丙",
        }
        assert sealed("record", "-", "--historical", stdin=json.dumps(apply)).status == 0
        assert sealed("log", "checkpoint").status == 0
        _damage("DELETE FROM editions")
        said = sealed("evidence", "export", center, "-o", "e.json", "--json")
        assert said.json["left_out"] == ["hechuan/2021"]
        assert "hechuan/2021 is left out" in said.stderr


class TestPlace:
    def test_link_is_followed(self, sealed: Run) -> None:
        """A file behind a link is replaced, not the link."""
        Path("there").mkdir()
        Path("there/e.json").touch()
        Path("e.json").symlink_to("there/e.json")
        _export(sealed)
        assert Path("e.json").is_symlink()
        assert Path("there/e.json").stat().st_size

    def test_pipe_is_written_to(self, sealed: Run) -> None:
        """A pipe gets the file, and stays a pipe."""
        os.mkfifo("pipe")
        with ThreadPoolExecutor() as pool:
            read = pool.submit(Path("pipe").read_bytes)
            assert sealed("evidence", "export", CENTER, "-o", "pipe").status == 0
            assert read.result().startswith(b'{"attachments"')
        assert Path("pipe").is_fifo()


class TestPage:
    def test_unproven_status_is_not_shown(self, sealed: Run) -> None:
        """By a key that proves nothing, the page shows no status as published."""
        _export(sealed)
        key = format_vkey(STRANGER.key)
        said = sealed("evidence", "check", "e.json", "--key", key)
        assert re.search(r"status published +none is proven", said.stdout)

    def test_no_line_is_forged(self, sealed: Run) -> None:
        """A name in the file that holds line breaks or escapes stays on its line."""
        document = json.loads(small_case().data)
        stream = "xian:a\nproven  status\x1b[2J"
        document["streams"].append(
            {"stream": stream, "entries": [], "index": {"siblings": [], "end": None}}
        )
        Path("f.json").write_bytes(spelled(document))
        said = sealed("evidence", "check", "f.json", "--key", small_case().keys[0])
        assert r"complete xian:a\nproven  status\x1b[2J" in said.stdout
        assert "\x1b" not in said.stdout

    def test_every_file_has_a_page(self, sealed: Run) -> None:
        """Every file of the corpus, good or damaged, gets a page and never an error of ours."""
        for case in cases():
            Path("f.json").write_bytes(case.data)
            said = sealed("evidence", "check", "f.json", "--key", case.keys[0])
            assert said.status in (0, 1, 2, 5), case.name
            assert (case.verdicts is None) == (said.status == 2), case.name
