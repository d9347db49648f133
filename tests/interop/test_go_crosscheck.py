"""Everything a third party checks, judged by golang.org/x/mod: notes, proofs, published tiles.

Needs Debian's packages golang-go and golang-golang-x-mod-dev and no network. Where they are missing
the tests are skipped, and the reason says so; with TAIZHANG_REQUIRE_GO=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import random  # noqa: TID251  seeded: the same places each time
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.checkpoints import StoredCheckpoint, keep_checkpoint
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.leaf import hash_leaf
from ledger.merkle import prove_consistency, prove_inclusion, root_of
from ledger.note import format_note, format_vkey, sign_note
from ledger.publishing import publish_log
from ledger.reading import read_leaf_texts
from ledger.recorder import Draft, LogWriter
from ledger.tile_reader import tile_reader
from ledger.tlog_proof import TlogProof, format_proof
from support.growing_log import LEDGER, ORIGIN
from support.places import Places
from support.tampering import flip

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).with_name("crosscheck.go")
GOPATH = "/usr/share/gocode"
LARGE = 100_000
NOW = "2026-11-23T08:31:27.123456Z"
SIGNER = LEDGER.named(ORIGIN)
KEY = format_vkey(SIGNER.key)


class Crosscheck:
    """The program, and the tools it is made with."""

    def __init__(self, go: str, folder: Path) -> None:
        self.go = go
        self.program = folder / "crosscheck"
        # Only what Debian's packages installed: no modules, no network, nobody's settings.
        self.environment = {
            **os.environ,
            "GO111MODULE": "off",
            "GOPATH": GOPATH,
            "GOFLAGS": "",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "GOCACHE": str(folder / "cache"),
        }
        self.tool("build", "-o", str(self.program), str(SOURCE))

    def tool(self, *arguments: str) -> str:
        """What a go command prints; fails with it where the command does."""
        made = subprocess.run(
            [self.go, *arguments], env=self.environment, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        return made.stdout + made.stderr

    def __call__(self, requests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answer to each request."""
        lines = "".join(json.dumps(request, default=_spelled) + "\n" for request in requests)
        made = subprocess.run(
            [str(self.program)], input=lines, capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in made.stdout.splitlines()]


def _spelled(value: bytes) -> str:
    return b64encode(value).decode()


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Crosscheck:
    """The Go program, built; skips loudly where Go or its library is not installed."""
    go = shutil.which("go")
    if go is None or not (Path(GOPATH) / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        why = "NO CROSS-CHECK: install golang-go and golang-golang-x-mod-dev"
        if os.environ.get("TAIZHANG_REQUIRE_GO"):
            pytest.fail(why)
        pytest.skip(why)
    return Crosscheck(go, tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def engine(module_places: Places) -> Iterator[Engine]:
    """A ledger of 100,000 entries, sealed at 64 and at its end."""
    made = open_engine(module_places.new().url, create=True)
    with write_transaction(made) as connection, LogWriter(connection, "beijing") as writer:
        for start in range(0, LARGE, 4_000):
            drafts = [
                Draft(f"beijing/id:c{number % 500}", None, "X/1", "2023-06-30", b"%d" % number)
                for number in range(start, start + 4_000)
            ]
            writer.append(drafts, recorded_at=NOW)
    with write_transaction(made) as connection:
        for size in (64, LARGE):
            keep_checkpoint(connection, _checkpoint(connection, size))
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A reading transaction on the ledger."""
    with read_transaction(engine) as opened:
        yield opened


def _checkpoint(connection: Connection, size: int) -> StoredCheckpoint:
    root = root_of(tile_reader(connection, "beijing", size=size), size=size)
    text = format_checkpoint(Checkpoint(ORIGIN, size, root))
    return StoredCheckpoint("beijing", size, root, format_note(sign_note(text, [SIGNER])))


def _leaf(connection: Connection, index: int) -> bytes:
    (text,) = read_leaf_texts(connection, "beijing", index, index + 1)
    return hash_leaf(text)


def _inclusion(connection: Connection, index: int, size: int) -> dict[str, Any]:
    read = tile_reader(connection, "beijing", size=size)
    return {
        "kind": "record",
        "size": size,
        "root": root_of(read, size=size),
        "index": index,
        "leaf": _leaf(connection, index),
        "proof": prove_inclusion(read, index=index, size=size),
    }


def _consistency(connection: Connection, old: int, new: int) -> dict[str, Any]:
    read = tile_reader(connection, "beijing", size=new)
    return {
        "kind": "tree",
        "size": new,
        "root": root_of(read, size=new),
        "old_size": old,
        "old_root": root_of(read, size=old),
        "proof": prove_consistency(read, old_size=old, new_size=new),
    }


def _damaged(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The request with one bit of root, leaf or a hash changed, and with a hash less or more."""
    for name in ("root", "leaf", "old_root"):
        if name in request:
            yield request | {name: flip(request[name], 77)}
    proof = request["proof"]
    for place, one in enumerate(proof):
        yield request | {"proof": [*proof[:place], flip(one, 201), *proof[place + 1 :]]}
        yield request | {"proof": [*proof[:place], *proof[place + 1 :]]}
    yield request | {"proof": [*proof, bytes(32)]}


def _refusals(answers: Iterable[dict[str, Any]]) -> list[str]:
    return [answer["why"] for answer in answers if not answer["ok"]]


def test_program_is_tidy(judge: Crosscheck) -> None:
    """The program has nothing for go vet to say and is formatted as gofmt formats."""
    judge.tool("vet", str(SOURCE))
    made = subprocess.run(["gofmt", "-l", str(SOURCE)], capture_output=True, text=True, check=True)
    assert made.stdout == ""


def test_roots_are_the_same(judge: Crosscheck, connection: Connection) -> None:
    """The root of every size to 64 is the one Go makes of the leaves."""
    leaves = [hash_leaf(text) for text in read_leaf_texts(connection, "beijing", 0, 64)]
    (said,) = judge([{"kind": "roots", "leaves": leaves}])
    ours = [
        root_of(tile_reader(connection, "beijing", size=size), size=size) for size in range(1, 65)
    ]
    assert list(map(b64decode, said["roots"])) == ours


def test_every_small_inclusion_is_accepted(judge: Crosscheck, connection: Connection) -> None:
    """Every proof of every leaf of every size to 64."""
    asked = [_inclusion(connection, index, size) for size in range(1, 65) for index in range(size)]
    answers = judge(asked)
    assert len(answers) == 64 * 65 // 2
    assert _refusals(answers) == []


def test_every_small_consistency_is_accepted(judge: Crosscheck, connection: Connection) -> None:
    """Every proof between two sizes to 64."""
    asked = [
        _consistency(connection, old, new) for new in range(1, 65) for old in range(1, new + 1)
    ]
    answers = judge(asked)
    assert len(answers) == 64 * 65 // 2
    assert _refusals(answers) == []


def test_large_proofs_are_accepted(judge: Crosscheck, connection: Connection) -> None:
    """100 random inclusion proofs at 100,000 entries, and 100 between random sizes."""
    chosen = random.Random(64)  # noqa: S311  places, not secrets
    asked = [_inclusion(connection, chosen.randrange(LARGE), LARGE) for _ in range(100)]
    for _ in range(100):
        old, new = sorted(chosen.sample(range(1, LARGE + 1), 2))
        asked.append(_consistency(connection, old, new))
    answers = judge(asked)
    assert len(answers) == 200
    assert _refusals(answers) == []


def test_damaged_proofs_are_refused(judge: Crosscheck, connection: Connection) -> None:
    """Go takes no proof one step away from ours: its word for the others is worth something."""
    asked = [
        *_damaged(_inclusion(connection, 77_777, LARGE)),
        *_damaged(_consistency(connection, 64, LARGE)),
    ]
    assert [answer["ok"] for answer in judge(asked)] == [False] * len(asked)


def test_notes_are_opened(judge: Crosscheck, connection: Connection) -> None:
    """Checkpoints are opened with the vkey of the log; changed ones and other keys are refused."""
    note = _checkpoint(connection, LARGE).note
    other = format_vkey(LEDGER.named(ORIGIN + "/2").key)
    asked = [
        {"kind": "note", "data": note, "key": KEY},
        {"kind": "note", "data": note.replace(b"100000", b"100001"), "key": KEY},
        {"kind": "note", "data": note, "key": other},
    ]
    assert [answer["ok"] for answer in judge(asked)] == [True, False, False]


def test_proof_files_are_accepted(judge: Crosscheck, connection: Connection) -> None:
    """What `log prove` writes is enough, with the leaf and the vkey."""
    note = _checkpoint(connection, LARGE).note
    read = tile_reader(connection, "beijing", size=LARGE)
    hashes = tuple(prove_inclusion(read, index=4_321, size=LARGE))
    data = format_proof(TlogProof(4_321, hashes, note, None))
    leaf = _leaf(connection, 4_321)
    asked = [
        {"kind": "proof", "data": data, "key": KEY, "leaf": leaf},
        {"kind": "proof", "data": data, "key": KEY, "leaf": flip(leaf, 0)},
    ]
    assert [answer["ok"] for answer in judge(asked)] == [True, False]


def test_published_folder_is_accepted(
    judge: Crosscheck, connection: Connection, tmp_path: Path
) -> None:
    """A published folder holds the tree of its checkpoint, and a flipped bit of it is noticed."""
    publish_log(connection, _checkpoint(connection, LARGE), tmp_path)
    asked = {"kind": "log", "folder": str(tmp_path / "beijing"), "key": KEY}
    assert judge([asked]) == [{"ok": True, "size": LARGE}]
    for name in ("checkpoint", "tile/0/100", "tile/1/000", "tile/2/000.p/1", "tile/entries/007"):
        path = tmp_path / "beijing" / name
        before = path.read_bytes()
        path.write_bytes(flip(before, 8 * 20 + 3))
        (said,) = judge([asked])
        path.write_bytes(before)
        assert not said["ok"], name
