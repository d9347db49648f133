"""Check an edition file before anything is ruled by it: its spelling, its shape, and what must hold
of every regulation.

    defects = check_file(data, source="my.yaml").defects

All of it is looked for at once. Spelling and shape come first; whether the parts agree with each
other can only be asked of a file that has the shape. Every defect names its place, and for grade
bands the gap or overlap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from ledger.errors import MalformedError
from ledger.identity import parse_edition
from policies.edition import Edition
from policies.edition_file import has_place, patched, typed
from policies.shape import Defect, shape_defects
from policies.soundness import soundness_defects
from policies.strict_yaml import scan

__all__ = ["CheckedFile", "check_file"]

UNKNOWABLE = frozenset(
    {
        "authority/interprets",
        "authority/signers",
        "certificate",
        "changes",
        "designation",
        "designation/applicant_fraud",
        "designation/conditions",
        "designation/cycle_years",
        "designation/floors",
        "designation/lookback",
        "designation/publicity",
        "designation/result",
        "designation/reviews",
        "evaluation/commendation",
        "evaluation/cycle_years",
        "evaluation/floors",
        "evaluation/not_filed_fails",
        "evaluation/publicity",
        "evaluation/result",
        "evaluation/warning",
        "revocation/grounds",
    }
)
"""Places that may be named under `unknown`; beside them the ban of each ground. The list of grounds
may be known in part."""

MUST_BE_SAID = (
    "authority/interprets",
    "changes",
    "designation",
    "designation/article",
    "designation/admission_article",
    "designation/ban_article",
    "designation/cycle_years",
    "designation/lookback",
    "designation/proposal_article",
    "designation/publicity",
    "designation/refusal_article",
    "designation/reviews",
    "evaluation/cycle_years",
)
"""Places nobody may forget: given, `~` where the regulation has no such rule, or unknown."""

CITED_BY = {
    "authority/interprets": "authority/interprets_article",
    "designation/cycle_years": "designation/cycle_article",
    "evaluation/cycle_years": "evaluation/cycle_article",
}
"""Places whose article stands in a key of its own."""

_BAN = re.compile(r"revocation/grounds/(?P<ground>[^/]+)/ban\Z")


class CheckedFile(msgspec.Struct, frozen=True):
    """The edition in a file, None where it has not the shape of one, and all that is wrong with
    it, in the order of the file."""

    edition: Edition | None
    sha256: str
    defects: tuple[Defect, ...]


def check_file(
    data: bytes, *, source: str, also: Callable[[Edition], Iterable[Defect]] | None = None
) -> CheckedFile:
    """The edition in a file and every defect, with its line; `also` looks beyond the file."""
    digest = sha256(data).hexdigest()
    try:
        found = scan(data, source)
    except MalformedError as error:
        said = Defect(error.message, place="", **error.values)
        return CheckedFile(None, digest, (said,))
    defects = [Defect(p.message, place="", line=p.line, **p.values) for p in found.problems]
    shape = shape_defects(found.tree, Edition)
    edition = None
    if not shape:
        edition = typed(found.tree, source=source, sha256=digest)
        defects += _file_defects(edition, found.tree)
        defects += also(edition) if also is not None else ()
    for defect in (*defects, *shape):
        if defect.line is None:
            defect.line = _line_of(defect.place, found.lines)
    ordered = sorted((*defects, *shape), key=lambda d: d.line or 0)
    return CheckedFile(edition, digest, tuple(ordered))


def _file_defects(edition: Edition, tree: Mapping[str, Any]) -> Iterator[Defect]:
    """What is wrong with an edition that has the shape of one; `tree` is the plain values of its
    file."""
    yield from _name_defects(edition)
    yield from _sections_defects(edition, tree)
    yield from soundness_defects(edition)
    yield from _interpretation_defects(edition, tree)


def _line_of(place: str, lines: Mapping[str, int]) -> int | None:
    """The line of a place, or of the nearest place around it that the file has."""
    while place and place not in lines:
        place = place.rpartition("/")[0]
    return lines.get(place)


def _name_defects(edition: Edition) -> Iterator[Defect]:
    try:
        scheme, _ = parse_edition(edition.edition)
    except MalformedError as error:
        yield Defect(error.message, place="edition", **error.values)
        return
    if scheme != edition.scheme:
        said = "the edition {edition} belongs to the scheme {scheme}, not {other}"
        yield Defect(
            said, place="scheme", edition=edition.edition, scheme=scheme, other=edition.scheme
        )


def _sections_defects(edition: Edition, tree: Mapping[str, Any]) -> Iterator[Defect]:
    """What is neither said nor called unknown, or both at once."""
    for place in MUST_BE_SAID:
        around = place.rpartition("/")[0]
        if _said(tree, place) or edition.unknown_at(place) or (around and not _said(tree, around)):
            continue
        said = (
            "say what the regulation has here, ~ where it has no such rule, or name the place "
            "under unknown"
        )
        yield Defect(said, place=place)
    for place, article in CITED_BY.items():
        if _value(tree, place) is not None and not _said(tree, article):
            around, _, key = article.rpartition("/")
            yield Defect("{key} is missing", place=around, key=key)
    for place, reason in edition.unknown.items():
        ban = _BAN.match(place)
        if place not in UNKNOWABLE and not (ban and ban["ground"] in edition.revocation.grounds):
            known = ", ".join([*sorted(UNKNOWABLE), "revocation/grounds/…/ban"])
            said = "{where} cannot be called unknown; these can: {known}"
            yield Defect(said, place=f"unknown/{place}", where=place, known=known)
        elif _value(tree, place) is not None and place != "revocation/grounds":
            said = "{where} is given and called unknown at once"
            yield Defect(said, place=f"unknown/{place}", where=place)
        elif not reason.strip():
            yield Defect("say why it is not at hand", place=f"unknown/{place}")


def _interpretation_defects(edition: Edition, tree: Mapping[str, Any]) -> Iterator[Defect]:
    for place, key in _reads(edition, ""):
        if key not in edition.interpretations:
            said = "the interpretation {key!r} is not defined in this file"
            yield Defect(said, place=place, key=key)
    for key, interpretation in edition.interpretations.items():
        place = f"interpretations/{key}"
        if interpretation.default not in interpretation.values:
            said = "the default {value!r} is not among its values"
            yield Defect(said, place=place, value=interpretation.default)
        elif interpretation.values[interpretation.default]:
            said = "the default reading must be the text of the file itself and change nothing"
            yield Defect(said, place=place)
        for value, changes in interpretation.values.items():
            at = f"{place}/values/{value}"
            lost = [path for path in changes if not has_place(tree, path)]
            for path in lost:
                yield Defect("there is no place {path!r} to change", place=at, path=path)
            if changes and not lost:
                yield from _patch_defects(edition, tree, {key: value}, at)


def _patch_defects(
    edition: Edition, tree: Mapping[str, Any], adopted: Mapping[str, str], place: str
) -> Iterator[Defect]:
    """What would be wrong with the edition under a reading, and is not wrong without it."""
    changed = patched(edition, tree, adopted)
    found = shape_defects(changed, Edition)
    if not found:
        read = typed(changed, source=edition.edition, sha256=edition.sha256)
        found = list(soundness_defects(read))
    known = {(d.place, str(d)) for d in soundness_defects(edition)}
    for defect in found:
        if (defect.place, str(defect)) not in known:
            yield Defect(defect.message, place=f"{place} → {defect.place}", **defect.values)


def _reads(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every interpretation key a section reads, with its place."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            part = getattr(value, name)
            here = f"{place}/{name}" if place else name
            if name == "reads" or name.endswith("_reads"):
                yield from ((here, key) for key in part)
            else:
                yield from _reads(part, here)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _reads(part, f"{place}/{key}")
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _reads(part, f"{place}/{index}")


def _said(tree: Mapping[str, Any], place: str) -> bool:
    """Whether the file has the key, with whatever value."""
    found: Any = tree
    for step in place.split("/"):
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return True


def _value(tree: Mapping[str, Any], place: str) -> Any:
    found: Any = tree
    for step in place.split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found
