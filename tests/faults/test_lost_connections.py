"""The connection to a server breaks, before a commit or in it: what is said, what is on file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import make_url

from cli.desk import Desk
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import (
    ConflictError,
    NotReplicatedError,
    OutcomeUnknownError,
    UnreachableError,
)
from ledger.receipt import Receipt
from ledger.statements import cursor_of
from support.counter import bare_fact, fact
from support.postgres import Server, Servers, standby_of
from support.relay import Relay

KEYED = [fact("a").encode(), fact("b").encode()]
KEYLESS = [bare_fact("a").encode()]


@pytest.fixture
def relay(postgres: Server, postgres_url: str) -> Iterator[Relay]:
    """A way to the shared server that can be broken."""
    with Relay(postgres) as made:
        yield made


@pytest.fixture
def desk(relay: Relay, postgres_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A ledger with one entry, reached through the relay."""
    url = relay.url(make_url(postgres_url).database or "")
    made = Desk(url, create=True, trust=tmp_path / "trust")
    made.initialise()
    made.record([fact("first").encode()])
    yield made
    made.close()


def sizes(desk: Desk) -> dict[str, int]:
    """How many entries each log has."""
    return {head.log: head.size for head in desk.logs()}


# --- the answer to a commit ---------------------------------------------------------------------


def test_lost_answer_is_absorbed(desk: Desk, relay: Relay) -> None:
    """A commit whose answer was lost is sent again and skipped by its keys: on file once."""
    told: list[ConflictError] = []
    relay.next_commits("lose")
    receipt = desk.record(KEYED, told=told.append)
    assert [type(error) for error in told] == [OutcomeUnknownError]
    assert (receipt.recorded, receipt.skipped, receipt.repeated) == (0, 2, 1)
    assert (receipt.upto, sizes(desk)) == ({"hechuan": 2}, {"hechuan": 3})
    assert not desk.verify().problems


def test_lost_commit_is_made_again(desk: Desk, relay: Relay) -> None:
    """A commit that never arrived is made by the second attempt."""
    relay.next_commits("keep back")
    receipt = desk.record(KEYED)
    assert (receipt.recorded, receipt.skipped, receipt.repeated) == (2, 0, 1)
    assert sizes(desk) == {"hechuan": 3}


def test_file_is_read_again(desk: Desk, relay: Relay, tmp_path: Path) -> None:
    """An open file goes back to where its lines began."""
    (tmp_path / "file.jsonl").write_bytes(b"not for the ledger\n" + b"".join(KEYED))
    relay.next_commits("lose", "lose")
    with (tmp_path / "file.jsonl").open("rb") as file:
        file.readline()
        receipt = desk.record(file)
    assert (receipt.skipped, receipt.repeated) == (2, 2)


@pytest.mark.parametrize("plan", ["lose", "keep back"])
@pytest.mark.parametrize(
    ("given", "as_given"), [(KEYLESS, list), (KEYED + KEYLESS, list), (KEYED, iter)]
)
def test_nothing_is_recorded_twice(
    desk: Desk, relay: Relay, plan: Any, given: list[bytes], as_given: Any
) -> None:
    """Without a key for each, or with lines that are gone, nobody sends again: it says so."""
    relay.next_commits(plan)
    with pytest.raises(OutcomeUnknownError, match="may be on file or not"):
        desk.record(as_given(given))
    made = len(given) if plan == "lose" else 0
    assert sizes(desk) == {"hechuan": 1 + made}


def test_attempts_come_to_an_end(desk: Desk, relay: Relay) -> None:
    """Where no attempt is answered, the last word is that the outcome is unknown."""
    desk.engine.update_execution_options(taizhang_busy_seconds=0.5)
    relay.next_commits("lose", *["keep back"] * 100)
    with pytest.raises(OutcomeUnknownError):
        desk.record(KEYED)
    relay.forget_plans()
    assert sizes(desk) == {"hechuan": 3}


def test_register_is_not_the_record(desk: Desk, relay: Relay) -> None:
    """Where only the register's rows are lost, what was recorded is acknowledged, once."""
    relay.next_commits("pass on", "keep back")
    receipt = desk.record(KEYED)
    assert (receipt.recorded, receipt.repeated) == (2, 0)
    assert [row.center for row in desk.register(scheme=None, status=None, search="id:b")] == [
        "hechuan/id:b"
    ]


# --- before a commit, and between transactions --------------------------------------------------


def end_connections(engine: Engine, server: Server) -> None:
    """The server ends every connection to the ledger."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    server.run(ended, engine.url.database)
    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    while server.row(left, engine.url.database) != (0,):
        sleep(0.01)


def test_broken_connection_is_dropped(desk: Desk, postgres: Server) -> None:
    """What breaks under the driver's own cursor was not recorded, and is not handed out again."""
    with pytest.raises(UnreachableError, match="terminating connection due to"):
        ask_while_ended(desk.engine, postgres)
    assert desk.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of its kind of pool
    assert sizes(desk) == {"hechuan": 1}


def ask_while_ended(engine: Engine, server: Server) -> None:
    """Go on in a transaction whose connection the server has ended."""
    with write_transaction(engine) as connection:
        end_connections(engine, server)
        cursor_of(connection).execute("SELECT 1")


@pytest.mark.usefixtures("desk")
def test_stale_connections_cost_nothing(postgres: Server, postgres_url: str) -> None:
    """After the server ended all connections of the pool, not one of them gives an error."""
    near = Desk(postgres_url)  # a relay would pass on the end some time later
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: slept(near.engine), range(8)))
    assert near.engine.pool.checkedin() == 8  # type: ignore[attr-defined]  # of its kind of pool
    end_connections(near.engine, postgres)
    for _ in range(8):
        assert sizes(near) == {"hechuan": 1}
    near.close()


def test_ended_at_once_is_unreachable(desk: Desk, postgres: Server) -> None:
    """A server that lets in and at once ends the connection, as a dying one does, is away."""

    def end(driver: Any, _record: object) -> None:
        postgres.run("SELECT pg_terminate_backend(%s, 10000)", driver.info.backend_pid)

    desk.engine.dispose()
    event.listen(desk.engine, "connect", end)
    with pytest.raises(UnreachableError):
        sizes(desk)


def slept(engine: Engine) -> None:
    """Hold a connection for a while, so that others need another."""
    with read_transaction(engine) as connection:
        connection.execute(text("SELECT pg_sleep(0.2)"))


def test_lost_before_commit_is_sent_again(desk: Desk, postgres: Server) -> None:
    """What broke before its commit was sent is sent again, keys or not: nothing was recorded."""
    ended: list[int] = []

    def end_once(line: int) -> None:
        if not ended:
            end_connections(desk.engine, postgres)
        ended.append(line)

    told: list[ConflictError] = []
    receipt = desk.record(KEYLESS, progress=end_once, told=told.append)
    assert [type(error) for error in told] == [UnreachableError]
    assert (receipt.recorded, sizes(desk)) == (1, {"hechuan": 2})


# --- a server that no longer waits for its standby ----------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("is_shared", [False, True])
def test_unreplicated_is_no_success(servers: Servers, tmp_path: Path, is_shared: bool) -> None:
    """A commit that is told not to wait for a standby is on file, and not acknowledged; recorded
    again, it waits for a standby though there is nothing to record."""
    primary = servers.start("primary")
    standby = standby_of(primary, "standby")
    desk = Desk(primary.create_database("ledger"), create=True, trust=tmp_path / "trust")
    desk.initialise()
    desk.record([fact("first").encode()])
    record = desk.record_shared if is_shared else desk.record
    standby.stop("immediate")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(record, KEYED)
        break_off(primary, held)
        with pytest.raises(NotReplicatedError, match="perhaps on no standby"):
            held.result(30)
        assert sizes(desk) == {"hechuan": 3}
        again = pool.submit(record, KEYED)
        assert waits(primary, again)
        standby.start()
        assert again.result(30).skipped == 2
    standby.caught_up(primary)
    reader = open_engine(standby.url("ledger"))
    with read_transaction(reader) as connection:
        assert connection.scalar(text("SELECT size FROM logs")) == 3
    reader.dispose()
    desk.close()


def waits(server: Server, held: Future[Receipt]) -> bool:
    """Whether a commit waits for a standby; False where it came back."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    deadline = monotonic() + 30
    while server.row(asked) == (0,):
        if held.done():
            return False
        assert monotonic() < deadline
        sleep(0.02)
    return True


def break_off(server: Server, held: Future[Receipt]) -> None:
    """Cancel what waits for a standby."""
    assert waits(server, held)
    server.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
