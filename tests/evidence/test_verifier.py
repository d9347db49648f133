"""`taizhang_verify.py` as a company runs it: alone in a folder, by whatever Python there is."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.verifier import taizhang_verify
from support.evidence_book import spelled
from support.make_evidence import PROVEN, cases

CASES = {case.name: case for case in cases()}
SOURCE = Path(taizhang_verify.__file__)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it but the verifier and a few files."""
    shutil.copy(SOURCE, tmp_path)
    for name in ("everything", "payload altered", "key of a stranger", "malformed: NaN"):
        (tmp_path / f"{name}.json").write_bytes(CASES[name].data)
    (tmp_path / "policy").write_bytes(CASES["quorum met"].policy or b"")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier there, apart from everything installed with the project."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "taizhang_verify.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [("everything", 0), ("key of a stranger", 1), ("malformed: NaN", 2), ("payload altered", 5)],
)
def test_exit_status_tells_verdict(folder: Path, name: str, status: int) -> None:
    """The exit status is that of the worst verdict."""
    assert run(folder, f"{name}.json", "--key", CASES[name].keys[0]).returncode == status


def test_json_lists_claims(folder: Path) -> None:
    """With --json each claim has its verdict and a message."""
    key = CASES["everything"].keys[0]
    said = json.loads(run(folder, "everything.json", "--key", key, "--json").stdout)
    listed = [(claim["claim"], claim["verdict"]) for claim in said["claims"]]
    assert (said["ok"], tuple(listed)) == (True, CASES["everything"].verdicts)
    assert all(claim["message"] for claim in said["claims"])


def test_malformed_says_where(folder: Path) -> None:
    """A malformed file gives one error and no traceback."""
    done = run(folder, "malformed: NaN.json", "--key", CASES["everything"].keys[0], "--lang", "en")
    assert done.stderr == "Error: file: a number that is not whole or too large\n"


def test_missing_file_is_named(folder: Path) -> None:
    """A file that is not there is named, with status 2."""
    done = run(folder, "none.json", "--key", CASES["everything"].keys[0], "--lang", "en")
    assert (done.returncode, done.stderr) == (
        2,
        "Error: none.json cannot be read (No such file or directory)\n",
    )


def test_key_is_required(folder: Path) -> None:
    """Without a key there is nothing to check by."""
    assert run(folder, "everything.json").returncode == 2


def test_keys_come_from_a_file(folder: Path) -> None:
    """--key @FILE reads one key a line."""
    (folder / "keys").write_text(f"# ours\n{CASES['everything'].keys[0]}\n", encoding="utf-8")
    assert run(folder, "everything.json", "--key", "@keys").returncode == 0


def test_policy_adds_a_claim(folder: Path) -> None:
    """With --policy the witnesses are a claim, here one that is not proven."""
    key = CASES["everything"].keys[0]
    done = run(folder, "everything.json", "--key", key, "--policy", "policy", "--json")
    said = {claim["claim"]: claim["verdict"] for claim in json.loads(done.stdout)["claims"]}
    assert (done.returncode, said["witnesses"]) == (1, "not_proven")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_names_altered_entry(folder: Path, lang: str) -> None:
    """The page says in the reader's language which entry is contradicted."""
    key = CASES["everything"].keys[0]
    shown = run(folder, "payload altered.json", "--key", key, "--lang", lang).stdout
    verdict = {"en": "[CONTRADICTED] entry xian#5", "zh": "[与证据矛盾] entry xian#5"}[lang]
    assert verdict in shown


@pytest.mark.parametrize("status", ["[" * 99_000, '{"a":' + "[" * 700 + "]" * 700 + "}", "1", "{"])
def test_odd_status_is_shown(folder: Path, status: str) -> None:
    """A status nobody published is contradicted, and shown without a traceback."""
    document = json.loads(CASES["everything"].data)
    (folder / "odd.json").write_bytes(spelled(document | {"status": status}))
    done = run(folder, "odd.json", "--key", CASES["everything"].keys[0])
    assert (done.returncode, done.stderr) == (5, "")


def test_old_pythons_can_read_it() -> None:
    """The file keeps to the grammar of Python 3.9."""
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("code", taizhang_verify.SAY)
def test_sentences_take_same_values(code: str) -> None:
    """The English and the Chinese of a sentence name the same values."""
    english, chinese = map(_fields, taizhang_verify.SAY[code])
    assert english == chinese


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("nonsense", "m.vkey"),
        ("a+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "m.key_id"),
        ("witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X", "m.algorithm"),
    ],
)
def test_odd_keys_are_refused(key: str, code: str) -> None:
    """What is no key of a ledger is refused, and the message says why."""
    with pytest.raises(taizhang_verify.UnreadableError) as error:
        taizhang_verify.check(CASES["everything"].data, [key])
    assert error.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none",
        "quorum two\n",
        "quorum none\nquorum none\n",
        "group g 1 a\nquorum none\n",
        "witness none WITNESS\nquorum none\n",
        "witness a WITNESS\nwitness b WITNESS\nquorum none\n",
        "witness a WITNESS\ngroup g 2 a\nquorum g\n",
        "witness a WITNESS\ngroup g any a a\nquorum g\n",
        "log WITNESS\nquorum none\n",
        "notary a\nquorum none\n",
        "# \x01\nquorum none\n",
    ],
)
def test_odd_policies_are_refused(text: str) -> None:
    """What breaks a rule of C2SP tlog-policy is refused."""
    witness = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
    policy = text.replace("WITNESS", witness).encode()
    case = CASES["everything"]
    with pytest.raises(taizhang_verify.UnreadableError):
        taizhang_verify.check(case.data, case.keys, policy)


def test_keys_of_corpus_prove() -> None:
    """The key of the corpus proves the file with everything in it."""
    assert {verdict for _, verdict in CASES["everything"].verdicts or ()} == {PROVEN}


def _fields(text: str) -> set[str]:
    import string

    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
