"""A center of each scheme revoked on each ground, as an office would have recorded it."""

from __future__ import annotations

from typing import Any

from support.cases import background
from support.scenario import Line, flattened

__all__ = ["CENTERS", "DAYS", "FRAUD", "REVOKED", "pages"]

CENTERS = {
    "beijing": "beijing/91110108MA100005XF",
    "xian": "xian/91610131MA1000041J",
    "hechuan": "hechuan/91500117MA1000017Y",
}
DAYS = {"beijing": "2022-12-01", "xian": "2020-06-01", "hechuan": "2025-06-01"}
"""A day on which the ban of each runs."""
FRAUD = "hechuan 18"
"""An applicant that was refused for false materials."""

_FACTS = {
    "beijing 14.3": {"fact": "false_materials"},
    "beijing 14.4": {"fact": "quality_accident"},
    "beijing 14.5": {"fact": "smuggling"},
    "beijing 14.6": {"fact": "tax_evasion"},
    "beijing 14.7": {"fact": "serious_discredit"},
    "beijing 14.8": {"fact": "dissolution"},
    "xian 16.4": {"fact": "dissolution"},
    "xian 16.5": {"fact": "pollution"},
    "xian 16.6": {"fact": "tax_violation", "penalized": True},
    "xian 16.7": {"fact": "false_materials"},
    "hechuan 16.3": {"fact": "false_materials"},
    "hechuan 16.5": {"fact": "safety_accident"},
    "hechuan 16.6": {"fact": "penalty", "severity": "serious"},
    "hechuan 16.7": {"fact": "tax_evasion"},
    "hechuan 16.8": {"fact": "serious_discredit"},
    "hechuan 16.9": {"fact": "dissolution"},
}
_FACT_ON = {"beijing": "2021-03-01", "xian": "2019-03-01", "hechuan": "2025-01-06"}
_REVOKED_ON = {"beijing": "2022-09-01", "xian": "2019-09-27", "hechuan": "2025-03-31"}
_POLICY = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}
_BY = {
    "beijing": ["北京市经济和信息化局"],
    "xian": [
        "西安市工业和信息化委员会",
        "西安市财政局",
        "西安市发展和改革委员会",
        "西安市科学技术局",
        "西安市国家税务局",
        "西安市地方税务局",
    ],
    "hechuan": [
        "重庆市合川区经济和信息化委员会",
        "重庆市合川区科学技术局",
        "重庆市合川区财政局",
    ],
}


def _other(ground: str) -> list[Any]:
    """What happened before a revocation on a ground that no established fact carries."""
    match ground:
        case "beijing 14.1":
            return background("beijing", "failed-2021", "failed-2022")
        case "beijing 14.2":
            missed = _line("beijing", "EvaluationNotSubmitted", "2021-05-06", "evaluation:2021")
            return [background("beijing", "evaluation-2021"), missed]
        case "xian 16.1":
            missed = _line("xian", "EvaluationNotSubmitted", "2019-05-13", "evaluation:2019")
            return [background("xian", "evaluation-2019"), missed]
        case "xian 16.2":
            return background("xian", "failed-2019")
        case "hechuan 16.1":
            return background("hechuan", "failed-2024")
        case "hechuan 16.2":
            return _missed_returns()
    scheme = ground.partition(" ")[0]
    return [_line(scheme, "WithdrawalRequested", _FACT_ON[scheme])]


def _missed_returns() -> list[Line]:
    lines: list[Line] = []
    for period, asked, due, missed in (
        ("2024年二季度", "2024-06-20", "2024-07-19", "2024-07-22"),
        ("2024年三季度", "2024-09-20", "2024-10-18", "2024-10-21"),
    ):
        about = {"kind": "operating_data", "period": period}
        lines.append(_line("hechuan", "ReturnRequested", asked, due=due, **about))
        lines.append(_line("hechuan", "ReturnMissed", missed, **about))
    return lines


def _line(scheme: str, type_: str, on: str, round_: str | None = None, **fields: Any) -> Line:
    about = {"round": f"{scheme}:{round_}"} if round_ else {}
    return {"type": type_, "on": on, "center": CENTERS[scheme], **about, **fields}


def _lines(ground: str) -> list[Line]:
    scheme, _, number = ground.partition(" ")
    fact = _FACTS.get(ground)
    past: Any = _other(ground) if fact is None else _fact(scheme, fact)
    notified = _line(scheme, "PartyNotified", _REVOKED_ON[scheme], regarding="拟撤销")
    policy = {"policy": _POLICY[scheme], "policy_reason": "通知载明"}
    revoked = _line(scheme, "CenterRevoked", _REVOKED_ON[scheme], grounds=[number])
    issued = {"by": _BY[scheme], "document": f"撤字〔{_REVOKED_ON[scheme][:4]}〕1号"}
    acts = [{**notified, **policy}, {**revoked, **policy, **issued}]
    return list(flattened([background(scheme, "designated"), past, acts]))


def _fact(scheme: str, fact: dict[str, Any]) -> list[Line]:
    shown = {"by": "有关机关", "document": "决字第7号", "source": "行政处罚决定书"}
    return [_line(scheme, "FactEstablished", _FACT_ON[scheme], **fact, **shown)]


def _fraud() -> list[Line]:
    found = _line("hechuan", "FactEstablished", "2022-05-20", fact="false_materials")
    refused = _line("hechuan", "ApplicationRefused", "2022-06-28", "designation:2022")
    issued = {"document": "合川经信〔2022〕9号", "by": _BY["hechuan"][0]}
    return list(flattened([background("hechuan", "applied"), found, {**refused, **issued}]))


REVOKED = (
    *(f"beijing 14.{n}" for n in range(1, 9)),
    *(f"xian 16.{n}" for n in range(1, 8)),
    *(f"hechuan 16.{n}" for n in range(1, 10)),
)
"""Scheme and ground of every revocation."""


def pages() -> dict[str, list[Line]]:
    """For every ground, and the applicant's fraud, a ledger's lines."""
    return {ground: _lines(ground) for ground in REVOKED} | {FRAUD: _fraud()}
