"""What differs between two editions, place by place, each with the article it comes from.

Lists are compared by what their parts are called, not by their order: bands by grade, conditions
by indicator, reviews by stage. Articles are cited beside a difference and are none themselves: a
regulation that is only numbered anew does not differ. Left out is what is no rule (the edition's
own id, misprints of the copy, what is left to discretion), and which sections read which
interpretation. A place that is not at hand reads `{"unknown": reason}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from policies.edition import Edition

__all__ = ["Difference", "differences"]

_LEFT_OUT = frozenset({"edition", "scheme", "sha256", "errata", "discretion", "unknown"})
_NAMES = ("word", "indicator", "stage")
"""What a part of a list may be called by."""

_NAMED_ARTICLES = frozenset({"joint_acts", "attested"})
"""Mappings whose values are nothing but articles; so are the facts of the look-back."""


class Difference(msgspec.Struct, frozen=True):
    """What stands at a place in the one edition and in the other; None where it has nothing.

    An article is the nearest one around the place, None where nothing stands there.
    """

    place: str
    old: Any
    new: Any
    old_article: str | None
    new_article: str | None


def differences(old: Edition, new: Edition) -> list[Difference]:
    """Everything that differs, in the order of the sections; empty for editions that say the
    same."""
    return list(_differences(_plain(old), _plain(new), "", (None, None)))


def _plain(edition: Edition) -> dict[str, Any]:
    tree = msgspec.to_builtins(edition)
    kept = {key: _named(key, value) for key, value in tree.items() if key not in _LEFT_OUT}
    for place, reason in edition.unknown.items():
        _mark(kept, place, reason)
    return {key: value for key, value in kept.items() if _says_something(value)}


def _mark(tree: dict[str, Any], place: str, reason: str) -> None:
    """Write at an empty place that it is not at hand; a list known in part gets one more entry."""
    *around, last = place.split("/")
    section = tree
    for step in around:
        section = section.setdefault(step, {})
        if _is_unknown(section):
            return
    if place == "revocation/grounds" and section.get(last):
        section, last = section[last], "…"
    section[last] = {"unknown": reason}


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("unknown"), str)


def _named(key: str, value: Any) -> Any:
    """Plain values, a list of named parts as a mapping; without what says nothing."""
    if isinstance(value, dict):
        if "question" in value:  # its wording decides nothing
            value = {name: part for name, part in value.items() if name != "question"}
        if key in _NAMED_ARTICLES or (key == "facts" and value):
            return {name: {"article": article} for name, article in value.items()}
        parts = {name: _named(name, part) for name, part in value.items() if not _is_reads(name)}
        return {name: part for name, part in parts.items() if _says_something(part)}
    if not isinstance(value, list | tuple):
        return value
    names = [_name(part) for part in value]
    if None in names or len(set(names)) < len(names):
        return [_named("", part) for part in value]
    return {name: _named("", part) for name, part in zip(names, value, strict=True)}


def _name(part: Any) -> str | None:
    if not isinstance(part, dict):
        return None
    return next((str(part[key]) for key in _NAMES if part.get(key) is not None), None)


def _is_reads(key: str) -> bool:
    return key == "reads" or key.endswith("_reads")


def _is_article(key: str) -> bool:
    return key == "article" or key.endswith("_article")


def _says_something(value: Any) -> bool:
    return value is not None and value != {} and value != []


def _differences(
    old: Any, new: Any, place: str, articles: tuple[str | None, str | None]
) -> Iterator[Difference]:
    if _without_articles(old) == _without_articles(new):
        return
    articles = _article(old, "", articles[0]), _article(new, "", articles[1])
    if not _can_open(old, new, place) or not _can_open(new, old, place):
        yield Difference(
            place,
            old,
            new,
            None if old is None else articles[0],
            None if new is None else articles[1],
        )
        return
    for key in dict.fromkeys([*_keys(old), *_keys(new)]):
        if not _is_article(key):
            inside = f"{place}/{key}" if place else str(key)
            own = _article(old, key, articles[0]), _article(new, key, articles[1])
            yield from _differences(_part(old, key), _part(new, key), inside, own)


def _can_open(value: Any, other: Any, place: str) -> bool:
    """Whether to go on inside: the chapter on designation, where it is not at hand, differs part by
    part."""
    if not isinstance(value, Mapping):
        return False
    is_chapter = place == "designation" and isinstance(other, Mapping)
    return not _is_unknown(value) or (is_chapter and not _is_unknown(other))


def _keys(value: Mapping[str, Any]) -> tuple[str, ...]:
    return () if _is_unknown(value) else tuple(value)


def _part(value: Mapping[str, Any], key: str) -> Any:
    return value if _is_unknown(value) else value.get(key)


def _article(value: Any, key: str, around: str | None) -> str | None:
    """The article of the key in a section, else of the section, else the one around it."""
    if not isinstance(value, Mapping):
        return around
    candidates = ("article",) if not key else (f"{key}_article", f"{key.partition('_')[0]}_article")
    found = next((value[name] for name in candidates if name in value), around)
    return found if isinstance(found, str) else around


def _without_articles(value: Any) -> Any:
    if _is_unknown(value):
        return {"unknown": True}
    if isinstance(value, Mapping):
        return {k: _without_articles(part) for k, part in value.items() if not _is_article(str(k))}
    return [_without_articles(part) for part in value] if isinstance(value, list) else value
