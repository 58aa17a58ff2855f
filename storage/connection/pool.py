"""The connections of a process. A database that is away is noticed quickly, and comes back."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.errors import CommandCenterError, Unavailable
from storage.connection.violations import refusal

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

WAIT_S = 3.0
ANSWER_S = 15.0
"""A transaction that takes longer has met a server that hangs, s."""

ADVICE = "Control goes on as soon as it is back; until then nothing new is commanded."


@asynccontextmanager
async def open_pool(dsn: str, *, max_size: int = 8, wait_s: float = 10.0) -> AsyncIterator[Pool]:
    """A pool of connections for as long as the block runs; waits ``wait_s`` for the first.

    Raises:
        Unavailable: The database does not answer.
    """
    pool: Pool = AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=max_size,
        open=False,
        timeout=WAIT_S,
        reconnect_timeout=2.0,
        max_idle=120.0,
        check=refuse_dead,
        kwargs={"row_factory": dict_row, "autocommit": False, "connect_timeout": 3},
    )
    await pool.open()
    try:
        await pool.wait(timeout=wait_s)
    except PoolTimeout as error:
        await pool.close(timeout=1.0)
        raise away(error) from None
    try:
        yield pool
    finally:
        await pool.close(timeout=2.0)


async def refuse_dead(connection: Connection) -> None:
    """Refuse a connection whose server has hung up, without a round trip for the healthy ones.

    An idle connection has nothing to read; one that has was closed, or has a notice: asking it
    tells.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """One connection in one transaction: committed at the end, rolled back on an error.

    Raises:
        Unavailable: The database is away.
        Conflict: A key is taken already.
        Invalid: A rule of the schema is broken, or a value is none that it can hold.
    """
    try:
        async with asyncio.timeout(ANSWER_S), pool.connection(timeout=WAIT_S) as connection:
            yield connection
    except TimeoutError:
        raise away(f"no answer within {ANSWER_S:g} s") from None
    except PoolTimeout as error:
        raise away(error) from None
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise await _refusal(pool, error) from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise away(error) from None


async def rows(pool: Pool, query: Any, parameters: Any = None) -> list[DictRow]:  # noqa: ANN401 - psycopg's own types
    """All rows of one statement."""
    async with connected(pool) as connection:
        cursor = await connection.execute(query, parameters)
        return await cursor.fetchall() if cursor.description else []


async def row(pool: Pool, query: Any, parameters: Any = None) -> DictRow | None:  # noqa: ANN401 - psycopg's own types
    """The first row of one statement, None where there is none."""
    found = await rows(pool, query, parameters)
    return found[0] if found else None


def away(problem: object) -> CommandCenterError:
    """The error of a database that does not answer."""
    detail = str(problem).strip()
    return Unavailable(what="The database", detail=detail, advice=ADVICE)


async def _refusal(pool: Pool, error: psycopg.Error) -> CommandCenterError:
    async with connected(pool) as connection:
        return await refusal(connection, error)
