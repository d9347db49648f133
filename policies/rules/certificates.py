"""Which grade renews a certificate (X16)."""

from __future__ import annotations

from policies.case import Case
from policies.edition import CertificateRules
from policies.outcome import Assessment

__all__ = ["is_renewed"]


def is_renewed(case: Case, rules: CertificateRules) -> Assessment:
    """Whether the newest grade of the center gives it a new certificate; before the first grade it
    still may."""
    cite = case.cite(rules.article)
    results = case.state.results()
    newest = results[-1].result if results else None
    if newest is None:
        return Assessment(True, "not_graded_yet", {}, cite)
    renews = newest.grade in rules.renewed_for or (rules.every_pass and not newest.failed)
    values = {"grade": newest.grade, "grades": list(rules.renewed_for)}
    say = "certificate_renewed" if renews else "certificate_not_renewed"
    return Assessment(renews, say, values, cite, case.rests_on(newest.position))
