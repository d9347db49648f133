"""A jurist adds a regulation by the guide, and it rules like those that come along."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from ledger.errors import ConflictError
from policies import edition as model
from policies.adding import check_to_add
from policies.checking import UNKNOWABLE, check_file
from policies.forms import load_form
from policies.loading import builtin_editions
from support.command import Answer, run
from support.guide import GUIDE, example
from support.places import Places
from support.scenario import FileLedger, Line

CENTER = "qingshan/id:one"
DESIGNATION = "qingshan:designation:2024"
EVALUATION = "qingshan:evaluation:2026"

DESIGNATED: tuple[Line, ...] = (
    {"type": "RoundOpened", "on": "2024-03-15", "round": DESIGNATION, "deadline": "2024-05-31"},
    {
        "type": "ApplicationSubmitted",
        "on": "2024-05-20",
        "center": CENTER,
        "round": DESIGNATION,
        "name": "青山示例软件有限公司",
        "industry": "software",
        "indicators": {"main_revenue": "1000", "rd_expenditure": "200"},
    },
    {"type": "ApplicationAdmitted", "on": "2024-06-03", "center": CENTER, "round": DESIGNATION},
    {
        "type": "ReviewDecided",
        "on": "2024-06-20",
        "center": CENTER,
        "round": DESIGNATION,
        "stage": "expert",
        "passed": True,
    },
    {"type": "DesignationProposed", "on": "2024-07-01", "center": CENTER, "round": DESIGNATION},
    {
        "type": "PublicityOpened",
        "on": "2024-07-02",
        "center": CENTER,
        "subject": "designation",
        "round": DESIGNATION,
        "closes": "2024-07-08",
    },
    {"type": "CenterDesignated", "on": "2024-07-10", "center": CENTER, "round": DESIGNATION},
)


def evaluated(score: str) -> list[Line]:
    """The evaluation of 2026 up to the confirmed grade."""
    common = {"center": CENTER, "round": EVALUATION}
    return [
        {"type": "RoundOpened", "on": "2026-03-02", "round": EVALUATION, "deadline": "2026-04-30"},
        {"type": "EvaluationSubmitted", "on": "2026-04-20", **common},
        {"type": "EvaluationScored", "on": "2026-06-01", **common, "score": score},
        {"type": "GradeConfirmed", "on": "2026-06-15", **common},
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the guide's example."""
    path = tmp_path / "qingshan.yaml"
    path.write_text(example(), encoding="utf-8")
    return path


@pytest.fixture
def ledger(places: Places) -> Iterator[FileLedger]:
    """A ledger to which the guide's example was added."""
    found = FileLedger(places.new())
    found.desk.add_edition(example().encode(), source="qingshan.yaml")
    yield found
    found.close()


def tell(folder: Path, *arguments: str, lines: tuple[Line, ...] | list[Line] = ()) -> Answer:
    """Run the command, with lines on its standard input."""
    return run(folder, *arguments, stdin="".join(json.dumps(line) + "\n" for line in lines))


class TestTheGuide:
    def test_its_example_has_no_defect(self, file: Path) -> None:
        """The blocks of the guide, one under the other, pass `policy check`."""
        answer = tell(file.parent, "policy", "check", file.name, "--json")
        assert answer.status == 0, answer.stdout
        assert answer.json["edition"] == "qingshan/2024"

    def test_it_cites_every_article_of_its_text(self) -> None:
        """No article of the example's regulation is left out, and none is made up."""
        text = set(re.findall(r"^\| (第[一二三四五六七八九十]+条) \|", GUIDE, flags=re.MULTILINE))
        assert text == set(re.findall(r"第[一二三四五六七八九十]+条", example()))

    def test_it_explains_every_key(self) -> None:
        """Each key of each section is named in the guide, and so is each word a key allows."""
        structs = [
            s for s in vars(model).values() if isinstance(s, type) and issubclass(s, msgspec.Struct)
        ]
        keys = {f.encode_name for s in structs for f in msgspec.structs.fields(s)}
        words = {str(tag) for s in structs if (tag := s.__struct_config__.tag)}
        assert {w for w in keys | words if not re.search(rf"[`{{ ]{w}\b", GUIDE)} == set()
        assert {w for w in get_args(model.Industry) if f"`{w}`" not in GUIDE} == set()

    @pytest.mark.parametrize("place", sorted(UNKNOWABLE))
    def test_it_names_what_can_be_unknown(self, place: str) -> None:
        """Each place that can be called unknown stands in the guide's list."""
        listed = GUIDE.partition("These places can be unknown:")[2].partition("\n\n")[0]
        assert f"`{place}`" in listed or f"`{place.rpartition('/')[2]}`" in listed

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ('high: "85"', 'high: "84"', "evaluation/grades"),
            (
                "ban: ~\n      no_ban: 第十条只涉及第（一）（二）项\n",
                "ban: ~\n",
                "revocation/grounds/9.3",
            ),
            ("changes: {working_days: 30, article: 第十一条}\n", "", "changes"),
            ("unknown:\n  certificate:", "unknown:\n  certificates:", "unknown/certificates"),
            ("reads: [qs.warn.upper]", "reads: [qs.warn]", "evaluation/warning/reads"),
        ],
    )
    def test_what_it_warns_of_is_found(self, old: str, new: str, place: str) -> None:
        """Each mistake the guide speaks of is a defect at its place, and the only one."""
        assert old in example()
        found = check_file(example().replace(old, new).encode(), source="qingshan.yaml")
        assert [d.place for d in found.defects] == [place]


class TestItsForm:
    OWN = (
        "form: {name: NAME, sha256: SHA, application_article: 第三条, evaluation_article: 第五条, "
        "relations: {SUM: eq}}\n"
    )
    SHA = load_form("hechuan_2021").sha256

    @pytest.mark.parametrize(
        ("name", "sha", "relation", "places"),
        [
            ("hechuan_2021", SHA, "rd_parts", []),
            ("hechuan_2020", SHA, "rd_parts", ["form/name"]),
            ("hechuan_2021", "0" * 64, "rd_parts", ["form/sha256"]),
            ("hechuan_2021", SHA, "rd_part", ["form/relations/rd_part"]),
        ],
    )
    def test_the_form_it_names_is_at_hand(
        self, name: str, sha: str, relation: str, places: list[str]
    ) -> None:
        """An edition that names a form needs that form, byte for byte, with the sums it names."""
        own = self.OWN.replace("NAME", name).replace("SHA", sha).replace("SUM", relation)
        found = check_to_add((example() + own).encode(), source="qingshan.yaml")
        assert [d.place for d in found.defects] == places
        assert [d.line is not None for d in found.defects] == [True] * len(places)


class TestAdding:
    def test_twice_is_harmless(self, tmp_path: Path, file: Path) -> None:
        """The second time nothing is stored, and the answer says so."""
        assert tell(tmp_path, "init").status == 0
        first = tell(tmp_path, "policy", "add", file.name, "--json")
        second = tell(tmp_path, "policy", "add", file.name, "--json")
        assert (first.status, first.json["added"]) == (0, True)
        assert (second.status, second.json["added"]) == (0, False)
        assert first.json["sha256"] == second.json["sha256"]

    @pytest.mark.parametrize("edition", ["qingshan/2024", "beijing/1"])
    def test_another_content_is_a_conflict(self, ledger: FileLedger, edition: str) -> None:
        """What acts are ruled by never changes: not an added file, and not one that came along."""
        before = ledger.desk.rulebook.data(edition)
        with pytest.raises(ConflictError):
            ledger.desk.add_edition(before + b"# changed\n", source="changed.yaml")
        assert ledger.desk.rulebook.data(edition) == before

    def test_a_conflict_has_status_4(self, tmp_path: Path, file: Path) -> None:
        """The command tells a conflict from a defect."""
        tell(tmp_path, "init")
        tell(tmp_path, "policy", "add", file.name)
        file.write_text(example() + "# changed\n", encoding="utf-8")
        answer = tell(tmp_path, "policy", "add", file.name, "--json")
        assert (answer.status, answer.json["error"]["code"]) == (4, "conflict")

    def test_a_defective_file_is_not_added(self, tmp_path: Path, file: Path) -> None:
        """Every defect is told, and the scheme stays unknown."""
        tell(tmp_path, "init")
        file.write_text(
            example().replace('high: "85"', 'high: "84"').replace("{years: 2", "{years: two")
        )
        answer = tell(tmp_path, "policy", "add", file.name, "--json")
        assert answer.status == 2
        assert {e["place"] for e in answer.json["error"]["errors"]} == {
            "revocation/grounds/9.1/ban/years",
            "revocation/grounds/9.2/ban/years",
        }
        assert tell(tmp_path, "record", "-", lines=DESIGNATED[:1]).status == 2

    def test_it_needs_a_ledger(self, tmp_path: Path, file: Path) -> None:
        """Adding makes no ledger; checking and comparing need none."""
        assert tell(tmp_path, "policy", "add", file.name).status == 3
        assert tell(tmp_path, "policy", "check", file.name).status == 0
        assert tell(tmp_path, "policy", "diff", "xian/2016", file.name).status == 0
        assert not (tmp_path / "ledger.db").exists()


class TestRulingByIt:
    def test_every_command_knows_the_scheme(self, tmp_path: Path, file: Path) -> None:
        """From the notice of a round to the audit, an added scheme is one like any other."""
        tell(tmp_path, "init")
        tell(tmp_path, "policy", "add", file.name)
        answer = tell(tmp_path, "record", "-", "--json", lines=[*DESIGNATED, *evaluated("65")])
        assert answer.status == 0, answer.stdout
        assert answer.json["deviations"] == []

        shown = tell(tmp_path, "center", "show", CENTER, "--json").json
        assert shown["status"] == "designated"
        assert shown["last_evaluation"]["grade"] == "合格"
        why = tell(tmp_path, "center", "why", CENTER, "--json").json
        assert why["because"]["cite"]["document"] == "青工信规〔2024〕3号"
        listed = tell(tmp_path, "center", "list", "--scheme", "qingshan", "--json").json
        assert [c["center"] for c in listed["centers"]] == [CENTER]
        totals = tell(tmp_path, "round", "show", EVALUATION, "--json").json
        assert (totals["edition"], totals["grades"]["合格"]) == ("qingshan/2024", 1)
        assert tell(tmp_path, "audit", "--scheme", "qingshan").status == 0
        assert tell(tmp_path, "log", "verify").status == 0
        editions = tell(tmp_path, "policy", "list", "--json").json["editions"]
        assert "qingshan/2024" in {e["edition"] for e in editions}

    def test_its_hash_is_pinned(self, ledger: FileLedger) -> None:
        """Each ruling names the added file by its hash, so that it can be read again."""
        answer = ledger.record(*DESIGNATED)
        pins = {r.ruling.edition_sha256 for r in answer.recorded if r.ruling}
        assert pins == {check_file(example().encode(), source="x").sha256}

    @pytest.mark.parametrize(
        ("score", "grade", "reading", "warned"),
        [
            ("85", "优秀", None, False),
            ("84.9999", "合格", None, False),
            ("65", "合格", None, False),
            ("65", "合格", "inclusive", True),
            ("64.9999", "合格", None, True),
            ("60", "合格", None, True),
            ("59.9999", "不合格", None, False),
        ],
    )
    def test_bands_and_readings(
        self, ledger: FileLedger, score: str, grade: str, reading: str | None, warned: bool
    ) -> None:
        """Each bound on both sides; an adopted reading patches the file from its day on."""
        adopted: list[Line] = [
            {
                "type": "InterpretationAdopted",
                "on": "2025-01-10",
                "scheme": "qingshan",
                "interpretation": "qs.warn.upper",
                "value": reading,
                "by": "青山市工业和信息化局",
            }
        ]
        past = [*DESIGNATED, *(adopted if reading else [])]
        answer = ledger.record(*past, *evaluated(score))
        outcome = answer.recorded[-1].outcome
        assert (outcome.grade, outcome.warned) == (grade, warned)

    def test_the_ban_follows_its_article(self, ledger: FileLedger) -> None:
        """第十条: two years from the revocation, whose day is not counted."""
        revoked = {
            "type": "CenterRevoked",
            "on": "2026-07-01",
            "center": CENTER,
            "grounds": ["9.1"],
        }
        ledger.record(*DESIGNATED, *evaluated("59"), revoked)
        ban = ledger.state(CENTER).ban
        assert ban is not None
        assert ban.last_day == date(2028, 7, 1)
        assert (ban.cite.edition, ban.cite.article) == ("qingshan/2024", "第十条")

    def test_what_is_unknown_is_said(self, ledger: FileLedger) -> None:
        """第十三条: the rules on certificates are not at hand, which is noted with the reason."""
        issued: dict[str, Any] = {
            "type": "CertificateIssued",
            "on": "2024-08-01",
            "center": CENTER,
            "number": "1",
        }
        answer = ledger.record(*DESIGNATED, issued)
        found = [f for f in answer.recorded[-1].findings if f.say == "section_unknown"]
        assert [f.values["reason"] for f in found] == ["第十三条所称证书管理规定未收录"]


class TestSuccessor:
    def test_a_new_version_rules_from_its_first_day(self, places: Places) -> None:
        """A successor of a regulation that lapsed rules the rounds opened since, and no other."""
        text = dict(builtin_editions())["xian/2016.yaml"].decode()
        for old, new in (
            ("edition: xian/2016", "edition: xian/2021"),
            (
                "  first_day: 2016-07-25\n  last_day: 2021-07-25",
                "  first_day: 2021-07-26\n  open_end: true",
            ),
            ("{in_force/last_day: 2021-07-24}", "{}"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        ledger = FileLedger(places.new())
        assert ledger.desk.add_edition(text.encode(), source="xian.yaml")
        rounds = [
            {
                "type": "RoundOpened",
                "on": f"{year}-03-01",
                "round": f"xian:evaluation:{year}",
                "deadline": f"{year}-04-10",
            }
            for year in (2021, 2022)
        ]
        answer = ledger.record(*rounds)
        assert [r.ruling.edition for r in answer.recorded if r.ruling] == ["xian/2016", "xian/2021"]
        ledger.close()
