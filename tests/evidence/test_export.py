"""Exporting: from a sound ledger all is proven, from a damaged one no false file is made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from ledger.errors import IntegrityFailure, NotFoundError
from ledger.evidence import Built
from ledger.evidence_check import CONTRADICTED, NOT_PROVEN, PROVEN, check_evidence
from ledger.evidence_file import parse_evidence
from ledger.schema import metadata
from support.evidence_book import STRANGER, Document, spelled
from support.evidence_checkers import verdicts_in_python
from support.evidence_town import CENTER, SECRETS, Town, opened, town
from support.make_evidence import Case
from support.places import Place, Places
from support.tampering import changes

# Read by no export: rebuilt from entries at any time, or made for recording and nothing else.
UNREAD = {"keys", "meta", "reading_heads", "register", "stream_heads"}
CELLS = [(name, c.name) for name, t in metadata.tables.items() if name not in UNREAD for c in t.c]


@pytest.fixture(scope="module")
def sound_place(module_places: Places) -> Place:
    """Where the small ledger is kept."""
    return module_places.new()


@pytest.fixture(scope="module")
def sound(sound_place: Place) -> Iterator[Town]:
    """The small ledger; nobody writes to it."""
    made = town(sound_place)
    yield made
    made.desk.close()


@pytest.fixture(scope="module")
def open_place(sound: Town, sound_place: Place) -> Place:
    """A copy that anything may be written into; on a server what fits the columns."""
    sound.desk.close()  # of an open one a server makes no copy; it opens again when it is used
    place = sound_place.copy()
    with place.raw() as raw:
        raw.run("DELETE FROM editions WHERE edition <> 'hechuan/2021'")  # nobody reads them
    place.free()
    place.keep()
    return place


@pytest.fixture
def damaged(sound: Town, open_place: Place) -> Iterator[Town]:
    """The open copy as it was at first, with keys of the original."""
    open_place.put_back()
    copy = replace(sound, desk=opened(open_place, trust=sound.desk.proofs.trust))
    yield copy
    copy.desk.close()


def test_all_is_proven(sound: Town) -> None:
    """Whatever the file claims of a sound ledger follows from its key."""
    assert {claim.verdict for claim in sound.checked(sound.built(disclose=True))} == {PROVEN}


def test_file_shows_everything(sound: Town) -> None:
    """Own entries, round, reading, disclosed and erased values, regulation, attachment."""
    kinds = [claim.claim.split(" ")[0] for claim in sound.checked(sound.built(disclose=True))]
    assert kinds == [
        *("checkpoint", "seal"),
        *["entry"] * 5,
        *("complete", "complete", "status"),
        *["private"] * 3,
        *("edition", "attachment"),
    ]


def test_reading_applied_is_shown(sound: Town) -> None:
    """The adopted reading that a ruling applied is there, though it stands in another stream."""
    (other,) = parse_evidence(sound.built().data).others
    assert other.leaf.type == "InterpretationAdopted/1"


def test_older_file_shows_less(sound: Town) -> None:
    """At the older checkpoint there is what was so then, and it is proven."""
    built = sound.built(size=sound.sizes[0])
    assert {claim.verdict for claim in sound.checked(built)} == {PROVEN}
    assert len(parse_evidence(built.data).streams[0].entries) == 1
    assert built.later == 2


def test_same_state_same_bytes(sound: Town) -> None:
    """Exporting twice gives the same file."""
    assert sound.built().data == sound.built().data


def test_nothing_private_is_in_it(sound: Town) -> None:
    """Neither a private value nor a salt is in a file that discloses nothing."""
    data = sound.built().data
    assert not any(secret.encode() in data for secret in SECRETS)
    assert b'"salt"' not in data


def test_erased_is_never_disclosed(sound: Town) -> None:
    """Of three values, all asked for, the erased one is said to be erased."""
    private = parse_evidence(sound.built(disclose=True).data).streams[0].entries[0].private
    erased = sound.sizes[1] - 2
    assert [(p.path, p.erased) for p in private] == [
        ("/mail", None),
        ("/name", erased),
        ("/phone", None),
    ]


def test_erased_since_is_counted(sound: Town) -> None:
    """What was erased after the checkpoint is not in the file, and neither withheld."""
    built = sound.built(size=sound.sizes[0], disclose=True)
    assert (built.withheld, built.gone) == (0, 1)


def test_other_verifier_agrees(sound: Town) -> None:
    """The verifier in one file says of a real export what the ledger says."""
    built = sound.built(disclose=True)
    case = Case("export", built.data, (sound.spelled_key,), None, None)
    assert verdicts_in_python(case) == tuple((c.claim, c.verdict) for c in sound.checked(built))


def test_stranger_proves_nothing(sound: Town) -> None:
    """By the key of somebody else nothing is proven and nothing contradicted."""
    claims = check_evidence(sound.built().data, keys=[STRANGER.key])
    assert not {PROVEN, CONTRADICTED} & {claim.verdict for claim in claims}


def test_older_index_is_noticed(sound: Town) -> None:
    """An older seal's word for fewer entries does not pass for completeness under a newer one."""
    document, older = _document(sound.built()), _document(sound.built(size=sound.sizes[0]))
    own = document["streams"][0]
    own["entries"] = own["entries"][:1]
    own["index"] = older["streams"][0]["index"]
    assert _verdict_of(f"complete {CENTER}", document, sound) == CONTRADICTED


def test_replaced_round_is_noticed(sound: Town, places: Places) -> None:
    """A round's notice with a later deadline, out of a ledger rewritten with it, does not pass."""
    other = town(places.new(), deadline="2022-05-31")
    document = _document(sound.built())
    document["streams"][1] = _document(other.built())["streams"][1]
    other.desk.close()
    assert _verdict_of("complete hechuan:designation:2022", document, sound) == CONTRADICTED
    assert _verdict_of("entry hechuan#0", document, sound) == CONTRADICTED


def test_rewritten_ledger_proves_nothing(sound: Town, places: Places) -> None:
    """A ledger of the same name, rewritten and signed by a key of its own, proves nothing."""
    other = town(places.new(), deadline="2022-05-31")
    claims = sound.checked(other.built())
    other.desk.close()
    assert {claim.verdict for claim in claims} == {NOT_PROVEN}


def _document(built: Built) -> Document:
    found: Document = json.loads(built.data)
    return found


def _verdict_of(claim: str, document: Document, sound: Town) -> str:
    claims = check_evidence(spelled(document), keys=[sound.key])
    return {one.claim: one.verdict for one in claims}[claim]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), CELLS, ids=lambda name: name)
def test_damage_makes_no_false_file(
    damaged: Town, open_place: Place, table: str, column: str
) -> None:
    """Whatever stands in a column, no file is made that contradicts itself, and no other error
    than the ledger's own is raised."""
    with open_place.raw() as raw:
        rows = raw.run(f"SELECT rowid, {column} FROM {table} ORDER BY rowid")
        for row, kept in rows if open_place.is_file else rows[:: 1 + len(rows) // 3]:
            for expression, value in changes(kept):
                change = f"UPDATE {table} SET {column} = {expression} WHERE rowid = ?"
                if not raw.try_to(change, value, row):
                    continue
                for built in _made(damaged):
                    verdicts = {claim.verdict for claim in damaged.checked(built)}
                    assert CONTRADICTED not in verdicts, (row, expression, value)
            raw.run(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", kept, row)


def _made(damaged: Town) -> Iterator[Built]:
    for size in (None, damaged.sizes[0]):
        with suppress(IntegrityFailure, NotFoundError):
            yield damaged.built(size=size, disclose=True)
