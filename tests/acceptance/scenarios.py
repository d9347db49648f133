"""Run the acceptance scenarios against the installed `taizhang`, as a user would.

    python tests/acceptance/scenarios.py

Each scenario is run on a SQLite file, and then a copy of it on a PostgreSQL server, unless it names
a ledger of its own or does what only a file allows. Without PostgreSQL the copies are left out, and
a notice says so; with TAIZHANG_REQUIRE_POSTGRES=1 that is a failure.

The scenarios and their runner lie beside the project, in `../shared/acceptance`, or in the folder
that TAIZHANG_SHARED names in the place of `../shared`. Those named in `required.txt` must pass;
the others are listed. The last line reads "N passed, M failed", copies counted for themselves; exit
status 1 where any required one failed. Without the folder nothing is run, and a notice says so.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests"))
from support.postgres import NoPostgresError, Server, Servers  # noqa: E402  the path comes first

AT_ONCE = 2
SERVER = ", on PostgreSQL"
REQUIRED = Path(__file__).with_name("required.txt")
COMMAND = Path(sys.executable).with_name("taizhang")
VERDICT = re.compile(r"(?P<verdict>ok  |FAIL)  (?P<name>[^:\n]+)(: (?P<problem>.*))?")


def main() -> int:
    """The exit status: 0 where every required scenario passed, or where there are none."""
    shared = Path(os.environ.get("TAIZHANG_SHARED") or PROJECT.parent / "shared")
    folder = shared / "acceptance"
    if not (folder / "run.py").is_file():
        skip(folder)
        return 0
    visible = {path.name: path for path in sorted((folder / "scenarios").glob("*.yaml"))}
    required = required_names()
    missing = [name for name in required if name not in visible]
    for name in missing:
        print(f"FAIL  {name}: named in {REQUIRED.name}, but not in {folder / 'scenarios'}")
    must = [visible[name] for name in required if name in visible]
    may = [path for name, path in visible.items() if name not in required]
    passed = run(folder, must)
    others = run(folder, may, quiet=True)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(Servers()).start("scenarios", fsync="off")
        except NoPostgresError as error:
            skip_server(error)
            passed += [False] if os.environ.get("TAIZHANG_REQUIRE_POSTGRES") == "1" else []
        else:
            copies = Path(stack.enter_context(TemporaryDirectory()))
            passed += run(folder, on_server(must, server, copies), place=SERVER)
            others += run(folder, on_server(may, server, copies), quiet=True, place=SERVER)
    failed = passed.count(False) + len(missing)
    print(f"{passed.count(True) + others.count(True)} passed, {failed} failed")
    return 1 if failed else 0


def on_server(scenarios: Iterable[Path], server: Server, folder: Path) -> Iterator[Path]:
    """Copies of the scenarios that can do without a file, each on a database of its own."""
    for path in scenarios:
        text = path.read_text(encoding="utf-8")
        if not needs_file(yaml.safe_load(text)):
            url = server.create_database(path.stem)
            copy = folder / path.name
            copy.write_text(f"ledger: {json.dumps(url)}\n{text}", encoding="utf-8")
            yield copy


def needs_file(scenario: Mapping[str, Any]) -> bool:
    """Whether a scenario is about a SQLite file: it names or edits one, or copies it as a file."""
    steps = scenario["steps"]
    return "ledger" in scenario or any(
        "edit" in step or re.search(r"\b(backup|restore|repair)\b|ledger\.db\b", step["run"])
        for step in steps
    )


def required_names() -> list[str]:
    """The file names of `required.txt`, in its order."""
    lines = REQUIRED.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def run(
    folder: Path, scenarios: Iterable[Path], *, quiet: bool = False, place: str = ""
) -> list[bool]:
    """Whether each scenario passed; `quiet` keeps what is wrong with one to a single line."""
    verdicts: list[bool] = []
    # A runner for each: one that dies takes only its own scenario with it.
    scenarios = list(scenarios)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = list(pool.map(lambda scenario: list(started(folder, scenario)), scenarios))
    for scenario, lines in zip(scenarios, said, strict=True):
        found = VERDICT.match(lines[0]) if lines else None
        passed = found is not None and found["verdict"] == "ok  "
        verdicts.append(passed)
        if passed:
            print(f"ok    {scenario.name}{place}{'   (may move to required.txt)' if quiet else ''}")
        elif quiet:
            problem = found["problem"] if found else "the runner gave no verdict"
            print(f"open  {scenario.name}{place}: {problem[:120]}")
        else:
            print(f"FAIL  {scenario.name}{place}", *lines, sep="\n      ")
        sys.stdout.flush()
    return verdicts


def started(folder: Path, scenario: Path) -> Iterator[str]:
    """What the runner says about one scenario, line by line, without its sum."""
    command = [sys.executable, folder / "run.py", "--taizhang", shlex.quote(str(COMMAND)), scenario]
    # Beside a file it stands there unasked; on a server it has to be named. Each scenario runs in a
    # folder of its own.
    environment = {**os.environ, "TAIZHANG_TRUST": "ledger.db.trust"}
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    for line in done.stdout.splitlines():
        if not re.fullmatch(r"\d+ passed, \d+ failed", line):
            yield line


def skip(folder: Path) -> None:
    """Say loudly that the scenarios were not run."""
    bar = "!" * 80
    print(bar)
    print("!!  ACCEPTANCE SCENARIOS SKIPPED: they were not run, so nothing is known of them.")
    print(f"!!  There is no {folder / 'run.py'}")
    print("!!  Set TAIZHANG_SHARED to the folder that holds acceptance/run.py.")
    print(bar)
    print("0 passed, 0 failed")


def skip_server(error: NoPostgresError) -> None:
    """Say loudly that no scenario was run on PostgreSQL."""
    bar = "!" * 80
    print(bar)
    print("!!  NO SCENARIO WAS RUN ON POSTGRESQL, so nothing is known of them there.")
    print(f"!!  {error}")
    print(bar)


if __name__ == "__main__":
    sys.exit(main())
