"""Why a center stands as it does: outcome → ground → article → entries, and what would change the
answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from ledger import entries as e
from ledger.ruling import Recorded
from policies.acts.supervision import deadline_cases
from policies.case import Case
from policies.edition import Edition
from policies.judge import Judge
from policies.outcome import Assessment
from policies.rules.boundary import would_be_unmet
from policies.rules.revocation import ground_met
from policies.verdict import Knowledge, KnownBefore
from projections.center import CenterState
from projections.counters import counts
from projections.fold import annulments, fold

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True):
    """The answer as a tree, and beside it what would have to be otherwise."""

    because: Assessment
    why_not: tuple[Assessment, ...]


def explain(
    judge: Judge, state: CenterState, entries: Sequence[Recorded], on: date, knowledge: Knowledge
) -> Explanation:
    """The explanation of the center's status at the end of the day, from the entries known."""
    teller = _Teller(judge, judge.as_read(state, on, knowledge), entries, on, knowledge)
    match state.status:
        case "revoked":
            return teller.revoked()
        case "designated" | "suspended":
            return teller.designated()
        case "applicant" | "proposed":
            return teller.pending()
    return teller.nothing()


class _Teller:
    def __init__(
        self,
        judge: Judge,
        state: CenterState,
        entries: Sequence[Recorded],
        on: date,
        knowledge: Knowledge,
    ) -> None:
        self.judge = judge
        self.state = state
        self.entries = {r.position: r for r in entries}
        self.ordered = entries
        self.on = on
        self.knowledge = knowledge
        self.scheme = state.center.partition("/")[0]

    def revoked(self) -> Explanation:
        """Every ground with the entries it rests on, then the arithmetic of the ban."""
        state = self.state
        recorded = self.entries[state.revoked] if state.revoked is not None else None
        if recorded is None or state.revoked_on is None:
            return self.nothing()
        known = KnownBefore(self.knowledge, recorded.position)
        case = self._case_before(recorded, known)
        rounds = deadline_cases(case, known)
        parts = [
            self._ground(case, ground, recorded, rounds)
            for ground in state.grounds
            if ground in case.edition.revocation.grounds
        ]
        parts.append(self._ban(case, recorded))
        parts += self._deviations(recorded)
        parts += self._notes(recorded)
        claim = {"center": self._name(), "revoked_on": state.revoked_on.isoformat()}
        root = Assessment(
            True,
            "status_revoked",
            claim,
            case.cite(case.edition.revocation.article),
            (recorded.position,),
            None,
            tuple(parts),
        )
        return Explanation(root, self._after_revocation(case, recorded, parts))

    def designated(self) -> Explanation:
        """By what act, on which entries; and how far from each ground of revocation."""
        state = self.state
        recorded = self.entries.get(state.designated) if state.designated is not None else None
        edition = self._edition(recorded.ruling.edition if recorded and recorded.ruling else None)
        case = self._case(edition)
        parts: list[Assessment] = []
        if recorded is not None and isinstance(recorded.entry, e.CenterDesignated):
            values = {"on": recorded.entry.on.isoformat(), "round": recorded.entry.round}
            because = tuple(self._entry(n, case) for n in self._used(recorded))
            cite = case.cite(edition.designation.article)
            parts.append(
                Assessment(True, "designated_by", values, cite, (recorded.position,), None, because)
            )
            parts += self._deviations(recorded)
        parts += self._annulled(case)
        claim: dict[str, object] = {
            "center": self._name(),
            "designated_on": state.designated_on and state.designated_on.isoformat(),
        }
        entries = (recorded.position,) if recorded else ()
        root = Assessment(
            True,
            "status_designated",
            claim,
            case.cite(edition.designation.article),
            entries,
            None,
            tuple(parts),
        )
        return Explanation(root, self._why_not_revoked(case))

    def pending(self) -> Explanation:
        """What was filed and decided so far; and what the next act still lacks."""
        state = self.state
        application = max(state.applications, key=lambda a: (a.on, a.position))
        round_id = application.round
        recorded = self.entries.get(application.position)
        edition = self._edition(recorded.ruling.edition if recorded and recorded.ruling else None)
        case = self._case(edition)
        parts = []
        if recorded is not None:
            values = {"on": application.on.isoformat(), "round": round_id}
            cite = case.cite(edition.designation.deadline_article or edition.designation.article)
            parts.append(Assessment(True, "applied_in", values, cite, (recorded.position,)))
        if application.proposed is not None and application.proposed_on is not None:
            values = {"on": application.proposed_on.isoformat(), "round": round_id}
            cite = case.cite(edition.designation.proposal_article)
            parts.append(Assessment(True, "proposed_in", values, cite, (application.proposed,)))
        root = Assessment(
            True,
            f"status_{state.status}",
            {"center": self._name()},
            case.cite(edition.designation.article),
            (),
            None,
            tuple(parts),
        )
        return Explanation(
            root, self._missing_for_next(round_id, proposed=application.proposed is not None)
        )

    def nothing(self) -> Explanation:
        """No designation: a refusal, a ban of an applicant, or an annulled act may be why."""
        case = self._case(self._edition(None))
        parts = [
            Assessment(
                True,
                "refused_in",
                {"round": a.round},
                case.cite(case.edition.designation.refusal_article),
                tuple(n for n in (a.position, a.refused) if n is not None and n >= 0),
            )
            for a in self.state.applications
            if a.refused is not None
        ]
        if self.state.ban is not None and self.state.ban_position is not None:
            parts.append(self._applicant_ban(case, self.entries[self.state.ban_position]))
            parts.append(self._ban(case, self.entries[self.state.ban_position]))
        parts += self._annulled(case)
        why_not = self._ban_over()
        root = Assessment(
            False,
            "status_none",
            {"center": self._name()},
            case.cite(case.edition.designation.article),
            (),
            None,
            tuple(parts),
        )
        return Explanation(root, why_not)

    # --- parts -----------------------------------------------------------------------------------

    def _ground(
        self, case: Case, ground: str, recorded: Recorded, rounds: dict[str, Case]
    ) -> Assessment:
        met = ground_met(case, ground, deadline_cases=rounds)
        because = tuple(
            replace(part, because=(*part.because, *(self._entry(n, case) for n in part.entries)))
            for part in met.because
        )
        values = {"on": recorded.entry.on.isoformat(), "ground": ground}
        claim = Assessment(
            met.result,
            met.say,
            {**met.values, "because": [{"say": p.say, "values": p.values} for p in met.because]},
            met.cite,
            met.entries,
            met.interpretation,
            because,
        )
        return Assessment(
            True,
            "revoked_on_ground",
            values,
            met.cite,
            (recorded.position, *met.entries),
            met.interpretation,
            (claim,),
        )

    def _ban(self, case: Case, recorded: Recorded) -> Assessment:
        ban = self.state.ban
        reads = case.edition.revocation.reads
        reading = case.reading(reads)
        if ban is None:
            free = [
                g
                for i, g in case.edition.revocation.grounds.items()
                if i in self.state.grounds and g.no_ban
            ]
            cite = case.cite(case.edition.designation.ban_article)
            reasons = {"reason": [g.no_ban for g in free]}
            own = case.reading([key for g in free for key in g.reads])
            return Assessment(True, "no_ban_follows", reasons, cite, (recorded.position,), own)
        if ban.last_day is None:
            return Assessment(
                None,
                "banned_unknown",
                {"start": ban.start.isoformat(), "reason": ban.undetermined},
                ban.cite,
                (recorded.position,),
                reading,
            )
        values = {
            "years": ban.years,
            "start": ban.start.isoformat(),
            "last_day": ban.last_day.isoformat(),
            "first_eligible_day": ban.first_eligible_day.isoformat()
            if ban.first_eligible_day
            else None,
        }
        is_counted = case.edition.time.first_day == "counted"
        say = "ban_arithmetic_counted" if is_counted else "ban_arithmetic"
        others = [key for key in reads[1:] if ".publicity." not in key]
        others = [key for key in others if key != "ban.multi_ground" or len(ban.grounds) > 1]
        because = tuple(
            Assessment(True, "also_read_so", {}, ban.cite, (recorded.position,), found)
            for key in others
            if (found := case.reading([key])) is not None
        )
        return Assessment(True, say, values, ban.cite, (recorded.position,), reading, because)

    def _applicant_ban(self, case: Case, recorded: Recorded) -> Assessment:
        """What the ban of an applicant rests on."""
        ban = self.state.ban
        facts = tuple(
            n for n in self._used(recorded) if isinstance(self.entries[n].entry, e.FactEstablished)
        )
        values = {"ground": list(ban.grounds) if ban else [], "on": recorded.entry.on.isoformat()}
        because = tuple(self._entry(n, case) for n in facts)
        cite = ban.cite if ban else None
        entries = (recorded.position, *facts)
        return Assessment(True, "banned_on_ground", values, cite, entries, None, because)

    def _entry(self, position: int, case: Case) -> Assessment:
        """One entry a claim rests on, as a leaf of the tree."""
        recorded = self.entries.get(position)
        if recorded is None:
            return Assessment(True, "entry_elsewhere", {"position": position}, None, (position,))
        entry, outcome = recorded.entry, recorded.outcome
        values = {
            "type": type(entry).__name__,
            "on": entry.on.isoformat(),
            "document": entry.document,
            "by": list(entry.signers),
        }
        match entry:
            case e.GradeConfirmed():
                evaluation = self.state.evaluation(entry.round)
                score = evaluation.result.score if evaluation and evaluation.result else None
                values |= {
                    "round": entry.round,
                    "grade": outcome.grade,
                    "score": format(score, "f") if score is not None else None,
                }
                return Assessment(True, "entry_graded", values, outcome.cite, (position,))
            case e.FactEstablished():
                decided = (entry.decided_on or entry.on).isoformat()
                values |= {"fact": entry.fact, "decided_on": decided, "source": entry.source}
                say = "entry_fact" if entry.source else "fact_established"
                return Assessment(True, say, values, None, (position,))
        return Assessment(True, "entry_plain", values, outcome.cite, (position,))

    def _deviations(self, recorded: Recorded) -> list[Assessment]:
        return [
            Assessment(False, d.say or d.code, d.values, d.cite, (recorded.position, *d.entries))
            for d in recorded.deviations
        ]

    def _notes(self, recorded: Recorded) -> list[Assessment]:
        """What was noted of the act and refused nothing, such as that nobody was heard."""
        return [
            Assessment(True, f.say or f.code, f.values, f.cite, (recorded.position, *f.entries))
            for f in recorded.findings
        ]

    def _annulled(self, case: Case) -> list[Assessment]:
        found = []
        for target, annulment in sorted(annulments(self.ordered, on=self.on).items()):
            recorded = self.entries.get(target)
            if recorded is None:
                continue
            values = {
                "type": type(recorded.entry).__name__,
                "on": recorded.entry.on.isoformat(),
                "annulled_on": annulment.entry.on.isoformat(),
            }
            found.append(
                Assessment(True, "annulled_act", values, None, (target, annulment.position))
            )
        return found

    def _why_not_revoked(self, case: Case) -> tuple[Assessment, ...]:
        rounds = deadline_cases(case, self.knowledge)
        found = []
        for name, count in counts(self.state).items():
            counter = case.edition.evaluation.counters.get(name)
            cite = case.cite(counter.article) if counter else None
            values: dict[str, object] = {
                "counter": name,
                "count": count.count,
                "limit": count.limit,
            }
            reached = count.count >= count.limit
            if not reached:
                values["missing"] = count.limit - count.count
            say = "counter_reached" if reached else "counter_boundary"
            found.append(Assessment(reached, say, values, cite, count.entries))
        for ground in case.edition.revocation.grounds:
            met = ground_met(case, ground, deadline_cases=rounds)
            says = {True: "ground_met", False: "why_not_revoked", None: "why_undetermined"}
            say = says[met.result]
            found.append(
                replace(
                    met,
                    say=say,
                    values={
                        "ground": ground,
                        "because": [{"say": p.say, "values": p.values} for p in met.because],
                    },
                )
            )
        return tuple(found)

    def _after_revocation(
        self, case: Case, recorded: Recorded, parts: Sequence[Assessment]
    ) -> tuple[Assessment, ...]:
        """What would have left each ground unmet; what undoes the revocation; and when it is
        over."""
        grounds = [part for part in parts if part.say == "revoked_on_ground"]
        found = [
            would_be_unmet(case, reason, str(part.values["ground"]))
            for part in grounds
            for claim in part.because
            if claim.result
            for reason in claim.because
        ]
        found.append(Assessment(False, "annulment_restores", {}, None, (recorded.position,)))
        over = self._ban_over()
        if not over and self.state.ban is None:
            cite = case.cite(case.edition.designation.ban_article)
            over = (Assessment(True, "eligible_at_once", {}, cite),)
        return (*found, *over)

    def _ban_over(self) -> tuple[Assessment, ...]:
        ban = self.state.ban
        if ban is None or ban.first_eligible_day is None:
            return ()
        values = {"first_eligible_day": ban.first_eligible_day.isoformat()}
        return (Assessment(self.on >= ban.first_eligible_day, "eligible_from", values, ban.cite),)

    def _missing_for_next(self, round_id: str, *, proposed: bool) -> tuple[Assessment, ...]:
        if proposed:
            act: e.Entry = e.CenterDesignated(
                on=self.on, center=self.state.center, round=round_id, name=self._name()
            )
        else:
            act = e.DesignationProposed(on=self.on, center=self.state.center, round=round_id)
        judgement = self.judge.judge(act, self.state, self.knowledge)
        return tuple(
            Assessment(False, f.say or f.code, f.values, f.cite, f.entries) for f in judgement.bars
        )

    # --- helpers ---------------------------------------------------------------------------------

    def _case_before(self, recorded: Recorded, known: Knowledge) -> Case:
        """The question as it stood when the act was ruled."""
        before = [r for r in self.ordered if r.position < recorded.position]
        state = fold(self.state.center, before, on=recorded.entry.on)
        edition = self._edition(recorded.ruling.edition if recorded.ruling else None)
        return self.judge.case(edition, state, recorded.entry.on, known, None)

    def _case(self, edition: Edition) -> Case:
        return self.judge.case(edition, self.state, self.on, self.knowledge, None)

    def _edition(self, edition_id: str | None) -> Edition:
        rulebook = self.judge.rulebook
        chosen = edition_id or self.state.edition or rulebook.ids(self.scheme)[-1]
        return rulebook.edition(chosen)

    def _used(self, recorded: Recorded) -> list[int]:
        used = recorded.ruling.used if recorded.ruling else ()
        return [n for n in used if n in self.entries]

    def _name(self) -> str:
        return self.state.name or self.state.center
