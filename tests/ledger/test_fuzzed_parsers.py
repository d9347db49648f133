"""Whatever bytes come from outside, a parser reads them or raises its own error, and no other.

tests/vectors/corpus keeps, for each parser, samples it takes (`good-…`) and samples it refuses
(`bad-…`); a sample that once went wrong is added there. Evidence files have a corpus of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import canonical
from ledger.anchor import Anchors
from ledger.checkpoint import parse_checkpoint
from ledger.errors import IntegrityFailure, KeyLockedError, LedgerError, MalformedError
from ledger.identity import parse_center, parse_edition, parse_position, parse_round
from ledger.keyring import Keyring
from ledger.leaf import parse_leaf
from ledger.note import parse_note, parse_vkey
from ledger.parsing import ParsedLine, parse_lines
from ledger.sealed_key import open_key, vkey_in
from ledger.stored import (
    parse_attachments,
    parse_generation,
    parse_payload,
    parse_private,
    parse_seal,
)
from ledger.tiles import parse_bundle, parse_bundle_path, parse_tile_path, split_hashes
from ledger.tlog_proof import parse_proof
from ledger.trust_policy import parse_policy
from ledger.witness_messages import parse_answer, parse_request, read_upload_head
from support.mutations import mutated

CORPUS = Path(__file__).parents[1] / "vectors" / "corpus"
EXAMPLES = 120


class Parser(NamedTuple):
    """How bytes reach a parser, and what it may raise."""

    read: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...] = (MalformedError,)


def as_text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """A parser of text, given what Python makes of the bytes of an argument."""
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def as_stored(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """A parser of a text column, given what comes out of a database, where bytes may be text."""
    return lambda data: parse(data.decode("utf-8", "replace"))


def from_file(name: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    """A parser of a file in the trust folder."""

    def parse(data: bytes) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(data)
            return read(Path(folder))

    return parse


def payload(data: bytes) -> None:
    """A payload's parts; None stands for a payload nobody knows."""
    if parse_payload(data) is None:
        raise MalformedError("no payload")


def key(data: bytes) -> None:
    """A key file, told from outside and opened without a passphrase."""
    vkey_in(data)
    try:
        open_key(data, passphrase=None)
    except KeyLockedError:
        if b'"memory_kib":8,' not in data:  # a mutated cost may come to a gigabyte
            raise
        open_key(data, passphrase="正确的口令".encode())


def lines(data: bytes) -> None:
    """The lines of `record -`, each of which must be an entry."""
    for line in parse_lines(data.splitlines(keepends=True), today=date(2026, 11, 25)):
        if not isinstance(line, ParsedLine):
            raise MalformedError(str(line))


def name(text: str) -> None:
    """A position, center, round or edition: one of them at least."""
    for parse in (parse_position, parse_center, parse_round):
        try:
            parse(text)
        except MalformedError:
            continue
        return
    parse_edition(text)


PARSERS = {
    "note": Parser(parse_note),
    "vkey": Parser(as_text(parse_vkey)),
    "checkpoint": Parser(as_text(parse_checkpoint)),
    "proof": Parser(parse_proof),
    "policy": Parser(parse_policy),
    "key": Parser(key, (MalformedError, KeyLockedError)),
    "leaf": Parser(parse_leaf),
    "canonical": Parser(canonical.decode),
    "payload": Parser(payload),
    "seal": Parser(parse_seal, (ValueError,)),
    "generation": Parser(parse_generation, (ValueError,)),
    "private": Parser(as_stored(parse_private), (ValueError, TypeError)),
    "attachments": Parser(as_stored(parse_attachments), (ValueError, TypeError)),
    "request": Parser(parse_request),
    "answer": Parser(parse_answer),
    "upload": Parser(lambda data: read_upload_head(BytesIO(data))),
    "tile-path": Parser(as_text(parse_tile_path)),
    "bundle-path": Parser(as_text(parse_bundle_path)),
    "bundle": Parser(parse_bundle),
    "hashes": Parser(split_hashes),
    "heads": Parser(
        from_file("xian.heads", lambda folder: Anchors(folder).heads("xian")), (IntegrityFailure,)
    ),
    "erasures": Parser(
        from_file("xian.erasures", lambda folder: Anchors(folder).erasures("xian")),
        (IntegrityFailure,),
    ),
    "witnesses": Parser(
        from_file("witnesses", lambda folder: Anchors(folder).witnesses()), (IntegrityFailure,)
    ),
    "retired-key": Parser(
        from_file("signing-1.vkey", lambda folder: Keyring(folder).keys()), (LedgerError,)
    ),
    "lines": Parser(lines),
    "names": Parser(as_text(name)),
}

DEEP = (b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000)
"""Too deep for anybody, and too long to be kept."""

SAMPLES = sorted(path.relative_to(CORPUS) for path in CORPUS.rglob("*-*") if path.is_file())


def kept(parser: str) -> list[bytes]:
    """The samples of a parser, the broken ones too."""
    return [path.read_bytes() for path in sorted((CORPUS / parser).iterdir())]


def test_every_parser_has_samples() -> None:
    """Each parser has samples it takes and samples it refuses, and no samples lie about unused."""
    found = {(path.parts[0], path.name.partition("-")[0]) for path in SAMPLES}
    assert found == {(parser, kind) for parser in PARSERS for kind in ("good", "bad")}


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.name[:4] == "good"], ids=str)
def test_good_samples_are_read(path: Path) -> None:
    """What was sound once is sound for ever."""
    PARSERS[path.parts[0]].read((CORPUS / path).read_bytes())


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.name[:3] == "bad"], ids=str)
def test_bad_samples_are_refused(path: Path) -> None:
    """What is broken is refused by the parser's own error."""
    parser = PARSERS[path.parts[0]]
    with pytest.raises(parser.errors):
        parser.read((CORPUS / path).read_bytes())


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data())
def test_mutations_raise_nothing_else(parser: str, draw: st.DataObject) -> None:
    """However a sample is mutated, it is read or refused."""
    data = draw.draw(mutated(kept(parser)))
    try:
        PARSERS[parser].read(data)
    except PARSERS[parser].errors:
        return


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("before", [b"", b'{"entry":', b'{"type":"FactEstablished","private":'])
@pytest.mark.parametrize("deep", DEEP, ids=["open", "closed", "objects"])
def test_depth_breaks_no_parser(parser: str, before: bytes, deep: bytes) -> None:
    """A hundred thousand brackets are refused like anything else."""
    with pytest.raises(PARSERS[parser].errors):
        PARSERS[parser].read(before + deep)
