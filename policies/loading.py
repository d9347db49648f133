"""Load an edition file: those that ship with the program, and any other that passes the check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files

from ledger.errors import MalformedError
from policies.bands import band_defects
from policies.checking import check_file
from policies.edition import Edition
from policies.edition_file import read_under, typed
from policies.strict_yaml import read_mapping

__all__ = ["band_defects", "builtin_editions", "load_edition", "read_under"]


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
    first defect.

    `check=False` skips what must hold between the parts, for files that were checked before.
    """
    if not check:
        digest = hashlib.sha256(data).hexdigest()
        return typed(read_mapping(data, source), source=source, sha256=digest)
    found = check_file(data, source=source)
    if found.edition is None or found.defects:
        first = found.defects[0]
        place = first.place or (f"line {first.line}" if first.line else "the whole file")
        raise MalformedError(
            "{source}: {place}: {defect}", source=source, place=place, defect=str(first)
        )
    return found.edition
