"""Real PostgreSQL servers in a temporary folder: started, crashed, replicated, promoted, rejoined.

A failover, step by step:

    with Servers() as servers:
        primary = servers.start("primary")
        standby = standby_of(primary, "standby")        # synchronous from here on
        primary.create_database("ledger")
        url = failover_url("ledger", primary, standby)  # whichever of them takes writes
        ...
        primary.kill()                                  # as if the power had failed
        standby.promote()                               # takes writes, alone
        rewind(primary, standby)                        # follows it, synchronously

Servers listen on a socket in their folder, never on a network. Traps of PostgreSQL's own: a commit
that waits for a standby waits for ever, statement_timeout does not end it; if it is cancelled it
has been made all the same, and says so only in a warning; and with synchronous_standby_names set
before a standby is there, every commit waits.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal

import psycopg
from psycopg import sql
from sqlalchemy import URL

from support.postgres_programs import NoPostgresError, Programs, find_programs
from support.processes import children, processes

__all__ = [
    "NoPostgresError",
    "Server",
    "Servers",
    "failover_url",
    "find_programs",
    "rewind",
    "standby_of",
]

PORT = 5432  # part of the socket's name; each server has a folder of its own
USER = "postgres"
PATIENCE = 60.0

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "32MB",
    # In the data's own folder: what lies in /dev/shm may be cleared away by others.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "max_wal_size": "256MB",
    # A standby that is behind, and pg_rewind, read what the primary still has.
    "wal_keep_size": "512MB",
    "hot_standby": "on",
    "wal_retrieve_retry_interval": "100ms",  # a standby that lost its primary notices sooner
}

# Ends the servers and removes their folder when whoever started them is gone, however it went.
_GUARD = """
import os, shutil, signal, sys, time

def send(sign):
    for pid in [*running]:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            running.remove(pid)

running = set()
for line in sys.stdin:
    (running.add if line[0] == "+" else running.discard)(int(line[1:]))
send(signal.SIGQUIT)
deadline = time.monotonic() + 10
while running and time.monotonic() < deadline:
    time.sleep(0.05)
    send(0)
send(signal.SIGKILL)
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


class Servers:
    """Servers in one temporary folder, all gone at the end, even where the process is killed."""

    def __init__(self, programs: Programs | None = None) -> None:
        programs = programs or find_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="taizhang-pg-", dir=_memory()))
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _GUARD, str(self.folder)],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,  # Ctrl-C is not meant for it
        )
        self._all: list[Server] = []
        programs.give(self.folder)
        self.programs = programs.within_reach(self.folder)

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, name: str, **settings: str) -> Server:
        """A new server; `settings` as in postgresql.conf, such as fsync="off"."""
        server = self.add(name, {**SETTINGS, **settings})
        self.programs.run(
            "initdb",
            f"--pgdata={server.data}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",  # pg_rewind needs them
            "--no-sync",
            folder=server.folder,
        )
        server.start()
        return server

    def add(self, name: str, settings: dict[str, str]) -> Server:
        """A server that has no data yet and does not run."""
        server = Server(name, self, settings)
        self._all.append(server)
        return server

    def note(self, pid: int, *, running: bool) -> None:
        """Tell the guard what it would have to end."""
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{'+' if running else '-'}{pid}\n")

    def close(self) -> None:
        """Stop every server and remove the folder."""
        for server in self._all:
            if server.running:
                server.stop("immediate")
            server.forget_memory()
        self._guard.communicate()


class Server:
    """One server: its data, its settings and, while it runs, its process."""

    def __init__(self, name: str, servers: Servers, settings: dict[str, str]) -> None:
        self.name = name
        self.servers = servers
        self.folder = servers.folder / name
        self.data = self.folder / "data"
        self.log = self.folder / "server.log"
        self.settings = {**settings, "unix_socket_directories": str(self.folder)}
        self._process: subprocess.Popen[bytes] | None = None
        self.folder.mkdir()
        servers.programs.give(self.folder)

    # --- running --------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether its process is alive, as far as is known here."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers; RuntimeError with its log where it does not."""
        assert not self.running, f"{self.name} is running"
        self._write_settings()
        programs = self.servers.programs
        command = [programs.path("postgres"), "-D", str(self.data)]
        command += ["-c", f"config_file={self._settings_file}"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is not meant for it
                **programs.options(self.folder),
            )
        self.servers.note(self.pid, running=True)
        self._until(self._answers, f"{self.name} does not answer")

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop it as `pg_ctl stop -m` does; "immediate" leaves a crash to recover from."""
        sent = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        os.kill(self.pid, sent[mode])
        self._ended()

    def kill(self) -> None:
        """Kill the postmaster and all its children at once, as if the power had failed."""
        os.kill(self.pid, signal.SIGSTOP)  # it must not see its children go, nor make new ones
        family = [self.pid, *children(self.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._ended()
        self._until(lambda: not {*family} & {*processes()}, f"{self.name} outlives its killing")

    def restart(self) -> None:
        """Stop it where it runs, and start it."""
        if self.running:
            self.stop()
        self.start()

    def forget_memory(self) -> None:
        """Give back the shared memory that a killed server leaves behind until its next start."""
        left = self.data / "postmaster.pid"
        lines = left.read_text().splitlines() if left.exists() and not self.running else []
        if len(lines) > 6 and len(segment := lines[6].split()) == 2:
            subprocess.run(["ipcrm", "-m", segment[1]], capture_output=True)

    def _ended(self) -> None:
        assert self._process is not None
        pid = self.pid
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(pid, signal.SIGKILL)
            self._process.wait()
            raise RuntimeError(f"{self.name} did not stop; its log ends\n{self._tail()}") from None
        finally:
            self._process = None
            self.servers.note(pid, running=False)

    def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"{self.name} ended while starting; its log ends\n{self._tail()}")
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        deadline = monotonic() + PATIENCE
        while not holds():
            if monotonic() > deadline:
                raise RuntimeError(f"{otherwise}; its log ends\n{self._tail()}")
            sleep(0.02)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    # --- settings -------------------------------------------------------------------------------

    def set(self, **settings: str | None) -> None:
        """Change settings; None takes one back. In force at the return where no restart is needed.

        They stand beside the data, not in it: pg_basebackup and pg_rewind do not carry them along.
        """
        for name, value in settings.items():
            self.settings.pop(name, None)
            if value is not None:
                self.settings[name] = value
        self._write_settings()
        if self.running:
            (before,) = self.row("SELECT pg_conf_load_time()")
            os.kill(self.pid, signal.SIGHUP)
            self._until(
                lambda: self.row("SELECT pg_conf_load_time() > %s", before) == (True,),
                f"{self.name} does not read its settings",
            )

    @property
    def _settings_file(self) -> Path:
        return self.folder / "postgresql.conf"

    def _write_settings(self) -> None:
        lines = [
            f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n"
            for name, value in self.settings.items()
        ]
        self._settings_file.write_text("".join(lines), encoding="utf-8")
        self.servers.programs.give(self._settings_file)

    # --- databases ------------------------------------------------------------------------------

    def url(self, database: str = USER, **query: str) -> str:
        """The SQLAlchemy URL of a database; `query` adds parameters of libpq."""
        return failover_url(database, self, **query)

    def conninfo(self, database: str = USER, **more: str) -> str:
        """The same as a connection string of libpq."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.folder), port=PORT, user=USER, dbname=database, **more
        )

    @contextmanager
    def connect(self, database: str = USER) -> Iterator[psycopg.Connection[Any]]:
        """A connection of psycopg's in autocommit, closed at the end."""
        connection = psycopg.connect(self.conninfo(database), autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    def run(self, statement: Any, *values: object, database: str = USER) -> list[tuple[Any, ...]]:
        """The rows of a statement that is committed at once."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def row(self, statement: Any, *values: object, database: str = USER) -> tuple[Any, ...]:
        """The only row of a statement."""
        (found,) = self.run(statement, *values, database=database)
        return found

    def create_database(self, name: str, template: str = "template0") -> str:
        """The URL of a new database, empty or a copy of `template`."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.run(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    # --- replication ----------------------------------------------------------------------------

    def promote(self) -> None:
        """Make a standby take writes. It waits for no standby until one follows it."""
        assert self.row("SELECT pg_promote(true, %s)", int(PATIENCE)) == (True,)
        self.set(primary_conninfo=None, primary_slot_name=None)
        # Until a checkpoint pg_rewind takes both for servers of the same history.
        self.run("CHECKPOINT")

    def caught_up(self, primary: Server) -> None:
        """Wait until a standby shows all that its primary has at the call."""
        (end,) = primary.row("SELECT pg_current_wal_lsn()::text")
        self._until(
            lambda: self.row("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", end) == (True,),
            f"{self.name} does not catch up with {primary.name}",
        )

    def followed_by(self, *names: str) -> None:
        """Commit from now on only what one of these standbys has too; none: wait for nobody.

        RuntimeError where one of them is not connected, since every commit would hang.
        """
        wanted = {*names}
        statement = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
        self._until(
            lambda: wanted <= {name for (name,) in self.run(statement)},
            f"{', '.join(names)} does not follow {self.name}",
        )
        quoted = ", ".join(f'"{name}"' for name in names)
        self.set(synchronous_standby_names=f"ANY 1 ({quoted})" if names else None)
        # It is the checkpointer that tells the others to wait; afterwards it has read the settings.
        self.run("CHECKPOINT")


def _memory() -> str | None:
    """A folder kept in memory, if it is large; killed servers lose nothing there either."""
    # Making and removing a server takes seconds on a busy disk. In containers it may be tiny.
    folder = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
    if "TMPDIR" in os.environ or not folder.is_dir():
        return None
    return str(folder) if shutil.disk_usage(folder).free > 4 * 2**30 else None


def failover_url(database: str, *servers: Server, **query: str) -> str:
    """The SQLAlchemy URL of a database on whichever of the servers takes writes."""
    found = {
        "host": ",".join(str(server.folder) for server in servers),
        "port": ",".join(str(PORT) for _ in servers),
    }
    if len(servers) > 1:
        found["target_session_attrs"] = "read-write"
    made = URL.create("postgresql+psycopg", username=USER, database=database, query=found | query)
    return made.render_as_string(hide_password=False)


def standby_of(primary: Server, name: str, *, synchronous: bool = True) -> Server:
    """A new standby that streams from the primary.

    With `synchronous` the primary's commits wait for it, or for one of the earlier ones.
    """
    settings = {
        key: value
        for key, value in primary.settings.items()
        if key not in {"synchronous_standby_names", "primary_conninfo", "primary_slot_name"}
    }
    standby = primary.servers.add(name, settings)
    primary.servers.programs.run(
        "pg_basebackup",
        f"--pgdata={standby.data}",
        f"--dbname={primary.conninfo()}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--no-sync",
        "--create-slot",
        f"--slot={name}",
        folder=standby.folder,
    )
    _follow(standby, primary, synchronous=synchronous)
    return standby


def rewind(old: Server, primary: Server, *, synchronous: bool = True) -> None:
    """Make a former primary, crashed or stopped, a standby of the new one.

    What it committed and the new primary never had is undone.
    """
    assert not old.running, f"{old.name} is running"
    old.servers.programs.run(
        "pg_rewind",
        f"--target-pgdata={old.data}",
        f"--source-server={primary.conninfo()}",
        "--no-sync",
        folder=old.folder,
    )
    primary.run("SELECT pg_create_physical_replication_slot(%s, true)", old.name)
    _follow(old, primary, synchronous=synchronous)


def _follow(standby: Server, primary: Server, *, synchronous: bool) -> None:
    standby.set(
        primary_conninfo=primary.conninfo(application_name=standby.name),
        primary_slot_name=standby.name,
        synchronous_standby_names=None,
    )
    sign = standby.data / "standby.signal"
    sign.touch()
    standby.servers.programs.give(sign)
    standby.start()
    # Slots of the time when it was a primary, or copied from one, would hold back its log for ever.
    standby.run("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    if synchronous:
        statement = "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'"
        others = {name for (name,) in primary.run(statement)}
        primary.followed_by(*sorted(others | {standby.name}))
