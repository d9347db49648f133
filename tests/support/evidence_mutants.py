"""Files that are off in one place: every value of a document, replaced by every odd one."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from support.evidence_book import Document, spelled

__all__ = ["mutants"]

_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        1,
        -1,
        9,
        2**53 - 1,
        "",
        "A",
        "é",
        "𠀀",
        "a b\n",
        "\x7f\x00",
        "AAAA",
        "0" * 64,
    ),
    *([], {}, [[]], ["", ""], [{}], {"": 0}, {"__proto__": 1}, {"erased": 1, "path": "/"}),
)


def mutants(document: Document) -> Iterator[tuple[str, bytes]]:
    """Yield what was done, and the file, for every place of the document."""
    for path in _places(document, ()):
        value = _at(document, path)
        for number, odd in enumerate([*_ODD, *_near(value)]):
            if odd != value or type(odd) is not type(value):
                yield f"{path} {number}", spelled(_with(document, path, odd))


def _near(value: Any) -> Iterator[Any]:
    """Values a careless reader would take for this one."""
    if isinstance(value, str) and value:
        middle = len(value) // 2
        yield from (value[:-1], value[1:], value + value[-1], value + "\n", " " + value)
        yield from (value.upper(), value.replace("1", "\uff11"), value.replace("=", ""), value * 2)
        yield value[:middle] + "\u0301" + value[middle:]
        yield value[:middle] + "\u2028" + value[middle + 1 :]
        yield value.replace("\n", "\r\n")
        yield value.replace(" ", "  ", 1)
        yield value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    elif isinstance(value, list) and value:
        yield from (value[:-1], value[1:], value[::-1], value * 2)
    elif isinstance(value, dict):
        for name in value:
            yield {key: item for key, item in value.items() if key != name}
        yield value | {"more": None}
    elif isinstance(value, int):
        yield from (value + 1, value - 1, str(value), [value])


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, (*path, number))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(document: Document, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    changed = deepcopy(document)
    _at(changed, path[:-1])[path[-1]] = odd
    return changed
