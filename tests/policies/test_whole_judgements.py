"""What is unknown may turn out either way; a whole judgement that is certain without it stands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.cases import background
from support.paper_office import MINIMUMS, REVIEWS
from support.scenario import Answer, Line, MemoryLedger, flattened

SOME = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CENTER = "hechuan/91500117MA1000017Y"
OPEN = frozenset({"condition_undetermined", "ground_undetermined", "grade_undetermined"})
INDUSTRIES = st.sampled_from(["manufacturing", "software", "construction", "other"])
FLOORS = {"rd_expenditure": 100, "rd_staff": 10, "equipment_value": 100}


def outcome(answer: Answer) -> bool | None:
    """Whether the act is supported; None while what is open may decide it.

    An admission does not wait for what it only notes, so what it notes as open is open here.
    """
    assert answer.malformed is None
    codes = {f.code for f in answer.bars}
    if codes - OPEN:
        return False
    return None if codes or OPEN & {f.code for f in answer.notes} else True


def stands(less: bool | None, more: bool | None) -> bool:
    """Whether a certain answer is the same after more is known."""
    return less is None or less is more


def asked(lines: list[Line], act: Line) -> Answer:
    """What the rules say of the act after these lines, which are taken as published."""
    ledger = MemoryLedger()
    for line in flattened(lines):
        assert ledger.record(line, historical=True).recorded
    return ledger.record(act)


def figures(minimums: dict[str, int]) -> st.SearchStrategy[dict[str, Any]]:
    """Every figure, each well below, one step below, at or above its minimum."""
    near = {k: st.sampled_from([0, v - 1, v, v + 1, 20 * v]) for k, v in minimums.items()}
    return st.fixed_dictionaries(near)


@SOME
@given(
    st.sampled_from(["beijing", "hechuan"]),
    st.sampled_from(["ApplicationAdmitted", "DesignationProposed"]),
    INDUSTRIES,
    st.data(),
)
def test_an_application_known_in_part(
    scheme: str, type_: str, industry: str, data: st.DataObject
) -> None:
    """What is certain of an application with figures, industry or the notice's condition missing is
    certain with them."""
    full = data.draw(figures(MINIMUMS[scheme]))
    known = {k: v for k, v in full.items() if data.draw(st.integers(0, 3)) > 0}
    attested = {"municipal_rd_institution": data.draw(st.booleans())}
    less = {"indicators": known}
    more = {"indicators": full, "industry": industry, "attested": attested}
    for name in ("industry", "attested"):
        if data.draw(st.booleans()):
            less[name] = more[name]
    before, after = (outcome(applied(scheme, type_, filed)) for filed in (less, more))
    assert stands(before, after)
    assert after is not None


def applied(scheme: str, type_: str, filed: dict[str, Any]) -> Answer:
    """What the rules say of admitting or proposing an application so filed."""
    policy = {"policy": f"{scheme}/{'1' if scheme == 'beijing' else '2021'}"}
    policy |= {"policy_reason": "通知"}
    about = {"center": f"{scheme}/id:x", "round": f"{scheme}:designation:2023"}
    notice = {
        "type": "RoundOpened",
        "on": "2023-09-01",
        "round": about["round"],
        "deadline": "2023-10-13",
        "conditions": {"municipal_rd_institution": False},
        **policy,
    }
    lines: list[Line] = [
        notice,
        {"type": "ApplicationSubmitted", "on": "2023-10-10", "name": "甲", **about, **filed},
    ]
    if type_ == "DesignationProposed":
        lines.append({"type": "ApplicationAdmitted", "on": "2023-10-20", **about})
        review = {"type": "ReviewDecided", "on": "2023-10-27", "passed": True, **about}
        lines += [{**review, "stage": stage} for stage in REVIEWS[scheme]]
    return asked(lines, {"type": type_, "on": "2023-11-06", **about})


@SOME
@given(figures(FLOORS), st.sampled_from(["55", "60", "62", "80"]), st.data())
def test_a_grade_known_in_part(full: dict[str, Any], score: str, data: st.DataObject) -> None:
    """A grade that is certain with figures of the floors missing is the grade with them."""
    known = {k: v for k, v in full.items() if data.draw(st.booleans())}
    less, more = (graded(indicators, score) for indicators in (known, full))
    assert stands(outcome(less), outcome(more))
    if outcome(less):
        assert less.recorded[0].outcome.grade == more.recorded[0].outcome.grade


def graded(indicators: dict[str, Any], score: str) -> Answer:
    """What the rules say of the grade of a filing with these figures."""
    about = {"center": CENTER, "round": "hechuan:evaluation:2024"}
    filed = {"type": "EvaluationSubmitted", "on": "2024-05-20", "indicators": indicators, **about}
    scored = {"type": "EvaluationScored", "on": "2024-06-25", "score": score, **about}
    past = [*background("hechuan", "designated", "evaluation-2024"), filed, scored]
    return asked(past, {"type": "GradeConfirmed", "on": "2024-07-10", **about})


QUALITIES = {
    "xian": ("16.6", "tax_violation", "penalized", [True, False]),
    "hechuan": ("16.6", "penalty", "severity", ["serious", "minor"]),
}


@SOME
@given(st.sampled_from(sorted(QUALITIES)), st.lists(st.tuples(st.booleans(), st.booleans())))
@example("xian", [(False, True)])
@example("hechuan", [(True, True), (False, True)])
def test_a_ground_known_in_part(scheme: str, facts: list[tuple[bool, bool]]) -> None:
    """A ground certain without knowing how grave some facts are is certain when that is known."""
    ground, fact, quality, values = QUALITIES[scheme]
    center = "xian/91610131MA1000041J" if scheme == "xian" else CENTER
    on, revoked_on = (
        ("2019-03-01", "2019-09-27") if scheme == "xian" else ("2025-01-06", "2025-03-31")
    )
    less: list[Line] = []
    more: list[Line] = []
    for is_grave, is_known in facts[:4]:
        line = {"type": "FactEstablished", "on": on, "center": center, "fact": fact}
        told = {**line, quality: values[0] if is_grave else values[1]}
        more.append(told)
        less.append(told if is_known else line)
    act = {"type": "CenterRevoked", "on": revoked_on, "center": center, "grounds": [ground]}
    past = background(scheme, "designated")
    before, after = (outcome(asked([*past, *known], act)) for known in (less, more))
    assert stands(before, after)
    assert after is any(is_grave for is_grave, _ in facts[:4])


@pytest.mark.parametrize(("score", "closed"), [("80", "合格"), ("55", "不合格")])
def test_an_attested_fact_closes_the_gap(score: str, closed: str) -> None:
    """Xi'an's floors are not in the text: without an attestation the grade is open unless it fails
    anyway, with one it is known."""
    about = {"center": "xian/91610131MA1000041J", "round": "xian:evaluation:2019"}
    scored = {"type": "EvaluationScored", "on": "2019-06-25", "score": score, **about}
    met = {"type": "FloorsAttested", "on": "2019-06-20", "met": True, "report": "甲", **about}
    act = {"type": "GradeConfirmed", "on": "2019-08-09", **about}
    past = [*background("xian", "designated", "filed-2019"), scored]
    assert outcome(asked(past, act)) is (None if score == "80" else True)
    assert asked([*past, met], act).recorded[0].outcome.grade == closed
