"""Names of entries, fields and findings, in English; catalogues hold the words of the law."""

from __future__ import annotations

from cli.i18n import N_, translate

__all__ = ["CODES", "FIELDS", "TYPES", "code_name", "field_name", "type_name"]

TYPES: dict[str, str] = {
    "RoundOpened": N_("notice of a round"),
    "InterpretationAdopted": N_("interpretation adopted"),
    "ApplicationSubmitted": N_("application"),
    "ApplicationAdmitted": N_("admission"),
    "ApplicationRefused": N_("refusal of the application"),
    "ReviewDecided": N_("review decision"),
    "DesignationProposed": N_("proposal for designation"),
    "PublicityOpened": N_("publicity"),
    "ObjectionLodged": N_("objection"),
    "ObjectionDecided": N_("decision on an objection"),
    "CenterDesignated": N_("designation of the center"),
    "CertificateIssued": N_("issue of a certificate"),
    "EvaluationSubmitted": N_("evaluation filing"),
    "EvaluationNotSubmitted": N_("no evaluation filing"),
    "EvaluationDeferred": N_("deferral of the evaluation"),
    "FloorsAttested": N_("conclusion on the floors"),
    "EvaluationScored": N_("evaluation score"),
    "GradeConfirmed": N_("confirmation of the grade"),
    "WarningIssued": N_("warning"),
    "CommendationIssued": N_("commendation"),
    "RectificationOrdered": N_("order to rectify"),
    "RectificationReported": N_("report of the rectification"),
    "ReturnRequested": N_("request for a return"),
    "ReturnFiled": N_("return filed"),
    "ReturnMissed": N_("return missed"),
    "EnterpriseRenamed": N_("renaming of the enterprise"),
    "EnterpriseReorganized": N_("reorganisation of the enterprise"),
    "ChangeReported": N_("report of a change"),
    "FactEstablished": N_("established fact"),
    "WithdrawalRequested": N_("request to give up the designation"),
    "PartyNotified": N_("notification of the party"),
    "StatementHeard": N_("statement of the party"),
    "CenterRevoked": N_("revocation of the center"),
    "ScoreCorrected": N_("correction of the score"),
    "DecisionAnnulled": N_("annulment of a decision"),
    "PrivateErased": N_("erasure of private values"),
    "Sealed": N_("seal of a checkpoint"),
    "GenerationOpened": N_("new generation of the log"),
    "ErasuresReapplied": N_("erasures applied again"),
}
"""Type of an entry → what to call it."""

FIELDS: dict[str, str] = {
    "agency": N_("agency"),
    "annuls": N_("annuls"),
    "anonymous": N_("anonymous"),
    "attested": N_("attested"),
    "checkpoint": N_("checkpoint"),
    "claim": N_("claim"),
    "closes": N_("closes on"),
    "completed_on": N_("completed on"),
    "conditions": N_("conditions"),
    "deadline": N_("deadline"),
    "decided_on": N_("decided on"),
    "due": N_("due on"),
    "erased": N_("erased"),
    "erases": N_("erases"),
    "fact": N_("fact"),
    "fields": N_("fields"),
    "form": N_("form"),
    "generation": N_("generation"),
    "grade": N_("grade"),
    "grounds": N_("grounds"),
    "index_root": N_("root of the index"),
    "index_size": N_("streams in the index"),
    "indicators": N_("indicators"),
    "industry": N_("industry"),
    "interpretation": N_("interpretation"),
    "kind": N_("kind"),
    "lost_from": N_("lost from"),
    "materials": N_("materials"),
    "met": N_("met"),
    "name": N_("name"),
    "note": N_("note"),
    "number": N_("number"),
    "objection": N_("objection no."),
    "opinion": N_("opinion"),
    "outcome": N_("outcome"),
    "passed": N_("passed"),
    "penalized": N_("penalised"),
    "period": N_("period"),
    "previous_seal": N_("seal before"),
    "reason": N_("reason"),
    "regarding": N_("regarding"),
    "report": N_("report"),
    "reporting_year": N_("reporting year"),
    "round": N_("round"),
    "scheme": N_("scheme"),
    "score": N_("score"),
    "severity": N_("severity"),
    "source": N_("source"),
    "stage": N_("stage"),
    "stated_days": N_("stated days"),
    "status_digest": N_("digest of the statuses"),
    "subject": N_("subject"),
    "successor": N_("successor"),
    "tables": N_("tables"),
    "value": N_("value"),
}
"""Field of an entry → what to call it."""

CODES: dict[str, str] = {
    "already_confirmed": N_("already decided"),
    "already_designated": N_("already designated"),
    "banned": N_("banned"),
    "certificate_number": N_("certificate"),
    "commendation_unfounded": N_("commendation unfounded"),
    "condition_undetermined": N_("condition undetermined"),
    "condition_unmet": N_("condition unmet"),
    "excluded": N_("excluded"),
    "grade_mismatch": N_("grade differs"),
    "grade_undetermined": N_("grade undetermined"),
    "ground_undetermined": N_("ground undetermined"),
    "ground_unmet": N_("ground unmet"),
    "hearing_missing": N_("hearing missing"),
    "late": N_("late"),
    "lookback": N_("look-back"),
    "materials_missing": N_("materials missing"),
    "not_annullable": N_("not annullable"),
    "not_designated": N_("not designated"),
    "not_submitted": N_("not filed"),
    "objection_open": N_("objection open"),
    "objection_upheld": N_("objection upheld"),
    "policy_undetermined": N_("edition undetermined"),
    "publicity_missing": N_("publicity missing"),
    "publicity_running": N_("publicity running"),
    "publicity_short": N_("publicity too short"),
    "report_late": N_("reported late"),
    "result_overdue": N_("result overdue"),
    "review_failed": N_("review failed"),
    "review_missing": N_("review missing"),
    "revocation_due": N_("revocation due"),
    "round_unknown": N_("round unknown"),
    "score_missing": N_("score missing"),
    "signers_missing": N_("signers missing"),
    "warning_due": N_("warning due"),
    "warning_unfounded": N_("warning unfounded"),
}
"""Code of a finding → what to call it."""


def type_name(name: str) -> str:
    """What an entry of that type is called."""
    return translate(TYPES[name]) if name in TYPES else name


def field_name(name: str) -> str:
    """What a field of an entry is called."""
    return translate(FIELDS[name]) if name in FIELDS else name


def code_name(code: str) -> str:
    """What a finding with that code is called."""
    return translate(CODES[code]) if code in CODES else code
