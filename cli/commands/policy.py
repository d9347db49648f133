"""`taizhang policy list | show | check | add | diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.files import read_file
from cli.i18n import N_, translate
from cli.options import Context, as_json, operation, pass_context, scheme
from cli.output import data, say, show
from ledger.errors import MalformedError, NotFoundError

if TYPE_CHECKING:
    from policies.checking import CheckedFile
    from policies.edition import Edition
    from policies.rulebook import Rulebook


@click.group("policy", help=N_("Regulations as data: list, show, check, add and compare."))
def command() -> None:
    """The rulebook."""


@command.command("list", help=N_("The editions at hand."))
@scheme
@as_json
@pass_context
@operation
def list_(context: Context, *, scheme: str | None, as_json: bool) -> None:
    """List the editions."""
    from cli.regulations import edition_line
    from cli.render.edition import render_editions

    rulebook = context.desk.rulebook
    editions = [edition_line(rulebook.edition(edition_id)) for edition_id in rulebook.ids(scheme)]
    if as_json:
        data({"ok": True, "editions": editions})
    else:
        show(render_editions(editions))


@command.command("show", help=N_("One edition: bands, grounds, bans, conditions and readings."))
@click.argument("edition", metavar="EDITION")
@as_json
@pass_context
@operation
def show_(context: Context, edition: str, *, as_json: bool) -> None:
    """Show one edition with the article of every value."""
    from cli.regulations import edition_value
    from cli.render.edition import render_edition
    from ledger.identity import parse_edition

    rulebook = context.desk.rulebook
    parse_edition(edition)
    if edition not in rulebook:
        raise NotFoundError(
            "there is no edition {edition!r}; at hand are {known}",
            edition=edition,
            known=", ".join(rulebook.ids()),
        )
    value = edition_value(rulebook.edition(edition))
    if as_json:
        data({"ok": True, **value})
    else:
        show(render_edition(value))


@command.command("check", help=N_("Every defect of an edition file, with its place."))
@click.argument("file", metavar="FILE")
@as_json
@pass_context
@operation
def check(context: Context, file: str, *, as_json: bool) -> int:
    """Check an edition file; no ledger is needed."""
    checked = _checked(file)
    if checked.defects:
        return _report(file, checked, as_json=as_json)
    value = _file_value(file, checked)
    if as_json:
        data({"ok": True, **value})
    template = N_("{file} holds the edition {edition}, and nothing is wrong with it.")
    say(translate(template).format(**value))
    return 0


@command.command("add", help=N_("Check an edition file and keep it in the ledger by its hash."))
@click.argument("file", metavar="FILE")
@as_json
@pass_context
@operation
def add(context: Context, file: str, *, as_json: bool) -> int:
    """Add a regulation; harmless where the same file is there already."""
    from policies.adding import check_to_add

    content = read_file(file)
    checked = check_to_add(content, source=file)
    if checked.edition is None or checked.defects:
        return _report(file, checked, as_json=as_json)
    edition = checked.edition
    added = context.desk.add_edition(content, source=file)
    if as_json:
        data({"ok": True, **_file_value(file, checked), "added": added})
    template = N_("{edition} is added.") if added else N_("{edition} was added before.")
    say(translate(template).format(edition=edition.edition))
    say(translate(N_("SHA-256 {sha256}")).format(sha256=checked.sha256))
    say(translate(N_("Next: taizhang policy show {edition}")).format(edition=edition.edition))
    return 0


@command.command("diff", help=N_("What differs between two editions, or edition files."))
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@as_json
@pass_context
@operation
def diff(context: Context, a: str, b: str, *, as_json: bool) -> None:
    """Compare two editions, place by place, with their articles."""
    from cli.render.edition_file import render_differences
    from policies.diff import differences

    rulebook = context.desk.rulebook
    found = [
        {
            "place": d.place,
            "a": d.old,
            "b": d.new,
            "articles": {"a": d.old_article, "b": d.new_article},
        }
        for d in differences(_edition(rulebook, a), _edition(rulebook, b))
    ]
    if as_json:
        data({"ok": True, "a": a, "b": b, "differences": found})
    else:
        show(render_differences(a, b, found))


def _edition(rulebook: Rulebook, name: str) -> Edition:
    """The edition of that id, or in that file."""
    if name in rulebook:
        return rulebook.edition(name)
    if not Path(name).is_file():
        raise NotFoundError(
            "there is no edition {edition!r}; at hand are {known}",
            edition=name,
            known=", ".join(rulebook.ids()),
        )
    checked = _checked(name)
    if checked.edition is None:
        raise MalformedError(
            "{file} holds no edition; `taizhang policy check {file}` says why", file=name
        )
    return checked.edition


def _checked(file: str) -> CheckedFile:
    from policies.adding import check_to_add

    return check_to_add(read_file(file), source=file)


def _file_value(file: str, checked: CheckedFile) -> dict[str, Any]:
    edition = checked.edition
    return {
        "file": file,
        "edition": edition.edition if edition else None,
        "scheme": edition.scheme if edition else None,
        "sha256": checked.sha256,
    }


def _report(file: str, checked: CheckedFile, *, as_json: bool) -> int:
    """Every defect of a file that cannot be ruled by; returns the exit status."""
    from cli.reasons import filled
    from cli.render.edition_file import render_defects

    defects = [{"place": d.place, "line": d.line, "message": filled(d)} for d in checked.defects]
    template = N_("defects in {file}: {count}; nothing can be ruled by it")
    message = translate(template).format(file=file, count=len(defects))
    if as_json:
        error = {"code": MalformedError.code, "message": message, "errors": defects}
        data({"ok": False, **_file_value(file, checked), "error": error})
    else:
        show(render_defects(file, defects))
    say(message)
    return MalformedError.exit_status
