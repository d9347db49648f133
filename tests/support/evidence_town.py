"""A small ledger as an office keeps it, sealed twice, with everything an evidence file can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.desk import Desk
from ledger.checkpoints import keep_cosignature
from ledger.cosignature import cosign
from ledger.engine import write_transaction
from ledger.evidence import Built, Wanted
from ledger.evidence_check import Claim, check_evidence
from ledger.note import Note, VerifierKey, format_vkey, parse_note
from support.evidence_book import WITNESSES
from support.places import Place
from support.scenario import NOW, judge, line_of

__all__ = ["CENTER", "SECRETS", "Town", "opened", "town"]

CENTER = "hechuan/id:a"
SECRETS = ("13800138000", "a@example.cn", "张三")

_ROUND = "hechuan:designation:2022"
_INTERPRETERS = "重庆市合川区经济和信息化委员会、重庆市合川区科学技术局、重庆市合川区财政局"
_BEFORE: tuple[dict[str, Any], ...] = (
    {
        "type": "RoundOpened",
        "on": "2022-01-15",
        "round": _ROUND,
        "deadline": "2022-04-30",
        "policy": "hechuan/2021",
        "policy_reason": "通知载明",
    },
    {
        "type": "InterpretationAdopted",
        "on": "2022-01-02",
        "scheme": "hechuan",
        "interpretation": "hc.revenue.field",
        "value": "营业收入",
        "by": _INTERPRETERS,
    },
    {
        "type": "ApplicationSubmitted",
        "on": "2022-04-01",
        "center": CENTER,
        "round": _ROUND,
        "name": "甲",
        "key": "application",
        "private": {"phone": SECRETS[0], "mail": SECRETS[1], "name": SECRETS[2]},
        "attachments": [{"name": "letter.txt", "path": "letter.txt"}],
    },
    {"type": "FactEstablished", "on": "2022-02-02", "center": "hechuan/id:b", "fact": "pollution"},
)
_AFTER: tuple[dict[str, Any], ...] = (
    {"type": "FactEstablished", "on": "2022-05-05", "center": CENTER, "fact": "pollution"},
    {
        "type": "PrivateErased",
        "on": "2022-06-06",
        "center": CENTER,
        "erases": "application",
        "fields": ["/name"],
        "reason": "申请",
    },
)


@dataclass(frozen=True)
class Town:
    """A ledger, its key, and the sizes of its checkpoints."""

    desk: Desk
    key: VerifierKey
    sizes: tuple[int, ...]

    @property
    def spelled_key(self) -> str:
        """The key as it is handed over."""
        return format_vkey(self.key)

    def built(
        self, center: str = CENTER, *, size: int | None = None, disclose: bool = False, **more: Any
    ) -> Built:
        """The evidence file of a center, with all private values or none."""
        paths = None if disclose else frozenset[str]()
        return self.desk.proofs.evidence(Wanted(center, paths, **more), size=size)

    def checked(self, built: Built) -> tuple[Claim, ...]:
        """What whoever has the key learns from the file."""
        return check_evidence(built.data, keys=[self.key])


def town(place: Place, *, deadline: str = "2022-04-30") -> Town:
    """The ledger at a place, with a cosignature on its newest checkpoint."""
    folder = place.folder
    (folder / "letter.txt").write_text("决定书", encoding="utf-8")
    desk = opened(place, create=True)
    desk.initialise()
    key = desk.proofs.make_key("city.example", None)
    sizes = []
    notice = _BEFORE[0] | {"deadline": deadline}
    for lines in ((notice, *_BEFORE[1:]), _AFTER):
        desk.record(map(line_of, lines), historical=True, folder=folder)
        (made,) = desk.proofs.checkpoint(["hechuan"], None)
        sizes.append(made.size)
    note: Note = parse_note(made.note)
    with write_transaction(desk.engine) as connection:
        signature = cosign(note.text, WITNESSES[0], at=1_795_420_800)
        keep_cosignature(connection, "hechuan", made.size, signature)
    return Town(desk, key, tuple(sizes))


def opened(place: Place, *, create: bool = False, trust: Path | None = None) -> Desk:
    """A desk at a place, with the rulebook that all tests share."""
    desk = Desk(place.url, clock=lambda: NOW, create=create, trust=trust or place.trust)
    desk.__dict__["judge"] = judge()
    desk.__dict__["rulebook"] = judge().rulebook
    return desk
