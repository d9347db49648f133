"""Ledgers of a generated town, each recorded once a run, by the command a user would give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
import processes
from places import Place
from processes import Process, taizhang
from town import town

from cli.desk import Desk

__all__ = ["LOG", "TownLedger", "TownLedgers"]

LOG = "beijing"


@dataclass(frozen=True, slots=True)
class TownLedger:
    """A ledger of `size` entries at `place`; `recorded` is what `taizhang record` took."""

    place: Place
    url: str
    size: int
    recorded: Process
    trust: Path

    def desk(self) -> Desk:
        """The ledger, open in this process."""
        return Desk(self.url, trust=self.trust)

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Process:
        """A command on this ledger, as a process."""
        environment = {"TAIZHANG_TRUST": str(self.trust)}
        return processes.run(
            taizhang(self.url, *arguments),
            meter=self.place.meter,
            environment=environment,
            allowed=allowed,
        )


class TownLedgers:
    """Makes towns at first use and removes them at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, int], TownLedger] = {}

    def __enter__(self) -> TownLedgers:
        return self

    def __exit__(self, *_: object) -> None:
        for made in self._made.values():
            made.place.remove(made.url)

    def file(self, size: int) -> Path:
        """The town's acts as JSON Lines."""
        path = self._folder / f"town-{size}.jsonl"
        if not path.exists():
            with path.open("wb") as file:
                file.writelines(orjson.dumps(entry) + b"\n" for entry in town(size))
        return path

    def at(self, place: Place, size: int) -> TownLedger:
        """The town, recorded and sealed."""
        key = (place.key, size)
        if key not in self._made:
            made = self._made[key] = self.recorded_anew(place, size)
            desk = made.desk()
            desk.proofs.make_key("bench.example", None)
            desk.proofs.checkpoint([LOG], None)
            desk.close()
        return self._made[key]

    def recorded_anew(self, place: Place, size: int) -> TownLedger:
        """The town in another ledger, not sealed."""
        url = place.fresh()
        trust = self._folder / f"trust-{url.rpartition('/')[2].partition('?')[0]}"
        environment = {"TAIZHANG_TRUST": str(trust)}
        desk = Desk(url, create=True, trust=trust)
        desk.initialise()
        desk.close()
        command = taizhang(url, "record", str(self.file(size)))
        recorded = processes.run(command, meter=place.meter, environment=environment)
        return TownLedger(place, url, size, recorded, trust)
