"""Load and check an edition file: strict YAML, then a typed model, then what must hold of every
regulation.

A defect names the place in the file and, for grade bands, the gap or overlap. Reading an edition
under
adopted interpretations gives another `Edition` value; the file itself never changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from typing import Any

import msgspec

from ledger.entries import REGISTRY
from ledger.errors import MalformedError
from ledger.identity import parse_edition
from policies.edition import Edition, Grade, WhenFailedRun, WhenReturnsMissed

__all__ = ["band_defects", "builtin_editions", "load_edition", "read_under"]

_FACTS = frozenset(
    {
        "smuggling",
        "customs_penalty",
        "tax_evasion",
        "tax_violation",
        "serious_discredit",
        "false_materials",
        "quality_accident",
        "safety_accident",
        "pollution",
        "dissolution",
        "penalty",
    }
)
_STAGES = frozenset(
    {
        "preliminary",
        "completeness",
        "qualification",
        "special_audit",
        "expert",
        "defense",
        "verification",
        "comprehensive",
    }
)
_UNQUOTED_NUMBER = re.compile(r"[-+]?[0-9]+\.[0-9]+\Z")


def builtin_editions() -> Iterator[tuple[str, bytes]]:
    """File name and bytes of every regulation that ships with the program, sorted by name."""
    root = files("policies") / "editions"
    for scheme in sorted(root.iterdir(), key=lambda item: item.name):
        if scheme.is_dir():
            for item in sorted(scheme.iterdir(), key=lambda item: item.name):
                if item.name.endswith(".yaml"):
                    yield f"{scheme.name}/{item.name}", item.read_bytes()


def load_edition(data: bytes, *, source: str, check: bool = True) -> Edition:
    """The edition in a YAML file; raises MalformedError that names the source, the place and the
    defect.

    `check=False` skips what must hold between the parts, for files that were checked before.
    """
    tree = _parse_yaml(data, source)
    edition = _typed(tree, source, hashlib.sha256(data).hexdigest())
    for place, defect in _defects(edition, tree) if check else ():
        raise MalformedError(
            "{source}: {place}: {defect}", source=source, place=place, defect=defect
        )
    return edition


def read_under(edition: Edition, data: bytes, adopted: Mapping[str, str]) -> Edition:
    """The edition as read under adopted interpretations; keys and values are already known to be
    allowed."""
    tree = _parse_yaml(data, edition.edition)
    for key, value in sorted(adopted.items()):
        interpretation = edition.interpretations.get(key)
        if interpretation is None:
            continue
        for path, new in interpretation.values.get(value, {}).items():
            _put(tree, path, new)
    return _typed(tree, edition.edition, edition.sha256)


def band_defects(grades: tuple[Grade, ...]) -> list[str]:
    """Why the bands do not give every score exactly one grade; empty when they do."""
    ordered = sorted(grades, key=lambda g: (g.low is not None, g.low or Decimal(0)))
    defects = []
    if not ordered or ordered[0].low is not None:
        defects.append("no grade covers the lowest scores: the lowest band needs an open lower end")
    if not ordered or ordered[-1].high is not None:
        defects.append(
            "no grade covers the highest scores: the highest band needs an open upper end"
        )
    for lower, upper in pairwise(ordered):
        if lower.high is None or upper.low is None:
            defects.append(f"{lower.word} and {upper.word} overlap: both are unbounded")
        elif lower.high < upper.low:
            left, right = "(" if lower.high_included else "[", ")" if upper.low_included else "]"
            defects.append(
                f"gap {left}{lower.high}, {upper.low}{right} between {lower.word} and {upper.word}"
            )
        elif lower.high > upper.low or (lower.high_included and upper.low_included):
            defects.append(f"{lower.word} and {upper.word} overlap at {upper.low}")
        elif not lower.high_included and not upper.low_included:
            defects.append(f"gap at {upper.low} between {lower.word} and {upper.word}")
    return defects


def _parse_yaml(data: bytes, source: str) -> dict[str, Any]:
    import yaml  # slow to import, and only needed where a regulation is read

    loader_class: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        loader = loader_class(data)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise MalformedError(
            "{source} is no YAML: {error}", source=source, error=str(error)
        ) from None
    tree = _plain(node, source) if node is not None else None
    if not isinstance(tree, dict):
        raise MalformedError("{source}: an edition is one mapping", source=source)
    return tree


def _plain(node: Any, source: str) -> Any:
    """Nodes to plain values: every scalar stays text; `~` or an empty scalar is None."""
    kind = node.id
    if kind == "scalar":
        if not node.style and _UNQUOTED_NUMBER.match(node.value):
            raise MalformedError(
                "{source}, line {line}: put the decimal {value} in quotes",
                source=source,
                line=node.start_mark.line + 1,
                value=node.value,
            )
        return None if not node.style and node.value in ("", "~", "null") else node.value
    if kind == "sequence":
        return [_plain(item, source) for item in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if key.id != "scalar":
            raise MalformedError(
                "{source}, line {line}: a key must be text",
                source=source,
                line=key.start_mark.line + 1,
            )
        if key.value in found:
            raise MalformedError(
                "{source}, line {line}: the key {key!r} stands twice",
                source=source,
                line=key.start_mark.line + 1,
                key=key.value,
            )
        found[key.value] = _plain(value, source)
    return found


def _typed(tree: dict[str, Any], source: str, sha256: str) -> Edition:
    try:
        return msgspec.convert({**tree, "sha256": sha256}, Edition, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedError("{source}: {error}", source=source, error=str(error)) from None


def _put(tree: Any, path: str, value: Any) -> None:
    *steps, last = path.split("/")
    for step in steps:
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    if isinstance(tree, list):
        tree[int(last)] = value
    else:
        tree[last] = value


def _has_place(tree: Any, path: str) -> bool:
    try:
        for step in path.split("/")[:-1]:
            tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    except (KeyError, IndexError, ValueError, TypeError):
        return False
    return isinstance(tree, dict | list)


def _defects(edition: Edition, tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        scheme, _ = parse_edition(edition.edition)
    except MalformedError as error:
        yield "edition", str(error)
        return
    if scheme != edition.scheme:
        yield (
            "scheme",
            f"the edition {edition.edition} belongs to the scheme {scheme}, not {edition.scheme}",
        )
    yield from (("evaluation/grades", defect) for defect in band_defects(edition.evaluation.grades))
    yield from _grade_references(edition)
    yield from _ground_defects(edition)
    yield from _fact_defects(edition)
    yield from _interpretation_defects(edition, tree)
    force = edition.in_force
    if force.first_day and force.last_day and force.last_day < force.first_day:
        yield "in_force", "the last day lies before the first"


def _grade_references(edition: Edition) -> Iterator[tuple[str, str]]:
    rules = edition.evaluation
    words = {g.word for g in rules.grades}
    if len(words) != len(rules.grades):
        yield "evaluation/grades", "a grade stands twice"
    used = {"evaluation/failing": [rules.failing]}
    if rules.commendation:
        used["evaluation/commendation/grades"] = list(rules.commendation.grades)
    if edition.certificate:
        used["certificate/renewed_for"] = list(edition.certificate.renewed_for)
    for name, counter in rules.counters.items():
        used[f"evaluation/counters/{name}/grades"] = list(counter.grades)
        if counter.counts == "band" and (counter.low is None or counter.high is None):
            yield f"evaluation/counters/{name}", "a counter of a score band needs low and high"
        if counter.counts == "return" and counter.return_kind is None:
            yield f"evaluation/counters/{name}", "a counter of returns needs return_kind"
    for place, found in used.items():
        yield from (
            (place, f"{word!r} is no grade of this edition") for word in found if word not in words
        )


def _ground_defects(edition: Edition) -> Iterator[tuple[str, str]]:
    for ground_id, ground in edition.revocation.grounds.items():
        place = f"revocation/grounds/{ground_id}"
        if ground.ban is None and not ground.no_ban:
            yield place, "a ground needs a ban, or no_ban with the reason why there is none"
        if not ground.when:
            yield place, "a ground needs at least one `when`"
        for when in ground.when:
            if (
                isinstance(when, WhenFailedRun | WhenReturnsMissed)
                and when.counter not in edition.evaluation.counters
            ):
                yield place, f"there is no counter {when.counter!r}"
    for act in edition.authority.joint_acts:
        if act not in REGISTRY or REGISTRY[act].kind != "act":
            yield "authority/joint_acts", f"{act!r} is no act"


def _fact_defects(edition: Edition) -> Iterator[tuple[str, str]]:
    named = {"designation/lookback/facts": set(edition.designation.lookback.facts)}
    for ground_id, ground in edition.revocation.grounds.items():
        named[f"revocation/grounds/{ground_id}"] = {
            f for w in ground.when for f in getattr(w, "facts", ())
        }
    for place, found in named.items():
        yield from (
            (place, f"{fact!r} is no fact the ledger records") for fact in sorted(found - _FACTS)
        )
    for stage in edition.designation.reviews:
        if stage.stage not in _STAGES:
            yield "designation/reviews", f"{stage.stage!r} is no review stage"


def _interpretation_defects(edition: Edition, tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for place, key in _reads(edition, ""):
        if key not in edition.interpretations:
            yield place, f"the interpretation {key!r} is not defined in this file"
    for key, interpretation in edition.interpretations.items():
        place = f"interpretations/{key}"
        if interpretation.default not in interpretation.values:
            yield place, f"the default {interpretation.default!r} is not among its values"
        elif interpretation.values[interpretation.default]:
            yield (
                place,
                "the default reading must be the text of the file itself and change nothing",
            )
        for value, changes in interpretation.values.items():
            for path in changes:
                if not _has_place(tree, path):
                    yield f"{place}/{value}", f"there is no place {path!r} to change"
            if changes:
                try:
                    read_under(edition, msgspec.json.encode(tree), {key: value})  # JSON is YAML
                except MalformedError as error:
                    yield f"{place}/{value}", str(error)


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
