"""The witness: every answer of the protocol, and a memory that only moves forward."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint, log_key, parse_checkpoint
from ledger.cosignature import verified_cosignatures
from ledger.errors import IntegrityFailure
from ledger.merkle import tree_root
from ledger.note import (
    COSIGNATURE,
    Note,
    Signer,
    VerifierKey,
    format_note,
    parse_note,
    sign_note,
    verify_note,
    with_signatures,
)
from ledger.witness import TREE_SIZE, Answer, Witness
from ledger.witness_messages import parse_answer
from ledger.witness_state import LogState, WitnessStates
from support.growing_log import LEDGER, ORIGIN, GrowingLog

SIGNER = Signer.from_seed("witness.example/w1", bytes(range(32, 64)), algorithm=COSIGNATURE)
STRANGER = Signer.from_seed("stranger.example", bytes(32))
AT = 1795420800
LOG = GrowingLog(40)


def witness_in(folder: Path, *, is_mirror: bool = False) -> Witness:
    """A witness of LEDGER's logs with its memory in the folder."""
    states = WitnessStates(folder / "state")
    return Witness(SIGNER, logs=[LEDGER.key], states=states, is_mirror=is_mirror)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that has cosigned LOG at size 7."""
    witness = witness_in(tmp_path)
    assert witness.add_checkpoint(LOG.request(0, 7), at=AT).status == 200
    return witness


def remembered(witness: Witness, origin: str = ORIGIN) -> Checkpoint | None:
    """What the witness cosigned last, verified."""
    with witness.states.locked(origin) as state:
        data = state.note()
    if data is None:
        return None
    note = parse_note(data)
    assert list(verified_cosignatures(note, [SIGNER.key])) == [SIGNER.key]
    return parse_checkpoint(note.text)


FORK = LOG.fork(5)
OTHER_KEY = GrowingLog(40, signer=STRANGER)
WRONG_LINE = LOG.note(8).rpartition(b"\n\n")[2]

TABLE: dict[str, tuple[bytes, int]] = {
    "goes on": (LOG.request(7, 20), 200),
    "the same again": (LOG.request(7, 7), 200),
    "with lines of strangers": (
        LOG.request(7, 9) + OTHER_KEY.note(9).rpartition(b"\n\n")[2],
        200,
    ),
    "with its line a hundred times": (
        LOG.request(7, 9) + LOG.note(9).rpartition(b"\n\n")[2] * 99,
        200,
    ),
    "nothing": (b"", 400),
    "no checkpoint": (b"old 7\n\n", 400),
    "no size": (LOG.request(7, 9).replace(b"old 7", b"old x"), 400),
    "an extension line": (
        b"old 7\n\n"
        + format_note(sign_note("x\n7\n" + "A" * 43 + "=\nmore\n", [LEDGER.named("x")])),
        400,
    ),
    "64 hashes": (
        LOG.request(7, 7).replace(b"\n\n", b"\n" + (b"A" * 43 + b"=\n") * 64 + b"\n", 1),
        400,
    ),
    "older than old": (LOG.request(7, 9).replace(b"old 7", b"old 10"), 400),
    "unknown log": (GrowingLog(9, origin="town.example/taizhang/beijing").request(0, 9), 404),
    "a name of two parts more": (GrowingLog(9, origin=f"{ORIGIN}/x/y").request(0, 9), 404),
    "another key": (OTHER_KEY.request(7, 9), 403),
    "a wrong line of the log": (
        LOG.request(7, 9).rpartition(b"\n\n")[0] + b"\n\n" + WRONG_LINE,
        403,
    ),
    "old too small": (LOG.request(0, 9), 409),
    "old too large": (LOG.request(8, 9), 409),
    "older checkpoint": (LOG.request(3, 5), 409),
    "another root of the size": (FORK.request(7, 7), 409),
    "another history": (FORK.request(7, 9), 422),
    "no proof": (LOG.request(7, 9).split(b"\n", 1)[0] + b"\n\n" + LOG.note(9), 422),
    "a proof for nothing": (
        LOG.request(7, 7).replace(b"\n\n", b"\n" + b"A" * 43 + b"=\n\n", 1),
        422,
    ),
}


@pytest.mark.parametrize(("body", "status"), TABLE.values(), ids=TABLE.keys())
def test_every_case_has_its_status(witness: Witness, body: bytes, status: int) -> None:
    """Each case of the specification is answered with its status."""
    assert witness.add_checkpoint(body, at=AT).status == status


@pytest.mark.parametrize(
    "body", [b for b, status in TABLE.values() if status != 200],
    ids=[name for name, (_, status) in TABLE.items() if status != 200],
)  # fmt: skip
def test_refusals_leave_the_memory(witness: Witness, body: bytes) -> None:
    """Whatever is refused changes nothing of what was cosigned."""
    witness.add_checkpoint(body, at=AT)
    assert remembered(witness) == LOG.head(7)


def test_cosignature_is_of_the_checkpoint(witness: Witness) -> None:
    """The answer is a line that, under the checkpoint, verifies with the time it was made."""
    answer = witness.add_checkpoint(LOG.request(7, 20), at=AT + 5)
    note = with_signatures(parse_note(LOG.note(20)), parse_answer(answer.body))
    assert verified_cosignatures(note, [SIGNER.key]) == {SIGNER.key: AT + 5}


def test_wrong_old_size_is_told_the_right_one(witness: Witness) -> None:
    """A conflict of sizes answers the size and its own content type, and nothing else."""
    assert witness.add_checkpoint(LOG.request(0, 9), at=AT) == Answer(409, b"7\n", TREE_SIZE)


def test_first_size_is_nought(tmp_path: Path) -> None:
    """A log that was never cosigned has size 0."""
    answer = witness_in(tmp_path).add_checkpoint(LOG.request(3, 9), at=AT)
    assert answer == Answer(409, b"0\n", TREE_SIZE)


def test_split_view_is_kept(witness: Witness) -> None:
    """Another root of the cosigned size is a conflict without a size, and kept as evidence."""
    answer = witness.add_checkpoint(FORK.request(7, 7), at=AT)
    assert answer.content_type != TREE_SIZE
    with witness.states.locked(ORIGIN) as state:
        assert [path.read_bytes() for path in state.conflicts()] == [FORK.note(7)]


def test_evidence_has_a_bound(tmp_path: Path) -> None:
    """A log that contradicts itself for ever does not fill the disk."""
    state = LogState(tmp_path, ORIGIN)
    for number in range(40):
        state.keep_conflict(b"%d" % number)
    assert len(state.conflicts()) == 16


def test_empty_tree_is_cosigned(tmp_path: Path) -> None:
    """A checkpoint of size 0 is cosigned with the empty root, and with no other."""
    witness = witness_in(tmp_path)
    assert witness.add_checkpoint(LOG.request(0, 0), at=AT).status == 200
    text = f"{ORIGIN}\n0\n{'A' * 43}=\n"
    other = b"old 0\n\n" + format_note(sign_note(text, [LEDGER.named(ORIGIN)]))
    assert witness.add_checkpoint(other, at=AT).status == 409


def test_lines_of_strangers_are_not_kept(witness: Witness) -> None:
    """What is remembered carries the log's line and the witness's own."""
    witness.add_checkpoint(TABLE["with lines of strangers"][0], at=AT)
    with witness.states.locked(ORIGIN) as state:
        note = parse_note(state.note() or b"")
    assert [line.name for line in note.signatures] == [ORIGIN, SIGNER.key.name]
    assert verify_note(note, [log_key(LEDGER.key, "beijing")])


def test_logs_are_remembered_apart(witness: Witness) -> None:
    """Another scheme's log of the same ledger begins at nought."""
    other = GrowingLog(9, origin="city.example/taizhang/xian")
    assert witness.add_checkpoint(other.request(0, 9), at=AT).status == 200
    assert (remembered(witness), remembered(witness, other.origin)) == (LOG.head(7), other.head(9))


def test_a_log_key_stands_for_one_log(tmp_path: Path) -> None:
    """Given the vkey of one log, the witness knows no other log of that ledger."""
    states = WitnessStates(tmp_path)
    witness = Witness(SIGNER, logs=[log_key(LEDGER.key, "beijing")], states=states)
    assert witness.add_checkpoint(LOG.request(0, 9), at=AT).status == 200
    other = GrowingLog(9, origin="city.example/taizhang/xian")
    assert witness.add_checkpoint(other.request(0, 9), at=AT).status == 404


def test_rotated_keys_both_count(witness: Witness) -> None:
    """With two keys of the log known, a checkpoint of either is cosigned."""
    states = witness.states
    fresh = Signer.from_seed(LEDGER.key.name, bytes(32))
    both = Witness(SIGNER, logs=[LEDGER.key, fresh.key], states=states)
    log = GrowingLog(40, signer=fresh)
    assert both.add_checkpoint(log.request(7, 9), at=AT).status == 200
    assert both.add_checkpoint(LOG.request(9, 10), at=AT).status == 200


def _other_key(note: Note) -> Note:
    return Note(note.text, note.signatures[:1])


def _other_size(note: Note) -> Note:
    return Note(note.text.replace("\n7\n", "\n5\n"), note.signatures)


@pytest.mark.parametrize("change", [_other_key, _other_size])
def test_damaged_memory_is_no_memory(witness: Witness, change: Callable[[Note], Note]) -> None:
    """What does not bear the witness's own cosignature is not gone on from."""
    with witness.states.locked(ORIGIN) as state:
        state.keep(format_note(change(parse_note(state.note() or b""))))
    with pytest.raises(IntegrityFailure):
        witness.add_checkpoint(LOG.request(7, 9), at=AT)


def test_unreadable_memory_is_no_memory(witness: Witness) -> None:
    """A memory of other bytes is refused as damaged, not taken for none."""
    with witness.states.locked(ORIGIN) as state:
        state.keep(b"")
    with pytest.raises(IntegrityFailure):
        witness.add_checkpoint(LOG.request(0, 9), at=AT)


def test_one_of_two_requests_wins(witness: Witness) -> None:
    """Of two requests at once from one old size exactly one is cosigned, whichever it is."""
    barrier = Barrier(2)

    def send(new: int) -> Answer:
        barrier.wait()
        return witness.add_checkpoint(LOG.request(7, new), at=AT)

    with ThreadPoolExecutor(2) as threads:
        answers = dict(zip((20, 30), threads.map(send, (20, 30)), strict=True))
    (winner,) = (size for size, answer in answers.items() if answer.status == 200)
    assert sorted(answer.status for answer in answers.values()) == [200, 409]
    assert remembered(witness) == LOG.head(winner)


sizes = st.integers(0, len(LOG.leaves))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), sizes, sizes), max_size=12))
def test_cosigned_trees_only_grow(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, int, int]]
) -> None:
    """Whatever two diverging histories ask for, all that is cosigned is one growing tree."""
    witness = witness_in(tmp_path_factory.mktemp("witness"))
    cosigned: list[Checkpoint] = []
    for is_fork, one, two in steps:
        log = FORK if is_fork else LOG
        old, new = sorted((one, two))
        known = cosigned[-1].size if cosigned else 0
        body = log.request(known, new) if new >= known else log.request(old, new)
        if witness.add_checkpoint(body, at=AT).status == 200:
            cosigned.append(log.head(new))
    assert [head.size for head in cosigned] == sorted(head.size for head in cosigned)
    assert any(
        all(head.root == tree_root(log.leaves[: head.size]) for head in cosigned)
        for log in (LOG, FORK)
    )


@settings(max_examples=200)
@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from([*LOG.request(0, 7).splitlines(keepends=True), b"\n", b"old 1\n"]),
        max_size=9,
    ).map(b"".join)
)
def test_any_body_has_an_answer(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Whatever is sent, the witness answers with a status of the protocol."""
    witness = witness_in(tmp_path_factory.getbasetemp())
    assert witness.add_checkpoint(body, at=AT).status in {200, 400, 403, 404, 409, 422}


# --- mirroring -----------------------------------------------------------------------------------


def upload(witness: Witness, body: bytes) -> Answer:
    """Send an upload of hashes."""
    return witness.add_hashes(BytesIO(body), len(body))


@pytest.fixture
def mirror(tmp_path: Path) -> Witness:
    """A mirroring witness that has the hashes of seven leaves, and cosigned them."""
    witness = witness_in(tmp_path, is_mirror=True)
    assert upload(witness, LOG.upload(0, 7)) == Answer(200, b"7\n", TREE_SIZE)
    assert witness.add_checkpoint(LOG.request(0, 7), at=AT).status == 200
    return witness


def test_mirror_cosigns_what_it_has(mirror: Witness) -> None:
    """A tree is cosigned once all its hashes are mirrored, and not before."""
    assert mirror.add_checkpoint(LOG.request(7, 9), at=AT).status == 428
    assert upload(mirror, LOG.upload(7, 20)).status == 200
    assert mirror.add_checkpoint(LOG.request(7, 9), at=AT).status == 200
    with mirror.states.locked(ORIGIN) as state:
        assert list(state.mirror.hashes()) == LOG.leaves[:20]


UPLOADS = {
    "old hashes": (LOG.upload(5, 9), 409),
    "a gap": (LOG.upload(8, 9), 409),
    "another history": (FORK.upload(7, 9), 422),
    "other hashes": (LOG.upload(7, 9)[:-1] + b"x", 422),
    "a hash less": (LOG.upload(7, 9)[:-32], 400),
    "a byte more": (LOG.upload(7, 9) + b"x", 400),
    "no checkpoint": (b"taizhang-hashes/v1\nstart 7\n\n\n\n", 400),
    "nothing": (b"", 400),
    "backwards": (LOG.upload(7, 5), 400),
    "another key": (OTHER_KEY.upload(7, 9), 403),
    "unknown log": (GrowingLog(9, origin="town.example/taizhang/x").upload(0, 9), 404),
}


@pytest.mark.parametrize(("body", "status"), UPLOADS.values(), ids=UPLOADS.keys())
def test_unfit_uploads_leave_the_mirror(mirror: Witness, body: bytes, status: int) -> None:
    """Each wrong upload has its status and changes nothing."""
    assert upload(mirror, body).status == status
    with mirror.states.locked(ORIGIN) as state:
        assert list(state.mirror.hashes()) == LOG.leaves[:7]


def test_upload_is_told_where_to_start(mirror: Witness) -> None:
    """An upload that starts elsewhere is answered how many hashes there are."""
    assert upload(mirror, LOG.upload(0, 9)) == Answer(409, b"7\n", TREE_SIZE)


def test_mirror_ahead_still_compares(tmp_path: Path) -> None:
    """A checkpoint that the mirrored hashes contradict is not cosigned, and kept as evidence."""
    witness = witness_in(tmp_path, is_mirror=True)
    upload(witness, LOG.upload(0, 20))
    assert witness.add_checkpoint(FORK.request(0, 9), at=AT).status == 422
    with witness.states.locked(ORIGIN) as state:
        assert [path.read_bytes() for path in state.conflicts()] == [FORK.note(9)]


def test_plain_witness_takes_no_hashes(witness: Witness) -> None:
    """A witness that does not mirror has no place for uploads."""
    assert upload(witness, LOG.upload(0, 7)).status == 404


def test_other_kinds_of_keys_do_not_watch(tmp_path: Path) -> None:
    """A witness's key among the logs makes no log known."""
    key = VerifierKey(ORIGIN, COSIGNATURE, LEDGER.key.public)
    witness = Witness(SIGNER, logs=[key], states=WitnessStates(tmp_path))
    assert witness.add_checkpoint(LOG.request(0, 7), at=AT).status == 404
