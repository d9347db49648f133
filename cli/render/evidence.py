"""`evidence check`: whose file it is, what was published, and every claim with its verdict.

What stands in a file was written by whoever made it. Nothing of it is shown as the ledger's word
before it is proven, and no sign in it can move the cursor or begin a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.i18n import N_, translate
from cli.render.page import bold, faint, paragraph, red, rows
from cli.wording import word

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
    status = _proven_status(document["status"], claims)
    yield bold(_plain(status.get("name") or document["center"]))
    yield faint(document["center"])
    yield ""
    yield from rows(_status(status))
    yield ""
    for claim in claims:
        yield from _claim(claim)
    yield ""
    yield from paragraph(_summary(claims))


def _proven_status(text: str | None, claims: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
    """What the status says; nothing where it is not proven, or says nothing that is known."""
    import orjson

    is_proven = any(c["claim"] == "status" and c["verdict"] == "proven" for c in claims)
    if text is None or not is_proven:
        return {}
    try:
        status = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return status if isinstance(status, dict) else {}


def _status(status: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    label = translate(N_("status published"))
    if not isinstance(status.get("status"), str):
        yield label, translate(N_("none is proven"))
        return
    yield label, _plain(word(status["status"]))
    for name, label in (
        ("designated_on", N_("designated on")),
        ("revoked_on", N_("revoked on")),
        ("entries", N_("entries")),
    ):
        if status.get(name) is not None:
            yield translate(label), _plain(status[name])
    ban = status.get("ban")
    if isinstance(ban, dict):
        last_day = ban.get("last_day") or translate(N_("undetermined"))
        yield translate(N_("banned to the end of")), _plain(last_day)


def _claim(claim: Mapping[str, str]) -> Iterator[str]:
    verdict = translate(_VERDICTS[claim["verdict"]])
    inked = verdict if claim["verdict"] == "proven" else red(verdict)
    yield f"{inked}  {_plain(claim['claim'])}"
    yield from paragraph(_plain(claim["message"]), indent=4)


def _plain(value: object) -> str:
    """The text with every sign that is not printed written out."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in str(value)
    )


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
