"""Trust policies: every rule of the file, and what a quorum lacks."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import MalformedError
from ledger.note import COSIGNATURE, ED25519, VerifierKey, format_vkey
from ledger.trust_policy import Group, TrustedLog, TrustedWitness, TrustPolicy, parse_policy
from support.flips import bit_flips


def log_vkey(number: int) -> str:
    """The vkey of a log."""
    return format_vkey(VerifierKey(f"log{number}.example", ED25519, bytes([number] * 32)))


def witness_key(number: int) -> VerifierKey:
    """The key of a witness."""
    return VerifierKey(f"witness{number}.example", COSIGNATURE, bytes([number] * 32))


W = [format_vkey(witness_key(number)) for number in range(7)]
HEAD = f"witness a {W[1]}\nwitness b {W[2]}\nwitness c {W[3]}\n"
# The two levels of the specification's example.
WHOLE = (
    f"# whom we believe\n\nlog {log_vkey(1)} https://log.example/\n{HEAD}"
    "group X 2 a b c\n"
    f"witness d {W[4]}\n\twitness  e {W[5]} https://w.example/ \nwitness f {W[6]}\n"
    "group Y any d e f\n  # both\ngroup both all X Y\nquorum both\n"
)
POLICY = parse_policy(WHOLE.encode())


def test_every_line_is_read() -> None:
    """Logs, witnesses, groups, addresses and quorum come out as written."""
    log = VerifierKey("log1.example", ED25519, bytes([1] * 32))
    urls = {"e": "https://w.example/"}
    expected = TrustPolicy(
        (TrustedLog(log, "https://log.example/"),),
        tuple(
            TrustedWitness(name, witness_key(number), urls.get(name))
            for number, name in enumerate("abcdef", 1)
        ),
        (
            Group("X", 2, ("a", "b", "c")),
            Group("Y", 1, ("d", "e", "f")),
            Group("both", 2, ("X", "Y")),
        ),
        "both",
    )
    assert expected == POLICY
    assert POLICY.log_keys == (log,)
    assert POLICY.witness_keys == tuple(witness_key(number) for number in range(1, 7))


def test_quorum_counts_as_written() -> None:
    """Of all sets of witnesses exactly those with two of X and one of Y are enough."""
    numbers = range(1, 7)
    for chosen in chain.from_iterable(combinations(numbers, count) for count in range(7)):
        enough = len({1, 2, 3} & set(chosen)) >= 2 and bool({4, 5, 6} & set(chosen))
        cosigned = [witness_key(number) for number in chosen]
        assert POLICY.is_met(cosigned) == enough
        assert bool(POLICY.missing(cosigned)) != enough


def test_no_quorum_is_always_met() -> None:
    """A policy without quorum asks for no witness."""
    policy = parse_policy(b"quorum none\n")
    assert policy == TrustPolicy((), (), (), None)
    assert policy.is_met([])
    assert policy.missing([]) == ()


def test_strangers_do_not_count() -> None:
    """A key with a witness's name or public half is not that witness."""
    policy = parse_policy(f"{HEAD}quorum a\n".encode())
    assert policy.is_met([witness_key(1)])
    assert not policy.is_met([VerifierKey("witness1.example", COSIGNATURE, bytes(32))])
    assert not policy.is_met([VerifierKey("other.example", COSIGNATURE, bytes([1] * 32))])


def test_lack_is_said_from_outside() -> None:
    """What is missing is named group by group, down to each witness that could still cosign."""
    said = [str(problem) for problem in POLICY.missing([witness_key(1), witness_key(4)])]
    assert said == [
        "group both needs 2 of its 2 members and has 1",
        "group X needs 2 of its 3 members and has 1",
        "witness b has not cosigned",
        "witness c has not cosigned",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("# nothing\n", 1),
        ("quorum none", 1),
        ("quorum none\nquorum none\n", 2),
        ("quorum\n", 1),
        ("quorum none none\n", 1),
        ("quorum a\n", 1),
        ("Quorum none\n", 1),
        ("quorum none # for now\n", 1),
        ("quorum none\r\n", 1),
        ("quorum none\n\f\n", 2),
        ("quorum none\n# \x7f\n", 2),
        ("log\nquorum none\n", 1),
        ("log x\nquorum none\n", 1),
        (f"log {log_vkey(1)} u v\nquorum none\n", 1),
        (f"log {W[1]}\nquorum none\n", 1),
        (f"log {log_vkey(1)}\nlog {log_vkey(1)}\nquorum none\n", 2),
        (f"witness a {log_vkey(1)}\nquorum none\n", 1),
        (f"witness {W[1]}\nquorum none\n", 1),
        (f"witness a {W[1]} u v\nquorum none\n", 1),
        (f"witness none {W[1]}\nquorum none\n", 1),
        (f"witness a {W[1]}\nwitness a {W[2]}\nquorum none\n", 2),
        (f"witness a {W[1]}\nwitness b {W[1]}\nquorum none\n", 2),
        (f"quorum a\nwitness a {W[1]}\n", 1),
        (f"{HEAD}group g all\nquorum g\n", 4),
        (f"{HEAD}group g\nquorum none\n", 4),
        (f"{HEAD}group g 0 a\nquorum none\n", 4),
        (f"{HEAD}group g 2 a\nquorum none\n", 4),
        (f"{HEAD}group g 01 a\nquorum none\n", 4),
        (f"{HEAD}group g +1 a\nquorum none\n", 4),
        (f"{HEAD}group g some a\nquorum none\n", 4),
        (f"{HEAD}group g any none\nquorum none\n", 4),
        (f"{HEAD}group g any g\nquorum none\n", 4),
        (f"{HEAD}group g any d\nquorum none\n", 4),
        (f"{HEAD}group g any a a\nquorum none\n", 4),
        (f"{HEAD}group a any b\nquorum none\n", 4),
        (f"{HEAD}group none any b\nquorum none\n", 4),
        (f"{HEAD}group g any a b\ngroup h any a c\nquorum none\n", 5),
        (f"group g any a\n{HEAD}quorum none\n", 1),
    ],
)
def test_broken_rules_name_their_line(text: str, line: int) -> None:
    """Each rule, broken once, is reported at the line that breaks it."""
    with pytest.raises(MalformedError) as caught:
        parse_policy(text.encode())
    assert caught.value.problems[0].line == line


def test_two_keys_of_one_public_half() -> None:
    """The same public key under another name is a duplicate all the same."""
    again = format_vkey(VerifierKey("other.example", COSIGNATURE, bytes([1] * 32)))
    with pytest.raises(MalformedError):
        parse_policy(f"witness a {W[1]}\nwitness b {again}\nquorum none\n".encode())


def test_every_broken_line_is_reported() -> None:
    """All bad lines are told at once."""
    with pytest.raises(MalformedError) as caught:
        parse_policy(b"log x\nquorum none\nnonsense\nquorum none\n")
    assert [problem.line for problem in caught.value.problems] == [1, 3, 4]


def test_names_are_octets() -> None:
    """Names that are not UTF-8, or that only look alike, are kept apart and can be printed."""
    kelvin = b"witness K %b\nwitness \xe2\x84\xaa %b\nwitness \xff %b\nquorum \xff\n" % tuple(
        vkey.encode() for vkey in W[1:4]
    )
    policy = parse_policy(kelvin)
    assert policy.is_met([witness_key(3)])
    assert not policy.is_met([witness_key(1), witness_key(2)])
    assert [str(problem) for problem in policy.missing([])] == [r"witness \xff has not cosigned"]


def test_words_of_the_format_are_names() -> None:
    """Only `none` is taken; a witness may be called all, any or 1."""
    text = f"witness all {W[1]}\nwitness any {W[2]}\nwitness 1 {W[3]}\ngroup group 1 1 any all\n"
    assert parse_policy(f"{text}quorum group\n".encode()).is_met([witness_key(2)])


def test_deep_groups_are_counted() -> None:
    """Groups inside groups are counted however deep they go."""
    deep = "".join(f"group g{number} all g{number - 1}\n" for number in range(1, 5000))
    text = f"witness a {W[1]}\ngroup g0 all a\n{deep}quorum g4999\n"
    policy = parse_policy(text.encode())
    assert policy.is_met([witness_key(1)])
    assert len(policy.missing([])) == 5001


def test_policies_have_a_bound() -> None:
    """A file of more than 1 MiB is not read."""
    room = b"#" * ((1 << 20) - len(b"quorum none\n\n"))
    assert parse_policy(b"quorum none\n" + room + b"\n").quorum is None
    with pytest.raises(MalformedError):
        parse_policy(b"quorum none\n#" + room + b"\n")


def test_every_bit_is_bound() -> None:
    """No policy without comments and addresses has a reading one bit away."""
    text = f"log {log_vkey(1)}\nwitness a {W[1]}\ngroup g 1 a\nquorum g\n".encode()
    assert parse_policy(text).quorum == "g"
    for _, flipped in bit_flips(text):
        with pytest.raises(MalformedError):
            parse_policy(flipped)


LINES = [*WHOLE.encode().splitlines(keepends=True), b"quorum none\n", b"group Z 1 X\n", b"\xff\n"]


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.lists(st.sampled_from(LINES), max_size=14).map(b"".join))
def test_any_bytes_are_answered(data: bytes) -> None:
    """Any bytes are a policy that can be asked, or malformed."""
    try:
        policy = parse_policy(data)
    except MalformedError:
        return
    assert policy.is_met(policy.witness_keys)
    assert not policy.missing(policy.witness_keys)
