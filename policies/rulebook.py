"""All editions at hand, which of them rules an act, and how it is read under adopted
interpretations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

import msgspec

from ledger.errors import IntegrityFailure, MalformedError
from ledger.identity import parse_edition
from policies.edition import Edition
from policies.loading import builtin_editions, load_edition, read_under

__all__ = ["Resolution", "Rulebook"]

_TEXT_AS_IT_STANDS: Mapping[str, str] = MappingProxyType({})  # no reading adopted


class Resolution(msgspec.Struct, frozen=True):
    """The edition that rules an act, or why none can be named.

    `fallback` is the edition whose arithmetic a historical act follows where none can be named.
    """

    edition: Edition | None
    say: str = ""
    fallback: Edition | None = None


class Rulebook:
    """Editions by id; immutable in use, and the same for every ruling of one run."""

    def __init__(self, files: Iterable[tuple[str, bytes]] | None = None) -> None:
        self._data: dict[str, bytes] = {}
        self._sources: dict[str, str] = {}
        self._loaded: dict[str, Edition] = {}
        self._read: dict[tuple[str, tuple[tuple[str, str], ...]], Edition] = {}
        for source, data in builtin_editions() if files is None else files:
            edition_id = source.removesuffix(".yaml")
            self._data[edition_id] = data
            self._sources[edition_id] = source

    def __contains__(self, edition_id: str) -> bool:
        return edition_id in self._data

    def ids(self, scheme: str | None = None) -> list[str]:
        """Edition ids, sorted; of one scheme or of all."""
        return sorted(e for e in self._data if scheme is None or e.partition("/")[0] == scheme)

    def schemes(self) -> list[str]:
        """Schemes that have at least one edition, sorted."""
        return sorted({e.partition("/")[0] for e in self._data})

    def data(self, edition_id: str) -> bytes:
        """The bytes of an edition's file."""
        return self._data[edition_id]

    def edition(self, edition_id: str) -> Edition:
        """The edition as its file says; raises MalformedError for an id that is not at hand,
        IntegrityFailure for a file that is kept under another id than its own."""
        found = self._loaded.get(edition_id)
        if found is None:
            if edition_id not in self._data:
                raise MalformedError(
                    "there is no edition {edition!r}; at hand are {known}",
                    edition=edition_id,
                    known=", ".join(self.ids()),
                )
            found = load_edition(
                self._data[edition_id], source=self._sources[edition_id], check=False
            )
            if found.edition != edition_id:
                raise IntegrityFailure(
                    "{source}: the file holds the edition {edition!r}",
                    source=self._sources[edition_id],
                    edition=found.edition,
                )
            self._loaded[edition_id] = found
        return found

    def reading(self, edition: Edition, adopted: Mapping[str, str]) -> Edition:
        """The edition as read under the adopted interpretations."""
        known = {
            k: v
            for k, v in adopted.items()
            if k in edition.interpretations and edition.interpretations[k].default != v
        }
        if not known:
            return edition
        key = (edition.edition, tuple(sorted(known.items())))
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = read_under(edition, self._data[edition.edition], known)
        return found

    def resolve(
        self,
        scheme: str,
        on: date,
        *,
        policy: str | None,
        policy_reason: str | None,
        round_edition: str | None,
        center_edition: str | None,
        adopted: Mapping[str, str] = _TEXT_AS_IT_STANDS,
    ) -> Resolution:
        """The edition that rules an act on a day: its own policy, its round's, the one in force,
        the center's. `adopted` are the readings of that day; one may say when an edition ended."""
        fallback = self._fallback(scheme, round_edition or center_edition)
        if policy is not None:
            return self._own(scheme, on, policy, policy_reason, adopted)
        if round_edition is not None and round_edition in self._data:
            return Resolution(self.edition(round_edition))
        in_force = [
            e
            for e in map(self.edition, self.ids(scheme))
            if self.reading(e, adopted).is_known_in_force(on)
        ]
        if in_force:
            return Resolution(in_force[-1])
        if center_edition is not None and center_edition in self._data:
            edition = self.edition(center_edition)
            if self.reading(edition, adopted).has_known_end_before(on):
                return Resolution(None, "edition_ended", fallback)
            return Resolution(edition)
        return Resolution(None, "no_edition_in_force", fallback)

    def _own(
        self,
        scheme: str,
        on: date,
        policy: str,
        policy_reason: str | None,
        adopted: Mapping[str, str],
    ) -> Resolution:
        if parse_edition(policy)[0] != scheme:
            raise MalformedError(
                "the edition {edition!r} does not belong to the scheme {scheme!r}",
                edition=policy,
                scheme=scheme,
            )
        edition = self.edition(policy)
        in_force = self.reading(edition, adopted).is_known_in_force(on)
        if in_force or (policy_reason or "").strip():
            return Resolution(edition)
        return Resolution(None, "policy_reason_missing", edition)

    def _fallback(self, scheme: str, preferred: str | None) -> Edition | None:
        if preferred is not None and preferred in self._data:
            return self.edition(preferred)
        known = self.ids(scheme)
        return self.edition(known[-1]) if known else None
