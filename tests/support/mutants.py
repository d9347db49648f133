"""The mutants of policies/: each mutation mutmut makes, with the statement that it changes.

mutmut writes the changed copies of a function below it, `x_grade_of__mutmut_orig` first, and lets
a name choose which of them is called. Here they are read back and each is set beside the original.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

__all__ = ["FOLDER", "Mutant", "generate", "mutants_of", "refused_by_types"]

FOLDER = Path("mutants")
"""Where the changed copy of the project stands; not kept in the repository."""

_OF_THE_COPY = {
    "has-type",
    "ignore-without-code",
    "misc",
    "no-redef",
    "unused-ignore",
    "var-annotated",
}
"""Codes of mypy that may come of the copies standing side by side; not counted."""

_NAME = re.compile(r"(?P<function>.+)__mutmut_(?P<number>orig|\d+)$")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change of one function.

    `lines` are those of the changed statement in the file that mutmut wrote, for asking which tests
    run it; `first`, `last` those of the changed function.
    """

    path: str
    name: str
    lines: range
    first: int
    last: int
    digest: str
    is_wording: bool
    diff: str

    @property
    def key(self) -> str:
        """What mutmut knows it by."""
        module = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"{module}.{self.name}"


def generate() -> None:
    """Write the changed copy of the project anew."""
    from mutmut import __main__ as mutmut

    sys.setrecursionlimit(10_000)
    mutmut.set_mutant_under_test("mutant_generation")
    FOLDER.mkdir(exist_ok=True)
    # mutmut leaves what is there, but for the code that it changes.
    shutil.rmtree(FOLDER / "tests", ignore_errors=True)
    for data in FOLDER.rglob("*.yaml"):
        data.unlink()
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(1)


def mutants_of(path: str) -> list[Mutant]:
    """The mutants of a source file, such as policies/bands.py, in the order mutmut numbers them."""
    text = (FOLDER / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    variants: dict[str, dict[str, _Function]] = {}
    for node in _functions(ast.parse(text)):
        if found := _NAME.match(node.name):
            variants.setdefault(found["function"], {})[found["number"]] = node
    return [
        _mutant(path, lines, original=found["orig"], changed=node)
        for found in variants.values()
        for number, node in found.items()
        if number != "orig"
    ]


def refused_by_types(mutants: list[Mutant]) -> set[str]:
    """Keys of the mutants that mypy refuses, as `make types` would."""
    command = [sys.executable, "-m", "mypy", "-p", "policies", "--output", "json"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, encoding="utf-8", check=False)
    errors: dict[str, set[int]] = {}
    for line in done.stdout.splitlines():
        found = json.loads(line)
        if found["severity"] == "error" and found["code"] not in _OF_THE_COPY:
            errors.setdefault(found["file"], set()).add(found["line"])
    return {
        m.key
        for m in mutants
        if not errors.get(m.path, set()).isdisjoint(range(m.first, m.last + 1))
    }


def _functions(tree: ast.Module) -> Iterator[_Function]:
    for node in tree.body:
        if isinstance(node, _Function):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, _Function))


def _mutant(path: str, lines: list[str], *, original: _Function, changed: _Function) -> Mutant:
    before, after = _text(lines, original), _text(lines, changed)
    offset = _first_difference(before, after)
    return Mutant(
        path,
        changed.name,
        lines=_statement(original, original.lineno + offset),
        first=changed.lineno,
        last=changed.end_lineno or changed.lineno,
        digest=hashlib.sha256("\n".join([*before, *after]).encode()).hexdigest()[:16],
        is_wording=_differ_in_wording(original, changed),
        diff="\n".join(list(unified_diff(before, after, lineterm="", n=1))[2:]),
    )


def _text(lines: list[str], node: _Function) -> list[str]:
    """The lines of a function under its own name."""
    text = lines[node.lineno - 1 : node.end_lineno]
    return [_NAME.sub("", text[0].split("(")[0]) + "(" + text[0].partition("(")[2], *text[1:]]


def _first_difference(before: list[str], after: list[str]) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(before), len(after)) - 1)


def _statement(function: _Function, line: int) -> range:
    """The lines of the innermost statement around a line; of the whole function for its head."""
    inner = function
    span = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    for node in ast.walk(inner):
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case) and node is not function:
            start, end = _head(node)
            if start <= line <= end and end - start < len(span):
                span = range(start, end + 1)
    return span


def _head(node: ast.stmt | ast.excepthandler | ast.match_case) -> tuple[int, int]:
    """First and last line of a statement, without the block below it."""
    start = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return start, getattr(node, "end_lineno", None) or start
    first = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else body[0].lineno
    return start, max(start, first - 1)


def _differ_in_wording(original: _Function, changed: _Function) -> bool:
    """Whether the two differ in nothing but sentences: texts with a blank between words."""
    before, after = list(ast.walk(original)), list(ast.walk(changed))
    if len(before) != len(after):
        return False
    different = [
        (a, b)
        for a, b in zip(before, after, strict=True)
        if isinstance(a, ast.Constant) and isinstance(b, ast.Constant) and a.value != b.value
    ]
    if not different or any(type(a) is not type(b) for a, b in zip(before, after, strict=True)):
        return False
    return all(
        isinstance(a.value, str) and isinstance(b.value, str) and " " in a.value.strip()
        for a, b in different
    )
