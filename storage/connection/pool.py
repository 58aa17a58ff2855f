"""The pool of connections. A database that is away is noticed quickly and reconnected to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.abc import Params
from psycopg.abc import QueryNoTemplate as Statement
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.errors import CommandCenterError, Unavailable
from storage.connection.violations import refusal

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

WAIT_S = 3.0
ANSWER_S = 15.0
"""A transaction that takes longer is aborted, because the server hangs, s."""

ADVICE = "Control goes on as soon as it is back; until then nothing new is commanded."


KEEP_ALIVE = {
    "connect_timeout": "3",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""A server that is gone without closing the connection (cable, power) is noticed within half a
minute, not after the operating system's two hours. Unix sockets don't need that.
"""


def kept_alive(dsn: str) -> str:
    """The address with ``KEEP_ALIVE`` options added; options in the address itself take
    precedence.
    """
    return make_conninfo(dsn, **{**KEEP_ALIVE, **_own_options(dsn)})


def _own_options(dsn: str) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(dsn).items() if name in KEEP_ALIVE}


@asynccontextmanager
async def open_pool(dsn: str, *, max_size: int = 8, wait_s: float = 10.0) -> AsyncIterator[Pool]:
    """A pool of connections for as long as the block runs; waits ``wait_s`` for the first.

    Raises:
        Unavailable: The database does not answer.
    """
    pool: Pool = AsyncConnectionPool(
        kept_alive(dsn),
        min_size=1,
        max_size=max_size,
        open=False,
        timeout=WAIT_S,
        reconnect_timeout=2.0,
        max_idle=120.0,
        check=refuse_dead,
        kwargs={"row_factory": dict_row, "autocommit": True},
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
    """Refuse a connection that the server has closed, without a round trip for good ones.

    An idle connection has nothing to read. If there is something, it was closed or has a notice:
    only then a statement is sent to find out.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[Connection]:
    """One connection on which each statement is a transaction of its own.

    A server that hangs is given up after ``ANSWER_S`` by closing the socket, because psycopg's
    cancellation of a statement waits for the server's answer, which a frozen server never gives.

    Raises:
        Unavailable: The database is away.
        Conflict: A key is taken already.
        Invalid: A rule of the schema is broken, or a value does not fit its column.
    """
    limit = AnswerLimit()
    try:
        async with pool.connection(timeout=WAIT_S) as connection:
            limit.watch(connection)
            yield connection
    except PoolTimeout as error:
        raise away(error) from None
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise await _refusal(pool, error) from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise limit.reason(error) from None
    finally:
        limit.end()


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """One connection in one transaction: committed at the end, rolled back on an error.

    Raises as ``borrowed``.
    """
    async with borrowed(pool) as connection, connection.transaction():
        yield connection


class AnswerLimit:
    """Closes the connection to a server that has not answered within ``ANSWER_S``."""

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self._timer: asyncio.TimerHandle | None = None
        self._hung_up = False

    def watch(self, connection: Connection) -> None:
        """Start the time limit for ``connection``."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(ANSWER_S, self._hang_up, connection)

    def end(self) -> None:
        """The server has answered: stop the time limit."""
        if self._timer is not None:
            self._timer.cancel()

    def reason(self, error: Exception) -> BaseException:
        """The error to raise for ``error``: the task's cancellation where the closed socket
        hid it.
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            return asyncio.CancelledError()
        return away(f"no answer within {ANSWER_S:g} s" if self._hung_up else error)

    def _hang_up(self, connection: Connection) -> None:
        if connection.closed:
            return
        self._hung_up = True
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)


async def rows(pool: Pool, query: Statement, parameters: Params | None = None) -> list[DictRow]:
    """All rows of one statement."""
    async with borrowed(pool) as connection:
        cursor = await connection.execute(query, parameters)
        return await cursor.fetchall() if cursor.description else []


async def row(pool: Pool, query: Statement, parameters: Params | None = None) -> DictRow | None:
    """The first row of one statement, None where there is none."""
    stored_rows = await rows(pool, query, parameters)
    return stored_rows[0] if stored_rows else None


def away(problem: object) -> CommandCenterError:
    """The error of a database that does not answer."""
    detail = str(problem).strip()
    return Unavailable(what="The database", detail=detail, advice=ADVICE)


async def _refusal(pool: Pool, error: psycopg.Error) -> CommandCenterError:
    async with connected(pool) as connection:
        return await refusal(connection, error)
