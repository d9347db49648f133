from __future__ import annotations

from typing import Any

import pytest

from support.counter import Run, Said
from support.scenario import Line, line_of

CENTER, OTHER = "beijing/id:a", "beijing/id:b"
POLICY = {"policy": "beijing/1", "policy_reason": "通知载明"}
FACT = {"type": "FactEstablished", "on": "2021-06-01", "center": CENTER, "fact": "smuggling"}


def past(center: str, scores: tuple[str, str]) -> list[Line]:
    """A center designated in 2019, with two evaluations, in lines that are taken as published."""
    name = "beijing:designation:2019"
    lines: list[Line] = [
        {
            "type": "CenterDesignated",
            "on": "2019-12-20",
            "center": center,
            "round": name,
            "name": f"北京第{center[-1]}厂",
            **POLICY,
        }
    ]
    for year, score in zip((2021, 2022), scores, strict=True):
        about = {"center": center, "round": f"beijing:evaluation:{year}"}
        lines += [
            {"type": "EvaluationScored", "on": f"{year}-06-10", "score": score, **about},
            {"type": "GradeConfirmed", "on": f"{year}-07-12", **about},
        ]
    return lines


@pytest.fixture
def asked(run: Run) -> Run:
    """The command, on a ledger with a center that failed twice and was revoked, and one that
    passed."""
    notices: list[Line] = [
        {"type": "RoundOpened", "on": f"{year}-03-01", "deadline": f"{year}-04-29", **POLICY}
        | {"round": f"beijing:evaluation:{year}"}
        for year in (2021, 2022)
    ]
    revoked = {"type": "CenterRevoked", "on": "2022-11-30", "center": CENTER, "grounds": ["14.1"]}
    lines = [*notices, *past(CENTER, ("55", "58")), *past(OTHER, ("75", "92"))]
    text = b"\n".join(map(line_of, [*lines, {**revoked, **POLICY}])).decode()
    said = run("record", "-", "--historical", stdin=text)
    assert said.status == 0, said.stderr
    return run


def what_if(run: Run, *arguments: str, **options: Any) -> Said:
    """What would be."""
    return run("what-if", *arguments, **options)


GRADED = "beijing#4"
"""The first failing grade of the center that was revoked."""


def test_json_has_its_members(asked: Run) -> None:
    """One object: what is replaced, how many acts, which would change and why, and the status."""
    value = what_if(asked, CENTER, "--without", GRADED, "--json").json
    assert list(value) == ["ok", "replaced", "acts", "changed", "status", "upto"]
    assert (value["ok"], value["replaced"], value["acts"]) == (True, {"without": GRADED}, 3)
    [act] = value["changed"]
    assert list(act) == ["position", "center", "type", "on", "old", "new", "because"]
    assert (act["position"], act["center"], act["type"]) == ("beijing#12", CENTER, "CenterRevoked")
    assert act["old"]["supported"] is True
    assert act["old"]["ban"]["last_day"] == "2024-11-30"
    assert (act["new"]["supported"], act["new"]["ban"]) == (False, None)
    assert act["because"]["code"] == "ground_unmet"
    assert act["because"]["cite"] == {"edition": "beijing/1", "article": "第十四条（一）"}
    assert value["status"] == [{"center": CENTER, "old": "revoked", "new": "designated"}]


def test_prints_every_act(asked: Run) -> None:
    """For people every act of the center, the first reason, and where it would stand."""
    said = what_if(asked, CENTER, "--without", GRADED, columns=None)
    assert said.status == 0
    title, *lines = said.stdout.splitlines()
    assert title == "If beijing#4 had not been recorded:"
    assert [line.split(" · ")[0].strip() for line in lines if " · " in line] == [
        "beijing#2",
        "beijing#6",
        "beijing#12",
    ]
    assert lines[-3:] == [
        "    recorded: supported by the rules; banned to 2024-11-30; "
        "it would be: not supported by the rules (ground unmet)",
        "    the facts on file do not carry the ground 14.1: 1 consecutive year failed "
        "(beijing:evaluation:2022); 2 are needed [beijing/1 第十四条（一）]",
        f"  {CENTER}: revoked; it would be: designated",
    ]
    assert said.stderr == "acts judged again: 3, would change: 1; nothing was recorded\n"


def test_judges_a_whole_scheme(asked: Run) -> None:
    """With --scheme every act is judged, and only what would change is listed."""
    value = what_if(asked, "--scheme", "beijing", "--policy", "hechuan/2021", "--json").json
    assert value["acts"] == 9
    changed = {act["position"] for act in value["changed"]}
    assert changed == {"beijing#4", "beijing#6", "beijing#9", "beijing#11", "beijing#12"}
    assert value["status"] == [{"center": CENTER, "old": "revoked", "new": None}]


@pytest.mark.parametrize(
    ("arguments", "acts"),
    [
        (["--without", GRADED], 3),
        (["--without", "beijing#0"], 8),
        (["--policy", "beijing/1"], 9),
        (["--scheme", "beijing", "--without", GRADED], 8),
    ],
)
def test_knows_whom_it_concerns(arguments: list[str], acts: int, asked: Run) -> None:
    """Without a center the entry's own is judged; for a notice or an edition the whole scheme."""
    assert what_if(asked, *arguments, "--json").json["acts"] == acts


@pytest.mark.parametrize("source", ["fact.json", "-"])
def test_adds_a_fact(source: str, asked: Run, tmp_path: Any) -> None:
    """One more fact, from a file or standard input, is judged as if recorded."""
    text = line_of(FACT).decode() + "\n"
    (tmp_path / "fact.json").write_text(text, encoding="utf-8")
    value = what_if(asked, "--fact", source, "--json", stdin=text).json
    assert value["replaced"]["fact"] == FACT
    assert (value["acts"], value["changed"]) == (4, [])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "0 lines"),
        (line_of(FACT).decode() + "\n" + line_of(FACT).decode(), "2 lines"),
        ("{", "line 1"),
        (line_of({**FACT, "colour": "红"}).decode(), "colour"),
        (line_of({**FACT, "type": "WarningIssued"}).decode(), "fact"),
        (
            line_of({"type": "CenterRevoked", "on": "2022-01-04", "center": CENTER}).decode(),
            "grounds",
        ),
        (
            line_of({"type": "WithdrawalRequested", "on": "2999-01-01", "center": CENTER}).decode(),
            "future",
        ),
    ],
)
def test_takes_one_sound_fact(text: str, hint: str, asked: Run) -> None:
    """What is no single fact of a center is malformed, with the reason."""
    said = what_if(asked, "--fact", "-", stdin=text)
    assert said.status == 2
    assert hint in said.stderr


def test_refuses_an_act_for_a_fact(asked: Run) -> None:
    """A decision of the authority is no fact that can be added."""
    act = {"type": "CenterRevoked", "on": "2022-01-04", "center": CENTER, "grounds": ["14.1"]}
    said = what_if(asked, "--fact", "-", stdin=line_of(act).decode())
    assert said.status == 2
    assert "is no fact of a center" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([CENTER], 2),
        ([CENTER, "--policy", "beijing/1", "--without", GRADED], 2),
        ([CENTER, "--calendar", "weekdays-only", "--interpretation", "ban.multi_ground=sum"], 2),
        (["--calendar", "weekdays-only"], 2),
        ([CENTER, "--scheme", "beijing", "--calendar", "weekdays-only"], 2),
        ([CENTER, "--calendar", "lunar"], 2),
        ([CENTER, "--interpretation", "ban.multi_ground"], 2),
        ([CENTER, "--interpretation", "ban.multi_ground=shortest"], 2),
        ([CENTER, "--interpretation", "xa.art22_ref=15"], 2),
        ([CENTER, "--policy", "beijing/9"], 2),
        ([CENTER, "--without", "beijing"], 2),
        ([CENTER, "--without", "beijing#99"], 3),
        ([OTHER, "--without", GRADED], 2),
        (["xian/id:a", "--without", "beijing#0"], 2),
        (["--scheme", "xian", "--without", GRADED], 2),
        (["beijing/id:nobody", "--calendar", "weekdays-only"], 3),
        (["--scheme", "nowhere", "--calendar", "weekdays-only"], 3),
    ],
)
def test_takes_one_replacement(arguments: list[str], status: int, asked: Run) -> None:
    """Exactly one thing is replaced, and it must be there; else usage, malformed or not found."""
    said = what_if(asked, *arguments, "--json")
    assert said.status == status
    assert said.json["ok"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        [CENTER, "--policy", "xian/2016"],
        [CENTER, "--interpretation", "bj.consec.unit=rounds"],
        ["--scheme", "beijing", "--calendar", "weekdays-only"],
        ["--fact", "-"],
        ["--without", GRADED],
    ],
)
def test_records_nothing(arguments: list[str], asked: Run) -> None:
    """Size and root of the log stay what they were."""
    before = asked("log", "show", "--json").json
    said = what_if(asked, *arguments, stdin=line_of(FACT).decode())
    assert said.status == 0, said.stderr
    assert asked("log", "show", "--json").json == before
    assert asked("log", "verify").status == 0
