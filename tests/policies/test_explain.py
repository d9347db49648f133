"""Why a center stands as it does: every claim with its article and the entries it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policies.explain import Explanation
from policies.outcome import Assessment
from support.cases import background
from support.scenario import Line, Scenario, given

BEIJING = "beijing/91110108MA100005XF"
XIAN = "xian/91610131MA1000041J"
HECHUAN = "hechuan/91500117MA1000017Y"
BY_BEIJING = {"policy": "beijing/1", "policy_reason": "通知"}


def why(
    scenario: Scenario, center: str, *, on: str = "2026-12-01", known_at: str | None = None
) -> Explanation:
    """The explanation of the center on the day."""
    return scenario.ledger.why(center, on=date.fromisoformat(on), known_at=known_at)


def nodes(tree: Assessment) -> Iterator[Assessment]:
    """Every claim of the tree, from the root down."""
    yield tree
    for part in tree.because:
        yield from nodes(part)


def saying(tree: Assessment, say: str) -> list[Assessment]:
    """The claims of the tree with that sentence."""
    return [node for node in nodes(tree) if node.say == say]


def article(claim: Assessment) -> str | None:
    """The article the claim cites."""
    return claim.cite.article if claim.cite else None


def positions(scenario: Scenario, center: str, stored_type: str) -> list[int]:
    """Positions of the center's entries of a type."""
    return [r.position for r in scenario.ledger.entries(center) if r.type == stored_type]


def adopting(scheme: str, key: str, value: str, *, on: str, by: list[str]) -> Line:
    """The adoption of a reading."""
    return {
        "type": "InterpretationAdopted",
        "on": on,
        "scheme": scheme,
        "interpretation": key,
        "value": value,
        "by": by,
        **(BY_BEIJING if scheme == "beijing" else {}),
    }


class TestRevoked:
    def test_the_ground_names_both_grades(self) -> None:
        """The ground of two failures rests on the two confirmed grades, each a leaf of its own."""
        past = given(*background("beijing", "revoked-for-failing"))
        tree = why(past, BEIJING).because
        grades = positions(past, BEIJING, "GradeConfirmed/1")
        (ground,) = saying(tree, "revoked_on_ground")
        revoked = positions(past, BEIJING, "CenterRevoked/1")
        assert list(ground.entries) == [*revoked, *grades]
        leaves = saying(tree, "entry_graded")
        assert [leaf.entries for leaf in leaves] == [(n,) for n in grades]

    def test_the_leaves_show_grade_and_score(self) -> None:
        """A grade is shown with its round, its word, its score and its article."""
        tree = why(given(*background("beijing", "revoked-for-failing")), BEIJING).because
        first, second = saying(tree, "entry_graded")
        assert (first.values["grade"], first.values["score"]) == ("不合格", "55")
        assert (second.values["grade"], second.values["score"]) == ("不合格", "59.99")
        assert {article(first), article(second)} == {"第十一条（四）"}

    def test_the_score_is_the_one_graded(self) -> None:
        """A score that came in after the grade is not shown as what the grade rests on."""
        late = {
            "type": "EvaluationScored",
            "on": "2022-07-01",
            "center": BEIJING,
            "round": "beijing:evaluation:2022",
            "score": "99",
        }
        past = given(*background("beijing", "revoked-for-failing"), late)
        _, second = saying(why(past, BEIJING).because, "entry_graded")
        assert second.values["score"] == "59.99"

    def test_the_root_cites_the_revocation(self) -> None:
        """The answer is the revocation: its article, its entry and its day."""
        past = given(*background("beijing", "revoked-for-failing"))
        root = why(past, BEIJING).because
        assert (root.say, article(root)) == ("status_revoked", "第十四条")
        assert list(root.entries) == positions(past, BEIJING, "CenterRevoked/1")
        assert root.values["revoked_on"] == "2022-07-29"

    def test_the_ban_is_reckoned_out(self) -> None:
        """The arithmetic of the ban shows its years, its last day and the first day after it."""
        tree = why(given(*background("beijing", "revoked-for-failing")), BEIJING).because
        (ban,) = saying(tree, "ban_arithmetic")
        assert article(ban) == "第十五条"
        assert ban.values == {
            "years": 2,
            "start": "2022-07-29",
            "last_day": "2024-07-29",
            "first_eligible_day": "2024-07-30",
        }

    def test_the_first_day_may_be_counted(self) -> None:
        """Under the reading that counts the day of the revocation, the arithmetic says so."""
        reading = adopting(
            "beijing", "time.start_day", "counted", on="2020-01-02", by=["北京市经济和信息化局"]
        )
        past = given(reading, *background("beijing", "revoked-for-failing"))
        (ban,) = saying(why(past, BEIJING).because, "ban_arithmetic_counted")
        assert (ban.values["start"], ban.values["last_day"]) == ("2022-07-29", "2024-07-28")

    def test_why_not_names_the_first_day(self) -> None:
        """What would change the answer is the first eligible day, and whether it has come."""
        past = given(*background("beijing", "revoked-for-failing"))
        before, after = (why(past, BEIJING, on=on).why_not for on in ("2024-07-29", "2024-07-30"))
        over = [part for part in (*before, *after) if part.say == "eligible_from"]
        assert [part.result for part in over] == [False, True]

    def test_a_ground_without_ban_says_so(self) -> None:
        """A ground that carries no ban is explained by the reason the regulation file gives."""
        past = given(
            *background("beijing", "designated"),
            {
                "type": "FactEstablished",
                "on": "2021-03-01",
                "center": BEIJING,
                "fact": "dissolution",
            },
            {"type": "CenterRevoked", "on": "2021-04-01", "center": BEIJING, "grounds": ["14.8"]},
        )
        (ban,) = saying(why(past, BEIJING).because, "no_ban_follows")
        assert ban.result is True
        assert ban.values["reason"] == ["第十五条未规定第（八）项"]

    def test_a_fact_names_its_day(self) -> None:
        """A ground on a fact ends in that fact, with the day of its decision and its source."""
        fact = {
            "type": "FactEstablished",
            "on": "2021-03-01",
            "decided_on": "2021-02-01",
            "center": BEIJING,
            "fact": "tax_evasion",
            "source": "税务行政处罚决定书",
        }
        past = given(
            *background("beijing", "designated"),
            fact,
            {"type": "CenterRevoked", "on": "2021-04-01", "center": BEIJING, "grounds": ["14.6"]},
        )
        (leaf,) = saying(why(past, BEIJING).because, "entry_fact")
        assert leaf.entries == (8,)
        assert leaf.values["decided_on"] == "2021-02-01"
        assert leaf.values["source"] == "税务行政处罚决定书"

    def test_the_reading_applied_is_shown(self) -> None:
        """A ground that was read one way of several names the interpretation and its value."""
        tree = why(given(*background("beijing", "revoked-for-failing")), BEIJING).because
        (ground,) = saying(tree, "revoked_on_ground")
        assert ground.interpretation == ("bj.consec.unit", "rounds_adjacent_years")

    def test_article_22_is_explained(self) -> None:
        """Xi'an's ban names the reading by which the misprinted article is applied."""
        past = given(
            *background("xian", "designated", "failed-2019"),
            {"type": "CenterRevoked", "on": "2019-09-27", "center": XIAN, "grounds": ["16.2"]},
        )
        (ban,) = saying(why(past, XIAN).because, "ban_arithmetic")
        assert (article(ban), ban.interpretation) == ("第二十二条", ("xa.art22_ref", "16"))

    def test_a_deviation_is_told(self) -> None:
        """A revocation published on an unmet ground is explained with what speaks against it."""
        revoked = {
            "type": "CenterRevoked",
            "on": "2021-04-01",
            "center": BEIJING,
            "grounds": ["14.3"],
        }
        past = given(*background("beijing", "designated"), revoked | {"historical": True})
        tree = why(past, BEIJING).because
        assert [article(part) for part in saying(tree, "ground_unmet") if part in tree.because] == [
            "第十四条（三）"
        ]

    def test_later_readings_explain_no_ruling(self) -> None:
        """A reading adopted after the revocation, even with an earlier day, explains nothing of
        it."""
        past = given(
            *background("beijing", "designated"),
            {
                "type": "FactEstablished",
                "on": "2021-03-01",
                "center": BEIJING,
                "fact": "tax_evasion",
            },
            {"type": "CenterRevoked", "on": "2021-04-01", "center": BEIJING, "grounds": ["14.6"]},
            adopting(
                "beijing",
                "bj.revoke.lookback",
                "any_time",
                on="2021-01-04",
                by=["北京市经济和信息化局"],
            ),
        )
        (ground,) = saying(why(past, BEIJING).because, "revoked_on_ground")
        assert ground.interpretation == ("bj.revoke.lookback", "post_designation")

    def test_an_amended_deadline_explains_no_ruling(self) -> None:
        """A deadline moved after the revocation leaves the ground as it was ruled."""
        past = given(
            *background("beijing", "designated", "evaluation-2021"),
            {
                "type": "EvaluationNotSubmitted",
                "on": "2021-05-06",
                "center": BEIJING,
                "round": "beijing:evaluation:2021",
            },
            {"type": "CenterRevoked", "on": "2021-06-01", "center": BEIJING, "grounds": ["14.2"]},
            {
                "type": "RoundOpened",
                "on": "2021-06-02",
                "round": "beijing:evaluation:2021",
                "deadline": "2021-07-30",
            },
        )
        (ground,) = saying(why(past, BEIJING).because, "revoked_on_ground")
        (claim,) = ground.because
        assert (claim.result, claim.say) == (True, "ground_met")


class TestDesignated:
    def test_it_names_the_designation(self) -> None:
        """A designation is explained by its act and by every entry that was used for it."""
        past = given(*background("beijing", "designated"))
        root = why(past, BEIJING).because
        assert (root.say, article(root)) == ("status_designated", "第八条（三）")
        (by,) = saying(root, "designated_by")
        assert list(by.entries) == positions(past, BEIJING, "CenterDesignated/1")
        used = {n for part in by.because for n in part.entries}
        wanted = ("ApplicationSubmitted/1", "DesignationProposed/1", "PublicityOpened/1")
        assert used >= {n for kind in wanted for n in positions(past, BEIJING, kind)}

    def test_why_not_asks_every_ground(self) -> None:
        """Each ground of revocation is answered, with the article it stands in."""
        asked = why(given(*background("beijing", "designated")), BEIJING).why_not
        grounds = [part for part in asked if part.say == "why_not_revoked"]
        assert [article(part) for part in grounds] == [
            f"第十四条（{n}）" for n in "一二三四五六七八"
        ]
        assert {part.result for part in grounds} == {False}

    def test_why_not_counts_to_the_limit(self) -> None:
        """The nearest boundary says how many failures there are and how many are missing."""
        past = given(*background("beijing", "designated", "failed-2021"))
        (counter,) = [p for p in why(past, BEIJING).why_not if p.say == "counter_boundary"]
        assert (article(counter), counter.result) == ("第十四条（一）", False)
        assert counter.values == {
            "counter": "failed_evaluations",
            "count": 1,
            "limit": 2,
            "missing": 1,
        }
        assert list(counter.entries) == positions(past, BEIJING, "GradeConfirmed/1")

    def test_counters_follow_the_reading_of_the_day(self) -> None:
        """A reading adopted after the last grade counts anew from its own day on."""
        past = given(
            *background("beijing", "designated", "failed-2021", "failed-2023"),
            adopting(
                "beijing",
                "bj.consec.unit",
                "rounds",
                on="2023-07-03",
                by=["北京市经济和信息化局"],
            ),
        )
        counted = [
            part.values["count"]
            for day in ("2023-07-02", "2023-07-03")
            for part in why(past, BEIJING, on=day).why_not
            if "counter" in part.values
        ]
        assert counted == [1, 2]

    def test_a_met_ground_is_not_hidden(self) -> None:
        """A ground that is met without a revocation is said to be met."""
        past = given(*background("beijing", "designated", "failed-2021", "failed-2022"))
        met = [p for p in why(past, BEIJING).why_not if p.say == "ground_met"]
        assert [(article(part), part.result) for part in met] == [("第十四条（一）", True)]

    def test_an_open_ground_stays_open(self) -> None:
        """A ground that the facts leave open is neither yes nor no."""
        past = given(*background("beijing", "designated", "failed-2021", "failed-2023"))
        (first, *_) = [
            p
            for p in why(past, BEIJING).why_not
            if article(p) == "第十四条（一）" and p.say != "counter_boundary"
        ]
        assert (first.result, first.say) == (None, "why_undetermined")

    def test_an_annulled_revocation_is_told(self) -> None:
        """A restored designation is explained by what was annulled and by which entry."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            {
                "type": "DecisionAnnulled",
                "on": "2022-09-15",
                "center": BEIJING,
                "annuls": "revocation",
                "reason": "复议",
                **BY_BEIJING,
            },
        )
        (annulled,) = saying(why(past, BEIJING).because, "annulled_act")
        revoked, annulment = (
            positions(past, BEIJING, name) for name in ("CenterRevoked/1", "DecisionAnnulled/1")
        )
        assert list(annulled.entries) == [*revoked, *annulment]

    def test_the_day_before_the_annulment(self) -> None:
        """Asked for a day before the annulment, the revocation is explained."""
        past = given(
            *background("beijing", "revoked-for-failing"),
            {
                "type": "DecisionAnnulled",
                "on": "2022-09-15",
                "center": BEIJING,
                "annuls": "revocation",
                "reason": "复议",
                **BY_BEIJING,
            },
        )
        assert why(past, BEIJING, on="2022-09-14").because.say == "status_revoked"
        assert why(past, BEIJING, on="2022-09-15").because.say == "status_designated"

    def test_what_was_known_then(self) -> None:
        """Asked for what an earlier position knew, later entries are not mentioned."""
        past = given(*background("beijing", "revoked-for-failing"))
        revoked = positions(past, BEIJING, "CenterRevoked/1")[0]
        found = why(past, BEIJING, known_at=f"beijing#{revoked - 1}")
        assert found.because.say == "status_designated"
        assert max(n for node in nodes(found.because) for n in node.entries) < revoked


class TestUnderWay:
    def test_a_proposal_lacks_what_it_lacks(self) -> None:
        """An admitted application is told which reviews its proposal still needs."""
        found = why(given(*background("xian", "audited")), XIAN, on="2017-06-30")
        assert found.because.say == "status_applicant"
        assert [part.values["stage"] for part in found.why_not] == [
            "preliminary",
            "qualification",
            "special_audit",
            "defense",
            "comprehensive",
        ]

    def test_a_designation_lacks_its_publicity(self) -> None:
        """A proposal is told that nothing was published yet."""
        found = why(given(*background("beijing", "proposed")), BEIJING, on="2020-12-01")
        assert found.because.say == "status_proposed"
        assert [part.say for part in found.why_not] == ["publicity_missing"]

    def test_nothing_is_lacking_any_more(self) -> None:
        """When all gates are open, nothing stands against the next act."""
        found = why(given(*background("beijing", "published")), BEIJING, on="2020-12-01")
        assert found.why_not == ()

    def test_the_filing_is_named(self) -> None:
        """The application and the proposal are named with their days."""
        past = given(*background("beijing", "proposed"))
        applied, proposed = why(past, BEIJING, on="2020-12-01").because.because
        assert (applied.values["on"], applied.entries) == ("2020-09-15", (1,))
        assert (proposed.values["on"], proposed.entries) == ("2020-11-10", (5,))

    def test_a_proposal_out_of_nothing(self) -> None:
        """A proposal published without an application invents no filing."""
        proposal = background("beijing", "proposed")[-1] | {"historical": True}
        root = why(given(*background("beijing", "notice"), proposal), BEIJING).because
        assert saying(root, "applied_in") == []
        assert len(saying(root, "proposed_in")) == 1


class TestNothing:
    def test_a_refusal_is_told(self) -> None:
        """An enterprise without designation is told of its refused application."""
        past = given(
            *background("hechuan", "applied"),
            {
                "type": "ApplicationRefused",
                "on": "2022-06-28",
                "center": HECHUAN,
                "round": "hechuan:designation:2022",
            },
        )
        root = why(past, HECHUAN).because
        (refused,) = saying(root, "refused_in")
        assert (root.say, root.result, refused.entries) == ("status_none", False, (1, 2))

    def test_a_banned_applicant_is_told(self) -> None:
        """The ban of an applicant is reckoned out with its article."""
        past = given(
            *background("hechuan", "applied"),
            {
                "type": "FactEstablished",
                "on": "2022-05-20",
                "center": HECHUAN,
                "fact": "false_materials",
            },
            {
                "type": "ApplicationRefused",
                "on": "2022-06-28",
                "center": HECHUAN,
                "round": "hechuan:designation:2022",
            },
        )
        (ban,) = saying(why(past, HECHUAN).because, "ban_arithmetic")
        assert (article(ban), ban.values["last_day"]) == ("第十八条", "2024-06-28")

    def test_an_annulled_proposal_is_told(self) -> None:
        """After an annulled proposal the annulment is named."""
        past = given(
            *background("beijing", "proposed"),
            {
                "type": "DecisionAnnulled",
                "on": "2020-12-01",
                "center": BEIJING,
                "annuls": "proposal",
                "reason": "更正",
                **BY_BEIJING,
            },
        )
        root = why(past, BEIJING).because
        assert [part.entries for part in saying(root, "annulled_act")] == [(5, 6)]
