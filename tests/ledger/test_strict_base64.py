"""Base64 that has one spelling for each value and one value for each spelling."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.strict_base64 import decode_base64, encode_base64


@given(st.binary(max_size=100))
def test_bytes_survive_their_spelling(data: bytes) -> None:
    """What is written is the standard's base64, and is read back."""
    assert encode_base64(data) == b64encode(data).decode()
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text", ["YQ", "YQ=", "YR==", "YQ===", "YQ==\n", " YQ==", "Y Q==", "YQ==YQ==", "-_-_", "é", "="]
)
def test_other_spellings_are_refused(text: str) -> None:
    """Missing padding, bits left over, white space and other alphabets are not taken."""
    with pytest.raises(ValueError, match=r"spelling|padding|ASCII|data characters"):
        decode_base64(text)


@given(st.text(max_size=12))
def test_any_text_is_answered(text: str) -> None:
    """Any text is the spelling of what it decodes to, or a ValueError."""
    try:
        data = decode_base64(text)
    except ValueError:
        return
    assert encode_base64(data) == text
