from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.curve import is_fit
from ledger.errors import MalformedError
from ledger.evidence_check import PROVEN, check_evidence
from ledger.evidence_file import format_document, parse_evidence
from ledger.note import Signer, parse_vkey
from ledger.trust_policy import parse_policy
from support.make_evidence import Case, cases, small_case

CASES = cases()
SMALL = small_case()


def _checked(case: Case, data: bytes | None = None) -> tuple[tuple[str, str], ...]:
    found = check_evidence(
        case.data if data is None else data,
        keys=[parse_vkey(key) for key in case.keys],
        policy=None if case.policy is None else parse_policy(case.policy),
    )
    assert all(str(claim) for claim in found)
    return tuple((claim.claim, claim.verdict) for claim in found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus_has_its_verdicts(case: Case) -> None:
    """Each file of the corpus gives the verdicts written down for it, or is malformed."""
    if case.verdicts is None:
        with pytest.raises(MalformedError):
            _checked(case)
    else:
        assert _checked(case) == case.verdicts


@pytest.mark.slow
def test_no_flipped_bit_passes() -> None:
    """No single bit of a proven file can be flipped and all claims still be proven."""
    assert {verdict for _, verdict in _checked(SMALL)} == {PROVEN}
    passed = []
    for place in range(len(SMALL.data) * 8):
        data = bytearray(SMALL.data)
        data[place // 8] ^= 1 << place % 8
        try:
            verdicts = {verdict for _, verdict in _checked(SMALL, bytes(data))}
        except MalformedError:
            continue
        if verdicts == {PROVEN}:
            passed.append(place)
    assert passed == []


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_spliced_files_raise_nothing_else(data: st.DataObject) -> None:
    """Files cut and pasted from others give verdicts or are malformed, and nothing else happens."""
    one, other = (data.draw(st.sampled_from(CASES)).data for _ in range(2))
    start = data.draw(st.integers(0, len(one)))
    stop = data.draw(st.integers(0, len(other)))
    noise = data.draw(st.binary(max_size=4))
    with suppress(MalformedError):
        check_evidence(one[:start] + noise + other[stop:], keys=[parse_vkey(SMALL.keys[0])])


def test_format_refuses_what_parse_does() -> None:
    """A document that could not be read back is not written."""
    with pytest.raises(MalformedError):
        format_document({"format": "taizhang-evidence/v1"})


def test_reading_back_gives_the_parts() -> None:
    """A file's streams come in its order, the center's own first."""
    found = parse_evidence(SMALL.data)
    assert found.streams[0].stream == found.center
    assert found.scheme == "xian"


class TestCurve:
    def test_real_signatures_are_fit(self) -> None:
        """Keys and signatures as they are made are fit."""
        for number in range(8):
            signer = Signer.from_seed("a", bytes([number]) * 32)
            assert is_fit(signer.key.public, signer.sign(b"text"))

    @pytest.mark.parametrize(
        "public",
        [
            bytes([1]) + bytes(31),
            bytes([0]) + bytes(31),
            (2**255 - 20).to_bytes(32, "little"),
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
            (2**255 - 18).to_bytes(32, "little"),
            bytes([2]) + bytes(31),
        ],
        ids=["neutral", "order 4", "order 2", "order 8", "order 8 too", "not reduced", "no point"],
    )
    def test_odd_keys_are_not(self, public: bytes) -> None:
        """Points of small order, unreduced ones and what is no point are refused."""
        signature = Signer.from_seed("a", bytes(32)).sign(b"text")
        assert not is_fit(public, signature)

    def test_unreduced_s_is_not(self) -> None:
        """The same signature with the order of the group added to S is refused."""
        signer = Signer.from_seed("a", bytes(32))
        signature = signer.sign(b"text")
        order = 2**252 + 27742317777372353535851937790883648493
        s = int.from_bytes(signature[32:], "little") + order
        assert not is_fit(signer.key.public, signature[:32] + s.to_bytes(32, "little"))
