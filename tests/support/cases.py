"""Cases a jurist can read: YAML files under tests/cases, a folder for each regulation.

    cases:
      - name: the bands of the score
        article: 第十一条
        given: [designated, {type: EvaluationScored, on: 2021-06-30, score: <score>}]
        when: {type: GradeConfirmed, on: 2021-07-20}
        then: {grade: <grade>}
        each:                              one case a row; <words> are taken from it
          - {score: 59.99, grade: 不合格}

A word in `given` names lines of the folder's `backgrounds.yaml`, or of the file's own
`backgrounds`; a background may name others. `backgrounds.yaml` also says which center and which
rounds a line speaks of that names none. `then` is `recorded`, or any of
`support.scenario.EXPECTATIONS`. Days and decimals are plain text, as in a line of JSON, and `on` is
no truth value. `historical: true` records a line as it was published; a field that is `absent` is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ledger.entries import REGISTRY
from support.scenario import EXPECTATIONS, Line, given

__all__ = [
    "Case",
    "all_cases",
    "background",
    "backgrounds_of",
    "cases_of",
    "center_of",
    "check",
    "load_cases",
    "schemes",
]

FOLDER = Path(__file__).parents[1] / "cases"

_CASE = {"name", "article", "given", "when", "then", "each", "historical"}
_FILE = {"center", "rounds", "backgrounds", "cases"}
_BACKGROUNDS = "backgrounds.yaml"


@dataclass(frozen=True)
class Case:
    """One case: what is on file, what is to be recorded, and what must come of it."""

    name: str
    article: str
    given: tuple[Line, ...]
    when: Line
    then: Mapping[str, Any]
    historical: bool


def all_cases() -> list[Case]:
    """The cases of every file, in the order of the files."""
    return [case for name in schemes() for case in cases_of(name)]


def schemes() -> list[str]:
    """The folders that hold cases, sorted: those with a `backgrounds.yaml`."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{_BACKGROUNDS}"))


def cases_of(scheme: str) -> list[Case]:
    """The cases of a scheme, in the order of the files."""
    paths = sorted((FOLDER / scheme).glob("*.yaml"))
    return [case for path in paths if path.name != _BACKGROUNDS for case in load_cases(path)]


def load_cases(path: Path) -> list[Case]:
    """The cases of a file; AssertionError where the file is not well formed."""
    shared, own = _tree(path.with_name(_BACKGROUNDS)), _tree(path)
    tree = {**shared, **own}
    tree["backgrounds"] = {**shared["backgrounds"], **own.get("backgrounds", {})}
    place = path.relative_to(FOLDER).with_suffix("").as_posix()
    found = [case for raw in tree["cases"] for case in _expanded(raw, tree, place)]
    names = [case.name for case in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"{path}: {twice} stand twice"
    return found


def background(scheme: str, *names: str) -> list[Line]:
    """The lines that backgrounds of the scheme stand for, complete."""
    tree = _tree(FOLDER / scheme / _BACKGROUNDS)
    return [_complete(line, tree) for line in _lines(list(names), tree["backgrounds"])]


def backgrounds_of(scheme: str) -> list[str]:
    """The names of the scheme's backgrounds, in the order of the file."""
    return list(_tree(FOLDER / scheme / _BACKGROUNDS)["backgrounds"])


def center_of(scheme: str) -> str:
    """The center that the scheme's backgrounds speak of."""
    return str(_tree(FOLDER / scheme / _BACKGROUNDS)["center"])


def check(case: Case) -> None:
    """Record what is given, then what is to be recorded, and check what came of it."""
    scenario = given(*case.given).when(case.when, historical=case.historical)
    if "malformed" not in case.then and "refused" not in case.then and "deviates" not in case.then:
        scenario.then(recorded=True)
    scenario.then(**case.then)


def _tree(path: Path) -> dict[str, Any]:
    tree = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  a safe subclass
    assert set(tree) <= _FILE, f"{path}: {set(tree) - _FILE}"
    return dict(tree)


def _expanded(raw: dict[str, Any], tree: dict[str, Any], place: str) -> Iterator[Case]:
    assert set(raw) <= _CASE, f"{place}: {raw.get('name')}: {set(raw) - _CASE}"
    assert {"name", "article", "when", "then"} <= set(raw), f"{place}: {raw}"
    rows = raw.get("each", [{}])
    for number, row in enumerate(rows, 1):
        name = f"{place}: {raw['name']}" + (f" [{_title(number, row)}]" if row else "")
        then = _filled_in(raw["then"], row)
        if isinstance(then, str):
            then = {then: True}
        assert set(then) <= set(EXPECTATIONS), f"{name}: {set(then) - set(EXPECTATIONS)}"
        past = _lines(_filled_in(raw.get("given", []), row), tree["backgrounds"])
        lines = [_complete(line, tree) for line in past]
        when = _complete(_filled_in(raw["when"], row), tree)
        yield Case(
            name, raw["article"], tuple(lines), when, then, bool(raw.get("historical", False))
        )


def _lines(past: Any, backgrounds: Mapping[str, Any]) -> Iterator[Line]:
    """The lines of what is given, names of backgrounds replaced by what they stand for."""
    for each in past if isinstance(past, list) else [past]:
        if isinstance(each, dict):
            yield each
        else:
            yield from _lines(each if isinstance(each, list) else backgrounds[each], backgrounds)


def _filled_in(value: Any, row: Mapping[str, Any]) -> Any:
    """The value with every <word> taken from the row; a key whose value is `<absent>` goes."""
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        return row[value[1:-1]]
    if isinstance(value, dict):
        filled = {key: _filled_in(part, row) for key, part in value.items()}
        return {key: part for key, part in filled.items() if part != "absent"}
    if isinstance(value, list):
        return [filled for part in value if (filled := _filled_in(part, row)) != "absent"]
    return value


def _complete(line: Line, tree: Mapping[str, Any]) -> Line:
    """The line with the file's center and round where it needs one and names none."""
    fields = {f.encode_name: f for f in msgspec.structs.fields(REGISTRY[line["type"]])}
    filled = dict(line)
    if "center" in fields and "center" not in filled and "centers" not in filled:
        filled["center"] = tree["center"]
    if "round" in fields and fields["round"].required and "round" not in filled:
        filled["round"] = tree["rounds"][_kind(line["type"])]
    return filled


def _kind(type_name: str) -> str:
    """The kind of round that lines of this type mostly belong to."""
    words = ("Application", "Designat", "Review")
    return "designation" if any(word in type_name for word in words) else "evaluation"


def _title(number: int, row: Mapping[str, Any]) -> str:
    """The row's number and its plain words."""
    plain = (str(value) for value in row.values() if not isinstance(value, dict | list))
    return " ".join([f"{number}:", *plain])


class _Loader(yaml.SafeLoader):
    """YAML without guesses: text, whole numbers, true and false, null; no key twice."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  as in the base class

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = [key for key in keys if keys.count(key) > 1]
        assert not twice, f"line {node.start_mark.line + 1}: {twice[0]} stands twice"
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"^(true|false)$", "tf"),
    ("int", r"^-?(0|[1-9][0-9]*)$", "-0123456789"),
    ("null", r"^(~|null|)$", ["~", "n", ""]),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))
