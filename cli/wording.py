"""Every sentence the rules speak, in English; catalogues translate them (zh is authoritative for
the law's own words).

A finding or a step of an explanation carries the name of its sentence and values; this module turns
both into text. Names of facts, stages, indicators and the like inside the
values are translated word by word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.glossary import type_name
from cli.i18n import N_, translate

__all__ = ["SENTENCES", "WORDS", "sentence", "word"]

SENTENCES: dict[str, str] = {
    # editions
    "no_edition_in_force": N_(
        "no edition is known to be in force on {on}; name one with policy and policy_reason"
    ),
    "edition_ended": N_(
        "{edition} is known to have ended before {on}; name the edition with policy and "
        "policy_reason"
    ),
    "policy_reason_missing": N_(
        "{edition} is not known to be in force on {on}; policy_reason has to say why it is applied"
    ),
    "section_unknown": N_(
        "{edition} does not hold {place}: {reason}; a file that holds it can be added with "
        "`taizhang policy add`"
    ),
    # filing
    "in_time": N_("filed on {filed_on}, in time for {deadline}"),
    "filed_late": N_("filed on {filed_on}, after the deadline {deadline} (last day {last_day})"),
    "objection_late": N_(
        "lodged on {filed_on}, after the publicity ended on {deadline} (last day {last_day})"
    ),
    "deadline_unknown": N_("the round has no notice on file, so its deadline is unknown"),
    "no_calendar": N_(
        "no working-day calendar is published for {year}; the answer stays open until it is"
    ),
    "not_filed": N_("nothing filed for {round}: recorded on {on}, after the last day {limit}"),
    "not_filed_too_early": N_(
        "the entry that nothing was filed for {round} is of {on}, not after the last day {limit}"
    ),
    "owes_no_evaluation": N_("designated on {designated_on}: no evaluation is owed in {round}"),
    "nothing_on_file": N_(
        "nothing is on file for {round} up to #{position}, and the last day {limit} is over"
    ),
    "filed_within_limit": N_("filed for {round} on {filed_on}, not after {limit}"),
    "filed_after_limit": N_("filed for {round} on {filed_on}, after the last day {limit}"),
    "evaluation_deferred": N_("the evaluation {round} is deferred: neither filed nor failed"),
    "evaluation_exempt": N_("the notice of {round} takes the center out of the evaluation"),
    "no_failure_to_file": N_("no entry says that nothing was filed for {round}"),
    "no_failure_to_file_on_record": N_("no entry says that nothing was filed for an evaluation"),
    # standing
    "no_ban": N_("no reapplication ban runs"),
    "banned": N_(
        "banned from applying from {start} to {last_day}; may apply from {first_eligible_day}"
    ),
    "banned_unknown": N_(
        "banned from applying since {start}; the length of the ban is undetermined: {reason}"
    ),
    "already_designated": N_("already designated since {designated_on}"),
    "not_designated": N_("the center is not designated on that day"),
    "no_application": N_("no application of the center is on file for {round}"),
    "application_refused": N_("the application in {round} was refused"),
    # conditions
    "lookback": N_(
        "{fact} established on {decided_on} lies in the look-back window {from} to {to}"
    ),
    "lookback_act_unknown": N_(
        "on which day {fact} happened, decided on {decided_on}, is not on file; the window runs "
        "from {from} to {to}"
    ),
    "condition_met": N_("{indicator} is {value} {unit}, at least {at_least}"),
    "condition_unmet": N_("{indicator} is {value} {unit}, less than {at_least}"),
    "condition_not_for_industry": N_("{indicator} is not asked of {industry}"),
    "figure_missing": N_("{indicator} is not filed; at least {at_least} {unit} is needed"),
    "industry_missing": N_(
        "{indicator} is {value} {unit}; whether it suffices depends on the industry, which is not "
        "filed"
    ),
    "floors_not_attested": N_(
        "the minimum values are not in the text at hand and no audited conclusion is on file for "
        "{round}"
    ),
    "floors_met": N_("an audited conclusion says that every floor is met"),
    "floors_missed": N_("an audited conclusion says that a floor is missed"),
    "attested": N_("attested: {condition}"),
    "attested_not": N_("attested as not given: {condition}"),
    "notice_condition": N_("the notice's condition {condition} is met"),
    "notice_condition_unmet": N_("the notice's condition {condition} is not met"),
    "notice_condition_unknown": N_("the notice asks for {condition}; nothing is attested"),
    "materials_missing": N_("missing from the list of materials: {materials}"),
    # reviews, proposal, publicity
    "review_missing": N_("the review {stage} is not on file"),
    "review_failed": N_("the review {stage} of {on} was not passed"),
    "admission_missing": N_("the application in {round} was not admitted"),
    "proposal_missing": N_("no proposal that stands is on file for {round}"),
    "publicity_missing": N_("no publicity ({subject}) that counts is on file"),
    "publicity_running": N_("the publicity runs to the end of {closes}; {on} is not after it"),
    "publicity_short": N_(
        "the publicity from {on} to {closes} has {days} days; {min_days} are needed"
    ),
    "publicity_long_enough": N_("the publicity from {on} to {closes} has {days} days"),
    "publicity_shorter_than_stated": N_("the publicity has {days} days, but states {stated_days}"),
    "objection_open": N_("the objection {objection} of {lodged_on} is not decided"),
    "objection_upheld": N_(
        "the objection {objection} was upheld on {decided_on}: what it objects to has to be "
        "annulled and made again"
    ),
    "no_objection": N_("no objection {objection} is on file"),
    "objection_decided": N_("the objection {objection} is already decided: {outcome}"),
    "signers_missing": N_("{signed} of {needed} joint signers are named: {signers}"),
    "certificate_number": N_("the number {number} does not follow the pattern of {example}"),
    "not_graded_yet": N_("no grade is confirmed yet"),
    "certificate_renewed": N_("{grade} gives a new certificate"),
    "certificate_not_renewed": N_(
        "{grade} gives no new certificate; it is renewed for {grades} only"
    ),
    "certificate_not_provided_for": N_("the regulation provides for no certificate ({number})"),
    # grading
    "no_score": N_("no score is on file for {round}"),
    "score_in_band": N_("the score {score} lies in {band}: {grade}"),
    "score_outside_band": N_("the score does not lie in the low band"),
    "low_band_run": N_("{count} consecutive scores in the low band ({rounds}); {limit} fail"),
    "low_band_once": N_("{count} score in the low band; {limit} consecutive ones fail"),
    "returns_missed_run": N_(
        "{count} consecutive returns missed ({periods}); the limit is {limit}"
    ),
    "returns_missed_short": N_("{count} consecutive returns missed; {limit} are needed"),
    "returns_filed": N_("no run of missed returns"),
    "grade_mismatch": N_("published as {published}; the score {score} gives {ruled}"),
    "fact_fails": N_("{fact} established on {decided_on}: the evaluation fails whatever its score"),
    "fact_may_fail": N_(
        "{fact} established on {decided_on}; whether it fails the evaluation is not in the text at "
        "hand"
    ),
    "already_confirmed": N_("the grade of {round} is already confirmed ({grade}); annul it first"),
    "grade_not_confirmed": N_("no grade of {round} is confirmed"),
    "no_warning_provided_for": N_("the regulation provides for no warning"),
    "warning_with_failure": N_("{grade} in {round}: a warning does not go with it"),
    "score_outside_warning": N_("the score {score} lies outside the warning band {low} to {high}"),
    "no_commendation_provided_for": N_("the regulation provides for no commendation"),
    "grade_not_commended": N_("{grade} is not commended; {grades} are"),
    # revocation
    "ground_met": N_("the ground {ground} is met"),
    "ground_unmet": N_("the facts on file do not carry the ground {ground}: {because}"),
    "why_undetermined": N_("whether the ground {ground} is met is undetermined"),
    "also_read_so": N_("this also rests on a reading"),
    "banned_on_ground": N_("banned on {on} on the ground {ground}"),
    "unmet_with_score": N_(
        "with {bound} points or more in {round}, instead of {score}, the score would not carry the "
        "ground {ground}"
    ),
    "unmet_with_other_grade": N_(
        "without the failing grade of {round} the ground {ground} would not be met"
    ),
    "unmet_if_filed": N_(
        "with a filing for {round} by {limit} the ground {ground} would not be met"
    ),
    "unmet_if_returned": N_(
        "with one of these returns filed ({periods}) the ground {ground} would not be met"
    ),
    "unmet_if_not_asked": N_("without the request of {on} the ground {ground} would not be met"),
    "unmet_without_fact": N_("without {fact} of {decided_on} the ground {ground} would not be met"),
    "annulment_restores": N_(
        "an annulment of the revocation would restore the designation and end any ban"
    ),
    "eligible_at_once": N_("may apply again at any time: no ban follows"),
    "ground_undetermined": N_("whether the ground {ground} is met is undetermined: {because}"),
    "failed_run": N_("{count} consecutive years failed ({rounds}); {limit} are needed"),
    "failed_run_short": N_("{count} consecutive year failed ({rounds}); {limit} are needed"),
    "failed_run_gap": N_("failed years lie apart, with a year not evaluated between them"),
    "no_failed_evaluation": N_("no evaluation failed"),
    "grade_failed": N_("{grade} in {round}"),
    "failure_to_be_weighed": N_("{grade} in {round}, which an official has to weigh first"),
    "no_such_fact": N_("none of these facts is on file up to #{position}: {facts}"),
    "fact_established": N_("{fact} established on {decided_on}"),
    "fact_before_designation": N_(
        "{fact} of {decided_on} lies before the designation of {designated_on}"
    ),
    "fact_spent": N_("{fact} of {decided_on} already carried an earlier revocation"),
    "fact_too_old": N_("{fact} of {decided_on} lies more than {years} years back"),
    "facts_together": N_("all of these are established: {facts}"),
    "facts_not_together": N_("not all of these are established: {facts}"),
    "no_change": N_("no renaming or reorganisation is on file"),
    "fact_penalized": N_("{fact} of {decided_on}, penalised"),
    "fact_not_penalized": N_("{fact} of {decided_on} was not penalised"),
    "fact_penalty_unknown": N_("whether {fact} of {decided_on} was penalised is not on file"),
    "fact_serious": N_("{fact} of {decided_on}, serious"),
    "fact_minor": N_("{fact} of {decided_on} is minor"),
    "fact_severity_unknown": N_("the severity of {fact} of {decided_on} is not on file"),
    "no_request": N_("no request to give up the designation is on file up to #{position}"),
    "withdrawal_requested": N_("asked on {on} to give up the designation"),
    "literal_ban_for_withdrawal": N_(
        "the ban for a center that asked to leave follows the letter of the text; an official "
        "should review it"
    ),
    "hearing_missing": N_("neither a notification of the party nor a hearing is on file"),
    # annulment, readings
    "annuls_unknown": N_("{annuls} names no entry of this center"),
    "annuls_fact": N_("{annuls} is a fact ({type}); only acts can be annulled"),
    "annuls_annulment": N_("{annuls} is itself an annulment or an erasure"),
    "annuls_annulled": N_("{annuls} is already annulled"),
    "annuls_later": N_("{annuls} takes effect later than this annulment"),
    "erases_unknown": N_("{annuls} names no entry of this center"),
    "erases_nothing": N_("{annuls} holds no private value {fields}; it holds {held}"),
    "not_competent_to_interpret": N_(
        "only the bodies that interpret the regulation adopt a reading; missing: {missing}"
    ),
    # changes
    "change_unreported": N_(
        "{change} of {completed_on} is not reported; it was due by {limit} ({working_days} "
        "working days)"
    ),
    "change_owes_no_report": N_("the regulation asks for no report of {change}"),
    "change_pending": N_("{change} of {completed_on} is to be reported by {limit}"),
    "change_reported": N_(
        "{change} of {completed_on} was reported on {reported_on}, in time for {limit}"
    ),
    "change_reported_late": N_(
        "{change} of {completed_on} was reported on {reported_on}, after {limit}"
    ),
    # forms
    "form_holds": N_("the form's check {check} holds (note {note})"),
    "form_negative": N_("{indicator} {name} is {value} {unit}; it cannot be negative"),
    "form_not_whole": N_("{indicator} {name} is {value} {unit}; it counts whole numbers"),
    "form_not_a_step": N_(
        "{indicator} {name} is {value} {unit}; it goes in steps of {step} (note {note})"
    ),
    "form_parts_exceed": N_(
        "{left} is {left_value}, less than {right}, {right_value} (note {note})"
    ),
    "form_parts_differ": N_(
        "{left} is {left_value} and {right} is {right_value}; they must be equal (note {note})"
    ),
    "form_parts_doubtful": N_(
        "{right} is {right_value}, more than {left}, {left_value}; is that meant? (note {note})"
    ),
    "form_figure_missing": N_("the form's check {check} needs {missing}, not filed (note {note})"),
    "form_table_unknown": N_("the form has no table {table}"),
    "form_no_rows": N_("table {table} is no list of rows"),
    "form_row_unreadable": N_(
        "table {table}: row {rows} is no mapping of columns ({count} in all)"
    ),
    "form_column_unknown": N_("table {table} has no column {columns}"),
    "form_cell_empty": N_(
        "table {table}: {column} {name} is empty in row {rows} ({count} in all; note {note})"
    ),
    "form_cell_code": N_(
        "table {table}, row {rows}: {column} {name} is {found}; codes are {codes} (note {note})"
    ),
    "form_cell_number": N_(
        "table {table}, row {rows}: {column} {name} is {found}; steps are {step} (note {note})"
    ),
    "form_cell_year": N_(
        "table {table}, row {rows}: {column} {name} is no year YYYY (note {note})"
    ),
    "form_cell_month": N_(
        "table {table}, row {rows}: {column} {name} is no month YYYYMM (note {note})"
    ),
    "form_cell_months": N_(
        "table {table}, row {rows}: {column} {name} is {found}, not YYYYMM-YYYYMM (note {note})"
    ),
    "form_cell_day": N_(
        "table {table}, row {rows}: {column} {name} is {found}, no day YYYYMMDD (note {note})"
    ),
    "form_cell_date": N_("table {table}, row {rows}: {column} {name} is {found}, no date"),
    "form_detail_missing": N_(
        "table {table}, row {rows}: {of} is {code} and {column} does not say what (note {note})"
    ),
    "form_outside_window": N_(
        "table {table}, row {rows}: {column} {found} is not within {from} to {to} (note {note})"
    ),
    "form_after_window": N_(
        "table {table}, row {rows}: {column} {found} is later than {to} (note {note})"
    ),
    "form_rows_differ": N_(
        "table {table} has {counted} rows that count, and {figures} is {value} (note {note})"
    ),
    "form_rows_exceed": N_(
        "table {table} has {counted} rows that count; {figures} is only {value} (note {note})"
    ),
    "form_total_differs": N_(
        "table {table} adds up to {counted}, and {figures} is {value} (note {note})"
    ),
    "form_rows_open": N_(
        "{figures} is {value}; table {table} gives {counted}, which is open (note {note})"
    ),
    "form_rows_without_figure": N_(
        "table {table} was filed, and {missing} it goes with was not (note {note})"
    ),
    # scores under a foreign table
    "scored_by": N_("what-if: {total} of {full} points by the foreign table {table}"),
    "scored_by_partly": N_(
        "what-if, partial: {lower} to {upper} of {full} points by {table}; missing: {missing}"
    ),
    "scored_by_openly": N_(
        "what-if, partial: {lower} points or more by {table}; missing: {missing}"
    ),
    "scored_full": N_("{value} {unit}, at least {full}: {points} of {most} points"),
    "scored_between": N_("{value} {unit}, from {basic} to {full}: {points} of {most} points"),
    "scored_to_basic": N_("{value} {unit}, up to {basic}: {points} of {most} points"),
    "scored_nothing": N_("{value} {unit}: no points of {most}"),
    "scored_without_threshold": N_("{value} {unit}: {points} points, as for every figure from 0"),
    "scored_step": N_("{value} {unit} reaches {step}: {points} points"),
    "scored_no_step": N_("{value} {unit} does not reach {step}: no points"),
    "scored_in_open_part": N_(
        "{points} points by experts; the table at hand does not say of how many"
    ),
    "scored_by_experts": N_("{points} of {most} points by experts"),
    "scored_unfiled": N_("{missing} not filed: {least} to {most} points"),
    "scored_off_form": N_("{reason}: {least} to {most} points"),
    "scored_no_divisor": N_("{divisor} is {value}, nothing to divide by: {least} to {most} points"),
    # omissions
    "revocation_due": N_("the ground {ground} is met and no revocation followed"),
    "warning_due": N_("{score} in {round} earns a warning, and none was issued"),
    "result_overdue": N_("the result of {round} was due by {limit}"),
    "result_published_late": N_("the result of {round} was due by {limit} and came on {on}"),
    # duties
    "duty_application": N_("until this day one may apply in {round}"),
    "duty_filing": N_("file the evaluation materials of {round}"),
    "duty_return": N_("file the return ({return_kind}) of {period}"),
    "duty_rectification": N_("report the rectification ordered on {on}"),
    "duty_report": N_("report {change} of {completed_on} ({working_days} working days)"),
    "duty_result": N_("publish the result of {round} ({working_days} working days from {anchor})"),
    "duty_certificate": N_("the certificate {number} ends"),
    "duty_publicity": N_("the publicity ({subject}) ends"),
    "duty_objection": N_("decide the objection {objection} of {lodged_on}"),
    "duty_warning": N_("issue the warning that the score {score} in {round} earns"),
    "duty_revocation": N_("revoke: the ground {ground} is met"),
    "no_day_stated": N_("no text says by when"),
    # what if
    "would_be_warned": N_("{grade} would come with a warning"),
    "would_not_be_warned": N_("{grade} would come without a warning"),
    "would_be_banned": N_("the last day of the ban would be {would_be} instead of {was}"),
    "would_not_be_banned": N_("no ban would follow; as recorded, its last day is {was}"),
    "would_be_valid": N_("the last day of the certificate would be {would_be} instead of {was}"),
    # explanations
    "status_none": N_("{center} is not designated, and nothing is pending"),
    "status_applicant": N_("{center} has applied and is not yet decided on"),
    "status_proposed": N_("{center} is proposed for designation"),
    "status_designated": N_("{center} is designated since {designated_on}"),
    "status_revoked": N_("{center} was revoked on {revoked_on}"),
    "status_suspended": N_("{center} is suspended"),
    "designated_by": N_("designated on {on} in {round}"),
    "revoked_on_ground": N_("revoked on {on} on the ground {ground}"),
    "ban_arithmetic": N_(
        "{years} years from {start}, which is not counted: last day {last_day}, may apply from "
        "{first_eligible_day}"
    ),
    "ban_arithmetic_counted": N_(
        "{years} years from {start}, which is day 1: last day {last_day}, may apply from "
        "{first_eligible_day}"
    ),
    "no_ban_follows": N_("no ban follows from these grounds: {reason}"),
    "applied_in": N_("applied on {on} in {round}"),
    "refused_in": N_("the application in {round} was refused"),
    "proposed_in": N_("proposed on {on} in {round}"),
    "eligible_from": N_("may apply again from {first_eligible_day}, once the ban is over"),
    "why_not_revoked": N_("not revoked: the ground {ground} is not met"),
    "counter_boundary": N_("{counter}: {count} of {limit}; {missing} more would meet the limit"),
    "counter_reached": N_("{counter}: {count}, which reaches the limit of {limit}"),
    "annulled_act": N_("{type} of {on} was annulled on {annulled_on}"),
    "entry_plain": N_("{type} of {on}"),
    "entry_graded": N_("{grade} confirmed on {on} for {round}, score {score}"),
    "entry_fact": N_("{fact} established on {decided_on} ({source})"),
    "entry_elsewhere": N_("entry #{position} of the log"),
}
"""Name of a sentence → English template."""

WORDS: dict[str, str] = {
    "smuggling": N_("smuggling"),
    "customs_penalty": N_("customs penalty"),
    "tax_evasion": N_("tax evasion"),
    "tax_violation": N_("tax violation"),
    "serious_discredit": N_("serious discredit"),
    "false_materials": N_("false materials"),
    "quality_accident": N_("quality accident"),
    "safety_accident": N_("safety accident"),
    "pollution": N_("pollution"),
    "dissolution": N_("dissolution"),
    "penalty": N_("penalty"),
    "preliminary": N_("preliminary review"),
    "completeness": N_("completeness review"),
    "qualification": N_("qualification review"),
    "special_audit": N_("special audit"),
    "expert": N_("expert review"),
    "defense": N_("defense"),
    "verification": N_("verification"),
    "comprehensive": N_("comprehensive review"),
    "main_revenue": N_("main revenue"),
    "revenue": N_("revenue"),
    "rd_expenditure": N_("R&D expenditure"),
    "rd_staff_full_time": N_("full-time R&D staff"),
    "rd_staff": N_("R&D staff"),
    "equipment_value": N_("equipment value"),
    "valid_ip": N_("valid intellectual property"),
    "invention_applications": N_("invention applications"),
    "premises_area": N_("premises area"),
    "manufacturing": N_("manufacturing"),
    "software": N_("software"),
    "construction": N_("construction"),
    "industrial_service": N_("industrial service"),
    "other": N_("other industries"),
    "designation": N_("designation"),
    "evaluation": N_("evaluation"),
    "revocation": N_("revocation"),
    "upheld": N_("upheld"),
    "dismissed": N_("dismissed"),
    "inadmissible": N_("inadmissible"),
    "renaming": N_("the renaming"),
    "reorganization": N_("the reorganisation"),
    "change": N_("the change"),
    "none": N_("none"),
    "applicant": N_("applicant"),
    "proposed": N_("proposed"),
    "designated": N_("designated"),
    "suspended": N_("suspended"),
    "revoked": N_("revoked"),
    "failed_evaluations": N_("failed evaluations"),
    "low_band": N_("scores in the low band"),
    "missed_bulletins": N_("missed bulletins"),
    "missed_returns": N_("missed returns"),
    "valid": N_("valid"),
    "expired": N_("expired"),
    "bulletin": N_("bulletin"),
    "operating_data": N_("operating data"),
    "merger": N_("merger"),
    "split": N_("split"),
    "conversion": N_("conversion"),
    "serious": N_("serious"),
    "minor": N_("minor"),
    "rd_intensity": N_("R&D intensity"),
    # what officials attest
    "registered_in_beijing": N_("registered in Beijing"),
    "registered_in_xian": N_("registered in Xi'an"),
    "registered_in_hechuan": N_("registered in Hechuan"),
    "independent_legal_person": N_("an independent legal person"),
    "good_credit": N_("of good credit"),
    "not_in_restricted_catalogue": N_("not in the catalogue of restricted industries"),
    "not_in_retired_equipment_catalogue": N_("not in the catalogue of retired equipment"),
    "center_independent": N_("the center stands on its own in the enterprise"),
    "industry_university_cooperation": N_("cooperation with universities or institutes"),
    "center_in_beijing": N_("the center is in Beijing"),
    "field_differs_from_parent": N_("in another field than the parent company"),
    "two_years_old": N_("at least two years old"),
    "one_year_old": N_("at least one year old"),
    "center_running_one_year": N_("the center has run for at least a year"),
    "sound_finances": N_("sound finances"),
    "research_management_system": N_("rules for managing research"),
    "research_project_system": N_("rules for managing research projects"),
    "leading_level": N_("at a leading level in its industry"),
    "new_products": N_("patents or new products of the last two years"),
    "industry_listed": N_("in one of the industries the regulation lists"),
    "paper_and_electronic": N_("filed on paper and electronically"),
    "pledge": N_("pledge that the materials are true"),
    "municipal_rd_institution": N_("already a municipal R&D institution"),
    "research_accounting_system": N_("separate accounts of research"),
    # what is filed
    "application_report": N_("application report"),
    "evaluation_materials": N_("evaluation materials"),
    "business_licence": N_("business licence"),
    "enterprise_profile": N_("profile of the enterprise"),
    "institution_profile": N_("profile of the institution"),
    "financial_statements": N_("financial statements"),
    "rd_investment_list": N_("list of R&D investments"),
    "rd_staff_list": N_("list of R&D staff"),
    "certificates": N_("certificates"),
}
"""Words inside values → English."""

_TRANSLATED_FIELDS = frozenset(
    {
        "fact",
        "facts",
        "stage",
        "indicator",
        "industry",
        "subject",
        "outcome",
        "change",
        "condition",
        "counter",
        "materials",
        "return_kind",
        "status",
    }
)


def sentence(name: str, values: Mapping[str, Any]) -> str:
    """The sentence in the reader's language, filled with values."""
    template = translate(SENTENCES.get(name, name))
    filled = {key: _text(key, value) for key, value in values.items()}
    return template.format_map(_Gaps(filled))


def word(name: str) -> str:
    """A word of the rules in the reader's language."""
    return translate(WORDS[name]) if name in WORDS else name


def _text(key: str, value: Any) -> str:
    if key == "because" and isinstance(value, list):
        parts = [sentence(part["say"], part.get("values", {})) for part in value]
        return translate("; ").join(dict.fromkeys(parts)) or "—"
    if isinstance(value, list | tuple):
        return translate(", ").join(_text(key, part) for part in value) or "—"
    if value is None:
        return "—"
    if key == "type":
        return type_name(str(value))
    return word(str(value)) if key in _TRANSLATED_FIELDS else str(value)


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"
