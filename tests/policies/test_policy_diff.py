"""What differs between two editions, by place, with the article of each side."""

from __future__ import annotations

from typing import Any

import pytest

from policies.diff import Difference, differences
from policies.edition import Edition
from policies.loading import builtin_editions, load_edition
from support.guide import example
from support.scenario import judge

IDS = judge().rulebook.ids()
BUILTIN = dict(builtin_editions())


def edition_of(edition_id: str) -> Edition:
    """An edition that ships with the program."""
    return judge().rulebook.edition(edition_id)


def by_place(old: Edition, new: Edition) -> dict[str, Difference]:
    """The differences by their places."""
    return {d.place: d for d in differences(old, new)}


def changed(*pairs: tuple[str, str]) -> Edition:
    """The guide's example with some of its text replaced."""
    text = example()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return load_edition(text.encode(), source="qingshan.yaml")


EXAMPLE = changed()


class TestNothingDiffers:
    @pytest.mark.parametrize("edition_id", IDS)
    def test_from_itself(self, edition_id: str) -> None:
        """An edition does not differ from itself."""
        assert differences(edition_of(edition_id), edition_of(edition_id)) == []

    @pytest.mark.parametrize(
        "pair",
        [
            ("edition: qingshan/2024", "edition: qingshan/2025"),
            ("article: 第八条", "article: 第二十八条"),
            ("facts: {tax_evasion: 第四条}", "facts: {tax_evasion: 第十四条}"),
            ("question: whether 65 itself is warned", "question: is 65 warned"),
            (", reads: [qs.warn.upper]", ""),
        ],
    )
    def test_in_what_is_no_rule(self, pair: tuple[str, str]) -> None:
        """Its own name, other numbers of articles, and words for readers are no difference."""
        assert differences(EXAMPLE, changed(pair)) == []

    def test_in_the_order_of_a_list(self) -> None:
        """Bands, conditions and reviews are compared by what they are called."""
        lines = [
            '    - {word: 优秀, low: "85", article: 第七条（一）}\n',
            '    - {word: 合格, low: "60", high: "85", article: 第七条（二）}\n',
        ]
        assert differences(EXAMPLE, changed(("".join(lines), "".join(reversed(lines))))) == []


class TestDifferences:
    @pytest.mark.parametrize(
        ("pairs", "place", "old", "new", "article"),
        [
            ([("cycle_years: 2", "cycle_years: 3")], "evaluation/cycle_years", 2, 3, "第六条"),
            (
                [("working_days: 30", "working_days: 20")],
                "changes/working_days",
                30,
                20,
                "第十一条",
            ),
            ([("min_days: 7", "min_days: 5")], "designation/publicity/min_days", 7, 5, "第五条"),
            (
                [('at_least: "200"', 'at_least: "300"')],
                "designation/conditions/rd_expenditure/at_least",
                "200",
                "300",
                "第三条（二）",
            ),
            (
                [('low: "85"', 'low: "90"'), ('high: "85"', 'high: "90"')],
                "evaluation/grades/优秀/low",
                "85",
                "90",
                "第七条（一）",
            ),
            (
                [("deadline_month_day: 05-31", "deadline_month_day: 04-30")],
                "designation/deadline_month_day",
                "05-31",
                "04-30",
                "第二条",
            ),
        ],
    )
    def test_of_a_value(
        self, pairs: list[tuple[str, str]], place: str, old: Any, new: Any, article: str
    ) -> None:
        """A changed value is named by its place, with both values and the nearest article."""
        found = by_place(EXAMPLE, changed(*pairs))
        assert found[place] == Difference(place, old, new, article, article)
        assert len(found) == len(pairs)

    def test_of_a_section_only_one_has(self) -> None:
        """Where one side has nothing, it has no article either."""
        other = changed(("  not_filed_fails: {article: 第七条（三）, grace_months: 1}\n", ""))
        (found,) = differences(EXAMPLE, other)
        assert (found.place, found.new, found.new_article) == (
            "evaluation/not_filed_fails",
            None,
            None,
        )
        assert found.old_article == "第七条（三）"

    def test_of_what_is_not_at_hand(self) -> None:
        """A rule that is unknown differs from one that does not exist, and from one that does."""
        none = changed(("unknown:\n  certificate: 第十三条所称证书管理规定未收录\n", ""))
        (found,) = differences(EXAMPLE, none)
        assert (found.place, found.old, found.new) == (
            "certificate",
            {"unknown": "第十三条所称证书管理规定未收录"},
            None,
        )

    def test_two_unknown_rules_do_not_differ(self) -> None:
        """Nobody can say that two rules differ when neither is at hand."""
        found = by_place(edition_of("jiangsu/2020"), edition_of("guangxi/2018"))
        assert not {
            p for p in found if p.startswith(("designation", "evaluation/publicity", "changes"))
        }
        assert found["evaluation/warning"].old is None
        assert found["evaluation/warning"].new == {"unknown": "办法全文未收录"}

    def test_a_chapter_not_at_hand_opens(self) -> None:
        """Against a chapter that is unknown, each part of the known one stands on its own."""
        found = by_place(edition_of("jinzhong/2023"), edition_of("hechuan/2021"))
        reason = edition_of("jinzhong/2023").unknown["designation"]
        assert found["designation/lookback"].old == {"unknown": reason}
        assert found["designation/deadline_month_day"].new == "04-30"

    def test_of_the_two_national_orders(self) -> None:
        """2016 splits 合格 into 良好 and 基本合格; bands that are the same are not named."""
        found = by_place(edition_of("national/2007"), edition_of("national/2016"))
        grades = {p for p in found if p.startswith("evaluation/grades")}
        assert grades == {f"evaluation/grades/{word}" for word in ("合格", "良好", "基本合格")}

    @pytest.mark.parametrize("left", IDS)
    @pytest.mark.parametrize("right", IDS)
    def test_both_ways(self, left: str, right: str) -> None:
        """Exchanging the editions exchanges the sides, and nothing else."""
        forth = differences(edition_of(left), edition_of(right))
        back = differences(edition_of(right), edition_of(left))
        swapped = {(d.place, str(d.new), str(d.old), d.new_article, d.old_article) for d in back}
        assert {
            (d.place, str(d.old), str(d.new), d.old_article, d.new_article) for d in forth
        } == swapped
