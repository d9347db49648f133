"""The same acts, judged again with exactly one thing replaced; recorded nowhere.

    what_if = WhatIf(judge, OtherReading("bj.consec.unit", "rounds"), read, scheme="beijing", …)
    for rejudged in what_if.center(center, entries).acts: …

What is replaced is one pin of every ruling: the edition, one reading, the calendar; or one entry,
added or left out (`policies.replacement`). Acts are judged in the order they were recorded, on what
was known then. An act that is not supported is taken as not made, and what follows is judged
without it; one published against the rules (`--historical`) stays in effect. A confirmed grade that
was the ruled one becomes the grade the replaced rules give.

An act whose outcome is undetermined may have been made or not: what follows is judged both ways,
and what depends on it is undetermined too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from ledger import entries as e
from ledger.entries import CenterEntry, Entry
from ledger.errors import MalformedError
from ledger.ruling import Ban, Cite, Finding, Recorded
from policies.judge import Judge, Judgement
from policies.replacement import ExtraFact, Past, Replacement, Without, judge_with
from projections.center import CenterState
from projections.fold import can_extend, extend, fold

__all__ = ["Answer", "Outlook", "Rejudged", "WhatIf"]


class Answer(msgspec.Struct, frozen=True):
    """Whether the rules support an act (None: undetermined), and what follows from it."""

    supported: bool | None
    codes: tuple[str, ...] = ()
    grade: str | None = None
    warned: bool | None = None
    ban: Ban | None = None
    valid_until: date | None = None


class Rejudged(msgspec.Struct, frozen=True):
    """An act as it was recorded and as it would be; `because` is the first reason that differs."""

    recorded: Recorded
    old: Answer
    new: Answer
    because: Finding | None = None

    @property
    def is_changed(self) -> bool:
        """Whether anything would follow that does not, or the other way round."""
        return _comparable(self.old) != _comparable(self.new)


class Outlook(msgspec.Struct, frozen=True):
    """The acts of a center, and its status as it is and as it would be (None: undetermined)."""

    acts: tuple[Rejudged, ...]
    old: str
    new: str | None


class WhatIf:
    """One scheme's acts under one replacement; `read` gives any stream, `size` the log's length."""

    def __init__(
        self,
        judge: Judge,
        replacement: Replacement,
        read: Callable[[str], Sequence[Recorded]],
        *,
        scheme: str,
        size: int,
        today: date,
    ) -> None:
        self.judge = judge_with(judge, replacement, scheme=scheme)
        self.without = replacement.position if isinstance(replacement, Without) else None
        self.today = today
        self.past = Past(read, replacement, scheme=scheme)
        facts = replacement.entries if isinstance(replacement, ExtraFact) else ()
        self.extra = {fact.center: _as_if_recorded(fact, scheme, size) for fact in facts}

    def center(self, center: str, entries: Sequence[Recorded]) -> Outlook:
        """The center's acts, in the order they were recorded."""
        old = fold(center, entries, on=self.today, annulled_as_of=self.today).status
        acts, new = self._replay(center, entries, open_acts_stand=False)
        if any(act.new.supported is None for act in acts):
            others, other = self._replay(center, entries, open_acts_stand=True)
            acts = [_either(a, b) for a, b in zip(acts, others, strict=True)]
            return Outlook(tuple(acts), old, new if new == other else None)
        return Outlook(tuple(acts), old, new)

    def plain(self, entries: Sequence[Recorded]) -> list[Rejudged]:
        """The acts of a round or of the scheme itself."""
        acts = [r for r in entries if r.entry.kind == "act" and r.position != self.without]
        return [self._judged(recorded, None)[0] for recorded in acts]

    def _replay(
        self, center: str, entries: Sequence[Recorded], *, open_acts_stand: bool
    ) -> tuple[list[Rejudged], str]:
        world = _World(center, self.extra.get(center))
        self.past.world = world.entries
        found = []
        for recorded in entries:
            if recorded.position == self.without:
                continue
            if recorded.entry.kind == "fact":
                world.add(recorded)
                continue
            rejudged, made = self._judged(recorded, world.state_on(recorded.on))
            found.append(rejudged)
            if made is None and rejudged.new.supported is None and open_acts_stand:
                made = recorded
            if made is not None:
                world.add(made)
        return found, world.state(self.today).status

    def _judged(
        self, recorded: Recorded, state: CenterState | None
    ) -> tuple[Rejudged, Recorded | None]:
        """The act judged again, and the entry it would be; None where it would not be made."""
        self.past.upto = recorded.position
        judgement, mismatch = self._ask(recorded, state)
        made = None
        if not judgement.bars or recorded.deviations:
            ruling = judgement.ruling or recorded.ruling
            made = replace(recorded, ruling=ruling, deviations=judgement.bars)
        old = _answer(recorded.deviations, recorded)
        new = _answer(judgement.bars, made)
        because = _first_difference(recorded, old, judgement, new, mismatch)
        return Rejudged(recorded, old, new, because), made

    def _ask(
        self, recorded: Recorded, state: CenterState | None
    ) -> tuple[Judgement, Finding | None]:
        """The judgement; for a grade that would be another one, also the finding that says so."""
        entry = recorded.entry
        was_ruled = all(f.code != "grade_mismatch" for f in recorded.deviations)
        if not isinstance(entry, e.GradeConfirmed) or not was_ruled:
            return self._judge(entry, state), None
        judgement = self._judge(replace(entry, grade=None), state)
        outcome = judgement.ruling.outcome if judgement.ruling else None
        if outcome is None or outcome.grade is None:  # no grade to give: the published one stays
            return self._judge(entry, state), None
        if outcome.grade == recorded.outcome.grade:
            return judgement, None
        as_it_was = self._judge(replace(entry, grade=recorded.outcome.grade), state)
        mismatch = next((f for f in as_it_was.bars if f.code == "grade_mismatch"), None)
        return judgement, mismatch

    def _judge(self, entry: Entry, state: CenterState | None) -> Judgement:
        try:
            return self.judge.judge(entry, state, self.past)
        except MalformedError as error:  # such as a ground that the other edition does not have
            reason = Finding(code="policy_undetermined", say=error.message, values=error.values)
            return Judgement(None, (reason,))


class _World:
    """A center's entries as they would have been recorded, folded as they come."""

    def __init__(self, center: str, extra: Recorded | None) -> None:
        self.center = center
        self.extra = extra
        self.entries: list[Recorded] = []
        self._state = fold(center, ())

    def add(self, recorded: Recorded) -> None:
        """Take one more entry in."""
        self.entries.append(recorded)
        if can_extend(self._state, recorded):
            self._state = extend(self._state, recorded)
        else:
            self._state = fold(self.center, self.entries)

    def state_on(self, day: date) -> CenterState:
        """The state an act of that day is ruled on; every annulment known by now counts."""
        if self.extra is None and day >= self._state.latest_on:
            return self._state
        return fold(self.center, self._all(), on=day)

    def state(self, day: date) -> CenterState:
        """The state of law at the end of the day."""
        return fold(self.center, self._all(), on=day, annulled_as_of=day)

    def _all(self) -> list[Recorded]:
        return self.entries if self.extra is None else [*self.entries, self.extra]


def _as_if_recorded(fact: CenterEntry, scheme: str, size: int) -> Recorded:
    """The fact in the place it would get: at the end of the log."""
    entry: Any = fact
    name = type(fact).__name__
    return Recorded(scheme, size, fact.center, 0, f"{name}/{fact.schema}", "", entry)


def _answer(bars: Sequence[Finding], made: Recorded | None) -> Answer:
    codes = tuple(sorted({bar.code for bar in bars}))
    if made is None:
        return Answer(_supported(bars), codes)
    outcome = made.outcome
    warned = outcome.warned if isinstance(made.entry, e.GradeConfirmed) else None
    return Answer(_supported(bars), codes, outcome.grade, warned, outcome.ban, outcome.valid_until)


def _supported(bars: Sequence[Finding]) -> bool | None:
    """No, if a bar is certain; undetermined, if all of them wait for something unknown."""
    if not bars:
        return True
    return None if all(_is_open(bar) for bar in bars) else False


def _is_open(bar: Finding) -> bool:
    """Whether a bar says that something is unknown, rather than that something is amiss."""
    return bar.code.endswith("_undetermined") or bar.say in _OPEN_QUESTIONS


_OPEN_QUESTIONS = frozenset({"no_calendar", "no_score", "section_unknown"})
"""Sentences that say why something is not known."""


def _comparable(answer: Answer) -> tuple[Any, ...]:
    """The answer without the names of editions, which differ between editions that agree."""
    outcome = (answer.grade, answer.warned, _length(answer.ban), answer.valid_until)
    return (answer.supported, answer.codes, *outcome)


def _length(ban: Ban | None) -> tuple[Any, ...] | None:
    return (ban.start, ban.last_day, ban.grounds) if ban else None


def _either(one: Rejudged, other: Rejudged) -> Rejudged:
    """The act, undetermined where it comes out differently with and without the open acts."""
    if _comparable(one.new) == _comparable(other.new):
        return one
    return replace(one, new=Answer(None), because=one.because or other.because)


def _first_difference(
    recorded: Recorded, old: Answer, judgement: Judgement, new: Answer, mismatch: Finding | None
) -> Finding | None:
    """The first reason that stands now and did not, or that stood and does not now."""
    before = {(f.code, f.say) for f in recorded.deviations}
    after = {(f.code, f.say) for f in judgement.bars}
    added = (f for f in judgement.bars if (f.code, f.say) not in before)
    dropped = (f for f in recorded.deviations if (f.code, f.say) not in after)
    found = next(added, None) or mismatch or next(dropped, None)
    if found is not None or _comparable(old) == _comparable(new):
        return found
    return _consequence(judgement, old, new)


def _consequence(judgement: Judgement, old: Answer, new: Answer) -> Finding | None:
    """What follows from an act that stands either way: its ban, warning or last day."""
    cite = judgement.ruling.outcome.cite if judgement.ruling else None
    if _length(old.ban) != _length(new.ban):
        return _other_ban(old.ban, new.ban)
    if old.warned != new.warned:
        code = "warning_due" if new.warned else "warning_unfounded"
        say = "would_be_warned" if new.warned else "would_not_be_warned"
        return Finding(code=code, cite=cite, say=say, values={"grade": new.grade})
    values = {"was": _text(old.valid_until), "would_be": _text(new.valid_until)}
    return Finding(code="certificate_number", cite=cite, say="would_be_valid", values=values)


def _other_ban(old: Ban | None, new: Ban | None) -> Finding:
    cite: Cite | None = new.cite if new else old.cite if old else None
    values = {
        "was": _text(old.last_day if old else None),
        "would_be": _text(new.last_day if new else None),
    }
    say = "would_not_be_banned" if new is None else "would_be_banned"
    return Finding(code="banned", cite=cite, say=say, values=values)


def _text(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
