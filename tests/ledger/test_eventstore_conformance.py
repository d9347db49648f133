"""The conformance suites eventsourcing ships for persistence modules, on both engines.

Where a suite writes versions from 0, the recorder is told so (`first_version=0`); the ledger's own
streams begin with 1. The suite's unittest classes are imported by module, so that only the
subclasses here are collected.
"""

# ruff: noqa: D102  what the suites ask for is said in the suites

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DatabaseError,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    ProgrammingError,
    StoredEvent,
    Tracking,
)
from eventsourcing.tests import persistence as suite
from eventsourcing.utils import Environment, get_topic

from ledger.engine import open_engine, read_transaction
from ledger.event_names import originator_of, stream_of, topic_of, type_of
from ledger.event_recorders import TaizhangApplicationRecorder, TaizhangProcessRecorder
from ledger.event_tables import TaizhangAggregateRecorder, TaizhangTrackingRecorder
from ledger.eventstore import TaizhangFactory
from ledger.reading import read_log
from support.places import Places, PostgresPlaces, SqlitePlaces
from support.postgres import Server


class _InLedger:
    """A new ledger for every test, at a place of the engine's."""

    __test__ = False
    _places: Places

    def setUp(self) -> None:
        self._threads = set(threading.enumerate())
        self.engine = open_engine(self._places.new().url, create=True)
        super().setUp()  # type: ignore[misc]  it is a TestCase's

    def tearDown(self) -> None:
        super().tearDown()  # type: ignore[misc]  the same
        for thread in set(threading.enumerate()) - self._threads:
            thread.join()  # readers that a suite told to stop, and left
        self.engine.dispose()


class _AggregateRecorder(_InLedger, suite.AggregateRecorderTestCase):
    def create_recorder(self) -> TaizhangAggregateRecorder:
        recorder = TaizhangAggregateRecorder(self.engine, "bank")
        recorder.create_table()
        return recorder


class _ApplicationRecorder(_InLedger, suite.ApplicationRecorderTestCase):
    # The concurrency tests write versions from 0 whatever this says; the others follow it.
    INITIAL_VERSION = 0

    def create_recorder(self) -> TaizhangApplicationRecorder:
        return TaizhangApplicationRecorder(self.engine, "bank", first_version=self.INITIAL_VERSION)

    def test_insert_subscribe(self) -> None:
        """Subscriptions see what was recorded and what is recorded, and stop when told."""
        super().optional_test_insert_subscribe()


class _FromVersionOne(_InLedger, suite.ApplicationRecorderTestCase):
    INITIAL_VERSION = 1

    # These write versions from 0; the class above runs them.
    test_concurrent_no_conflicts = None  # type: ignore[assignment]
    test_concurrent_throughput = None  # type: ignore[assignment]

    def create_recorder(self) -> TaizhangApplicationRecorder:
        return TaizhangApplicationRecorder(self.engine, "bank")

    def test_insert_subscribe(self) -> None:
        """Subscriptions see what was recorded and what is recorded, and stop when told."""
        super().optional_test_insert_subscribe()


class _TextId(_FromVersionOne):
    def new_originator_id(self) -> str:
        return f"bank/id:{super().new_originator_id()}"


class _TrackingRecorder(_InLedger, suite.TrackingRecorderTestCase):
    def create_recorder(self) -> TaizhangTrackingRecorder:
        recorder = TaizhangTrackingRecorder(self.engine, "bank")
        recorder.create_table()
        return recorder


class _ProcessRecorder(_InLedger, suite.ProcessRecorderTestCase):
    def create_recorder(self) -> TaizhangProcessRecorder:
        # Of this suite only the timing writes versions from 0.
        first = 0 if self._testMethodName == "test_performance" else 1
        recorder = TaizhangProcessRecorder(self.engine, "bank", first_version=first)
        recorder.create_table()
        return recorder


class _NonInterleaving(_InLedger, suite.NonInterleavingNotificationIDsBaseCase):
    insert_num = 1000

    def create_recorder(self) -> TaizhangApplicationRecorder:
        return TaizhangApplicationRecorder(self.engine, "bank", first_version=0)


class CustomTrackingRecorder(TaizhangTrackingRecorder):
    pass


class _Factory(suite.InfrastructureFactoryTestCase[TaizhangFactory]):
    __test__ = False
    _places: Places

    def setUp(self) -> None:
        self.env = Environment("Bank")
        self.env[InfrastructureFactory.PERSISTENCE_MODULE] = "ledger.eventstore"
        self.env["TAIZHANG_LEDGER"] = self._places.new().url
        super().setUp()

    def expected_factory_class(self) -> type[TaizhangFactory]:
        return TaizhangFactory

    def expected_aggregate_recorder_class(self) -> type[TaizhangAggregateRecorder]:
        return TaizhangAggregateRecorder

    def expected_application_recorder_class(self) -> type[TaizhangApplicationRecorder]:
        return TaizhangApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TaizhangTrackingRecorder]:
        return TaizhangTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TaizhangTrackingRecorder]:
        return CustomTrackingRecorder

    def expected_process_recorder_class(self) -> type[TaizhangProcessRecorder]:
        return TaizhangProcessRecorder


class OnFile:
    """Gives a suite places for ledgers in files."""

    __test__ = True
    _places: Places

    @pytest.fixture(autouse=True)
    def _given_places(self, tmp_path: Path) -> None:
        self._places = SqlitePlaces(tmp_path)


class OnServer:
    """Gives a suite places for ledgers on a server."""

    __test__ = True
    _places: Places

    @pytest.fixture(autouse=True)
    def _given_places(self, postgres: Server, tmp_path: Path) -> Iterator[None]:
        self._places = PostgresPlaces(tmp_path, postgres)
        yield
        self._places.close()


for _suite in (
    _AggregateRecorder,
    _ApplicationRecorder,
    _FromVersionOne,
    _TextId,
    _TrackingRecorder,
    _ProcessRecorder,
    _NonInterleaving,
    _Factory,
):
    for _engine in (OnFile, OnServer):
        _name = f"{_suite.__name__[1:]}{_engine.__name__}"
        globals()[_name] = type(_name, (_engine, _suite), {"__module__": __name__})


# --- the library's Application ------------------------------------------------------------------


class Account(Aggregate):
    @event("Opened")
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 0

    @event("Credited")
    def credit(self, amount: int) -> None:
        self.balance += amount


class BankAccounts(Application[Any]):
    snapshotting_intervals = {Account: 3}  # noqa: RUF012  the library's own way


@pytest.fixture
def url(ledger_url: str) -> str:
    """The URL of a ledger without entries."""
    return ledger_url


def _env(url: str, **more: str) -> dict[str, str]:
    return {"PERSISTENCE_MODULE": "ledger.eventstore", "TAIZHANG_LEDGER": url, **more}


def test_application_saves_and_loads(url: str) -> None:
    """An aggregate saved by one application object is loaded by another, with its snapshot."""
    with BankAccounts(_env(url)) as application:
        account = Account("张三")
        for amount in (1, 2, 3):
            account.credit(amount)
        recordings = application.save(account)
        assert [recording.notification.id for recording in recordings] == [1, 2, 3, 4]
    with BankAccounts(_env(url)) as application:
        loaded = application.repository.get(account.id)
        assert (loaded.owner, loaded.balance, loaded.version) == ("张三", 6, 4)
        assert len(list(application.snapshots.get(account.id))) == 1  # type: ignore[union-attr]


def test_stale_save_conflicts(url: str) -> None:
    """Of two saves from the same version the second raises the library's IntegrityError."""
    with BankAccounts(_env(url)) as application:
        account = Account("a")
        application.save(account)
        first, second = (application.repository.get(account.id) for _ in range(2))
        first.credit(1)
        second.credit(2)
        application.save(first)
        with pytest.raises(IntegrityError, match="version 2 cannot be recorded"):
            application.save(second)


def test_save_takes_facts(url: str) -> None:
    """The effective day and the recording instant of a save stand in the entries."""
    instant = datetime(2026, 11, 23, 8, 31, 27, 123456, tzinfo=UTC)
    with BankAccounts(_env(url)) as application:
        application.save(Account("a"), effective=date(2023, 6, 30), recorded=instant)
    engine = open_engine(url)
    with read_transaction(engine) as connection:
        (row,) = read_log(connection, "bank_accounts")
    engine.dispose()
    assert (row.effective, row.recorded) == ("2023-06-30", "2026-11-23T08:31:27.123456Z")


def test_unknown_fact_is_refused(url: str) -> None:
    """A fact the recorder has no place for is not dropped in silence."""
    with (
        BankAccounts(_env(url)) as application,
        pytest.raises(ProgrammingError, match="no place for efective"),
    ):
        application.save(Account("a"), efective="2023-06-30")


def test_gap_in_versions_conflicts(url: str) -> None:
    """A version that would leave a gap raises IntegrityError, and nothing is recorded."""
    engine = open_engine(url, create=True)
    recorder = TaizhangApplicationRecorder(engine, "bank")
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent("bank/a", 2, "Opened/1", b"{}")])
    assert recorder.max_notification_id() is None
    engine.dispose()


def test_tracking_is_kept_apart(url: str) -> None:
    """Two applications in one ledger track the same upstream each for itself."""
    engine = open_engine(url, create=True)
    one, two = (TaizhangTrackingRecorder(engine, log) for log in ("one", "two"))
    one.create_table()
    one.insert_tracking(Tracking("upstream", 5))
    assert two.max_tracking_id("upstream") is None
    two.insert_tracking(Tracking("upstream", 4))
    assert one.max_tracking_id("upstream") == 5
    engine.dispose()


_RECORD_ONE = """
import sys
from eventsourcing.persistence import StoredEvent
from ledger.engine import open_engine
from ledger.event_recorders import TaizhangApplicationRecorder

engine = open_engine(sys.argv[1])
events = [StoredEvent("bank/a", 1, "Opened/1", b"{}")]
TaizhangApplicationRecorder(engine, "bank").insert_events(events)
"""


def test_subscription_sees_other_process(url: str) -> None:
    """Events recorded by another process arrive, although nobody notifies."""
    engine = open_engine(url, create=True)
    recorder = TaizhangApplicationRecorder(engine, "bank")
    with recorder.subscribe() as subscription:
        # No fork: the subscription's thread may be inside SQLite just then, and hold its locks.
        subprocess.run([sys.executable, "-c", _RECORD_ONE, url], check=True, timeout=60)
        assert next(subscription).originator_id == "bank/a"
    engine.dispose()


def test_repeated_key_conflicts(url: str) -> None:
    """An idempotency key in a payload is recorded once in a stream."""
    engine = open_engine(url, create=True)
    recorder = TaizhangApplicationRecorder(engine, "bank")
    state = b'{"entry":{"key":"k-1","type":"WithdrawalRequested"}}'
    recorder.insert_events([StoredEvent("bank/a", 1, "WithdrawalRequested/1", state)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent("bank/a", 2, "WithdrawalRequested/1", state)])
    assert recorder.max_notification_id() == 1
    engine.dispose()


def test_recorded_never_goes_back(url: str) -> None:
    """A clock that went back repeats the last instant; an instant given before it is refused."""
    engine = open_engine(url, create=True)
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    recorder = TaizhangApplicationRecorder(engine, "bank", clock=lambda: early)
    recorder.insert_events([StoredEvent("bank/a", 1, "Opened/1", b"{}")], recorded=late)
    recorder.insert_events([StoredEvent("bank/a", 2, "Opened/1", b"{}")])
    with pytest.raises(DatabaseError, match="goes on from"):
        recorder.insert_events([StoredEvent("bank/a", 3, "Opened/1", b"{}")], recorded=early)
    with read_transaction(engine) as connection:
        assert len({row.recorded for row in read_log(connection, "bank")}) == 1
    engine.dispose()


# --- names and settings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    ["topic1", "app.model:Account.Opened", "EvaluationScored/1", "TopicX/1", "Z", "主题 Z/1", ""],
)
def test_topics_come_back(topic: str) -> None:
    """Every topic is stored as a leaf's type and comes back as it was."""
    stored = type_of(topic)
    assert stored.isascii()
    assert stored.endswith("/1")
    assert topic_of(stored) == topic


def test_originators_keep_their_type() -> None:
    """A UUID comes back as a UUID, text as text."""
    for originator in (suite.uuid4(), "beijing/91110108551385082U"):
        assert originator_of(stream_of(originator)) == originator


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("银行", {}),
        ("Bank", {"TAIZHANG_LEDGER": ""}),
        ("Bank", {"TAIZHANG_FIRST_VERSION": "2"}),
        ("Bank", {"PROCESS_RECORDER_TOPIC": get_topic(TaizhangTrackingRecorder)}),
    ],
)
def test_wrong_settings_are_named(url: str, name: str, settings: dict[str, str]) -> None:
    """A setting that makes no sense is refused by name."""
    with (
        pytest.raises(InfrastructureFactoryError),
        closing(TaizhangFactory(Environment(name, _env(url) | settings))) as factory,
    ):
        factory.process_recorder()


def test_no_create_needs_a_file(tmp_path: Path) -> None:
    """With CREATE_TABLE=no a ledger that does not exist is an error, not a new file."""
    _assert_not_created(f"sqlite:///{tmp_path}/ledger.db")


def test_no_create_needs_tables(postgres_url: str) -> None:
    """With CREATE_TABLE=no an empty database is an error, and stays empty."""
    _assert_not_created(postgres_url)


def _assert_not_created(url: str) -> None:
    for _ in range(2):
        with pytest.raises(DatabaseError, match="taizhang init"):
            TaizhangFactory(Environment("Bank", _env(url, CREATE_TABLE="no")))
