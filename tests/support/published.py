"""Published results of evaluations, as YAML files under tests/cases/real, replayed on a ledger.

    id: AT-01                            what the result is called in the tests
    title: …                             what was published
    document: 发改办高技〔2022〕68号            by which document, by whom, on which day, read where
    issuer: …
    issued_on: 2022-01-28
    copies: [www.…]
    round: national:evaluation:2021
    edition: national/2016               the regulation it was decided by
    reason: …                            why by this one, where it is not known to be in force
    made_up: {…}                         days the notice does not give and an entry needs
    figures: {rd_staff: 150}             filed by every center whose group has no others
    floors_attested: true                the result says of whoever passed that no floor was missed
    centers:                             one group a line
      - {number: 72, grade: 优秀, scores: ["90", "100"]}
    published: {…}                       the totals of the notice, to be read back
    deviations: {…}                      where the rules cannot follow it: code → number of acts
    omissions: {…}                       what an audit misses: code → number of centers

The notices count centers and name few of them, so a replay makes up as many as the notice counts.
The scores of a group are both ends of its band, then scores evenly between them: a bound that is
off by one step of a score shows in the totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cli.desk import Desk
from projections.round_totals import RoundTotals
from support.scenario import Line

__all__ = [
    "STEP",
    "Group",
    "Published",
    "Retold",
    "Totals",
    "read_back",
    "read_result",
    "read_retold",
    "results",
]

FOLDER = Path(__file__).parents[1] / "cases" / "real"
STEP = Decimal("0.0001")
"""The smallest step of a score."""

Totals = dict[str, Any]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Group(_Part, frozen=True, kw_only=True):
    """So many centers that the notice treats alike."""

    number: int
    grade: str | None = None
    scores: tuple[Decimal, ...] = ()
    figures: dict[str, Decimal] | None = None
    filed: bool = True
    deferred: str | None = None
    fact: str | None = None
    warned: bool = False
    revoked: tuple[str, ...] = ()
    named: dict[str, str] = {}


class MadeUp(_Part, frozen=True, kw_only=True):
    """Days that a notice does not give."""

    designated_on: tuple[date, ...]
    opened_on: date
    deadline: date
    missed_on: date | None = None
    fact_on: date | None = None
    revoked_on: date | None = None
    renamed_on: date | None = None


class Published(_Part, frozen=True, kw_only=True):
    """One published result."""

    id: str
    title: str
    document: str
    issuer: str
    issued_on: date
    copies: tuple[str, ...]
    round: str
    edition: str
    made_up: MadeUp
    centers: tuple[Group, ...]
    published: dict[str, Any]
    reason: str | None = None
    reporting_year: int | None = None
    revocation_document: str | None = None
    figures: dict[str, Decimal] | None = None
    floors_attested: bool = False
    renamed: int = 0
    renamed_on: tuple[date, ...] = ()
    host_changed: int = 0
    deviations: dict[str, int] = {}
    omissions: dict[str, int] = {}

    @property
    def scheme(self) -> str:
        """The family of the regulation."""
        return self.edition.partition("/")[0]

    @property
    def expected(self) -> Totals:
        """The totals of the notice, as numbers."""
        return _numbers(self.published)

    def lines(self) -> Iterator[Line]:
        """What a ledger that followed the round would hold, in the order of the days."""
        yield self._notice()
        centers = list(self._centers())
        for step in (
            self._designation,
            self._filing,
            self._result,
            self._revocation,
        ):
            for index, (center, name, group, score) in enumerate(centers):
                yield from step(index, center, name, group, score)
        yield from self._changes(
            [(center, name) for center, name, g, _ in centers if not g.revoked]
        )

    def _notice(self) -> Line:
        return {
            "type": "RoundOpened",
            "on": self.made_up.opened_on,
            "round": self.round,
            "deadline": self.made_up.deadline,
            "reporting_year": self.reporting_year,
            "by": self.issuer,
            **self._policy(),
        }

    def _policy(self) -> Line:
        return {} if self.reason is None else {"policy": self.edition, "policy_reason": self.reason}

    def _centers(self) -> Iterator[tuple[str, str, Group, Decimal | None]]:
        number = 0
        for group in self.centers:
            for index, score in enumerate(_scores(group)):
                number += 1
                center = f"{self.scheme}/id:{self.id.lower()}-{number:04}"
                name = f"第{number:04}号企业"
                if index == 0 and group.named:
                    center, name = f"{self.scheme}/id:{group.named['id']}", group.named["name"]
                yield center, name, group, score

    def _designation(
        self, index: int, center: str, name: str, group: Group, score: Decimal | None
    ) -> Iterator[Line]:
        days = self.made_up.designated_on
        day = days[index % len(days)]
        yield {
            "type": "CenterDesignated",
            "on": day,
            "center": center,
            "round": f"{self.scheme}:designation:{day.year}",
            "name": name,
            "policy": self.edition,
            "policy_reason": "认定文件未收录",
        }

    def _filing(
        self, index: int, center: str, name: str, group: Group, score: Decimal | None
    ) -> Iterator[Line]:
        common = {"center": center, "round": self.round}
        if group.deferred is not None:
            day = self.made_up.deadline
            yield {"type": "EvaluationDeferred", "on": day, **common, "reason": group.deferred}
            return
        if not group.filed:
            yield {"type": "EvaluationNotSubmitted", "on": self.made_up.missed_on, **common}
        if group.filed:
            figures = group.figures or self.figures
            yield {
                "type": "EvaluationSubmitted",
                "on": self.made_up.deadline,
                **common,
                **({"indicators": figures} if figures else {}),
            }
        if score is not None:
            yield {"type": "EvaluationScored", "on": self.issued_on, **common, "score": score}
        if group.fact is not None:
            yield {
                "type": "FactEstablished",
                "on": self.made_up.fact_on,
                "center": center,
                "fact": group.fact,
            }

    def _result(
        self, index: int, center: str, name: str, group: Group, score: Decimal | None
    ) -> Iterator[Line]:
        common = {
            "on": self.issued_on,
            "center": center,
            "round": self.round,
            "by": self.issuer,
            "document": self.document,
        }
        if group.grade is None:
            return
        if self.floors_attested and not group.revoked:
            yield {"type": "FloorsAttested", **common, "met": True, "report": self.document}
        yield {"type": "GradeConfirmed", **common, "grade": group.grade}
        if group.warned:
            yield {"type": "WarningIssued", **common}

    def _revocation(
        self, index: int, center: str, name: str, group: Group, score: Decimal | None
    ) -> Iterator[Line]:
        if group.revoked:
            yield {
                "type": "CenterRevoked",
                "on": self.made_up.revoked_on or self.issued_on,
                "center": center,
                "grounds": group.revoked,
                "by": self.issuer,
                "document": self.revocation_document or self.document,
            }

    def _changes(self, staying: list[tuple[str, str]]) -> Iterator[Line]:
        days = self.renamed_on or (self.made_up.renamed_on,)
        for index, (center, name) in enumerate(staying[: self.renamed]):
            yield {
                "type": "EnterpriseRenamed",
                "on": days[index % len(days)],
                "center": center,
                "name": f"{name}（更名后）",
            }
        for center, _ in staying[self.renamed : self.renamed + self.host_changed]:
            yield {
                "type": "EnterpriseReorganized",
                "on": self.made_up.renamed_on,
                "center": center,
                "form": "other",
                "note": "依托主体变更",
            }


class ToldOtherwise(_Part, frozen=True, kw_only=True):
    """The grade of one center, as another publication of the same result has it."""

    center: str
    grade: str


class Retold(_Part, frozen=True, kw_only=True):
    """Another publication of the same result, that counts otherwise; `difference` says by how
    many."""

    id: str
    title: str
    document: str
    issuer: str
    issued_on: date
    copies: tuple[str, ...]
    tells_again: str
    otherwise: tuple[ToldOtherwise, ...]
    published: dict[str, Any]
    difference: dict[str, int]

    def lines(self, told: Published) -> Iterator[Line]:
        """What this publication says otherwise than the one it tells again."""
        for one in self.otherwise:
            yield {
                "type": "GradeConfirmed",
                "on": self.issued_on,
                "center": one.center,
                "round": told.round,
                "grade": one.grade,
                "by": self.issuer,
                "document": self.document,
            }

    def difference_to(self, told: Published) -> dict[str, int]:
        """By how many the totals of the two publications differ, each by its own name."""
        mine, other = _flat(_numbers(self.published)), _flat(told.expected)
        return {name: mine[name] - other[name] for name in mine if mine[name] != other[name]}


def read_result(name: str) -> Published:
    """The published result in a file of the folder."""
    return msgspec.convert(_tree(name), Published, strict=False)


def read_retold(name: str) -> Retold:
    """The other publication of a result in a file of the folder."""
    return msgspec.convert(_tree(name), Retold, strict=False)


def results() -> list[str]:
    """Names of the published results in the folder, without those that tell one again."""
    names = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return [name for name in names if "tells_again" not in _tree(name)]


def read_back(desk: Desk, result: Published, *, known_at: str | None = None) -> Totals:
    """The totals of the round as the ledger has them: those of the notice, by the same names."""
    view = desk.view(result.scheme, known_at=known_at)
    notice = desk.notice(result.round, view)
    totals = RoundTotals()
    statuses: Counter[str] = Counter()
    renamed = changed = 0
    for part, _ in desk.parts(notice, view):
        totals.add(part)
        state = desk.state(part.center, view)
        statuses[state.status] += 1
        renamed += len(state.former_names)
        changed += sum(change.what == "reorganization" for change in state.changes)
    found = {
        "centers": totals.centers,
        "grades": dict(totals.grades),
        "not_submitted": totals.marks["not_submitted"],
        "deferred": totals.marks["deferred"],
        "warned": totals.marks["warned"],
        "revoked": statuses["revoked"],
        "renamed": renamed,
        "host_changed": changed,
    }
    return {name: value for name, value in found.items() if name in result.published}


def _scores(group: Group) -> Iterator[Decimal | None]:
    """A score for each center of the group: both ends of its band first, then evenly between."""
    if not group.scores:
        yield from [None] * group.number
        return
    low, high = group.scores[0], group.scores[-1]
    yield low
    if group.number > 1:
        yield high
    for place in range(1, group.number - 1):
        yield (low + (high - low) * place / (group.number - 1)).quantize(STEP)


def _tree(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506  plain text only


def _flat(totals: Totals) -> dict[str, int]:
    """The totals with the grades among the others."""
    return {**{k: v for k, v in totals.items() if k != "grades"}, **totals["grades"]}


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(part) for key, part in value.items()}
    return int(value)
