"""Counts of consecutive failures, from results and returns, by the rules the rulings carried."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ledger.ruling import CounterRule
from projections.center import CenterState, Evaluation, Request

__all__ = ["Count", "count", "counts", "returns_in_order"]


class Count(msgspec.Struct, frozen=True):
    """How many in a row, out of how many; `rounds` and `entries` name them, oldest first.

    `gap` is true where an older failure lies on the other side of a year without evaluation.
    """

    count: int
    limit: int
    rounds: tuple[str, ...]
    entries: tuple[int, ...]
    gap: bool = False


def counts(state: CenterState) -> dict[str, Count]:
    """Every counter the center's regulation knows."""
    return {rule.name: count(rule, state) for rule in state.counting}


def count(rule: CounterRule, state: CenterState) -> Count:
    """The run that the newest result or return ends."""
    if rule.counts == "return":
        return _missed(rule, state)
    run: list[Evaluation] = []
    gap = False
    for evaluation in reversed(state.results()):
        if not _counts(rule, evaluation):
            break
        if rule.adjacent_years and run and run[-1].year - evaluation.year > 1:
            gap = True
            break
        run.append(evaluation)
    run.reverse()
    positions = tuple(v.result.position for v in run if v.result)
    return Count(len(run), rule.limit, tuple(v.round for v in run), positions, gap)


def returns_in_order(state: CenterState, return_kind: str) -> list[Request]:
    """Returns of one kind since the designation, in the order of their due days."""
    since = state.designated_on
    kept = [r for r in state.requests if r.return_kind == return_kind]
    day = {id(r): r.due or r.missed_on or r.filed_on for r in kept}
    if since is not None:
        kept = [r for r in kept if (found := day[id(r)]) is not None and found >= since]
    return sorted(kept, key=lambda r: (str(day[id(r)]), r.period))


def _counts(rule: CounterRule, evaluation: Evaluation) -> bool:
    result = evaluation.result
    if result is None:
        return False
    if rule.counts == "grade":
        return result.grade in rule.grades
    score = result.score
    return score is not None and Decimal(rule.from_score) <= score < Decimal(rule.below_score)


def _missed(rule: CounterRule, state: CenterState) -> Count:
    ordered = returns_in_order(state, rule.return_kind)
    while ordered and ordered[-1].missed is None and ordered[-1].filed is None:
        ordered.pop()  # asked for, and not yet decided either way
    run: list[Request] = []
    for request in reversed(ordered):
        if request.missed is None or request.filed is not None:
            break
        run.append(request)
    run.reverse()
    positions = tuple(r.missed for r in run if r.missed is not None)
    return Count(len(run), rule.limit, tuple(r.period for r in run), positions)
