from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from support.counter import Run, Said
from support.scenario import Line, line_of

ROUND = "hechuan:evaluation:2024"
FLOORS = {"rd_expenditure": 300, "rd_staff": 20, "equipment_value": 400}


def recorded(run: Run, lines: Iterable[Line], *options: str) -> None:
    """Record the lines; all of them must be taken."""
    text = b"\n".join(map(line_of, lines)).decode()
    said = run("record", "-", *options, stdin=text)
    assert said.status == 0, said.stderr


def register(count: int) -> Iterator[Line]:
    """A designation round, so many centers designated in it as published, and their evaluation."""
    name = "hechuan:designation:2022"
    yield {"type": "RoundOpened", "on": "2022-03-01", "round": name, "deadline": "2022-04-29"}
    for number in range(count):
        yield {
            "type": "CenterDesignated",
            "on": "2022-09-15",
            "center": f"hechuan/id:c{number:03}",
            "round": name,
            "name": f"重庆合川第{number}厂",
        }
    yield {"type": "RoundOpened", "on": "2024-03-01", "round": ROUND, "deadline": "2024-06-01"}


def graded(number: int, score: str) -> Iterator[Line]:
    """A center that files, is scored and graded."""
    about = {"center": f"hechuan/id:c{number:03}", "round": ROUND}
    yield {"type": "EvaluationSubmitted", "on": "2024-05-20", "indicators": FLOORS, **about}
    yield {"type": "EvaluationScored", "on": "2024-06-25", "score": score, **about}
    yield {"type": "GradeConfirmed", "on": "2024-07-10", **about}


@pytest.fixture
def asked(run: Run) -> Run:
    """A round of four centers: one passes with a warning, one fails and is revoked, one is
    deferred, one is silent."""
    recorded(run, register(4), "--historical")
    warned = {"center": "hechuan/id:c000", "round": ROUND}
    revoked = {"center": "hechuan/id:c001", "grounds": ["16.1"]}
    deferred = {"center": "hechuan/id:c002", "round": ROUND, "reason": "重整"}
    lines = [
        *graded(0, "65"),
        {"type": "WarningIssued", "on": "2024-07-22", **warned},
        *graded(1, "59.99"),
        {"type": "CenterRevoked", "on": "2024-09-02", **revoked},
        {"type": "EvaluationDeferred", "on": "2024-05-06", **deferred},
    ]
    recorded(run, lines)
    return run


def show(run: Run, *arguments: str) -> Said:
    """Show a round."""
    return run("round", "show", *arguments)


def test_json_has_the_contract_shape(asked: Run) -> None:
    """Exactly the members of the contract, in its order, with numbers."""
    value = show(asked, ROUND, "--json").json
    expected: dict[str, Any] = {
        "ok": True,
        "round": ROUND,
        "edition": "hechuan/2021",
        "deadline": "2024-06-01",
        "centers": 4,
        "submitted": 2,
        "not_submitted": 1,
        "grades": {"合格": 1, "不合格": 1},
        "warned": 1,
        "revoked": 1,
        "upto": "hechuan#14",
    }
    assert list(value.items()) == list(expected.items())


def test_prints_one_number_a_line(asked: Run) -> None:
    """The answer for people holds the same numbers, and the day the deadline rolls to."""
    assert show(asked, ROUND).stdout == (
        "hechuan:evaluation:2024\n"
        "  regulation     hechuan/2021\n"
        "  deadline       2024-06-01, a rest day: the last day is 2024-06-03\n"
        "  centers        4\n"
        "  filed          2\n"
        "  nothing filed  1\n"
        "  deferred       1\n"
        "  合格           1\n"
        "  不合格         1\n"
        "  warned         1\n"
        "  revoked        1\n"
    )


def test_names_who_owes(asked: Run) -> None:
    """With --list every center that owes a filing is named."""
    said = show(asked, ROUND, "--list")
    assert said.stdout.endswith(
        "\ncenters without a filing: 1\n  hechuan/id:c003               重庆合川第3厂\n"
    )
    value = show(asked, ROUND, "--list", "--json").json
    assert value["owing"] == [{"center": "hechuan/id:c003", "name": "重庆合川第3厂"}]


def test_answers_for_an_earlier_day(asked: Run) -> None:
    """With --on the round stands as it did at the end of that day."""
    value = show(asked, ROUND, "--on", "2024-05-20", "--json").json
    assert (value["submitted"], value["not_submitted"], value["grades"]) == (2, 1, {})
    assert show(asked, ROUND, "--on", "2024-02-29").status == 3


def test_answers_for_an_earlier_knowledge(asked: Run) -> None:
    """With --known-at only what was recorded by then counts."""
    value = show(asked, ROUND, "--known-at", "hechuan#5", "--json").json
    assert (value["centers"], value["submitted"], value["not_submitted"]) == (4, 0, 4)


def test_counts_designation_rounds(asked: Run) -> None:
    """A designation round has numbers of its own beside those of the contract."""
    value = show(asked, "hechuan:designation:2022", "--json").json
    own = {name: value[name] for name in ("applications", "admitted", "refused", "designated")}
    assert own == {"applications": 0, "admitted": 0, "refused": 0, "designated": 4}
    assert (value["centers"], value["submitted"], value["not_submitted"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("round_id", "status", "code"),
    [
        ("hechuan:evaluation:2031", 3, "not_found"),
        ("beijing:evaluation:2024", 3, "not_found"),
        ("nowhere:evaluation:2024", 3, "not_found"),
        ("hechuan:evaluation", 2, "malformed"),
    ],
)
def test_unknown_rounds_are_not_found(round_id: str, status: int, code: str, asked: Run) -> None:
    """A round without a notice is not found; a text that names no round is malformed."""
    said = show(asked, round_id, "--json")
    assert (said.status, said.json["error"]["code"]) == (status, code)


def test_gives_back_published_numbers(run: Run) -> None:
    """74 centers, 73 filed: 21, 39 and 13 by grade, and one revoked for filing nothing; each band
    is filled at both of its edges."""
    scores = ["90", "100"] * 10 + ["95"] + ["65", "89.99"] * 19 + ["79.99"] + ["60", "64.99"] * 6
    recorded(run, register(74), "--historical")
    lines = [line for number, score in enumerate([*scores, "62"]) for line in graded(number, score)]
    silent = "hechuan/id:c073"
    missed = {"type": "EvaluationNotSubmitted", "on": "2024-06-04", "center": silent}
    revoked = {"type": "CenterRevoked", "on": "2024-09-02", "center": silent, "grounds": ["16.2"]}
    recorded(run, [*lines, {**missed, "round": ROUND}, revoked])
    value = show(run, ROUND, "--json").json
    assert value["grades"] == {"优秀": 21, "良好": 19, "合格": 20, "基本合格": 13}
    assert (value["centers"], value["submitted"], value["not_submitted"]) == (74, 73, 1)
    assert value["revoked"] == 1
