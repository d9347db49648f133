"""`center show`: where a center stands, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.i18n import N_, translate
from cli.render.cites import with_article
from cli.render.page import bold, faint, paragraph, red, rows
from cli.wording import word

__all__ = ["heading", "render_center", "status_line"]

Value = dict[str, Any]


def render_center(value: Value) -> Iterator[str]:
    """Status, counters, ban, certificate, what is open."""
    yield from heading(value)
    yield ""
    yield from rows(_pairs(value))


def heading(value: Mapping[str, Any]) -> Iterator[str]:
    """The name, and below it which center this is and what the answer speaks of."""
    yield bold(value["name"] or value["center"])
    template = (
        N_("{center} · law at the end of {on} · as known at {known_at}")
        if value["known_at"]
        else N_("{center} · law at the end of {on} · as known now")
    )
    yield from (faint(line) for line in paragraph(translate(template).format_map(value)))


def status_line(value: Value) -> str:
    """The status, and since when."""
    status = word(value["status"])
    since = value["revoked_on"] if value["status"] == "revoked" else value["designated_on"]
    if value["status"] not in ("designated", "revoked", "suspended") or since is None:
        return status
    return translate(N_("{status} since {since}")).format(status=status, since=since)


def _pairs(value: Value) -> Iterator[tuple[str, str]]:
    yield translate(N_("status")), status_line(value)
    if value["status"] == "revoked" and value["designated_on"]:
        yield "", translate(N_("was designated on {on}")).format(on=value["designated_on"])
    if value["grounds"]:
        yield translate(N_("grounds")), translate(N_(", ")).join(value["grounds"])
    for former in value["former_names"]:
        template = N_("{name}, until {until}")
        yield translate(N_("former name")), translate(template).format(**former)
    yield translate(N_("evaluation")), _evaluation(value["last_evaluation"])
    for name, counter in value["counters"].items():
        yield word(name), _counter(counter)
    yield from _ban(value)
    if value["warning"]:
        yield translate(N_("warning")), _with_cite(value["warning"], N_("on {on} for {round}"))
    yield from _certificate(value["certificate"])
    yield from _open(value["open"])
    yield translate(N_("entries")), str(value["entries"])


def _evaluation(last: Value | None) -> str:
    if last is None:
        return translate(N_("none yet"))
    template = (
        N_("{round}: {grade}, score {score}")
        if last["confirmed"]
        else N_("{round}: score {score}, grade not yet confirmed")
    )
    return translate(template).format(
        round=last["round"], grade=last["grade"] or "—", score=last["score"] or "—"
    )


def _counter(counter: Value) -> str:
    text = translate(N_("{count} of {limit}")).format(**counter)
    if counter["rounds"]:
        rounds = translate(N_(", ")).join(counter["rounds"])
        text = translate(N_("{text} ({rounds})")).format(text=text, rounds=rounds)
    return red(text) if counter["count"] >= counter["limit"] else text


def _ban(value: Value) -> Iterator[tuple[str, str]]:
    ban = value["ban"]
    label = translate(N_("reapplication"))
    if ban is None:
        return
    if ban["last_day"] is None:
        text = translate(N_("banned since {start}; for how long is undetermined: {reason}")).format(
            start=ban["from"], reason=ban.get("undetermined", "—")
        )
    elif value["on"] > ban["last_day"]:
        text = translate(N_("free again since {day}; the ban ended on {last_day}")).format(
            day=ban["first_eligible_day"], last_day=ban["last_day"]
        )
    else:
        text = translate(
            N_("banned to the end of {last_day} ({years} years); free from {day}")
        ).format(last_day=ban["last_day"], years=ban["years"], day=ban["first_eligible_day"])
    yield label, with_article(text, ban["cite"])


def _certificate(certificate: Value | None) -> Iterator[tuple[str, str]]:
    if certificate is None:
        return
    template = (
        N_("{number}, issued on {issued_on}, {status}; last day {valid_until}")
        if certificate["valid_until"]
        else N_("{number}, issued on {issued_on}")
    )
    status = word(certificate["status"])
    text = translate(template).format(**{**certificate, "status": status})
    yield translate(N_("certificate")), red(text) if certificate["status"] == "expired" else text


def _open(found: Value) -> Iterator[tuple[str, str]]:
    for item in found["publicity"]:
        template = N_("{subject}, from {on} to {closes}")
        text = translate(template).format(**{**item, "subject": word(item["subject"])})
        yield translate(N_("in publicity")), text
    for item in found["objections"]:
        template = N_("{objection} of {on} ({subject})")
        text = translate(template).format(**{**item, "subject": word(item["subject"])})
        yield translate(N_("open objection")), red(text)
    for item in found["rectification"]:
        template = N_("ordered on {on}, due on {due}") if item["due"] else N_("ordered on {on}")
        yield translate(N_("rectification")), translate(template).format(**item)


def _with_cite(value: Value, template: str) -> str:
    return with_article(translate(template).format(**value), value["cite"])
