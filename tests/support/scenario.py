"""Given these entries, when this one, then that: scenarios on the real parts.

    given(*entries).when(entry).then(refused=["banned"])

Entries are written as in a file for `taizhang record`, as mappings. Two ledgers carry a scenario:

- `MemoryLedger` keeps `Recorded` entries in lists and folds a center from all of them before every
  ruling, the slow and plain way; parser, payload bytes, rulebook, calendars and fold are the real
  ones.
- `FileLedger` is a `Desk` on a real ledger, on either engine, with its caches, its transactions
  and its register.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cli.desk import Desk
from ledger import canonical
from ledger.clock import format_instant
from ledger.entries import Entry, stored_type, stream_of
from ledger.errors import MalformedError, Problem, RefusedError
from ledger.identity import parse_position, scheme_of
from ledger.parsing import content_of, parse_line
from ledger.ruling import Finding, Recorded
from ledger.session import find_entry
from ledger.upcasting import recorded_of
from policies.audit import AuditFinding, audit_center, audit_plain
from policies.calendars import load_calendar
from policies.duties import duties_of_center
from policies.eligibility import may_apply
from policies.explain import Explanation, explain
from policies.judge import Judge
from policies.rulebook import Rulebook
from projections.center import CenterState
from projections.counters import counts
from projections.fold import fold, known
from projections.rounds import Adopted, RoundState, fold_round, fold_scheme
from support.places import Place

__all__ = [
    "NOW",
    "TODAY",
    "Answer",
    "FileLedger",
    "MemoryLedger",
    "Scenario",
    "given",
    "judge",
    "knowledge_of",
    "line_of",
]

NOW = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
"""The instant every scenario is recorded at, unless it says otherwise."""

TODAY = date(2026, 12, 1)

Line = Mapping[str, Any]


@cache
def judge() -> Judge:
    """The real judge: the regulations that ship with the program, and the real calendars."""
    return Judge(Rulebook(), load_calendar())


def line_of(entry: Line) -> bytes:
    """The entry as a line of a file; decimals and days stand as text."""
    return json.dumps(entry, ensure_ascii=False, default=str).encode()


@dataclass(frozen=True)
class Answer:
    """What came of one line: recorded with these findings, or refused, or malformed."""

    recorded: tuple[Recorded, ...] = ()
    bars: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    malformed: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the rules did not support the act."""
        return not self.recorded and self.malformed is None

    @property
    def barred(self) -> list[str]:
        """Codes of what stands against the act, sorted, each once."""
        return sorted({f.code for f in self.bars})

    @property
    def noted(self) -> list[str]:
        """Codes of what is only said of it, sorted, each once."""
        return sorted({f.code for f in self.notes})


@dataclass
class _Stored:
    """The logs as plain lists; also what the judge may ask, up to a position of each log."""

    logs: dict[str, list[Recorded]] = field(default_factory=dict)
    upto: int | None = None

    def stream(self, name: str) -> list[Recorded]:
        return known(
            (r for r in self.logs.get(scheme_of(name), ()) if r.stream == name), position=self.upto
        )

    def round(self, round_id: str) -> RoundState | None:
        return fold_round(self.stream(round_id))

    def adopted(self, scheme: str) -> tuple[Adopted, ...]:
        return fold_scheme(self.stream(scheme))

    def recorded(self, center: str, name: str) -> Recorded | None:
        return find_entry(self.stream(center), scheme_of(center), name)


def knowledge_of(entries: Iterable[Recorded], *, upto: int | None = None) -> _Stored:
    """What the judge may ask, from entries at hand."""
    logs: dict[str, list[Recorded]] = {}
    for recorded in entries:
        logs.setdefault(recorded.log, []).append(recorded)
    return _Stored(logs, upto)


class MemoryLedger:
    """A ledger in lists; every ruling folds the center anew."""

    def __init__(self, *, today: date = TODAY) -> None:
        self.today = today
        self.stored = _Stored()

    def record(self, entry: Line, *, historical: bool = False) -> Answer:
        """Rule one line and keep it, unless it is malformed or refused."""
        parsed = parse_line(line_of(entry), 1, today=self.today)
        if isinstance(parsed, Problem):
            return Answer(malformed=str(parsed))
        answers = []
        try:
            for each in parsed.entries:
                answer = self._record(each, historical=historical)
                if answer.is_refused:
                    self._forget(answers)
                    return answer
                answers.append(answer)
        except MalformedError as error:
            self._forget(answers)
            return Answer(malformed=str(error))
        return Answer(
            tuple(r for a in answers for r in a.recorded),
            tuple(f for a in answers for f in a.bars),
            tuple(f for a in answers for f in a.notes),
        )

    def entries(self, center: str, *, known_at: str | None = None) -> list[Recorded]:
        """The center's entries, as known after a position."""
        upto = None if known_at is None else parse_position(known_at).number
        return known(self.stored.stream(center), position=upto)

    def state(
        self, center: str, *, on: date | None = None, known_at: str | None = None
    ) -> CenterState:
        """The state of law at the end of a day, from what was known after a position."""
        return fold(center, self.entries(center, known_at=known_at), on=on, annulled_as_of=on)

    def log(self, name: str) -> list[Recorded]:
        """Every entry of a log."""
        return list(self.stored.logs.get(name, ()))

    def audit(self, scheme: str, *, today: date | None = None) -> list[AuditFinding]:
        """What `taizhang audit` finds in a log."""
        found: list[AuditFinding] = []
        streams = sorted({r.stream for r in self.log(scheme)})
        for stream in streams:
            entries = self.stored.stream(stream)
            if "/" in stream:
                day = today or self.today
                found += audit_center(judge(), stream, entries, self.stored, today=day)
            else:
                found += audit_plain(judge(), entries, self.stored)
        return found

    def why(
        self, center: str, *, on: date | None = None, known_at: str | None = None
    ) -> Explanation:
        """The explanation of the center's status on a day."""
        day = on or self.today
        upto = None if known_at is None else parse_position(known_at).number
        entries = self.entries(center, known_at=known_at)
        state = fold(center, entries, on=day, annulled_as_of=day)
        return explain(judge(), state, entries, day, _Stored(self.stored.logs, upto))

    def _record(self, entry: Entry, *, historical: bool) -> Answer:
        stream = stream_of(entry)
        log = scheme_of(stream)
        before = self.stored.stream(stream)
        state = fold(stream, before, on=entry.on) if "/" in stream else None
        judgement = judge().judge(entry, state, self.stored)
        if judgement.bars and not historical:
            return Answer((), judgement.bars, judgement.notes)
        entries = self.stored.logs.setdefault(log, [])
        payload: dict[str, Any] = {"entry": content_of(entry)}
        for name, value in (
            ("ruling", judgement.ruling),
            ("findings", judgement.notes),
            ("deviations", judgement.bars),
        ):
            if value:
                payload[name] = msgspec.to_builtins(value)
        recorded = recorded_of(
            log,
            len(entries),
            stream,
            len(before) + 1,
            stored_type(type(entry)),
            format_instant(NOW + timedelta(seconds=len(entries))),
            canonical.encode(_lists(payload)),
        )
        entries.append(recorded)
        return Answer((recorded,), judgement.bars, judgement.notes)

    def _forget(self, answers: Sequence[Answer]) -> None:
        for recorded in (r for a in answers for r in a.recorded):
            self.stored.logs[recorded.log].remove(recorded)


class FileLedger:
    """A desk at a place or on a SQLite file, recorded through the real book."""

    def __init__(self, place: Place | Path, *, now: datetime = NOW) -> None:
        self.now = now
        is_file = isinstance(place, Path)
        url, trust = (f"sqlite:///{place}", None) if is_file else (place.url, place.trust)
        self.desk = Desk(url, clock=lambda: self.now, create=True, trust=trust)
        self.desk.__dict__["judge"] = judge()  # the same rulebook, loaded once for all tests
        self.desk.__dict__["rulebook"] = judge().rulebook

    def record(self, *entries: Line, historical: bool = False) -> Answer:
        """Record a file of these lines, all or nothing."""
        answer: Answer | None = None
        try:
            receipt = self.desk.record(map(line_of, entries), historical=historical)
        except RefusedError as error:
            answer = Answer((), tuple(finding for _, finding in error.findings))
        except MalformedError as error:
            answer = Answer(malformed="; ".join(map(str, error.problems)) or str(error))
        if answer is not None:
            return answer
        streams = {name for entry in entries for name in _streams_of(entry)}
        stored = {
            (r.log, r.position): r
            for name in streams
            for r in self.desk.book.stream(scheme_of(name), name)
        }
        recorded = [stored[parse_position(name)] for name in receipt.positions()]
        return Answer(
            tuple(recorded),
            tuple(f for r in recorded for f in r.deviations),
            tuple(f for r in recorded for f in r.findings),
        )

    def log(self, name: str) -> list[Recorded]:
        """Every entry of a log, in the order of its positions."""
        found = [r for _, entries in self.desk.source.all_streams(name) for r in entries]
        for stream in self.desk.source.plain_streams(name):
            found += self.desk.book.stream(name, stream)
        return sorted(found, key=lambda r: r.position)

    def state(
        self, center: str, *, on: date | None = None, known_at: str | None = None
    ) -> CenterState:
        """The state of law at the end of a day, from what was known at a time or position."""
        view = self.desk.view(scheme_of(center), on=on, known_at=known_at)
        return self.desk.state(center, view)

    def audit(self, scheme: str) -> list[AuditFinding]:
        """What `taizhang audit` finds in a log."""
        return [f for _, found in self.desk.audit(scheme) for f in found]

    def close(self) -> None:
        """Let the ledger go."""
        self.desk.close()


@dataclass
class Scenario:
    """A ledger with a past, and what the last entry did to it."""

    ledger: MemoryLedger
    answer: Answer = field(default_factory=Answer)
    line: Line = field(default_factory=dict)

    def when(self, entry: Line, *, historical: bool = False) -> Scenario:
        """Record one more line, which may be refused."""
        self.line = entry
        self.answer = self.ledger.record(entry, historical=historical)
        return self

    def then(self, **expected: Any) -> Scenario:
        """Check what became of the line and how the center stands after it; see `EXPECTATIONS`."""
        for name, value in expected.items():
            EXPECTATIONS[name](self, value)
        return self

    @property
    def center(self) -> str:
        """The center the last line speaks of."""
        return str(self.line.get("center") or self.line["centers"][0])

    @property
    def state(self) -> CenterState:
        """Where that center stands after everything recorded."""
        return self.ledger.state(self.center)

    @property
    def reasons(self) -> str:
        """Why the last line was refused or what deviates, for a failing test."""
        if self.answer.malformed is not None:
            return f"malformed: {self.answer.malformed}"
        return "; ".join(f"{f.code} ({f.say} {f.values})" for f in self.answer.bars) or "nothing"


def given(*entries: Line | Sequence[Line], historical: bool = False) -> Scenario:
    """A ledger that holds these entries, lists of them flattened; all of them must be lawful.

    `historical` records them as they were published. A single entry is recorded so where it carries
    `historical: true`, which is no field of an entry.
    """
    ledger = MemoryLedger()
    for each in flattened(entries):
        line = dict(each)
        as_published = bool(line.pop("historical", False)) or historical
        answer = ledger.record(line, historical=as_published)
        assert answer.recorded, f"{line} was not recorded: {Scenario(ledger, answer).reasons}"
        if not as_published:
            assert not answer.bars, f"{line} deviates: {answer.barred}"
    return Scenario(ledger)


def flattened(entries: Iterable[Any]) -> Iterator[Line]:
    """The mappings of nested lists, in order."""
    for each in entries:
        if isinstance(each, Mapping):
            yield each
        else:
            yield from flattened(each)


# --- what a scenario can expect -------------------------------------------------------------------


def _recorded(scenario: Scenario, expected: bool) -> None:
    answer = scenario.answer
    assert bool(answer.recorded) is expected, scenario.reasons
    if expected:
        assert not answer.bars, f"deviates: {scenario.reasons}"


def _refused(scenario: Scenario, expected: Sequence[str]) -> None:
    assert scenario.answer.malformed is None, scenario.reasons
    assert not scenario.answer.recorded, "it was recorded"
    assert scenario.answer.barred == sorted(expected), scenario.reasons


def _deviates(scenario: Scenario, expected: Sequence[str]) -> None:
    assert scenario.answer.recorded, scenario.reasons
    assert scenario.answer.barred == sorted(expected), scenario.reasons


def _noted(scenario: Scenario, expected: Sequence[str]) -> None:
    assert scenario.answer.noted == sorted(expected)


def _malformed(scenario: Scenario, expected: str) -> None:
    assert scenario.answer.malformed is not None, f"not malformed; {scenario.reasons}"
    assert expected in scenario.answer.malformed


def _cites(scenario: Scenario, expected: Mapping[str, str]) -> None:
    for code, article in expected.items():
        found = {
            f.cite.article if f.cite else None
            for f in (*scenario.answer.bars, *scenario.answer.notes)
            if f.code == code
        }
        assert article in found, f"{code} cites {found}"


def _names(scenario: Scenario, expected: Sequence[str]) -> None:
    """Every indicator, stage, fact or objection that a bar or note names."""
    found = {
        value
        for f in (*scenario.answer.bars, *scenario.answer.notes)
        for key, value in f.values.items()
        if key in ("indicator", "stage", "fact", "objection", "condition", "check")
    }
    assert found == set(expected)


def _says(scenario: Scenario, expected: Sequence[str]) -> None:
    """The sentence of every bar and note, by its name; of a ground also the parts it rests on."""
    found = {f.say for f in (*scenario.answer.bars, *scenario.answer.notes)}
    for finding in scenario.answer.bars:
        found |= {part["say"] for part in finding.values.get("because", ())}
    assert found == set(expected)


def _grade(scenario: Scenario, expected: str | None) -> None:
    outcome = scenario.answer.recorded[-1].outcome
    assert outcome.grade == expected


def _grade_article(scenario: Scenario, expected: str) -> None:
    cite = scenario.answer.recorded[-1].outcome.cite
    assert cite is not None
    assert cite.article == expected


def _warned(scenario: Scenario, expected: bool) -> None:
    assert scenario.answer.recorded[-1].outcome.warned is expected


def _ban(scenario: Scenario, expected: Mapping[str, Any] | None) -> None:
    assert _shown_ban(scenario.state, expected) == expected


def _as_of(scenario: Scenario, expected: Sequence[Mapping[str, Any]]) -> None:
    for view in expected:
        wanted = dict(view)
        on = date.fromisoformat(wanted.pop("on")) if "on" in wanted else None
        known_at = wanted.pop("known_at", None)
        state = scenario.ledger.state(scenario.center, on=on, known_at=known_at)
        for name, value in wanted.items():
            shown = _shown_ban(state, value) if name == "ban" else SHOWN[name](state)
            assert shown == value, f"{name} on {on} known at {known_at}"


def _eligible(scenario: Scenario, expected: Mapping[str, Any]) -> None:
    day = date.fromisoformat(expected["on"])
    center = scenario.center
    state = scenario.ledger.state(center, on=day)
    found = may_apply(judge(), state, scheme_of(center), day, scenario.ledger.stored)
    assert found.eligible is expected["answer"]
    if "codes" in expected:
        assert sorted({code for code, _ in found.against}) == sorted(expected["codes"])
    if "first" in expected:
        first = found.first_eligible_day
        assert (first.isoformat() if first else None) == expected["first"]


def _audit(scenario: Scenario, expected: Mapping[str, Any]) -> None:
    today = date.fromisoformat(expected["today"]) if "today" in expected else None
    found = scenario.ledger.audit(scheme_of(scenario.center), today=today)
    omissions = sorted(f.code for f in found if f.position is None)
    deviations = sorted(f.code for f in found if f.position is not None)
    assert omissions == sorted(expected.get("omissions", [])), found
    assert deviations == sorted(expected.get("deviations", [])), found


def _due(scenario: Scenario, expected: Mapping[str, Any]) -> None:
    """By when the named duties of the center are due, on a day."""
    day, center = date.fromisoformat(expected["on"]), scenario.center
    entries = scenario.ledger.entries(center)
    stored = scenario.ledger.stored
    found = {
        duty.what: duty.due.isoformat() if duty.due else None
        for duty in duties_of_center(judge(), center, entries, stored, on=day, rounds=())
    }
    wanted = {what: due for what, due in expected.items() if what != "on"}
    assert {what: found.get(what, "not due at all") for what in wanted} == wanted


def _readings(scenario: Scenario, expected: Mapping[str, str]) -> None:
    ruling = scenario.answer.recorded[-1].ruling
    assert ruling is not None
    assert {k: ruling.interpretations.get(k) for k in expected} == dict(expected)


def _edition(scenario: Scenario, expected: str) -> None:
    ruling = scenario.answer.recorded[-1].ruling
    assert ruling is not None
    assert ruling.edition == expected


def _shown_ban(state: CenterState, expected: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As much of the ban as is expected."""
    ban = state.ban
    if ban is None:
        return None
    shown = {
        "from": ban.start.isoformat(),
        "last_day": ban.last_day.isoformat() if ban.last_day else None,
        "first_eligible_day": ban.first_eligible_day.isoformat()
        if ban.first_eligible_day
        else None,
        "years": ban.years,
        "grounds": list(ban.grounds),
        "article": ban.cite.article,
    }
    return {k: v for k, v in shown.items() if expected is None or k in expected}


def _certificate(state: CenterState) -> dict[str, Any] | None:
    found = state.certificate
    if found is None:
        return None
    until = found.valid_until.isoformat() if found.valid_until else None
    return {"number": found.number, "valid_until": until}


def _last_evaluation(state: CenterState) -> dict[str, Any] | None:
    done = [v for v in state.evaluations if v.result is not None]
    if not done:
        return None
    last = max(done, key=lambda v: v.year)
    assert last.result is not None
    score = last.result.score
    return {
        "round": last.round,
        "grade": last.result.grade,
        "score": format(score, "f") if score is not None else None,
    }


SHOWN: dict[str, Callable[[CenterState], Any]] = {
    "status": lambda s: s.status,
    "name": lambda s: s.name,
    "former_names": lambda s: [f.name for f in s.former_names],
    "designated_on": lambda s: s.designated_on.isoformat() if s.designated_on else None,
    "revoked_on": lambda s: s.revoked_on.isoformat() if s.revoked_on else None,
    "grounds": lambda s: list(s.grounds),
    "counters": lambda s: {name: found.count for name, found in counts(s).items()},
    "warning": lambda s: s.warning.round if s.warning else None,
    "certificate": _certificate,
    "last_evaluation": _last_evaluation,
    "entries": lambda s: s.entries,
}
"""What can be expected of a center's state, by the names of the contract."""


def _shows(name: str) -> Callable[[Scenario, Any], None]:
    def check(scenario: Scenario, expected: Any) -> None:
        assert SHOWN[name](scenario.state) == expected, name

    return check


EXPECTATIONS: dict[str, Callable[[Scenario, Any], None]] = {
    **{name: _shows(name) for name in SHOWN},
    "recorded": _recorded,
    "refused": _refused,
    "deviates": _deviates,
    "noted": _noted,
    "malformed": _malformed,
    "cites": _cites,
    "names": _names,
    "says": _says,
    "grade": _grade,
    "grade_article": _grade_article,
    "warned": _warned,
    "ban": _ban,
    "as_of": _as_of,
    "eligible": _eligible,
    "audit": _audit,
    "due": _due,
    "readings": _readings,
    "edition": _edition,
}


def _streams_of(entry: Line) -> list[str]:
    """The streams a line goes to."""
    if "centers" in entry:
        return [str(center) for center in entry["centers"]]
    center = entry.get("center")
    return [str(center or entry.get("round") or entry["scheme"])]


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(part) for key, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, list | tuple) else value
