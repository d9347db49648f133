"""`evidence check`: whose file it is, what was published, and every claim with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cli.i18n import N_, translate
from cli.render.page import bold, faint, paragraph, red, rows

__all__ = ["render_evidence"]

_VERDICTS = {
    "proven": N_("proven"),
    "not_proven": N_("not proven"),
    "contradicted": N_("CONTRADICTED"),
}


def render_evidence(data: bytes, claims: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """A page a reader without the ledger can follow."""
    import orjson

    document = orjson.loads(data)
    status = orjson.loads(document["status"]) if document["status"] else {}
    yield bold(status.get("name") or document["center"])
    yield faint(document["center"])
    yield ""
    if status:
        yield from rows(_status(status))
        yield ""
    for claim in claims:
        yield from _claim(claim)
    yield ""
    yield from paragraph(_summary(claims))


def _status(status: Mapping[str, object]) -> list[tuple[str, str]]:
    shown = [(translate(N_("status published")), str(status["status"]))]
    for name, label in (
        ("designated_on", N_("designated on")),
        ("revoked_on", N_("revoked on")),
        ("entries", N_("entries")),
    ):
        if status.get(name) is not None:
            shown.append((translate(label), str(status[name])))
    return shown


def _claim(claim: Mapping[str, str]) -> Iterator[str]:
    verdict = translate(_VERDICTS[claim["verdict"]])
    inked = verdict if claim["verdict"] == "proven" else red(verdict)
    yield f"{inked}  {claim['claim']}"
    yield from paragraph(claim["message"], indent=4)


def _summary(claims: Sequence[Mapping[str, str]]) -> str:
    found = {claim["verdict"] for claim in claims}
    if "contradicted" in found:
        return red(
            translate(
                N_(
                    "The file contradicts what it claims: it was changed, or it was not made from "
                    "what the checkpoint was signed for. Keep it as it is, and ask for another."
                )
            )
        )
    if found == {"proven"}:
        return translate(
            N_(
                "All of this follows from the keys given. That they are the authority's is not "
                "in the file: compare them with what it published elsewhere."
            )
        )
    return translate(
        N_(
            "Some of this does not follow from the keys given; nothing contradicts it. The "
            "messages say what is missing."
        )
    )
