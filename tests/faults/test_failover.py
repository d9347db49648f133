"""The drill: a primary is lost while many record, its standby takes over, the lost one rejoins.

Nothing acknowledged is lost, nothing is on file twice, and no two roots were ever told for one size
of a log, whoever told them and when.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from cli.desk import Desk
from ledger.engine import open_engine, read_transaction
from ledger.errors import ConflictError, OutcomeUnknownError
from ledger.merkle import Frontier, check_consistency
from ledger.reading import leaf_hashes, log_head, read_log
from ledger.receipt import Receipt
from support.counter import fact
from support.postgres import Server, Servers, failover_url, rewind, standby_of
from support.relay import Relay

pytestmark = pytest.mark.slow

WRITERS = 8
LOGS = ("beijing", "hechuan", "xian")
PATIENCE = 120.0  # seconds until a drill that stands still is a failure
Head = tuple[str, int, bytes]


class Writer(Thread):
    """Records in all logs, one small file after the other, and remembers what was acknowledged."""

    def __init__(self, number: int, url: str, trust: Path, stop: Event) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number = number
        self.desk = Desk(url, trust=trust)
        self.stop = stop
        self.acknowledged: list[tuple[str, str]] = []  # key and center
        self.heads: list[Head] = []
        self.files = 0
        self.failures: list[ConflictError] = []
        self.died: BaseException | None = None

    def run(self) -> None:
        """Go on until told to stop, through whatever the servers do."""
        try:
            while not self.stop.is_set():
                self._record_one()
        except BaseException as error:
            self.died = error
        finally:
            self.desk.close()

    def _record_one(self) -> None:
        # One file in one log, the next in all of them; each center has several entries.
        logs = LOGS if self.files % 2 else (LOGS[self.number % len(LOGS)],)
        key = f"key-{self.number}-{self.files}"
        centers = [f"{log}/id:w{self.number}-{self.files % 5}" for log in logs]
        lines = [line(center, key) for center in centers]
        receipt = self._until_acknowledged(lines)
        self.acknowledged += [(key, center) for center in centers]
        self.heads += [(log, size, root) for log, (size, root) in receipt.logs.items()]
        self.files += 1

    def _until_acknowledged(self, lines: list[bytes]) -> Receipt:
        while True:
            try:
                return self.desk.record(lines, told=self.failures.append)
            except ConflictError as error:
                self.failures.append(error)


def line(center: str, key: str) -> bytes:
    """A fact about a center, under a key."""
    entry = {"type": "FactEstablished", "on": "2022-02-02", "center": center, "key": key}
    return json.dumps(entry | {"fact": "penalty"}).encode()


@pytest.fixture
def pair(servers: Servers) -> tuple[Server, Server]:
    """A primary whose commits wait for its standby."""
    primary = servers.start("primary")
    return primary, standby_of(primary, "standby")


@pytest.fixture
def desk(pair: tuple[Server, Server], tmp_path: Path) -> Iterator[Desk]:
    """A ledger with a key, reached at whichever server takes writes."""
    pair[0].create_database("ledger")
    made = Desk(failover_url("ledger", *pair), create=True, trust=tmp_path / "trust")
    made.initialise()
    made.proofs.make_key("example.gov.cn", None)
    yield made
    made.close()


def test_failover_loses_nothing(pair: tuple[Server, Server], desk: Desk, tmp_path: Path) -> None:
    """Two failovers while eight writers record; see above for what must hold afterwards."""
    stop = Event()
    writers = [Writer(n, desk.url, tmp_path / "trust", stop) for n in range(WRITERS)]
    heads: list[Head] = []
    for writer in writers:
        writer.start()
    try:
        for former, new in (pair, pair[::-1]):
            all_go_on(writers)
            heads += sealed(desk)
            new.stop("immediate")
            commits_wait(former)  # and are lost with it
            former.kill()
            new.start()
            new.promote()
            all_go_on(writers)
            heads += sealed(desk)
            rewind(former, new)
        all_go_on(writers)
    finally:
        stop.set()
        for writer in writers:
            writer.join(PATIENCE)
    assert [writer.died for writer in writers] == [None] * WRITERS
    assert any(writer.failures for writer in writers)  # else nothing was tried
    heads += sealed(desk)
    primary, standby = pair
    standby.caught_up(primary)
    for server in pair:
        every_entry_is_there_once(server, writers)
        one_root_for_each_size(server, [*heads, *(h for w in writers for h in w.heads)])
        nothing_is_found(server, tmp_path / "trust")
    checkpoints_go_on(desk, heads)


def all_go_on(writers: list[Writer], files: int = 3) -> None:
    """Wait until each writer has had some more files acknowledged."""
    wanted = {writer: writer.files + files for writer in writers}
    deadline = monotonic() + PATIENCE
    while any(writer.files < count for writer, count in wanted.items()):
        assert not [writer.died for writer in writers if writer.died], "a writer ended"
        assert monotonic() < deadline, "the writers stand still"
        sleep(0.02)


def commits_wait(primary: Server) -> None:
    """Wait until a writer's commit is kept on the primary, and its writer told nothing."""
    deadline = monotonic() + PATIENCE
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    while primary.row(asked) == (0,):
        assert monotonic() < deadline, "commits do not wait for the standby"
        sleep(0.02)


def sealed(desk: Desk) -> list[Head]:
    """Sign each log; what was signed."""
    made = desk.proofs.checkpoint(list(LOGS), None)
    return [(one.log, one.size, one.root) for one in made]


def every_entry_is_there_once(server: Server, writers: list[Writer]) -> None:
    """What was acknowledged is on file, and nothing is twice; positions have no gap."""
    found: Counter[tuple[str, str]] = Counter()
    engine = open_engine(server.url("ledger"))
    with read_transaction(engine) as connection:
        for log in LOGS:
            rows = list(read_log(connection, log))
            assert [row.position for row in rows] == list(range(len(rows)))
            for row in rows:
                key = json.loads(row.payload)["entry"].get("key")
                if key is not None:
                    found[key, row.stream] += 1
    engine.dispose()
    assert set(found.values()) == {1}
    acknowledged = {one for writer in writers for one in writer.acknowledged}
    assert acknowledged - found.keys() == set()


def one_root_for_each_size(server: Server, heads: list[Head]) -> None:
    """Every head that anybody was told is the one the log has at that size."""
    engine = open_engine(server.url("ledger"))
    roots: dict[tuple[str, int], bytes] = {}
    with read_transaction(engine) as connection:
        for log in LOGS:
            tree, size = Frontier(), log_head(connection, log).size
            for leaf in leaf_hashes(connection, log, start=0, stop=size):
                tree.append(leaf)
                roots[log, tree.size] = tree.root()
    engine.dispose()
    assert len(heads) > WRITERS
    assert [head for head in heads if roots[head[:2]] != head[2]] == []


def nothing_is_found(server: Server, trust: Path) -> None:
    """`log verify`, with checkpoints, anchors and register, finds nothing to say."""
    desk = Desk(server.url("ledger"), trust=trust)
    found = desk.verify()
    assert {report.log for report in found.reports} == {*LOGS}
    assert [(problem.code, problem.position) for problem in found.problems] == []
    desk.close()


def checkpoints_go_on(desk: Desk, heads: list[Head]) -> None:
    """Every checkpoint that was signed goes on from the one before it, by proof."""
    for log in LOGS:
        signed = [(size, root) for name, size, root in heads if name == log]
        assert len({*signed}) == len(signed) > 1
        for (old_size, old_root), (size, root) in pairwise(signed):
            proof, _, _ = desk.proofs.consistency(log, old_size=old_size, new_size=size)
            assert check_consistency(
                old_size=old_size, new_size=size, old_root=old_root, new_root=root, proof=proof
            )


@pytest.mark.parametrize(("plan", "recorded"), [("lose", 0), ("keep back", 2)])
def test_lost_answer_crosses_over(
    pair: tuple[Server, Server], desk: Desk, tmp_path: Path, plan: str, recorded: int
) -> None:
    """The primary is lost between a commit and its answer: sent again to the standby in its place,
    the entries are skipped by their keys if it had them, and else recorded."""
    primary, standby = pair
    lines = [fact("a").encode(), fact("b").encode()]
    with Relay(primary) as relay:
        client = Desk(relay.url("ledger"), trust=tmp_path / "trust")
        client.record([fact("first").encode()])

        def fail_over(error: ConflictError) -> None:
            assert isinstance(error, OutcomeUnknownError)
            primary.kill()
            standby.promote()
            relay.server = standby

        relay.next_commits(plan)  # type: ignore[arg-type]  # one of its words
        receipt = client.record(lines, told=fail_over)
        assert (receipt.recorded, receipt.skipped, receipt.repeated) == (recorded, 2 - recorded, 1)
        assert receipt.upto == {"hechuan": 2}
        assert [head.size for head in client.logs()] == [3]
        assert not client.verify().problems
        client.close()
