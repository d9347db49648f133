"""Keys at rest: the passphrase opens them, nothing else does, and the file is strict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.errors import KeyLockedError, LedgerError, MalformedError
from ledger.note import COSIGNATURE, Signer
from ledger.sealed_key import Cost, is_protected, new_seed, open_key, seal_key, vkey_in
from support.flips import bit_flips

SEED = bytes(range(32))
NAME = "city.example/taizhang"
KEY = Signer.from_seed(NAME, SEED).key
MADE = datetime(2026, 11, 23, 8, tzinfo=UTC)
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
PASSPHRASE = "正确的口令".encode()
SEALED = seal_key(SEED, name=NAME, passphrase=PASSPHRASE, created_at=MADE, cost=CHEAP)
OPEN = seal_key(SEED, name=NAME, passphrase=None, created_at=MADE)


def changed(data: bytes, **fields: Any) -> bytes:
    """The document with other fields; None takes one out."""
    document = json.loads(data) | fields
    return canonical.encode({k: v for k, v in document.items() if v is not None}) + b"\n"


def test_open_form_is_frozen() -> None:
    """An unprotected key has exactly these bytes."""
    assert OPEN.decode() == (
        '{"created_at":"2026-11-23T08:00:00.000000Z","format":"taizhang-key/v1",'
        '"protection":"none","seed":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",'
        '"vkey":"city.example/taizhang+cb5facc2+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"}\n'
    )


def test_sealed_form_is_frozen() -> None:
    """A key sealed with fixed salt and nonce opens for ever."""
    frozen = (
        '{"created_at":"2026-11-23T08:00:00.000000Z","format":"taizhang-key/v1",'
        '"kdf":{"lanes":1,"memory_kib":8,"passes":1,"salt":"AAECAwQFBgcICQoLDA0ODw=="},"nonce":"AAECAwQFBgcICQoL",'
        '"protection":"argon2id+aes-256-gcm","sealed":"waD5thpXATGEYgUTinFoYYIX9Og3Fof7as4MIQz/'
        'ClRf1qXtBPNqoyHQ9d3TzNL/",'
        '"vkey":"city.example/taizhang+cb5facc2+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"}\n'
    )
    assert open_key(frozen.encode(), passphrase=PASSPHRASE).key == KEY


def test_default_costs_are_written() -> None:
    """Unless told otherwise Argon2id takes 64 MiB, three passes, four lanes."""
    sealed = seal_key(SEED, name=NAME, passphrase=b"x", created_at=MADE)
    kdf = json.loads(sealed)["kdf"]
    assert (kdf["memory_kib"], kdf["passes"], kdf["lanes"]) == (65536, 3, 4)
    assert open_key(sealed, passphrase=b"x").key == KEY


@pytest.mark.parametrize(("data", "protected"), [(SEALED, True), (OPEN, False)])
def test_keys_open_as_they_were(data: bytes, protected: bool) -> None:
    """The signer that comes out signs as the one that went in, and the outside tells its vkey."""
    signer = open_key(data, passphrase=PASSPHRASE)
    assert signer.sign(b"x") == Signer.from_seed(NAME, SEED).sign(b"x")
    assert (signer.key, vkey_in(data), is_protected(data)) == (KEY, KEY, protected)


def test_witness_keys_keep_their_kind() -> None:
    """The algorithm of a key is kept with it."""
    data = seal_key(
        SEED, name="w", passphrase=b"x", created_at=MADE, algorithm=COSIGNATURE, cost=CHEAP
    )
    assert open_key(data, passphrase=b"x").key.algorithm == COSIGNATURE


@pytest.mark.parametrize("passphrase", [None, b"", b"wrong", PASSPHRASE + b"\n"])
def test_wrong_passphrases_do_not_open(passphrase: bytes | None) -> None:
    """Without the very bytes of the passphrase the key stays shut."""
    with pytest.raises((KeyLockedError, MalformedError)) as caught:
        open_key(SEALED, passphrase=passphrase)
    assert caught.value.exit_status == 2


def test_wrong_passphrase_says_so() -> None:
    """A wrong passphrase is told apart from a broken file."""
    with pytest.raises(KeyLockedError, match="passphrase is wrong"):
        open_key(SEALED, passphrase=b"wrong")


def test_empty_passphrase_seals_nothing() -> None:
    """An empty passphrase is no protection and is refused."""
    with pytest.raises(MalformedError):
        seal_key(SEED, name=NAME, passphrase=b"", created_at=MADE, cost=CHEAP)


@pytest.mark.parametrize("secret", [SEED, SEED.hex().encode(), b"AAECAwQF", PASSPHRASE])
def test_sealed_file_shows_no_secret(secret: bytes) -> None:
    """Neither seed nor passphrase stands in the sealed file."""
    assert secret not in SEALED


def test_equal_keys_are_sealed_apart() -> None:
    """Salt and nonce are fresh each time."""
    again = json.loads(
        seal_key(SEED, name=NAME, passphrase=PASSPHRASE, created_at=MADE, cost=CHEAP)
    )
    before = json.loads(SEALED)
    assert all(again[field] != before[field] for field in ("kdf", "nonce", "sealed"))


def test_seeds_are_fresh() -> None:
    """A new seed has 32 bytes and is not the last one."""
    assert len(new_seed()) == 32
    assert new_seed() != new_seed()


def test_every_sealed_bit_is_bound() -> None:
    """No sealed key one bit away from a true one opens."""
    for _, flipped in bit_flips(SEALED):
        # A cost that is still in bounds may not be cheap: 8 KiB can become 9, passes up to 5.
        with pytest.raises(LedgerError):
            open_key(flipped, passphrase=PASSPHRASE)


def test_open_bits_are_bound_but_the_day() -> None:
    """Of a key that lies open, only when it was made can change by a bit: the written list."""
    start = OPEN.index(b"2026")
    for place, flipped in bit_flips(OPEN):
        try:
            open_key(flipped, passphrase=None)
        except LedgerError:
            continue
        assert start <= place < start + len("2026-11-23T08:00:00.000000Z")


KDF = json.loads(SEALED)["kdf"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n", b"{}\n", b"[]\n", b"null\n", SEALED[:-1], SEALED + b"\n", b" " + SEALED),
        SEALED.replace(b'"vkey":', b'"vkey": '),
        OPEN.replace(b'{"created_at"', b'{"created_at":"x","created_at"'),
        b"x" * 16385,
        changed(SEALED, format="taizhang-key/v2"),
        changed(SEALED, protection="none"),
        changed(SEALED, protection="rot13"),
        changed(SEALED, seed="AAAA"),
        changed(SEALED, nonce=None),
        changed(SEALED, nonce="AAAA"),
        changed(SEALED, nonce=""),
        changed(SEALED, sealed="A"),
        changed(SEALED, vkey="x"),
        changed(SEALED, note="x"),
        changed(SEALED, created_at="2026-11-23"),
        changed(SEALED, kdf=KDF | {"memory_kib": (1 << 20) + 1}),
        changed(SEALED, kdf=KDF | {"memory_kib": 7}),
        changed(SEALED, kdf=KDF | {"memory_kib": "8"}),
        changed(SEALED, kdf=KDF | {"passes": 0}),
        changed(SEALED, kdf=KDF | {"passes": 65}),
        changed(SEALED, kdf=KDF | {"lanes": 17}),
        changed(SEALED, kdf=KDF | {"lanes": -1}),
        changed(SEALED, kdf=KDF | {"salt": "AAAA"}),
        changed(SEALED, kdf=KDF | {"more": 1}),
        changed(OPEN, seed="AAAA"),
        changed(OPEN, seed="A" * 43 + "="),
    ],
)
def test_other_files_are_no_keys(data: bytes) -> None:
    """Other spellings, fields, formats, costs and lengths are refused as malformed."""
    with pytest.raises(MalformedError):
        open_key(data, passphrase=PASSPHRASE)


@given(st.binary(max_size=40) | st.sampled_from([SEALED, OPEN]))
def test_any_bytes_are_answered(data: bytes) -> None:
    """Any bytes are a key file or malformed."""
    try:
        assert vkey_in(data) == KEY
    except MalformedError:
        assert data not in (SEALED, OPEN)
