"""Progress on a terminal, and silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from cli.i18n import N_, translate
from cli.output import say

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Counting", "counting"]

_LONG_SECONDS = 1.0
"""What took longer leaves a line behind when it is done."""


class Counting:
    """A bar, called with how many are done (and optionally of how many); it shows the rate, and the
    time left where the whole is known."""

    def __init__(self, bar: Progress, what: str, total: int | None) -> None:
        self._bar = bar
        self._total = total
        self._began = monotonic()
        self._count = 0
        self._task = bar.add_task(what, total=None, counted="", rate="")

    def __call__(self, count: int, of: int | None = None, *, share: float | None = None) -> None:
        """So many are done; `share` (0 to 1) of the whole, where the count does not tell."""
        self._count = count
        whole = of if of is not None else self._total
        if share is None and whole:
            share = count / whole
        self._bar.update(
            self._task,
            completed=share or 0.0,
            total=None if share is None else 1.0,
            counted=f"{count:,}" if whole is None else f"{count:,}/{whole:,}",
            rate=f"{self.rate:,.0f}/s",
        )

    @property
    def rate(self) -> float:
        """How many a second, from the beginning."""
        return self._count / max(monotonic() - self._began, 0.001)

    def sum_up(self, what: str) -> None:
        """Say what it came to, where that took long."""
        seconds = monotonic() - self._began
        if self._count and seconds >= _LONG_SECONDS:
            template = translate(N_("{what}: {count} in {seconds} s, {rate} a second"))
            numbers = {"seconds": f"{seconds:,.1f}", "rate": f"{self.rate:,.0f}"}
            say(template.format(what=what, count=f"{self._count:,}", **numbers))


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Counting | None]:
    """A bar to call with what is done; None where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        count = Counting(bar, what, total)
        yield count
    count.sum_up(what)
