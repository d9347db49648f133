"""Messages of the ledger in the reader's language, with the words of libraries inside them.

A message is a template and values. Most values are names and numbers and stay as they are; the
fields below hold words, and a reason may come from a library (JSON, shapes, the file system) in
its own English, which is recognised by its pattern.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from cli.i18n import N_, translate
from cli.wording import word

__all__ = ["damage", "filled", "reason"]


class Templated(Protocol):
    """An error, or one problem of many."""

    @property
    def message(self) -> str:
        """The template."""

    @property
    def values(self) -> Mapping[str, Any]:
        """What fills it."""


def filled(problem: Templated) -> str:
    """The message in the reader's language, with its values."""
    values = {key: _value(key, value) for key, value in problem.values.items()}
    template = translate(problem.message)
    return template.format_map(values) if values else template


def damage(message: str, values: Mapping[str, Any]) -> str:
    """What a check found. Its messages are often a place and, behind a colon, what is wrong
    there."""
    whole = translate(message)
    place, colon, said = message.partition(": ")
    if whole == message and colon:
        template = N_("{place}: {message}")
        whole = translate(template).format(place=translate(place), message=translate(said))
    return whole.format_map(values)


def reason(text: str) -> str:
    """What a library said, in the reader's language where its words are known."""
    for pattern, template in _REASONS:
        found = pattern.fullmatch(text)
        if found:
            parts = {k: _part(k, v) for k, v in found.groupdict().items() if v is not None}
            return translate(template).format_map(parts)
    return translate(text)


def _value(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if key in _WORDS:
        return word(value)
    return reason(value) if key in _SPOKEN else value


def _part(key: str, text: str) -> str:
    return translate(_KINDS.get(text, text)) if key == "kind" else text


DAMAGES = (
    N_("the head of the log {log}"),
    N_("the file {name} it refers to is altered"),
    N_("the file {name} it refers to is missing"),
    N_("the edition {name} it refers to is altered"),
    N_("the edition {name} it refers to is missing"),
)
"""Parts of messages that `ledger` puts together."""

_WORDS = frozenset({"wanted", "subject"})
_SPOKEN = frozenset({"defect", "error", "hint", "reason"})

_REASONS = tuple(
    (re.compile(pattern), template)
    for pattern, template in (
        (r"; did you mean (?P<word>.+)\?", N_("; did you mean {word}?")),
        (
            r" \(YAML reads a bare on as true: quote it\)",
            N_(" (YAML reads a bare on as true: quote it)"),
        ),
        (r"no such day; write YYYY-MM-DD", N_("no such day; write YYYY-MM-DD")),
        (r"not among the allowed words", N_("not among the allowed words")),
        (r"expected (?P<kind>.+)", N_("expected {kind}")),
        (
            r"a number is expected, or a decimal text such as \"59\.99\"",
            N_('a number is expected, or a decimal text such as "59.99"'),
        ),
        (
            r"(?P<text>.+) is no decimal number with at most 4 decimals, such as \"59\.99\"",
            N_('{text} is no decimal number with at most 4 decimals, such as "59.99"'),
        ),
        (
            r"the score (?P<score>\S+) lies outside 0 to 200",
            N_("the score {score} lies outside 0 to 200"),
        ),
        (r"Expecting value", N_("a value is missing")),
        (r"Expecting property name enclosed in double quotes.*", N_("a name in quotes is missing")),
        (r"Expecting '(?P<mark>.)' delimiter", N_("{mark} is missing")),
        (r"Extra data", N_("there is more after the object")),
        (r"Unterminated string starting at", N_("a text is not closed")),
        (r"Invalid control character at", N_("a control character inside a text")),
        (r"Invalid \\+(?:u)?[Xx]?.*escape.*", N_("an escape that JSON does not know")),
        (r"Illegal trailing comma before end of (?:object|array)", N_("a comma too many")),
        (r"No such file or directory", N_("no such file or folder")),
        (r"Permission denied", N_("no permission")),
        (r"Is a directory", N_("it is a folder")),
        (r"unreadable", N_("unreadable")),
    )
)

_KINDS = {
    "str": N_("text"),
    "int": N_("a whole number"),
    "bool": N_("true or false"),
    "array": N_("a list"),
    "object": N_("a mapping"),
    "date": N_("a day"),
}
"""Kinds of values, as shapes are described."""
