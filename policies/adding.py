"""Check an edition file together with the files it names, before it is added to a ledger.

    checked = check_to_add(data, source="my.yaml")

`policies.checking` knows the file alone. An edition may name the form that filings are made on; a
form that is not at hand, or is another one than was meant, would only show when somebody files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.errors import MalformedError
from policies.checking import CheckedFile, check_file
from policies.edition import Edition
from policies.forms import load_form
from policies.shape import Defect

__all__ = ["check_to_add"]


def check_to_add(data: bytes, *, source: str) -> CheckedFile:
    """The edition in a file and every defect of it and of what it names, with its line."""
    return check_file(data, source=source, also=_form_defects)


def _form_defects(edition: Edition) -> Iterator[Defect]:
    rules = edition.form
    if rules is None:
        return
    try:
        form = load_form(rules.name)
    except MalformedError as error:
        yield Defect(error.message, place="form/name", **error.values)
        return
    if form.sha256 != rules.sha256:
        said = "the form {form} at hand has the SHA-256 {sha256}; the edition names another one"
        yield Defect(said, place="form/sha256", form=rules.name, sha256=form.sha256)
    for name in rules.relations:
        if name not in form.relations:
            said = "the form {form} has no sum {name!r}; it has {known}"
            values: dict[str, Any] = {
                "form": form.form,
                "name": name,
                "known": ", ".join(form.relations),
            }
            yield Defect(said, place=f"form/relations/{name}", **values)
