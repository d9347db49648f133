"""Published logs: what an independent reader finds, what is never replaced, what stays out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.checkpoint import Checkpoint, format_checkpoint
from ledger.checkpoints import StoredCheckpoint, keep_checkpoint
from ledger.commitment import commit
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import IntegrityFailure, LedgerError
from ledger.merkle import root_of
from ledger.note import format_note, sign_note
from ledger.publishing import Published, publish_log
from ledger.recorder import Draft, append
from ledger.tile_reader import tile_reader
from support.growing_log import LEDGER, ORIGIN
from support.places import Place, Places
from support.static_log import files_under, read_static_log

NOW = "2026-11-23T08:31:27.123456Z"


class Office:
    """A ledger whose log grows and is sealed, and the folder it publishes in."""

    def __init__(self, place: Place, *, origin: str = ORIGIN) -> None:
        self.place = place
        self.engine: Engine = open_engine(place.url, create=True)
        self.www = place.folder / "www"
        self.origin = origin
        self.size = 0

    def grow(self, size: int, *, note: bytes = b"{}", origin: str | None = None) -> None:
        """Record entries up to a size, and sign it."""
        drafts = [
            Draft(f"beijing/id:c{number % 30}", None, "X/1", "2023-06-30", note)
            for number in range(self.size, size)
        ]
        with write_transaction(self.engine) as connection:
            append(connection, "beijing", drafts, recorded_at=NOW)
            root = root_of(tile_reader(connection, "beijing", size=size), size=size)
            name = origin or self.origin
            signed = sign_note(
                format_checkpoint(Checkpoint(name, size, root)), [LEDGER.named(name)]
            )
            self.stored = StoredCheckpoint("beijing", size, root, format_note(signed))
            keep_checkpoint(connection, self.stored)
        self.size = size

    def publish(
        self, stored: StoredCheckpoint | None = None, *, to: Path | None = None
    ) -> Published:
        """Publish the newest checkpoint, or the one given."""
        with read_transaction(self.engine) as connection:
            return publish_log(connection, stored or self.stored, to or self.www)

    def damage(self, statement: str) -> None:
        """Change something behind the ledger's back."""
        with self.place.raw() as raw:
            raw.run(statement)


@pytest.fixture
def office(places: Places) -> Iterator[Office]:
    """An office without entries."""
    made = Office(places.new())
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_reader_finds_every_entry(office: Office, size: int) -> None:
    """Whoever knows only tlog-tiles finds the tree of the checkpoint, and all its entries."""
    office.grow(size)
    office.publish()
    found = read_static_log(office.www / "beijing")
    assert found[:3] == (ORIGIN, size, office.stored.root)
    assert all(entry.startswith(b"taizhang-leaf/v1\n") for entry in found.entries)


def test_paths_are_those_specified(office: Office) -> None:
    """Full tiles, partial ones, bundles and the checkpoint are there, and no other file."""
    office.grow(600)
    office.publish()
    assert set(files_under(office.www)) == {
        "beijing/checkpoint",
        "beijing/tile/0/000",
        "beijing/tile/0/001",
        "beijing/tile/0/002.p/88",
        "beijing/tile/1/000.p/2",
        "beijing/tile/entries/000",
        "beijing/tile/entries/001",
        "beijing/tile/entries/002.p/88",
    }


def test_second_run_writes_nothing(office: Office) -> None:
    """Publishing the same checkpoint again writes no file."""
    office.grow(600)
    first, again = office.publish(), office.publish()
    assert (first.written, first.kept) == (8, 0)
    assert (again.written, again.kept) == (0, 8)


def test_growth_changes_no_file(office: Office) -> None:
    """What was published stays byte for byte, but for the checkpoint."""
    office.grow(300)
    office.publish()
    before = files_under(office.www)
    office.grow(600)
    office.publish()
    after = files_under(office.www)
    assert {path for path in before if after[path] != before[path]} == {"beijing/checkpoint"}
    assert read_static_log(office.www / "beijing").size == 600


def test_each_checkpoint_has_partial_tiles(office: Office) -> None:
    """The partial tiles of a checkpoint nobody published are there, while the full one is not."""
    for size in (100, 530, 600):
        office.grow(size)
    office.publish()
    partial = {path for path in files_under(office.www) if ".p/" in path}
    assert partial == {
        "beijing/tile/0/002.p/18",
        "beijing/tile/0/002.p/88",
        "beijing/tile/1/000.p/2",
        "beijing/tile/entries/002.p/18",
        "beijing/tile/entries/002.p/88",
    }


def test_smaller_checkpoint_replaces_none(office: Office) -> None:
    """A checkpoint of fewer entries than the published one is refused, and nothing changes."""
    office.grow(300)
    older = office.stored
    office.grow(600)
    office.publish()
    before = files_under(office.www)
    with pytest.raises(IntegrityFailure, match=r"has 600 entries, .* 300"):
        office.publish(older)
    assert files_under(office.www) == before


def test_other_history_replaces_none(office: Office, places: Places) -> None:
    """A log that does not go on from what is published is refused, and nothing changes."""
    office.grow(300)
    office.publish()
    before = files_under(office.www)
    other = Office(places.new())
    other.grow(600, note=b'{"other": 1}')
    with pytest.raises(IntegrityFailure, match="something else of the first 300 entries"):
        other.publish(to=office.www)
    other.engine.dispose()
    assert files_under(office.www) == before


def test_other_log_replaces_none(office: Office) -> None:
    """The folder of another log, or with a checkpoint that is none, is left alone."""
    office.grow(300)
    office.publish()
    path = office.www / "beijing" / "checkpoint"
    for content in (path.read_bytes().replace(b"city", b"town", 1), b"gone\n"):
        path.write_bytes(content)
        with pytest.raises(IntegrityFailure, match=r"another log|is none"):
            office.publish()
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entries SET payload = x'00' WHERE position = 3",
        "UPDATE entries SET private = 'x' WHERE position = 3",
        "UPDATE entries SET leaf = zeroblob(32) WHERE position = 3",
        "UPDATE entries SET payload = x'00' WHERE position = 599",
        "UPDATE entries SET leaf = zeroblob(32) WHERE position = 599",
        "UPDATE tiles SET root = zeroblob(32) WHERE number = 0",
        "UPDATE tiles SET root = (SELECT root FROM tiles WHERE number = 1)",
    ],
)
def test_damaged_ledger_is_not_published(office: Office, damage: str) -> None:
    """What does not lead to the signed root is not published under it."""
    office.grow(600)
    office.damage(damage)
    with pytest.raises(IntegrityFailure, match="log verify"):
        office.publish()
    assert not (office.www / "beijing" / "checkpoint").exists()


def test_uncovered_leftovers_are_replaced(office: Office) -> None:
    """A file of a run that was killed before its checkpoint is replaced if it says otherwise."""
    office.grow(300)
    tile = office.www / "beijing" / "tile" / "0" / "000"
    tile.parent.mkdir(parents=True)
    tile.write_bytes(b"of a run that came to nothing")
    office.publish()
    assert read_static_log(office.www / "beijing").size == 300


def test_generation_has_its_own_folder(office: Office) -> None:
    """A log that began anew is published beside what it was, as its origin says."""
    office.grow(300)
    office.publish()
    office.grow(320, origin=f"{ORIGIN}/2")
    office.publish()
    assert read_static_log(office.www / "beijing").size == 300
    found = read_static_log(office.www / "beijing" / "2")
    assert (found.origin, found.size) == (f"{ORIGIN}/2", 320)
    assert not (office.www / "beijing" / "2" / "tile" / "0" / "001.p" / "44").exists()


def test_private_values_stay_inside(office: Office) -> None:
    """Neither a private value nor its salt is in any published file; the commitment is."""
    value, salt = b'"13800000000"', bytes(range(32))
    commitment = commit("/contact/phone", value, salt=salt)
    private = (("/contact/phone", commitment),)
    with write_transaction(office.engine) as connection:
        draft = Draft("beijing/id:a", None, "X/1", "2023-06-30", b"{}", private)
        append(connection, "beijing", [draft], recorded_at=NOW)
        row = {"log": "beijing", "position": 0, "path": "/contact/phone"}
        connection.execute(
            text("INSERT INTO vault VALUES (:log, :position, :path, :salt, :value)"),
            row | {"salt": salt, "value": value},
        )
    office.size = 1
    office.grow(2)
    office.publish()
    published = b"".join(files_under(office.www).values())
    assert commitment.hex().encode() in published
    assert b"13800000000" not in published
    assert salt not in published
    assert salt.hex().encode() not in published


def test_unwritable_folder_is_named(office: Office, tmp_path: Path) -> None:
    """A folder that cannot be made is named."""
    office.grow(1)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerError, match=r"file.* cannot be written"):
        office.publish(to=tmp_path / "file" / "www")
