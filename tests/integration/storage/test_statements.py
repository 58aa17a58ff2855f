"""Every statement of ``storage/sql`` is one that PostgreSQL understands, with tables that exist."""

from __future__ import annotations

import re

import psycopg
import pytest

from storage.connection.queries import FOLDER, queries

PARAMETER = re.compile(r"%\((\w+)\)s(?= - interval)|%\((\w+)\)s")
STATEMENTS = [
    pytest.param(statement, id=f"{file.stem}.{name}")
    for file in sorted(FOLDER.glob("*.sql"))
    for name, statement in queries(file.stem).items()
    if "{" not in statement  # those that names are put into are run by their stores' tests
]


def numbered(statement: str) -> str:
    """With ``$1, $2`` as PREPARE wants them; a time from which an interval is taken says so."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}" + ("::timestamptz" if match[1] else "")

    return PARAMETER.sub(number, statement).replace("%%", "%")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_it_can_be_prepared(shared: str, statement: str) -> None:
    with psycopg.connect(shared, autocommit=True) as connection:
        connection.execute(f"PREPARE it AS {numbered(statement)}".encode())
