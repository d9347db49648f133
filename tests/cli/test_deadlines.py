from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support.counter import Run, Said
from support.scenario import Line, line_of

CENTER = "hechuan/id:a"
NAME = "重庆合川甲一汽配有限公司,\\分;部"
KEYS = {
    "what",
    "scheme",
    "center",
    "name",
    "round",
    "by",
    "message",
    "since",
    "stated",
    "due",
    "lower_bound",
    "undetermined",
    "overdue",
    "cite",
    "entries",
}

PAST: list[Line] = [
    {
        "type": "RoundOpened",
        "on": "2022-03-01",
        "round": "hechuan:designation:2022",
        "deadline": "2022-04-29",
    },
    {
        "type": "CenterDesignated",
        "on": "2022-09-15",
        "center": CENTER,
        "round": "hechuan:designation:2022",
        "name": NAME,
    },
    {
        "type": "RoundOpened",
        "on": "2023-03-01",
        "round": "hechuan:evaluation:2023",
        "deadline": "2023-04-30",
    },
    {
        "type": "ReturnRequested",
        "on": "2023-04-03",
        "center": CENTER,
        "kind": "operating_data",
        "period": "2023-Q1",
        "due": "2023-04-20",
    },
    {"type": "RectificationOrdered", "on": "2023-04-03", "center": CENTER},
    {"type": "EnterpriseRenamed", "on": "2022-11-29", "center": CENTER, "name": NAME},
]
"""A center that owes a filing by 4 May 2023, a return by 20 April, and two reports."""


def recorded(run: Run, lines: Iterable[Line], *options: str) -> None:
    """Record the lines; all of them must be taken."""
    text = b"\n".join(map(line_of, lines)).decode()
    said = run("record", "-", *options, stdin=text)
    assert said.status == 0, said.stderr


@pytest.fixture
def asked(run: Run) -> Run:
    """The command, on a ledger with that past."""
    recorded(run, PAST, "--historical")
    return run


def deadlines(run: Run, *arguments: str, on: str = "2023-04-21", **options: Any) -> Said:
    """What is due on a day."""
    return run("deadlines", "--on", on, *arguments, **options)


def listed(run: Run, *arguments: str, on: str = "2023-04-21") -> list[tuple[str, str | None]]:
    """What is due, and by when, in the order it is listed in."""
    found = deadlines(run, "--json", *arguments, on=on).json["deadlines"]
    return [(duty["what"], duty["due"]) for duty in found]


def test_lists_the_earliest_first(asked: Run) -> None:
    """Overdue, then due, then without a day."""
    assert listed(asked) == [
        ("report", "2023-01-11"),
        ("return", "2023-04-20"),
        ("filing", "2023-05-04"),
        ("rectification", None),
    ]


def test_keeps_to_the_days_asked(asked: Run) -> None:
    """A filing due in 13 days is shown within 13 days, not within 12."""
    assert ("filing", "2023-05-04") in listed(asked, "--within", "13")
    assert ("filing", "2023-05-04") not in listed(asked, "--within", "12")


def test_json_holds_both_days(asked: Run) -> None:
    """Each duty gives the printed and the rolled day, its article, and whether it is overdue."""
    value = deadlines(asked, "--json").json
    assert list(value) == ["ok", "on", "within", "deadlines", "upto"]
    assert all(set(duty) == KEYS for duty in value["deadlines"])
    by_kind = {duty["what"]: duty for duty in value["deadlines"]}
    filing = by_kind["filing"]
    assert (filing["stated"], filing["due"]) == ("2023-04-30", "2023-05-04")
    assert filing["cite"] == {"edition": "hechuan/2021", "article": "第十三条（1）"}
    assert filing["entries"] == ["hechuan#2"]
    assert {kind: duty["overdue"] for kind, duty in by_kind.items()} == {
        "report": True,
        "return": True,
        "filing": False,
        "rectification": False,
    }
    assert by_kind["rectification"]["undetermined"] == "no text says by when"


def test_prints_a_table(asked: Run) -> None:
    """The answer for people says who has to act, and marks what is overdue."""
    lines = deadlines(asked, "--within", "0", columns=None).stdout.splitlines()
    assert [" ".join(line.split()) for line in lines[:5]] == [
        "due from center what",
        f"2023-01-11 the center {NAME} report the renaming of 2022-11-29 (30 working days)"
        " [hechuan/2021 第二十一条]",
        f"overdue {CENTER}",
        f"2023-04-20 the center {NAME} file the return (operating data) of 2023-Q1"
        " [hechuan/2021 第十六条（2）]",
        f"overdue {CENTER}",
    ]


def test_says_that_nothing_is_due(run: Run) -> None:
    """An empty ledger has no deadlines, and no log of a scheme either."""
    run("init")
    assert deadlines(run).stdout == "Nothing is due.\n"
    assert deadlines(run, "--scheme", "xian", "--json").json["deadlines"] == []


def test_keeps_to_one_scheme(asked: Run) -> None:
    """With --scheme only that scheme is asked; a scheme nobody knows is not found."""
    assert listed(asked, "--scheme", "beijing") == []
    assert len(listed(asked, "--scheme", "hechuan")) == 4
    assert deadlines(asked, "--scheme", "nowhere").status == 3


def test_answers_for_an_earlier_knowledge(asked: Run) -> None:
    """With --known-at only what was recorded by then is due."""
    assert listed(asked, "--known-at", "hechuan#2") == [("filing", "2023-05-04")]


class TestCalendarFile:
    def test_is_a_calendar(self, asked: Run, tmp_path: Path) -> None:
        """Every line ends with CRLF and has at most 75 octets, whole characters each (RFC 5545)."""
        said = deadlines(asked, "--ics", "days.ics", "--json")
        assert said.json["ok"] is True
        assert said.stderr == "days written to days.ics: 3; matters without a day: 1\n"
        content = (tmp_path / "days.ics").read_bytes()
        assert content.endswith(b"END:VCALENDAR\r\n")
        lines = content.removesuffix(b"\r\n").split(b"\r\n")
        assert all(len(line) <= 75 and b"\n" not in line for line in lines)
        assert max(len(line) for line in lines) == 75
        assert all(line.decode("utf-8") for line in lines)
        assert lines[:2] == [b"BEGIN:VCALENDAR", b"VERSION:2.0"]

    def test_has_an_event_a_day(self, asked: Run, tmp_path: Path) -> None:
        """A duty with a day is an all-day event; its texts are escaped."""
        filing = events(asked, tmp_path)[2]
        assert filing["DTSTART;VALUE=DATE"] == "20230504"
        assert filing["DTEND;VALUE=DATE"] == "20230505"
        assert filing["STATUS"] == "CONFIRMED"
        assert filing["SUMMARY"].startswith("重庆合川甲一汽配有限公司\\,\\\\分\\;部: file the")
        assert "printed 2023-04-30" in filing["DESCRIPTION"]
        assert len(filing["DTSTAMP"]) == len("20230504T000000Z")

    def test_identifiers_stay(self, asked: Run, tmp_path: Path) -> None:
        """An event keeps its UID on another day, in another language, and with another deadline."""
        first = [event["UID"] for event in events(asked, tmp_path)]
        assert len(set(first)) == 3
        later = {**PAST[2], "on": "2023-04-10", "deadline": "2023-05-31"}
        recorded(asked, [later])
        again = events(asked, tmp_path, "--within", "60", on="2023-04-22", language="zh")
        assert [event["UID"] for event in again] == first
        assert again[2]["DTSTART;VALUE=DATE"] == "20230531"

    def test_has_the_same_bytes(self, asked: Run, tmp_path: Path) -> None:
        """The same entries give the same file."""
        deadlines(asked, "--ics", "one.ics")
        deadlines(asked, "--ics", "two.ics")
        assert (tmp_path / "one.ics").read_bytes() == (tmp_path / "two.ics").read_bytes()

    def test_marks_what_is_not_certain(self, asked: Run, tmp_path: Path) -> None:
        """Without a calendar the event stands at the day it is never before, as tentative."""
        renamed = {**PAST[5], "on": "2026-11-20", "name": "甲三"}
        recorded(asked, [renamed])
        [*_, event] = events(asked, tmp_path, "--within", "60", on="2026-11-21")
        assert (event["DTSTART;VALUE=DATE"], event["STATUS"]) == ("20270101", "TENTATIVE")

    def test_goes_to_standard_output(self, asked: Run) -> None:
        """With - the calendar is the answer."""
        said = deadlines(asked, "--ics", "-")
        assert said.stdout.startswith("BEGIN:VCALENDAR")
        assert "overdue" not in said.stdout

    def test_names_a_folder_that_is_missing(self, asked: Run) -> None:
        """A file that cannot be written is an error with its reason."""
        said = deadlines(asked, "--ics", "no/such/folder.ics")
        assert said.status == 3
        assert "no/such/folder.ics" in said.stderr


def events(
    run: Run, folder: Path, *arguments: str, on: str = "2023-04-21", language: str = "en"
) -> list[dict[str, str]]:
    """The events of the calendar file, unfolded, by the names of their lines."""
    deadlines(run, "--ics", "days.ics", *arguments, on=on, language=language)
    text = (folder / "days.ics").read_bytes().decode("utf-8").replace("\r\n ", "")
    _, *found = text.split("BEGIN:VEVENT\r\n")
    return [
        dict(line.split(":", 1) for line in event.partition("END:VEVENT")[0].splitlines())
        for event in found
    ]
