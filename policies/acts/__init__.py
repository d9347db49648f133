"""What each entry is checked against: one chapter function per type that has rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger import entries as e
from policies.acts import designation, evaluation, supervision
from policies.case import Case
from policies.verdict import Knowledge, Verdict

__all__ = ["CHAPTERS", "Chapter"]

Chapter = Callable[[Case, Any, Knowledge], Verdict]

CHAPTERS: dict[type[e.Entry], Chapter] = {
    e.RoundOpened: supervision.round_opened,
    e.InterpretationAdopted: supervision.interpretation_adopted,
    e.ApplicationSubmitted: designation.application_submitted,
    e.ApplicationAdmitted: designation.application_admitted,
    e.ApplicationRefused: designation.application_refused,
    e.ReviewDecided: designation.review_decided,
    e.DesignationProposed: designation.designation_proposed,
    e.PublicityOpened: evaluation.publicity_opened,
    e.ObjectionLodged: evaluation.objection_lodged,
    e.ObjectionDecided: evaluation.objection_decided,
    e.CenterDesignated: designation.center_designated,
    e.CertificateIssued: designation.certificate_issued,
    e.EvaluationSubmitted: evaluation.evaluation_submitted,
    e.EvaluationNotSubmitted: evaluation.evaluation_fact,
    e.EvaluationDeferred: evaluation.evaluation_deferred,
    e.FloorsAttested: evaluation.evaluation_fact,
    e.EvaluationScored: evaluation.evaluation_fact,
    e.GradeConfirmed: evaluation.grade_confirmed,
    e.WarningIssued: evaluation.warning_issued,
    e.CommendationIssued: evaluation.commendation_issued,
    e.RectificationOrdered: evaluation.rectification_ordered,
    e.ReturnRequested: evaluation.return_requested,
    e.ChangeReported: supervision.change_reported,
    e.CenterRevoked: supervision.center_revoked,
    e.ScoreCorrected: evaluation.score_corrected,
    e.DecisionAnnulled: supervision.decision_annulled,
    e.PrivateErased: supervision.private_erased,
}
"""Types without a chapter are recorded as they are: facts, and acts that no provision limits."""
