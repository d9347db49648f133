"""The life of a center on a real file, from the first application to the last decision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from support.cases import background
from support.places import Places
from support.scenario import FileLedger, Line, MemoryLedger

BEIJING = "beijing/91110108MA100005XF"
XIAN = "xian/91610131MA1000041J"
HECHUAN = "hechuan/91500117MA1000017Y"
BY_BEIJING = {"policy": "beijing/1", "policy_reason": "通知"}


@pytest.fixture
def ledger(places: Places) -> Iterator[FileLedger]:
    """An empty ledger of its own."""
    found = FileLedger(places.new())
    yield found
    found.close()


def entry(center: str, type_name: str, on: str, **fields: object) -> Line:
    """An entry about a center."""
    return {"type": type_name, "on": on, "center": center, **fields}


def day(text: str) -> date:
    """A date from its text."""
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("scheme", "name", "center"),
    [
        ("beijing", "revoked-for-failing", BEIJING),
        ("xian", "designated", XIAN),
        ("hechuan", "designated", HECHUAN),
    ],
)
def test_a_lawful_life_is_recorded(ledger: FileLedger, scheme: str, name: str, center: str) -> None:
    """A lawful history is recorded line by line and audited clean, as in memory so on the file."""
    memory = MemoryLedger()
    for line in background(scheme, name):
        assert ledger.record(line).barred == []
        assert memory.record(line).barred == []
    assert ledger.state(center) == memory.state(center)
    assert ledger.audit(scheme) == []


def test_designated_failed_revoked_and_back(ledger: FileLedger) -> None:
    """Two failures revoke, the ban keeps the center out to its last day, and then it starts
    afresh."""
    ledger.record(*background("beijing", "revoked-for-failing"))
    assert ledger.state(BEIJING).status == "revoked"
    round_id = "beijing:designation:2024"
    notice = {"type": "RoundOpened", "on": "2024-07-01", "round": round_id, **BY_BEIJING}
    ledger.record({**notice, "deadline": "2024-08-30"})
    applied = {**background("beijing", "applied")[-1], "round": round_id}
    early = ledger.record({**applied, "on": "2024-07-29"})
    assert early.noted == ["banned"]
    admitted = entry(BEIJING, "ApplicationAdmitted", "2024-09-10", round=round_id)
    assert ledger.record(admitted).barred == ["banned"]
    ledger.record({**applied, "on": "2024-07-30"})
    steps = [
        admitted,
        entry(
            BEIJING,
            "ReviewDecided",
            "2024-10-08",
            round=round_id,
            stage="completeness",
            passed=True,
        ),
        entry(
            BEIJING,
            "ReviewDecided",
            "2024-10-25",
            round=round_id,
            stage="verification",
            passed=True,
        ),
        entry(BEIJING, "DesignationProposed", "2024-11-01", round=round_id),
        entry(
            BEIJING,
            "PublicityOpened",
            "2024-11-04",
            closes="2024-11-08",
            subject="designation",
            round=round_id,
        ),
        entry(BEIJING, "CenterDesignated", "2024-11-11", round=round_id),
    ]
    assert ledger.record(*steps).barred == []
    state = ledger.state(BEIJING)
    assert (state.status, state.designated_on, state.ban) == ("designated", day("2024-11-11"), None)
    assert ledger.state(BEIJING, on=day("2024-11-10")).revoked_on == day("2022-07-29")


def test_an_objection_changes_the_grade(ledger: FileLedger) -> None:
    """An upheld objection bars the grade until the score is corrected and published anew."""
    round_id = "beijing:evaluation:2021"
    ledger.record(*background("beijing", "designated", "filed-2021"))
    ledger.record(entry(BEIJING, "EvaluationScored", "2021-06-10", round=round_id, score="59.5"))
    ledger.record(*background("beijing", "published-2021"))
    ledger.record(
        entry(
            BEIJING,
            "ObjectionLodged",
            "2021-06-22",
            objection="o",
            subject="evaluation",
            claim="漏算专利",
        )
    )
    grade = entry(BEIJING, "GradeConfirmed", "2021-07-16", round=round_id)
    assert ledger.record(grade).barred == ["objection_open"]
    ledger.record(
        entry(
            BEIJING,
            "ObjectionDecided",
            "2021-06-30",
            objection="o",
            outcome="upheld",
            reason="成立",
        ),
        entry(
            BEIJING, "ScoreCorrected", "2021-07-01", round=round_id, score="60.5", reason="补计专利"
        ),
        entry(
            BEIJING, "DecisionAnnulled", "2021-07-01", annuls="publicity-2021", reason="异议成立"
        ),
    )
    assert ledger.record(grade).barred == ["publicity_missing"]
    again = background("beijing", "published-2021")[0] | {
        "on": "2021-07-05",
        "closes": "2021-07-15",
    }
    ledger.record({**again, "key": "publicity-again"})
    assert ledger.record(grade).recorded[0].outcome.grade == "基本合格"


def test_an_annulled_revocation_restores(ledger: FileLedger) -> None:
    """An annulled revocation gives the designation back from its day on, and only from then."""
    ledger.record(*background("beijing", "revoked-for-failing"))
    size = ledger.desk.source.size("beijing")
    ledger.record(
        entry(
            BEIJING,
            "DecisionAnnulled",
            "2022-09-15",
            annuls="revocation",
            reason="复议",
            **BY_BEIJING,
        )
    )
    assert ledger.state(BEIJING).status == "designated"
    assert ledger.state(BEIJING, on=day("2022-09-14")).status == "revoked"
    assert ledger.state(BEIJING, known_at=f"beijing#{size - 1}").status == "revoked"
    assert [
        row.status for row in ledger.desk.register(scheme="beijing", status=None, search=None)
    ] == ["designated"]


def test_what_was_known_at_a_time(ledger: FileLedger) -> None:
    """A fact recorded in December was not known in November, whatever its own day."""
    ledger.now = datetime(2026, 11, 2, 1, tzinfo=UTC)
    ledger.record(*background("hechuan", "designated"))
    ledger.now = datetime(2026, 12, 1, 1, tzinfo=UTC)
    ledger.record(entry(HECHUAN, "EnterpriseRenamed", "2023-05-10", name="重庆合川新名有限公司"))
    before = ledger.state(HECHUAN, on=day("2026-11-30"), known_at="2026-11-30T00:00:00Z")
    after = ledger.state(HECHUAN, on=day("2026-11-30"), known_at="2026-12-01T02:00:00Z")
    assert (before.name, after.name) == ("重庆合川甲一汽配有限公司", "重庆合川新名有限公司")
    nothing = ledger.state(HECHUAN, known_at="2026-11-01T00:00:00Z")
    assert nothing.status == "none"


def test_a_reading_changes_no_ruling(ledger: FileLedger) -> None:
    """An interpretation decides what is ruled after it and leaves what was ruled before it."""
    second = "hechuan/id:second"
    ledger.record(*background("hechuan", "designated"))
    twin = [
        {**line, "center": second}
        for line in background("hechuan", "designated")
        if "center" in line
    ]
    ledger.record(*({k: v for k, v in line.items() if k != "key"} for line in twin))
    for center in (HECHUAN, second):
        ledger.record(entry(center, "WithdrawalRequested", "2024-01-08"))
    ledger.record(entry(HECHUAN, "CenterRevoked", "2024-02-01", grounds=["16.4"]))
    ledger.record(
        {
            "type": "InterpretationAdopted",
            "on": "2024-02-02",
            "scheme": "hechuan",
            "interpretation": "hc.ban.voluntary",
            "value": "none",
            "by": [
                "重庆市合川区经济和信息化委员会",
                "重庆市合川区科学技术局",
                "重庆市合川区财政局",
            ],
        }
    )
    ledger.record(entry(second, "CenterRevoked", "2024-02-05", grounds=["16.4"]))
    first_ban, second_ban = (ledger.state(center).ban for center in (HECHUAN, second))
    assert first_ban is not None
    assert (first_ban.years, second_ban) == (2, None)
    assert ledger.audit("hechuan") == []


def test_a_fact_found_late(ledger: FileLedger) -> None:
    """A fact of before the designation that is found later bars no past act and is no ground."""
    ledger.record(*background("hechuan", "designated"))
    ledger.record(
        entry(HECHUAN, "FactEstablished", "2024-01-08", decided_on="2021-06-01", fact="tax_evasion")
    )
    assert ledger.audit("hechuan") == []
    revoked = entry(HECHUAN, "CenterRevoked", "2024-02-01", grounds=["16.7"])
    assert "ground_unmet" in ledger.record(revoked).barred


def test_days_may_come_in_any_order(ledger: FileLedger) -> None:
    """Facts recorded with earlier days take their place, and rulings between see them."""
    ledger.record(*background("hechuan", "designated"))
    for period, due, missed in (
        ("三", "2024-10-18", "2024-10-21"),
        ("一", "2024-04-19", "2024-04-22"),
        ("二", "2024-07-19", "2024-07-22"),
    ):
        asked = entry(
            HECHUAN, "ReturnRequested", "2024-03-20", kind="operating_data", period=period, due=due
        )
        ledger.record(
            asked, entry(HECHUAN, "ReturnMissed", missed, kind="operating_data", period=period)
        )
    revoked = entry(HECHUAN, "CenterRevoked", "2024-06-03", grounds=["16.2"])
    assert "ground_unmet" in ledger.record(revoked).barred
    assert ledger.record({**revoked, "on": "2024-07-22"}).recorded
    state = ledger.state(HECHUAN, on=day("2024-07-21"))
    assert (state.status, ledger.state(HECHUAN).status) == ("designated", "revoked")


def test_a_lapsed_edition_rules_its_rounds(ledger: FileLedger) -> None:
    """After Xi'an's five years its rounds go on, and new ones cannot be opened."""
    ledger.record(*background("xian", "designated", "filed-2021", "floors-2021"))
    round_id = "xian:evaluation:2021"
    ledger.record(entry(XIAN, "EvaluationScored", "2021-06-25", round=round_id, score="66"))
    graded = ledger.record(entry(XIAN, "GradeConfirmed", "2021-08-10", round=round_id))
    ruling = graded.recorded[0].ruling
    assert ruling is not None
    assert (ruling.edition, ruling.outcome.grade) == ("xian/2016", "合格")
    notice = {
        "type": "RoundOpened",
        "on": "2022-01-10",
        "round": "xian:evaluation:2023",
        "deadline": "2023-04-10",
    }
    assert ledger.record(notice).barred == ["policy_undetermined"]


def test_a_bulletin_list_for_many(ledger: FileLedger) -> None:
    """One line for several centers is recorded for each, or for none."""
    others = [f"xian/id:c{n}" for n in range(3)]
    for center in others:
        ledger.record(
            entry(
                center, "CenterDesignated", "2017-07-10", round="xian:designation:2017", name="甲"
            ),
            historical=True,
        )
    asked = {
        "type": "ReturnRequested",
        "on": "2018-01-02",
        "kind": "bulletin",
        "period": "2017",
        "due": "2018-01-20",
    }
    assert len(ledger.record({**asked, "centers": others}).recorded) == 3
    refused = ledger.record({**asked, "period": "2018", "centers": [*others, "xian/id:none"]})
    assert refused.barred == ["not_designated"]
    assert {len(ledger.desk.book.stream("xian", center)) for center in others} == {2}
