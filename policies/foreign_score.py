"""What a filing would score by the table of another place: a what-if, recorded nowhere.

    found = foreign_score(edition, state, table, round_id=None, experts={"plan": Decimal(8)})
    found.scored.total     None while any figure is missing

No edition brings a scoring table of its own, so its score is what somebody attested (H11); it is
told beside the foreign one and is not touched by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import msgspec

from ledger.errors import MalformedError, NotFoundError
from policies.edition import Edition
from policies.scoring import Experts, Figure, Filing, Scored, Table, from_form, score
from projections.center import CenterState

__all__ = ["ForeignScore", "foreign_score"]


class ForeignScore(msgspec.Struct, frozen=True):
    """The filing scored, by its entry; and the score that is on file for the round, if any."""

    round: str
    filed: int
    scored: Scored
    own_score: Decimal | None = None
    own_entry: int | None = None


class _Filed(msgspec.Struct, frozen=True):
    round: str
    position: int
    indicators: dict[str, Decimal]


def foreign_score(
    edition: Edition,
    state: CenterState,
    table: Table,
    *,
    round_id: str | None,
    experts: Mapping[str, Decimal],
) -> ForeignScore:
    """The filing of the round (None: the newest) by the table, with the points experts gave.

    NotFoundError where nothing was filed, MalformedError where the regulation names no form or the
    table leaves no such item to experts.
    """
    if edition.form is None:
        raise MalformedError(
            "{edition} names no form, so no table can tell what the figures of its filings mean",
            edition=edition.edition,
        )
    filed = _filed(state, round_id)
    filing = _with_experts(from_form(filed.indicators, form=edition.form.name), table, experts)
    known = state.evaluation(filed.round)
    return ForeignScore(
        filed.round,
        filed.position,
        score(table, filing),
        known.score if known else None,
        known.scored if known else None,
    )


def _filed(state: CenterState, round_id: str | None) -> _Filed:
    found = [
        *(_Filed(v.round, v.filed, v.indicators) for v in state.evaluations if v.filed is not None),
        *(_Filed(a.round, a.position, a.indicators) for a in state.applications if a.position >= 0),
    ]
    chosen = [filed for filed in found if round_id in (None, filed.round)]
    if not chosen:
        raise NotFoundError(
            "no filing of {center} is on file for {round}; rounds with one: {known}",
            center=state.center,
            round=round_id or "—",
            known=", ".join(sorted(filed.round for filed in found)) or "—",
        )
    return max(chosen, key=lambda filed: filed.position)


def _with_experts(filing: Filing, table: Table, experts: Mapping[str, Decimal]) -> Filing:
    left = [name for name, item in table.items.items() if isinstance(item, Experts)]
    left += table.open_parts
    for name, points in experts.items():
        if name not in left:
            raise MalformedError(
                "{table} leaves no item {item!r} to experts; it leaves them {known}",
                table=table.table,
                item=name,
                known=", ".join(left) or "—",
            )
        if points < 0:
            raise MalformedError(
                "{points} points for {item} are less than none", points=points, item=name
            )
    stated = {name: Figure(Fraction(points), "分") for name, points in experts.items()}
    return replace(filing, figures={**filing.figures, **stated})
