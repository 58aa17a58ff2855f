"""Daily partitions (UTC days) of the sample tables. Samples of other days go into the default
one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.connection.builder import built
from storage.connection.pool import Connection
from storage.connection.queries import queries
from storage.telemetry.sample_tables import KINDS, Kind

SQL = queries("telemetry")
DAYS_BACK, DAYS_AHEAD = 1, 3
CONFIRMED_AFTER = timedelta(days=1)


async def make_days(connection: Connection, kind: Kind, now: datetime) -> None:
    """Make the partitions around ``now`` and move samples from the default partition into them."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        await _make_day(connection, kind, midnight + timedelta(days=offset))


async def is_confirmed(connection: Connection, oldest: datetime, now: datetime) -> bool:
    """Whether samples that are kept are a day old (half as old as the oldest, where less is kept):
    then the clock did not jump ahead of all that is stored.
    """
    span = {"start": oldest, "end": now - min(CONFIRMED_AFTER, (now - oldest) / 2)}
    for kind in KINDS:
        asked = built(SQL["measured_between"], table=kind.table)
        answer = await (await connection.execute(asked, span)).fetchone()
        if answer is not None and answer["found"]:
            return True
    return False


async def drop_days(connection: Connection, kind: Kind, oldest: datetime) -> int:
    """Drop the days wholly before ``oldest``; returns how many."""
    cursor = await connection.execute(SQL["partitions"], {"table": kind.table})
    old = [
        partition["name"]
        for partition in await cursor.fetchall()
        if partition["name"] != _default(kind) and partition["name"] < _name(kind, oldest)
    ]
    for name in old:
        await connection.execute(built(SQL["drop_partition"], partition=name))
    midnight = oldest.replace(hour=0, minute=0, second=0, microsecond=0)
    stray = built(SQL["drop_strays"], default=_default(kind))
    stored_row = await (await connection.execute(stray, {"midnight": midnight})).fetchone()
    return len(old) + (0 if stored_row is None else int(stored_row["days"]))


async def _make_day(connection: Connection, kind: Kind, midnight: datetime) -> None:
    partition, table = _name(kind, midnight), kind.table
    answer = await connection.execute(SQL["known_table"], {"table": partition})
    known = await answer.fetchone()
    if known is not None and known["known"] is not None:
        return
    day = {"start": midnight, "end": midnight + timedelta(days=1)}
    await connection.execute(built(SQL["make_partition"], partition=partition, table=table))
    move = built(
        SQL["move_strays"], default=_default(kind), partition=partition, columns=kind.columns
    )
    await connection.execute(move, day)
    names = {"table": table, "partition": partition}
    await connection.execute(SQL["attach_partition"], {**names, **day})


def _name(kind: Kind, day: datetime) -> str:
    return f"{kind.table}_p{day:%Y%m%d}"


def _default(kind: Kind) -> str:
    return f"{kind.table}_default"
