"""Checkpoints: three lines, one spelling, and which keys may sign for which origin."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.checkpoint
from ledger.checkpoint import (
    Checkpoint,
    format_checkpoint,
    keys_for,
    log_key,
    log_origin,
    open_checkpoint,
    parse_checkpoint,
)
from ledger.errors import IntegrityFailure, LedgerError, MalformedError
from ledger.leaf import hash_leaf
from ledger.merkle import tree_root
from ledger.note import COSIGNATURE, Signer, VerifierKey, format_note, sign_note, with_signatures
from support.flips import bit_flips

LEDGER = Signer.from_seed("city.example/taizhang", bytes(range(32)))
ORIGIN = "city.example/taizhang/beijing"
HEAD = Checkpoint(ORIGIN, 2, tree_root([hash_leaf(b"a"), hash_leaf(b"b")]))
TEXT = format_checkpoint(HEAD)
DATA = format_note(sign_note(TEXT, [LEDGER.named(ORIGIN)]))

origins = st.from_regex(r"[a-z市]{1,9}(/[a-z0-9]{1,9}){0,3}", fullmatch=True)
heads = st.builds(
    Checkpoint, origins, st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32)
)


def test_worked_example_is_true() -> None:
    """The signed checkpoint of the module docstring is that of its log and key."""
    assert DATA.decode() in dedent(ledger.checkpoint.__doc__ or "")[1:].replace("\n    ", "\n")


def test_specified_checkpoint_has_a_reading() -> None:
    """The example of the specification is read as meant."""
    root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    text = f"example.com/behind-the-sofa\n20852163\n{root}\n"
    head = parse_checkpoint(text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex().startswith("0ac5186a91863e8e")


@given(heads)
def test_checkpoints_survive_their_text(head: Checkpoint) -> None:
    """Any checkpoint is read back from its text."""
    assert parse_checkpoint(format_checkpoint(head)) == head


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(TEXT.split("\n")), max_size=6).map("\n".join)
)
def test_any_text_is_answered(text: str) -> None:
    """Any text is the one spelling of a checkpoint, or malformed."""
    try:
        head = parse_checkpoint(text)
    except MalformedError:
        return
    assert format_checkpoint(head) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", TEXT[:-1], TEXT + "\n", "\n" + TEXT, TEXT + "extension\n"),
        TEXT.replace("\n2\n", "\n02\n"),
        TEXT.replace("\n2\n", "\n+2\n"),
        TEXT.replace("\n2\n", "\n\uff12\n"),
        TEXT.replace("\n2\n", "\n-1\n"),
        TEXT.replace("\n2\n", "\n\n"),
        TEXT.replace("\n2\n", f"\n{10**18}\n"),
        TEXT.replace("=", ""),
        TEXT.replace("city.example/taizhang/beijing", ""),
        TEXT.replace("city.example", "city example"),
        TEXT.replace("city.example", "city+example"),
        "a\n0\nAAAA\n",
    ],
)
def test_other_texts_are_no_checkpoints(text: str) -> None:
    """Extensions, other numbers, short roots and origins that cannot name a key are refused."""
    with pytest.raises(MalformedError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "head",
    [Checkpoint("a b", 0, bytes(32)), Checkpoint("a", -1, bytes(32)), Checkpoint("a", 0, b"")],
)
def test_unfit_fields_have_no_text(head: Checkpoint) -> None:
    """What could not be read back is not written."""
    with pytest.raises(MalformedError):
        format_checkpoint(head)


def test_every_bit_is_bound() -> None:
    """No checkpoint one bit away from a true one is opened with a signer."""
    for _, flipped in bit_flips(DATA):
        assert not is_signed(flipped)


def is_signed(data: bytes) -> bool:
    """Whether the bytes are a checkpoint signed with the ledger's key."""
    try:
        return bool(open_checkpoint(data, [LEDGER.key])[2])
    except LedgerError:
        return False


def test_ledger_key_opens_its_logs() -> None:
    """The ledger's vkey and the log's own both open the checkpoint, and give the log's key."""
    own = log_key(LEDGER.key, "beijing")
    for given_key in (LEDGER.key, own):
        head, note, signers = open_checkpoint(DATA, [given_key])
        assert (head, note.text, signers) == (HEAD, TEXT, (own,))


def test_strangers_open_nothing() -> None:
    """With keys of another log, ledger or kind nobody has signed."""
    public = LEDGER.key.public
    strangers = [
        log_key(LEDGER.key, "xian"),
        VerifierKey("town.example/taizhang", 1, public),
        VerifierKey(ORIGIN, COSIGNATURE, public),
        VerifierKey(ORIGIN, 1, bytes(32)),
    ]
    assert open_checkpoint(DATA, strangers)[2] == ()


def test_wrong_signature_is_no_checkpoint() -> None:
    """The log's signature of another head breaks the note."""
    other = sign_note(TEXT.replace("\n2\n", "\n3\n"), [LEDGER.named(ORIGIN)])
    note = with_signatures(sign_note(TEXT, [Signer.from_seed("x", bytes(32))]), other.signatures)
    with pytest.raises(IntegrityFailure):
        open_checkpoint(format_note(note), [LEDGER.key])


@pytest.mark.parametrize(
    ("origin", "is_its_log"),
    [
        ("city.example/taizhang/beijing", True),
        ("city.example/taizhang/beijing/2", True),
        ("city.example/taizhang/beijing/10", True),
        ("city.example/taizhang", True),
        ("city.example/taizhang/beijing/1", False),
        ("city.example/taizhang/beijing/02", False),
        ("city.example/taizhang/beijing/x", False),
        ("city.example/taizhang/beijing/", False),
        ("city.example/taizhang/beijing/2/2", False),
        ("city.example/taizhang/", False),
        ("city.example/taizhang/2", False),
        ("city.example/taizhang-beijing", False),
        ("city.example/taizhangbeijing/x", False),
        ("town.example/taizhang/beijing", False),
    ],
)
def test_origins_of_a_ledger(origin: str, is_its_log: bool) -> None:
    """A ledger's key stands for its own name, its schemes, and their generations from 2."""
    assert [key.name for key in keys_for(origin, [LEDGER.key])] == [origin] * is_its_log


def test_generations_have_origins() -> None:
    """The first generation has the plain origin, later ones their number; the key follows."""
    assert log_origin("a/taizhang", "xian") == "a/taizhang/xian"
    assert log_key(LEDGER.key, "xian", generation=3).name == "city.example/taizhang/xian/3"


@pytest.mark.parametrize(("scheme", "generation"), [("", 1), ("X", 1), ("a/b", 1), ("xian", 0)])
def test_unfit_schemes_have_no_origin(scheme: str, generation: int) -> None:
    """What is no scheme, or no generation, names no log."""
    with pytest.raises(MalformedError):
        log_origin("a/taizhang", scheme, generation=generation)
