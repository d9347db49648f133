"""Commitments: bound to salt, path and value, and to nothing that looks alike."""

from __future__ import annotations

import doctest
from hashlib import sha256

import pytest

import ledger.commitment
from ledger.commitment import check_commitment, check_path, commit
from ledger.errors import MalformedError

SALT = bytes(range(32))
PATH = "/contact/phone"
VALUE = b'"13800000000"'


def test_docstring_examples_are_true() -> None:
    """The example in the specification gives what it says."""
    assert doctest.testmod(ledger.commitment).failed == 0


def test_formula_is_spelled_out() -> None:
    """A commitment is SHA-256 of domain, salt, path and value, parted as specified."""
    whole = b"taizhang-private/v1\0" + SALT + PATH.encode() + b"\0" + VALUE
    assert commit(PATH, VALUE, salt=SALT) == sha256(whole).digest()


def test_commitment_holds_for_itself() -> None:
    """The value, path and salt committed to are taken."""
    commitment = commit("/联系人/电话", VALUE, salt=SALT)
    assert check_commitment(commitment, path="/联系人/电话", value=VALUE, salt=SALT)


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/contact/phones"},
        {"path": "/contact"},
        {"value": b'"13800000001"'},
        {"value": b""},
        {"salt": bytes(32)},
    ],
)
def test_commitment_holds_for_nothing_else(change: dict[str, object]) -> None:
    """Another path, value or salt is not taken."""
    commitment = commit(PATH, VALUE, salt=SALT)
    assert not check_commitment(commitment, **{"path": PATH, "value": VALUE, "salt": SALT} | change)


def test_parts_cannot_be_moved() -> None:
    """Moving the border between path and value makes another commitment."""
    assert commit("/a", b"b", salt=SALT) != commit("/ab", b"", salt=SALT)
    assert commit("/a", b"b\0c", salt=SALT) != commit("/b", b"c", salt=SALT)


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_short_salts_are_refused(salt: bytes) -> None:
    """A salt has exactly 32 bytes."""
    with pytest.raises(MalformedError):
        commit(PATH, VALUE, salt=salt)


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/0", "/a//b", "/~0/~1", "/联系人/电话", "/\U00020bb7"]
)
def test_pointers_are_paths(path: str) -> None:
    """Any JSON pointer below the whole value is a path."""
    check_path(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "a", "a/b", "/a b", " /a", "/a ", "/a\n", "/a\r", "/a\t", "/a\0b", "/a\x7f"),
        *("/a\x85", "/a\xa0", "/a\u3000b", "/a\u2028", "/a\u200b", "/a\u202e", "/a\ufeff"),
        *("/~", "/a~2", "/a~", "/e\u0301", "/\ud800"),
    ],
)
def test_other_texts_are_no_paths(path: str) -> None:
    """White space, controls, invisible signs, wrong escapes and decomposed text are refused."""
    with pytest.raises(MalformedError):
        check_path(path)
