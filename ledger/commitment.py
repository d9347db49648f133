r"""Salted commitments: private values that an entry is bound to without showing them.

Only the commitment enters the log. The value and its salt are kept apart and can be erased; what
remains is a hash nobody can guess the value from, and every proof over it stays valid.

    SHA-256("taizhang-private/v1" ‖ 0x00 ‖ salt ‖ path ‖ 0x00 ‖ value)

* `salt`: 32 random bytes, a fresh one for every value;
* `path`: where the value belongs, a JSON pointer (RFC 6901) in UTF-8, such as `/contact/phone`;
* `value`: the canonical bytes of the value.

No path contains 0x00, so the three parts cannot be divided otherwise. Worked example:

    >>> commit("/contact/phone", b'"13800000000"', salt=bytes(range(32))).hex()
    '64f6d72a7ab16df9129b4b4ac9e1ed80793644f90dfbe63905354c30bbbe2e55'
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from unicodedata import is_normalized

from ledger.errors import MalformedError

__all__ = ["SALT_BYTES", "check_commitment", "check_path", "commit"]

SALT_BYTES = 32

_DOMAIN = b"taizhang-private/v1\x00"

# RFC 6901 tokens, less every control, white space, formatting and surrogate character: a path is
# a field of a line that ends at the next space.
_PATH = re.compile(
    "(?:/(?:~[01]|[^/~\x00-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ud800-\udfff\ufeff])*)+"
)


def commit(path: str, value: bytes, *, salt: bytes) -> bytes:
    """Return the 32-byte commitment to the value at `path` under a 32-byte salt."""
    check_path(path)
    if len(salt) != SALT_BYTES:
        raise MalformedError("a salt has 32 bytes, not {length}", length=len(salt))
    return hashlib.sha256(b"%b%b%b\x00%b" % (_DOMAIN, salt, path.encode(), value)).digest()


def check_commitment(commitment: bytes, *, path: str, value: bytes, salt: bytes) -> bool:
    """Tell whether the commitment is to exactly this value, path and salt."""
    return commit(path, value, salt=salt) == commitment


@lru_cache(maxsize=1024)
def check_path(path: str) -> None:
    """Raise MalformedError unless `path` is a JSON pointer that fits into one field of a leaf."""
    if not _PATH.fullmatch(path) or not is_normalized("NFC", path):
        raise MalformedError(
            "private path {path}: not a JSON pointer in NFC without spaces", path=ascii(path)
        )
