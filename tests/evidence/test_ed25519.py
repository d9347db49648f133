"""The verifiers' own Ed25519: the vectors of RFC 8032 §7.1, and what must not pass."""

from __future__ import annotations

import json
import subprocess

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.verifier.taizhang_verify import verify_ed25519, verify_ed25519_slowly
from support.evidence_checkers import NODE
from support.make_verifier_page import PAGE, script_of

ORDER = 2**252 + 27742317777372353535851937790883648493
FIELD = 2**255 - 19

# Public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
        "cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
        "0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
        "84dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
GOOD = [tuple(map(bytes.fromhex, vector)) for vector in VECTORS]
KEY, MESSAGE, SIGNATURE = GOOD[1]
IDENTITY = (1).to_bytes(32, "little")


def bad() -> dict[str, tuple[bytes, bytes, bytes]]:
    """Signatures that some libraries take and others do not, and plainly wrong ones."""
    r, s = SIGNATURE[:32], int.from_bytes(SIGNATURE[32:], "little")
    small = {
        "identity": IDENTITY,
        "order two": (FIELD - 1).to_bytes(32, "little"),
        "order four": bytes(32),
        "order eight": bytes.fromhex(
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
        ),
    }
    return {
        "S plus the order": (KEY, MESSAGE, r + (s + ORDER).to_bytes(32, "little")),
        "S zero": (KEY, MESSAGE, r + bytes(32)),
        "another message": (KEY, MESSAGE + b"!", SIGNATURE),
        "signature too short": (KEY, MESSAGE, SIGNATURE[:-1]),
        "signature too long": (KEY, MESSAGE, SIGNATURE + b"\0"),
        "key too short": (KEY[:-1], MESSAGE, SIGNATURE),
        "R no point": (KEY, MESSAGE, (2).to_bytes(32, "little") + SIGNATURE[32:]),
        "key no point": ((2).to_bytes(32, "little"), MESSAGE, SIGNATURE),
        "key not reduced": ((FIELD + 1).to_bytes(32, "little"), MESSAGE, IDENTITY + bytes(32)),
        "key minus zero": ((1 | 1 << 255).to_bytes(32, "little"), MESSAGE, IDENTITY + bytes(32)),
        **{f"key of {name}": (key, MESSAGE, IDENTITY + bytes(32)) for name, key in small.items()},
    }


@pytest.mark.parametrize("vector", GOOD)
@pytest.mark.parametrize("verify", [verify_ed25519, verify_ed25519_slowly])
def test_published_vectors_verify(verify, vector) -> None:  # type: ignore[no-untyped-def]
    """The signatures of RFC 8032 are right, with the library and without."""
    assert verify(*vector)


@pytest.mark.parametrize("name", bad())
@pytest.mark.parametrize("verify", [verify_ed25519, verify_ed25519_slowly])
def test_odd_signatures_are_refused(verify, name: str) -> None:  # type: ignore[no-untyped-def]
    """What libraries disagree on is refused, with the library and without."""
    assert not verify(*bad()[name])


def test_library_takes_small_keys() -> None:
    """The library alone believes a key of small order: the reason for looking first."""
    Ed25519PublicKey.from_public_bytes(IDENTITY).verify(IDENTITY + bytes(32), b"anything")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(KEY).verify(SIGNATURE, b"anything")


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_both_ways_agree(seed: bytes, message: bytes, bit: int) -> None:
    """With the library and without, a signature is right and its flipped neighbour is wrong."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    number = int.from_bytes(signature, "little") ^ 1 << bit
    flipped = number.to_bytes(64, "little")
    for verify in (verify_ed25519, verify_ed25519_slowly):
        assert (verify(public, message, signature), verify(public, message, flipped)) == (
            True,
            False,
        )


@pytest.mark.skipif(NODE is None, reason="NODE IS MISSING: the page's script not run")
def test_page_agrees() -> None:
    """The page's script says the same of all of them, with WebCrypto and without."""
    asked = [[part.hex() for part in vector] for vector in [*GOOD, *bad().values()]]
    core = script_of(PAGE.read_text(encoding="utf-8"), "core")
    done = subprocess.run(
        [str(NODE), "-e", core + _HARNESS % json.dumps(asked)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [[True, True]] * len(GOOD) + [[False, False]] * len(bad())


_HARNESS = """
;(async () => {
  const crypt = new TaizhangVerify.Crypt(true), said = [];
  for (const parts of %s) {
    const vector = parts.map((text) => new Uint8Array(Buffer.from(text, "hex")));
    said.push([await crypt.verify(...vector), TaizhangVerify.verifySlowly(...vector)]);
  }
  console.log(JSON.stringify(said));
})();
"""
