"""The ambiguities of the three regulations: each one a key, each reading either decides a case or
says why it decides none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from policies.edition import Edition, Interpretation
from support.cases import Case, all_cases, check
from support.scenario import judge

EDITIONS = {"beijing": "beijing/1", "xian": "xian/2016", "hechuan": "hechuan/2021"}

ROWS = {
    **{f"B{n:02}": ("beijing/1",) for n in range(1, 21)},
    **{f"X{n:02}": ("xian/2016",) for n in range(1, 29)},
    **{f"H{n:02}": ("hechuan/2021",) for n in range(1, 23)},
    **{f"T{n:02}": tuple(EDITIONS.values()) for n in range(1, 9)},
    "T05": ("xian/2016",),  # 前 stands in its articles alone
    "T06": ("beijing/1", "hechuan/2021"),  # 近三年 is unknown to it
}
"""Every ambiguity found in the three texts, and the editions it has to be a key of."""

TWO_KEYS = ("X05", "X09", "X12", "X15", "X23", "H16")
"""Rows that ask two questions."""


def edition(edition_id: str) -> Edition:
    """One of the three editions, as its file says."""
    return judge().rulebook.edition(edition_id)


def readings() -> Iterator[tuple[str, str, Interpretation]]:
    """Scheme, key and interpretation of the three editions."""
    for scheme, edition_id in EDITIONS.items():
        for key, found in edition(edition_id).interpretations.items():
            yield scheme, key, found


ALL = list(readings())
CHANGING = [
    (scheme, key, value)
    for scheme, key, found in ALL
    for value, changes in found.values.items()
    if changes
]
CASES = all_cases()


def test_there_are_78_ambiguities() -> None:
    """The list of ambiguities is complete."""
    assert len(ROWS) == 78


@pytest.mark.parametrize(("row", "edition_ids"), ROWS.items())
def test_every_ambiguity_is_a_key(row: str, edition_ids: tuple[str, ...]) -> None:
    """Each ambiguity is a key of every edition it concerns."""
    for edition_id in edition_ids:
        assert row in {i.id for i in edition(edition_id).interpretations.values()}, edition_id


@pytest.mark.parametrize("row", TWO_KEYS)
def test_two_questions_are_two_keys(row: str) -> None:
    """A row that asks two questions has a key for each."""
    [edition_id] = ROWS[row]
    keys = [k for k, i in edition(edition_id).interpretations.items() if i.id == row]
    assert len(keys) == 2


@pytest.mark.parametrize(("scheme", "key", "found"), ALL, ids=[f"{s}-{k}" for s, k, _ in ALL])
def test_readings_without_effect_say_why(scheme: str, key: str, found: Interpretation) -> None:
    """A reading other than the text changes something or says why it decides nothing; so does a
    question with one answer."""
    still = {v for v, changes in found.values.items() if not changes and v != found.default}
    if len(found.values) == 1:
        still = {found.default}
    assert set(found.without_effect) == still


@pytest.mark.parametrize(("scheme", "key", "value"), CHANGING)
def test_every_reading_decides_a_case(scheme: str, key: str, value: str) -> None:
    """Some case comes out as written under the reading, and otherwise under the default."""
    default = edition(EDITIONS[scheme]).interpretations[key].default
    adopted = [case for case in CASES if _adopts(case, scheme, key, value)]
    assert any(_fails(_under(case, key, default)) for case in adopted)


def _adopts(case: Case, scheme: str, key: str, value: str) -> bool:
    return any(
        line["type"] == "InterpretationAdopted"
        and (line["scheme"], line["interpretation"], line["value"]) == (scheme, key, value)
        for line in case.given
    )


def _under(case: Case, key: str, value: str) -> Case:
    """The case with another reading adopted, and nothing expected of what the ruling notes."""
    given = tuple(
        {**line, "value": value} if line.get("interpretation") == key else line
        for line in case.given
    )
    then = {name: part for name, part in case.then.items() if name != "readings"}
    return replace(case, given=given, then=then)


def _fails(case: Case) -> bool:
    try:
        check(case)
    except (AssertionError, IndexError):  # nothing was recorded that could be looked at
        return True
    return False
