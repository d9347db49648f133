"""What is due, from whom, and by when: pure, from the entries known and a day.

Each duty names the article it comes from, and how its last day was found (`policies.due`). Nothing
in here refuses or records anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from ledger.identity import parse_round, scheme_of
from ledger.ruling import Cite, Recorded
from policies.acts.supervision import deadline_cases
from policies.case import Case
from policies.due import Duty, ending, in_working_days, rolled, without_day
from policies.edition import UNKNOWN_ARTICLE, ResultDue
from policies.judge import Judge, readings_on
from policies.legal_time import months_after
from policies.rules.certificates import is_renewed
from policies.rules.revocation import ground_met, is_settled, revocations_undone
from policies.verdict import Knowledge
from projections.center import CenterState, new_center
from projections.fold import fold
from projections.round_totals import part_in
from projections.rounds import RoundState

__all__ = ["duties_of_center", "duties_of_round", "open_rounds"]


def open_rounds(rounds: Iterable[RoundState], *, on: date) -> list[RoundState]:
    """Of each kind the newest round opened by the end of the day: it stays open until the next."""
    found: dict[str, RoundState] = {}
    for notice in sorted(rounds, key=lambda n: parse_round(n.round).year):
        if notice.opened_on <= on:
            found[parse_round(notice.round).kind] = notice
    return [found[kind] for kind in sorted(found)]


def duties_of_round(
    judge: Judge, notice: RoundState, knowledge: Knowledge, *, on: date
) -> Iterator[Duty]:
    """Until when one may apply in an open designation round; nobody has to, so it ends unsaid."""
    if parse_round(notice.round).kind != "designation":
        return
    nobody = _OneCenter(judge, new_center(scheme_of(notice.round)), knowledge, on)
    case = nobody.case(on, notice)
    rules = case.edition.designation
    duty = Duty(
        what="application",
        center=None,
        by="applicant",
        key=f"application|{notice.round}",
        say="duty_application",
        values={"round": notice.round},
        cite=case.cite(rules.deadline_article or rules.article),
        since=notice.opened_on,
        round=notice.round,
        entries=(notice.position,),
    )
    found = rolled(duty, case, day=notice.deadline)
    if not found.overdue:
        yield found


def duties_of_center(
    judge: Judge,
    center: str,
    entries: Sequence[Recorded],
    knowledge: Knowledge,
    *,
    on: date,
    rounds: Sequence[RoundState],
) -> Iterator[Duty]:
    """Everything due from the center or about it at the end of the day; `rounds` are the open
    ones."""
    state = fold(center, entries, on=on, annulled_as_of=on)
    about = _OneCenter(judge, state, knowledge, on, {r.position: r.on for r in entries})
    yield from about.publicities()
    yield from about.objections()
    yield from about.designation_results()
    if state.standing in ("designated", "suspended"):
        yield from about.filings(rounds, entries)
        yield from about.returns()
        yield from about.rectifications()
        yield from about.reports()
        yield from about.evaluation_results()
        yield from about.certificates()
        yield from about.warnings()
        yield from about.revocations(revocations_undone(entries, on=on))


class _OneCenter:
    """One center on one day; each method tells the duties of one kind."""

    def __init__(
        self,
        judge: Judge,
        state: CenterState,
        knowledge: Knowledge,
        on: date,
        days: Mapping[int, date] | None = None,
    ) -> None:
        self.judge = judge
        self.state = state
        self.knowledge = knowledge
        self.on = on
        self.days = days or {}

    def filings(self, rounds: Sequence[RoundState], entries: Sequence[Recorded]) -> Iterator[Duty]:
        """Evaluation filings of open rounds that are owed and not on file."""
        for notice in rounds:
            if parse_round(notice.round).kind != "evaluation":
                continue
            part = part_in(notice, self.state.center, entries, on=self.on)
            known = self.state.evaluation(notice.round)
            if part is None or not part.owes_filing:
                continue
            if known is not None and known.not_submitted is not None:
                continue  # it is established that nothing was filed: no longer due, but a ground
            case = self.case(notice.opened_on, notice)
            cite = case.cite(case.edition.evaluation.filing_article)
            duty = self._duty(
                "filing",
                notice.round,
                cite=cite,
                since=notice.opened_on,
                values={"round": notice.round},
                entry=notice.position,
            )
            yield rolled(replace(duty, round=notice.round), case, day=notice.deadline)

    def returns(self) -> Iterator[Duty]:
        """Bulletins and operating data asked for, and neither filed nor missed."""
        for asked in self.state.requests:
            if asked.requested is None or asked.due is None:
                continue
            since = self.days[asked.requested]
            if asked.filed is not None or asked.missed is not None or not self._is_current(since):
                continue
            case = self.case(since)
            rules = case.edition.evaluation
            articles = (c.article for c in rules.counters.values() if c.counts == "return")
            duty = self._duty(
                "return",
                f"{asked.return_kind}/{asked.period}",
                cite=case.cite(next(articles, rules.filing_article)),
                since=since,
                values={"return_kind": asked.return_kind, "period": asked.period},
                entry=asked.requested,
            )
            yield rolled(duty, case, day=asked.due)

    def rectifications(self) -> Iterator[Duty]:
        """Rectifications ordered and not reported; where neither order nor regulation sets a day,
        there is none (B15)."""
        for order in self.state.rectifications:
            if not self._is_current(order.on):
                continue
            case = self.case(order.on)
            rules = case.edition.evaluation
            duty = self._duty(
                "rectification",
                str(order.position),
                cite=case.cite(rules.rectification_article or rules.confirmation_article),
                since=order.on,
                values={"on": order.on.isoformat()},
                entry=order.position,
            )
            if order.due is not None:
                yield rolled(duty, case, day=order.due)
            elif rules.rectification_months is not None:
                last_day = months_after(order.on, rules.rectification_months)
                yield ending(duty, last_day, on=self.on)
            else:
                yield without_day(duty)

    def reports(self) -> Iterator[Duty]:
        """Renamings and reorganisations since the designation, not yet reported."""
        for change in self.state.changes:
            if change.reported_on is not None or not self._is_current(change.on):
                continue
            case = self.case(change.on)
            rules, unknown = case.edition.changes, case.not_at_hand("changes")
            if rules is None and unknown is None:
                continue
            values = {
                "change": change.what,
                "completed_on": change.on.isoformat(),
                "working_days": rules.working_days if rules else None,
            }
            duty = self._duty(
                "report",
                str(change.position),
                cite=case.cite(rules.article if rules else UNKNOWN_ARTICLE),
                since=change.on,
                values=values,
                entry=change.position,
            )
            if rules is not None:
                yield in_working_days(duty, case, count=rules.working_days)
            else:
                yield without_day(duty, unknown)

    def designation_results(self) -> Iterator[Duty]:
        """Results owed to applicants, counted from their admission or a day of the year (X14)."""
        for application in self.state.applications:
            admitted_on = application.admitted_on
            if admitted_on is None or application.admitted is None:
                continue
            if application.designated is not None or application.refused is not None:
                continue
            case = self.case(admitted_on, self.knowledge.round(application.round))
            due = case.edition.designation.result
            if due is None:
                continue
            entry = application.admitted
            anchor = due.counts_from(parse_round(application.round).year, admitted_on)
            if anchor is not None:
                yield self._result(case, due, application.round, anchor=anchor, entry=entry)

    def evaluation_results(self) -> Iterator[Duty]:
        """Grades owed, counted from the day the edition names in the round's year (X05)."""
        for known in self.state.evaluations:
            filed = known.filed if known.filed is not None else known.scored
            if filed is None or known.result is not None or known.deferred is not None:
                continue
            if not self._is_current(self.days[filed]):
                continue
            case = self.case(self.on, self.knowledge.round(known.round))
            due = case.edition.evaluation.result
            anchor = due.counts_from(known.year) if due is not None else None
            if due is not None and anchor is not None:
                yield self._result(case, due, known.round, anchor=anchor, entry=filed)

    def certificates(self) -> Iterator[Duty]:
        """A certificate that ends; one whose holder's grade renews nothing just lapses (X16)."""
        held = self.state.certificate
        if held is None or held.valid_until is None or not self._is_current(held.issued_on):
            return
        case = self.case(held.issued_on)
        rules = case.edition.certificate
        if rules is None:
            return
        if held.valid_until < self.on and not is_renewed(case, rules).result:
            return
        duty = self._duty(
            "certificate",
            held.number,
            cite=case.cite(rules.article),
            since=held.issued_on,
            values={"number": held.number},
            entry=held.position,
        )
        yield ending(duty, held.valid_until, on=self.on)

    def publicities(self) -> Iterator[Duty]:
        """Publicity periods that run; their last day is not rolled (T08)."""
        for period in self.state.publicities:
            if not period.on <= self.on <= period.closes:
                continue
            duty = self._duty(
                "publicity",
                str(period.position),
                cite=_publicity_cite(self.case(period.on), period.subject),
                since=period.on,
                values={"subject": period.subject},
                entry=period.position,
            )
            yield ending(replace(duty, round=period.round), period.closes, on=self.on)

    def objections(self) -> Iterator[Duty]:
        """Objections not decided; no text says by when they have to be."""
        for objection in self.state.objections:
            if objection.outcome is not None:
                continue
            duty = self._duty(
                "objection",
                objection.id,
                cite=_publicity_cite(self.case(objection.on), objection.subject),
                since=objection.on,
                values={"objection": objection.id, "lodged_on": objection.on.isoformat()},
                entry=objection.position,
            )
            yield without_day(duty)

    def warnings(self) -> Iterator[Duty]:
        """Confirmed grades in the warning band without a warning."""
        for known in self.state.evaluations:
            result = known.result
            if result is None or not result.warned or known.warned is not None:
                continue
            if not self._is_current(result.on):
                continue
            case = self.case(result.on, self.knowledge.round(known.round))
            band = case.edition.evaluation.warning
            if band is None:
                continue
            score = format(result.score, "f") if result.score is not None else None
            duty = self._duty(
                "warning",
                known.round,
                cite=case.cite(band.article),
                since=result.on,
                values={"round": known.round, "score": score},
                entry=result.position,
            )
            yield without_day(replace(duty, round=known.round))

    def revocations(self, undone: Mapping[str, int]) -> Iterator[Duty]:
        """Grounds that are met for certain, without a revocation or the annulment of one."""
        case = self.case(self.on)
        rounds = deadline_cases(case, self.knowledge)
        for ground in case.edition.revocation.grounds:
            met = ground_met(case, ground, deadline_cases=rounds)
            if met.result is not True or met.cite is None or is_settled(met, undone):
                continue
            since = max((self.days[n] for n in met.entries if n in self.days), default=self.on)
            values = {"ground": ground}
            duty = self._duty("revocation", ground, cite=met.cite, since=since, values=values)
            yield without_day(replace(duty, entries=met.entries))

    def case(self, day: date, notice: RoundState | None = None) -> Case:
        """The question under the edition that rules an act of that day, as it is read today."""
        scheme = scheme_of(self.state.center)
        resolution = self.judge.rulebook.resolve(
            scheme,
            day,
            policy=None,
            policy_reason=None,
            round_edition=notice.edition if notice else None,
            center_edition=self.state.edition,
            adopted=readings_on(self.knowledge, scheme, self.on),
        )
        edition = resolution.edition or resolution.fallback
        assert edition is not None  # noqa: S101  a scheme of the rulebook has an edition
        return self.judge.case(edition, self.state, self.on, self.knowledge, None)

    def _result(
        self, case: Case, due: ResultDue, round_id: str, *, anchor: date, entry: int
    ) -> Duty:
        values = {
            "round": round_id,
            "anchor": anchor.isoformat(),
            "working_days": due.working_days,
        }
        cite = case.cite(due.article)
        duty = self._duty("result", round_id, cite=cite, since=anchor, values=values, entry=entry)
        return in_working_days(replace(duty, round=round_id), case, count=due.working_days)

    def _is_current(self, day: date) -> bool:
        """Whether the day belongs to the present designation, not to one that was revoked."""
        return self.state.designated_on is not None and day >= self.state.designated_on

    def _duty(
        self,
        what: str,
        anchor: str,
        *,
        cite: Cite,
        since: date,
        values: dict[str, Any],
        entry: int | None = None,
    ) -> Duty:
        return Duty(
            what=what,
            center=self.state.center,
            by="center" if what in _OF_THE_CENTER else "authority",
            key=f"{what}|{self.state.center}|{anchor}",
            say=f"duty_{what}",
            values=values,
            cite=cite,
            since=since,
            name=self.state.name,
            entries=() if entry is None else (entry,),
        )


_OF_THE_CENTER = frozenset({"filing", "return", "rectification", "report"})
"""Duties of the center itself; the others are the authority's."""


def _publicity_cite(case: Case, subject: str) -> Cite:
    if subject == "designation":
        publicity = case.edition.designation.publicity
        return case.cite(publicity.article if publicity else case.edition.designation.article)
    if subject == "evaluation":
        rules = case.edition.evaluation
        published = rules.publicity
        return case.cite(published.article if published else rules.confirmation_article)
    return case.cite(case.edition.revocation.article)
