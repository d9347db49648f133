"""Try every mutant of policies/ on the tests: `python tests/support/try_mutants.py [FILE…]`.

mutmut makes the mutants; this loop stands in for its `run`, which starts pytest anew for each of
them and so needs seconds where the tests need milliseconds. Here the tests are collected and run
once, with the lines each of them runs; then every mutant gets a fork of this process, in which the
tests that run the changed statement are run again, quick ones first, up to the first that fails.

What the editions, forms and scoring tables say is read once and kept from test to test. A mutant
of the code that reads them starts with nothing kept; where it reads anything else than was read
before, all tests are run on it, not only those that run the statement.

Results are kept in mutants/results.json; `--again` tries only what was not killed, `--sample N`
only so many of all, always the same ones; with `--seed WORD` others, but again always the same.
"""

from __future__ import annotations

import argparse
import functools
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutmut.mutation import trampoline

from support.mutants import FOLDER, Mutant, generate, mutants_of, refused_by_types

TESTS = ["tests/policies", "tests/cases"]
PLAIN = ["-q", "-s", "-p", "no:xdist", "-p", "no:randomly", "-p", "no:cacheprovider"]
PLAIN += ["-p", "no:logging", "-p", "no:faulthandler"]
PLAIN += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # this file itself imports hypothesis
KILLED = ("killed", "endless", "refused by types")
RESULTS = Path("results.json")
READING = "reading"

Results = dict[str, dict[str, str]]


class Trial:
    """The trial of some mutants, as a plugin that takes the place of pytest's own loop."""

    def __init__(self, mutants: Sequence[Mutant], results: Results) -> None:
        self.mutants = mutants
        self.results = results
        self.items: list[pytest.Item] = []
        self.seconds: dict[str, float] = {}
        self.tests: dict[tuple[str, int], set[str]] = {}
        self.before = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once, then the mutants."""
        self.items = list(session.items)
        self._run_once()
        gc.freeze()
        print(f"all tests once: {sum(self.seconds.values()):.0f} s", flush=True)
        for number, mutant in enumerate(self.mutants, 1):
            answer = self._try(mutant)
            self.results[mutant.key] = {"answer": answer, "digest": mutant.digest}
            if answer not in KILLED or number % 100 == 0:
                print(f"{number}/{len(self.mutants)} {answer} {mutant.key}", flush=True)
            if number % 20 == 0 or number == len(self.mutants):
                RESULTS.write_text(json.dumps(self.results, indent=0), encoding="utf-8")
        return True

    def _run_once(self) -> None:
        """Each test alone, for the lines that it runs and the time that it takes."""
        trampoline.get_mutant_under_test = lambda: ""
        watch = coverage.Coverage(data_file=None, include=["*/mutants/policies/*"])
        watch.start()
        watch.switch_context(READING)
        forget()
        self.before = all_that_is_read()
        for item in self.items:
            watch.switch_context(item.nodeid)
            start = time.process_time()
            if _passes(item):
                self.seconds[item.nodeid] = time.process_time() - start
            else:
                print(f"left out, fails without any mutant: {item.nodeid}", flush=True)
        watch.stop()
        self.items = [item for item in self.items if item.nodeid in self.seconds]
        for file in watch.get_data().measured_files():
            path = Path(file).relative_to(Path.cwd()).as_posix()
            for line, names in watch.get_data().contexts_by_lineno(file).items():
                self.tests[path, line] = set(names)

    def _try(self, mutant: Mutant) -> str:
        names = set().union(*(self.tests.get((mutant.path, line), ()) for line in mutant.lines))
        names.discard("")
        if not names:
            return "no test"
        chosen = sorted(
            (item for item in self.items if item.nodeid in names),
            key=lambda item: self.seconds[item.nodeid],
        )
        child = os.fork()
        if child == 0:
            self._child(mutant, chosen, is_reader=READING in names)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return "endless"
        return "survived" if os.WEXITSTATUS(status) == 0 else "killed"

    def _child(self, mutant: Mutant, chosen: list[pytest.Item], *, is_reader: bool) -> None:
        """Ends with 0 where every test passes, 1 at the first that fails."""
        try:
            _quiet()
            _limit(sum(self.seconds.values()) if is_reader else self._expected(chosen))
            # Which mutant it is, mutmut asks the environment at every call: that is slow.
            trampoline.get_mutant_under_test = lambda: mutant.key
            if is_reader:
                forget()
            passes = all(_passes(item) for item in chosen)
            if passes and is_reader:
                forget()
                if all_that_is_read() != self.before:
                    rest = sorted(self.items, key=lambda item: self.seconds[item.nodeid])
                    passes = all(_passes(item) for item in rest)
            os._exit(0 if passes else 1)
        except BaseException:  # whatever a mutant does, it does not come back into this loop
            os._exit(1)

    def _expected(self, chosen: Iterable[pytest.Item]) -> float:
        return sum(self.seconds[item.nodeid] for item in chosen)


def all_that_is_read() -> str:
    """Everything the editions, forms, scoring tables and calendars say, as one text."""
    from policies.calendars import load_calendar
    from policies.forms.loading import load_form
    from policies.rulebook import Rulebook
    from policies.scoring.loading import load_sources, load_table

    rulebook = Rulebook()
    editions = [rulebook.edition(name) for name in rulebook.ids()]
    read: list[Any] = list(editions)
    for edition in editions:
        for key, interpretation in edition.interpretations.items():
            read += [rulebook.reading(edition, {key: value}) for value in interpretation.values]
    read += [load_form(_stem(path)) for path in _files("forms")]
    read += [load_sources(_stem(path)) for path in _files("scoring/figures")]
    for path in _files("scoring/tables"):
        read.append(load_table(f"{path.parent.name}/{_stem(path)}"))
    calendar = load_calendar()
    read += [calendar.pin([year]) for year in calendar.years]
    return repr(read)


def forget() -> None:
    """Empty every cache of the rulebook, and of the tests that use it."""
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            home = getattr(each, "__module__", None) or ""
            if home.startswith(("policies", "support", "test", "tests")):
                each.cache_clear()


def main(words: Sequence[str]) -> int:
    """Try the mutants of the named files, or of all; print the score of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--again", action="store_true", help="only what was not killed before")
    parser.add_argument("--rest", action="store_true", help="only what has no answer yet")
    parser.add_argument("--sample", type=int, help="only so many, spread evenly by their hashes")
    parser.add_argument("--seed", default="", help="a word that draws another sample")
    options = parser.parse_args(words)
    generate()
    sys.path.insert(0, str(FOLDER.resolve()))
    files = options.files or sorted(path.as_posix() for path in Path("policies").rglob("*.py"))
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    os.chdir(FOLDER)
    results: Results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for mutant in mutants:
        if mutant.is_wording:
            results[mutant.key] = {"answer": "wording", "digest": mutant.digest}
    RESULTS.write_text(json.dumps(results, indent=0), encoding="utf-8")
    left = [m for m in mutants if not m.is_wording]
    if options.sample is not None:
        left = sorted(left, key=lambda m: _place(m, options.seed))[: options.sample]
    if options.again:
        left = [m for m in left if _answer(results, m) not in KILLED]
    if options.rest:
        left = [m for m in left if _answer(results, m) == ""]
    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
    )
    settings.load_profile("mutants")
    pytest.main([*PLAIN, *TESTS], plugins=[Trial(left, results)])
    os.chdir("..")
    _ask_types(mutants, left, results)
    return _print_score(left, results)


def _ask_types(mutants: Sequence[Mutant], tried: Sequence[Mutant], results: Results) -> None:
    """What no test killed, but the type checker refuses, would not pass the checks either."""
    left = {mutant.key for mutant in tried if results[mutant.key]["answer"] not in KILLED}
    for key in left & refused_by_types(list(mutants)):
        results[key]["answer"] = "refused by types"
    (FOLDER / RESULTS).write_text(json.dumps(results, indent=0), encoding="utf-8")


def _print_score(tried: Sequence[Mutant], results: Results) -> int:
    answers = [results[mutant.key]["answer"] for mutant in tried]
    for answer in sorted(set(answers)):
        print(f"{answer:18} {answers.count(answer):6}")
    for mutant in tried:
        if results[mutant.key]["answer"] not in KILLED:
            print(f"\n{mutant.key}: {results[mutant.key]['answer']}\n{mutant.diff}")
    killed = sum(answer in KILLED for answer in answers)
    print(f"{killed} of {len(answers)} killed: {100 * killed / max(1, len(answers)):.1f} %")
    return 0 if killed >= 0.9 * len(answers) else 1


def _answer(results: Results, mutant: Mutant) -> str:
    """What came of the mutant before; empty where its code is not what it was then."""
    found = results.get(mutant.key, {})
    return found.get("answer", "") if found.get("digest") == mutant.digest else ""


def _place(mutant: Mutant, seed: str) -> bytes:
    """Where it stands in the order in which a sample is drawn."""
    return sha256(f"{seed}{mutant.key}".encode()).digest()


def _passes(item: pytest.Item) -> bool:
    """Whether the test passes; one that needs no fixture is called at once, which saves 8 ms."""
    arguments = _plain_arguments(item)
    if arguments is None:
        # With nothing after it, everything it set up is torn down: what comes next may set up none.
        return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))
    try:
        item.obj(**arguments)  # type: ignore[attr-defined]
    except pytest.skip.Exception:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    return True


def _plain_arguments(item: pytest.Item) -> dict[str, Any] | None:
    """The arguments of a test that asks for no fixture; None for any other."""
    # Hypothesis minds being called on another instance of the test's class.
    if not isinstance(item, pytest.Function) or hasattr(item.obj, "hypothesis"):
        return None
    given = item.callspec.params if hasattr(item, "callspec") else {}
    wanted = item._fixtureinfo.names_closure
    return dict(given) if set(wanted) <= set(given) else None


def _quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _limit(seconds: float) -> None:
    """Ten seconds and five times what the tests take: more is an endless loop."""
    most = int(10 + 5 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))


def _files(folder: str) -> list[Path]:
    return sorted((Path("policies") / folder).rglob("*.yaml"))


def _stem(path: Path) -> str:
    return path.name.removesuffix(".yaml")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
