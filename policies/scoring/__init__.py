"""Scoring tables as data, and a filing scored by one of them as a labelled what-if.

    table = load_table("yantai/2021-11")
    scored = score(table, from_form(evaluation.indicators))
    scored.total       None while anything is missing; else the score
    scored.lower, scored.upper, scored.missing, scored.contributions, scored.label

No edition that ships brings a scoring table of its own: a score is attested by those who gave it
(interpretation hc.score.source), and what comes out of here never replaces it.
"""

from policies.scoring.filing import Figure, Filing, as_stated, from_form
from policies.scoring.loading import (
    load_sources,
    load_table,
    parse_sources,
    parse_table,
    table_ids,
)
from policies.scoring.model import Derived, Experts, Linear, Sources, Step, Steps, Table, Unit
from policies.scoring.score import Contribution, Scored, score

__all__ = [
    "Contribution",
    "Derived",
    "Experts",
    "Figure",
    "Filing",
    "Linear",
    "Scored",
    "Sources",
    "Step",
    "Steps",
    "Table",
    "Unit",
    "as_stated",
    "from_form",
    "load_sources",
    "load_table",
    "parse_sources",
    "parse_table",
    "score",
    "table_ids",
]
