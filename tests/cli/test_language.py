"""Which language the screen speaks."""

from __future__ import annotations

import pytest

from cli.i18n import choose
from support.counter import Run


@pytest.mark.parametrize(
    ("wanted", "environment", "expected"),
    [
        ("en", {"TAIZHANG_LANG": "zh", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"TAIZHANG_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"TAIZHANG_LANG": "fr", "LANG": "en_US"}, "zh"),
        (None, {"LANG": "de_DE.UTF-8"}, "zh"),
        (None, {}, "zh"),
    ],
    ids=str,
)
def test_language_is_settled_in_order(
    wanted: str | None,
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked for, else TAIZHANG_LANG, else the locale, else Chinese."""
    monkeypatch.setattr("os.environ", dict(environment))
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert choose(wanted) == expected


@pytest.mark.parametrize("arguments", [("--lang", "zh"), ("--lang=zh",)])
def test_errors_speak_the_language_asked(arguments: tuple[str, ...], run: Run) -> None:
    """A command line that cannot be read is answered in the language it asks for."""
    assert "错误：没有选项 '--bad'。" in run("--bad", *arguments, language="en").stderr


def test_language_of_the_option_wins(run: Run, town: str) -> None:
    """`--lang` outdoes the environment."""
    assert "centers: 9" in run("--lang", "en", "center", "list", url=town, language="zh").stderr
