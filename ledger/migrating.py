"""Bringing an older ledger up to date, in one transaction.

    engine = open_engine(url, older=True)
    migrated = migrate(engine)                  # schema 1 → 2
    migrated = migrate(engine, dry_run=True)    # what would be done; nothing is

Of several processes that migrate at once one does the work, and the others find it done. Whatever
goes wrong, the ledger stays what it was. Migrations are Alembic's (`ledger.migrations`), which this
file alone loads: opening a ledger looks at the number in `meta` and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event

from ledger import migrations
from ledger.engine import lock_ledger, schema_of, write_transaction
from ledger.failpoints import reached

__all__ = ["Migrated", "migrate", "newest_schema"]

_VERSIONS = Path(migrations.__file__).parent / "versions"


class Migrated(NamedTuple):
    """The schema before and after, and the statements that made the one of the other, each with
    how often it was carried out; a dry run counts the same."""

    before: int
    after: int
    statements: tuple[tuple[str, int], ...]


class _DryRun(Exception):  # noqa: N818  a signal, not an error
    pass


def newest_schema(versions: Sequence[Path] = (_VERSIONS,)) -> int:
    """The schema that migrations lead to."""
    head = ScriptDirectory.from_config(_config(versions)).get_current_head()
    assert head is not None  # noqa: S101  there are migrations
    return int(head)


def migrate(
    engine: Engine, *, dry_run: bool = False, versions: Sequence[Path] = (_VERSIONS,)
) -> Migrated:
    """Bring a ledger to the newest schema, as the migrations in the folders `versions` say.

    Raises IntegrityFailure where what is stored contradicts what would be computed from it.
    """
    config = _config(versions)
    statements: Counter[str] = Counter()
    before = after = 0
    try:
        with write_transaction(engine) as connection:
            lock_ledger(connection)
            before = after = schema_of(connection)
            if before < newest_schema(versions):
                with _counted(connection, statements):
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
                after = schema_of(connection)
            reached("migrate.written")
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    reached("migrate.committed")
    return Migrated(before, after, tuple(statements.items()))


def _config(versions: Sequence[Path]) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, versions)))
    return config


@contextmanager
def _counted(connection: Connection, statements: Counter[str]) -> Iterator[None]:
    """Count what changes the database, in the order in which it first does."""

    def count(
        _connection: Connection, _cursor: Any, text: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        told = " ".join(text.split())
        if not told.startswith(("SELECT", "PRAGMA")):
            statements[told] += len(parameters) if many else 1

    event.listen(connection, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", count)
