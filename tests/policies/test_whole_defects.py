"""All that is said of a defective file, word for word, with its places and lines.

What is said of each file of `support.defects` is kept in `defects/edition.json`. After a wanted
change: TAIZHANG_GOLDEN=write pytest -n 0 tests/policies/test_whole_defects.py, and read the
difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.errors import MalformedError
from policies.adding import check_to_add
from policies.checking import MUST_BE_SAID, check_file
from policies.edition import Edition
from policies.forms import load_form
from policies.loading import builtin_editions, load_edition
from policies.shape import Defect, shape_defects
from policies.strict_yaml import read_mapping, scan
from support.defects import DEFECTS
from support.kept import agree, names_kept

KEPT = Path(__file__).parent / "defects"

BUILTIN = dict(builtin_editions())
BEIJING = BUILTIN["beijing/1.yaml"].decode()
HECHUAN = BUILTIN["hechuan/2021.yaml"].decode()


def said(defects: tuple[Defect, ...]) -> list[str]:
    """Each defect on a line: where it stands and what it says."""
    return [f"line {d.line}, {d.place or 'the file'}: {d}" for d in defects]


class TestEdition:
    @pytest.mark.parametrize("name", DEFECTS)
    def test_a_defect_names_its_place(self, name: str) -> None:
        """A file with one defect is refused, and the message says which and where; all that is said
        of it stands in the same words, at the same places and lines, in the order of the file."""
        old, new, words = DEFECTS[name]
        assert old in BEIJING
        broken = BEIJING.replace(old, new, 1).encode()
        found = said(check_file(broken, source="beijing/1.yaml").defects)
        assert any(all(word in each for word in words) for each in found), found
        with pytest.raises(MalformedError, match=r"beijing/1\.yaml") as raised:
            load_edition(broken, source="beijing/1.yaml")
        agree(KEPT / "edition.json", name, [*found, f"loading: {raised.value}"])

    def test_nothing_said_is_left_over(self) -> None:
        """What is kept belongs to a defect."""
        assert names_kept(KEPT) == set(DEFECTS)

    @pytest.mark.parametrize("place", MUST_BE_SAID)
    def test_nothing_is_forgotten(self, place: str) -> None:
        """Each place that nobody may forget is asked for where it is not in the file, at the line
        of the section that lacks it."""
        *around, last = place.split("/")
        tree = read_mapping(BEIJING.encode(), "x")
        section = tree[around[0]] if around else tree
        del section[last]
        text = json.dumps(tree, ensure_ascii=False, indent=1)
        found = {d.place: d for d in check_file(text.encode(), source="x").defects}
        start = text.splitlines().index(f' "{around[0]}": {{') + 1 if around else None
        assert found[place].line == start
        assert "say what the regulation has here" in str(found[place])

    def test_no_ground_is_named(self) -> None:
        """A list of grounds that is empty is refused at its chapter, unless it is not at hand."""
        tree = read_mapping(BEIJING.encode(), "x")
        tree["revocation"]["grounds"] = {}
        tree["interpretations"] = {}
        text = json.dumps(tree).encode()
        told = {str(d): d.place for d in check_file(text, source="x").defects}
        assert told["name at least one ground, or the place under unknown"] == "revocation"
        tree["unknown"] = {"revocation/grounds": "原文未见"}
        text = json.dumps(tree).encode()
        assert "revocation" not in {d.place for d in check_file(text, source="x").defects}


def places(tree: Any, inside: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of the tree, as the steps that lead to it."""
    parts: Any = ()
    if isinstance(tree, dict):
        parts = tree.items()
    elif isinstance(tree, list):
        parts = enumerate(tree)
    for step, part in parts:
        yield (*inside, step)
        yield from places(part, (*inside, step))


def changed(tree: Any, steps: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at a place, or without the place where the value is `...`."""
    copy = deepcopy(tree)
    around = copy
    for step in steps[:-1]:
        around = around[step]
    if value is ...:
        del around[steps[-1]]
    else:
        around[steps[-1]] = value
    return copy


def refusal(tree: Any) -> str | None:
    """The place that msgspec refuses; None where it reads the tree as an edition."""
    try:
        msgspec.convert({**tree, "sha256": ""}, Edition, strict=False)
    except msgspec.ValidationError as error:
        found = re.search(r"at `(?:key` in `)?\$(?P<path>[^`]*)`", str(error))
        steps = re.findall(r"\.\.\.|[^.\[\]]+", found["path"]) if found else []
        return "/".join(steps)
    return None


class TestShape:
    TREE = read_mapping(BEIJING.encode(), "x")
    PLACES = tuple(
        {
            tuple(
                "*" if isinstance(step, int) else step.replace("14.", "*") for step in steps
            ): steps
            for steps in places(TREE)
            if steps[0] != "interpretations" or len(steps) < 3
        }.values()
    )
    """Of the items of a list, and of the grounds, one stands for all."""

    @pytest.mark.parametrize(
        "value", ["甲", "-1", "1.5", "", None, [], {}, ["甲"], {"甲": "乙"}, ...]
    )
    def test_it_finds_what_msgspec_refuses(self, value: Any) -> None:
        """With anything else in any place, or nothing, a defect is found where msgspec refuses to
        read the edition, at the place it names."""
        for steps in self.PLACES:
            other = changed(self.TREE, steps, value)
            refused = refusal(other)
            defects = shape_defects(other, Edition)
            if refused is None:
                # Below zero is a number to msgspec, and no count of years or days.
                assert all("from 0 up" in str(d) for d in defects), (steps, value)
            else:
                assert any(fits(d.place, refused) for d in defects), (steps, value, refused)


def fits(place: str, refused: str) -> bool:
    """Whether the place is the refused one, the section it is a key of, or a key of it; msgspec
    writes `...` for the key of a table."""
    steps = ["[^/]+" if step == "..." else re.escape(step) for step in refused.split("/") if step]
    around = "/".join(steps[:-1])
    return re.fullmatch(f"{around}|{'/'.join(steps)}(/?[^/]+)?", place) is not None


class TestSpelling:
    @pytest.mark.parametrize(
        ("text", "problems"),
        [
            ("a: 1.5\n", ["1: put the decimal 1.5 in quotes"]),
            ("a: -0.5\n", ["1: put the decimal -0.5 in quotes"]),
            ("a: +1.25\n", ["1: put the decimal +1.25 in quotes"]),
            ("a: 1.\n", []),
            ("a: .5\n", []),
            ("a: 1.5.0\n", []),
            ('a: "1.5"\n', []),
            ("a: '1.5'\n", []),
            ("a: |\n  1.5\n", []),
            ("b: 甲\na:\n  - 1\n  - 2.5\n", ["4: put the decimal 2.5 in quotes"]),
            ("a: 1\nb: 2\na: 3\n", ["3: the key 'a' stands twice"]),
            ("a: {b: 1, b: 2}\n", ["1: the key 'b' stands twice"]),
            (
                "b: 1\n? [a]\n: 2\nc: 1.5\n",
                ["2: a key must be text", "4: put the decimal 1.5 in quotes"],
            ),
        ],
    )
    def test_each_problem_has_its_line(self, text: str, problems: list[str]) -> None:
        """All that is wrong with the spelling is found, each with its line."""
        found = scan(text.encode(), "x.yaml")
        assert [f"{p.line}: {p}" for p in found.problems] == problems
        if not problems:
            assert read_mapping(text.encode(), "x.yaml") == found.tree
            return
        line, _, said = problems[0].partition(": ")
        with pytest.raises(MalformedError) as raised:
            read_mapping(text.encode(), "x.yaml")
        assert str(raised.value) == f"x.yaml, line {line}: {said}"

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("~", None),
            ("null", None),
            ("", None),
            ('""', ""),
            ('"~"', "~"),
            ("'null'", "null"),
            ("Null", "Null"),
            ("true", "true"),
            ("2021-07-25", "2021-07-25"),
            ("012", "012"),
            ("[~, a]", [None, "a"]),
            ("{b: ~}", {"b": None}),
        ],
    )
    def test_a_value_stays_the_text_it_is(self, text: str, value: Any) -> None:
        """Nothing is taken for anything but text, a list or a table; `~` or nothing is None."""
        assert read_mapping(f"a: {text}\n".encode(), "x") == {"a": value}

    def test_each_place_has_its_line(self) -> None:
        """Every key and every item of a list is found at its line; a key that stands twice at the
        first."""
        text = "a: 1\nb:\n  - c: 2\n    d: 3\n  - 4\ne: {f: {g: 5}}\na: 6\n"
        assert scan(text.encode(), "x").lines == {
            "a": 1,
            "b": 2,
            "b/0": 3,
            "b/0/c": 3,
            "b/0/d": 4,
            "b/1": 5,
            "e": 6,
            "e/f": 6,
            "e/f/g": 6,
        }

    @pytest.mark.parametrize(
        ("data", "message", "line"),
        [
            (b"", "x.yaml: the file holds no mapping", None),
            (b"- a\n", "x.yaml: the file holds no mapping", None),
            (b"a: &a {b: *a}\n", "x.yaml: the file is nested too deeply", None),
            (b"a: 1\nb: [\n", "x.yaml is no YAML: ", 3),
            (b"a: 1\n\tb: 2\n", "x.yaml is no YAML: ", 2),
            (b"a: \xff\n", "x.yaml is no YAML: ", None),
        ],
    )
    def test_what_cannot_be_read(self, data: bytes, message: str, line: int | None) -> None:
        """A file that is no YAML or no mapping is refused, with the line where there is one."""
        with pytest.raises(MalformedError) as raised:
            scan(data, "x.yaml")
        assert str(raised.value).startswith(message)
        assert "  " not in str(raised.value)
        assert raised.value.values.get("line") == line
        checked = check_file(data, source="x.yaml")
        assert (checked.edition, checked.sha256) == (None, sha256(data).hexdigest())
        [defect] = checked.defects
        assert (str(defect), defect.line, defect.place) == (str(raised.value), line, "")


class TestForm:
    FORM = load_form("hechuan_2021")

    def told(self, old: str, new: str) -> list[str]:
        """What is said of Hechuan's edition with that change, before it is added."""
        assert old in HECHUAN
        broken = HECHUAN.replace(old, new, 1).encode()
        return said(check_to_add(broken, source="hechuan/2021.yaml").defects)

    def line(self, key: str) -> int:
        """The line of a key of the section `form`."""
        lines = HECHUAN.splitlines()
        start = next(n for n, line in enumerate(lines) if line.startswith("form:"))
        return next(n for n, line in enumerate(lines, 1) if n > start and key in line)

    def test_the_edition_fits_its_form(self) -> None:
        """The edition that ships names a form that is at hand, by its hash, and its sums."""
        assert check_to_add(HECHUAN.encode(), source="hechuan/2021.yaml").defects == ()

    def test_no_such_form(self) -> None:
        """A form that is not at hand is named with its place."""
        line = self.line("name: hechuan_2021")
        assert self.told("name: hechuan_2021", "name: hechuan_1999") == [
            f"line {line}, form/name: there is no form 'hechuan_1999'"
        ]

    def test_another_form(self) -> None:
        """A form with another hash than the edition names is another form."""
        sha256 = self.FORM.sha256
        line = self.line(sha256)
        assert self.told(sha256, "0" * 64) == [
            f"line {line}, form/sha256: the form hechuan_2021 at hand has the SHA-256 {sha256}; "
            "the edition names another one"
        ]

    def test_no_such_sum(self) -> None:
        """A sum that the form does not have is named with those it has; one that it has is not."""
        known, line = self.FORM.relations, self.line("name: hechuan_2021")
        name = next(iter(known))
        old, new = "  name: hechuan_2021\n", f"  relations: {{{name}: eq, sum_of_all: ge}}\n"
        assert self.told(old, new + old) == [
            f"line {line}, form/relations/sum_of_all: the form hechuan_2021 has no sum "
            f"'sum_of_all'; it has {', '.join(known)}"
        ]
