"""A file of entries is recorded as a whole or not at all, however often it comes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.errors import KeyConflictError
from projections.register import digest
from support.cases import background
from support.places import Places
from support.scenario import FileLedger, line_of

HECHUAN = "hechuan/91500117MA1000017Y"


@pytest.fixture
def ledger(places: Places) -> Iterator[FileLedger]:
    """An empty ledger of its own."""
    found = FileLedger(places.new())
    yield found
    found.close()


def size(ledger: FileLedger) -> int:
    """How many entries the log has."""
    return ledger.desk.source.size("hechuan")


def test_one_refusal_keeps_all_out(ledger: FileLedger) -> None:
    """One act the rules do not support, and nothing of its file is recorded."""
    lines = background("hechuan", "published")
    early = {**background("hechuan", "designated")[-1], "on": "2022-08-05"}
    assert "publicity_running" in ledger.record(*lines, early).barred
    assert size(ledger) == 0


def test_one_bad_line_keeps_all_out(ledger: FileLedger) -> None:
    """One malformed line, and nothing of its file is recorded."""
    bad = {"type": "EvaluationScored", "on": "2024-06-25", "center": HECHUAN, "score": "90"}
    answer = ledger.record(*background("hechuan", "designated"), bad)
    assert answer.malformed is not None
    assert size(ledger) == 0


def test_bad_lines_come_before_refusals(ledger: FileLedger) -> None:
    """Where a file is refused and malformed, the malformed lines are told."""
    refused = {**background("hechuan", "admitted")[-1]}
    bad = {"type": "WithdrawalRequested", "on": "2022-02-30", "center": HECHUAN}
    assert ledger.record(refused, bad).malformed is not None


def test_acts_build_on_their_own_file(ledger: FileLedger) -> None:
    """Within one file every line knows the lines before it."""
    answer = ledger.record(*background("hechuan", "designated", "failed-2024"))
    assert (answer.barred, answer.recorded[-1].outcome.grade) == ([], "不合格")


def test_keys_are_recorded_once(ledger: FileLedger) -> None:
    """A file whose entries carry keys can come twice; the second time it is skipped."""
    lines = [{**line, "key": f"k{n}"} for n, line in enumerate(background("hechuan", "designated"))]
    ledger.record(*lines)
    before = size(ledger)
    receipt = ledger.desk.record(map(line_of, lines))
    assert (receipt.recorded, receipt.skipped, size(ledger)) == (0, len(lines), before)


def test_a_key_means_one_thing(ledger: FileLedger) -> None:
    """A known key with other content is a conflict, and records nothing."""
    first = {"type": "WithdrawalRequested", "on": "2022-02-28", "center": HECHUAN, "key": "k"}
    ledger.record(first)
    with pytest.raises(KeyConflictError, match="'k'"):
        ledger.record({**first, "on": "2022-02-27"})
    assert size(ledger) == 1


def test_a_dry_run_records_nothing(ledger: FileLedger) -> None:
    """A dry run says what would come of the file and leaves the ledger alone."""
    lines = background("hechuan", "designated")
    receipt = ledger.desk.record(map(line_of, lines), dry_run=True)
    assert (receipt.recorded, size(ledger)) == (len(lines), 0)
    assert list(ledger.desk.register(scheme="hechuan", status=None, search=None)) == []


def test_one_file_or_many(places: Places) -> None:
    """The register is the same whether lines came in one file or each in its own."""
    lines = background("hechuan", "designated", "failed-2024")
    digests = []
    for parts in ([lines], [[line] for line in lines]):
        ledger = FileLedger(places.new())
        for part in parts:
            ledger.record(*part)
        digests.append(digest(ledger.desk.shelf.rows("hechuan")))
        ledger.close()
    assert digests[0] == digests[1]


def test_an_opened_file_goes_on(places: Places) -> None:
    """A ledger that was closed and opened again rules as if it had stayed open."""
    place = places.new()
    first = FileLedger(place)
    first.record(*background("hechuan", "published"))
    first.close()
    again = FileLedger(place)
    assert again.record(background("hechuan", "designated")[-1]).barred == []
    assert again.state(HECHUAN).status == "designated"
    again.close()
