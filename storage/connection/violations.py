"""Errors for values that the schema refuses, with the names of the fields."""

from __future__ import annotations

import psycopg
from psycopg import errors
from psycopg.rows import DictRow

from services.errors import CommandCenterError, Conflict, Invalid
from storage.connection.queries import queries

SQL = queries("server")


async def refusal(
    connection: psycopg.AsyncConnection[DictRow], problem: psycopg.Error
) -> CommandCenterError:
    """The error to raise for a refused value; reads the fields of the broken rule from the
    database.
    """
    if isinstance(problem, errors.UniqueViolation):
        detail = problem.diag.message_detail or str(problem)
        return Conflict(f"that exists already: {detail}")
    if isinstance(problem, errors.NotNullViolation):
        return Invalid([(problem.diag.column_name or "", "is missing")])
    if isinstance(problem, errors.CheckViolation | errors.ForeignKeyViolation):
        return Invalid(await _problems(connection, problem))
    if isinstance(problem, errors.IntegrityError):
        return Conflict(problem.diag.message_primary or str(problem))
    return Invalid([("", problem.diag.message_primary or str(problem))])


async def _problems(
    connection: psycopg.AsyncConnection[DictRow], problem: psycopg.Error
) -> list[tuple[str, str]]:
    diag = problem.diag
    names = {"name": diag.constraint_name, "table": diag.table_name}
    stored_rows = await (await connection.execute(SQL["rule"], names)).fetchall()
    if isinstance(problem, errors.ForeignKeyViolation):
        own = [
            stored_row["field"]
            for stored_row in stored_rows
            if stored_row["field"] != "system_id" or len(stored_rows) == 1
        ]
        return [(field, _missing(problem)) for field in own] or [("", _missing(problem))]
    if not stored_rows:
        return [("", diag.message_primary or str(problem))]
    return [
        (stored_row["field"], f"breaks the rule {_readable(stored_row['rule'])}")
        for stored_row in stored_rows
    ]


def _missing(problem: psycopg.Error) -> str:
    still_used = "still referenced" in (problem.diag.message_detail or "")
    return "is still in use" if still_used else "names nothing that exists"


def _readable(rule: str) -> str:
    return rule.removeprefix("CHECK ").replace("::numeric", "").replace("::text", "")
