"""Every bit of a proven file counts: one flipped, and not everything is proven any more."""

from __future__ import annotations

import pytest

from support.evidence_book import LEDGER, NEXT_KEY
from support.evidence_checkers import NODE, verdicts_in_node, verdicts_in_python
from support.flips import bit_flips
from support.make_evidence import PROVEN, Case, small_case

SMALL = small_case()


def is_all_proven(verdicts: tuple[tuple[str, str], ...] | None) -> bool:
    """Whether a checker found nothing wrong."""
    return verdicts is not None and all(verdict == PROVEN for _, verdict in verdicts)


@pytest.mark.slow
def test_every_flip_is_seen() -> None:
    """No file that differs in one bit from a proven one is proven."""
    passed = [
        place
        for place, data in bit_flips(SMALL.data)
        if is_all_proven(verdicts_in_python(_of(data)))
    ]
    assert passed == []


@pytest.mark.slow
@pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: the page's script not run")
def test_page_sees_flips() -> None:
    """The script of the page proves none of a few hundred files that differ in one bit."""
    flipped = [
        _of(data) for number, (_, data) in enumerate(bit_flips(SMALL.data)) if number % 61 == 0
    ]
    assert len(flipped) > 300
    assert not any(map(is_all_proven, verdicts_in_node(flipped, webcrypto=True)))


def test_unknown_signers_line_is_free() -> None:
    """What a signer nobody gave a key of has signed may be anything, and changes no verdict."""
    signed_twice = small_case([LEDGER, NEXT_KEY])
    last = signed_twice.data.index(b'\\n"', signed_twice.data.index("— ".encode()))
    changed = signed_twice.data[: last - 20] + b"A" + signed_twice.data[last - 19 :]
    assert changed != signed_twice.data
    assert verdicts_in_python(_of(changed)) == SMALL.verdicts


def _of(data: bytes) -> Case:
    return SMALL._replace(data=data)
