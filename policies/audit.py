"""Judge every recorded act again, and look for what should have been done and was not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from ledger.identity import parse_round
from ledger.ruling import Cite, Finding, Recorded
from policies.acts.supervision import deadline_cases
from policies.case import Case
from policies.edition import ResultDue
from policies.judge import Judge
from policies.replay import again
from policies.rules.changes import is_reported_late
from policies.rules.revocation import ground_met, is_settled, revocations_undone
from policies.verdict import Knowledge, KnownBefore
from projections.center import CenterState
from projections.fold import annulments, can_extend, extend, fold

__all__ = ["AuditFinding", "audit_center", "audit_plain", "count_acts"]


class AuditFinding(msgspec.Struct, frozen=True):
    """A deviation of an act (`position` set) or an omission (None)."""

    position: int | None
    center: str
    code: str
    say: str
    values: dict[str, Any]
    cite: Cite | None
    recorded: str | None = None
    ruled: str | None = None
    entries: tuple[int, ...] = ()


def audit_center(
    judge: Judge, center: str, entries: Sequence[Recorded], knowledge: Knowledge, *, today: date
) -> Iterator[AuditFinding]:
    """Deviations of the center's acts that stand, in their order, then its omissions."""
    gone = annulments(entries)
    state: CenterState | None = None
    for index, recorded in enumerate(entries):
        before = state if state is not None and recorded.entry.on >= state.latest_on else None
        if before is None:
            before = fold(center, entries[:index], on=recorded.entry.on)
        if recorded.entry.kind == "act" and recorded.position not in gone:
            yield from _deviations(judge, recorded, before, knowledge)
        if state is None:
            state = fold(center, entries[: index + 1])
        else:
            state = (
                extend(state, recorded)
                if can_extend(state, recorded)
                else fold(center, entries[: index + 1])
            )
    yield from _omissions(judge, fold(center, entries, on=today), entries, knowledge, today)


def audit_plain(
    judge: Judge, entries: Sequence[Recorded], knowledge: Knowledge
) -> Iterator[AuditFinding]:
    """Deviations of a round's or scheme's own acts."""
    for recorded in entries:
        if recorded.entry.kind == "act":
            yield from _deviations(judge, recorded, None, knowledge)


def count_acts(entries: Sequence[Recorded]) -> int:
    """How many acts there are among the entries."""
    return sum(1 for r in entries if r.entry.kind == "act")


def _deviations(
    judge: Judge, recorded: Recorded, state: CenterState | None, knowledge: Knowledge
) -> Iterator[AuditFinding]:
    judgement = again(judge, recorded, state, KnownBefore(knowledge, recorded.position))
    for bar in judgement.bars:
        yield _finding(recorded, bar, judgement.ruling.outcome.grade if judgement.ruling else None)


def _finding(recorded: Recorded, bar: Finding, grade: str | None) -> AuditFinding:
    was: str | None = type(recorded.entry).__name__
    ruled: str | None = None
    if bar.code == "grade_mismatch":
        was, ruled = bar.values.get("published"), bar.values.get("ruled")
    elif bar.code == "grade_undetermined":
        was = grade
    return AuditFinding(
        recorded.position,
        recorded.stream,
        bar.code,
        bar.say or bar.code,
        bar.values,
        bar.cite,
        was,
        ruled,
        bar.entries,
    )


def _omissions(
    judge: Judge, state: CenterState, entries: Sequence[Recorded], knowledge: Knowledge, today: date
) -> Iterator[AuditFinding]:
    scheme = state.center.partition("/")[0]
    edition_id = state.edition or _any_edition(entries) or judge.rulebook.ids(scheme)[-1]
    if edition_id not in judge.rulebook:
        return
    case = judge.case(judge.rulebook.edition(edition_id), state, today, knowledge, None)
    if state.standing == "designated":
        yield from _revocations_due(case, knowledge, revocations_undone(entries))
    yield from _warnings_due(case)
    yield from _results_overdue(case, {r.position: r.entry.on for r in entries})
    yield from _reports_late(case)


def _any_edition(entries: Sequence[Recorded]) -> str | None:
    return next(
        (r.ruling.edition for r in reversed(entries) if r.ruling and r.ruling.edition), None
    )


def _revocations_due(
    case: Case, knowledge: Knowledge, undone: dict[str, int]
) -> Iterator[AuditFinding]:
    """Grounds that are met, unless a revocation that knew of all they rest on was annulled."""
    rounds = deadline_cases(case, knowledge)
    for ground_id in case.edition.revocation.grounds:
        met = ground_met(case, ground_id, deadline_cases=rounds)
        if met.result and not is_settled(met, undone):
            values = {"ground": ground_id}
            yield AuditFinding(
                None,
                case.state.center,
                "revocation_due",
                "revocation_due",
                values,
                met.cite,
                entries=met.entries,
            )


def _warnings_due(case: Case) -> Iterator[AuditFinding]:
    band = case.edition.evaluation.warning
    for evaluation in case.state.evaluations:
        result = evaluation.result
        if band is not None and result is not None and result.warned and evaluation.warned is None:
            values = {
                "round": evaluation.round,
                "score": format(result.score, "f") if result.score is not None else None,
            }
            yield AuditFinding(
                None,
                case.state.center,
                "warning_due",
                "warning_due",
                values,
                case.cite(band.article),
                entries=(result.position,),
            )


def _results_overdue(case: Case, days: dict[int, date]) -> Iterator[AuditFinding]:
    due = case.edition.designation.result
    if due is not None:
        for application in case.state.applications:
            if application.admitted_on is None:
                continue
            ends = [
                days[n]
                for n in (application.designated, application.refused)
                if n is not None and n in days
            ]
            anchor = due.counts_from(parse_round(application.round).year, application.admitted_on)
            yield from _overdue(case, due, application.round, anchor, min(ends, default=None))
    due = case.edition.evaluation.result
    if due is not None:
        for evaluation in case.state.evaluations:
            if evaluation.deferred is not None or (
                evaluation.filed is None and evaluation.scored is None
            ):
                continue
            result = evaluation.result.on if evaluation.result else None
            yield from _overdue(
                case, due, evaluation.round, due.counts_from(evaluation.year), result
            )


def _overdue(
    case: Case, due: ResultDue, round_id: str, anchor: date | None, came: date | None
) -> Iterator[AuditFinding]:
    limit = None if anchor is None else case.working_day_after(anchor, due.working_days)
    if limit is None or (came or case.on) <= limit:
        return
    values = {
        "round": round_id,
        "limit": limit.isoformat(),
        "on": came.isoformat() if came else None,
    }
    say = "result_overdue" if came is None else "result_published_late"
    yield AuditFinding(
        None, case.state.center, "result_overdue", say, values, case.cite(due.article)
    )


def _reports_late(case: Case) -> Iterator[AuditFinding]:
    designated = case.state.designated_on
    for change in case.state.changes:
        if designated is None or change.on < designated:
            continue
        late = is_reported_late(case, change)
        if late.result:
            yield AuditFinding(
                None,
                case.state.center,
                "report_late",
                late.say,
                late.values,
                late.cite,
                entries=late.entries,
            )
