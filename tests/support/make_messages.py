"""Make the message catalogues of `cli/locale` again from the code: `make messages`.

Messages are what stands literally inside N_(…) and translate(…), the templates of errors and of
what a check finds, texts named `said`, and what editions and scoring tables say in words. A new
message gets an empty translation, one that is gone is dropped; after translating, run it again for
the .mo files.
Without dates, so that equal messages give equal bytes.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

__all__ = [
    "LANGUAGES",
    "compiled",
    "extracted",
    "is_translated",
    "merged",
    "po_bytes",
    "read_catalogue",
]

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "cli" / "locale"
TEMPLATE = LOCALE / "taizhang.pot"
LANGUAGES = ("zh",)

ROOMS = ("cli", "ledger", "policies", "projections")
SPOKEN = {
    # function → which of its arguments is a message
    "N_": 0,
    "translate": 0,
    "BehindError": 0,
    "BusyError": 0,
    "ConflictError": 0,
    "IntegrityFailure": 0,
    "KeyConflictError": 0,
    "KeyLockedError": 0,
    "LedgerError": 0,
    "MalformedError": 0,
    "NotFoundError": 0,
    "NotReplicatedError": 0,
    "OutcomeUnknownError": 0,
    "Problem": 0,
    "ReadOnlyError": 0,
    "RefusedError": 0,
    "UnreachableError": 0,
    "add": 1,
    "replace": 2,
    "_add": 2,
    "_contradicted": 1,
    "_malformed": 0,
    "_add_head": 1,
    "_refusal": 1,
    "Claim": 2,
    "Damage": 3,
    "Defect": 0,
}
COUNTED = "counted"
"""Function whose two arguments are a message for one and for many."""
NAMED = frozenset({"said"})
WORDS_OF_EDITIONS = frozenset({"question"})
REASONS_OF_EDITIONS = frozenset({"without_effect"})
WORDS_OF_TABLES = frozenset({"approximate", "flagged", "name", "source"})
MAPPINGS_OF_TABLES = frozenset({"absent", "open_parts"})
"""Keys of scoring tables whose text is shown, and those whose every value is."""

HEADER = """\
# Messages of taizhang. English is the language of the sources.
# Made by `make messages` (tests/support/make_messages.py).
#"""
STAMP = datetime(2026, 11, 23, tzinfo=UTC)
"""A date the format wants; a real one would change bytes without a change of messages."""


def main() -> int:
    """Write template and catalogues; exit status 1 where translations are missing."""
    template = extracted()
    LOCALE.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(po_bytes(template))
    missing = 0
    for language in LANGUAGES:
        catalogue = merged(template, language)
        path = _po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(po_bytes(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        untranslated = [str(m.id) for m in catalogue if m.id and not is_translated(m)]
        missing += len(untranslated)
        for message in untranslated:
            sys.stdout.write(f"{language}: no translation of {message!r}\n")
    sys.stdout.write(f"{len(template)} messages, {missing} translations missing\n")
    return 1 if missing else 0


def extracted() -> Catalog:
    """Every message of the code and of the editions, with the files it stands in."""
    catalogue = _catalogue(None)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if path.parent.name == "verifier":  # speaks for itself, in both languages
                continue
            _note(catalogue, path, _messages(ast.parse(path.read_text(encoding="utf-8"))))
    for path in sorted((ROOT / "policies" / "editions").rglob("*.yaml")):
        words = _words(path, WORDS_OF_EDITIONS, mappings=REASONS_OF_EDITIONS)
        _note(catalogue, path, words)
    for path in sorted((ROOT / "policies" / "scoring").rglob("*.yaml")):
        _note(catalogue, path, _words(path, WORDS_OF_TABLES, mappings=MAPPINGS_OF_TABLES))
    return catalogue


def merged(template: Catalog, language: str) -> Catalog:
    """The template's messages with the translations known so far."""
    known = read_catalogue(language)
    catalogue = _catalogue(language)
    for message in template:
        if message.id:
            old = known.get(message.id)
            is_same = old is not None and old.id == message.id and not old.fuzzy
            empty = ("",) if message.pluralizable else ""
            string = old.string if old is not None and is_same else empty
            catalogue.add(message.id, string, locations=message.locations)
    return catalogue


def is_translated(message: Message) -> bool:
    """Whether every form of the message has a translation."""
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(forms)


def read_catalogue(language: str) -> Catalog:
    """The translations of a language as they are kept."""
    path = _po_path(language)
    text = path.read_bytes() if path.exists() else b""
    return read_po(io.BytesIO(text), locale=language, domain="taizhang")


def po_bytes(catalogue: Catalog) -> bytes:
    """A catalogue as text, sorted by message, files without line numbers."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, sort_output=True, include_lineno=False)
    return buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """A catalogue as gettext reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def _catalogue(language: str | None) -> Catalog:
    return Catalog(
        locale=language,
        domain="taizhang",
        header_comment=HEADER,
        project="taizhang",
        version="1",
        msgid_bugs_address="-",
        creation_date=STAMP,
        revision_date=STAMP,
        last_translator="-",
        language_team="-",
        fuzzy=False,
    )


def _po_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "taizhang.po"


def _note(catalogue: Catalog, path: Path, messages: Iterator[str | tuple[str, str]]) -> None:
    for message in messages:
        catalogue.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])


def _messages(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == COUNTED:
            one, many = (text for part in node.args for text in _texts(part))
            yield one, many
        elif isinstance(node, ast.Call):
            place = SPOKEN.get(_name(node.func))
            if place is not None and place < len(node.args):
                yield from _texts(node.args[place])
        elif isinstance(node, ast.Assign) and {_name(t) for t in node.targets} & NAMED:
            yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts an expression can be, as far as it says so literally."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _words(
    path: Path, keys: frozenset[str], *, mappings: frozenset[str] = frozenset()
) -> Iterator[str]:
    import yaml

    def spoken(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, part in value.items():
                if key in keys and isinstance(part, str):
                    yield part
                elif key in mappings and isinstance(part, dict):
                    yield from map(str, part.values())
                else:
                    yield from spoken(part)
        elif isinstance(value, list):
            for part in value:
                yield from spoken(part)

    yield from spoken(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))  # noqa: S506  plain text only


if __name__ == "__main__":
    sys.exit(main())
