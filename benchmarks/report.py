"""What was found, as Markdown: ratios first, the aim and its verdict beside each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aims import AIMS, Found, shown
from measuring import Sample, Samples, Spread, ratio, spread

__all__ = ["Judged", "Report", "plain"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A row held to an aim: its ratio to another row. `slower` where the ratio is one of times,
    not of speeds."""

    aim: str
    than: str
    slower: bool = False


class Report:
    """Sections as they are finished, printed at once and kept in a file where one is named."""

    def __init__(
        self, title: str, text: str, *, file: Path | None, write: Callable[[str], object]
    ) -> None:
        self.found: list[Found] = []
        self._head = f"# {title}\n\n{text}\n"
        self._parts: list[str] = []
        self._file = file
        self._write = write
        write(self._head)

    # --- parts ----------------------------------------------------------------------------------

    def section(self, title: str, text: str) -> None:
        """Begin a section; `text` is a docstring, which may be wrapped and indented."""
        paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
        self._add(f"\n## {title}\n\n" + "\n\n".join(paragraphs) + "\n")

    def text(self, text: str) -> None:
        """A paragraph."""
        self._add(f"\n{text}\n")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 0) -> None:
        """A table whose first column is text, and its last `texts`; the others are figures."""
        figures = len(heads) - 1 - texts
        lines = [heads, ["---", *["---:"] * figures, *["---"] * texts], *rows]
        self._add("\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))

    def close(self, after: str) -> None:
        """Print the aims and what the machine did meanwhile."""
        self._head += f"\n{after}\n"
        self._write(f"\n{after}\n\n{self._verdicts()}")
        self._keep()

    # --- figures --------------------------------------------------------------------------------

    def judge(
        self, aim: str, value: float, *, size: int, engine: str, by_cpu: float | None = None
    ) -> str:
        """Keep a figure for the list of aims; returns the aim with its verdict."""
        found = Found(AIMS[aim], value, size, engine, by_cpu)
        self.found.append(found)
        return f"{found.aim}: {found.verdict}"

    def comparison(
        self,
        title: str,
        found: Mapping[str, Samples],
        *,
        base: str,
        engine: str,
        size: int,
        aims: Mapping[str, Sequence[Judged]] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Every contender's speed beside that of `base`, wall and processor."""
        rows = []
        for name, samples in found.items():
            cells = [
                name,
                _times(ratio(found[base], samples)),
                f"{ratio(found[base], samples, by='cpu').middle:.2f}" if _has_cpu(samples) else "",
                _rate(samples),
                f"{_cpu_each(samples):,.1f}" if _has_cpu(samples) else "",
            ]
            verdicts = [
                self._judged(judged, name, found, engine=engine, size=size)
                for judged in (aims or {}).get(name, ())
            ]
            rows.append([*cells, "<br>".join(verdicts), *([notes.get(name, "")] if notes else [])])
        heads = [
            f"{engine}, {title}",
            f"speed, × {base}",
            "by processor",
            "entries/s",
            "processor µs an entry",
            "aim",
            *([""] if notes else []),
        ]
        self.table(heads, rows, texts=2 if notes else 1)

    def _judged(
        self, judged: Judged, name: str, found: Mapping[str, Samples], *, engine: str, size: int
    ) -> str:
        pair = (found[name], found[judged.than])
        one, other = pair if judged.slower else pair[::-1]
        by_cpu = ratio(one, other, by="cpu").middle if all(map(_has_cpu, pair)) else None
        value = ratio(one, other).middle
        said = self.judge(judged.aim, value, size=size, engine=engine, by_cpu=by_cpu)
        return f"{shown(value, '×')}, {said}"

    # --- writing --------------------------------------------------------------------------------

    def _add(self, part: str) -> None:
        self._parts.append(part)
        self._write(part)
        self._keep()

    def _keep(self) -> None:
        if self._file is not None:
            text = f"{self._head}\n{self._verdicts()}{''.join(self._parts)}"
            self._file.write_text(text, encoding="utf-8")

    def _verdicts(self) -> str:
        lines = [
            "## Aims\n\n",
            "| work | | entries | aim | found | by processor time | |\n",
            "|---|---|---:|---|---:|---:|---|\n",
        ]
        for found in sorted(self.found, key=lambda one: list(AIMS.values()).index(one.aim)):
            value = shown(found.value, found.aim.unit)
            by_cpu = "" if found.by_cpu is None else shown(found.by_cpu, found.aim.unit)
            lines.append(
                f"| {found.aim.work} | {found.engine} | {found.size:,} | {found.aim} "
                f"| {value} | {by_cpu} | {found.verdict} |\n"
            )
        return "".join(lines)


def plain(value: Spread, unit: str) -> str:
    """A median and its ends, in one unit."""
    ends = f" ({shown(value.low, '').strip()} to {shown(value.high, '').strip()})"
    return shown(value.middle, unit) + (ends if value.low != value.high else "")


def _times(value: Spread) -> str:
    ends = f" ({value.low:.2f} to {value.high:.2f})" if value.low != value.high else ""
    return f"**{value.middle:.2f}**{ends}"


def _rate(samples: Samples) -> str:
    rates = spread([sample.entries / sample.wall for sample in samples])
    ends = f" ({rates.low:,.0f} to {rates.high:,.0f})" if len(samples) > 1 else ""
    return f"{rates.middle:,.0f}{ends}"


def _cpu_each(samples: Samples) -> float:
    return spread([1e6 * sample.cpu / sample.entries for sample in samples]).middle


def _has_cpu(samples: Sequence[Sample]) -> bool:
    return all(sample.cpu > 0 for sample in samples)
