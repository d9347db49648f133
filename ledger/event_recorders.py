"""eventsourcing's recorders on a ledger: aggregate events are entries, hashed like all others.

What the library calls a notification id is position + 1, an originator is a stream, a topic a type
(`ledger.event_names`). Versions are dense: a save that leaves a gap in a stream raises
IntegrityError, as one that comes too late does. An event whose payload carries an idempotency key
takes the key with it, and a key is taken once in a stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from threading import Event, Thread
from typing import Any
from uuid import UUID
from weakref import WeakSet

import orjson
from eventsourcing.persistence import (
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    NotSupportedError,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
    Tracking,
)
from sqlalchemy import Connection, Engine, bindparam, select

from ledger import reading
from ledger.clock import Clock, format_instant, legal_day, parse_instant, system_clock
from ledger.engine import read_transaction, write_transaction
from ledger.errors import MalformedError
from ledger.event_names import originator_of, stream_of, topic_of, type_of
from ledger.event_tables import TaizhangTrackingRecorder, library_errors
from ledger.keys import KeyRow, content_digest, insert_keys
from ledger.recorder import Draft, LogWriter
from ledger.schema import entries
from ledger.single_append import append_at_once, is_offered
from ledger.statements import LIST_LENGTHS, Statement, cursor_of, in_list, lists_of

__all__ = ["PollingSubscription", "TaizhangApplicationRecorder", "TaizhangProcessRecorder"]

_FIRST, _LAST, _ALL = -(2**31), 2**31 - 1, 2**62


class TaizhangApplicationRecorder(ApplicationRecorder):
    """Records and selects the events of one application in the log of its name.

    `first_version` is the version an aggregate begins with: 1, or 0 for classes made so.
    """

    def __init__(
        self,
        engine: Engine,
        log: str,
        *,
        first_version: int = 1,
        clock: Clock = system_clock,
        poll_seconds: float = 0.05,
    ) -> None:
        self.engine = engine
        self.log = log
        self.clock = clock
        self.poll_seconds = poll_seconds
        self._offset = first_version - 1
        self._listeners: WeakSet[Event] = WeakSet()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Record events and return their notification ids.

        `effective` (a date) and `recorded` (an instant) may be given as keywords, for instance
        `application.save(aggregate, effective=date(2023, 6, 30))`; else both are now.
        """
        with library_errors():
            at_once = None if kwargs else self._insert_at_once(stored_events)
            if at_once is not None:
                ids: Sequence[int] = [at_once]
            else:
                with write_transaction(self.engine) as connection:
                    ids = self._insert(connection, stored_events, **kwargs)
        for listener in list(self._listeners):
            listener.set()
        return ids

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of an aggregate."""
        offset = self._offset
        parameters = (
            self.log,
            stream_of(originator_id),
            _FIRST if gt is None else gt - offset,
            _LAST if lte is None else lte - offset,
            _ALL if limit is None else limit,
            0,
        )
        with library_errors(), read_transaction(self.engine) as connection:
            cursor = cursor_of(connection)
            cursor.execute(_stream(desc).text(connection), parameters)
            return [
                StoredEvent(originator_id, version + offset, topic_of(kind), payload)
                for version, kind, payload in cursor.fetchall()
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events of the log from one notification id to another, those of some topics."""
        first = 0 if start is None else start - 1 if inclusive_of_start else start
        last = _ALL if stop is None else stop - 1
        if len(topics) > LIST_LENGTHS[-1]:
            raise NotSupportedError(f"{len(topics)} topics are too many to select at once")
        kinds = next(lists_of(map(type_of, topics)), ())
        parameters = (self.log, first, last, *kinds, limit, 0)
        with library_errors(), read_transaction(self.engine) as connection:
            cursor = cursor_of(connection)
            cursor.execute(_range(len(kinds)).text(connection), parameters)
            return [
                Notification(
                    originator_of(stream),
                    version + self._offset,
                    topic_of(kind),
                    payload,
                    position + 1,
                )
                for position, stream, version, kind, payload in cursor.fetchall()
            ]

    def max_notification_id(self) -> int | None:
        """The notification id of the last event, None without events."""
        with library_errors(), read_transaction(self.engine) as connection:
            return reading.log_head(connection, self.log).size or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """An iterator over events recorded already and from now on, by whatever process."""
        return PollingSubscription(self, gt, topics)

    def notify(self, listener: Event) -> None:
        """Set an event, as long as it lives, whenever this recorder has recorded."""
        self._listeners.add(listener)

    def _insert_at_once(self, stored_events: Sequence[StoredEvent]) -> int | None:
        """The notification id of a single event, where the engine records it in one statement."""
        if not is_offered(self.engine) or len(stored_events) != 1:
            return None
        if b'"key":' in stored_events[0].state:
            return None
        instant = self.clock()
        (draft,) = self._drafts(stored_events, str(legal_day(instant)))
        found = append_at_once(self.engine, self.log, draft, recorded_at=format_instant(instant))
        return None if found is None else found + 1

    def _insert(
        self,
        connection: Connection,
        stored_events: Sequence[StoredEvent],
        *,
        effective: date | str | None = None,
        recorded: datetime | str | None = None,
        tracking: Tracking | None = None,
        **unknown: Any,
    ) -> Sequence[int]:
        if unknown or tracking is not None:
            facts = ", ".join([*unknown, *(["tracking"] if tracking else [])])
            raise ProgrammingError(f"this recorder has no place for {facts}")
        if not stored_events:
            return []
        with LogWriter(connection, self.log) as writer:
            instant = self._instant(connection, writer.size, recorded)
            day = str(effective or legal_day(parse_instant(instant)))
            drafts = self._drafts(stored_events, day)
            positions = writer.append(drafts, recorded_at=instant)
        insert_keys(connection, self.log, _keys(drafts, positions))
        return [position + 1 for position in positions]

    def _drafts(self, stored_events: Sequence[StoredEvent], day: str) -> list[Draft]:
        return [
            Draft(
                stream_of(event.originator_id),
                event.originator_version - self._offset,
                type_of(event.topic),
                day,
                event.state,
            )
            for event in stored_events
        ]

    def _instant(self, connection: Connection, size: int, recorded: datetime | str | None) -> str:
        """The recording instant; the clock's is raised to that of the last entry, if it went
        back."""
        given = format_instant(self.clock() if recorded is None else _parsed(recorded))
        before = reading.read_entry(connection, self.log, size - 1).recorded if size else given
        if recorded is not None and given < before:
            raise MalformedError(
                "recorded {given}, but the log goes on from {before}", given=given, before=before
            )
        return max(given, before)


class PollingSubscription(ListenNotifySubscription[TaizhangApplicationRecorder]):
    """A subscription that looks for new events now and then: no engine need notify anybody."""

    def __init__(
        self,
        recorder: TaizhangApplicationRecorder,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        self._stopped = Event()
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.notify(self._has_been_notified)
        self._poll_thread = Thread(target=self._poll, daemon=True)
        self._poll_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._poll_thread.join()

    def stop(self) -> None:
        """Stop the subscription and its threads."""
        self._stopped.set()
        super().stop()

    def _poll(self) -> None:
        seen = None
        try:
            while not self._stopped.wait(self._recorder.poll_seconds):
                last = self._recorder.max_notification_id()
                if last != seen:
                    self._has_been_notified.set()
                seen = last
        except BaseException as error:
            if self._thread_error is None:
                self._thread_error = error
            self.stop()


class TaizhangProcessRecorder(
    TaizhangTrackingRecorder, TaizhangApplicationRecorder, ProcessRecorder
):
    """Records events together with the position they come from, in one transaction."""

    def __init__(self, engine: Engine, log: str, **options: Any) -> None:
        TaizhangApplicationRecorder.__init__(self, engine, log, **options)

    def _insert(
        self,
        connection: Connection,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        **kwargs: Any,
    ) -> Sequence[int]:
        if tracking is not None:
            self._track(connection, tracking)
        return super()._insert(connection, stored_events, **kwargs)


def _keys(drafts: Sequence[Draft], positions: Iterable[int]) -> Iterator[KeyRow]:
    """The idempotency keys inside the payloads of ledger entries."""
    for draft, position in zip(drafts, positions, strict=True):
        if b'"key":' not in draft.payload:
            continue
        try:
            entry = orjson.loads(draft.payload)["entry"]
            yield KeyRow(entry["key"], draft.stream, position, content_digest(entry))
        except (ValueError, TypeError, KeyError):
            continue  # events of other applications may look as they like


def _parsed(instant: datetime | str) -> datetime:
    return instant if isinstance(instant, datetime) else parse_instant(instant)


@lru_cache(maxsize=2)
def _stream(descending: bool) -> Statement:
    table = entries.c
    statement = (
        select(table.version, table.type, table.payload)
        .where(table.log == bindparam("log_"), table.stream == bindparam("stream_"))
        .where(table.version > bindparam("gt"), table.version <= bindparam("lte"))
        .order_by(table.version.desc() if descending else table.version)
        .limit(bindparam("limit_"))
        .offset(bindparam("offset_"))  # SQLite's dialect would add one of its own
    )
    return Statement(statement, "log_", "stream_", "gt", "lte", "limit_", "offset_")


@lru_cache(maxsize=8)
def _range(types: int) -> Statement:
    table = entries.c
    statement = (
        select(table.position, table.stream, table.version, table.type, table.payload)
        .where(table.log == bindparam("log_"))
        .where(table.position >= bindparam("first"), table.position <= bindparam("last"))
        .order_by(table.position)
        .limit(bindparam("limit_"))
        .offset(bindparam("offset_"))
    )
    if types:
        statement = statement.where(in_list(table.type, types))
    names = (f"in_{number}" for number in range(types))
    return Statement(statement, "log_", "first", "last", *names, "limit_", "offset_")
