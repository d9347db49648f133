"""Make policies/calendars/cn/*.yaml from the data of the package chinesecalendar.

    python tests/support/make_calendars.py

The same package makes the same bytes. The package is read here and never at run time, so a ruling
can be repeated on a machine without it. A year the package does not cover is left as it is.

To publish a year: update chinesecalendar, add the number of the notice to NOTICES, run this,
and compare with the notice. A file that is already published must come out unchanged.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from chinese_calendar import constants

FOLDER = Path(__file__).parents[2] / "policies" / "calendars" / "cn"

UNNAMED_SOURCE = "published data of chinesecalendar"

# The notices of the State Council's General Office (部分节假日安排的通知), later changes behind.
NOTICES = {
    2004: "国办发明电〔2003〕53号",
    2005: "国办发明电〔2004〕52号",
    2006: "国办发明电〔2005〕35号",
    2007: "国办发明电〔2006〕49号",
    2008: "国办发明电〔2007〕52号",
    2009: "国办发明电〔2008〕42号",
    2010: "国办发明电〔2009〕27号",
    2011: "国办发明电〔2010〕40号",
    2012: "国办发明电〔2011〕45号",
    2013: "国办发明电〔2012〕33号",
    2014: "国办发明电〔2013〕28号",
    2015: "国办发明电〔2014〕28号、国发明电〔2015〕1号",
    2016: "国办发明电〔2015〕18号",
    2017: "国办发明电〔2016〕17号",
    2018: "国办发明电〔2017〕12号",
    2019: "国办发明电〔2018〕15号、国办发明电〔2019〕3号",
    2020: "国办发明电〔2019〕16号、国办发明电〔2020〕1号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}

NOTES = {
    2006: "2005-12-31 is worked by the notice, item 1; chinesecalendar 1.11 leaves it out.",
    2015: "2015-09-03 to 09-05 off and 09-06 worked by the second notice.",
    2019: "05-01 to 05-04 off, 04-28 and 05-05 worked by the second notice.",
    2020: "01-31 to 02-02 off by the second notice, so 02-01 is no longer worked.",
}

# Working weekend days that a notice names and the package lacks.
MISSING_WORK = frozenset({date(2005, 12, 31)})


def covered_years() -> list[int]:
    """The years whose notice the installed package knows, ascending."""
    return sorted({_notice_year(day) for day in constants.holidays})


def render(calendar_year: int) -> str:
    """The text of the data file of `calendar_year`."""
    rest = [day for day in sorted(constants.holidays) if day.weekday() < 5]
    work = sorted(MISSING_WORK.union(constants.workdays))
    lines = [
        "# Made by tests/support/make_calendars.py; rulings pin these bytes.",
        f"year: {calendar_year}",
        f"source: {NOTICES.get(calendar_year, UNNAMED_SOURCE)}",
    ]
    if calendar_year in NOTES:
        lines.append(f"note: {NOTES[calendar_year]}")
    for name, days in (("rest", rest), ("work", work)):
        lines.append(f"{name}:")
        lines += [f"  - {day}" for day in days if _notice_year(day) == calendar_year]
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Write the files of all covered years."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for calendar_year in covered_years():
        path = FOLDER / f"{calendar_year}.yaml"
        path.write_text(render(calendar_year), encoding="utf-8", newline="\n")


def _notice_year(day: date) -> int:
    # 29 to 31 December are moved by the notice for the year that follows.
    return (day + timedelta(days=3)).year


if __name__ == "__main__":
    main()
