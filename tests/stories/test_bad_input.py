"""Bad data is refused as a whole, with the line of every mistake, and leaves no trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.command import run

ROUND = {
    "type": "RoundOpened",
    "on": "2024-03-01",
    "round": "hechuan:designation:2024",
    "deadline": "2024-04-30",
}
APPLICATION = {
    "type": "ApplicationSubmitted",
    "on": "2024-04-10",
    "center": "hechuan/91500117MA1000041F",
    "round": "hechuan:designation:2024",
    "name": "重庆合川丁四电子有限公司",
}
SCORE = {
    "type": "EvaluationScored",
    "on": "2024-06-10",
    "center": "hechuan/91500117MA1000041F",
    "round": "hechuan:evaluation:2024",
    "score": "80",
}


def text(entry: dict[str, Any]) -> str:
    """An entry as a line."""
    return json.dumps(entry, ensure_ascii=False)


CASES: dict[str, tuple[list[str], list[int], str]] = {
    "an unknown field": ([text(ROUND), text({**APPLICATION, "colour": "红"})], [2], "colour"),
    "a missing field": ([text({k: v for k, v in APPLICATION.items() if k != "name"})], [1], "name"),
    "a key twice": (['{"type": "RoundOpened", "type": "RoundOpened"}'], [1], "twice"),
    "a wrong check digit": (
        [text(ROUND), text({**APPLICATION, "center": "hechuan/91500117MA1000041E"})],
        [2],
        "check digit",
    ),
    "a day that does not exist": ([text({**APPLICATION, "on": "2023-02-29"})], [1], "no such day"),
    "a day in the future": ([text({**APPLICATION, "on": "2999-01-01"})], [1], "future"),
    "a score with five decimals": ([text({**SCORE, "score": "59.99999"})], [1], "4 decimals"),
    "a score above the scale": ([text({**SCORE, "score": 200.5})], [1], "200"),
    "a score that is not a number": (['{"type": "EvaluationScored", "score": NaN}'], [1], "NaN"),
    "a line that is no JSON": ([text(ROUND), "RoundOpened 2025"], [2], "no JSON"),
    "a list instead of an object": (["[1, 2]"], [1], "object"),
    "an unknown type": ([text({**ROUND, "type": "RoundOpend"})], [1], "RoundOpened"),
    "a line of more than a mebibyte": (
        [text(ROUND), text({**APPLICATION, "note": "长" * 400_000})],
        [2],
        "bytes",
    ),
    "a round of another scheme": (
        [text({**APPLICATION, "round": "beijing:designation:2024"})],
        [1],
        "another scheme",
    ),
    "a ground the regulation lacks": (
        [
            text(ROUND),
            text(
                {
                    "type": "CenterRevoked",
                    "on": "2024-05-01",
                    "center": "hechuan/id:a",
                    "grounds": ["99.9"],
                }
            ),
        ],
        [2],
        "99.9",
    ),
    "an indicator mistyped": (
        [text({**APPLICATION, "indicators": {"rd_expediture": 100}})],
        [1],
        "rd_expenditure",
    ),
    "half a surrogate": (
        [text({**APPLICATION, "name": "甲"}).replace("甲", "\\ud800")],
        [1],
        "surrogate",
    ),
    "several lines at once": (
        [text({**ROUND, "deadline": "x"}), text(APPLICATION), "{", text({**SCORE, "score": "a"})],
        [1, 3, 4],
        "malformed",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger that holds one sound entry."""
    assert run(tmp_path, "record", "-", stdin=text(ROUND) + "\n").status == 0
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_names_every_bad_line(name: str, folder: Path) -> None:
    """Exit 2 names each bad line, records nothing, and the log still verifies."""
    lines, bad, hint = CASES[name]
    answer = run(folder, "record", "-", "--json", stdin="\n".join(lines) + "\n")
    assert answer.status == 2, answer.stderr
    error = answer.json["error"]
    assert error["line"] == bad[0]
    assert [problem["line"] for problem in error["errors"]] == bad
    assert hint in answer.stderr
    verified = run(folder, "log", "verify", "--json")
    assert verified.status == 0, verified.stderr
    assert verified.json["size"] == 1


def test_refuses_bytes_of_gb18030(folder: Path) -> None:
    """A file saved as GB18030 is told so."""
    (folder / "gb.jsonl").write_bytes(text(APPLICATION).encode("gb18030"))
    answer = run(folder, "record", "gb.jsonl")
    assert answer.status == 2
    assert "UTF-8" in answer.stderr


def test_reports_malformed_lines_before_refusals(folder: Path) -> None:
    """A file with a refused act and a malformed line is malformed, whichever comes first."""
    refused = text(
        {
            "type": "GradeConfirmed",
            "on": "2024-07-01",
            "center": "hechuan/id:a",
            "round": "hechuan:evaluation:2024",
        }
    )
    answer = run(folder, "record", "-", "--json", stdin=f"{refused}\n{{\n")
    assert answer.status == 2
    assert answer.json["error"]["line"] == 2
