"""Messages to and from witnesses: one spelling, bounded, and anything else malformed."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedError
from ledger.note import Signature, parse_note
from ledger.witness_messages import (
    MAX_PROOF_LINES,
    MAX_REQUEST_BYTES,
    WitnessRequest,
    format_answer,
    format_request,
    format_upload_head,
    parse_answer,
    parse_request,
    read_upload_head,
)
from support.growing_log import GrowingLog

NOTE = GrowingLog(5).note(5)
SIGNATURES = parse_note(NOTE).signatures
HASH = b"A" * 43 + b"="


def test_specified_request_has_a_reading() -> None:
    """The example of the specification, shortened, is read as meant."""
    body = b"old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\nexample.com/behind\n"
    request = parse_request(body)
    assert (request.old_size, len(request.proof)) == (20852014, 1)
    assert request.proof[0].hex().startswith("3e544d0abc07a6a8")
    assert request.checkpoint == b"example.com/behind\n"


@given(
    st.integers(0, 10**18 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_PROOF_LINES),
    st.binary(max_size=40),
)
def test_requests_survive_their_bytes(old: int, proof: list[bytes], checkpoint: bytes) -> None:
    """Any request is read back from its body."""
    request = WitnessRequest(old, tuple(proof), checkpoint)
    assert parse_request(format_request(request)) == request


PARTS = [b"old 5\n", b"old 0\n", HASH + b"\n", b"\n", NOTE, b"old ", b"\xff"]


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=6).map(b"".join))
def test_any_body_is_answered(body: bytes) -> None:
    """Any bytes are the one spelling of a request, or malformed."""
    try:
        request = parse_request(body)
    except MalformedError:
        return
    assert format_request(request) == body


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\n\n", b"old 5", b"old 5\n", b"old\n\n", b"old 05\n\n", b"old -1\n\n"),
        *(b"old 5 \n\n", b"old  5\n\n", b"Old 5\n\n", b"new 5\n\n", b"old %d\n\n" % 10**18),
        *(
            b"old 5\r\n\r\n",
            b"old \xd9\xa5\n\n",
            b"old 5\nAAAA\n\n",
            b"old 5\n" + HASH[:-1] + b"\n\n",
        ),
        b"old 5\n" + (HASH + b"\n") * 64 + b"\n",
        b"old 5\n\n" + b"x" * MAX_REQUEST_BYTES,
    ],
)
def test_other_bodies_are_no_requests(body: bytes) -> None:
    """Other words, numbers, hashes, too many of them, and long bodies are refused."""
    with pytest.raises(MalformedError):
        parse_request(body)


def test_longest_proofs_are_read() -> None:
    """A proof of 63 hashes is taken."""
    assert len(parse_request(b"old 5\n" + (HASH + b"\n") * 63 + b"\n").proof) == 63


def test_answers_survive_their_bytes() -> None:
    """Signature lines are read back from an answer."""
    two = (*SIGNATURES, Signature("w", b"keys", b"x"))
    assert parse_answer(format_answer(two)) == two


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"x\n", NOTE, format_answer(SIGNATURES)[:-1], b"\xff\n"]
)
def test_other_bodies_are_no_answers(body: bytes) -> None:
    """What is not whole signature lines is refused."""
    with pytest.raises(MalformedError):
        parse_answer(body)


@pytest.mark.parametrize("start", [0, 17, 10**18 - 1])
def test_uploads_survive_their_head(start: int) -> None:
    """Start and checkpoint are read back, and the stream then stands at the first hash."""
    stream = BytesIO(format_upload_head(start, NOTE) + b"\n\nhashes")
    assert read_upload_head(stream) == (start, NOTE)
    assert stream.read() == b"\n\nhashes"


HEAD = format_upload_head(17, NOTE)


@pytest.mark.parametrize(
    "data",
    [
        *(HEAD[:length] for length in range(0, len(HEAD), 7)),
        HEAD[:-1],
        HEAD.replace(b"v1", b"v2"),
        HEAD.replace(b"start 17", b"start 017"),
        HEAD.replace(b"start 17", b"stop 17"),
        HEAD.replace(b"start 17\n\n", b"start 17\n"),
        HEAD.replace(b"start 17", b"start \xff"),
        format_upload_head(0, b"x" * (1 << 20) + b"\n\n\n"),
    ],
)
def test_other_heads_are_no_uploads(data: bytes) -> None:
    """Cut, renamed and endless heads are refused."""
    with pytest.raises(MalformedError):
        read_upload_head(BytesIO(data))
