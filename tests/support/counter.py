"""What tests of the command line share: companies of the demo, and what a run said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = [
    "DEMO",
    "ERASE",
    "GULOU",
    "HAITANG",
    "HECHUAN_FILED",
    "PRIVATE",
    "YINXING",
    "Run",
    "Said",
    "bare_fact",
    "fact",
    "record_filing",
]

DEMO = Path(__file__).parents[2] / "cli" / "demo"
"""The files the demo records."""

GULOU = "beijing/91110108MA1D00009X"
"""Revoked, and the revocation annulled."""

YINXING = "beijing/91110108MA1D00005H"
"""Failed twice, revoked, banned to 2024-09-15."""

HAITANG = "beijing/91110108MA1D000028"
"""Applied and was refused."""


HECHUAN_FILED = "hechuan/91500117MA1000017Y"
"""Filed the form of 合川 for 2024; its score is attested."""

_FORM = {
    "h1": "21000", "h3": "1680", "h4": "3780", "h5": "210", "h7": "2310", "h13": "900", "h14": 0,
    "h15": 1, "h16": 1, "h17": 300, "h19": 80, "h23": 2, "h24": 1, "h25": "6", "h26": 8, "h27": 1,
    "h30": 6, "h31": 9, "h32": 4, "h33": 2, "h34": 0, "h35": 1, "h36": 0, "h37": 1,
}  # fmt: skip


PRIVATE = {
    "type": "FactEstablished", "on": "2023-05-06", "center": "hechuan/id:a", "fact": "penalty",
    "key": "contact", "private": {"phone": "13800000000", "name": "某人"},
    "attachments": [{"name": "decision.txt", "path": "decision.txt"}],
}  # fmt: skip
"""With private values and a file."""

ERASE = {
    "type": "PrivateErased", "on": "2023-05-07", "center": "hechuan/id:a", "erases": "contact",
    "fields": ["/phone"], "reason": "当事人申请",
}  # fmt: skip
"""Erases one of them."""


class Said:
    """What one run of the command said, and how it ended."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.stdout)


Run = Callable[..., Said]


def bare_fact(center: str, **more: Any) -> str:
    """A line that records a fact about the center `hechuan/id:<center>`."""
    entry = {
        "type": "FactEstablished",
        "on": "2022-02-02",
        "center": f"hechuan/id:{center}",
        "fact": "dissolution",
    }
    return json.dumps(entry | more) + "\n"


def fact(center: str, **more: Any) -> str:
    """The same, with the key `key-<center>` unless another is given."""
    return bare_fact(center, **{"key": f"key-{center}"} | more)


def record_filing(run: Run) -> None:
    """A ledger with the one center that filed the form."""
    rounds = {"round": "hechuan:evaluation:2024", "center": HECHUAN_FILED}
    lines = [
        {
            "type": "CenterDesignated",
            "on": "2022-09-15",
            "center": HECHUAN_FILED,
            "round": "hechuan:designation:2022",
            "name": "重庆合川甲一汽配有限公司",
        },
        {
            "type": "RoundOpened",
            "on": "2024-03-01",
            "round": "hechuan:evaluation:2024",
            "deadline": "2024-05-31",
        },
        {"type": "EvaluationSubmitted", "on": "2024-05-20", "indicators": _FORM, **rounds},
        {"type": "EvaluationScored", "on": "2024-06-25", "score": "82.5", **rounds},
    ]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    said = run("record", "-", "--historical", stdin=text)
    assert said.status == 0, said.stderr
