"""Lines for people: width, wrapping, tables and sheets."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from rich.cells import cell_len

from cli.render.page import bold, pad, wrap
from cli.render.sheet import csv_lines, harmless
from cli.render.table import Column, table
from support.counter import Run

LAW = (
    "因本办法第十四条第（一）、（二）项所列原因被撤销市级企业技术中心资格的，自撤销之日起，"
    "两年内不得再次申请〔beijing/1 第十四条（一）〕 see beijing#41 and beijing:evaluation:2022"
)


@pytest.mark.parametrize("columns", range(30, 120))
def test_wrapped_lines_fit(columns: int) -> None:
    """No wrapped line is wider than the room, and nothing is lost but spaces at line ends."""
    lines = wrap(LAW, columns)
    assert max(cell_len(line) for line in lines) <= columns
    assert "".join(lines).replace(" ", "") == LAW.replace(" ", "")


@pytest.mark.parametrize("columns", range(30, 120))
def test_articles_stay_whole(columns: int) -> None:
    """An article with its edition never stands on two lines, however they are wrapped."""
    assert any("〔beijing/1 第十四条（一）〕" in line for line in wrap(LAW, columns))


@pytest.mark.parametrize("columns", range(24, 120))
def test_no_line_begins_with_punctuation(columns: int) -> None:
    """Closing punctuation stays with the character before it."""
    assert not [line for line in wrap(LAW, columns) if line[0] in "，。；：、）〕"]


def test_padding_counts_columns() -> None:
    """A wide character fills two of the columns asked for."""
    assert pad("撤销", 6) == "撤销  "


ROWS = [
    ["beijing/1", "北京市企业技术中心建设管理办法", "京经信〔2018〕1号"],
    ["xian/2016", "西安市 enterprise 技术中心", "—"],
    ["hechuan/2021", "", "two\nlines 两行"],
]


@pytest.mark.parametrize("room", [None, *range(40, 90)])
def test_rows_have_one_width(room: int | None) -> None:
    """Every line of a table takes the same number of columns."""
    columns = [Column("版本"), Column("title", folds=True), Column("文号", folds=True)]
    widths = {cell_len(line) for line in table(columns, ROWS, room=room)}
    assert len(widths) == 1
    assert room is None or widths.pop() <= room


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("columns", [60, 70, 80, 100, 120, 200, None])
def test_register_is_aligned(columns: int | None, language: str, run: Run, town: str) -> None:
    """The register has rows of one width, and every code and name whole, at any line length."""
    said = run("center", "list", url=town, columns=columns, language=language)
    lines = said.stdout.splitlines()
    assert len({cell_len(line) for line in lines}) == 1
    assert "beijing/91110108MA1D00009X" in said.stdout
    assert "北京玉兰示例智能科技有限公司" in said.stdout


def test_register_fits_a_terminal(run: Run, town: str) -> None:
    """Eighty columns are enough for the register."""
    said = run("center", "list", url=town, columns=80)
    assert max(cell_len(line) for line in said.stdout.splitlines()) <= 80


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1＋1"])
def test_formulas_become_text(cell: str) -> None:
    """What a spreadsheet would run is marked as text."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["北京示例有限公司", "58.25", "", "2022-09-15", "a=b", "14.1"])
def test_plain_cells_stay(cell: str) -> None:
    """What is no formula is written as it is."""
    assert harmless(cell) == cell


def test_sheet_reads_back() -> None:
    """The sheet begins with the mark Excel looks for, and its cells read back."""
    text = "".join(csv_lines(["名称", "注"], [["甲，乙", 'a "b"\nc'], ["丙", "=cmd"]]))
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows == [["名称", "注"], ["甲，乙", 'a "b"\nc'], ["丙", "'=cmd"]]


def test_sheet_of_the_register(run: Run, town: str) -> None:
    """The register as a sheet has a row a center, all of one length."""
    said = run("center", "list", "--csv", url=town)
    rows = list(csv.reader(io.StringIO(said.stdout.removeprefix("\ufeff"), newline="")))
    assert len(rows) == 10
    assert all(len(before) == len(after) for before, after in pairwise(rows))


def test_ink_only_where_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headings are bold on a terminal, and plain elsewhere or where NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert bold("撤销") == "\033[1m撤销\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert bold("撤销") == "撤销"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert bold("撤销") == "撤销"
