"""An edition file as the typed edition it holds, as it stands or as read under adopted readings.

A reading is a patch: path → new value, written into the plain values before they are typed. The
file itself never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import msgspec

from ledger.errors import MalformedError
from policies.edition import Edition
from policies.strict_yaml import read_mapping

__all__ = ["has_place", "patched", "read_under", "typed"]


def typed(tree: Mapping[str, Any], *, source: str, sha256: str) -> Edition:
    """The edition the plain values say; MalformedError for the first that does not fit."""
    try:
        return msgspec.convert({**tree, "sha256": sha256}, Edition, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedError("{source}: {error}", source=source, error=str(error)) from None


def read_under(edition: Edition, data: bytes, adopted: Mapping[str, str]) -> Edition:
    """The edition in a file as read under adopted interpretations; keys and values are already
    known to be allowed."""
    tree = patched(edition, read_mapping(data, edition.edition), adopted)
    return typed(tree, source=edition.edition, sha256=edition.sha256)


def patched(
    edition: Edition, tree: Mapping[str, Any], adopted: Mapping[str, str]
) -> dict[str, Any]:
    """The plain values of an edition's file with the patches of the readings in them."""
    changed = deepcopy(dict(tree))
    for path, new in _patches(edition, adopted):
        _put(changed, path, new)
        (changed.get("unknown") or {}).pop(path, None)
    return changed


def has_place(tree: Any, path: str) -> bool:
    """Whether a patch can put something at the path: what is around it must be there, and in a list
    the item itself."""
    *steps, last = path.split("/")
    try:
        for step in steps:
            tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    except (KeyError, IndexError, ValueError, TypeError):
        return False
    if isinstance(tree, list):
        return last.isdecimal() and int(last) < len(tree)
    return isinstance(tree, dict)


def _patches(edition: Edition, adopted: Mapping[str, str]) -> Iterable[tuple[str, Any]]:
    for key, value in sorted(adopted.items()):
        interpretation = edition.interpretations.get(key)
        if interpretation is not None:
            yield from interpretation.values.get(value, {}).items()


def _put(tree: Any, path: str, value: Any) -> None:
    *steps, last = path.split("/")
    for step in steps:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    if isinstance(tree, list):
        tree[int(last)] = value
    else:
        tree[last] = value
