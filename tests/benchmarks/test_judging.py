"""How the benchmarks judge what they measure."""

import sys
from pathlib import Path
from time import process_time

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from aims import AIMS, Aim, Found
from measuring import Meter, Sample, ratio
from report import Judged, Report

FASTER = Aim("append", 2.0, "×", "of a peer")
SMALLER = Aim("memory", 300, "MiB", at_most=True, size=1_000)


@pytest.mark.parametrize(("aim", "value"), [(FASTER, 2.0), (SMALLER, 300.0)])
def test_bound_itself_is_met(aim: Aim, value: float) -> None:
    """A figure that just reaches the bound meets the aim."""
    assert Found(aim, value, 1_000, "SQLite").verdict == "met"


@pytest.mark.parametrize(("aim", "value"), [(FASTER, 1.99), (SMALLER, 300.1)])
def test_wrong_side_is_missed(aim: Aim, value: float) -> None:
    """A figure on the other side of the bound misses the aim."""
    assert Found(aim, value, 1_000, "SQLite").verdict == "**not met**"


def test_smaller_size_is_said() -> None:
    """A figure from fewer entries than the aim speaks of says so."""
    assert Found(SMALLER, 100, 999, "SQLite").verdict == "met; the aim is for 1,000"


def test_busy_machine_is_said() -> None:
    """Where wall and processor time disagree, the verdict is the wall's and names the other."""
    found = Found(FASTER, 1.5, 1_000, "SQLite", by_cpu=2.5)
    assert found.verdict == "**not met** (by processor time met)"


def test_every_aim_is_worded() -> None:
    """Each aim says on which side of the bound it lies."""
    assert str(AIMS["append_postgresql"]) == "≥ 2.50 × of eventsourcing's native recorder"
    assert str(AIMS["proof"]) == "≤ 5.00 ms"


def test_ratio_is_per_entry() -> None:
    """A contender that did less work is compared by the time an entry, round by round."""
    peer = [Sample(1.0, 0.5, entries=10), Sample(3.0, 0.5, entries=10)]
    ours = [Sample(1.0, 0.5, entries=100), Sample(1.0, 0.5, entries=100)]
    found = ratio(peer, ours)
    assert (found.low, found.middle, found.high) == pytest.approx((10, 20, 30))


def test_contenders_take_turns() -> None:
    """Every other round runs backwards, so that a drift hits the first as much as the last."""
    done: list[str] = []
    works = {name: lambda name=name: done.append(name) for name in "abc"}
    found = Meter().alternate(works, rounds=2, entries=5)
    assert "".join(done) == "abccba"
    assert [len(samples) for samples in found.values()] == [2, 2, 2]
    assert found["a"][0].entries == 5


def test_own_measurement_is_taken() -> None:
    """What a contender in another process measured is not measured again."""
    sample = Sample(0.25, 0.125, entries=7)
    assert Meter().time(lambda: sample) is sample


def test_server_time_is_added() -> None:
    """What a server spends meanwhile counts as processor time."""
    seconds = iter([10.0, 15.0])
    assert 5.0 <= Meter(lambda: next(seconds)).time(lambda: None).cpu < 5.1


def test_asking_server_is_free() -> None:
    """The time it takes to ask for the server's processor time is not the work's."""

    def slow() -> float:
        end = process_time() + 0.05
        while process_time() < end:
            pass
        return 0.0

    assert Meter(slow).time(lambda: None).cpu < 0.04


def test_faster_and_slower_ratios(tmp_path: Path) -> None:
    """A speed is judged as peer's time to ours, a time as ours to the peer's."""
    file = tmp_path / "found.md"
    report = Report("Benchmarks", "a machine", file=file, write=lambda text: None)
    samples = {"peer": [Sample(6.0, 0.0, 1)], "ours": [Sample(2.0, 0.0, 1)]}
    judged = [Judged("record", "peer"), Judged("verify_hashing", "peer", slower=True)]
    report.comparison(
        "some work", samples, base="peer", engine="SQLite", size=1, aims={"ours": judged}
    )
    assert [one.value for one in report.found] == pytest.approx([3.0, 1 / 3])
    text = file.read_text(encoding="utf-8")
    assert text.index("## Aims") < text.index("| ours | **3.00** |")
