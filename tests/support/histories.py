"""Histories of one center, plausible and not: lines as they may come in, whatever their days.

A history starts from what an orderly office would have recorded, keeps part of it, moves some of
its days, and mixes in entries that fit nothing; some entries are annulled by their keys, once or
twice, before or after their day, or before they are recorded at all. All of it is recorded as
published.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ledger.entries import REGISTRY
from support.scenario import Line

__all__ = ["FIRST_DAY", "LAST_DAY", "SCHEMES", "days", "histories", "notices"]

SCHEMES = ("beijing", "xian", "hechuan")
FIRST_DAY = date(2017, 1, 2)
LAST_DAY = date(2026, 11, 30)

_POLICY = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
_YEARS = {"beijing": (2020, 2021, 2022), "xian": (2018, 2019, 2021), "hechuan": (2022, 2024, 2026)}
_GROUNDS = {
    "beijing": [f"14.{n}" for n in range(1, 9)],
    "xian": [f"16.{n}" for n in range(1, 8)],
    "hechuan": [f"16.{n}" for n in range(1, 10)],
}
_GRADES = ("优秀", "良好", "合格", "基本合格", "不合格")
_FACTS = (
    "false_materials",
    "tax_evasion",
    "tax_violation",
    "safety_accident",
    "pollution",
    "penalty",
)
_STAGES = ("preliminary", "completeness", "qualification", "special_audit", "expert", "defense")
_SCORES = ("55", "59.99", "60", "62.5", "64.99", "65", "70", "80", "90", "120")

days = st.dates(FIRST_DAY, LAST_DAY)


def notices(scheme: str) -> list[Line]:
    """The rounds that histories of the scheme speak of."""
    return [
        {
            "type": "RoundOpened",
            "on": f"{year}-01-15",
            "round": f"{scheme}:{kind}:{year}",
            "deadline": f"{year}-04-30",
            "policy": _POLICY[scheme],
            "policy_reason": "通知载明",
        }
        for year in _YEARS[scheme]
        for kind in ("designation", "evaluation")
    ]


@st.composite
def histories(draw: st.DrawFn, scheme: str, *, center: str = "id:x") -> list[Line]:
    """Lines about one center of the scheme; keys are unique within the history."""
    lines = draw(_orderly(scheme))
    kept = [line for line in lines if draw(st.integers(0, 9)) > 0]
    extra = draw(st.lists(_anything(scheme), max_size=8))
    for line in extra:
        kept.insert(draw(st.integers(0, len(kept))), line)
    if kept and draw(st.booleans()):
        moved = draw(st.integers(0, len(kept) - 1))
        kept[moved] = {**kept[moved], **_of_day(kept[moved], draw(days))}
    if len(kept) > 1 and draw(st.booleans()):
        late = kept.pop(draw(st.integers(0, len(kept) - 1)))
        kept.append(late)
    found: list[Line] = []
    for number, line in enumerate(kept):
        found.append(_named(line, scheme, center, f"{center}-{number}"))
    for number in range(draw(st.integers(0, 3))):
        if not found:
            break
        target = draw(st.sampled_from(found))
        day = draw(st.one_of(st.just(_day(target)), days, st.just(_day(found[-1]))))
        annulment = {
            "type": "DecisionAnnulled",
            "on": day,
            "annuls": target["key"],
            "reason": "更正",
        }
        place = draw(st.integers(0, len(found)))
        found.insert(place, _named(annulment, scheme, center, f"{center}-a{number}"))
    return found


@st.composite
def _orderly(draw: st.DrawFn, scheme: str) -> list[Line]:
    """An application, a designation, evaluations, returns, a revocation: in their order."""
    first, second, third = _YEARS[scheme]
    round_id = f"{scheme}:designation:{first}"
    lines: list[Line] = [
        {"type": "ApplicationSubmitted", "on": f"{first}-04-01", "round": round_id, "name": "甲"},
        {"type": "ApplicationAdmitted", "on": f"{first}-05-10", "round": round_id},
        {"type": "DesignationProposed", "on": f"{first}-06-10", "round": round_id},
        _publicity("designation", round_id, f"{first}-06-15", f"{first}-06-25"),
        {"type": "CenterDesignated", "on": f"{first}-07-10", "round": round_id, "name": "甲"},
    ]
    for year in (second, third):
        lines += draw(_evaluation(scheme, year))
    lines += draw(st.lists(_return(scheme), max_size=3))
    if draw(st.booleans()):
        ground = draw(st.sampled_from(_GROUNDS[scheme]))
        lines.append({"type": "CenterRevoked", "on": f"{third}-10-10", "grounds": [ground]})
    return lines


@st.composite
def _evaluation(draw: st.DrawFn, scheme: str, year: int) -> list[Line]:
    round_id = f"{scheme}:evaluation:{year}"
    if draw(st.integers(0, 4)) == 0:
        return [{"type": "EvaluationNotSubmitted", "on": f"{year}-06-01", "round": round_id}]
    return [
        {"type": "EvaluationSubmitted", "on": f"{year}-04-20", "round": round_id},
        {
            "type": "FloorsAttested",
            "on": f"{year}-05-20",
            "round": round_id,
            "met": draw(st.booleans()),
            "report": "甲",
        },
        {
            "type": "EvaluationScored",
            "on": f"{year}-06-01",
            "round": round_id,
            "score": draw(st.sampled_from(_SCORES)),
        },
        _publicity("evaluation", round_id, f"{year}-06-05", f"{year}-06-12"),
        {"type": "GradeConfirmed", "on": f"{year}-07-01", "round": round_id},
    ]


@st.composite
def _return(draw: st.DrawFn, scheme: str) -> Line:
    kind = "bulletin" if scheme == "xian" else "operating_data"
    type_name = draw(
        st.sampled_from(["ReturnRequested", "ReturnMissed", "ReturnMissed", "ReturnFiled"])
    )
    on = draw(days)
    line = {"type": type_name, "on": on, "kind": kind, "period": draw(st.sampled_from("abc"))}
    if type_name == "ReturnRequested":
        line["due"] = on + timedelta(days=20)
    return line


@st.composite
def _anything(draw: st.DrawFn, scheme: str) -> Line:
    """An entry that may fit nothing."""
    year = draw(st.sampled_from(_YEARS[scheme]))
    evaluation, designation = f"{scheme}:evaluation:{year}", f"{scheme}:designation:{year}"
    on = draw(days)
    subject = draw(st.sampled_from(["designation", "evaluation", "revocation"]))
    made: list[dict[str, Any]] = [
        {
            "type": "ApplicationSubmitted",
            "round": designation,
            "name": draw(st.sampled_from("甲乙")),
        },
        {"type": "ApplicationAdmitted", "round": designation},
        {"type": "ApplicationRefused", "round": designation},
        {
            "type": "ReviewDecided",
            "round": designation,
            "stage": draw(st.sampled_from(_STAGES)),
            "passed": draw(st.booleans()),
        },
        {"type": "DesignationProposed", "round": designation},
        {
            "type": "PublicityOpened",
            "subject": subject,
            "closes": on + timedelta(days=draw(st.integers(0, 9))),
        },
        {
            "type": "ObjectionLodged",
            "objection": draw(st.sampled_from("pq")),
            "subject": subject,
            "claim": "甲",
        },
        {
            "type": "ObjectionDecided",
            "objection": draw(st.sampled_from("pq")),
            "outcome": draw(st.sampled_from(["upheld", "dismissed"])),
            "reason": "甲",
        },
        {"type": "CenterDesignated", "round": designation, "name": "甲"},
        {"type": "CertificateIssued", "number": "西JSZX-1-2019-1"},
        {
            "type": "EvaluationSubmitted",
            "round": evaluation,
            "indicators": {"rd_staff": draw(st.integers(8, 12))},
        },
        {"type": "EvaluationNotSubmitted", "round": evaluation},
        {"type": "EvaluationDeferred", "round": evaluation, "reason": "甲"},
        {
            "type": "FloorsAttested",
            "round": draw(st.sampled_from([evaluation, designation])),
            "met": draw(st.booleans()),
            "report": "甲",
        },
        {"type": "EvaluationScored", "round": evaluation, "score": draw(st.sampled_from(_SCORES))},
        {
            "type": "ScoreCorrected",
            "round": evaluation,
            "score": draw(st.sampled_from(_SCORES)),
            "reason": "甲",
        },
        {"type": "GradeConfirmed", "round": evaluation, "grade": draw(st.sampled_from(_GRADES))},
        {"type": "GradeConfirmed", "round": evaluation},
        {"type": "WarningIssued", "round": evaluation},
        {"type": "CommendationIssued", "round": evaluation},
        {"type": "RectificationOrdered"},
        {"type": "RectificationReported"},
        {"type": "EnterpriseRenamed", "name": draw(st.sampled_from("丙丁"))},
        {"type": "EnterpriseReorganized", "form": "merger"},
        {"type": "ChangeReported", "completed_on": on - timedelta(days=draw(st.integers(0, 60)))},
        {
            "type": "FactEstablished",
            "fact": draw(st.sampled_from(_FACTS)),
            "penalized": draw(st.booleans()),
        },
        {"type": "WithdrawalRequested"},
        {"type": "PartyNotified", "regarding": "甲"},
        {
            "type": "CenterRevoked",
            "grounds": draw(
                st.lists(st.sampled_from(_GROUNDS[scheme]), min_size=1, max_size=2, unique=True)
            ),
        },
    ]
    made.append(draw(_return(scheme)))
    line = draw(st.sampled_from(made))
    return {**line, **_of_day(line, on)}


def _publicity(subject: str, round_id: str, on: str, closes: str) -> Line:
    return {
        "type": "PublicityOpened",
        "on": on,
        "closes": closes,
        "subject": subject,
        "round": round_id,
    }


def _of_day(line: Line, day: date) -> dict[str, Any]:
    """The line's days, moved so that it stays well formed."""
    moved: dict[str, Any] = {"on": day}
    if "closes" in line:
        moved["closes"] = day + timedelta(days=6)
    if "completed_on" in line:
        moved["completed_on"] = day - timedelta(days=10)
    return moved


def _named(line: Line, scheme: str, center: str, key: str) -> Line:
    """The line with its center and key, and under a policy where no round gives one."""
    named = {**line, "center": f"{scheme}/{center}", "key": key}
    if REGISTRY[str(line["type"])].kind == "act" and "round" not in line:
        named |= {"policy": _POLICY[scheme], "policy_reason": "通知载明"}
    return named


def _day(line: Line) -> date:
    on = line["on"]
    return on if isinstance(on, date) else date.fromisoformat(on)
