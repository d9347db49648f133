"""`verify.html` in Debian's Chromium, opened as a file, as a company would."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from support.evidence_book import spelled
from support.make_evidence import Case, cases
from support.make_verifier_page import PAGE

pytestmark = pytest.mark.slow

CHROMIUM = Path(os.environ.get("TAIZHANG_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
CASES = {case.name: case for case in cases()}

# A browser that has neither Ed25519 nor workers.
WITHOUT_ED25519 = """
const plain = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
  if (algorithm.name === "Ed25519") {
    return Promise.reject(new DOMException("", "NotSupportedError"));
  }
  return plain.call(this, format, key, algorithm, ...rest);
};
window.Worker = undefined;
"""
CHECK_ALL = """async (cases) => {
  const decoded = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const bytes = (text) => text === null ? null : decoded(text);
  const said = [];
  for (const { data, keys, policy } of cases) {
    try {
      const { claims } = await TaizhangVerify.check(bytes(data), keys, bytes(policy));
      said.push(claims.map(({ claim, verdict }) => [claim, verdict]));
    } catch (error) {
      said.push(error.code && error.code.startsWith("m.") ? null : String(error));
    }
  }
  return said;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; a loud skip without one, unless TAIZHANG_REQUIRE_BROWSER=1."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or not CHROMIUM.exists():
        missing = f"NO BROWSER: playwright and {CHROMIUM} are needed; verify.html is not tested"
        if os.environ.get("TAIZHANG_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """The page, opened from its file by a Chinese reader."""
    with browser.new_context(locale="zh-CN") as context:
        found = context.new_page()
        found.goto(PAGE.as_uri())
        yield found


def check(page: Any, case: Case) -> Any:
    """What the page says of a case whose file, key and policy are put in by hand."""
    file = {"name": "a.evidence.json", "mimeType": "application/json", "buffer": case.data}
    page.set_input_files("#file", file)
    page.fill("#keys", "\n".join(case.keys))
    page.fill("#policy", (case.policy or b"").decode())
    page.click("#check")
    page.wait_for_selector("#banner")
    return page.evaluate("window.lastResult")


def check_all(page: Any) -> dict[str, Any]:
    """The verdicts of the whole corpus, in one page load."""
    asked = [
        {
            "data": b64encode(case.data).decode(),
            "keys": list(case.keys),
            "policy": None if case.policy is None else b64encode(case.policy).decode(),
        }
        for case in CASES.values()
    ]
    said = page.evaluate(CHECK_ALL, asked)
    return {
        name: verdicts if verdicts is None else tuple(map(tuple, verdicts))
        for name, verdicts in zip(CASES, said, strict=True)
    }


@pytest.mark.parametrize("script", ["", WITHOUT_ED25519], ids=["WebCrypto", "fallback"])
def test_corpus_in_the_browser(browser: Any, script: str) -> None:
    """Chromium gives the listed verdicts, by WebCrypto and by the page's own arithmetic."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(script)
        page.goto(PAGE.as_uri())
        assert check_all(page) == {name: case.verdicts for name, case in CASES.items()}


def test_result_for_programs(page: Any) -> None:
    """A file put in by hand is checked in a worker, by WebCrypto, and gives the same claims."""
    said = check(page, CASES["quorum met"])
    listed = tuple((claim["claim"], claim["verdict"]) for claim in said["claims"])
    assert (said["ok"], listed) == (True, CASES["quorum met"].verdicts)
    assert said["crypto"]["thread"] == "worker"
    assert said["crypto"]["ed25519"] == "WebCrypto"


def test_fallback_is_used(browser: Any) -> None:
    """Without Ed25519 and without workers the page computes by itself, and proves the same."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(WITHOUT_ED25519)
        page.goto(PAGE.as_uri())
        said = check(page, CASES["everything"])
        assert (said["ok"], said["crypto"]["ed25519"], said["crypto"]["thread"]) == (
            True,
            "JavaScript",
            "page",
        )


def test_page_asks_nobody(page: Any) -> None:
    """From opening to printing the page sends no request but for its own worker."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    check(page, CASES["everything"])
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []


def test_verdicts_in_readers_language(page: Any) -> None:
    """The language can be changed after the check, without checking again."""
    check(page, CASES["payload altered"])
    assert "与证据矛盾" in page.inner_text("#banner")
    page.click("[data-lang=en]")
    assert "Contradicted" in page.inner_text("#banner")


def test_status_is_readable(page: Any) -> None:
    """The published status is shown in the reader's words, each entry with day and type."""
    check(page, CASES["everything"])
    text = page.inner_text("#result")
    assert "西安示例电子有限公司" in text
    assert "xian#5\t2021-07-12\t评价结果审定" in text


def test_malformed_is_said(page: Any) -> None:
    """A malformed file gets no verdicts, and the page says why."""
    said = check(page, CASES["malformed: white space"])
    assert (said["ok"], said["error"]["code"]) == (False, "malformed")
    assert "不是规范化 JSON" in page.inner_text("#banner")


def test_no_key_no_verdict(page: Any) -> None:
    """Without a key the page asks for one."""
    said = check(page, CASES["everything"]._replace(keys=()))
    assert said["error"]["message"].startswith("请填写台账公钥")


def test_file_cannot_write_markup(page: Any) -> None:
    """Markup in a file is shown as text."""
    case = CASES["everything"]
    assert case.verdicts is not None
    data = case.data.replace("西安示例电子".encode(), b"<b id=evil>x</b>")
    check(page, case._replace(data=data))
    assert page.query_selector("#evil") is None


@pytest.mark.parametrize("status", ['{"a":' + "[" * 99_000 + "]" * 99_000 + "}", "null", "{"])
def test_odd_status_is_shown(page: Any, status: str) -> None:
    """A status nobody published is contradicted, and shown as it stands."""
    case = CASES["everything"]
    document = json.loads(case.data) | {"status": status}
    assert not check(page, case._replace(data=spelled(document)))["ok"]
    assert "不可采信" in page.inner_text("#result")


def test_print_shows_result_only(page: Any) -> None:
    """On paper there are no fields and buttons."""
    check(page, CASES["everything"])
    page.emulate_media(media="print")
    assert not page.is_visible("#form")
    assert page.is_visible("#banner")


def test_fields_have_labels(page: Any) -> None:
    """Each field can be found by its label, as a screen reader does."""
    for label in ("台账公钥", "见证规则", "选择文件"):
        assert page.get_by_label(label).count() == 1, label


def test_long_file_keeps_page_alive(page: Any, tmp_path: Path) -> None:
    """A file of 50 MiB is checked beside the page, which answers meanwhile."""
    case, long = CASES["everything"], tmp_path / "long.json"
    long.write_bytes(_with_long_attachment(case.data))
    page.set_input_files("#file", long)
    page.fill("#keys", case.keys[0])
    page.click("#check")
    page.click("[data-lang=en]")
    assert page.inner_text("h1").startswith("Ledger")
    page.wait_for_selector("#banner")
    said = page.evaluate("window.lastResult")
    assert [claim["verdict"] for claim in said["claims"]].count("not_proven") == 1
    assert said["crypto"]["sha256"] == "WebCrypto"


def _with_long_attachment(data: bytes) -> bytes:
    """The file with one more attachment, of which no entry knows."""
    document = json.loads(data)
    content = bytes(37 << 20)
    long = {"content": b64encode(content).decode(), "sha256": sha256(content).hexdigest()}
    document["attachments"] = sorted([*document["attachments"], long], key=lambda f: f["sha256"])
    return spelled(document)
