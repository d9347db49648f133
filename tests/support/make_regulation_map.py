"""Make docs/regulation-map.md: every rule of the three regulations, and what becomes of it.

    python tests/support/make_regulation_map.py

The rows stand in tests/support/regulation_map.yaml. A row that names a place, a function, a field,
a case or a test that does not exist is a defect; so is one that is not exactly one of ruled,
attested or left to discretion.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))  # when it is run as a script

from ledger.entries import REGISTRY
from support.cases import all_cases

__all__ = ["PAGE", "SOURCE", "Row", "defects", "page", "rows"]

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("regulation_map.yaml")
PAGE = ROOT / "docs" / "regulation-map.md"

KINDS = ("rule", "attested", "discretion")
NAMES = ("indicator", "word", "stage")
"""What a part of a list may be called by."""

FILES = {
    "beijing/1": ROOT / "policies/editions/beijing/1.yaml",
    "xian/2016": ROOT / "policies/editions/xian/2016.yaml",
    "hechuan/2021": ROOT / "policies/editions/hechuan/2021.yaml",
    "hechuan_2021": ROOT / "policies/forms/hechuan_2021.yaml",
}

INTRODUCTION = """\
# What becomes of each rule

<!-- Made by tests/support/make_regulation_map.py from tests/support/regulation_map.yaml. -->

Every rule of the three regulations, of the notice of 2023 and of Hechuan's form, in our own words;
the printed text is authoritative. Each is one of three things:

- **ruled**: a place of the edition's file and the functions that read it decide, and cases show it;
- **attested**: nobody can compute it; an entry's field says it, with its actor, day and document;
- **discretion**: the text leaves it to somebody, and the machine decides nothing.

{total} rules: {rule} ruled, {attested} attested, {discretion} left to discretion. Cases stand under
`tests/cases`. How the open passages can be read is another list: `taizhang policy show`.
"""

TITLES = {
    "beijing/1": "北京 `beijing/1`",
    "xian/2016": "西安 `xian/2016`",
    "hechuan/2021": "合川 `hechuan/2021`, with the notice of 2023",
    "hechuan_2021": "合川: the form `hechuan_2021`",
}


@dataclass(frozen=True)
class Row:
    """One rule: where it stands, what it says, and what becomes of it."""

    file: str
    id: str
    article: str
    says: str
    rule: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    attested: tuple[str, ...] = ()
    discretion: str = ""

    @property
    def kinds(self) -> list[str]:
        """What it is said to be; exactly one thing, where the row is in order."""
        return [kind for kind in KINDS if getattr(self, kind)]


def rows() -> list[Row]:
    """The rows of the file, in its order."""
    tree = _tree(SOURCE)
    return [
        Row(file, row_id, **{k: tuple(v) if isinstance(v, list) else v for k, v in parts.items()})
        for file, found in tree.items()
        for row_id, parts in found.items()
    ]


def defects(row: Row) -> Iterator[str]:
    """What is wrong with a row: its kind, and every reference that leads nowhere."""
    if len(row.kinds) != 1:
        yield f"{row.id} is {row.kinds or 'nothing'}; one of {KINDS} is needed"
    if bool(row.rule) != bool(row.shown):
        yield f"{row.id}: a rule is shown by cases, and only a rule"
    for name in row.rule:
        if not (_is_function(name) if name.startswith("policies.") else _is_place(row.file, name)):
            yield f"{row.id}: there is no {name}"
    for name in row.attested:
        if not _is_field(row.file, name):
            yield f"{row.id}: no entry has the field {name}"
    for name in row.shown:
        if name not in _shown():
            yield f"{row.id}: there is no case or test {name!r}"


def page(found: Sequence[Row]) -> str:
    """The page, complete."""
    counted = {kind: sum(row.kinds == [kind] for row in found) for kind in KINDS}
    parts = [INTRODUCTION.format(total=len(found), **counted)]
    for file, title in TITLES.items():
        parts += [f"## {title}\n", _table(row for row in found if row.file == file)]
    return "\n".join(parts)


def _table(found: Iterator[Row]) -> str:
    lines = ["| | article | says | becomes | shown by |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.id} | {row.article} | {row.says} | {_becomes(row)} | {'<br>'.join(row.shown)} |"
        for row in found
    ]
    return "\n".join(lines) + "\n"


def _becomes(row: Row) -> str:
    if row.rule:
        return "ruled: " + ", ".join(f"`{name}`" for name in row.rule)
    if row.attested:
        return "attested: " + ", ".join(f"`{name}`" for name in row.attested)
    return f"discretion: {row.discretion}"


def _is_place(file: str, place: str) -> bool:
    """Whether the file has something at the place; parts of lists go by name."""
    found: Any = _tree(FILES[file])
    for step in place.split("/"):
        if isinstance(found, list):
            named = [part for part in found if step in (part.get(name) for name in NAMES)]
            found = named[0] if named else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
        if found is None:
            return False
    return True


def _is_function(name: str) -> bool:
    """Whether a module has the function, or a class in it the method."""
    *around, last = name.split(".")
    while around:
        try:
            found: Any = import_module(".".join(around))
        except ModuleNotFoundError:
            last = f"{around.pop()}.{last}"
            continue
        for step in last.split("."):
            found = getattr(found, step, None)
        return callable(found)
    return False


def _is_field(file: str, name: str) -> bool:
    """Whether a type of entry has the field; a condition has to be one of the edition's own."""
    type_name, _, field = name.partition(".")
    field, _, condition = field.partition(".")
    if type_name not in REGISTRY:
        return False
    if condition and not _is_place(file, f"designation/attested/{condition}"):
        return False
    return field in {f.encode_name for f in msgspec.structs.fields(REGISTRY[type_name])}


@cache
def _shown() -> frozenset[str]:
    """Every case, as `folder/file: name`, and every test, as `tests/…/file.py: name`."""
    cases = {case.name.partition(" [")[0] for case in all_cases()}
    tests = {
        f"{path.relative_to(ROOT).as_posix()}: {node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    return frozenset(cases | tests)


@cache
def _tree(path: Path) -> Mapping[str, Any]:
    # BaseLoader: every scalar stays the text it is.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506  plain text


def main() -> int:
    """Write the page; exit status 1 where a row is not in order."""
    found = rows()
    wrong = [defect for row in found for defect in defects(row)]
    for defect in wrong:
        sys.stdout.write(f"{defect}\n")
    PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(f"{len(found)} rules, {len(wrong)} defects\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
