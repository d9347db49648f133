"""Every program that checks evidence files, as a function from a case to its verdicts."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterable, Sequence

from cli.verifier import taizhang_verify
from ledger.errors import MalformedError
from ledger.evidence_check import check_evidence
from ledger.note import parse_vkey
from ledger.trust_policy import parse_policy
from support.make_evidence import Case
from support.make_verifier_page import PAGE, script_of

__all__ = ["NODE", "Verdicts", "verdicts_in_node", "verdicts_in_python", "verdicts_of_the_ledger"]

Verdicts = tuple[tuple[str, str], ...] | None
NODE = shutil.which("node")

# Reads {"webcrypto", "cases"} from standard input, writes the verdicts of each case.
_HARNESS = """
;(async () => {
  const bytes = (text) => text === null ? null : new Uint8Array(Buffer.from(text, "base64"));
  const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const said = [];
  for (const { data, keys, policy } of asked.cases) {
    try {
      const options = { webcrypto: asked.webcrypto };
      const found = await TaizhangVerify.check(bytes(data), keys, bytes(policy), options);
      said.push(found.claims.map(({ claim, verdict }) => [claim, verdict]));
    } catch (error) {
      if (!error.code || !error.code.startsWith("m.")) throw error;
      said.push(null);
    }
  }
  console.log(JSON.stringify(said));
})();
"""


def verdicts_in_python(case: Case) -> Verdicts:
    """What the verifier in one Python file says."""
    try:
        claims = taizhang_verify.check(case.data, case.keys, case.policy)
    except taizhang_verify.UnreadableError:
        return None
    return tuple((claim.claim, claim.verdict) for claim in claims)


def verdicts_of_the_ledger(case: Case) -> Verdicts:
    """What `taizhang evidence check` says."""
    policy = None if case.policy is None else parse_policy(case.policy)
    try:
        keys = [parse_vkey(key) for key in case.keys]
        claims = check_evidence(case.data, keys=keys, policy=policy)
    except MalformedError:
        return None
    return tuple((claim.claim, claim.verdict) for claim in claims)


def verdicts_in_node(cases: Sequence[Case], *, webcrypto: bool) -> Iterable[Verdicts]:
    """What the page's own script says of many cases, run without a browser."""
    asked = [
        {
            "data": b64encode(case.data).decode(),
            "keys": case.keys,
            "policy": None if case.policy is None else b64encode(case.policy).decode(),
        }
        for case in cases
    ]
    core = script_of(PAGE.read_text(encoding="utf-8"), "core")
    done = subprocess.run(
        [str(NODE), "-e", core + _HARNESS],
        input=json.dumps({"webcrypto": webcrypto, "cases": asked}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for said in json.loads(done.stdout):
        yield None if said is None else tuple((claim, verdict) for claim, verdict in said)
