from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from ledger.entries import CenterEntry
from ledger.errors import MalformedError, Problem
from ledger.identity import scheme_of
from ledger.parsing import parse_line
from policies.replacement import (
    ExtraFact,
    OtherCalendar,
    OtherEdition,
    OtherReading,
    Replacement,
    Without,
)
from policies.what_if import Outlook, Rejudged, WhatIf
from support.histories import histories, notices
from support.scenario import TODAY, Line, MemoryLedger, given, judge, line_of

XIAN, HECHUAN, BEIJING = "xian/id:a", "hechuan/id:a", "beijing/id:a"
POLICY = {"policy": "beijing/1", "policy_reason": "通知载明"}
FLOORS = {"rd_expenditure": 300, "rd_staff": 20, "equipment_value": 400}


def about(center: str, type_: str, on: str, **fields: Any) -> Line:
    """A line about the center."""
    return {"type": type_, "on": on, "center": center, **fields}


def opened(round_id: str, on: str, deadline: str, **fields: Any) -> Line:
    """The notice of a round."""
    return {"type": "RoundOpened", "on": on, "round": round_id, "deadline": deadline, **fields}


def designated(center: str, on: str, **fields: Any) -> list[Line]:
    """A round and a designation in it, as published."""
    name = f"{scheme_of(center)}:designation:{on[:4]}"
    known = {"round": name, "name": "甲一机电有限公司", "historical": True}
    notice = opened(name, f"{on[:4]}-08-01", f"{on[:4]}-08-31", **fields)
    return [notice, about(center, "CenterDesignated", on, **known, **fields)]


def fact(center: str, type_: str, on: str, **fields: Any) -> ExtraFact:
    """One more fact, parsed as a line to be recorded is."""
    parsed = parse_line(line_of(about(center, type_, on, **fields)), 1, today=TODAY)
    assert not isinstance(parsed, Problem)
    return ExtraFact(tuple(e for e in parsed.entries if isinstance(e, CenterEntry)))


def imagined(ledger: MemoryLedger, replacement: Replacement, scheme: str) -> WhatIf:
    """The ledger's acts under the replacement."""
    size = len(ledger.log(scheme))
    return WhatIf(judge(), replacement, ledger.stored.stream, scheme=scheme, size=size, today=TODAY)


def what_if(replacement: Replacement, *lines: Any, center: str) -> Outlook:
    """What would be of the center, from a past of these lines."""
    ledger = given(*lines).ledger
    return imagined(ledger, replacement, scheme_of(center)).center(center, ledger.entries(center))


def act(outlook: Outlook, type_: str) -> Rejudged:
    """The one act of that type."""
    [found] = [a for a in outlook.acts if type(a.recorded.entry).__name__ == type_]
    return found


def changed(outlook: Outlook) -> list[str]:
    """Types of the acts that would change, in their order."""
    return [type(a.recorded.entry).__name__ for a in outlook.acts if a.is_changed]


def position_of(type_: str, *lines: Any, center: str) -> int:
    """Where the first entry of that type stands in the log."""
    log = given(*lines).ledger.log(scheme_of(center))
    return next(r.position for r in log if type(r.entry).__name__ == type_)


def without(type_: str, *lines: Any, center: str) -> Outlook:
    """What would be if the first entry of that type had not been recorded."""
    return what_if(Without(position_of(type_, *lines, center=center)), *lines, center=center)


def low_band() -> list[Any]:
    """Xi'an: 63.5 with floors attested, warned; 61.25 fails; revoked on 16.2."""
    first, second = "xian:evaluation:2018", "xian:evaluation:2020"
    return [
        *designated(XIAN, "2016-12-20"),
        opened(first, "2018-02-26", "2018-04-10"),
        about(XIAN, "EvaluationSubmitted", "2018-04-03", round=first),
        about(XIAN, "EvaluationScored", "2018-06-20", round=first, score="63.5"),
        about(XIAN, "FloorsAttested", "2018-07-16", round=first, met=True, report="2018-17"),
        about(XIAN, "GradeConfirmed", "2018-08-10", round=first),
        about(XIAN, "WarningIssued", "2018-08-20", round=first),
        opened(second, "2020-03-02", "2020-04-10"),
        about(XIAN, "EvaluationSubmitted", "2020-04-08", round=second),
        about(XIAN, "EvaluationScored", "2020-06-18", round=second, score="61.25"),
        about(XIAN, "GradeConfirmed", "2020-08-12", round=second, grade="不合格"),
        about(XIAN, "CenterRevoked", "2020-09-28", grounds=["16.2"]),
    ]


def applied(filed_on: str) -> list[Any]:
    """Hechuan: the way to a designation, filed on a day around the deadline of 30 April 2023."""
    name = "hechuan:designation:2023"
    stages = ("preliminary", "expert", "defense", "verification", "comprehensive")
    figures = {"revenue": 2500, "premises_area": 100, **FLOORS}
    return [
        opened(name, "2023-03-01", "2023-04-30"),
        about(
            HECHUAN,
            "ApplicationSubmitted",
            filed_on,
            round=name,
            name="甲一",
            industry="manufacturing",
            indicators=figures,
        ),
        about(HECHUAN, "ApplicationAdmitted", "2023-05-08", round=name),
        *(
            about(HECHUAN, "ReviewDecided", "2023-05-20", round=name, stage=stage, passed=True)
            for stage in stages
        ),
        about(HECHUAN, "DesignationProposed", "2023-06-01", round=name),
        about(
            HECHUAN,
            "PublicityOpened",
            "2023-06-05",
            round=name,
            subject="designation",
            closes="2023-06-11",
        ),
        about(HECHUAN, "CenterDesignated", "2023-06-12", round=name),
    ]


class TestReadings:
    def test_takes_a_ban_away(self) -> None:
        """Read to the letter, Xi'an's article 22 bans no failure by score (X24)."""
        outlook = what_if(OtherReading("xa.art22_ref", "15"), *low_band(), center=XIAN)
        found = act(outlook, "CenterRevoked")
        assert changed(outlook) == ["CenterRevoked"]
        assert found.old.ban is not None
        assert found.old.ban.last_day == date(2023, 9, 28)
        assert (found.new.supported, found.new.ban) == (True, None)
        assert found.because is not None
        assert found.because.say == "would_not_be_banned"
        assert (outlook.old, outlook.new) == ("revoked", "revoked")

    def test_lengthens_a_ban(self) -> None:
        """Where bans add up, two grounds of three years ban for six (B02)."""
        lines = [
            *low_band()[:-1],
            about(XIAN, "FactEstablished", "2020-09-01", fact="false_materials"),
            about(XIAN, "CenterRevoked", "2020-09-28", grounds=["16.2", "16.7"]),
        ]
        outlook = what_if(OtherReading("ban.multi_ground", "sum"), *lines, center=XIAN)
        found = act(outlook, "CenterRevoked")
        assert found.new.ban is not None
        assert found.new.ban.last_day == date(2026, 9, 28)
        assert found.because is not None
        assert found.because.values == {"was": "2023-09-28", "would_be": "2026-09-28"}

    def test_unfounds_a_warning(self) -> None:
        """Where 65 itself is not warned, the warning for 65.00 falls (H13)."""
        name = "hechuan:evaluation:2024"
        lines = [
            *designated(HECHUAN, "2022-09-15"),
            opened(name, "2024-03-01", "2024-05-31"),
            about(HECHUAN, "EvaluationSubmitted", "2024-05-20", round=name, indicators=FLOORS),
            about(HECHUAN, "EvaluationScored", "2024-06-25", round=name, score="65.00"),
            about(HECHUAN, "GradeConfirmed", "2024-07-10", round=name),
            about(HECHUAN, "WarningIssued", "2024-07-22", round=name),
        ]
        outlook = what_if(OtherReading("hc.warn.band", "[60,65)"), *lines, center=HECHUAN)
        assert changed(outlook) == ["GradeConfirmed", "WarningIssued"]
        graded, warned = act(outlook, "GradeConfirmed"), act(outlook, "WarningIssued")
        assert (graded.old.warned, graded.new.warned) == (True, False)
        assert (warned.new.supported, warned.new.codes) == (False, ("warning_unfounded",))

    def test_settles_an_open_ground(self) -> None:
        """What was undetermined when it was published may be settled by a reading (B05)."""
        lines: list[Any] = designated(BEIJING, "2018-12-20", **POLICY)
        for year in (2019, 2021):
            name = f"beijing:evaluation:{year}"
            lines += [
                opened(name, f"{year}-03-01", f"{year}-04-30", **POLICY),
                about(BEIJING, "EvaluationScored", f"{year}-06-10", round=name, score="55"),
                about(BEIJING, "GradeConfirmed", f"{year}-07-12", round=name, historical=True),
            ]
        revoked = about(BEIJING, "CenterRevoked", "2021-09-01", grounds=["14.1"], **POLICY)
        lines.append({**revoked, "historical": True})
        outlook = what_if(OtherReading("bj.consec.unit", "rounds"), *lines, center=BEIJING)
        found = act(outlook, "CenterRevoked")
        assert (found.old.supported, found.new.supported) == (None, True)
        assert found.because is not None
        assert found.because.code == "ground_undetermined"

    def test_overrides_what_was_adopted(self) -> None:
        """The reading asked for holds from the beginning, whatever the authority adopted."""
        six = judge().rulebook.edition("xian/2016").authority.interprets
        adopted = {
            "type": "InterpretationAdopted",
            "on": "2017-01-03",
            "scheme": "xian",
            "interpretation": "xa.art22_ref",
            "value": "15",
            "by": list(six),
        }
        lines = [*low_band()[:2], adopted, *low_band()[2:]]
        outlook = what_if(OtherReading("xa.art22_ref", "16"), *lines, center=XIAN)
        found = act(outlook, "CenterRevoked")
        assert found.old.ban is None
        assert found.new.ban is not None

    @pytest.mark.parametrize(("key", "value"), [("xa.nothing", "1"), ("xa.art22_ref", "17")])
    def test_refuses_unknown_readings(self, key: str, value: str) -> None:
        """A key or value that no edition of the scheme has is malformed."""
        with pytest.raises(MalformedError):
            what_if(OtherReading(key, value), *low_band(), center=XIAN)


class TestCalendars:
    def test_makes_a_filing_late(self) -> None:
        """4 May 2023 is in time by the State Council's calendar; by plain weeks 1 May was last."""
        outlook = what_if(OtherCalendar("weekdays-only"), *applied("2023-05-04"), center=HECHUAN)
        found = act(outlook, "ApplicationAdmitted")
        assert (found.new.supported, found.new.codes) == (False, ("late",))
        assert (outlook.old, outlook.new) == ("designated", "applicant")

    def test_leaves_a_filing_in_time(self) -> None:
        """What was filed by 1 May is in time either way."""
        outlook = what_if(OtherCalendar("weekdays-only"), *applied("2023-05-01"), center=HECHUAN)
        assert changed(outlook) == []
        assert outlook.new == "designated"


class TestFacts:
    def test_bars_an_application(self) -> None:
        """A disqualifying fact in the look-back window bars the admission, and all that follows."""
        extra = fact(
            HECHUAN, "FactEstablished", "2023-05-08", fact="tax_evasion", decided_on="2021-04-30"
        )
        outlook = what_if(extra, *applied("2023-04-20"), center=HECHUAN)
        found = act(outlook, "ApplicationAdmitted")
        assert found.because is not None
        assert (found.because.code, found.new.supported) == ("lookback", False)
        assert "CenterDesignated" in changed(outlook)
        assert outlook.new == "applicant"

    def test_is_not_known_before_its_day(self) -> None:
        """An act before the fact's day does not see it; one on the day does."""
        extra = fact(
            HECHUAN, "FactEstablished", "2023-06-12", fact="tax_evasion", decided_on="2021-04-30"
        )
        outlook = what_if(extra, *applied("2023-04-20"), center=HECHUAN)
        assert changed(outlook) == ["CenterDesignated"]
        assert outlook.new == "proposed"

    def test_replaces_an_earlier_score(self) -> None:
        """Of repeated scores the latest before the act counts, and the grade follows it."""
        extra = fact(
            XIAN, "EvaluationScored", "2020-07-01", round="xian:evaluation:2020", score="59.99"
        )
        outlook = what_if(extra, *low_band(), center=XIAN)
        assert changed(outlook) == []  # 不合格 either way
        attested = fact(
            XIAN,
            "FloorsAttested",
            "2020-07-01",
            round="xian:evaluation:2020",
            met=True,
            report="1",
        )
        assert changed(what_if(attested, *low_band(), center=XIAN)) == []

    def test_leaves_other_centers_alone(self) -> None:
        """A fact about one center changes nothing for another."""
        extra = fact("hechuan/id:b", "FactEstablished", "2021-05-01", fact="tax_evasion")
        assert changed(what_if(extra, *applied("2023-04-20"), center=HECHUAN)) == []


class TestWithout:
    def test_unfounds_a_revocation(self) -> None:
        """Without the first low score the second is not the second in a row."""
        outlook = without("EvaluationScored", *low_band(), center=XIAN)
        assert changed(outlook)[0] == "GradeConfirmed"
        assert outlook.new is None  # the floors of 2020 were never attested

    def test_restores_what_was_annulled(self) -> None:
        """Without an annulment, the act it named stands again."""
        lines = low_band()
        lines[-1] = {**lines[-1], "key": "r"}
        lines.append(about(XIAN, "DecisionAnnulled", "2020-12-01", annuls="r", reason="复议"))
        outlook = without("DecisionAnnulled", *lines, center=XIAN)
        assert (outlook.old, outlook.new) == ("designated", "revoked")

    def test_makes_an_annulment_void(self) -> None:
        """Without the act it names, an annulment is not supported."""
        lines = low_band()
        lines[-1] = {**lines[-1], "key": "r"}
        lines.append(about(XIAN, "DecisionAnnulled", "2020-12-01", annuls="r", reason="复议"))
        found = act(without("CenterRevoked", *lines, center=XIAN), "DecisionAnnulled")
        assert (found.new.supported, found.new.codes) == (False, ("not_annullable",))

    def test_forgets_a_notice(self) -> None:
        """Without the notice of a round nothing is late in it."""
        lines = applied("2023-05-04")
        assert changed(without("RoundOpened", *lines, center=HECHUAN)) == []

    def test_leaves_the_entry_itself_out(self) -> None:
        """The act left out is not judged."""
        outlook = without("CenterRevoked", *low_band(), center=XIAN)
        types = [type(a.recorded.entry).__name__ for a in outlook.acts]
        assert "CenterRevoked" not in types
        assert outlook.new == "designated"


class TestEditions:
    def test_gives_the_other_grade(self) -> None:
        """82 is 合格 in Xi'an and would be 良好 in Hechuan; the reason cites Hechuan's article."""
        name = "xian:evaluation:2018"
        lines = [
            *designated(XIAN, "2016-12-20"),
            opened(name, "2018-02-26", "2018-04-10"),
            about(XIAN, "EvaluationSubmitted", "2018-04-03", round=name, indicators=FLOORS),
            about(XIAN, "EvaluationScored", "2018-06-20", round=name, score="82"),
            about(XIAN, "FloorsAttested", "2018-07-16", round=name, met=True, report="2018-17"),
            about(XIAN, "GradeConfirmed", "2018-08-10", round=name, grade="合格"),
        ]
        found = act(what_if(OtherEdition("hechuan/2021"), *lines, center=XIAN), "GradeConfirmed")
        assert (found.old.grade, found.new.grade) == ("合格", "良好")
        assert found.new.supported is True
        assert found.because is not None
        assert found.because.code == "grade_mismatch"
        assert found.because.cite is not None
        assert found.because.cite.article == "第十四条（2）"

    def test_cannot_say_of_foreign_grounds(self) -> None:
        """A ground the other edition does not have leaves the revocation undetermined."""
        outlook = what_if(OtherEdition("beijing/1"), *low_band(), center=XIAN)
        assert act(outlook, "CenterRevoked").new.supported is None
        assert outlook.new is None

    def test_refuses_unknown_editions(self) -> None:
        """An edition that is not at hand is malformed."""
        with pytest.raises(MalformedError):
            what_if(OtherEdition("xian/1999"), *low_band(), center=XIAN)


class TestUndetermined:
    def test_stays_undetermined(self) -> None:
        """Without the attested floors, grade and warning are open, and the designation stands."""
        outlook = without("FloorsAttested", *low_band()[:8], center=XIAN)
        graded, warned = act(outlook, "GradeConfirmed"), act(outlook, "WarningIssued")
        assert (graded.new.supported, graded.new.grade) == (None, None)
        assert graded.because is not None
        assert graded.because.code == "grade_undetermined"
        assert warned.new.supported is None
        assert (outlook.old, outlook.new) == ("designated", "designated")

    def test_spreads_to_the_status(self) -> None:
        """Where the proposal is open, so are the designation and the status."""
        name = "xian:designation:2017"
        stages = ("preliminary", "qualification", "special_audit", "defense", "comprehensive")
        lines = [
            opened(name, "2017-01-16", "2017-04-10"),
            about(XIAN, "ApplicationSubmitted", "2017-03-30", round=name, name="丁四"),
            about(XIAN, "ApplicationAdmitted", "2017-04-28", round=name),
            *(
                about(XIAN, "ReviewDecided", "2017-05-12", round=name, stage=stage, passed=True)
                for stage in stages
            ),
            about(XIAN, "FloorsAttested", "2017-05-31", round=name, met=True, report="2017-4"),
            about(XIAN, "DesignationProposed", "2017-06-19", round=name),
            about(
                XIAN,
                "PublicityOpened",
                "2017-06-21",
                round=name,
                subject="designation",
                closes="2017-06-27",
            ),
            about(XIAN, "CenterDesignated", "2017-07-10", round=name),
        ]
        outlook = without("FloorsAttested", *lines, center=XIAN)
        assert act(outlook, "DesignationProposed").new.supported is None
        assert act(outlook, "CenterDesignated").new.supported is None
        assert (outlook.old, outlook.new) == ("designated", None)


def test_keeps_published_acts_in_effect() -> None:
    """An act that was published against the rules stays in effect under any."""
    lines = [*low_band()[:-1]]
    unfounded = about(XIAN, "CenterRevoked", "2020-09-28", grounds=["16.6"], historical=True)
    outlook = what_if(OtherReading("xa.warn.upper", "inclusive"), *lines, unfounded, center=XIAN)
    assert act(outlook, "CenterRevoked").old.supported is False
    assert (outlook.old, outlook.new) == ("revoked", "revoked")


def test_judges_on_what_was_known() -> None:
    """A fact recorded after an act does not reach back to it, whatever its day."""
    late = about(HECHUAN, "FactEstablished", "2022-01-10", fact="tax_evasion")
    outlook = what_if(
        OtherCalendar("cn-state-council"), *applied("2023-04-20"), late, center=HECHUAN
    )
    assert changed(outlook) == []


def test_reads_notices_as_they_were() -> None:
    """An act is judged by the notice of its time, not by a later amendment."""
    lines = applied("2023-04-20")
    earlier = opened("hechuan:designation:2023", "2023-06-20", "2023-04-14")
    outlook = what_if(OtherCalendar("cn-state-council"), *lines, earlier, center=HECHUAN)
    assert changed(outlook) == []


def test_judges_the_acts_of_rounds() -> None:
    """Notices are acts too, and are judged again with the scheme."""
    ledger = given(*low_band()).ledger
    imagine = imagined(ledger, OtherCalendar("weekdays-only"), "xian")
    found = imagine.plain(ledger.stored.stream("xian:evaluation:2018"))
    assert [a.is_changed for a in found] == [False]


@pytest.mark.parametrize("scheme", ["beijing", "xian", "hechuan"])
class TestAnyHistory:
    @settings(max_examples=40, deadline=None)
    @drawn(data=st.data())
    def test_same_pins_change_nothing(self, scheme: str, data: st.DataObject) -> None:
        """Putting the calendar in use, or a default reading, in place of itself changes nothing."""
        ledger = played(scheme, data)
        readings = judge().rulebook.edition(judge().rulebook.ids(scheme)[0]).interpretations
        key = data.draw(st.sampled_from(sorted(readings)))
        same = [OtherCalendar("cn-state-council"), OtherReading(key, readings[key].default)]
        for replacement in same:
            outlook = imagined(ledger, replacement, scheme).center(
                f"{scheme}/id:x", ledger.entries(f"{scheme}/id:x")
            )
            assert changed(outlook) == []
            assert all(a.because is None for a in outlook.acts)
            assert outlook.new == outlook.old

    @settings(max_examples=40, deadline=None)
    @drawn(data=st.data())
    def test_every_change_has_a_reason(self, scheme: str, data: st.DataObject) -> None:
        """Whatever entry is left out, no act changes without a reason."""
        ledger = played(scheme, data)
        position = data.draw(st.sampled_from([r.position for r in ledger.log(scheme)]))
        outlook = imagined(ledger, Without(position), scheme).center(
            f"{scheme}/id:x", ledger.entries(f"{scheme}/id:x")
        )
        assert all(a.because is not None for a in outlook.acts if a.is_changed)


def played(scheme: str, data: st.DataObject) -> MemoryLedger:
    """A ledger with some history of a center."""
    ledger = MemoryLedger()
    for each in [*notices(scheme), *data.draw(histories(scheme))]:
        ledger.record(each, historical=data.draw(st.booleans()))
    return ledger
