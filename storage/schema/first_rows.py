"""The first rows of a fresh database: its admin and its site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from services.errors import Unavailable
from storage.connection.queries import queries

SQL = queries("server")
LOCK = 0x434D4453
WAIT_S = 60


@asynccontextmanager
async def first_rows(dsn: str) -> AsyncIterator[None]:
    """While the block runs, no other process checks for or inserts the first rows.

    The lock ends with the connection, so a crash leaves none behind.

    Raises:
        Unavailable: The database does not answer, or another process holds the lock for a minute.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=5)
    except psycopg.Error as error:
        raise _away(error) from error
    async with connection:
        try:
            await connection.execute(SQL["wait_at_most"], {"wait": f"{WAIT_S}s"})
            await connection.execute(SQL["lock_schema"], {"lock": LOCK})
        except psycopg.Error as error:
            raise _away(error) from error
        yield


def _away(error: psycopg.Error) -> Unavailable:
    return Unavailable(
        what="The database",
        detail=str(error).strip(),
        advice="Start again when the other processes are up.",
    )
