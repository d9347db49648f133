"""The corpus of evidence files: good, damaged and malformed ones, each with its verdicts.

Every program that checks evidence files must give exactly these lists. `cases()` is the corpus;
`python tests/support/make_evidence.py DIR` writes it down, for programs in other languages.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.leaf import Attachment
from ledger.note import Signer
from ledger.stream_index import IndexEntry
from support.evidence_book import (
    LEDGER,
    NEXT_KEY,
    STRANGER,
    WITNESSES,
    Book,
    Document,
    policy,
    spelled,
    vkey,
)

__all__ = ["Case", "cases", "claims_of", "small_case"]

Verdicts = tuple[tuple[str, str], ...]

PROVEN, NOT_PROVEN, CONTRADICTED = "proven", "not_proven", "contradicted"

CENTER = "xian/91610131MA6TG2WW0P"
ABSENT = "xian/id:nobody"
ROUND = "xian:evaluation:2021"
EDITION = "xian/2016"
REGULATION = "edition: xian/2016\ntitle: 西安市企业技术中心认定管理办法\n"
REPORT = "评价材料\n".encode()
SCAN = b"\x00\x01\x02 a scan"


class Case(NamedTuple):
    """One file with what it is checked by; `verdicts` None for a malformed one."""

    name: str
    data: bytes
    keys: tuple[str, ...]
    policy: bytes | None
    verdicts: Verdicts | None


def cases() -> list[Case]:
    """The whole corpus, in a fixed order."""
    return [*_good(), *_damaged(), *_lying(), *_signed_otherwise(), *_witnessed(), *_malformed()]


def small_case(signers: Sequence[Signer] = (LEDGER,)) -> Case:
    """A proven file as small as one can be that still has an entry, a private value and others."""
    book = Book("xian")
    book.add("xian", "InterpretationAdopted")
    book.add(CENTER, "CenterDesignated", private={"/phone": "13800000000"})
    book.statuses[CENTER] = '{"format":"taizhang-status/v1"}'
    document = book.seal().document(CENTER, others=[0], disclose={1: ["/phone"]})
    return _case("small", document | {"checkpoint": book.checkpoint(signers)})


def claims_of(
    document: Document,
    overrides: Mapping[str, str] | None = None,
    *,
    otherwise: str = PROVEN,
    witnesses: str | None = None,
) -> Verdicts:
    """The claims a file makes, each with the verdict given for it, else `otherwise`."""
    names = ["checkpoint"] + (["witnesses"] if witnesses else []) + ["seal"]
    shown = [entry for stream in document["streams"] for entry in stream["entries"]]
    shown += document["others"]
    names += [f"entry {_position(entry)}" for entry in shown]
    names += [f"complete {stream['stream']}" for stream in document["streams"]]
    names.append("status")
    names += [
        f"private {_position(entry)} {item['path']}"
        for entry in [document["seal"], *shown]
        for item in entry["private"]
    ]
    names += [f"edition {item['edition']} {item['sha256']}" for item in document["editions"]]
    names += [f"attachment {item['sha256']}" for item in document["attachments"]]
    given = dict(overrides or {}) | ({"witnesses": witnesses} if witnesses else {})
    assert given.keys() <= set(names), f"no such claim: {given.keys() - set(names)}"
    return tuple((name, given.get(name, otherwise)) for name in names)


def _position(entry: Document) -> str:
    lines = entry["leaf"].split("\n")
    return lines[1].removeprefix("log ") + "#" + lines[2].removeprefix("position ")


def _case(
    name: str,
    document: Document,
    overrides: Mapping[str, str] | None = None,
    *,
    otherwise: str = PROVEN,
    keys: Sequence[str] = (vkey(LEDGER),),
    by: bytes | None = None,
    witnesses: str | None = None,
) -> Case:
    verdicts = claims_of(document, overrides, otherwise=otherwise, witnesses=witnesses)
    return Case(name, spelled(document), tuple(keys), by, verdicts)


# --- the ledger they are cut from ---------------------------------------------------------------


def _book(scheme: str = "xian") -> Book:
    """Ten entries: the center is at 2, 4, 5 and 8, its round at 1 and 6, the reading at 0."""
    center = CENTER.replace("xian", scheme)
    digest = sha256(REGULATION.encode()).hexdigest()
    judged = {"edition": EDITION, "edition_sha256": digest, "engine": 1, "used": [0]}
    book = Book(scheme)
    book.add(scheme, "InterpretationAdopted", {"scheme": scheme})
    book.add(ROUND.replace("xian", scheme), "RoundOpened", {"deadline": "2021-04-30"})
    book.add(
        center,
        "CenterDesignated",
        {"name": "西安示例电子有限公司"},
        private={"/contact/phone": "13800000000", "/contact/姓名": "张三"},
        attachments=[Attachment(sha256(SCAN).digest(), None, "批复 扫描件.pdf")],
    )
    book.add("xian/id:other", "CenterDesignated", {"name": "另一企业"})
    book.add(
        center,
        "EvaluationSubmitted",
        {"round": ROUND},
        private={"/contact/email": "a@example.com"},
        attachments=[Attachment(sha256(REPORT).digest(), len(REPORT), "评价材料.txt")],
    )
    book.add(center, "GradeConfirmed", {"round": ROUND, "grade": "良好"}, ruling=judged)
    book.add(ROUND.replace("xian", scheme), "RoundOpened", {"round": ROUND})
    book.add("xian/id:other", "ReturnFiled")
    erased = {"erases": f"{scheme}#2", "fields": ["/contact/姓名"]}
    book.add(center, "PrivateErased", erased, ruling={"engine": 1, "outcome": {"target": 2}})
    book.statuses[center] = json.dumps(
        {
            "ban": None,
            "center": center,
            "counters": {"failed_evaluations": {"count": 0, "limit": 2, "rounds": []}},
            "designated_on": "2021-07-12",
            "entries": 4,
            "format": "taizhang-status/v1",
            "former_names": [],
            "name": "西安示例电子有限公司",
            "position": 8,
            "status": "designated",
        },
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return book


@cache
def _sealed(scheme: str = "xian") -> Book:
    return _book(scheme).seal()


def _file(book: Book | None = None) -> Document:
    """The evidence file of the center, with everything a file can hold."""
    book = book or _sealed()
    document = book.document(
        CENTER,
        rounds=[ROUND],
        others=[0],
        disclose={2: ["/contact/phone"]},
        erased={2: {"/contact/姓名": 8}},
    )
    document["editions"] = [_edition(EDITION, REGULATION)]
    document["attachments"] = sorted(map(_attachment, (REPORT, SCAN)), key=lambda f: f["sha256"])
    return document


def _edition(name: str, content: str) -> Document:
    digest = sha256(content.encode()).hexdigest()
    return {"edition": name, "sha256": digest, "content": content}


def _attachment(content: bytes) -> Document:
    return {"sha256": sha256(content).hexdigest(), "content": b64encode(content).decode()}


# --- good ---------------------------------------------------------------------------------------


def _good() -> Iterator[Case]:
    yield small_case()
    yield _case("everything", _file())
    yield _case("absent", _sealed().document(ABSENT))
    bare = _sealed().document(CENTER)
    yield _case("without rounds, editions and attachments", bare)
    yield _case("of a ledger with one entry", Book("xian").seal().document(ABSENT))


# --- damaged by whoever handed it on ------------------------------------------------------------

_E2, _E5, _OWN = "entry xian#2", "entry xian#5", f"complete {CENTER}"
_PHONE, _NAME = "private xian#2 /contact/phone", "private xian#2 /contact/姓名"
_NAMED = f"edition {EDITION} {sha256(REGULATION.encode()).hexdigest()}"
_BOUND, _BOUND_SCAN = (f"attachment {sha256(content).hexdigest()}" for content in (REPORT, SCAN))


def _damaged() -> Iterator[Case]:
    yield _changed("payload altered", _alter_payload, {_E5: CONTRADICTED, _NAMED: NOT_PROVEN})
    yield _changed(
        "leaf altered",
        _alter_leaf,
        {
            _E2: CONTRADICTED,
            _OWN: CONTRADICTED,
            _PHONE: NOT_PROVEN,
            _NAME: NOT_PROVEN,
            _BOUND_SCAN: NOT_PROVEN,
        },
    )
    yield _changed("inclusion proof altered", _alter_proof, {_E5: CONTRADICTED, _NAMED: NOT_PROVEN})
    yield _changed(
        "inclusion proof longer",
        lambda d: _own(d, 2)["proof"].append(_own(d, 2)["proof"][0]),
        {_E5: CONTRADICTED, _NAMED: NOT_PROVEN},
    )
    yield _changed("other entry altered", _alter_other, {"entry xian#0": CONTRADICTED})
    yield _changed("last entry withheld", _withhold_last, {_OWN: CONTRADICTED, _NAME: CONTRADICTED})
    yield _changed(
        "entry withheld",
        lambda d: d["streams"][0]["entries"].pop(1),
        {_OWN: CONTRADICTED, _BOUND: NOT_PROVEN},
    )
    yield _changed("all entries withheld", _withhold_all, {_OWN: CONTRADICTED})
    yield _changed(
        "entry twice",
        lambda d: d["streams"][0]["entries"].insert(1, _own(d, 0)),
        {_OWN: CONTRADICTED},
    )
    yield _changed(
        "entries swapped", lambda d: d["streams"][0]["entries"].reverse(), {_OWN: CONTRADICTED}
    )
    yield _changed("entry of another stream", _foreign_entry, {_OWN: CONTRADICTED})
    yield _changed(
        "shown as absent",
        _claim_absent,
        {_OWN: CONTRADICTED, "status": NOT_PROVEN},
    )
    yield _changed(
        "round withheld in part",
        lambda d: d["streams"][1]["entries"].pop(),
        {f"complete {ROUND}": CONTRADICTED},
    )
    yield _changed(
        "index proof altered",
        lambda d: d["streams"][0]["index"]["siblings"].reverse(),
        {_OWN: CONTRADICTED, "status": NOT_PROVEN},
    )
    yield _changed(
        "index version altered",
        lambda d: d["streams"][0]["index"]["end"].update(version=3),
        {_OWN: CONTRADICTED, "status": NOT_PROVEN},
    )
    yield _changed(
        "index version zero",
        lambda d: d["streams"][1]["index"]["end"].update(version=0),
        {f"complete {ROUND}": CONTRADICTED},
    )
    yield _changed("status altered", _alter_status, {"status": CONTRADICTED})
    yield _changed("status left out", lambda d: d.update(status=None), {"status": NOT_PROVEN})
    yield _changed("status no JSON", lambda d: d.update(status="{"), {"status": CONTRADICTED})
    yield _changed("value altered", _value("13900000000"), {_PHONE: CONTRADICTED})
    yield _changed("value no JSON", _value(None), {_PHONE: CONTRADICTED})
    yield _changed("salt altered", _alter_salt, {_PHONE: CONTRADICTED})
    yield _changed(
        "value under another path",
        lambda d: _own(d, 0)["private"][0].update(path="/contact/mobile"),
        {"private xian#2 /contact/mobile": CONTRADICTED},
    )
    yield _changed("erased by no erasure", _erased_by(5), {_NAME: CONTRADICTED})
    yield _changed("erased by nothing", _erased_by(99), {_NAME: CONTRADICTED})
    yield _changed("erased, another path", _erase_phone, {_PHONE: CONTRADICTED})
    yield _changed("edition altered", _alter_edition, {_NAMED: CONTRADICTED})
    yield _changed("edition of another name", _rename_edition, {})
    yield _changed("attachment altered", _alter_attachment, {_BOUND: CONTRADICTED})
    yield _changed("attachment of nobody", _unbound_attachment, {})
    yield _changed(
        "another entry as the seal",
        lambda d: d.update(seal=_sealed().shown(7)),
        {
            "seal": CONTRADICTED,
            _OWN: CONTRADICTED,
            f"complete {ROUND}": CONTRADICTED,
            "status": NOT_PROVEN,
        },
    )
    yield _changed(
        "seal altered",
        lambda d: d["seal"].update(payload=d["seal"]["payload"].replace("00", "01", 1)),
        {
            "seal": CONTRADICTED,
            _OWN: NOT_PROVEN,
            f"complete {ROUND}": NOT_PROVEN,
            "status": NOT_PROVEN,
        },
    )
    absent = _sealed().document(ABSENT)
    yield _case(
        "status of an absent center",
        absent | {"status": _sealed().statuses[CENTER]},
        {"status": CONTRADICTED},
    )
    invented = deepcopy(absent)
    invented["streams"][0]["entries"] = [_sealed().shown(3)]
    yield _case("entries of an absent center", invented, {f"complete {ABSENT}": CONTRADICTED})


def _changed(name: str, change: Callable[[Document], object], overrides: Mapping[str, str]) -> Case:
    document = _file()
    change(document)
    unclaimed = {"edition of another name": "edition", "attachment of nobody": "attachment"}
    found = dict(overrides)
    if name in unclaimed:
        # What was put in claims something nobody in the file speaks of.
        known = {claim for claim, _ in claims_of(_file())}
        found |= {claim: NOT_PROVEN for claim, _ in claims_of(document) if claim not in known}
    return _case(name, document, found)


def _own(document: Document, number: int) -> Document:
    entry: Document = document["streams"][0]["entries"][number]
    return entry


def _alter_payload(document: Document) -> None:
    entry = _own(document, 2)
    entry["payload"] = entry["payload"].replace("良好", "优秀")


def _alter_leaf(document: Document) -> None:
    entry = _own(document, 0)
    entry["leaf"] = entry["leaf"].replace("effective 2021-07-12", "effective 2021-07-13")


def _alter_other(document: Document) -> None:
    entry = document["others"][0]
    entry["leaf"] = entry["leaf"].replace("effective 2021-07-12", "effective 2021-07-11")


def _alter_proof(document: Document) -> None:
    proof = _own(document, 2)["proof"]
    proof[0] = b64encode(bytes([b64decode(proof[0])[0] ^ 1]) + b64decode(proof[0])[1:]).decode()


def _withhold_last(document: Document) -> None:
    document["streams"][0]["entries"].pop()


def _withhold_all(document: Document) -> None:
    document["streams"][0]["entries"] = []
    document["editions"], document["attachments"] = [], []


def _foreign_entry(document: Document) -> None:
    document["streams"][0]["entries"].append(_sealed().shown(7))


def _claim_absent(document: Document) -> None:
    document["streams"][0]["entries"] = []
    document["streams"][0]["index"] = {"siblings": [], "end": None}
    document.update(status=None, editions=[], attachments=[])


def _alter_status(document: Document) -> None:
    document["status"] = document["status"].replace('"designated"', '"revoked"')


def _value(number: str | None) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        value = '{"' if number is None else json.dumps(number)
        _own(document, 0)["private"][0]["value"] = value

    return change


def _alter_salt(document: Document) -> None:
    _own(document, 0)["private"][0]["salt"] = b64encode(bytes(32)).decode()


def _erased_by(position: int) -> Callable[[Document], None]:
    return lambda document: _own(document, 0)["private"][1].update(erased=position)


def _erase_phone(document: Document) -> None:
    _own(document, 0)["private"][0] = {"path": "/contact/phone", "erased": 8}


def _alter_edition(document: Document) -> None:
    document["editions"][0]["content"] += "# \n"


def _rename_edition(document: Document) -> None:
    document["editions"] = [_edition("xian/2017", REGULATION)]


def _alter_attachment(document: Document) -> None:
    for file in document["attachments"]:
        if b64decode(file["content"]) == REPORT:
            file["content"] = b64encode(REPORT + b"!").decode()


def _unbound_attachment(document: Document) -> None:
    document["attachments"] = [_attachment(b"nobody's")]


# --- signed by a ledger that lies ---------------------------------------------------------------


def _lying() -> Iterator[Case]:
    own = _book().stream(CENTER)
    more = _book().seal(instead={CENTER: IndexEntry(5, own[-1].hash, bytes(32))})
    yield _case("index counts more", _file(more), {_OWN: CONTRADICTED, "status": CONTRADICTED})
    digest = sha256(more.statuses[CENTER].encode()).digest()
    head = _book().seal(instead={CENTER: IndexEntry(4, own[0].hash, digest)})
    yield _case("index has another head", _file(head), {_OWN: CONTRADICTED})
    yield _broken_chain()
    yield _late_entry()
    yield _wrong_length()
    for name, lie in {
        "seal of another type": {"type": "Marked"},
        "seal says another type": {"said": {"type": "Marked"}},
        "seal in capitals": {"said": {"index_root": "AB" * 32}},
    }.items():
        yield _unsealed(name, _book().seal(**lie))  # type: ignore[arg-type]


def _broken_chain() -> Case:
    book = Book("xian")
    book.add(CENTER, "CenterDesignated")
    book.add(CENTER, "ReturnFiled", previous=b"\x07" * 32)
    return _case(
        "entry after another one",
        book.seal().document(CENTER),
        {_OWN: CONTRADICTED, "status": NOT_PROVEN},
    )


def _late_entry() -> Case:
    book = Book("xian")
    book.add("xian", "InterpretationAdopted")
    book.seal()
    at = book.add(CENTER, "CenterDesignated")
    document = book.document(CENTER)
    document["streams"][0]["entries"] = [book.shown(at)]
    return _case(
        "entry after the seal",
        document,
        {"seal": CONTRADICTED, _OWN: CONTRADICTED, "status": NOT_PROVEN},
    )


def _wrong_length() -> Case:
    book = Book("xian")
    file = Attachment(sha256(REPORT).digest(), len(REPORT) + 1, "评价材料.txt")
    book.add(CENTER, "EvaluationSubmitted", attachments=[file])
    document = book.seal().document(CENTER)
    document["attachments"] = [_attachment(REPORT)]
    return _case(
        "attachment of another length", document, {_BOUND: CONTRADICTED, "status": NOT_PROVEN}
    )


def _unsealed(name: str, book: Book) -> Case:
    document = _file(book)
    no_root = "AB" in document["seal"]["payload"]
    weak = CONTRADICTED if no_root else NOT_PROVEN
    found = {"seal": CONTRADICTED, _OWN: weak, f"complete {ROUND}": weak, "status": NOT_PROVEN}
    return _case(name, document, found)


# --- checkpoints --------------------------------------------------------------------------------

_ORIGIN = f"{LEDGER.key.name}/xian"


def _signed_otherwise() -> Iterator[Case]:
    file, book = _file(), _sealed()
    yield _case("key of the log", file, keys=[vkey(LEDGER, _ORIGIN)])
    yield _case("several keys", file, keys=[vkey(STRANGER), vkey(LEDGER)])
    unknown = {"otherwise": NOT_PROVEN, "overrides": {"checkpoint": NOT_PROVEN}}
    yield _case("key of a stranger", file, keys=[vkey(STRANGER)], **unknown)  # type: ignore[arg-type]
    renamed = vkey(LEDGER, "city.example/other")
    yield _case("key of another name", file, keys=[renamed], **unknown)  # type: ignore[arg-type]
    both = file | {"checkpoint": book.checkpoint([LEDGER, NEXT_KEY])}
    yield _case("two keys in a rotation, the old known", both)
    yield _case("two keys in a rotation, the new known", both, keys=[vkey(NEXT_KEY)])
    later = file | {"checkpoint": book.checkpoint(origin=f"{_ORIGIN}/2")}
    yield _case("second generation", later)
    yield _case(
        "second generation, key of the first",
        later,
        keys=[vkey(LEDGER, _ORIGIN)],
        **unknown,  # type: ignore[arg-type]
    )
    for generation in ("1", "02", "x"):
        odd = file | {"checkpoint": book.checkpoint(origin=f"{_ORIGIN}/{generation}")}
        wrong = CONTRADICTED
        yield _case(f"generation {generation}", odd, {"checkpoint": wrong}, otherwise=NOT_PROVEN)
    forged = file | {"checkpoint": _flip_signature(book.checkpoint())}
    bad = {"otherwise": NOT_PROVEN, "overrides": {"checkpoint": CONTRADICTED}}
    yield _case("signature altered", forged, **bad)  # type: ignore[arg-type]
    half = file | {"checkpoint": _flip_signature(book.checkpoint([LEDGER, NEXT_KEY]))}
    both_keys = [vkey(LEDGER), vkey(NEXT_KEY)]
    yield _case("one signature of two altered", half, keys=both_keys, **bad)  # type: ignore[arg-type]
    yield _case("altered signature of an unknown key", half, keys=[vkey(LEDGER)])
    other = file | {"checkpoint": book.checkpoint(origin=f"{LEDGER.key.name}/beijing")}
    yield _case("log of another scheme", other, **bad)  # type: ignore[arg-type]
    whole = _sealed("beijing").document(CENTER.replace("xian", "beijing"))
    yield _case("another log's file is good too", whole)
    yield _foreign_log()


def _flip_signature(note: str) -> str:
    """The note with the last signature of it altered by one bit."""
    head, spelled_ = note.rstrip("\n").rsplit(" ", 1)
    data = bytearray(b64decode(spelled_))
    data[20] ^= 1
    return f"{head} {b64encode(data).decode()}\n"


def _foreign_log() -> Case:
    """A leaf of another log, under a checkpoint that covers it."""
    book = Book("beijing")
    book.add("xian", "InterpretationAdopted")
    book.add(CENTER, "CenterDesignated")
    book.seal()
    document = book.document(CENTER)
    document["checkpoint"] = book.checkpoint(origin=_ORIGIN)
    found = {
        "seal": CONTRADICTED,
        "entry beijing#1": CONTRADICTED,
        _OWN: NOT_PROVEN,
        "status": NOT_PROVEN,
    }
    return _case("entries of another log", document, found)


# --- witnesses ----------------------------------------------------------------------------------


def _witnessed() -> Iterator[Case]:
    book, file = _sealed(), _file()
    two = file | {"checkpoint": book.checkpoint(witnesses=WITNESSES[:2])}
    one = file | {"checkpoint": book.checkpoint(witnesses=WITNESSES[:1])}
    yield _case("quorum met", two, by=policy(), witnesses=PROVEN)
    yield _case("quorum not met", one, by=policy(), witnesses=NOT_PROVEN)
    yield _case("quorum none", file, by=policy("none"), witnesses=PROVEN)
    yield _case("one named witness", one, by=policy(WITNESSES[0].key.name), witnesses=PROVEN)
    yield _case("cosigned, nobody asks", two)
    forged = file | {"checkpoint": _flip_signature(two["checkpoint"])}
    yield _case("cosignature altered", forged, by=policy("none"), witnesses=CONTRADICTED)
    yield _case(
        "quorum met, log unknown",
        two,
        {"checkpoint": NOT_PROVEN},
        otherwise=NOT_PROVEN,
        keys=[vkey(STRANGER)],
        by=policy(),
        witnesses=PROVEN,
    )


# --- malformed ----------------------------------------------------------------------------------


def _malformed() -> Iterator[Case]:
    good = small_case().data
    document = json.loads(good)
    for name, data in {
        "empty": b"",
        "line feed": b"\n",
        "no line feed": good[:-1],
        "two line feeds": good + b"\n",
        "carriage return": good[:-1] + b"\r\n",
        "byte order mark": b"\xef\xbb\xbf" + good,
        "not UTF-8": good.replace(b"1380", b"\xff380", 1),
        "surrogate in UTF-8": good.replace(b"1380", b"\xed\xa0\x80", 1),
        "UTF-16": good.decode().encode("utf-16"),
        "white space": good.replace(b'","', b'", "', 1),
        "indented": json.dumps(document, indent=1, sort_keys=True).encode() + b"\n",
        "members not sorted": b'{"center":1,"attachments":[]}\n',
        "member twice": good.replace(b'"others"', b'"others":[],"others"', 1),
        "unknown member": _with(document, extra=1),
        "needless escape": good.replace(b"xian/", rb"xian\/", 1),
        "escaped letter": good.replace(b"xian", rb"\u0078ian", 1),
        "lone surrogate": good.replace(b"1380", rb"\ud800", 1),
        "NaN": good.replace(b'"version":1', b'"version":NaN', 1),
        "Infinity": good.replace(b'"version":1', b'"version":Infinity', 1),
        "fraction": good.replace(b'"version":1', b'"version":1.0', 1),
        "exponent": good.replace(b'"version":1', b'"version":1e0', 1),
        "minus zero": good.replace(b'"version":1', b'"version":-0', 1),
        "number too large": good.replace(b'"version":1', b'"version":9007199254740992', 1),
        "very long number": good.replace(b'"version":1', b'"version":' + b"1" * 5000, 1),
        "version true": good.replace(b'"version":1', b'"version":true', 1),
        "version negative": good.replace(b'"version":1', b'"version":-1', 1),
        "truncated": good[: len(good) // 2] + b"\n",
        "a list": b"[]\n",
        "a text": b'"taizhang-evidence/v1"\n',
        "nested deep": b"[" * 101 + b"]" * 101 + b"\n",
        "nested very deep": b"[" * 100_000 + b"]" * 100_000 + b"\n",
        "text not in normal form": _with(document, status="e\u0301"),
        "another format": _with(document, format="taizhang-evidence/v2"),
        "center without scheme": _with(document, center="nobody"),
        "center not the first stream": _with(document, center=ABSENT),
        "no streams": _with(document, streams=[]),
        "streams not sorted": _with(
            document, streams=[document["streams"][0], *[_stream(ROUND), _stream(ROUND)]]
        ),
        "own stream twice": _with(document, streams=document["streams"] * 2),
        "others twice": _with(document, others=document["others"] * 2),
        "status a number": _with(document, status=1),
        "checkpoint no note": _with(document, checkpoint="xian"),
        "checkpoint unsigned": _with(
            document, checkpoint=document["checkpoint"].split("\n\n")[0] + "\n\n"
        ),
        "checkpoint with an extension": _with(document, checkpoint=_extended()),
        "editions not sorted": _with(
            document, editions=[_edition("xian/2", "b"), _edition("xian/1", "a")]
        ),
        "edition with another member": _with(
            document, editions=[_edition("xian/1", "a") | {"url": ""}]
        ),
        "hash in capitals": _with(
            document, attachments=[_attachment(b"a") | {"sha256": "AB" * 32}]
        ),
        "base64 with line breaks": _with(
            document, attachments=[_attachment(b"a") | {"content": "YQ==\n"}]
        ),
        "base64 without padding": _with(
            document, attachments=[_attachment(b"a") | {"content": "YQ"}]
        ),
        "base64 with bits left over": _with(
            document, attachments=[_attachment(b"a") | {"content": "YR=="}]
        ),
        "base64 of the web": _with(
            document, attachments=[_attachment(b"\xff\xff\xfe") | {"content": "___-"}]
        ),
        **_malformed_entries(document),
    }.items():
        yield Case(f"malformed: {name}", data, (vkey(LEDGER),), None, None)


def _malformed_entries(document: Document) -> dict[str, bytes]:
    leaf = document["seal"]["leaf"]
    payload = document["seal"]["payload"]
    changes: dict[str, Document] = {
        "leaf not a leaf": {"leaf": "taizhang-leaf/v2\n"},
        "leaf without line feed": {"leaf": leaf[:-1]},
        "leaf with more": {"leaf": leaf + "\n"},
        "leaf of no day": {"leaf": leaf.replace("2021-07-12", "2021-02-29")},
        "leaf of year zero": {"leaf": leaf.replace("2021-07-12", "0000-07-12")},
        "leaf with a zero before": {"leaf": leaf.replace("position 2", "position 02")},
        "leaf recorded in no hour": {"leaf": leaf.replace("T08:", "T24:")},
        "leaf with other digits": {"leaf": leaf.replace("position 2", "position \uff12")},
        "leaf too long": {"leaf": leaf + _attachment_lines(90)},
        "leaf with one name twice": {"leaf": leaf + _attachment_lines(1) * 2},
        "payload no JSON": {"payload": payload[:-1]},
        "payload with space": {"payload": payload.replace(":", ": ", 1)},
        "payload a list": {"payload": "[]"},
        "payload without entry": {"payload": "{}"},
        "payload with an odd ruling": {"payload": '{"entry":{},"ruling":null}'},
        "proof of short hashes": {"proof": ["AAAA"]},
        "proof no list": {"proof": None},
        "private without salt": {"private": [{"path": "/a", "value": "1"}]},
        "private erased nowhere": {"private": [{"path": "/a", "erased": None}]},
        "private twice": {"private": [{"path": "/a", "erased": 1}] * 2},
        "private salt too short": {"private": [{"path": "/a", "value": "1", "salt": "AAAA"}]},
    }
    return {
        name: _with(document, seal=document["seal"] | change) for name, change in changes.items()
    }


def _attachment_lines(number: int) -> str:
    return "".join(f"attachment {'0' * 64} 1 {'x' * 20}{n}\n" for n in range(number))


def _with(document: Document, **members: object) -> bytes:
    return spelled(document | members)


def _stream(name: str) -> Document:
    return {"stream": name, "entries": [], "index": {"siblings": [], "end": None}}


def _extended() -> str:
    note = _sealed().checkpoint()
    return note.replace("\n\n", "\nextension\n\n", 1)


def _write(folder: Path) -> None:
    """Write the corpus: one file each, and `cases.json` that says what they are checked by."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, case in enumerate(cases()):
        file = f"{number:03}.evidence.json"
        (folder / file).write_bytes(case.data)
        listed.append(
            {
                "name": case.name,
                "file": file,
                "keys": list(case.keys),
                "policy": None if case.policy is None else case.policy.decode(),
                "verdicts": None if case.verdicts is None else [list(v) for v in case.verdicts],
            }
        )
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    (folder / "cases.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
