"""A small ledger in which every table has rows, copies of it open to anything, and the command.

Two logs. `hechuan`: a round, private values, an attachment, an erasure, an annulment, sealed three
times and cosigned. `beijing`: enough entries for a tile, sealed once. Beside the file lie its trust
folder, every checkpoint of `hechuan` as it was printed, a mirror of its hashes, and a backup after
each seal.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cli.desk import Desk
from cli.main import main
from cli.proofs import status_digests
from ledger import reading
from ledger.anchor import Anchors
from ledger.checkpoints import cosigned_note, keep_cosignature, newest_checkpoint
from ledger.clock import Clock, parse_instant
from ledger.cosignature import cosign
from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.keys import content_digest
from ledger.note import COSIGNATURE, Signer, parse_note
from ledger.recorder import Draft, LogWriter
from ledger.schema import metadata
from ledger.sealing import StatusDigests, seal_log
from support.command import environment
from support.counter import Said
from support.scenario import NOW, line_of

__all__ = ["AUTHORITY", "CENTER", "ROUND", "OpenTown", "make_town", "open_town", "rewrite"]

AUTHORITY = "city.example"
CENTER = "hechuan/id:a"
"""Has private values of which one was erased, and an application."""
ROUND = "hechuan:designation:2022"
_WITNESS = Signer.from_seed("witness.example/w1", bytes([7]) * 32, algorithm=COSIGNATURE)

_NOTICE = {
    "type": "RoundOpened",
    "on": "2022-01-15",
    "round": ROUND,
    "deadline": "2022-04-30",
    "policy": "hechuan/2021",
    "policy_reason": "通知载明",
}
_READING = {
    "type": "InterpretationAdopted",
    "on": "2022-01-02",
    "scheme": "hechuan",
    "interpretation": "hc.revenue.field",
    "value": "营业收入",
    "by": "重庆市合川区经济和信息化委员会、重庆市合川区科学技术局、重庆市合川区财政局",
}


def _application(center: str, on: str, **more: Any) -> dict[str, Any]:
    entry = {"type": "ApplicationSubmitted", "on": on, "center": center, "round": ROUND}
    return entry | {"name": f"企业{center[-1]}"} | more


def _fact(center: str, on: str, **more: Any) -> dict[str, Any]:
    entry = {"type": "FactEstablished", "on": on, "center": f"hechuan/id:{center}"}
    return entry | {"fact": "pollution"} | more


_LINES: tuple[tuple[dict[str, Any], ...], ...] = (
    (
        _NOTICE,
        _READING,
        _application(
            CENTER,
            "2022-04-01",
            key="first",
            private={"phone": "13800138000", "name": "张三"},
            attachments=[{"name": "letter.txt", "path": "letter.txt"}],
        ),
        _application("hechuan/id:b", "2022-04-02", key="second"),
        {
            "type": "CenterDesignated",
            "on": "2022-09-15",
            "center": "hechuan/id:c",
            "round": ROUND,
            "name": "重庆合川甲一汽配有限公司",
            "key": "designation",
        },
    ),
    (
        {
            "type": "PrivateErased",
            "on": "2022-06-06",
            "center": CENTER,
            "erases": "first",
            "fields": ["/name"],
            "reason": "申请",
        },
        _fact("b", "2022-05-05"),
    ),
    (
        {
            "type": "DecisionAnnulled",
            "on": "2022-10-10",
            "center": "hechuan/id:c",
            "annuls": "designation",
            "reason": "更正",
            "key": "annulment",
        },
        _fact("a", "2022-11-11", key="third"),
    ),
)
"""Recorded and sealed one after the other: positions 0 to 4 with seal 5, then 8 and 11."""


class OpenTown:
    """A copy of the ledger that anybody may write, without triggers, types and keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "ledger.db"
        self.raw = sqlite3.connect(self.path, isolation_level=None)
        self.raw.execute("PRAGMA synchronous=OFF")
        # Bytes that are no text are read, and written again, as they are.
        self.raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")

    @property
    def url(self) -> str:
        """Where the ledger is."""
        return f"sqlite:///{self.path}"

    def run(self, statement: str, *values: object) -> list[Any]:
        """Execute a statement, and give its rows."""
        return self.raw.execute(statement, values).fetchall()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put every table back at the end to what it was."""
        before = sqlite3.connect(":memory:", isolation_level=None)
        self.raw.backup(before)
        try:
            yield
        finally:
            before.backup(self.raw)
            before.close()

    def command(self, *arguments: str) -> Said:
        """`taizhang` with these arguments on this ledger, called in this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with (
            patch.dict(os.environ, environment(self.folder, "en")),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main(list(arguments))
            except SystemExit as ended:
                status = ended.code
        assert isinstance(status, int)
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]  # BytesIO
        return Said(status, *texts)

    def note(self, number: int) -> str:
        """The file of a checkpoint of `hechuan` as it was printed: 1, 2 or 3."""
        return str(self.folder / f"hechuan-{number}.note")

    @property
    def mirror(self) -> str:
        """The mirror of `hechuan`, as an argument."""
        return f"hechuan={self.folder / 'hechuan.hashes'}"

    @property
    def trust(self) -> Path:
        """The folder of keys and anchors."""
        return self.folder / "ledger.db.trust"

    def put_back(self, number: int) -> None:
        """Put the backup after one of the seals in the place of the ledger."""
        with closing(sqlite3.connect(self.folder / f"backup-{number}.db")) as backup:
            backup.backup(self.raw)

    def close(self) -> None:
        """Let the file go."""
        self.raw.close()


def make_town(folder: Path) -> Path:
    """Record and seal the ledger in a folder."""
    (folder / "letter.txt").write_text("决定书", encoding="utf-8")
    desk = Desk(f"sqlite:///{folder}/ledger.db", create=True, clock=_clock())
    desk.initialise()
    desk.proofs.make_key(AUTHORITY, None)
    for number, lines in enumerate(_LINES, 1):
        desk.record(map(line_of, lines), folder=folder, historical=True)
        (made,) = desk.proofs.checkpoint(["hechuan"], None)
        (folder / f"hechuan-{number}.note").write_bytes(made.note)
        if number == len(_LINES):
            _cosign(desk)
            _fill_tile(desk)
        _back_up(folder, number)
    with read_transaction(desk.engine) as connection:
        hashes = b"".join(row.leaf for row in reading.read_log(connection, "hechuan"))
    (folder / "hechuan.hashes").write_bytes(hashes)
    desk.close()
    return folder


def open_town(made: Path, folder: Path) -> OpenTown:
    """A copy of the town in another folder."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    for path in (folder / "ledger.db", *folder.glob("backup-*.db")):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA journal_mode=DELETE")
            for name in metadata.tables:
                connection.execute(f"CREATE TABLE free AS SELECT * FROM {name}")
                connection.execute(f"DROP TABLE {name}")
                connection.execute(f"ALTER TABLE free RENAME TO {name}")
    return OpenTown(folder)


def _clock() -> Clock:
    """A clock that goes on by a second each time it is read."""
    seconds = iter(range(10_000))
    return lambda: NOW + timedelta(seconds=next(seconds))


def _cosign(desk: Desk) -> None:
    before = desk.proofs.anchors.note("hechuan")
    with write_transaction(desk.engine) as connection:
        newest = newest_checkpoint(connection, "hechuan")
        assert newest is not None
        signature = cosign(parse_note(newest.note).text, _WITNESS, at=1_795_420_800)
        keep_cosignature(connection, "hechuan", newest.size, signature)
        note = cosigned_note(connection, newest)
    desk.proofs.anchors.add_witnesses([_WITNESS.key])
    desk.proofs.anchors.replace("hechuan", note, expected=before, heads=None)


def _fill_tile(desk: Desk) -> None:
    drafts = [
        Draft(center, None, "WithdrawalRequested/1", "2022-06-06", _withdrawal(center))
        for number in range(259)
        if (center := f"beijing/id:t{number % 20}")
    ]
    with write_transaction(desk.engine) as connection, LogWriter(connection, "beijing") as writer:
        writer.append(drafts, recorded_at="2026-11-20T02:00:00.000000Z")
    desk.catch_up(["beijing"])
    desk.proofs.checkpoint(["beijing"], None)


def _withdrawal(center: str) -> bytes:
    entry = {"center": center, "on": "2022-06-06", "type": "WithdrawalRequested"}
    return json.dumps({"entry": entry}, separators=(",", ":")).encode()


def _back_up(folder: Path, number: int) -> None:
    with (
        closing(sqlite3.connect(folder / "ledger.db")) as source,
        closing(sqlite3.connect(folder / f"backup-{number}.db")) as target,
    ):
        source.backup(target)


def rewrite(
    town: OpenTown,
    *,
    changed: Mapping[int, Callable[[bytes], bytes]],
    statuses: StatusDigests = status_digests,
) -> None:
    """Rewrite `hechuan` consistently, as whoever has the keys can: entries, tiles, heads, seals,
    checkpoints, keys and register, with some payloads changed, by position."""
    engine = open_engine(town.url)
    desk = Desk(town.url)
    with read_transaction(engine) as connection:
        rows = list(reading.read_log(connection, "hechuan"))
    for table in ("entries", "tiles", "stream_heads", "logs", "checkpoints", "sealed_heads"):
        town.run(f"DELETE FROM {table} WHERE log = 'hechuan'")
    town.run("DELETE FROM cosignatures")
    elsewhere = Anchors(town.folder / "elsewhere")
    for row in rows:
        if row.type == "Sealed/1":
            seal_log(
                engine,
                "hechuan",
                signers=desk.proofs.keyring.signers(None),
                keys=desk.proofs.vkeys(),
                anchors=elsewhere,
                statuses=statuses,
                clock=partial(parse_instant, row.recorded),
            )
            continue
        payload = changed.get(row.position, bytes)(row.payload)
        draft = Draft(
            row.stream,
            None,
            row.type,
            row.effective,
            payload,
            private=reading.private_of(row),
            attachments=reading.attachments_of(row),
        )
        with write_transaction(engine) as connection, LogWriter(connection, "hechuan") as writer:
            writer.append([draft], recorded_at=row.recorded)
        digest = content_digest(json.loads(payload)["entry"])
        place = "WHERE log = 'hechuan' AND position = ?"
        town.run(f"UPDATE keys SET digest = ? {place}", digest, row.position)
    desk.rebuild("hechuan")
    desk.close()
    engine.dispose()
