"""Trust policies: which logs are believed, and whose cosignatures it takes (C2SP tlog-policy).

A file of lines; words are parted by spaces and tabs; empty lines and lines that begin with # say
nothing:

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name> ...
    quorum <name>|none

* Octets: tab, line feed, 0x20 to 0x7E, 0x80 to 0xFF. Every line ends with a line feed.
* Names are octets with no meaning outside the file. Witnesses and groups share them; `none` is
  taken. A name is defined above the line that uses it, once, and is a member of one group at most.
* k: decimal, no sign, no leading zero, from 1 to the number of members; `any` is 1, `all` is all.
* Exactly one quorum line. No two logs and no two witnesses with the same public key.
* Logs have keys of algorithm 1, witnesses of algorithm 4 (`ledger.note`); other algorithms of the
  specification are not known here and refused.

A group witnesses a checkpoint when at least k of its members do, a witness when it cosigned it.
The quorum is met when what it names witnesses the checkpoint; `none` always is.

    log city.example/taizhang+…
    witness tax witness.tax.example+…
    witness notary notary.example/w1+…
    witness university archive.example+…
    group outside 2 tax notary university
    quorum outside
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ledger.errors import MalformedError, Problem
from ledger.note import COSIGNATURE, ED25519, VerifierKey, parse_vkey

__all__ = ["Group", "TrustPolicy", "TrustedLog", "TrustedWitness", "parse_policy"]

MAX_POLICY_BYTES = 1 << 20

_NONE = "none"
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_DECIMAL = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log that is believed, and where it can be reached."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TrustedWitness:
    """A witness, what this policy calls it, and where it can be reached."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Names of which at least `threshold` must witness a checkpoint."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What a policy file says; groups in the order of their lines, quorum None for `none`."""

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[TrustedWitness, ...]
    groups: tuple[Group, ...]
    quorum: str | None

    @property
    def log_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the logs."""
        return tuple(log.key for log in self.logs)

    @property
    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the witnesses."""
        return tuple(witness.key for witness in self.witnesses)

    def is_met(self, cosigned: Collection[VerifierKey]) -> bool:
        """Tell whether cosignatures of these witnesses are enough."""
        return self.quorum is None or self.quorum in self._witnessing(cosigned)

    def missing(self, cosigned: Collection[VerifierKey]) -> tuple[Problem, ...]:
        """Return what the quorum lacks, the outermost group first; nothing when it is met."""
        met = self._witnessing(cosigned)
        groups = {group.name: group for group in self.groups}
        lacking = [] if self.is_met(cosigned) else [str(self.quorum)]
        # Grows while it is read: a group that is not met asks for its members.
        for name in lacking:
            if name in groups:
                lacking += [member for member in groups[name].members if member not in met]
        return tuple(_lack(name, groups.get(name), met) for name in lacking)

    def _witnessing(self, cosigned: Collection[VerifierKey]) -> set[str]:
        """The names that witness; a group's members all stand above it."""
        met = {witness.name for witness in self.witnesses if witness.key in cosigned}
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return met


def parse_policy(data: bytes) -> TrustPolicy:
    """Return what the file says; MalformedError with every line that breaks a rule."""
    if len(data) > MAX_POLICY_BYTES:
        raise MalformedError("a policy has at most {limit} bytes", limit=MAX_POLICY_BYTES)
    reading = _Reading()
    problems = []
    lines = data.split(b"\n")
    unended = lines.pop()
    for number, line in enumerate(lines, 1):
        try:
            reading.read(line)
        except MalformedError as error:
            problems.append(Problem(error.message, line=number, **error.values))
    if unended:
        problems.append(Problem("the last line has no line feed", line=len(lines) + 1))
    elif not reading.quorums and not problems:
        problems.append(Problem("there is no quorum line", line=len(lines) or 1))
    if problems:
        raise MalformedError("not a policy", problems=problems)
    return TrustPolicy(
        tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorums[0]
    )


class _Reading:
    """What has been read so far, line by line."""

    def __init__(self) -> None:
        self.logs: list[TrustedLog] = []
        self.witnesses: list[TrustedWitness] = []
        self.groups: list[Group] = []
        self.quorums: list[str | None] = []
        self._names: set[str] = set()
        self._members: set[str] = set()

    def read(self, line: bytes) -> None:
        if _FORBIDDEN.search(line):
            raise MalformedError("a control character that is no tab")
        # Octets above 0x7F mean nothing; kept this way, each text has one octet string.
        words = [
            word.decode("utf-8", "surrogateescape") for word in re.split(rb"[ \t]+", line) if word
        ]
        if not words or words[0].startswith("#"):
            return
        kinds: dict[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in kinds:
            raise MalformedError(
                "{word} is none of log, witness, group, quorum", word=_shown(words[0])
            )
        kinds[words[0]](words[1:])

    def _log(self, words: Sequence[str]) -> None:
        if len(words) not in (1, 2):
            raise MalformedError("write: log VKEY [URL]")
        key = _key(words[0], ED25519)
        if any(log.key.public == key.public for log in self.logs):
            raise MalformedError("a second log with the public key of {name}", name=key.name)
        self.logs.append(TrustedLog(key, *words[1:]))

    def _witness(self, words: Sequence[str]) -> None:
        if len(words) not in (2, 3):
            raise MalformedError("write: witness NAME VKEY [URL]")
        key = _key(words[1], COSIGNATURE)
        if any(witness.key.public == key.public for witness in self.witnesses):
            raise MalformedError("a second witness with the public key of {name}", name=key.name)
        self._define(words[0])
        self.witnesses.append(TrustedWitness(words[0], key, *words[2:]))

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise MalformedError("write: group NAME all|any|NUMBER MEMBER ...")
        name, count, *members = words
        threshold = _threshold(count, len(members))
        for place, member in enumerate(members):
            self._check_known(member)
            if member in self._members or member in members[:place]:
                raise MalformedError("{name} is a member already", name=_shown(member))
        self._define(name)
        self._members.update(members)
        self.groups.append(Group(name, threshold, tuple(members)))

    def _quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise MalformedError("write: quorum NAME, or quorum none")
        if self.quorums:
            raise MalformedError("a second quorum line")
        if words[0] != _NONE:
            self._check_known(words[0])
        self.quorums.append(None if words[0] == _NONE else words[0])

    def _define(self, name: str) -> None:
        if name == _NONE or name in self._names:
            raise MalformedError("the name {name} is taken", name=_shown(name))
        self._names.add(name)

    def _check_known(self, name: str) -> None:
        if name not in self._names:
            raise MalformedError(
                "{name} is not the name of a witness or group above this line", name=_shown(name)
            )


def _key(text: str, algorithm: int) -> VerifierKey:
    key = parse_vkey(text)
    if key.algorithm != algorithm:
        raise MalformedError(
            "key {name} has algorithm {algorithm}; a log has 1, a witness 4",
            name=key.name,
            algorithm=key.algorithm,
        )
    return key


def _threshold(count: str, members: int) -> int:
    if count in ("any", "all"):
        return 1 if count == "any" else members
    if not _DECIMAL.fullmatch(count) or int(count) > members:
        raise MalformedError(
            "{count} is none of all, any and 1 to {members}", count=_shown(count), members=members
        )
    return int(count)


def _lack(name: str, group: Group | None, met: Collection[str]) -> Problem:
    if group is None:
        return Problem("witness {name} has not cosigned", name=_shown(name))
    return Problem(
        "group {name} needs {threshold} of its {members} members and has {present}",
        name=_shown(name),
        threshold=group.threshold,
        members=len(group.members),
        present=sum(member in met for member in group.members),
    )


def _shown(name: str) -> str:
    """The octets of a name as they can be printed."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
