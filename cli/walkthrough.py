"""The story the demo tells: a town of invented companies, and a dispute that two clocks settle."""

from __future__ import annotations

from typing import NamedTuple

from cli.i18n import N_

__all__ = ["CENTER", "DECISION", "FILES", "STEPS", "Step"]

CENTER = "beijing/91110108MA1D00009X"
"""The company of the dispute: 北京鼓楼示例医疗有限公司."""

DECISION = "gulou-revoked"
"""The key of the revocation it objects to."""

FILES = ("town.jsonl", "late.jsonl", "annulment.jsonl", "again.jsonl")
"""What is recorded; the files lie in `cli/demo` and are copied into the demo's folder."""


class Step(NamedTuple):
    """A paragraph, the command that shows it, and the exit status that command must have."""

    text: str
    command: str
    status: int = 0


STEPS = (
    Step(
        N_(
            "Nine companies, invented, under Beijing's regulation: applications, reviews, "
            "publicity, two evaluations, a renaming reported late, a corrected score, an annulled "
            "grade, two revocations. Every act is ruled before it is recorded, and what the rules "
            "say of it is kept with it."
        ),
        "record town.jsonl",
    ),
    Step(N_("Where they stand now:"), "center list"),
    Step(
        N_(
            "The last company was revoked on 2022-09-15 for filing nothing for its evaluation, and "
            "objects: it filed on 26 April, and the office must have known. What did the office "
            "know on the day it decided? --known-at stops the ledger right after that decision, "
            "{position}:"
        ),
        "center why {center} --on 2022-09-15 --known-at {position}",
    ),
    Step(
        N_(
            "On what was on file that day, the ground was met. Then a register of received mail "
            "turns up: the filing had come in time and was put into another company's file. A fact "
            "is recorded with the day it happened; the day it became known stays beside it."
        ),
        "record late.jsonl",
    ),
    Step(
        N_("Both dates of everything since then, the filing first:"),
        "center history {center} --since 2022-04-01",
    ),
    Step(
        N_(
            "So both were right: the office did not know, and the filing was in time. The "
            "objection is upheld and the revocation annulled. Nothing is edited or deleted; an "
            "annulment is an entry too."
        ),
        "record annulment.jsonl",
    ),
    Step(
        N_("What holds today, with everything recorded since:"),
        "center show {center}",
    ),
    Step(
        N_("And what the ledger would have answered on the day of the decision, then as now:"),
        "center show {center} --on 2022-09-15 --known-at {position}",
    ),
    Step(
        N_("Could it be revoked once more for the same reason? The rules say no, and why:"),
        "record again.jsonl --dry-run",
        1,
    ),
    Step(
        N_("The page to hand to the company, with every article and entry:"), "center why {center}"
    ),
    Step(
        N_("Has somebody been slack elsewhere? Every act is judged again, omissions included:"),
        "audit",
        1,
    ),
    Step(N_("And has anybody touched the book?"), "log verify"),
)
