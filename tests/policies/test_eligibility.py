"""May an enterprise apply on a day, and if not, why and from when."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from policies.eligibility import Eligibility, may_apply
from projections.center import new_center
from projections.fold import fold
from support.cases import background
from support.scenario import Line, MemoryLedger, Scenario, given, judge, knowledge_of

BEIJING = "beijing/91110108MA100005XF"
HECHUAN = "hechuan/91500117MA1000017Y"
YEARS = {"beijing": 3, "xian": 2, "hechuan": 2}
DAY = timedelta(days=1)

some_day = st.dates(date(2000, 1, 1), date(2026, 11, 30))


def asked(scenario: Scenario, center: str, on: str | date) -> Eligibility:
    """The answer for the center on the day."""
    day = on if isinstance(on, date) else date.fromisoformat(on)
    ledger = scenario.ledger
    state = ledger.state(center, on=day)
    return may_apply(judge(), state, center.partition("/")[0], day, ledger.stored)


def established(center: str, fact: str, decided_on: str | date, *, on: str | date) -> Line:
    """A fact that became known on a day."""
    return {
        "type": "FactEstablished",
        "on": on,
        "decided_on": decided_on,
        "center": center,
        "fact": fact,
    }


def codes(found: Eligibility) -> list[str]:
    """What stands against the application."""
    return [code for code, _ in found.against]


class TestAnswers:
    @pytest.mark.parametrize("scheme", sorted(YEARS))
    def test_an_unknown_enterprise_may(self, scheme: str) -> None:
        """Nothing is known of it, so nothing stands against it."""
        found = may_apply(
            judge(), new_center(f"{scheme}/id:new"), scheme, date(2020, 5, 6), knowledge_of([])
        )
        assert (found.eligible, found.first_eligible_day, found.against) == (True, None, ())

    def test_conditions_are_not_asked(self) -> None:
        """An enterprise that misses every condition may still apply."""
        lines = [*background("beijing", "notice"), {**background("beijing", "applied")[-1]}]
        lines[-1] |= {"indicators": {"main_revenue": 1}, "attested": {"good_credit": False}}
        assert asked(given(*lines), BEIJING, "2020-10-01").eligible is True

    def test_a_designated_center_may_not(self) -> None:
        """Whoever holds the designation cannot apply, and no day is promised."""
        found = asked(given(*background("beijing", "designated")), BEIJING, "2021-01-04")
        assert (found.eligible, found.first_eligible_day) == (False, None)
        assert codes(found) == ["already_designated"]

    def test_the_reason_cites_its_article(self) -> None:
        """A ban, a look-back and a designation are each cited from their own article."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            established(BEIJING, "tax_evasion", "2022-09-01", on="2022-09-01"),
        )
        found = asked(past, BEIJING, "2023-01-03")
        cited = [(code, a.cite.article if a.cite else None) for code, a in found.against]
        assert cited == [("banned", "第十五条"), ("lookback", "第六条（二）")]

    def test_the_later_end_decides(self) -> None:
        """With a ban and a look-back at once, it may apply when both are over."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            established(BEIJING, "tax_evasion", "2022-09-01", on="2022-09-01"),
        )
        assert asked(past, BEIJING, "2023-01-03").first_eligible_day == date(2025, 9, 2)
        assert asked(past, BEIJING, "2024-07-30").eligible is False
        assert asked(past, BEIJING, "2025-09-02").eligible is True

    def test_the_longer_ban_decides(self) -> None:
        """With a look-back that ends before the ban, the ban decides."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            established(BEIJING, "tax_evasion", "2020-01-06", on="2022-09-01"),
        )
        found = asked(past, BEIJING, "2022-12-01")
        assert codes(found) == ["banned", "lookback"]
        assert found.first_eligible_day == date(2024, 7, 30)

    def test_a_fact_unknown_that_day(self) -> None:
        """A fact does not count before the day it was established."""
        past = given(established(BEIJING, "smuggling", "2020-03-02", on="2020-06-01"))
        assert asked(past, BEIJING, "2020-05-31").eligible is True
        assert asked(past, BEIJING, "2020-06-01").eligible is False

    def test_an_annulled_revocation_bans_nobody(self) -> None:
        """From the day of the annulment the ban is gone, and the designation stands again."""
        annulment = {
            "type": "DecisionAnnulled",
            "on": "2022-09-15",
            "center": BEIJING,
            "annuls": "revocation",
            "reason": "复议",
            "policy": "beijing/1",
            "policy_reason": "复议",
        }
        past = given(*background("beijing", "revoked-for-failing"), annulment)
        assert codes(asked(past, BEIJING, "2022-09-14")) == ["banned"]
        assert codes(asked(past, BEIJING, "2022-09-15")) == ["already_designated"]

    def test_after_the_last_edition_lapsed(self) -> None:
        """Where no edition is known to be in force, the last one answers on bans and facts."""
        past = given(established("xian/id:a", "pollution", "2022-01-10", on="2022-01-10"))
        found = asked(past, "xian/id:a", "2022-06-01")
        assert (codes(found), found.first_eligible_day) == (["lookback"], date(2024, 1, 11))


class TestDays:
    @settings(max_examples=150, deadline=None)
    @forall(st.sampled_from(sorted(YEARS)), st.lists(some_day, min_size=1, max_size=3), some_day)
    def test_the_first_day_is_first(self, scheme: str, decided: list[date], on: date) -> None:
        """On the first eligible day it may apply, and on every day from the question to it not."""
        center = f"{scheme}/id:x"
        past = given(
            *(
                established(center, "tax_evasion", day, on=min(day, on))
                for day in decided
                if day <= on
            )
        )
        found = asked(past, center, on)
        if found.eligible:
            assert found.first_eligible_day is None
            return
        first = found.first_eligible_day
        assert first is not None
        assert asked(past, center, first).eligible is True
        assert asked(past, center, first - DAY).eligible is False

    @settings(max_examples=150, deadline=None)
    @forall(st.sampled_from(sorted(YEARS)), some_day, some_day)
    def test_the_window_is_closed(self, scheme: str, decided: date, on: date) -> None:
        """A fact counts exactly from the corresponding day years ago up to the day asked."""
        if decided > on:
            return
        center = f"{scheme}/id:x"
        found = asked(given(established(center, "tax_evasion", decided, on=on)), center, on)
        assert (codes(found) == ["lookback"]) is (years_ago(on, YEARS[scheme]) <= decided)

    @settings(max_examples=100, deadline=None)
    @forall(st.sampled_from([("hechuan", 2), ("beijing", 3)]), some_day)
    def test_bans_follow_the_civil_code(self, rule: tuple[str, int], revoked_on: date) -> None:
        """A ban ends on the corresponding day, or the month's last; the next day is free
        (民法典第二百零二条)."""
        scheme, years = rule
        center = f"{scheme}/id:x"
        ledger = MemoryLedger()
        policy = {"policy": {"hechuan": "hechuan/2021", "beijing": "beijing/1"}[scheme]}
        policy["policy_reason"] = "当年沿用"
        designated = {
            "type": "CenterDesignated",
            "on": "1999-01-04",
            "center": center,
            "name": "甲",
        }
        ledger.record(
            {**designated, **policy, "round": f"{scheme}:designation:1999"}, historical=True
        )
        ledger.record(established(center, "false_materials", revoked_on, on=revoked_on))
        ground = {"hechuan": "16.3", "beijing": "14.3"}[scheme]
        revoked = {"type": "CenterRevoked", "on": revoked_on, "center": center, "grounds": [ground]}
        assert ledger.record({**revoked, **policy}).barred == []
        ban = fold(center, ledger.entries(center)).ban
        assert ban is not None
        last = years_later(revoked_on, years)
        assert (ban.start, ban.last_day, ban.first_eligible_day) == (revoked_on, last, last + DAY)
        scenario = Scenario(ledger)
        assert codes(asked(scenario, center, revoked_on)) == ["banned"]
        assert codes(asked(scenario, center, last)) == ["banned"]
        assert codes(asked(scenario, center, last + DAY)) == []


def years_later(day: date, years: int) -> date:
    """The day of the same number, or the last of its month: 民法典第二百零二条, written anew."""
    longest = monthrange(day.year + years, day.month)[1]
    return date(day.year + years, day.month, min(day.day, longest))


def years_ago(day: date, years: int) -> date:
    """The same, backwards."""
    return years_later(day, -years)
