"""The message catalogues: complete, in step with the code, and sound."""

from __future__ import annotations

import string
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from support import make_messages

LOCALE = Path(make_messages.LOCALE)
ZH = LOCALE / "zh" / "LC_MESSAGES" / "taizhang"


def messages() -> list[Message]:
    """The Chinese messages, without the header."""
    return [message for message in make_messages.read_catalogue("zh") if message.id]


def test_template_is_in_step() -> None:
    """The template holds exactly the messages of the code; if not: make messages."""
    with (LOCALE / "taizhang.pot").open("rb") as file:
        kept = read_po(file)
    assert {m.id for m in kept} == {m.id for m in make_messages.extracted()}


def test_chinese_has_every_message() -> None:
    """Template and Chinese catalogue have the same messages."""
    with (LOCALE / "taizhang.pot").open("rb") as file:
        kept = read_po(file)
    assert {m.id for m in kept if m.id} == {m.id for m in messages()}


def test_nothing_is_untranslated() -> None:
    """No Chinese message is empty or fuzzy."""
    open_ = [m.id for m in messages() if m.fuzzy or not make_messages.is_translated(m)]
    assert open_ == []


def test_compiled_is_in_step() -> None:
    """The .mo file is what the .po file compiles to."""
    catalogue = make_messages.merged(make_messages.extracted(), "zh")
    assert ZH.with_suffix(".mo").read_bytes() == make_messages.compiled(catalogue)
    assert ZH.with_suffix(".po").read_bytes() == make_messages.po_bytes(catalogue)


def test_placeholders_agree() -> None:
    """A translation fills in what its message fills in, shown the same way."""
    assert [m.id for m in messages() if not fills_alike(m)] == []


def fills_alike(message: Message) -> bool:
    """Whether message and translation have the same placeholders; of a message for one and for
    many, the translation may leave out what only one of them has."""
    if isinstance(message.id, str):
        return placeholders(message.id) == placeholders(message.string)
    wanted = {name for text in message.id for name in placeholders(text)}
    return all(placeholders(text) <= wanted for text in message.string)


def placeholders(text: str) -> set[tuple[str | None, str | None]]:
    """Names in braces, each with its conversion."""
    parts = string.Formatter().parse(text)
    return {(name, conversion) for _, name, _, conversion in parts if name is not None}
