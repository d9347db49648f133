"""Group commit: the same as one after another, whoever shares a transaction with whom."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

import ledger.reading
import ledger.session
from cli.desk import Desk
from ledger.engine import open_engine, write_transaction
from ledger.errors import (
    BusyError,
    KeyConflictError,
    LedgerError,
    MalformedError,
    RefusedError,
)
from ledger.group_commit import GroupCommit
from ledger.receipt import Receipt
from ledger.schema import entries, keys, logs, stream_heads, vault
from ledger.session import Submission
from ledger.verify import verify
from support.counter import fact
from support.histories import histories, notices

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 8, 31, 27, 123456, tzinfo=UTC)
LONG = 60.0
REVOKED = {"type": "CenterRevoked", "on": "2023-05-05", "grounds": ["16.1"]}

# --- one after another, and together --------------------------------------------------------------


def _line(entry: dict[str, Any]) -> bytes:
    return orjson.dumps(entry)


@st.composite
def _submissions(draw: st.DrawFn) -> list[tuple[list[bytes], bool]]:
    """What several callers hand in: good, refused, malformed, repeated, with private values."""
    lives = [
        draw(histories(scheme, center=center))
        for scheme, center in (("beijing", "id:x"), ("beijing", "id:y"), ("hechuan", "id:z"))
    ]
    pending = [life[:10] for life in lives if life]
    lines: list[dict[str, Any]] = []
    while pending:
        life = draw(st.sampled_from(pending))
        lines.append(life.pop(0))
        pending = [life for life in pending if life]
    found: list[tuple[list[bytes], bool]] = [([_line(n) for n in notices("beijing")], True)]
    while lines:
        size = draw(st.integers(1, 3))
        some, lines = lines[:size], lines[size:]
        for number, line in enumerate(some):
            match draw(st.integers(0, 9)):
                case 0:
                    some[number] = {**line, "private": {"phone": "1"}}
                case 1:
                    some[number] = {**line, "surprise": 1}
                case 2:
                    some[number] = {**line, "note": "other"}
        found.append(([_line(line) for line in some], draw(st.integers(0, 3)) > 0))
        if draw(st.integers(0, 3)) == 0:
            found.append(draw(st.sampled_from(found)))
    return found


def _said(outcome: Receipt | Exception) -> object:
    if isinstance(outcome, Receipt):
        spools = [list(outcome.findings), list(outcome.deviations)]
        return outcome.recorded, outcome.skipped, [*outcome.runs()], spools
    assert isinstance(outcome, LedgerError), outcome
    problems = [str(problem) for problem in getattr(outcome, "problems", ())]
    return type(outcome), str(outcome), problems, str(getattr(outcome, "findings", ""))


def _kept(desk: Desk) -> list[list[tuple[Any, ...]]]:
    tables = (entries, logs, stream_heads, keys, vault)
    with desk.engine.connect() as connection:
        return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]


def _attempt(work: Callable[[], Receipt]) -> Receipt | Exception:
    try:
        return work()
    except LedgerError as error:
        return error


def _one_after_another(desk: Desk, given: Sequence[tuple[list[bytes], bool]]) -> list[object]:
    return [
        _said(_attempt(lambda: desk.book.record(lines, historical=historical)))  # noqa: B023  called at once
        for lines, historical in given
    ]


def _together(
    desk: Desk, given: Sequence[tuple[list[bytes], bool]], sizes: Sequence[int]
) -> list[object]:
    said: dict[int, object] = {}
    handed_in: list[tuple[int, Submission]] = []
    for number, (lines, historical) in enumerate(given):
        try:
            handed_in.append((number, Submission(desk.book.parse(lines), historical=historical)))
        except MalformedError as error:
            said[number] = _said(error)
    rest = iter(handed_in)
    for size in itertools.cycle(sizes):
        group = list(itertools.islice(rest, size))
        if not group:
            break
        desk.book.record_together(lambda group=group: [one for _, one in group])  # type: ignore[misc]
        for number, submission in group:
            assert submission.outcome is not None
            said[number] = _said(submission.outcome)
    return [said[number] for number in sorted(said)]


def _both_ways(
    given: list[tuple[list[bytes], bool]], sizes: Sequence[int]
) -> tuple[list[object], list[list[tuple[Any, ...]]]]:
    """What callers are told, and every row, where groups and single files do the same."""
    kept, said = [], []
    for record in (_one_after_another, lambda desk, given: _together(desk, given, sizes)):
        desk = Desk("sqlite://", create=True, clock=lambda: NOW)
        desk.initialise()
        with pytest.MonkeyPatch.context() as patch:
            numbers = itertools.count()
            patch.setattr(
                ledger.session.secrets, "token_bytes", lambda n, c=numbers: next(c).to_bytes(n)
            )
            said.append(record(desk, given))
        kept.append(_kept(desk))
        assert verify(desk.engine).problems == ()
        desk.close()
    assert said[0] == said[1]
    assert kept[0] == kept[1]
    return said[0], kept[0]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_submissions(), st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_together_as_one_after_another(
    given: list[tuple[list[bytes], bool]], sizes: list[int]
) -> None:
    """Submissions in groups get the same answers, and leave the same bytes, as one by one."""
    _both_ways(given, sizes)


def test_refused_keys_and_rounds_are_forgotten() -> None:
    """What a refused submission brought along, the next one of its group does not find."""
    notice = {
        "type": "RoundOpened",
        "on": "2022-03-01",
        "round": "hechuan:designation:2022",
        "deadline": "2022-05-31",
        "key": "notice",
    }
    application = {
        "type": "ApplicationSubmitted",
        "on": "2022-06-20",
        "center": "hechuan/id:a",
        "round": "hechuan:designation:2022",
        "name": "甲",
        "key": "application",
    }
    refused = REVOKED | {"center": "hechuan/id:a"}
    said, _ = _both_ways(
        [
            ([_line(notice), _line(application), _line(refused)], False),
            ([_line(application | {"note": "other"})], False),
            ([_line(notice)], False),
        ],
        [3],
    )
    assert [answer[0] for answer in said] == [RefusedError, 1, 1]  # type: ignore[index]


def test_private_values_of_a_group_are_compared() -> None:
    """Under a key of the same group other private values are other content."""
    line = json.loads(fact("a"))
    said, _ = _both_ways(
        [([_line(line | {"private": {"phone": phone}})], False) for phone in ("1", "1", "2")], [3]
    )
    assert [answer[0] for answer in said] == [1, 0, KeyConflictError]  # type: ignore[index]


# --- threads --------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A ledger on either engine."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    made = Desk(url, create=True, trust=tmp_path / "trust")
    yield made
    made.close()


def _in_threads(work: Sequence[Callable[[], Receipt]]) -> tuple[list[threading.Thread], list[Any]]:
    """Threads at work, and where each puts its receipt or what it raised."""
    outcomes: list[Any] = [None] * len(work)

    def call(number: int) -> None:
        try:
            outcomes[number] = work[number]()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=call, args=(n,)) for n in range(len(work))]
    for thread in threads:
        thread.start()
    return threads, outcomes


def _until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + LONG
    while not holds():
        assert monotonic() < deadline
        sleep(0.005)


def _while_held(desk: Desk, work: Sequence[Callable[[], Receipt]]) -> list[Any]:
    """The outcomes of threads that all have handed in before any of them may write."""
    committer = desk.group_commit
    with write_transaction(desk.engine) as connection:
        if connection.dialect.name == "postgresql":
            ledger.reading.lock_log(connection, "hechuan")
        threads, outcomes = _in_threads(work)
        _until(lambda: committer.waiting == len(work))
    for thread in threads:
        thread.join(LONG)
    return outcomes


def _share(desk: Desk, *lines: str) -> Callable[[], Receipt]:
    return lambda: desk.record_shared([line.encode() for line in lines])


def test_waiting_threads_share_a_transaction(desk: Desk) -> None:
    """32 threads that wait for the ledger are recorded at once, each with its own position."""
    desk.record([fact("first").encode()])
    commits: list[object] = []
    desk.group_commit.after = lambda *_: commits.append(None)
    outcomes = _while_held(desk, [_share(desk, fact(f"c{n}")) for n in range(32)])
    assert sorted(p for outcome in outcomes for p in outcome.positions()) == sorted(
        f"hechuan#{n}" for n in range(1, 33)
    )
    assert [outcome.logs for outcome in outcomes] == [outcomes[0].logs] * 32
    assert outcomes[0].logs["hechuan"][0] == 33
    assert [outcome.upto for outcome in outcomes] == [{"hechuan": 32}] * 32
    assert len(commits) == 1


def test_each_gets_its_own_answer(desk: Desk) -> None:
    """Good, refused, malformed, conflicting and repeated submissions do not disturb each other."""
    desk.record([fact("known").encode()])
    outcomes = _while_held(
        desk,
        [
            _share(desk, fact("a"), fact("b")),
            _share(desk, fact("c"), json.dumps(REVOKED | {"center": "hechuan/id:c"})),
            _share(desk, fact("known")),
            _share(desk, fact("known", on="2022-03-03")),
            _share(desk, fact("d")),
        ],
    )
    good, refused, repeated, conflict, other = outcomes
    assert (good.recorded, other.recorded) == (2, 1)
    assert isinstance(refused, MalformedError | RefusedError)
    assert (repeated.recorded, repeated.skipped) == (0, 1)
    assert repeated.upto.keys() == {"hechuan"}
    assert isinstance(conflict, KeyConflictError)
    with pytest.raises(MalformedError):
        _share(desk, fact("e"), "no JSON\n")()
    assert desk.verify().problems == ()
    assert _streams(desk) == [f"hechuan/id:{name}" for name in ("a", "b", "d", "known")]


def _streams(desk: Desk) -> list[str]:
    with desk.engine.connect() as connection:
        return sorted(connection.scalars(select(entries.c.stream)))


def test_same_key_is_recorded_once(desk: Desk) -> None:
    """Of many callers with the same line one records it, and all learn that it is on file."""
    desk.record([fact("first").encode()])
    outcomes = _while_held(desk, [_share(desk, fact("same")) for _ in range(16)])
    assert sorted((one.recorded, one.skipped) for one in outcomes) == [(0, 1)] * 15 + [(1, 0)]


def test_failed_commit_reaches_everybody(desk: Desk) -> None:
    """What goes wrong at the commit is told to every caller, and nothing is recorded."""
    desk.record([fact("first").encode()])

    def fail(_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            return  # that is only who held the ledger
        raise LedgerError("the disk is full: nothing was recorded, make room and try again")

    event.listen(desk.engine, "commit", fail)
    outcomes = _while_held(desk, [_share(desk, fact(f"c{n}")) for n in range(8)])
    event.remove(desk.engine, "commit", fail)
    assert {str(outcome) for outcome in outcomes} == {str(outcomes[0])}
    assert len({id(outcome) for outcome in outcomes}) == 8
    assert _streams(desk) == ["hechuan/id:first"]
    assert _share(desk, fact("c1"))().recorded == 1


def test_busy_ledger_refuses_all_who_wait(tmp_path: Path) -> None:
    """Where the ledger cannot be had in time all who wait are told, and nobody leads for ever."""
    desk = Desk(f"sqlite:///{tmp_path}/ledger.db", create=True)
    desk.record([fact("first").encode()])
    impatient = open_engine(desk.url, busy_seconds=0.3)
    desk.book.engine = impatient
    committer = GroupCommit(desk.book)
    with write_transaction(desk.engine):
        threads, outcomes = _in_threads(
            [lambda n=n: committer.record([fact(f"c{n}").encode()]) for n in range(4)]  # type: ignore[misc]
        )
        for thread in threads:
            thread.join(LONG)
    assert [type(outcome) for outcome in outcomes] == [BusyError] * 4
    assert committer.record([fact("c0").encode()]).recorded == 1
    impatient.dispose()
    desk.close()


def test_interrupted_caller_leaves(tmp_path: Path) -> None:
    """Ctrl-C takes a caller out of those who wait, and nobody else."""
    desk = Desk(f"sqlite:///{tmp_path}/ledger.db", create=True)
    desk.record([fact("first").encode()])
    committer = desk.group_commit
    main = threading.main_thread().ident
    assert main == threading.get_ident()

    def interrupt() -> Receipt:
        _until(lambda: committer.waiting == 2)
        signal.pthread_kill(main, signal.SIGINT)
        return Receipt()

    with write_transaction(desk.engine):
        leading, outcomes = _in_threads([_share(desk, fact("leads"))])
        _until(lambda: committer.waiting == 1)
        interrupting, _ = _in_threads([interrupt])
        with pytest.raises(KeyboardInterrupt):
            _share(desk, fact("follows"))()
        assert committer.waiting == 1
    for thread in (*leading, *interrupting):
        thread.join(LONG)
    assert outcomes[0].recorded == 1
    assert _streams(desk) == ["hechuan/id:first", "hechuan/id:leads"]
    desk.close()


def test_fault_of_the_judge_is_its_callers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission that the rulebook stumbles over fails alone."""
    judging = desk.judge.judge

    def stumble(entry: Any, *rest: Any) -> Any:
        if entry.center.endswith("id:c3"):
            raise ZeroDivisionError
        return judging(entry, *rest)

    desk.record([fact("first").encode()])
    monkeypatch.setattr(desk.judge, "judge", stumble)
    outcomes = _while_held(desk, [_share(desk, fact(f"b{n}"), fact(f"c{n}")) for n in range(5)])
    assert [type(one) for one in outcomes] == [Receipt] * 3 + [ZeroDivisionError, Receipt]
    assert "hechuan/id:b3" not in _streams(desk)
    assert desk.verify().problems == ()


def test_attachments_and_erasures_go_alone(desk: Desk, tmp_path: Path) -> None:
    """What cannot be taken back before the commit is recorded for itself, by the same door."""
    (tmp_path / "a.pdf").write_bytes(b"paper")
    kept = json.loads(fact("a")) | {
        "private": {"phone": "1"},
        "attachments": [{"name": "a.pdf", "path": "a.pdf"}],
    }
    erasure = {
        "type": "PrivateErased",
        "on": "2024-05-06",
        "center": "hechuan/id:a",
        "erases": "key-a",
        "fields": ["/phone"],
        "reason": "当事人申请",
    }
    assert desk.record_shared([_line(kept)], folder=tmp_path).recorded == 1
    assert desk.record_shared([_line(erasure)]).erased == {"hechuan": [(0, "/phone")]}
    assert desk.verify().problems == ()


def test_logs_of_a_server_are_apart(postgres_url: str, tmp_path: Path) -> None:
    """On a server a group of one log does not wait for another log's."""
    desk = Desk(postgres_url, create=True, trust=tmp_path / "trust")
    desk.record([fact("a").replace("hechuan", "beijing").encode()])
    desk.record([fact("first").encode()])
    committer = desk.group_commit
    with write_transaction(desk.engine) as connection:
        ledger.reading.lock_log(connection, "hechuan")
        threads, outcomes = _in_threads([_share(desk, fact("b"))])
        _until(lambda: committer.waiting == 1)
        assert _share(desk, fact("b").replace("hechuan", "beijing"))().recorded == 1
        assert outcomes == [None]
    threads[0].join(LONG)
    assert outcomes[0].recorded == 1
    desk.close()


_RECORD_UNTIL_KILLED = """
import sys, threading
from itertools import count
from pathlib import Path
sys.path.insert(0, "tests")
from cli.desk import Desk
from ledger.verify import verify
from support.counter import fact
desk = Desk(sys.argv[1], trust=Path(sys.argv[2]))
said = threading.Lock()
def record(worker):
    for number in count():
        key = f"w{worker}-{number}"
        assert desk.record_shared([fact(key).encode()]).recorded == 1
        with said:
            print(key, flush=True)
for worker in range(8):
    threading.Thread(target=record, args=(worker,)).start()
"""


def test_killed_group_loses_nothing_acknowledged(desk: Desk, tmp_path: Path) -> None:
    """A process killed amid its groups has everything on file that it acknowledged."""
    desk.record([fact("first").encode()])
    process = subprocess.Popen(
        [sys.executable, "-c", _RECORD_UNTIL_KILLED, desk.url, str(tmp_path / "trust")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [
        line.strip()
        for line in process.communicate()[0].splitlines(keepends=True)
        if line.endswith("\n")
    ]
    assert {f"hechuan/id:{key}" for key in acknowledged} <= {*_streams(desk)}
    desk.catch_up(["hechuan"])
    assert desk.verify().problems == ()
