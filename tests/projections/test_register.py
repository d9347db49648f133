"""What the register says of a center."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from projections.register import RegisterRow, digest, row_of
from support.cases import background
from support.scenario import Line, given

CENTERS = {
    "beijing": "beijing/91110108MA100005XF",
    "xian": "xian/91610131MA1000041J",
    "hechuan": "hechuan/91500117MA1000017Y",
}


def row(*entries: Line) -> RegisterRow:
    """The row of the center after the entries."""
    scenario = given(*entries)
    scheme = str(entries[0]["round"]).partition(":")[0]
    return row_of(scenario.ledger.state(CENTERS[scheme]))


def body(*entries: Line) -> dict[str, Any]:
    """What lists show beside name and status."""
    return dict(msgspec.json.decode(row(*entries).body))


def test_the_row_names_the_center() -> None:
    """Name, status, number of entries and last position stand in the row itself."""
    found = row(*background("beijing", "designated"))
    assert (found.name, found.status, found.entries) == ("北京甲一科技有限公司", "designated", 7)
    assert found.position == 7


def test_a_revoked_center_shows_its_ban() -> None:
    """A revocation shows its day, its grounds and the days of its ban."""
    found = body(*background("beijing", "revoked-for-failing"))
    assert found["revoked_on"] == "2022-07-29"
    assert found["grounds"] == ["14.1"]
    assert (found["ban_last_day"], found["first_eligible_day"]) == ("2024-07-29", "2024-07-30")
    assert found["counters"] == {"failed_evaluations": 2}


def test_the_last_grade_and_score() -> None:
    """The newest evaluation is shown with its grade and the score as it was filed."""
    found = body(*background("beijing", "designated", "failed-2021", "passed-2022"))
    assert (found["last_round"], found["last_grade"], found["last_score"]) == (
        "beijing:evaluation:2022",
        "基本合格",
        "60",
    )


def test_a_late_score_replaces_no_grade() -> None:
    """A score that comes in after the confirmation is not shown beside a grade it did not earn."""
    late = {
        "type": "EvaluationScored",
        "on": "2021-07-05",
        "center": CENTERS["beijing"],
        "round": "beijing:evaluation:2021",
        "score": "12",
    }
    found = body(*background("beijing", "designated", "good-2021"), late)
    assert (found["last_grade"], found["last_score"]) == ("良好", "75")


def test_a_score_without_a_grade() -> None:
    """A score that waits for its confirmation is shown without a grade."""
    scored = {
        "type": "EvaluationScored",
        "on": "2021-06-10",
        "center": CENTERS["beijing"],
        "round": "beijing:evaluation:2021",
        "score": "75.50",
    }
    found = body(*background("beijing", "designated", "filed-2021"), scored)
    assert (found["last_grade"], found["last_score"]) == (None, "75.50")


def test_warning_and_certificate_are_shown() -> None:
    """A standing warning and the latest certificate are shown with their days."""
    center = CENTERS["xian"]
    found = body(
        *background("xian", "designated", "low-2019"),
        {
            "type": "WarningIssued",
            "on": "2019-08-20",
            "center": center,
            "round": "xian:evaluation:2019",
        },
        {
            "type": "CertificateIssued",
            "on": "2019-09-02",
            "center": center,
            "number": "西JSZX-12-2019-7",
        },
    )
    assert found["warned_on"] == "2019-08-20"
    assert (found["certificate"], found["certificate_valid_until"]) == (
        "西JSZX-12-2019-7",
        "2021-09-02",
    )


def test_open_objections_are_shown() -> None:
    """Objections that nobody decided are shown, decided ones are not."""
    center = CENTERS["xian"]
    lodged = [
        {
            "type": "ObjectionLodged",
            "on": "2017-06-26",
            "center": center,
            "objection": name,
            "subject": "designation",
            "claim": "甲",
        }
        for name in ("a", "b")
    ]
    decided = {
        "type": "ObjectionDecided",
        "on": "2017-07-03",
        "center": center,
        "objection": "a",
        "outcome": "dismissed",
        "reason": "乙",
    }
    assert body(*background("xian", "published"), *lodged, decided)["open_objections"] == ["b"]


def test_former_names_are_shown() -> None:
    """A renamed enterprise is found under its former names too."""
    renamed = {
        "type": "EnterpriseRenamed",
        "on": "2021-05-10",
        "center": CENTERS["beijing"],
        "name": "新名",
    }
    found = row(*background("beijing", "designated"), renamed)
    assert found.name == "新名"
    assert msgspec.json.decode(found.body)["former_names"] == ["北京甲一科技有限公司"]


class TestDigest:
    ROWS = (
        RegisterRow("xian/id:a", "甲", "none", 1, 0, b"{}"),
        RegisterRow("xian/id:b", "乙", "designated", 2, 4, b'{"edition":"xian/2016"}'),
    )

    def test_equal_rows_have_equal_digests(self) -> None:
        """The digest depends on what the rows say and on nothing else."""
        assert digest(self.ROWS) == digest(list(self.ROWS))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("center", "xian/id:c"),
            ("name", "丙"),
            ("status", "revoked"),
            ("entries", 3),
            ("position", 5),
            ("body", b'{"edition":"xian/2017"}'),
        ],
    )
    def test_each_field_is_in_it(self, field: str, value: object) -> None:
        """A row that says anything else gives another digest."""
        changed = self.ROWS[1]._replace(**{field: value})
        assert digest([self.ROWS[0], changed]) != digest(self.ROWS)

    def test_order_and_number_count(self) -> None:
        """Rows left out, doubled or in another order give another digest."""
        first, second = self.ROWS
        others = [(first,), (second, first), (first, first, second), ()]
        assert len({digest(rows) for rows in [self.ROWS, *others]}) == 5
