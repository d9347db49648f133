"""The calendar files, where they come from and how they are read."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import holidays
import pytest

from ledger.errors import MalformedError, NotFoundError
from policies.calendars import load_calendar, parse_calendar
from policies.legal_time import YearCalendar, calendar_year_of
from support import make_calendars

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "policies" / "calendars" / "cn"
YEARS = range(2004, 2027)

# Days on which the package `holidays` contradicts a notice, each with its reason. There is none:
# since 0.92 it also works 2019-04-28 and 2019-05-05.
HOLIDAYS_EXCEPTIONS: dict[date, str] = {}

GOOD = """\
year: 2030
source: made up
note: made up
rest:
  - 2029-12-31
  - 2030-10-01
work:
  - 2030-09-29
"""


def parse(text: str) -> YearCalendar:
    """The calendar of 2030 from the text of its file."""
    return parse_calendar(text.encode(), 2030, file="cn/2030.yaml")


class TestFiles:
    def test_years_are_the_files(self) -> None:
        """The published years are those with a file, and there is no other file."""
        assert load_calendar().years == tuple(YEARS)
        assert sorted(each.name for each in FOLDER.iterdir()) == [f"{y}.yaml" for y in YEARS]

    @pytest.mark.parametrize("calendar_year", YEARS)
    def test_file_equals_its_making(self, calendar_year: int) -> None:
        """Each file is, byte for byte, what its maker writes."""
        assert calendar_year in make_calendars.covered_years()
        made = make_calendars.render(calendar_year).encode()
        assert (FOLDER / f"{calendar_year}.yaml").read_bytes() == made

    @pytest.mark.parametrize("calendar_year", YEARS)
    def test_file_agrees_with_holidays(self, calendar_year: int) -> None:
        """A second package, made from the same notices, knows the same working days."""
        second = holidays.country_holidays("CN", years=range(2003, 2028))
        calendar = load_calendar()
        first, last = date(calendar_year - 1, 12, 29), date(calendar_year, 12, 28)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        different = {
            day for day in days if calendar.is_working_day(day) is not second.is_working_day(day)
        }
        known = {day for day in HOLIDAYS_EXCEPTIONS if calendar_year_of(day) == calendar_year}
        assert different == known

    @pytest.mark.parametrize("calendar_year", YEARS)
    def test_hash_is_of_file(self, calendar_year: int) -> None:
        """A year is pinned by the bytes of its file."""
        data = (FOLDER / f"{calendar_year}.yaml").read_bytes()
        pin = load_calendar().pin([calendar_year])
        assert pin == {f"cn/{calendar_year}": sha256(data).hexdigest()}

    def test_published_content_is_frozen(self) -> None:
        """What the calendars of 2004 to 2026 say never changes again."""
        digest = load_calendar().digest(range(2004, 2027))
        assert digest == "543777528f9882d25fe83a442a9c79d6c0d870e386999fedecaf0730939fefbb"

    def test_every_year_names_notice(self) -> None:
        """Each file gives the number of the notice it rests on."""
        assert set(make_calendars.NOTICES) == set(YEARS)
        assert all("国" in each and "号" in each for each in make_calendars.NOTICES.values())


class TestLoading:
    def test_unknown_country_is_absent(self) -> None:
        """Only countries with a folder have a calendar; a path is not a country."""
        for country in ("xx", "../cn", "", "cn/", "__pycache__"):
            with pytest.raises(NotFoundError, match="no calendar for country"):
                load_calendar(country)

    def test_year_is_read_once(self) -> None:
        """A year's file is parsed once and only when it is asked for."""
        calendar = load_calendar()
        assert calendar.read(2024) is calendar.read(2024)

    def test_loading_imports_only_need(self) -> None:
        """No YAML before the first year is used, and never a package of holidays."""
        script = (
            "import sys; from datetime import date\n"
            "from policies.calendars import load_calendar\n"
            "calendar = load_calendar()\n"
            "print('yaml' in sys.modules, calendar.is_working_day(date(2040, 1, 1)))\n"
            "print('yaml' in sys.modules, calendar.is_working_day(date(2024, 5, 6)))\n"
            "print(sorted({'yaml', 'holidays', 'chinese_calendar'} & set(sys.modules)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == "False None\nFalse True\n['yaml']\n"


class TestParsing:
    def test_good_file_is_read(self) -> None:
        """A file gives its days and its hash; days of late December stand in it."""
        calendar = parse_calendar(GOOD.encode(), 2030, file="cn/2030.yaml")
        assert calendar.calendar_year == 2030
        assert sorted(calendar.rest) == [date(2029, 12, 31), date(2030, 10, 1)]
        assert sorted(calendar.work) == [date(2030, 9, 29)]
        assert calendar.sha256 == sha256(GOOD.encode()).hexdigest()

    def test_note_may_be_absent(self) -> None:
        """A note is optional, and so is every day."""
        parse(GOOD.replace("note: made up\n", ""))
        parse("year: 2030\nsource: made up\nrest: []\nwork: []\n")

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("2030-10-01", "2030-10-05", "line 6: 2030-10-05 is Saturday"),
            ("2030-09-29", "2030-09-30", "line 8: 2030-09-30 is Monday"),
            ("2030-10-01", "2031-10-01", "line 6: 2031-10-01 is in the calendar of another year"),
            ("2030-10-01", "2030-12-31", "line 6: 2030-12-31 is in the calendar of another year"),
            ("2029-12-31", "2029-12-28", "line 5: 2029-12-28 is in the calendar of another year"),
            ("2029-12-31", "2030-10-02", "line 6: 2030-10-01 is out of order or stands twice"),
            ("2029-12-31", "2030-10-01", "line 6: 2030-10-01 is out of order or stands twice"),
            ("2030-10-01", "20301001", "line 6: '20301001' is no date"),
            ("2030-10-01", "2030-W40-2", "line 6: '2030-W40-2' is no date"),
            ("2030-10-01", "2030-02-30", "line 6: '2030-02-30' is no date"),
            ("2030-10-01", "2030-10-01T00:00", "line 6: '2030-10-01T00:00' is no date"),
            ("- 2030-10-01", "- [2030-10-01]", "line 6: a text is wanted"),
            ("- 2030-10-01", "-", "line 6: a text is wanted"),
            ("year: 2030", "year: 2031", "line 1: the year is '2031'"),
            ("year: 2030", "year: 2030\nyear: 2030", "line 2: 'year' stands twice"),
            ("work:", "rest:", "line 7: 'rest' stands twice"),
            ("note:", "hint:", "line 3: 'hint' is no field"),
            ("source: made up\n", "", "line 1: 'source' is missing"),
            ("source: made up", "source:", "line 2: a text is wanted"),
            ("note: made up", "note: {}", "line 3: a text is wanted"),
            ("work:\n  - 2030-09-29", "work: none", "line 7: a list of dates is wanted"),
            ("work:\n  - 2030-09-29", "work:\n  2030-09-29: x", "line 8: a list of dates"),
            ("year: 2030", "year: [2030", "no valid YAML"),
            ("year: 2030", "--- 2030\n---\nyear: 2030", "no valid YAML"),
        ],
    )
    def test_defect_names_the_place(self, old: str, new: str, message: str) -> None:
        """Whatever is wrong, the message names file and line."""
        assert old in GOOD
        with pytest.raises(MalformedError) as caught:
            parse(GOOD.replace(old, new))
        assert str(caught.value).startswith("cn/2030.yaml")
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "message"),
        [("", "empty"), ("- 1\n", "line 1: a calendar is a mapping"), ("x", "line 1: a calendar")],
    )
    def test_other_documents_are_malformed(self, text: str, message: str) -> None:
        """An empty file, a list or a word is no calendar."""
        with pytest.raises(MalformedError, match=f"cn/2030.yaml.*{message}"):
            parse(text)

    def test_wrong_encoding_is_malformed(self) -> None:
        """A file that is not UTF-8 is refused, never guessed."""
        with pytest.raises(MalformedError, match="no valid YAML"):
            parse_calendar(
                GOOD.encode().replace(b"made up", b"\xb9\xfa"), 2030, file="cn/2030.yaml"
            )

    def test_parsing_without_libyaml_agrees(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where PyYAML was built without its C parser, the same calendar comes out."""
        expected = parse(GOOD)
        monkeypatch.delattr("yaml.CBaseLoader")
        assert parse(GOOD) == expected
