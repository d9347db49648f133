"""The form of 合川: every check on both sides, its file, and its page in the documentation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from cli.wording import SENTENCES, sentence
from ledger.entries import ApplicationSubmitted, EvaluationSubmitted
from ledger.errors import MalformedError
from ledger.parsing import ParsedLine, parse_line
from policies.edition import FormRules
from policies.forms import (
    Form,
    check_filing,
    form_assessments,
    form_findings,
    form_of,
    load_form,
    parse_form,
)
from policies.forms.model import Kind
from policies.forms.spans import Span, span_of, years_to
from policies.outcome import Assessment, all_hold
from support import make_form_page
from support.cases import Case, cases_of
from support.scenario import TODAY, Line, given, judge, line_of

FORM = load_form("hechuan_2021")
EDITION = judge().rulebook.edition("hechuan/2021")
CASES = cases_of("forms")
BYTES = make_form_page.SOURCE.read_bytes()


def filing(
    figures: dict[str, Any] | None = None, tables: dict[str, Any] | None = None
) -> list[Assessment]:
    """Every check of a filing for 2022."""
    numbers = {name: Decimal(str(value)) for name, value in (figures or {}).items()}
    return check_filing(FORM, numbers, tables or {}, reporting_year=2022, sums={})


def answers(
    figures: dict[str, Any] | None = None, tables: dict[str, Any] | None = None
) -> dict[str, bool | None]:
    """What each check says; where one speaks twice, the worse."""
    found: dict[str, bool | None] = {}
    for each in filing(figures, tables):
        check = each.values["check"]
        found[check] = all_hold([found.get(check, True), each.result])
    return found


def answered(line: Line, case: Case) -> list[Assessment]:
    """Every check of the case's filing, held or not."""
    ledger = given(*case.given).ledger
    parsed = parse_line(line_of(line), 1, today=TODAY)
    assert isinstance(parsed, ParsedLine)
    entry = parsed.entries[0]
    assert isinstance(entry, ApplicationSubmitted | EvaluationSubmitted)
    state = ledger.state(entry.center)
    asked = judge().case(EDITION, state, entry.on, ledger.stored, entry.round)
    return form_assessments(asked, entry)


@cache
def all_answers() -> list[Assessment]:
    """Every check of every case."""
    return [found for case in CASES for found in answered(case.when, case)]


def all_checks(form: Form) -> set[str]:
    """The name of every check of tables and sums."""
    cells = {
        f"table{key}.{name}"
        for key, table in form.tables.items()
        for name, column in table.columns.items()
        if column.kind != "text" or column.detail_of
    }
    return cells | {*form.relations, *form.windows, *form.counts}


# --- both sides of every check --------------------------------------------------------------------


def test_every_check_is_cased() -> None:
    """Each sum, window, count and column has a case where it holds and one where it does not."""
    held = {found.values["check"] for found in all_answers() if found.result}
    broken = {found.values["check"] for found in all_answers() if not found.result}
    assert all_checks(FORM) <= held
    assert all_checks(FORM) <= broken


@pytest.mark.parametrize("name", FORM.indicators)
def test_every_figure_knows_its_sign(name: str) -> None:
    """Only profits can be negative."""
    assert answers({name: 0})[name] is True
    assert answers({name: -1})[name] is (name in ("h3", "h5"))


@pytest.mark.parametrize("name", FORM.indicators)
def test_every_figure_knows_its_unit(name: str) -> None:
    """Counts are whole, person-months are halves, amounts and averages have decimals."""
    indicator = FORM.indicators[name]
    whole = indicator.unit in ("个", "项") or name in ("h17", "h19", "h23", "h24")
    assert (indicator.counts == "whole") is whole
    assert answers({name: "3"})[name] is True
    assert answers({name: "3.5"})[name] is not whole
    assert answers({name: "3.25"})[name] is (not whole and name != "h25")


def test_every_figure_stands_on_the_form() -> None:
    """The form has 37 figures in order, each with its unit, its meaning and its note."""
    assert list(FORM.indicators) == [f"h{number}" for number in range(1, 38)]
    assert all(i.note and 1 <= int(i.note) <= 32 for i in FORM.indicators.values())
    assert {i.note for i in FORM.indicators.values()} == {str(n) for n in range(2, 33)}


def test_no_figure_is_taken_for_zero() -> None:
    """With one part missing, a sum is neither right nor wrong."""
    assert answers({"h7": 10, "h8": 20})["rd_parts"] is None


def test_nothing_filed_says_nothing() -> None:
    """A filing without figures of the form and without tables is not checked at all."""
    scenario = given().when(
        {
            "type": "EvaluationSubmitted",
            "on": "2023-05-10",
            "center": "hechuan/id:a",
            "round": "hechuan:evaluation:2023",
        }
    )
    assert "form_check" not in scenario.answer.noted
    ruling = scenario.answer.recorded[0].ruling
    assert ruling is not None
    assert "hc.rd.identity" not in ruling.interpretations


def test_an_unreadable_number_leaves_the_total_open() -> None:
    """A total with a cell that is no number is wrong only where the rest is too much already."""
    rows = [{"work_months": "一个半月"}, {"work_months": "2.5"}]
    assert answers({"h25": 4}, {"2": rows})["outside_months"] is None
    assert answers({"h25": 2}, {"2": rows})["outside_months"] is False


def test_a_check_does_not_contradict_itself() -> None:
    """What holds is not said to be open or wrong as well."""
    for case in CASES:
        found = answered(case.when, case)
        held = {a.values["check"] for a in found if a.result}
        assert held.isdisjoint(a.values["check"] for a in found if not a.result), case.name


def test_an_identity_is_said_to_be_one() -> None:
    """Read as an identity, both sides of it are told in the same words."""
    for whole in ("9", "11"):
        figures = {"h7": Decimal(whole), "h8": Decimal(10), "h9": Decimal(0)}
        found = check_filing(FORM, figures, {}, reporting_year=2022, sums={"rd_parts": "eq"})
        assert [a.say for a in found if a.values["check"] == "rd_parts"] == ["form_parts_differ"]


@pytest.mark.parametrize(
    ("kind", "text", "first", "last"),
    [
        ("month", "202402", "2024-02-01", "2024-02-29"),
        ("months", "201410-201810", "2014-10-01", "2018-10-31"),
        ("months", "202212-202212", "2022-12-01", "2022-12-31"),
        ("day", "20220301", "2022-03-01", "2022-03-01"),
        ("date", "2022-03-01", "2022-03-01", "2022-03-01"),
        ("year", "2022", "2022-01-01", "2022-12-31"),
    ],
)
def test_a_date_is_a_span_of_days(kind: Kind, text: str, first: str, last: str) -> None:
    """Each way to write a date covers the days it names, both ends included."""
    span = span_of(kind, text)
    assert span == Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("month", "202400"),
        ("month", "2024-2"),
        ("month", "\uff12\uff10\uff12\uff14\uff10\uff12"),
        ("months", "201810-201410"),
        ("months", "201410"),
        ("day", "20230229"),
        ("day", "2022-03-01"),
        ("date", "2022/03/01"),
        ("year", "0000"),
        ("year", "22"),
    ],
)
def test_no_date_has_no_span(kind: Kind, text: str) -> None:
    """What is written otherwise, or on no calendar, is no date."""
    assert span_of(kind, text) is None


def test_one_shared_day_is_shared() -> None:
    """Spans that meet on one day are neither apart nor inside each other."""
    before, year = Span(date(2021, 1, 1), date(2022, 1, 1)), years_to(2022, 1)
    assert not before.is_apart_from(year)
    assert not before.is_inside(year)
    assert Span(date(2021, 1, 1), date(2021, 12, 31)).is_apart_from(year)


# --- what a finding says --------------------------------------------------------------------------


def test_a_finding_names_its_note() -> None:
    """Article, note and figures stand in the finding; the reading stands in the answer."""
    case = next(c for c in CASES if "R&D spending reaches" in c.name and "[3:" in c.name)
    found = next(a for a in answered(case.when, case) if a.values["check"] == "rd_parts")
    assert found.result is False
    assert found.cite is not None
    assert (found.cite.edition, found.cite.article) == ("hechuan/2021", "第十三条（1）")
    assert found.values["note"] == "7"
    assert found.interpretation == ("hc.rd.identity", "ge")


def test_a_finding_names_many_rows_once() -> None:
    """A hundred wrong rows are one finding with the first ten and their number."""
    rows = [{"patent_type": "发明", "applied_on": "20220301"} for _ in range(100)]
    found = [a for a in filing({}, {"4": rows}) if a.values["check"] == "table4.patent_type"]
    assert [(a.values["rows"], a.values["count"]) for a in found] == [(list(range(1, 11)), 100)]


def test_a_finding_keeps_personal_cells() -> None:
    """What stands in a personal column is not repeated in a finding."""
    found = filing({}, {"1": [{"name": "甲某", "birth_month": "19709", "expert_type": "5"}]})
    assert all("19709" not in str(a.values) and "甲某" not in str(a.values) for a in found)


def test_numbers_and_their_digits_agree() -> None:
    """A cell filed as a number gives the same findings as its digits, as an audit reads them."""
    rows: list[dict[str, Any]] = [{"work_months": Decimal("1.3")}, {"work_months": 2}]
    texts = [{"work_months": "1.3"}, {"work_months": "2"}]
    figures = {"h25": "3.3"}
    assert filing(figures, {"2": rows}) == filing(figures, {"2": texts})


@pytest.mark.parametrize("cell", [True, [], {}, [1], "…"])
def test_a_cell_may_hold_anything(cell: object) -> None:
    """What is no cell of a form is said to be wrong or empty, never an error."""
    assert answers({"h31": 1}, {"4": [{"patent_type": cell}]})["table4.patent_type"] is not True


def test_every_sentence_can_be_spoken() -> None:
    """Each answer has a sentence, and nothing is missing in it."""
    for found in all_answers():
        text = sentence(found.say, found.values)
        assert found.result or "—" not in text, (text, found.values)
    spoken = {found.say for found in all_answers()}
    assert spoken == {say for say in SENTENCES if say.startswith("form_")}


def test_only_what_is_wrong_is_told() -> None:
    """A filing without tables is not told that figures are missing."""
    case = next(c for c in CASES if "figures without their table" in c.name)
    ledger = given(*case.given).ledger
    parsed = parse_line(line_of(case.when), 1, today=TODAY)
    assert isinstance(parsed, ParsedLine)
    entry = parsed.entries[0]
    assert isinstance(entry, EvaluationSubmitted)
    asked = judge().case(EDITION, ledger.state(entry.center), entry.on, ledger.stored, entry.round)
    assert any(a.result is None for a in form_assessments(asked, entry))
    assert form_findings(asked, entry) == []


# --- any table ------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.none(),
    st.integers(-3, 20300101),
    st.sampled_from(["1", "7", "20220301", "202201-202212", "发明", "", "2022"]),
    st.decimals(0, 50, places=1),
    st.lists(st.integers(), max_size=1),
)
COLUMNS = sorted({name for table in FORM.tables.values() for name in table.columns} | {"extra"})
TABLES = st.dictionaries(
    st.sampled_from([*FORM.tables, "9"]),
    st.one_of(
        st.none(),
        CELLS,
        st.lists(st.one_of(CELLS, st.dictionaries(st.sampled_from(COLUMNS), CELLS)), max_size=4),
    ),
    max_size=4,
)
FIGURES = st.dictionaries(
    st.sampled_from(sorted(FORM.indicators)), st.decimals(-10, 100, places=2), max_size=12
)


@given_any(FIGURES, TABLES)
def test_any_filing_is_answered(figures: dict[str, Decimal], tables: dict[str, Any]) -> None:
    """Whatever was filed, every check answers, twice the same, with a sentence."""
    once = check_filing(FORM, figures, tables, reporting_year=2022, sums={})
    again = check_filing(FORM, figures, tables, reporting_year=2022, sums={})
    assert once == again
    assert all(found.say in SENTENCES for found in once)


@given_any(st.lists(st.sampled_from(["1", "2", "3", "x", None]), max_size=6), st.integers(0, 7))
def test_open_rows_stay_open(types: list[str | None], inventions: int) -> None:
    """A count is wrong only if no reading of the unreadable rows can make it right."""
    rows = [{"patent_type": kind} for kind in types]
    sure = types.count("1")
    most = sure + sum(kind not in ("1", "2", "3") for kind in types)
    found = answers({"h32": inventions}, {"4": rows})["inventions"]
    if sure == most == inventions:
        assert found is True
    else:
        assert found is (None if sure <= inventions <= most else False)


# --- the file and its page ------------------------------------------------------------------------


def test_the_edition_names_this_file() -> None:
    """The edition pins the bytes of the form, so a ruling pins them too."""
    assert EDITION.form is not None
    assert form_of(EDITION.form) == FORM


def test_another_file_is_refused() -> None:
    """A form whose bytes are not those the edition names cannot be used unnoticed."""
    rules = FormRules(
        name="hechuan_2021", sha256="0" * 64, application_article="", evaluation_article=""
    )
    with pytest.raises(MalformedError, match="has the hash"):
        form_of(rules)


def test_every_reading_is_an_interpretation() -> None:
    """A sum that may be read in two ways names an interpretation, and each value changes it."""
    for name, relation in FORM.relations.items():
        if relation.reading is not None:
            values = EDITION.interpretations[relation.reading].values
            assert values["eq"]["form/relations"][name] == "eq"


@pytest.mark.parametrize("name", ["hechuan_2099", "../hechuan_2021", "Hechuan", ""])
def test_an_unknown_form_is_refused(name: str) -> None:
    """A form that is not at hand is named."""
    with pytest.raises(MalformedError, match="no form"):
        load_form(name)


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        ("left: [h7]", "left: [h38]", "relations/rd_parts/left: the form has no figure 'h38'"),
        ("right: [h27]", "right: []", "relations/research_projects/right: at least one figure"),
        ('figures: [h31], note: "28"', 'figures: [i31], note: "28"', "counts/applications/figures"),
        ('table: "2", figures', 'table: "9", figures', "the form has no table 9"),
        ("total_of: work_months", "total_of: phone", "no column 'phone' of the kind number"),
        ("valid_in: valid", "valid_in: title", "no column 'title' of the kind months"),
        ('patent_type: ["1"]', 'patent_type: ["9"]', "has no code"),
        ('{level: ["1"]}', "{rank: []}", "the column 'rank' of table 6 has no code"),
        ("column: applied_on", "column: title", "table 4 has no dated column 'title'"),
        ('years: "3"', 'years: "0"', "a window has at least one year"),
        ('step: "0.5", meaning', 'step: "0", meaning', "a step is more than 0"),
        ("counts: whole, meaning: employ", "counts: half, meaning: employ", "Invalid enum"),
        ('step: "0.5", meaning', 'step: "0.5", counts: whole, meaning', "not both"),
        ("kind: day, note: 表4-4", "kind: day", "needs the note that says how"),
        ('other: "4"', 'other: "5"', "'5' is not among the codes"),
        ("detail_of: issuer,", "detail_of: certificate_number,", "no column with a code to"),
        (", detail_of: issuer, note: 表7-3", "", "needs a column that is detail_of it"),
        ('kind: code, codes: {"1": 发明', 'codes: {"1": 发明', "a column of codes lists them"),
        ("{name: 联系电话, personal", '{name: 联系电话, step: "1", personal', "a step belongs to"),
        ("  patents: {table", "  rd_parts: {table", "another check has this name"),
        ("certain:", "sure:", "unknown field"),
        ("unit: 万美元", "unit: 1.5", "put the decimal 1.5 in quotes"),
        ("errata:", "tables:", "the key 'tables' stands twice"),
    ],
)
def test_a_defect_is_named(old: str, new: str, defect: str) -> None:
    """A form that contradicts itself is not loaded, and the message says where."""
    text = BYTES.decode()
    assert old in text
    with pytest.raises(MalformedError, match=r"made_up\.yaml") as raised:
        parse_form(text.replace(old, new, 1).encode(), source="made_up.yaml")
    assert defect in str(raised.value)


@pytest.mark.parametrize("text", ["", "- h1", "h1: [", "[1]: 2", "? [a]\n: b"])
def test_no_mapping_is_no_form(text: str) -> None:
    """A file that is not one mapping of texts is refused with its name."""
    with pytest.raises(MalformedError, match=r"made_up\.yaml"):
        parse_form(text.encode(), source="made_up.yaml")


def test_the_page_is_that_of_the_file() -> None:
    """docs/hechuan-form.md is what `python tests/support/make_form_page.py` writes."""
    assert make_form_page.PAGE.read_text(encoding="utf-8") == make_form_page.page(FORM)
