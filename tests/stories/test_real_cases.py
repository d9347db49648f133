"""Published results, replayed: tests/cases/real holds what the notices say, and reads it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policies.eligibility import may_apply
from policies.loading import builtin_editions
from policies.rulebook import Rulebook
from policies.rules.grading import band_of, is_warned
from projections.center import CenterState
from support.command import run
from support.places import Places
from support.published import STEP, Published, read_back, read_result, read_retold, results
from support.scenario import FileLedger, judge, line_of

Replay = Callable[[str], FileLedger]


@pytest.fixture(scope="module")
def replay(module_places: Places) -> Iterator[Replay]:
    """A published result on a ledger of its own, recorded once for all tests."""
    ledgers: dict[str, FileLedger] = {}

    def replayed(name: str) -> FileLedger:
        if name not in ledgers:
            ledgers[name] = FileLedger(module_places.new())
            record(ledgers[name], read_result(name))
        return ledgers[name]

    yield replayed
    for ledger in ledgers.values():
        ledger.close()


def record(ledger: FileLedger, result: Published) -> Counter[str]:
    """Record the whole result as it was published; the codes of what the rules say otherwise."""
    lines = [line_of(line) for line in result.lines()]
    receipt = ledger.desk.record(lines, historical=True)
    return Counter(item["finding"]["code"] for item in receipt.deviations)


def states(ledger: FileLedger, scheme: str) -> list[CenterState]:
    """Where every center of the scheme stands."""
    centers = (row.center for row in ledger.desk.register(scheme=scheme, status=None, search=None))
    return [ledger.state(center) for center in centers]


@pytest.mark.parametrize("name", results())
class TestEveryResult:
    def test_the_totals_come_back(self, replay: Replay, name: str) -> None:
        """The ledger counts what the notice counted, grade by grade and act by act."""
        result = read_result(name)
        assert read_back(replay(name).desk, result) == result.expected

    def test_nothing_else_deviates(self, replay: Replay, name: str) -> None:
        """The rules follow the whole result, but for what the file names as open."""
        result = read_result(name)
        found = replay(name).audit(result.scheme)
        assert Counter(f.code for f in found if f.position is not None) == result.deviations
        assert Counter(f.code for f in found if f.position is None) == result.omissions


@pytest.mark.parametrize("name", ["AT-01", "AT-09", "AT-11", "AT-17"])
def test_every_warning_is_earned(replay: Replay, name: str) -> None:
    """Warned are exactly the centers the rules would warn."""
    result = read_result(name)
    evaluations = (s.evaluation(result.round) for s in states(replay(name), result.scheme))
    graded = [v for v in evaluations if v is not None and v.result is not None]
    assert all((v.warned is not None) == v.result.warned for v in graded if v.result)


class TestBounds:
    @pytest.mark.parametrize("name", results())
    def test_both_edges_of_every_band_are_filled(self, name: str) -> None:
        """Each band that the result fills has a score on its lower bound and one a step below its
        upper bound, so that a bound that is off by one step would show."""
        result = read_result(name)
        edition = judge().rulebook.edition(result.edition)
        scores = {score for group in result.centers for score in group.scores}
        floor_only = {"AT-05": {"优秀"}, "AT-07": {"优秀"}, "AT-11": {"不合格"}}.get(name, set())
        for grade in edition.evaluation.grades:
            if grade.word in result.published["grades"] and grade.word not in floor_only:
                assert grade.low is None or grade.low in scores
                assert grade.high is None or grade.high - STEP in scores

    @pytest.mark.parametrize(
        ("name", "old", "new"),
        [
            ("AT-14", '"90"', '"90.0001"'),
            ("AT-14", '"65"', '"65.0001"'),
            ("AT-14", '"65"', '"64.9999"'),
            ("AT-17", '"60"', '"60.0001"'),
            ("AT-17", "high_included: true", "high_included: false"),
        ],
    )
    def test_a_bound_off_by_a_step_shows(
        self, places: Places, name: str, old: str, new: str
    ) -> None:
        """A regulation file that is wrong by the least step of a score contradicts the result."""
        result = read_result(name)
        files = dict(builtin_editions())
        source = f"{result.edition}.yaml"
        changed = files[source].decode().replace(old, new)
        assert changed != files[source].decode()
        ledger = FileLedger(places.new())
        ledger.desk.__dict__.pop("judge")
        ledger.desk.__dict__["rulebook"] = Rulebook({**files, source: changed.encode()}.items())
        assert record(ledger, result) != result.deviations
        ledger.close()


class TestNational:
    def test_a_missed_floor_outweighs_the_score(self, replay: Replay) -> None:
        """AT-01: 80 points with 149 R&D staff are 不合格, and the floor is why."""
        found = [
            (v.result.grade, v.score)
            for state in states(replay("AT-01"), "national")
            for v in state.evaluations
            if v.result is not None and v.indicators.get("rd_staff") == 149
        ]
        assert found == [("不合格", Decimal(80))]

    def test_the_one_published_score_is_excellent(self, replay: Replay) -> None:
        """AT-05: 90.7 is 优秀."""
        evaluation = (
            replay("AT-05").state("national/id:chengshan").evaluation("national:evaluation:2017")
        )
        assert evaluation is not None
        assert evaluation.result is not None
        assert evaluation.result.grade == "优秀"

    @pytest.mark.parametrize("floor", [None, "rd_staff", "equipment_value", "rd_expenditure"])
    def test_the_same_score_under_two_editions(self, places: Places, floor: str | None) -> None:
        """AT-07 and AT-01: 62 points are plainly 合格 in 2013, 基本合格 with a warning in 2021, and
        不合格 where a floor is missed."""
        figures = {"rd_staff": 150, "equipment_value": 2000, "rd_expenditure": 1500}
        if floor is not None:
            figures[floor] -= 1
        ledger = FileLedger(places.new())
        answer = ledger.record(*_two_rounds("62", figures), historical=True)
        found = [
            (r.ruling.edition, r.outcome.grade, r.outcome.warned)
            for r in answer.recorded
            if r.type.startswith("GradeConfirmed") and r.ruling is not None
        ]
        assert found == [
            ("national/2007", "合格", None),  # that order's text on warnings is not at hand
            ("national/2016", "基本合格", True)
            if floor is None
            else ("national/2016", "不合格", False),
        ]
        ledger.close()


class TestTwoPublications:
    def test_both_are_kept_and_their_difference_reported(self, places: Places) -> None:
        """AT-09 and AT-10: the ledger holds both, overwrites neither, and audit names the one
        center they disagree about."""
        told, retold = read_result("AT-09"), read_retold("AT-10")
        ledger = FileLedger(places.new())
        record(ledger, told)
        size = ledger.desk.source.size("jiangsu")
        answer = ledger.record(*retold.lines(told), historical=True)
        assert "not_designated" in answer.barred

        before = read_back(ledger.desk, told, known_at=f"jiangsu#{size - 1}")
        assert before == told.expected
        after = read_back(ledger.desk, told)
        assert after["grades"] == {k: int(v) for k, v in retold.published["grades"].items()}
        assert after["revoked"] == told.expected["revoked"]  # what was decided stands
        assert retold.difference_to(told) == retold.difference

        contested = {f.center for f in ledger.audit("jiangsu") if f.code == "not_designated"}
        assert contested == {one.center for one in retold.otherwise}
        ledger.close()

    def test_a_user_sees_them_disagree(self, places: Places) -> None:
        """The commands show the round as either publication has it, both documents side by side in
        the history, and in the audit the one center they disagree about."""
        place = places.new()
        told, retold = read_result("AT-09"), read_retold("AT-10")
        center = retold.otherwise[0].center
        own = [n for n in told.lines() if n.get("center", center) == center]
        shown = []
        for lines in (own, list(retold.lines(told))):
            text = "".join(line_of(line).decode() + "\n" for line in lines)
            assert run(place, "record", "--historical", "-", stdin=text).status == 0
            round_ = run(place, "round", "show", told.round, "--json").json
            center_ = run(place, "center", "show", center, "--json").json
            shown.append((round_["grades"].get("良好", 0), center_["status"]))
        # What was told is counted; what was decided stands.
        assert shown == [(0, "revoked"), (1, "revoked")]

        history = run(place, "center", "history", center).stdout
        assert told.document in history
        assert retold.document in history
        audit = run(place, "audit", "--json")
        found = [f for f in audit.json["findings"] if f["code"] == "not_designated"]
        assert (audit.status, [f["center"] for f in found]) == (1, [center])


class TestZhejiang:
    def test_a_deferral_is_no_missing_filing(self, replay: Replay) -> None:
        """AT-11: the three deferred centers stay designated, ungraded and unrevoked."""
        deferred = [
            state
            for state in states(replay("AT-11"), "zhejiang")
            if (found := state.evaluation("zhejiang:evaluation:2020"))
            and found.deferred is not None
        ]
        assert [state.status for state in deferred] == ["designated"] * 3
        assert all(v.result is None for s in deferred for v in s.evaluations)

    def test_a_warning_overlays_the_grade(self, replay: Replay) -> None:
        """AT-11: whoever is warned is 合格 all the same, and stays designated."""
        warned = [s for s in states(replay("AT-11"), "zhejiang") if s.warning is not None]
        results = [v.result for s in warned for v in s.evaluations]
        assert [(r.grade, r.failed) for r in results if r] == [("合格", False)] * 4

    def test_a_fact_that_may_be_listed_leaves_the_grade_open(self, replay: Replay) -> None:
        """AT-11: the list of 第六条 is not at hand, so the rules alone do not say 不合格."""
        open_grades = [
            f for f in replay("AT-11").audit("zhejiang") if f.code == "grade_undetermined"
        ]
        assert [f.cite.article for f in open_grades if f.cite] == ["第六条"] * 2


class TestGuangxi:
    CENTER = "guangxi/id:kelaila"

    def test_a_month_overdue_revokes(self, replay: Replay) -> None:
        """AT-14: the one that filed nothing is revoked on that ground, and the ground is met."""
        state = replay("AT-14").state(self.CENTER)
        assert (state.status, state.grounds) == ("revoked", ("overdue",))
        assert state.former_names == ()

    def test_within_the_month_it_does_not(self, places: Places) -> None:
        """AT-14: on the last day of the month after the deadline the ground is not yet met."""
        result = read_result("AT-14")
        lines = [
            {**line, "on": date(2021, 8, 30)} if line["type"] == "EvaluationNotSubmitted" else line
            for line in result.lines()
            if line.get("center", self.CENTER) == self.CENTER
        ]
        ledger = FileLedger(places.new())
        assert "ground_unmet" in ledger.record(*lines, historical=True).barred
        ledger.close()

    def test_the_length_of_the_ban_is_open(self, replay: Replay) -> None:
        """AT-14: the text on bans is not at hand, so nobody can say when it may apply again."""
        ledger = replay("AT-14")
        ban = ledger.state(self.CENTER).ban
        assert ban is not None
        assert (ban.last_day, ban.first_eligible_day, ban.years) == (None, None, None)
        assert ban.undetermined
        view = ledger.desk.view("guangxi")
        state = ledger.desk.state(self.CENTER, view)
        answer = may_apply(judge(), state, "guangxi", view.on, ledger.desk.knowledge(view))
        assert (answer.eligible, answer.first_eligible_day) == (None, None)

    def test_the_command_prints_the_totals(self, places: Places) -> None:
        """AT-14: `record --historical` and `round show` give the notice's numbers."""
        place = places.new()
        result = read_result("AT-14")
        text = "".join(line_of(line).decode() + "\n" for line in result.lines())
        assert run(place, "record", "--historical", "-", stdin=text).status == 0
        answer = run(place, "round", "show", result.round, "--json").json
        expected = result.expected
        assert answer["edition"] == "guangxi/2018"
        assert answer["centers"] == expected["centers"]
        assert answer["grades"] == expected["grades"]
        assert answer["not_submitted"] == expected["not_submitted"]
        assert answer["revoked"] == expected["revoked"]


class TestJinzhong:
    @pytest.mark.parametrize(
        ("score", "warned"), [("60", True), ("64.99", True), ("65", True), ("65.01", False)]
    )
    def test_the_bound_itself_is_passed_and_warned(self, score: str, warned: bool) -> None:
        """AT-17: 65.00 is 合格 and warned at once; the next step is not warned."""
        edition = judge().rulebook.edition("jinzhong/2023")
        assert band_of(edition, Decimal(score)).word == "合格"
        assert is_warned(edition, Decimal(score), failed=False) is warned

    def test_a_dated_renaming_counts_from_its_day(self, replay: Replay) -> None:
        """AT-17: the company bore its old name to the day before 2022-11-29."""
        renamed = [s for s in states(replay("AT-17"), "jinzhong") if s.former_names]
        assert date(2022, 11, 29) in {s.former_names[0].until for s in renamed}


def _two_rounds(score: str, figures: dict[str, int]) -> list[dict[str, Any]]:
    """One center with the same score in a round of 2013 and in one of 2021."""
    center = "national/id:one"
    lines: list[dict[str, Any]] = [
        {
            "type": "CenterDesignated",
            "on": "2011-12-29",
            "center": center,
            "round": "national:designation:2011",
            "name": "某企业",
            "policy": "national/2007",
            "policy_reason": "认定文件未收录",
        }
    ]
    for year, reason in ((2013, "评价结果称依据第53号令"), (2021, None)):
        common = {"center": center, "round": f"national:evaluation:{year}"}
        own = {"policy": "national/2007", "policy_reason": reason} if reason else {}
        lines += [
            {
                "type": "RoundOpened",
                "on": f"{year}-05-10",
                "round": common["round"],
                "deadline": f"{year}-06-28",
                **own,
            },
            {"type": "EvaluationSubmitted", "on": f"{year}-06-28", **common, "indicators": figures},
            {"type": "EvaluationScored", "on": f"{year}-10-10", **common, "score": score},
            *(
                [
                    {
                        "type": "FloorsAttested",
                        "on": f"{year}-10-10",
                        **common,
                        "met": True,
                        "report": "评价报告",
                    }
                ]
                if reason
                else []
            ),
            {"type": "GradeConfirmed", "on": f"{year}-12-20", **common},
        ]
    return lines
