"""Putting a backup back: check a copy of it, say in it what was lost, then put it in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ledger.backups import copy_beside, move_aside, put_in_place, remove_copy, settle
from ledger.clock import format_instant
from ledger.errors import ConflictError, LedgerError, MalformedError
from ledger.generations import RestoredLog, erasures_in, moved_logs, newest_notes, restore_logs

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cli.desk import Desk
    from ledger.damage import Damage
    from ledger.moves import Move
    from ledger.repair import Mended

__all__ = ["Restored", "repair_from", "restore"]

T = TypeVar("T")

Progress = Callable[[int, int], None]


class Restored(NamedTuple):
    """A ledger that was put back, or the damage that kept it from being put back.

    `aside` is where the ledger that stood there is kept.
    """

    path: Path
    aside: Path | None
    logs: Sequence[RestoredLog]
    problems: Sequence[Damage]


def restore(
    desk: Desk, backup: Path, *, reason: str, force: bool = False, progress: Progress | None = None
) -> Restored:
    """Put a backup in the place of the desk's ledger; nothing is replaced by a damaged one.

    Raises ConflictError where a ledger stands there and it is not forced; what stood there is kept.
    """
    target = _file_of(desk.url)
    if target.exists() and not force:
        raise ConflictError(
            "there is a ledger at {path}: name another place with --ledger, or give --force to "
            "move it aside",
            path=str(target),
        )
    copy = copy_beside(backup, target)
    try:
        problems, logs = _prepared(desk, copy, target, reason=reason, progress=progress)
        if problems:
            return Restored(target, None, (), problems)
        settle(copy)
        aside = move_aside(target, stamp=_stamp(desk))
        put_in_place(copy, target)
        return Restored(target, aside, logs, ())
    finally:
        remove_copy(copy)


def repair_from(
    desk: Desk, backup: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> tuple[Sequence[Mended], Sequence[Damage]]:
    """What was mended with rows of a backup, and the damage that is left."""
    from cli.proofs import ledger_file
    from ledger.engine import open_engine

    if ledger_file(desk.url) is None:
        raise LedgerError("a ledger on a server is repaired by the means of the server")
    copy = copy_beside(backup, _file_of(desk.url))
    try:
        source = open_engine(f"sqlite:///{copy}")
        try:
            mended = desk.proofs.repair(source, dry_run=dry_run, progress=progress)
        finally:
            source.dispose()
    finally:
        remove_copy(copy)
    if dry_run:
        return mended, ()
    if mended:
        desk.forget_strangers()
        for head in desk.logs():
            desk.rebuild(head.log)
    return mended, desk.verify().problems


def _prepared(
    desk: Desk, copy: Path, target: Path, *, reason: str, progress: Progress | None
) -> tuple[Sequence[Damage], Sequence[RestoredLog]]:
    """The copy checked and completed: its damage, or what became of its logs."""
    from cli.desk import Desk as AnyDesk
    from ledger.verify import verify

    def told(_log: str, done: int, size: int) -> None:
        if progress is not None:
            progress(done, size)

    other = AnyDesk(f"sqlite:///{copy}", clock=desk.clock, trust=desk.trust_path)
    try:
        found = verify(other.engine, progress=told)
        if found.problems:
            return found.problems, ()
        proofs = other.proofs
        erased = _read_from(target, erasures_in)
        logs = restore_logs(
            other.engine,
            proofs.anchors,
            keys=proofs.vkeys(),
            erased=erased,
            replaced=_read_from(target, newest_notes),
            moved=_moved(target, proofs.anchors.moves()),
            now=desk.clock(),
            reason=reason,
        )
        other.catch_up([head.log for head in other.logs()])
        return (), logs
    finally:
        other.close()


def _moved(target: Path, moves: Mapping[str, Move]) -> dict[str, str]:
    """The logs that are not in force in the ledger to be replaced, and where they are."""
    here = f"sqlite:///{target.resolve()}"
    left = {log: move.place for log, move in moves.items() if here in move.left}
    return left | _read_from(target, moved_logs)


def _read_from(target: Path, read: Callable[[Engine], dict[str, T]]) -> dict[str, T]:
    """What the ledger that is to be replaced knows, or the one that a killed restore moved aside;
    nothing where it cannot be read."""
    from ledger.engine import open_engine
    from ledger.sqlite_engine import moved_aside

    present = target if target.exists() else moved_aside(target)
    if present is None:
        return {}
    try:
        engine = open_engine(f"sqlite:///{present}")
    except LedgerError:
        return {}
    try:
        return read(engine)
    except LedgerError:
        return {}
    finally:
        engine.dispose()


def _file_of(url: str) -> Path:
    from cli.proofs import ledger_file

    file = ledger_file(url)
    if file is None:
        raise MalformedError(
            "a ledger on a server is put back by the means of the server, a backup file as a file: "
            "name that with --ledger sqlite:///FILE"
        )
    return Path(file)


def _stamp(desk: Desk) -> str:
    return re.sub("[:.Z]", "", format_instant(desk.clock()))
