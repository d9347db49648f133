"""The ledger as eventsourcing's persistence module: `PERSISTENCE_MODULE=ledger.eventstore`.

An application of the library keeps its aggregates in a log of its own, hashed and provable like
every other entry. With the ledger's own entries as domain events:

    from datetime import date
    from eventsourcing.application import Application
    from ledger.entries import EvaluationScored, Score
    from ledger.mapper import EntryEvent
    from ledger.ruling import Payload

    class Scores(Application[str]):
        name = "beijing"                                      # the log
        env = {
            "PERSISTENCE_MODULE": "ledger.eventstore",
            "TAIZHANG_LEDGER": "sqlite:///taizhang.db",
            "MAPPER_TOPIC": "ledger.mapper:EntryMapper",      # closed registry, canonical bytes
            "TRANSCODER_TOPIC": "ledger.mapper:CanonicalTranscoder",
        }

    with Scores() as application:
        entry = EvaluationScored(on=date(2023, 6, 30), center="beijing/id:kelaila",
                                 round="beijing:evaluation:2023", score=Score("59.99"))
        event = EntryEvent("beijing/id:kelaila", 1, Payload(entry=entry))
        application.save(event, effective=entry.on)
        scored = list(application.events.get("beijing/id:kelaila"))

Nothing is ruled on this way: acts that need a ruling go through `ledger.book`. Aggregates of your
own work without the last two settings, with the library's mapper and its JSON.

Settings, each also with the application's name before it (`SCORES_TAIZHANG_LOG`):

    TAIZHANG_LEDGER          SQLAlchemy URL of the ledger; needed
    TAIZHANG_LOG             the log; default the application's name, `BankAccounts` → bank_accounts
    TAIZHANG_FIRST_VERSION   0 for aggregates with INITIAL_VERSION = 0; default 1
    CREATE_TABLE             no: neither ledger nor tables are made; default yes
    TRACKING_RECORDER_TOPIC, APPLICATION_RECORDER_TOPIC, PROCESS_RECORDER_TOPIC   subclasses
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from eventsourcing.persistence import (
    InfrastructureFactory,
    InfrastructureFactoryError,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from ledger.engine import open_engine
from ledger.event_recorders import TaizhangApplicationRecorder, TaizhangProcessRecorder
from ledger.event_tables import (
    TaizhangAggregateRecorder,
    TaizhangTrackingRecorder,
    library_errors,
)

__all__ = ["TaizhangFactory"]

T = TypeVar("T")

_LOG = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class TaizhangFactory(InfrastructureFactory[TaizhangTrackingRecorder]):
    """Makes recorders on one ledger; all share its connections, `close` lets them go."""

    TAIZHANG_LEDGER = "TAIZHANG_LEDGER"
    TAIZHANG_LOG = "TAIZHANG_LOG"
    TAIZHANG_FIRST_VERSION = "TAIZHANG_FIRST_VERSION"
    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(self.TAIZHANG_LEDGER)
        if not url:
            raise InfrastructureFactoryError(
                "no ledger is named: set TAIZHANG_LEDGER to its URL, such as sqlite:///taizhang.db"
            )
        self.log = self._log_name()
        self.first_version = self._first_version()
        with library_errors():
            self.engine = open_engine(url, create=self._creates())

    def aggregate_recorder(self, purpose: str = "events") -> TaizhangAggregateRecorder:
        """A recorder for snapshots, outside the log."""
        recorder = TaizhangAggregateRecorder(self.engine, self.log, purpose=purpose)
        if self._creates():
            recorder.create_table()
        return recorder

    def application_recorder(self) -> TaizhangApplicationRecorder:
        """A recorder for the application's log."""
        kind = self._class(self.APPLICATION_RECORDER_TOPIC, TaizhangApplicationRecorder)
        return kind(self.engine, self.log, first_version=self.first_version)

    def tracking_recorder(
        self, tracking_recorder_class: type[TaizhangTrackingRecorder] | None = None
    ) -> TaizhangTrackingRecorder:
        """A recorder for positions of other applications."""
        kind = tracking_recorder_class or self._class(
            self.TRACKING_RECORDER_TOPIC, TaizhangTrackingRecorder
        )
        recorder = kind(self.engine, self.log)
        if self._creates():
            recorder.create_table()
        return recorder

    def process_recorder(self) -> TaizhangProcessRecorder:
        """A recorder for the application's log and positions of other applications."""
        kind = self._class(self.PROCESS_RECORDER_TOPIC, TaizhangProcessRecorder)
        recorder = kind(self.engine, self.log, first_version=self.first_version)
        if self._creates():
            recorder.create_table()
        return recorder

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def _creates(self) -> bool:
        return strtobool(self.env.get(self.CREATE_TABLE) or "yes")

    def _class(self, setting: str, default: type[T]) -> type[T]:
        topic = self.env.get(setting)
        found: Any = resolve_topic(topic) if topic else default
        if not (isinstance(found, type) and issubclass(found, default)):
            raise InfrastructureFactoryError(f"{setting}: {topic} is no {default.__name__}")
        return found

    def _log_name(self) -> str:
        name = self.env.get(self.TAIZHANG_LOG) or _WORD_START.sub("_", self.env.name).lower()
        if not _LOG.fullmatch(name):
            raise InfrastructureFactoryError(
                f"{name!r} names no log (a-z, 0-9, _ and -, a letter first): set TAIZHANG_LOG"
            )
        return name

    def _first_version(self) -> int:
        text = self.env.get(self.TAIZHANG_FIRST_VERSION) or "1"
        if text not in ("0", "1"):
            raise InfrastructureFactoryError(f"TAIZHANG_FIRST_VERSION is {text!r}: write 0 or 1")
        return int(text)
