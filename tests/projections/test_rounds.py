"""What a round's notices and a scheme's own acts say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.entries import InterpretationAdopted, RoundOpened
from ledger.ruling import Recorded, Ruling
from projections.rounds import Adopted, RoundState, adopted_on, fold_round, fold_scheme

ROUND = "xian:evaluation:2019"


def notice(
    position: int, deadline: str, *, edition: str | None = "xian/2016", **fields: Any
) -> Recorded:
    """A notice of the round at a position."""
    entry = RoundOpened(
        on=date(2019, 1, 14), round=ROUND, deadline=date.fromisoformat(deadline), **fields
    )
    ruling = Ruling(edition=edition, edition_sha256=None, engine=1)
    return Recorded("xian", position, ROUND, 1, "RoundOpened/1", "", entry, ruling)


def folded(*notices: Recorded) -> RoundState:
    """The round after the notices."""
    found = fold_round(notices)
    assert found is not None
    return found


class TestRounds:
    def test_no_notice_no_round(self) -> None:
        """A round nobody opened is None."""
        assert fold_round([]) is None

    def test_the_newest_notice_counts(self) -> None:
        """A later notice amends deadline and reporting year; the first day stays."""
        found = folded(notice(3, "2019-04-10"), notice(9, "2019-05-10", reporting_year=2018))
        assert (found.deadline, found.reporting_year) == (date(2019, 5, 10), 2018)
        assert (found.position, found.opened_on) == (9, date(2019, 1, 14))

    def test_the_first_edition_stays(self) -> None:
        """The edition of the first notice that has one rules the whole round."""
        notices = [
            notice(n, "2019-04-10", edition=e) for n, e in enumerate([None, "xian/2016", "xian/9"])
        ]
        assert folded(*notices).edition == "xian/2016"

    def test_conditions_stay_until_replaced(self) -> None:
        """A notice without conditions keeps those of the notice before."""
        first = notice(0, "2019-04-10", conditions={"a": True})
        assert folded(first, notice(1, "2019-05-10")).conditions == {"a": True}
        assert folded(first, notice(1, "2019-05-10", conditions={"b": False})).conditions == {
            "b": False
        }

    @pytest.mark.parametrize(
        ("position", "deadline"),
        [
            (0, None),
            (3, None),
            (4, "2019-04-10"),
            (9, "2019-04-10"),
            (10, "2019-05-10"),
            (99, "2019-05-10"),
        ],
    )
    def test_the_round_as_it_was(self, position: int, deadline: str | None) -> None:
        """Before a position the round is what the notices recorded by then said."""
        found = folded(notice(3, "2019-04-10"), notice(9, "2019-05-10")).before(position)
        assert (found.deadline.isoformat() if found else None) == deadline


class TestAdopted:
    READINGS = (
        Adopted("k", "first", date(2019, 1, 1), 0),
        Adopted("k", "second", date(2020, 1, 1), 1),
        Adopted("k", "backdated", date(2018, 1, 1), 2),
        Adopted("other", "x", date(2019, 6, 1), 3),
    )

    @pytest.mark.parametrize(
        ("day", "value"),
        [
            ("2017-12-31", None),
            ("2018-01-01", "backdated"),
            ("2018-12-31", "backdated"),
            ("2019-01-01", "first"),
            ("2019-12-31", "first"),
            ("2020-01-01", "second"),
        ],
    )
    def test_the_newest_in_effect_applies(self, day: str, value: str | None) -> None:
        """Of each key the reading whose day came last applies, whatever was recorded last."""
        found = adopted_on(self.READINGS, date.fromisoformat(day)).get("k")
        assert (found.value if found else None) == value

    def test_one_day_the_later_position(self) -> None:
        """Of two readings of one day the one recorded later applies."""
        twice = [Adopted("k", value, date(2019, 1, 1), n) for n, value in enumerate("ab")]
        assert adopted_on(twice, date(2019, 1, 1))["k"].value == "b"
        assert adopted_on(twice[::-1], date(2019, 1, 1))["k"].value == "b"

    def test_keys_do_not_mix(self) -> None:
        """A reading of one key says nothing of another."""
        assert set(adopted_on(self.READINGS, date(2019, 5, 31))) == {"k"}
        assert set(adopted_on(self.READINGS, date(2019, 6, 1))) == {"k", "other"}

    def test_only_adoptions_are_read(self) -> None:
        """A scheme's stream gives its adoptions, oldest first, with their positions."""
        entries = [
            Recorded(
                "xian",
                n,
                "xian",
                n,
                "InterpretationAdopted/1",
                "",
                InterpretationAdopted(
                    on=date(2019, 1, 1), scheme="xian", interpretation="k", value=value
                ),
            )
            for n, value in enumerate("ab")
        ]
        found = fold_scheme([*entries, notice(7, "2019-04-10")])
        assert [(a.key, a.value, a.position) for a in found] == [("k", "a", 0), ("k", "b", 1)]
