"""A generated file of entries: a Beijing town of many centers, every act of it in order.

    python benchmarks/town.py --lines 100000 > town.jsonl

The same arguments give the same bytes, so that runs can be compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import orjson

POLICY = {
    "policy": "beijing/1",
    "policy_reason": "创建通知载明按本办法执行",
    "by": "北京市经济和信息化局",
}


def town(lines: int, *, keyed: bool = False) -> Iterator[dict[str, Any]]:
    """So many entries, as an office works: rounds first, then 500 centers stage by stage.

    With `keyed`, every entry has an idempotency key.
    """
    for number, entry in enumerate(_entries(lines)):
        yield entry | {"key": f"town-{number}"} if keyed else entry


def _entries(lines: int) -> Iterator[dict[str, Any]]:
    rounds = [
        {
            "type": "RoundOpened",
            "on": "2019-09-02",
            "round": "beijing:designation:2019",
            "deadline": "2019-09-30",
        },
        {
            "type": "RoundOpened",
            "on": "2020-03-02",
            "round": "beijing:evaluation:2020",
            "deadline": "2020-04-30",
        },
        {
            "type": "RoundOpened",
            "on": "2021-03-01",
            "round": "beijing:evaluation:2021",
            "deadline": "2021-04-30",
        },
    ]
    yield from (entry | POLICY for entry in rounds)
    left = lines - len(rounds)
    stages = _stages()
    count = -(-left // len(stages))
    for start in range(0, count, 500):
        for stage in stages:
            for number in range(start, min(start + 500, count)):
                if left == 0:
                    return
                left -= 1
                yield _filled(stage, number)


def _stages() -> list[dict[str, Any]]:
    designation, first, second = (
        "beijing:designation:2019",
        "beijing:evaluation:2020",
        "beijing:evaluation:2021",
    )
    by = "北京市经济和信息化局"
    indicators = {
        "main_revenue": 26000,
        "rd_expenditure": "1800.5",
        "rd_staff_full_time": 96,
        "equipment_value": 810,
        "valid_ip": 24,
        "invention_applications": 3,
    }
    return [
        {
            "type": "ApplicationSubmitted",
            "on": "2019-09-20",
            "round": designation,
            "name": "",
            "industry": "manufacturing",
            "indicators": indicators,
        },
        {
            "type": "ReviewDecided",
            "on": "2019-10-09",
            "round": designation,
            "stage": "completeness",
            "passed": True,
            "by": by,
        },
        {"type": "ApplicationAdmitted", "on": "2019-10-12", "round": designation, "by": by},
        {
            "type": "ReviewDecided",
            "on": "2019-10-23",
            "round": designation,
            "stage": "verification",
            "passed": True,
            "by": by,
        },
        {"type": "DesignationProposed", "on": "2019-10-28", "round": designation, "by": by},
        {
            "type": "PublicityOpened",
            "on": "2019-11-04",
            "round": designation,
            "subject": "designation",
            "closes": "2019-11-10",
            "by": by,
        },
        {"type": "CenterDesignated", "on": "2019-11-20", "round": designation, "by": by},
        *(
            entry
            for year, round_id in ((2020, first), (2021, second))
            for entry in (
                {
                    "type": "EvaluationSubmitted",
                    "on": f"{year}-04-20",
                    "round": round_id,
                    "indicators": indicators,
                },
                {
                    "type": "EvaluationScored",
                    "on": f"{year}-06-10",
                    "round": round_id,
                    "score": "",
                    "agency": "某会计师事务所",
                },
                {
                    "type": "PublicityOpened",
                    "on": f"{year}-07-05",
                    "round": round_id,
                    "subject": "evaluation",
                    "closes": f"{year}-07-09",
                    "by": by,
                },
                {
                    "type": "GradeConfirmed",
                    "on": f"{year}-07-12",
                    "round": round_id,
                    "by": by,
                    "document": "京经信发〔2020〕12号",
                },
            )
        ),
        {"type": "EnterpriseRenamed", "on": "2021-08-02", "name": ""},
    ]


def _filled(stage: dict[str, Any], number: int) -> dict[str, Any]:
    entry = {**stage, "center": f"beijing/id:c{number:07d}"}
    if "name" in entry:
        entry["name"] = (
            f"北京第{number}{'新' if entry['type'] == 'EnterpriseRenamed' else ''}装备有限公司"
        )
    if "score" in entry:
        entry["score"] = f"{60 + number * 7919 % 4000 / 100:.2f}"
    return entry


def main() -> None:
    """Write the file to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--keys", action="store_true", help="give every entry an idempotency key")
    options = parser.parse_args()
    for entry in town(options.lines, keyed=options.keys):
        sys.stdout.buffer.write(orjson.dumps(entry) + b"\n")


if __name__ == "__main__":
    main()
