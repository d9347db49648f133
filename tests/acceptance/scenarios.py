"""Run the acceptance scenarios against the installed `taizhang`, as a user would.

    python tests/acceptance/scenarios.py

The scenarios and their runner lie beside the project, in `../shared/acceptance`, or in the folder
that TAIZHANG_SHARED names in the place of `../shared`. Those named in `required.txt` must pass;
the others are listed. The last line reads "N passed, M failed"; exit status 1 where any required
one failed. Without the folder nothing is run, and a notice says so.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
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
    must = run(folder, [visible[name] for name in required if name in visible])
    may = run(folder, [path for name, path in visible.items() if name not in required], quiet=True)
    print(f"{must.count(True) + may.count(True)} passed, {must.count(False) + len(missing)} failed")
    return 0 if all(must) and not missing else 1


def required_names() -> list[str]:
    """The file names of `required.txt`, in its order."""
    lines = REQUIRED.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def run(folder: Path, scenarios: Iterable[Path], *, quiet: bool = False) -> list[bool]:
    """Whether each scenario passed; `quiet` keeps what is wrong with one to a single line."""
    verdicts: list[bool] = []
    for scenario in scenarios:
        # One at a time: a runner that dies takes only its own scenario with it.
        lines = list(started(folder, scenario))
        found = VERDICT.match(lines[0]) if lines else None
        passed = found is not None and found["verdict"] == "ok  "
        verdicts.append(passed)
        if passed:
            print(f"ok    {scenario.name}{'   (may move to required.txt)' if quiet else ''}")
        elif quiet:
            problem = found["problem"] if found else "the runner gave no verdict"
            print(f"open  {scenario.name}: {problem[:120]}")
        else:
            print(f"FAIL  {scenario.name}", *lines, sep="\n      ")
        sys.stdout.flush()
    return verdicts


def started(folder: Path, scenario: Path) -> Iterator[str]:
    """What the runner says about one scenario, line by line, without its sum."""
    command = [sys.executable, folder / "run.py", "--taizhang", shlex.quote(str(COMMAND)), scenario]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
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


if __name__ == "__main__":
    sys.exit(main())
