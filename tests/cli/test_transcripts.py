"""Exact output of every answer, in both languages, as transcripts under `golden/`.

After a wanted change: TAIZHANG_GOLDEN=write pytest tests/cli/test_transcripts.py, and read the
difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support import command
from support.counter import DEMO, GULOU, HAITANG, HECHUAN_FILED, YINXING, Run, record_filing
from support.golden import agree

DAY = "2023-01-31"

QUESTIONS = {
    "show-designated": f"center show {GULOU} --on {DAY}",
    "show-revoked": f"center show {YINXING} --on {DAY}",
    "show-refused": f"center show {HAITANG} --on {DAY}",
    "show-then": f"center show {GULOU} --on 2022-09-15 --known-at beijing#139",
    "list": "center list",
    "list-csv": "center list --csv",
    "history": f"center history {GULOU} --since 2022-04-01 --on {DAY}",
    "why-revoked": f"center why {YINXING} --on {DAY}",
    "why-designated": f"center why {GULOU} --on {DAY}",
    "why-nothing": f"center why {HAITANG} --on {DAY}",
    "eligible-not": f"center eligible {YINXING} --on {DAY}",
    "eligible": f"center eligible {YINXING} --on 2024-12-01",
    "audit": "audit",
    "log-show": "log show",
    "log-leaf": "log show beijing#139",
    "log-verify": "log verify",
    "policy-list": "policy list --scheme xian",
    "policy-show": "policy show xian/2016",
    "projection-check": "projection check",
    "usage": "center list --status closed",
    "unknown-command": "centre",
    "unknown-center": "center show beijing/91110108MA10000177",
}

PAGES = {"help": ("--help",), "help-center-why": ("center", "why", "--help")}

MALFORMED = """\
{"type": "GradeConfirmed", "on": "2023-02-30", "center": "beijing/id:a", "round": "x"}
{"type": "GradeConfirm", "on": "2023-02-01"}
{"type": "EvaluationScored", "on": "2023-02-01", "center": "beijing/91110108MA1D000016"}
{"type": "EvaluationScored", "on": "2023-02-01", "score": 1e2}
{"type": "RoundOpened", "on": "2023-02-01", "on": "2023-02-02"}
"""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_answer_is_word_for_word(name: str, language: str, run: Run, town: str) -> None:
    """The answer is exactly that of the transcript."""
    compare(name, language, run, QUESTIONS[name], url=town)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_help_is_word_for_word(name: str, language: str, tmp_path: Path) -> None:
    """A help page is exactly that of the transcript."""
    answer = command.run(tmp_path, *PAGES[name], language=language)
    agree(name, language, f"$ taizhang {' '.join(PAGES[name])}\n{answer.stdout}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_recording_is_word_for_word(language: str, run: Run) -> None:
    """The receipt of a file is exactly that of the transcript."""
    compare("record", language, run, f"record {DEMO / 'town.jsonl'}", url="sqlite:///new.db")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_refusal_is_word_for_word(language: str, run: Run, town: str) -> None:
    """A refused file is answered with every reason and its article."""
    line = (
        f'{{"type": "CenterRevoked", "on": "2023-02-01", "center": "{GULOU}", "grounds": '
        '["14.1", "14.2"], "policy": "beijing/1", "policy_reason": "x"}\n'
    )
    compare("record-refused", language, run, "record -", url=town, stdin=line)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_malformed_file_is_word_for_word(language: str, run: Run, town: str) -> None:
    """Every bad line of a malformed file is named."""
    compare("record-malformed", language, run, "record -", url=town, stdin=MALFORMED)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("what-if-table", "--table yantai/2021-11"),
        ("what-if-table-open", "--table yantai/2023-07 --expert expert_items=12"),
    ],
)
def test_foreign_score_is_word_for_word(name: str, options: str, language: str, run: Run) -> None:
    """A filing scored by a foreign table is told exactly so."""
    record_filing(run)
    compare(name, language, run, f"what-if {HECHUAN_FILED} {options}", url=None)


def compare(
    name: str, language: str, run: Run, arguments: str, *, url: str | None, stdin: str = ""
) -> None:
    """Run a command and compare all it says with the golden transcript."""
    said = run(*arguments.split(), url=url, language=language, stdin=stdin)
    shown = arguments.replace(str(DEMO) + os.sep, "")
    text = f"$ taizhang {shown}\n{said.stdout}"
    text += f"[standard error]\n{said.stderr}" if said.stderr else ""
    agree(name, language, f"{text}[exit {said.status}]\n")
