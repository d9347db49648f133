"""What the benchmarks have to show, in one table, and whether a figure shows it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AIMS", "Aim", "Found"]


@dataclass(frozen=True, slots=True)
class Aim:
    """`work` at `size` entries reaches `bound`; a ratio where the unit is ×."""

    work: str
    bound: float
    unit: str
    than: str = ""
    at_most: bool = False
    size: int | None = None

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return f"{sign} {shown(self.bound, self.unit)} {self.than}".strip()

    def is_met(self, value: float) -> bool:
        """Whether a figure, in the aim's unit, reaches the bound."""
        return value <= self.bound if self.at_most else value >= self.bound


@dataclass(frozen=True, slots=True)
class Found:
    """A figure for an aim: `by_cpu` is the same by processor time, where that was measured."""

    aim: Aim
    value: float
    size: int
    engine: str
    by_cpu: float | None = None

    @property
    def verdict(self) -> str:
        """`met` or `not met`; at which size the aim counts, where another was measured."""
        said = "met" if self.aim.is_met(self.value) else "**not met**"
        if self.by_cpu is not None and self.aim.is_met(self.by_cpu) != self.aim.is_met(self.value):
            said += f" (by processor time {'met' if self.aim.is_met(self.by_cpu) else 'not met'})"
        if self.aim.size is not None and self.size < self.aim.size:
            said += f"; the aim is for {self.aim.size:,}"
        return said


def shown(value: float, unit: str) -> str:
    """A figure with its unit."""
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f} {unit}"


_NATIVE = "of eventsourcing's native recorder"
_RUNNER = "of eventsourcing's projection runner"

AIMS = {
    "append_sqlite": Aim("append, batches of 1,000", 1.0, "×", _NATIVE),
    "append_postgresql": Aim("append, batches of 1,000", 2.5, "×", _NATIVE),
    "commit_sqlite": Aim("append, one entry a commit", 0.8, "×", _NATIVE),
    "commit_postgresql": Aim("append, one entry a commit", 1.3, "×", _NATIVE),
    "parallel": Aim("one entry a commit, four logs at once", 2.5, "×", "of one log"),
    "record": Aim(
        "record a file by the rules", 2.0, "×", "of Application.save, unruled", size=100_000
    ),
    "rebuild_runner": Aim("rebuild of all projections", 30.0, "×", _RUNNER, size=1_000_000),
    "rebuild_raw": Aim(
        "rebuild of all projections", 0.4, "×", "of SELECT and orjson.loads", size=1_000_000
    ),
    "verify_ledgerchain": Aim("log verify", 5.0, "×", "of ledgerchain", size=1_000_000),
    "verify_hashing": Aim(
        "log verify", 3.0, "×", "the time of hashing alone", at_most=True, size=1_000_000
    ),
    "verify_rate": Aim("log verify, one process", 90_000, "entries/s", size=100_000),
    "verify_two": Aim("log verify, two processes", 1.7, "×", "of one", size=100_000),
    "verify_tree_rate": Aim(
        "log verify, entries and tree, one process", 90_000, "entries/s", size=100_000
    ),
    "verify_tree_two": Aim(
        "log verify, entries and tree, two processes", 1.7, "×", "of one", size=100_000
    ),
    "show": Aim("center show, p99", 5.0, "ms", at_most=True, size=10_000_000),
    "why": Aim("center why, p99", 5.0, "ms", at_most=True, size=10_000_000),
    "eligible": Aim("center eligible, p99", 5.0, "ms", at_most=True, size=10_000_000),
    # "the same" within what a p99 moves from run to run
    "flat_answers": Aim(
        "an answer, p99", 1.5, "×", "of the smallest ledger's", at_most=True, size=10_000_000
    ),
    "help": Aim("taizhang --help", 1.5, "×", "of importing click", at_most=True),
    "show_process": Aim(
        "taizhang center show", 1.6, "×", "of importing click and sqlalchemy", at_most=True
    ),
    "memory_record": Aim("peak memory, record", 300, "MiB", at_most=True, size=10_000_000),
    "memory_rebuild": Aim("peak memory, rebuild", 300, "MiB", at_most=True, size=10_000_000),
    "memory_verify": Aim("peak memory, verify", 300, "MiB", at_most=True, size=10_000_000),
    "proof": Aim("inclusion proof, nothing cached", 5.0, "ms", at_most=True, size=1_000_000),
    "seal": Aim("seal of 30,000 centers, after a first", 0.3, "s", at_most=True, size=30_000),
    "evidence_build": Aim("evidence of 100 entries, built", 1.0, "s", at_most=True),
    "evidence_check": Aim("evidence of 100 entries, checked", 1.0, "s", at_most=True),
}
