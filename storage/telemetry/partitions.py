"""Daily partitions (UTC days) of the sample tables. Stray times wait in the default partition."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from storage.connection.pool import Connection
from storage.connection.queries import queries

SQL = queries("telemetry")
DAYS_BACK, DAYS_AHEAD = 1, 3


async def make_days(connection: Connection, table: str, now: datetime) -> None:
    """The partitions around ``now``; what waits in the default partition moves in."""
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        await _make_day(connection, table, now + timedelta(days=offset))


async def drop_days(connection: Connection, table: str, oldest: datetime) -> int:
    """Drop the days wholly before ``oldest``; how many there were."""
    cursor = await connection.execute(SQL["partitions"], {"table": table})
    old = [
        each["name"]
        for each in await cursor.fetchall()
        if each["name"] != f"{table}_default" and each["name"] < _name(table, oldest)
    ]
    for name in old:
        await connection.execute(_text(f"DROP TABLE {name}"))
    stray = _text(
        f"WITH gone AS (DELETE FROM {table}_default WHERE at < %(midnight)s RETURNING at)"  # noqa: S608 - names of our own tables
        " SELECT count(DISTINCT (at AT TIME ZONE 'UTC')::date) AS days FROM gone"
    )
    midnight = oldest.replace(hour=0, minute=0, second=0, microsecond=0)
    found = await (await connection.execute(stray, {"midnight": midnight})).fetchone()
    return len(old) + (0 if found is None else int(found["days"]))


async def _make_day(connection: Connection, table: str, day: datetime) -> None:
    name = _name(table, day)
    found = await connection.execute("SELECT to_regclass(%s) AS known", (name,))
    known = await found.fetchone()
    if known is not None and known["known"] is not None:
        return
    start, end = f"{day:%Y-%m-%d} 00:00+00", f"{day + timedelta(days=1):%Y-%m-%d} 00:00+00"
    await connection.execute(_text(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"))
    await connection.execute(
        _text(
            f"WITH moved AS (DELETE FROM {table}_default"  # noqa: S608 - the same
            f" WHERE at >= '{start}' AND at < '{end}' RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved"
        )
    )
    await connection.execute(
        _text(
            f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{end}')"
        )
    )


def _name(table: str, day: datetime) -> str:
    return f"{table}_p{day:%Y%m%d}"


def _text(statement: str) -> LiteralString:
    return statement
