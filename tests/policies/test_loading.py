"""An edition file is loaded as it stands, or its defect is named with its place."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from policies.edition import Edition, Grade
from policies.loading import band_defects, builtin_editions, load_edition, read_under
from policies.rules.grading import band_of, is_warned
from support.scenario import judge

BUILTIN = dict(builtin_editions())
BEIJING = BUILTIN["beijing/1.yaml"].decode()
OURS = ("beijing/1", "xian/2016", "hechuan/2021")


def plain(data: bytes) -> dict[str, Any]:
    """The file as plain text values."""
    return dict(yaml.load(data, Loader=_Text))  # noqa: S506  every scalar stays text


class _Text(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012  as in the base class
        "~": [("tag:yaml.org,2002:null", __import__("re").compile(r"^~$"))]
    }


def readings(edition: Edition) -> list[tuple[str, str]]:
    """Every reading of every interpretation, but for the defaults."""
    return [
        (key, value)
        for key, found in edition.interpretations.items()
        for value in found.values
        if value != found.default
    ]


def edition(edition_id: str) -> Edition:
    """An edition that ships with the program."""
    return judge().rulebook.edition(edition_id)


ALL_READINGS = [(i, *reading) for i in judge().rulebook.ids() for reading in readings(edition(i))]


class TestDefects:
    def test_a_repeated_key_names_its_line(self) -> None:
        """The line of a key that stands twice is said."""
        lines = BEIJING.splitlines()
        place = lines.index("scheme: beijing")
        broken = "\n".join([*lines[: place + 1], "scheme: beijing", *lines[place + 1 :]])
        with pytest.raises(MalformedError, match=f"line {place + 2}"):
            load_edition(broken.encode(), source="x.yaml")

    @pytest.mark.parametrize(
        "data", [b"", b"~", b"[]", b"- a", b"text", b"\xff\xfe", b"a: &a [*a]"]
    )
    def test_what_is_no_edition_is_refused(self, data: bytes) -> None:
        """A file that holds no mapping, or one that holds itself, is refused."""
        with pytest.raises(MalformedError, match=r"x\.yaml"):
            load_edition(data, source="x.yaml")

    def test_huizhou_leaves_a_gap(self) -> None:
        """The bands that Huizhou printed, 60 to 89 and 90 and more, are refused with their gap."""
        printed = BEIJING.replace(
            '{word: 良好, low: "70", high: "90"',
            '{word: 良好, low: "70", high: "89", high_included: "true"',
        )
        with pytest.raises(MalformedError, match=r"gap \(89, 90\) between 良好 and 优秀"):
            load_edition(printed.encode(), source="huizhou/1.yaml")

    def test_unread_readings_would_be_lost(self) -> None:
        """Every interpretation that can change something is read by a section, and so is pinned."""
        for edition_id in OURS:
            found = edition(edition_id)
            read = set(_reads(found))
            changing = {k for k, i in found.interpretations.items() if any(i.values.values())}
            assert changing <= read, edition_id


class TestBuiltin:
    @pytest.mark.parametrize("source", sorted(BUILTIN))
    def test_every_edition_passes_the_check(self, source: str) -> None:
        """Each regulation that ships loads with every check, under the name of its file."""
        found = load_edition(BUILTIN[source], source=source)
        assert f"{found.edition}.yaml" == source

    @pytest.mark.parametrize("source", sorted(BUILTIN))
    def test_checks_change_nothing(self, source: str) -> None:
        """An edition is the same whether it was checked or not."""
        checked = load_edition(BUILTIN[source], source=source)
        assert checked == load_edition(BUILTIN[source], source=source, check=False)

    @pytest.mark.parametrize(("edition_id", "key", "value"), ALL_READINGS)
    def test_every_reading_passes_the_check(self, edition_id: str, key: str, value: str) -> None:
        """A file with a reading written into its text is a sound edition."""
        tree = plain(BUILTIN[f"{edition_id}.yaml"])
        patched = deepcopy(tree)
        for path, new in tree["interpretations"][key]["values"][value].items():
            *steps, last = path.split("/")
            place: Any = patched
            for step in steps:
                place = place[int(step)] if isinstance(place, list) else place[step]
            place[int(last) if isinstance(place, list) else last] = new
            patched.get("unknown", {}).pop(path, None)
        for found in patched["interpretations"].values():  # the others are checked in their turn
            found["values"] = {found["default"]: {}}
            found.pop("without_effect", None)
        written = load_edition(json.dumps(patched).encode(), source=edition_id)
        read = read_under(edition(edition_id), BUILTIN[f"{edition_id}.yaml"], {key: value})
        assert rules(written) == rules(read)

    @pytest.mark.parametrize("edition_id", OURS)
    def test_reading_the_default_changes_nothing(self, edition_id: str) -> None:
        """Under every default at once the edition is the one its file says."""
        found = edition(edition_id)
        defaults = {key: i.default for key, i in found.interpretations.items()}
        assert read_under(found, BUILTIN[f"{edition_id}.yaml"], defaults) == found
        assert judge().rulebook.reading(found, defaults) is found

    @pytest.mark.parametrize(("edition_id", "key", "value"), ALL_READINGS)
    def test_a_reading_leaves_the_file_alone(self, edition_id: str, key: str, value: str) -> None:
        """Reading an edition another way changes neither the edition nor what is read next."""
        found = edition(edition_id)
        before = load_edition(BUILTIN[f"{edition_id}.yaml"], source=edition_id, check=False)
        judge().rulebook.reading(found, {key: value})
        assert found == before


class TestInForce:
    @pytest.mark.parametrize(
        ("edition_id", "day", "known"),
        [
            ("beijing/1", "2018-10-31", False),
            ("beijing/1", "2018-11-01", False),
            ("beijing/1", "2020-06-30", False),
            ("beijing/1", "2021-12-31", False),
            ("beijing/1", "2022-01-01", False),
            ("xian/2016", "2016-07-24", False),
            ("xian/2016", "2016-07-25", True),
            ("xian/2016", "2021-07-25", True),
            ("xian/2016", "2021-07-26", False),
            ("hechuan/2021", "2020-12-31", False),
            ("hechuan/2021", "2021-12-31", False),
            ("hechuan/2021", "2022-01-01", True),
            ("hechuan/2021", "2099-12-31", True),
        ],
    )
    def test_the_days_it_is_known(self, edition_id: str, day: str, known: bool) -> None:
        """An edition is known to be in force from its first certain day to its last."""
        assert edition(edition_id).is_known_in_force(date.fromisoformat(day)) is known

    @pytest.mark.parametrize(
        ("edition_id", "day", "ended"),
        [
            ("beijing/1", "2021-12-31", False),
            ("beijing/1", "2022-01-01", True),
            ("xian/2016", "2021-07-25", False),
            ("xian/2016", "2021-07-26", True),
            ("hechuan/2021", "2099-12-31", False),
        ],
    )
    def test_the_day_it_has_ended(self, edition_id: str, day: str, ended: bool) -> None:
        """An edition has certainly ended from the day after its latest possible last day."""
        assert edition(edition_id).has_known_end_before(date.fromisoformat(day)) is ended


@st.composite
def partitions(draw: st.DrawFn) -> tuple[Grade, ...]:
    """Bands that cover every score once, in any order."""
    bounds = sorted(draw(st.sets(scores, min_size=1, max_size=5)))
    closed = [draw(st.booleans()) for _ in bounds]
    grades = [Grade(word="0", article="", high=bounds[0], high_included=not closed[0])]
    for number, low in enumerate(bounds):
        last = number == len(bounds) - 1
        grades.append(
            Grade(
                word=str(number + 1),
                article="",
                low=low,
                low_included=closed[number],
                high=None if last else bounds[number + 1],
                high_included=False if last else not closed[number + 1],
            )
        )
    return tuple(draw(st.permutations(grades)))


scores = st.decimals(0, 200, places=4)
bounds = st.one_of(st.none(), st.sampled_from([Decimal(n) for n in (50, 60, 60, 70)]))
any_bands = st.lists(
    st.builds(
        Grade,
        word=st.uuids().map(str),
        article=st.just(""),
        low=bounds,
        low_included=st.booleans(),
        high=bounds,
        high_included=st.booleans(),
    ),
    max_size=4,
).map(tuple)


class TestBands:
    @settings(max_examples=200)
    @given(partitions())
    def test_partitions_have_no_defect(self, grades: tuple[Grade, ...]) -> None:
        """Bands that give every score one grade are accepted, in whatever order they stand."""
        assert band_defects(grades) == []

    @settings(max_examples=500)
    @given(any_bands)
    def test_accepted_bands_are_partitions(self, grades: tuple[Grade, ...]) -> None:
        """Bands without a defect give each score, on and beside every bound, exactly one grade."""
        if band_defects(grades):
            return
        step = Decimal("0.0001")
        marks = {
            Decimal(0),
            Decimal(200),
            *(b for g in grades for b in (g.low, g.high) if b is not None),
        }
        for score in {m + d for m in marks for d in (-step, Decimal(0), step)}:
            assert len([g for g in grades if holds(g, score)]) == 1

    def test_empty_band_is_named(self) -> None:
        """A band whose bounds leave no score between them does not part two that overlap."""
        fifty = Decimal(50)
        grades = (
            Grade(
                word="低", article="", low=None, low_included=False, high=fifty, high_included=True
            ),
            Grade(
                word="空",
                article="",
                low=fifty,
                low_included=False,
                high=fifty,
                high_included=False,
            ),
            Grade(
                word="高", article="", low=fifty, low_included=True, high=None, high_included=False
            ),
        )
        assert [str(defect).split()[0] for defect in band_defects(grades)] == ["空"]

    @pytest.mark.parametrize(
        ("low_included", "high_included", "is_empty"),
        [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
    )
    def test_a_band_of_one_score(
        self, low_included: bool, high_included: bool, is_empty: bool
    ) -> None:
        """A band from fifty to fifty holds one score, but only with both its bounds."""
        fifty = Decimal(50)
        low = Grade(word="低", article="", high=fifty)
        one = Grade(
            word="一",
            article="",
            low=fifty,
            high=fifty,
            low_included=low_included,
            high_included=high_included,
        )
        high = Grade(word="高", article="", low=fifty, low_included=False)
        said = [str(defect) for defect in band_defects((low, one, high))]
        assert (not said) is (not is_empty)
        assert ("一 covers no score: its bounds leave nothing between them" in said) is is_empty

    @pytest.mark.parametrize("edition_id", judge().rulebook.ids())
    def test_each_score_has_one_grade(self, edition_id: str) -> None:
        """In every edition, read every way, any score falls into exactly one band."""
        found = edition(edition_id)
        read = [judge().rulebook.reading(found, {key: value}) for key, value in readings(found)]

        @settings(max_examples=60)
        @given(scores)
        @example(Decimal(0))
        @example(Decimal(200))
        def check(score: Decimal) -> None:
            for each in (found, *read):
                graded = [g for g in each.evaluation.grades if holds(g, score)]
                assert graded == [band_of(each, score)]

        check()

    @pytest.mark.parametrize("edition_id", OURS)
    def test_no_failing_score_is_warned(self, edition_id: str) -> None:
        """A failing grade is never warned, whatever its score."""
        found = edition(edition_id)

        @settings(max_examples=60)
        @given(scores)
        def check(score: Decimal) -> None:
            assert not is_warned(found, score, failed=True)
            if band_of(found, score).word == found.evaluation.failing:
                assert not is_warned(found, score, failed=False)

        check()


def holds(grade: Grade, score: Decimal) -> bool:
    """Whether the band holds the score, said once more in other words."""
    above = grade.low is None or score > grade.low or (grade.low_included and score == grade.low)
    below = (
        grade.high is None or score < grade.high or (grade.high_included and score == grade.high)
    )
    return above and below


def rules(found: Edition) -> dict[str, Any]:
    """The edition without the hash of its file and without what else it could be read to say."""
    left_out = {"sha256", "interpretations"}
    return {n: getattr(found, n) for n in found.__struct_fields__ if n not in left_out}


def _reads(value: Any) -> list[str]:
    """Every interpretation that some part of the edition reads."""
    if hasattr(value, "__struct_fields__"):
        found = []
        for name in value.__struct_fields__:
            part = getattr(value, name)
            found += list(part) if name.endswith("reads") else _reads(part)
        return found
    if isinstance(value, dict):
        return [key for part in value.values() for key in _reads(part)]
    return [key for part in value for key in _reads(part)] if isinstance(value, tuple) else []
