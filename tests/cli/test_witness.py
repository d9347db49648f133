"""Witnesses on the command line: asked by file and over HTTP, and what comes of refusals."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from cli.desk import Desk
from cli.witness_server import WitnessServer
from ledger.note import COSIGNATURE, Signer, format_vkey, parse_note, parse_vkey
from ledger.sealed_key import open_key
from ledger.witness import Witness
from ledger.witness_state import WitnessStates
from support import command
from support.counter import DEMO, GULOU, Run
from support.growing_log import GrowingLog

MORE = json.dumps({"type": "WithdrawalRequested", "on": "2022-10-01", "center": GULOU}) + "\n"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of 142 entries and its first checkpoint, in which nobody writes."""
    folder = tmp_path_factory.mktemp("sealed")
    desk = Desk(f"sqlite:///{folder}/taizhang.db", create=True)
    desk.initialise()
    desk.record((DEMO / "town.jsonl").read_bytes().splitlines())
    desk.proofs.make_key("city.example", None)
    desk.proofs.checkpoint(["beijing"], None)
    desk.close()
    return folder


@pytest.fixture
def folder(sealed: Path, tmp_path: Path, run: Run) -> Path:
    """The folder the command runs in: that ledger, and two witnesses' keys."""
    shutil.copytree(sealed, tmp_path, dirs_exist_ok=True)
    for name in ("w1", "w2"):
        made = run("log", "witness", "init", "-o", f"{name}.key", "--name", f"{name}.example",
                   "--no-passphrase")  # fmt: skip
        (tmp_path / f"{name}.vkey").write_text(made.stdout)
    return tmp_path


def vkey(folder: Path, name: str) -> str:
    """The vkey of a witness."""
    return (folder / f"{name}.vkey").read_text().strip()


def ledger_vkey(run: Run) -> str:
    """The ledger's vkey."""
    key: str = run("log", "key", "show", "--json").json["keys"][0]["vkey"]
    return key


@pytest.fixture
def sign(folder: Path, run: Run) -> Callable[..., int]:
    """Have a witness sign `request` into `answer`; returns the exit status."""

    def sign(name: str = "w1", *more: str, log: str | None = None) -> int:
        key = log or ledger_vkey(run)
        options = ("--key", f"{name}.key", "--log", key, "--state", f"{name}.state")
        return run("log", "witness", "sign", "request", "-o", "answer", *options, *more).status

    return sign


def names(note: bytes) -> list[str]:
    """Who signed a note."""
    return [signature.name for signature in parse_note(note).signatures]


def test_files_go_round(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """Request, signature and answer as files put the cosignature under checkpoint and anchor."""
    assert run("log", "witness", "request", "-o", "request").status == 0
    assert sign() == 0
    added = run("log", "witness", "add", "answer", "--witness", vkey(folder, "w1"))
    assert added.stdout == "beijing, 143 entries: cosigned by w1.example\n"
    signers = ["city.example/taizhang/beijing", "w1.example"]
    assert names(run("log", "checkpoint", "--newest").stdout.encode()) == signers
    assert names((folder / "taizhang.db.trust" / "beijing.checkpoint").read_bytes()) == signers


def test_second_answer_is_nothing_new(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """Adding an answer again changes nothing and says so."""
    run("log", "witness", "request", "-o", "request")
    sign()
    add = ("log", "witness", "add", "answer", "--witness", vkey(folder, "w1"), "--json")
    new = [run(*add).json["checkpoints"][0]["cosigned"][0]["new"] for _ in range(2)]
    assert new == [True, False]


def test_known_size_is_asked_from(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """After a cosignature was added, the next request to that witness begins at its size."""
    run("log", "witness", "request", "-o", "request")
    sign()
    run("log", "witness", "add", "answer", "--witness", vkey(folder, "w1"))
    assert run("record", "-", stdin=MORE).status == 0
    run("log", "checkpoint")
    made = run("log", "witness", "request", "-o", "request", "--witness", vkey(folder, "w1"),
               "--json")  # fmt: skip
    assert (made.json["old"], made.json["size"]) == (143, 145)
    assert sign() == 0


def test_wrong_size_is_told(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """Where the witness is further than the request thought, it names the size to ask from."""
    run("log", "witness", "request", "-o", "request")
    sign()
    options = ("--key", "w1.key", "--log", ledger_vkey(run), "--state", "w1.state")
    again = run("log", "witness", "sign", "request", *options)
    assert (again.status, "--old 143" in again.stderr) == (4, True)


FOREIGN = GrowingLog(9, origin="town.example/taizhang/beijing")
STRANGER = GrowingLog(9, origin="city.example/taizhang/beijing")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"nonsense", 2), (FOREIGN.request(0, 9), 3), (STRANGER.request(0, 9), 5)],
    ids=["malformed", "unknown log", "another key"],
)
def test_refusals_have_their_exit(
    folder: Path, sign: Callable[..., int], body: bytes, status: int
) -> None:
    """What the witness refuses ends with the status of its kind, and writes no answer."""
    (folder / "request").write_bytes(body)
    assert (sign(), (folder / "answer").exists()) == (status, False)


def test_split_view_ends_as_contradiction(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """A witness that was shown another tree of the same size by the same key says so, exit 5."""
    ledger = open_key(
        (folder / "taizhang.db.trust" / "signing-1.key").read_bytes(), passphrase=None
    )
    other = GrowingLog(143, signer=ledger)
    (folder / "request").write_bytes(other.request(0, 143))
    assert sign() == 0
    run("log", "witness", "request", "-o", "request", "--old", "143")
    assert sign() == 5
    (evidence,) = (folder / "w1.state").glob("*.conflict-*")
    assert names(evidence.read_bytes()) == ["city.example/taizhang/beijing"]


def test_longer_log_elsewhere_is_a_loss(folder: Path, run: Run) -> None:
    """A witness that cosigned more entries than there are shows that the end is lost, exit 5."""
    said = run("log", "witness", "request", "-o", "request", "--old", "200")
    assert (said.status, "is lost" in said.stderr) == (5, True)


def test_unsealed_log_has_no_request(run: Run) -> None:
    """Before the first checkpoint there is nothing to cosign, and the command says what to do."""
    run("init", "--no-passphrase")
    run("record", str(DEMO / "town.jsonl"))
    said = run("log", "witness", "request", "-o", "request")
    assert (said.status, "taizhang log checkpoint" in said.stderr) == (3, True)


# --- adding answers ------------------------------------------------------------------------------


@pytest.fixture
def answer(folder: Path, run: Run, sign: Callable[..., int]) -> Path:
    """An answer of w1."""
    run("log", "witness", "request", "-o", "request")
    sign()
    return folder / "answer"


def test_answers_need_a_known_witness(run: Run, answer: Path) -> None:
    """Without a word on who is believed nothing is added."""
    assert run("log", "witness", "add", "answer").status == 2


def test_other_witnesses_are_not_added(folder: Path, run: Run, answer: Path) -> None:
    """The cosignature of a witness that is not believed is not kept."""
    said = run("log", "witness", "add", "answer", "--witness", vkey(folder, "w2"))
    assert said.status == 1
    assert names(run("log", "checkpoint", "--newest").stdout.encode()) == [
        "city.example/taizhang/beijing"
    ]


def test_wrong_cosignature_is_not_added(folder: Path, run: Run, answer: Path) -> None:
    """A line of a believed witness that does not verify ends with exit 5, and is not kept."""
    answer.write_bytes(answer.read_bytes().replace(b"\n143\n", b"\n142\n"))
    assert run("log", "witness", "add", "answer", "--witness", vkey(folder, "w1")).status == 5


def test_foreign_checkpoint_is_not_added(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """A cosigned checkpoint of another ledger is not found here."""
    (folder / "request").write_bytes(FOREIGN.request(0, 9))
    assert sign(log=format_vkey(FOREIGN.signer.key)) == 0
    assert run("log", "witness", "add", "answer", "--witness", vkey(folder, "w1")).status == 3


def test_no_note_is_malformed(folder: Path, run: Run) -> None:
    """What is no signed note is malformed."""
    (folder / "answer").write_bytes(b"nonsense")
    assert run("log", "witness", "add", "answer", "--witness", vkey(folder, "w1")).status == 2


@pytest.mark.parametrize(("quorum", "is_met"), [("any", True), ("all", False)])
def test_policy_counts_the_quorum(
    folder: Path, run: Run, answer: Path, quorum: str, is_met: bool
) -> None:
    """With a policy the answer says whether its quorum is reached, and what is missing."""
    (folder / "policy").write_text(
        f"witness one {vkey(folder, 'w1')}\nwitness two {vkey(folder, 'w2')}\n"
        f"group both {quorum} one two\nquorum both\n"
    )
    (found,) = run("log", "witness", "add", "answer", "--policy", "policy", "--json").json[
        "checkpoints"
    ]
    assert (found["quorum"], not found["missing"]) == (is_met, is_met)


def test_broken_policy_names_its_line(folder: Path, run: Run, answer: Path) -> None:
    """A policy that breaks a rule is malformed, with the line."""
    (folder / "policy").write_text("quorum two\n")
    said = run("log", "witness", "add", "answer", "--policy", "policy", "--json")
    assert (said.status, said.json["error"]["line"]) == (2, 1)


# --- keys ----------------------------------------------------------------------------------------


def test_key_is_the_witness_own(folder: Path) -> None:
    """The key file can be read by its owner only, and is of algorithm 4."""
    assert stat.S_IMODE((folder / "w1.key").stat().st_mode) == 0o600
    assert parse_vkey(vkey(folder, "w1")).algorithm == COSIGNATURE


def test_key_is_never_overwritten(folder: Path, run: Run) -> None:
    """A file that exists is kept, exit 4."""
    before = (folder / "w1.key").read_bytes()
    said = run("log", "witness", "init", "-o", "w1.key", "--name", "x", "--no-passphrase")
    assert (said.status, (folder / "w1.key").read_bytes()) == (4, before)


@pytest.mark.parametrize(
    "options",
    [
        ("--name", "x"),
        ("--name", "a b", "--no-passphrase"),
        ("--name", "x", "--no-passphrase", "--passphrase-file", "w1.vkey"),
    ],
    ids=["no word on the passphrase", "no name", "both"],
)
def test_unclear_keys_are_not_made(folder: Path, run: Run, options: tuple[str, ...]) -> None:
    """Nothing is made without a passphrase unless asked for, nor under a name that is none."""
    said = run("log", "witness", "init", "-o", "new.key", *options)
    assert (said.status, (folder / "new.key").exists()) == (2, False)


@pytest.mark.parametrize(("passphrase", "status"), [("right", 0), ("wrong", 2)])
def test_sealed_key_wants_its_passphrase(
    folder: Path, run: Run, sign: Callable[..., int], passphrase: str, status: int
) -> None:
    """A sealed key cosigns with its passphrase and with no other."""
    (folder / "right").write_text("one\n")
    (folder / "wrong").write_text("other\n")
    made = run("log", "witness", "init", "-o", "s.key", "--name", "s.example",
               "--passphrase-file", "right")  # fmt: skip
    assert made.status == 0
    run("log", "witness", "request", "-o", "request")
    assert sign("s", "--passphrase-file", passphrase) == status


def test_ledger_key_is_no_witness(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """The key of a ledger cannot be used to cosign."""
    shutil.copy(folder / "taizhang.db.trust" / "signing-1.key", folder / "l.key")
    run("log", "witness", "request", "-o", "request")
    assert sign("l") == 2


# --- mirrors -------------------------------------------------------------------------------------


def test_mirror_takes_hashes_by_file(folder: Path, run: Run, sign: Callable[..., int]) -> None:
    """A mirroring witness without network cosigns with the hashes, and keeps every leaf's."""
    run("log", "witness", "request", "-o", "request", "--hashes", "hashes")
    assert sign("w1", "--mirror") == 4
    assert sign("w1", "--mirror", "--hashes", "hashes") == 0
    (mirror,) = (folder / "w1.state").glob("*.hashes")
    with sqlite3.connect(folder / "taizhang.db") as database:
        rows = database.execute("SELECT leaf FROM entries ORDER BY position LIMIT 143")
        assert mirror.read_bytes() == b"".join(leaf for (leaf,) in rows)
    database.close()


def test_mirror_has_no_need_of_none(run: Run, folder: Path) -> None:
    """Hashes from the newest size on are none, and no file is written."""
    said = run("log", "witness", "request", "-o", "request", "--hashes", "hashes",
               "--hashes-from", "143")  # fmt: skip
    assert (said.status, (folder / "hashes").exists()) == (2, False)


# --- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
def server(folder: Path, run: Run) -> Iterator[str]:
    """The address of a mirroring witness of the ledger, with the seed of nought."""
    signer = Signer.from_seed("w3.example", bytes(32), algorithm=COSIGNATURE)
    (folder / "w3.vkey").write_text(format_vkey(signer.key))
    witness = Witness(
        signer,
        logs=[parse_vkey(ledger_vkey(run))],
        states=WitnessStates(folder / "w3.state"),
        is_mirror=True,
    )
    server = WitnessServer(("127.0.0.1", 0), witness, clock=lambda: 1795420800, report=str)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_send_brings_the_cosignature(folder: Path, run: Run, server: str) -> None:
    """Sent twice with an entry between, each newest checkpoint bears the cosignature."""
    send = ("log", "witness", "send", server, "--hashes", "--witness", vkey(folder, "w3"))
    assert run(*send).stdout == "beijing, 143 entries: cosigned by w3.example\n"
    run("record", "-", stdin=MORE)
    run("log", "checkpoint")
    (found,) = run(*send, "--json").json["checkpoints"]
    assert (found["size"], found["cosigned"]) == (
        145,
        [{"vkey": vkey(folder, "w3"), "at": "2026-11-23T08:00:00.000000Z", "new": True}],
    )


def test_mirror_asks_for_hashes(folder: Path, run: Run, server: str) -> None:
    """Without the hashes a mirroring witness does not cosign, and the command says how to."""
    said = run("log", "witness", "send", server, "--witness", vkey(folder, "w3"))
    assert (said.status, "--hashes" in said.stderr) == (4, True)


def test_cut_log_is_found_by_its_witness(sealed: Path, folder: Path, run: Run, server: str) -> None:
    """After an old copy was put back, sending to the witness shows the loss, exit 5."""
    run("record", "-", stdin=MORE)
    run("log", "checkpoint")
    send = ("log", "witness", "send", server, "--hashes", "--witness", vkey(folder, "w3"))
    assert run(*send).status == 0
    shutil.copytree(sealed, folder, dirs_exist_ok=True)
    for file in folder.glob("taizhang.db-*"):
        file.unlink()
    said = run(*send[:4], *send[5:])
    assert (said.status, "is lost" in said.stderr) == (5, True)


@pytest.mark.slow
def test_served_witness_stops_when_told(folder: Path, run: Run) -> None:
    """`serve` says where it listens, answers, and ends with 0 on SIGTERM."""
    options = ("--key", "w1.key", "--log", ledger_vkey(run), "--state", "w1.state")
    process = command.start(folder, "log", "witness", "serve", *options, "--port", "0", "--json")
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(5)]
        url = lines[2].split('"')[3]
        send = run("log", "witness", "send", url, "--witness", vkey(folder, "w1"))
        assert send.status == 0
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, "has stopped" in said.decode()) == (0, True)


def test_taken_port_is_a_conflict(folder: Path, run: Run, server: str) -> None:
    """A port that somebody else listens on is told with its number, exit 4."""
    port = server.rpartition(":")[2]
    options = ("--key", "w1.key", "--log", ledger_vkey(run), "--state", "w1.state")
    said = run("log", "witness", "serve", *options, "--port", port)
    assert (said.status, port in said.stderr) == (4, True)
