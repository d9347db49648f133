"""A long list that does not live in memory: written once, read in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

__all__ = ["Spool"]

_IN_MEMORY_BYTES = 8 << 20


class Spool:
    """JSON values kept in order; past a few MiB they go to a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115  closed with the spool
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, value: Any) -> None:
        """Append one value; dates become ISO text."""
        self._file.seek(0, 2)
        self._file.write(orjson.dumps(value) + b"\n")
        self._count += 1

    def extend(self, values: Iterable[Any]) -> None:
        """Append values in their order."""
        for value in values:
            self.add(value)

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)

    def close(self) -> None:
        """Let the temporary file go; done by itself when nobody holds the spool any more."""
        self._file.close()

    def __del__(self) -> None:
        self._file.close()
