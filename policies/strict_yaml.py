"""YAML without guesses: a data file as plain mappings, lists and texts.

Every scalar stays the text it is; `~` or nothing at all is None. A key that stands twice and a
decimal without quotes are refused, so that no reader of the file can take it for something else.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ledger.errors import MalformedError, Problem

__all__ = ["Scan", "read_mapping", "scan"]

_BARE_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+\Z")


class Scan(msgspec.Struct, frozen=True):
    """A data file as plain values, what is wrong with its spelling, and the line each place stands
    on; a place is written `evaluation/grades/0`."""

    tree: dict[str, Any]
    problems: tuple[Problem, ...]
    lines: dict[str, int]


def read_mapping(data: bytes, source: str) -> dict[str, Any]:
    """The one mapping in the file; MalformedError names `source` and the line."""
    found = _read(data, source, _Reader())
    for problem in found.problems:
        raise MalformedError(
            "{source}, line {line}: " + problem.message,
            source=source,
            line=problem.line,
            **problem.values,
        )
    return found.tree


def scan(data: bytes, source: str) -> Scan:
    """The one mapping in the file with all that is wrong with its spelling; MalformedError where it
    is no YAML, or no mapping."""
    return _read(data, source, _PlacingReader())


def _read(data: bytes, source: str, reader: _Reader) -> Scan:
    import yaml  # slow to import, and only needed where a data file is read

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node = yaml.compose(data, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise MalformedError(
            "{source} is no YAML: {error}",
            source=source,
            error=" ".join(str(error).split()),
            line=None if mark is None else mark.line + 1,
        ) from None
    try:
        tree = None if node is None else reader.plain(node, "")
    except RecursionError:
        raise MalformedError("{source}: the file is nested too deeply", source=source) from None
    if not isinstance(tree, dict):
        raise MalformedError("{source}: the file holds no mapping", source=source)
    return Scan(tree, tuple(reader.problems), reader.lines)


class _Reader:
    """Nodes to plain values, with everything noticed on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}

    def plain(self, node: Any, place: str) -> Any:
        if node.id == "scalar":
            return self._scalar(node)
        if node.id == "sequence":
            return [
                self.plain(item, self.at(item, place, str(n))) for n, item in enumerate(node.value)
            ]
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.id != "scalar":
                self.problems.append(Problem("a key must be text", line=_line(key)))
                continue
            if key.value in found:
                twice = Problem("the key {key!r} stands twice", line=_line(key), key=key.value)
                self.problems.append(twice)
            found[key.value] = self.plain(value, self.at(key, place, key.value))
        return found

    def at(self, node: Any, place: str, key: str) -> str:
        """The place inside a place; most readers ask for none, and it costs time."""
        return ""

    def _scalar(self, node: Any) -> str | None:
        text = str(node.value)
        if node.style:
            return text
        if _BARE_DECIMAL.match(text):
            bare = Problem("put the decimal {value} in quotes", line=_line(node), value=text)
            self.problems.append(bare)
        return None if text in ("", "~", "null") else text


class _PlacingReader(_Reader):
    """The same, noting the line of each place."""

    def at(self, node: Any, place: str, key: str) -> str:
        inside = f"{place}/{key}" if place else key
        self.lines.setdefault(inside, _line(node))
        return inside


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
