"""Turns at a ledger file: in order, until a deadline, and never more than an order."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, text

from ledger.engine import open_engine, read_transaction, write_transaction
from ledger.errors import BusyError
from ledger.turns import Turns

ROOT = str(Path(__file__).parents[2])
LONG = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A new ledger file that nobody has written to since it was made."""
    made = tmp_path / "ledger.db"
    open_engine(f"sqlite:///{made}", create=True).dispose()
    return made


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """The ledger, opened by an impatient writer."""
    made = open_engine(f"sqlite:///{path}", busy_seconds=0.2)
    yield made
    made.dispose()


def _turns(path: Path) -> Turns:
    """Turns as another process has them: its files are opened for themselves."""
    made = Turns()
    made.queue_beside(path)
    return made


def _until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + LONG
    while not holds():
        assert monotonic() < deadline
        sleep(0.005)


def _is_held(path: Path, ending: str) -> bool:
    """Whether somebody has one of the files; `-next` is had by who is the next writer."""
    with suppress(FileNotFoundError), Path(f"{path}{ending}").open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _stand_ins() -> int:
    return sum(thread.name == "taizhang-turn" for thread in threading.enumerate())


# --- order --------------------------------------------------------------------------------------


def test_last_writer_does_not_overtake(path: Path) -> None:
    """Who has just written and wants to again comes after whoever was waiting."""
    order: list[str] = []
    mine, other = _turns(path), _turns(path)

    def wait() -> None:
        with other.taken(monotonic() + LONG):
            order.append("other")

    for _ in range(20):
        thread = threading.Thread(target=wait)
        with mine.taken(monotonic() + LONG):
            order.append("mine")
            thread.start()
            _until(lambda: _stand_ins() == 1 and _is_held(path, "-next"))
        with mine.taken(monotonic() + LONG):
            order.append("mine")
        thread.join()
    assert order == ["mine", "other", "mine"] * 20


def test_writers_stand_in_line(path: Path, engine: Engine) -> None:
    """A write transaction waits for its turn even where the database itself is free."""
    with _turns(path).taken(monotonic() + LONG), pytest.raises(BusyError):
        _write(engine)
    _write(engine)


def test_one_turn_at_a_time(path: Path) -> None:
    """Of many writers with lines of their own, never two are inside."""
    inside, most = 0, 0

    def write() -> None:
        nonlocal inside, most
        turns = _turns(path)
        for _ in range(25):
            with turns.taken(monotonic() + LONG):
                inside += 1
                most = max(most, inside)
                sleep(0.0002)
                inside -= 1

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_another_name_is_the_same_line(path: Path, engine: Engine) -> None:
    """A ledger reached through a symbolic link has the line of the file it leads to."""
    link = path.parent / "link.db"
    link.symlink_to(path)
    other = open_engine(f"sqlite:///{link}")
    _write(other)
    other.dispose()
    assert sorted(one.name for one in path.parent.glob("*-queue")) == ["ledger.db-queue"]


# --- giving up ----------------------------------------------------------------------------------


def test_deadline_ends_waiting(path: Path) -> None:
    """At the deadline BusyError is raised; who gave up does not get the turn afterwards."""
    impatient = _turns(path)
    with _turns(path).taken(monotonic() + LONG):
        started = monotonic()
        with pytest.raises(BusyError), impatient.taken(started + 0.2):
            pass
        assert monotonic() - started >= 0.2
    with _turns(path).taken(monotonic() + LONG):
        pass
    _until(lambda: not _stand_ins())
    assert not _is_held(path, "-queue")
    assert not _is_held(path, "-next")
    with impatient.taken(monotonic() + LONG):
        pass


def test_no_waiting_is_no_waiting(path: Path) -> None:
    """With the deadline now a free turn is taken, and a taken one refused."""
    with _turns(path).taken(monotonic()):
        before = _stand_ins()
        with pytest.raises(BusyError), _turns(path).taken(monotonic()):
            pass
        assert _stand_ins() == before


def test_giving_up_often_leaves_one_place(path: Path) -> None:
    """However often a writer gives up and asks again, it stands in line once."""
    impatient = _turns(path)
    with _turns(path).taken(monotonic() + LONG):
        for _ in range(5):
            with pytest.raises(BusyError), impatient.taken(monotonic() + 0.02):
                pass
        assert _stand_ins() == 1
    with impatient.taken(monotonic() + LONG):
        pass
    assert _stand_ins() == 0


_HOLD = """
import sys, time
from pathlib import Path
from time import monotonic
from ledger.turns import Turns
turns = Turns()
turns.queue_beside(Path(sys.argv[1]))
with turns.taken(monotonic() + 60):
    print("mine", flush=True)
    time.sleep(60)
"""


def _other_process(path: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": ROOT}
    command = [sys.executable, "-c", _HOLD, str(path)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("place", ["-queue", "-next"])
def test_killed_writer_leaves_the_line(path: Path, place: str) -> None:
    """The turn of a killed process, or its place in line, goes to the next."""
    mine = _turns(path)
    if place == "-queue":
        process = _other_process(path)
        _until(lambda: _is_held(path, place))
        process.kill()
        process.communicate()
    else:
        with mine.taken(monotonic() + LONG):
            process = _other_process(path)
            _until(lambda: _is_held(path, place))
            process.kill()
            process.communicate()
    with mine.taken(monotonic() + LONG):
        pass


def test_interrupt_ends_waiting(path: Path) -> None:
    """Ctrl-C ends a process that waits for its turn."""
    with _turns(path).taken(monotonic() + LONG):
        process = _other_process(path)
        _until(lambda: _is_held(path, "-next"))
        process.send_signal(signal.SIGINT)
        said, trace = process.communicate(timeout=LONG)
    assert b"KeyboardInterrupt" in trace
    assert said == b""


# --- where there is no line ---------------------------------------------------------------------


def _write(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE meta SET value = value"))


def test_no_flock_no_line(path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no flock costs the order and nothing else."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    _write(engine)


def test_folder_without_room_no_line(path: Path, engine: Engine) -> None:
    """Where the two files cannot be made, writers meet at the database alone."""
    for ending in ("-queue", "-next"):
        Path(f"{path}{ending}").mkdir()
    _write(engine)


def test_deleted_files_come_again(path: Path, engine: Engine) -> None:
    """The files may be deleted, even while somebody holds the turn."""
    with write_transaction(engine):
        for ending in ("-queue", "-next"):
            Path(f"{path}{ending}").unlink()
    _write(engine)
    assert Path(f"{path}-queue").exists()


def test_readers_stand_in_no_line(path: Path) -> None:
    """Reading makes no files, and does not wait for a turn."""
    for url in (f"sqlite:///{path}", f"sqlite:///file:{path}?mode=ro&uri=true"):
        reader = open_engine(url)
        with read_transaction(reader) as connection:
            connection.execute(text("SELECT * FROM meta"))
        reader.dispose()
    assert not list(path.parent.glob("*-queue"))
    with _turns(path).taken(monotonic() + LONG):
        reader = open_engine(f"sqlite:///{path}", busy_seconds=0)
        with read_transaction(reader) as connection:
            connection.execute(text("SELECT * FROM meta"))
        reader.dispose()


@pytest.mark.parametrize(("ledger", "line"), [(0o644, 0o600), (0o664, 0o660), (0o600, 0o600)])
def test_who_may_write_may_stand_in_line(path: Path, ledger: int, line: int) -> None:
    """Who cannot write to the ledger cannot hold up those who can."""
    path.chmod(ledger)
    with _turns(path).taken(monotonic() + LONG):
        pass
    for ending in ("-queue", "-next"):
        assert stat.S_IMODE(Path(f"{path}{ending}").stat().st_mode) == line
