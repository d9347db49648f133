"""The file that docs/formats.md shows is one, and says what the page says of it."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from ledger.evidence_check import PROVEN, check_evidence
from ledger.evidence_file import parse_evidence
from ledger.merkle import node_hash
from ledger.note import parse_vkey
from support.evidence_book import Book, spelled

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def section() -> str:
    """The part of the page with the example."""
    return PAGE.read_text(encoding="utf-8").split("### A worked example")[1]


def shown() -> bytes:
    """The file, with the line breaks of the page taken out."""
    (block,) = re.findall(r"```text\n(.*?)\n```", section(), re.DOTALL)
    return str(block).replace("\n", "").encode() + b"\n"


def test_example_is_what_is_written() -> None:
    """The page's file is what is made of these two entries, and has the hash it names."""
    book = Book("xian")
    book.add("xian/id:a", "WithdrawalRequested", {"center": "xian/id:a"})
    book.statuses["xian/id:a"] = (
        '{"center":"xian/id:a","entries":1,"format":"taizhang-status/v1","position":0}'
    )
    assert shown() == spelled(book.seal().document("xian/id:a"))
    assert sha256(shown()).hexdigest() in section()
    assert f"{len(shown()):,} bytes" in section()


def test_example_is_proven() -> None:
    """By the page's key exactly the claims it names are proven."""
    (vkey,) = re.findall(r"By the key `(\S+)`", section())
    (named,) = re.findall(r"claims are proven:\n(.*?)\. By hand", section(), re.DOTALL)
    claims = check_evidence(shown(), keys=[parse_vkey(vkey)])
    assert [(c.claim, c.verdict) for c in claims] == [
        (claim, PROVEN) for claim in re.findall("`(.+?)`", named)
    ]


def test_sums_by_hand_hold() -> None:
    """The proofs are the hashes of the other leaf, and both together give the root."""
    file = parse_evidence(shown())
    entry, seal = file.streams[0].entries[0], file.seal
    assert (entry.proof, seal.proof) == ((seal.hash,), (entry.hash,))
    assert node_hash(entry.hash, seal.hash) == file.checkpoint.root
