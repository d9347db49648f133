"""Mirrored hashes: accepted only as the tree they belong to, and whole after a crash."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from ledger.errors import IntegrityFailure
from ledger.hash_mirror import HashMirror
from ledger.merkle import EMPTY_ROOT, tree_root
from support.growing_log import GrowingLog

LEAVES = GrowingLog(40).leaves


@pytest.fixture
def mirror(tmp_path: Path) -> HashMirror:
    """A mirror of nothing yet."""
    return HashMirror(tmp_path, "log")


def extend(mirror: HashMirror, start: int, stop: int) -> bool:
    """Offer the right hashes and the right root."""
    data = BytesIO(b"".join(LEAVES[start:stop]))
    return mirror.extend(data, stop - start, root=tree_root(LEAVES[:stop]))


def test_empty_mirror_has_the_empty_root(mirror: HashMirror) -> None:
    """Before anything is accepted the mirror is the empty tree."""
    assert (mirror.size, mirror.root(0), mirror.root(1)) == (0, EMPTY_ROOT, None)


def test_mirror_grows_by_what_fits(mirror: HashMirror) -> None:
    """After any steps the mirror holds the leaves, in order, and every root up to its size."""
    for start, stop in ((0, 5), (5, 5), (5, 6), (6, 40)):
        assert extend(mirror, start, stop)
        assert list(mirror.hashes()) == LEAVES[:stop]
        assert mirror.path.read_bytes() == b"".join(LEAVES[:stop])
    assert [mirror.root(size) for size in range(41)] == [
        tree_root(LEAVES[:size]) for size in range(41)
    ]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"".join(LEAVES[5:9]), 3),
        (b"".join(LEAVES[5:9]), 5),
        (b"".join(LEAVES[5:9])[:-1], 4),
        (b"".join(LEAVES[4:8]), 4),
        (bytes(128), 4),
        (b"", 4),
    ],
)
def test_what_does_not_fit_leaves_nothing(mirror: HashMirror, data: bytes, count: int) -> None:
    """Too few, too many or other hashes change neither size nor file."""
    extend(mirror, 0, 5)
    assert not mirror.extend(BytesIO(data), count, root=tree_root(LEAVES[:9]))
    assert mirror.path.read_bytes() == b"".join(LEAVES[:5])
    assert extend(mirror, 5, 9)


def test_unfinished_hashes_do_not_count(mirror: HashMirror) -> None:
    """What a crash left in the file before it was accepted is cut off by the next upload."""
    extend(mirror, 0, 5)
    with mirror.path.open("ab") as file:
        file.write(bytes(500))
    assert list(mirror.hashes()) == LEAVES[:5]
    assert extend(mirror, 5, 7)
    assert mirror.path.read_bytes() == b"".join(LEAVES[:7])


def test_lost_hashes_are_named(mirror: HashMirror) -> None:
    """A file shorter than what was accepted is neither read nor continued."""
    extend(mirror, 0, 5)
    mirror.path.write_bytes(mirror.path.read_bytes()[:-1])
    with pytest.raises(IntegrityFailure):
        list(mirror.hashes())
    with pytest.raises(IntegrityFailure):
        extend(mirror, 5, 7)
