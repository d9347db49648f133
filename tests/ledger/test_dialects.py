"""Other databases are within reach: tables and statements compile for their dialects.

None of these engines is run here; docs/scaling.md says what is known of each.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Dialect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.schema import CreateTable

import ledger
from ledger.lookup import Lookup
from ledger.schema import metadata
from ledger.statements import Statement

BUILT_IN = ("mysql+pymysql", "mariadb+pymysql", "sqlite", "postgresql+psycopg")
OTHERS = ("opengauss+psycopg2", "dm+dmPython")
"""openGauss and Dameng, where their packages are installed; OceanBase speaks MySQL's dialect."""

ONE_ENGINES_OWN = re.compile(
    r"\bRETURNING\b|\bON CONFLICT\b|\bON DUPLICATE\b|\bLISTEN\b|\bNOTIFY\b|advisory", re.IGNORECASE
)


@cache
def dialect(name: str) -> Dialect:
    """A dialect by its name; a test that asks for one that is not installed is skipped."""
    try:
        made = make_url(f"{name}://").get_dialect()()
    except (NoSuchModuleError, ImportError) as error:
        pytest.skip(f"{name} is not installed: {error}")
    return made


def statements() -> dict[str, Statement]:
    """The statements that stand in the ledger's modules, lookups for eight values, by module and
    name."""
    found: dict[str, Statement] = {}
    for module in pkgutil.iter_modules(ledger.__path__):
        if module.ispkg:
            continue  # migrations are for the engines that have ledgers
        names: dict[str, Any] = vars(import_module(f"ledger.{module.name}"))
        for name, value in names.items():
            if isinstance(value, Statement | Lookup):
                statement = value.of_list(8) if isinstance(value, Lookup) else value
                found[f"{module.name}.{name}"] = statement
    return found


# It makes the partitions of a log, which only PostgreSQL has.
POSTGRESQL_ONLY = {"recorder._OPEN_LOG"}


@pytest.mark.parametrize("name", [*BUILT_IN, *OTHERS])
def test_tables_compile(name: str) -> None:
    """Every table can be made, and only PostgreSQL is asked for partitions."""
    for table in metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=dialect(name)))
        assert re.search(rf"CREATE TABLE \W?{table.name}\b", made)
        assert ("PARTITION BY" in made) == (name.startswith("postgresql") and bool(table.info))


@pytest.mark.parametrize("name", [*BUILT_IN, *OTHERS])
def test_statements_compile(name: str) -> None:
    """Every statement compiles with its parameters in the order they are given, and asks for
    nothing that only one engine has."""
    known = statements()
    assert len(known) > 20
    assert known.keys() >= POSTGRESQL_ONLY
    for place in known.keys() - POSTGRESQL_ONLY:
        said = known[place].text_for(dialect(name))
        assert not ONE_ENGINES_OWN.search(said), (place, said)
