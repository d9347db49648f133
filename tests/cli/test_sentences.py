"""The sentences of the rules: each one used, each one that is used written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from cli.glossary import CODES, FIELDS, TYPES
from cli.wording import SENTENCES
from ledger.entries import REGISTRY

ROOT = Path(__file__).parents[2]
POLICIES = sorted((ROOT / "policies").rglob("*.py"))
EDITIONS = sorted((ROOT / "policies").rglob("*.yaml"))

SAYS = {"Assessment": 1, "AuditFinding": 3}
"""Class → which of its arguments names a sentence."""


def test_every_sentence_is_used() -> None:
    """No sentence is left over: each is named in the rules, or begins as they compose it."""
    named: set[str] = set()
    begun: set[str] = set()
    for path in POLICIES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
    named |= {word for path in EDITIONS for word in path.read_text(encoding="utf-8").split()}
    begun = {start for start in begun if start.endswith("_")}
    unused = [s for s in SENTENCES if s not in named and not s.startswith(tuple(begun))]
    assert unused == []


def test_every_sentence_said_is_written() -> None:
    """What the rules say has a sentence."""
    assert sorted(set(said()) - set(SENTENCES)) == []


def test_every_entry_type_has_a_name() -> None:
    """Each type of entry is called something."""
    assert sorted(TYPES) == sorted(REGISTRY)


def test_every_own_field_has_a_name() -> None:
    """Each field of an entry that a summary shows is called something."""
    shared = {"on", "by", "document", "policy", "policy_reason", "attachments", "key", "private"}
    fields = {field for entry in REGISTRY.values() for field in entry.__struct_encode_fields__}
    assert sorted(fields - shared - {"center"} - set(FIELDS)) == []


def test_every_code_has_a_name() -> None:
    """Each code of a finding is called something."""
    assert sorted(set(codes()) - set(CODES)) == []


def said() -> Iterator[str]:
    """Every sentence the rules name literally."""
    for path in POLICIES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                place = SAYS.get(name_of(node.func))
                if place is not None and place < len(node.args):
                    yield from texts(node.args[place])
                yield from (t for k in node.keywords if k.arg == "say" for t in texts(k.value))
            elif isinstance(node, ast.Assign) and "say" in {name_of(t) for t in node.targets}:
                yield from texts(node.value)


def codes() -> Iterator[str]:
    """Every code the rules give a finding literally."""
    for path in POLICIES:
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call):
                continue
            if name_of(node.func) in ("bar", "bar_if", "note", "as_finding") and len(node.args) > 1:
                yield from texts(node.args[1])
            if name_of(node.func) == "Finding":
                yield from (t for k in node.keywords if k.arg == "code" for t in texts(k.value))
            if name_of(node.func) == "AuditFinding" and len(node.args) > 2:
                yield from texts(node.args[2])


def texts(node: ast.expr) -> Iterator[str]:
    """The texts an expression can be, as far as it says so literally."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body)
            yield from texts(orelse)
        case ast.Subscript(value=ast.Dict(values=values)):
            yield from (text for value in values for text in texts(value))


def name_of(node: ast.expr) -> str:
    """The last name of a function or variable."""
    return getattr(node, "attr", None) or getattr(node, "id", "")


def parsed(path: Path) -> ast.Module:
    """A file of the rules as a tree."""
    return ast.parse(path.read_text(encoding="utf-8"))
