"""What would have left a ground of revocation unmet: the nearest other case, for an explanation."""

from __future__ import annotations

from typing import Any

from policies.case import Case
from policies.outcome import Assessment
from projections.center import Result

__all__ = ["would_be_unmet"]

_OTHERWISE = {
    "not_filed": "unmet_if_filed",
    "returns_missed_run": "unmet_if_returned",
    "withdrawal_requested": "unmet_if_not_asked",
}
"""Reason → what would have had to be otherwise; other reasons are grades and facts."""


def would_be_unmet(case: Case, reason: Assessment, ground: str) -> Assessment:
    """What would have had to be otherwise for one reason a met ground rests on."""
    values: dict[str, Any] = {**reason.values, "ground": ground}
    say = _OTHERWISE.get(reason.say, "unmet_without_fact")
    if reason.say in ("failed_run", "grade_failed"):
        say, more = _other_grade(case, reason)
        values |= more
    return Assessment(False, say, values, reason.cite, reason.entries)


def _other_grade(case: Case, reason: Assessment) -> tuple[str, dict[str, Any]]:
    """The points that would have passed the newest failed round; or, where it did not fail by its
    score, only that its grade would have to be another."""
    rounds = reason.values.get("rounds") or [reason.values.get("round")]
    evaluation = case.state.evaluation(str(rounds[-1]))
    result = evaluation.result if evaluation else None
    failing = [
        g for g in case.edition.evaluation.grades if g.word == case.edition.evaluation.failing
    ]
    bound = failing[0].high if failing else None
    values: dict[str, Any] = {"round": rounds[-1]}
    if result is None or bound is None or not _failed_by_score(result, bound):
        return "unmet_with_other_grade", values
    return "unmet_with_score", values | {
        "score": format(result.score or 0, "f"),
        "bound": format(bound, "f"),
    }


def _failed_by_score(result: Result, bound: Any) -> bool:
    return result.score is not None and result.score < bound
