"""One command at a time per device, and one run at a time per job, across processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row

from services.errors import Unavailable
from storage.connection.pool import AnswerLimit, kept_alive
from storage.connection.queries import queries

SQL = queries("control")


@dataclass(slots=True)
class _Asked:
    """Locks to take and to release with the next statement."""

    take: dict[UUID, asyncio.Future[bool]] = field(default_factory=dict)
    give_back: dict[UUID, asyncio.Future[bool]] = field(default_factory=dict)


class PostgresDeviceLocks:
    """``DeviceLocks``: advisory locks, which the server releases when their holder dies.

    All locks of a process share one connection of their own, so that a long command does not keep
    a connection of the pool. Requests made while a statement is under way are sent with the next
    one, so that a cycle that refreshes many devices takes their locks in one call.
    """

    def __init__(self, *, dsn: str) -> None:
        self._dsn = kept_alive(dsn)
        self._connection: psycopg.AsyncConnection[DictRow] | None = None
        self._held: set[UUID] = set()
        self._asked = _Asked()
        self._asking: asyncio.Task[None] | None = None

    def hold(self, load_id: UUID) -> AbstractAsyncContextManager[bool]:
        """True when the lock was taken; does not wait."""
        return self._hold(load_id)

    async def close(self) -> None:
        """Release all locks and close the connection."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait({asking}, timeout=2.0)
        await self._hang_up()

    @asynccontextmanager
    async def _hold(self, load_id: UUID) -> AsyncIterator[bool]:
        if load_id in self._held:
            yield False
            return
        self._held.add(load_id)
        try:
            taken = await self._take(load_id)
            try:
                yield taken
            finally:
                if taken:
                    await self._give_back(load_id)
        finally:
            self._held.discard(load_id)

    async def _take(self, load_id: UUID) -> bool:
        """Whether the lock was taken. If the caller is cancelled, the lock is released again."""
        return await self._ask(self._asked.take, load_id)

    async def _give_back(self, load_id: UUID) -> None:
        """Release a lock; on a lost connection the server has released it already."""
        if self._connection is not None:
            with contextlib.suppress(Unavailable):
                await self._ask(self._asked.give_back, load_id)

    def _ask(self, what: dict[UUID, asyncio.Future[bool]], load_id: UUID) -> asyncio.Future[bool]:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        what[load_id] = future
        self._begin()
        return future

    def _begin(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._keep_asking(), name="locks")

    async def _keep_asking(self) -> None:
        """Send requests until there are no more."""
        while self._asked.take or self._asked.give_back:
            asked, self._asked = self._asked, _Asked()
            limit = AnswerLimit()
            try:
                taken = await self._answered(asked, limit)
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                await self._hang_up()
                self._refuse(asked, limit.reason(error))
            except BaseException:
                self._refuse(asked, asyncio.CancelledError())
                raise
            else:
                self._tell(asked, taken)
            finally:
                limit.end()

    async def _answered(self, asked: _Asked, limit: AnswerLimit) -> set[UUID]:
        """Release locks, then take others; returns those taken."""
        connection = await self._opened()
        limit.watch(connection)
        keys = {"give_back": _texts(asked.give_back), "take": _texts(asked.take)}
        cursor = await connection.execute(SQL["change_locks"], keys)
        return {UUID(lock["key"]) for lock in await cursor.fetchall() if lock["taken"]}

    def _tell(self, asked: _Asked, taken: set[UUID]) -> None:
        for load_id, future in asked.take.items():
            if not future.done():
                future.set_result(load_id in taken)
            elif load_id in taken:
                self._ask(self._asked.give_back, load_id)
        for future in asked.give_back.values():
            if not future.done():
                future.set_result(True)

    @staticmethod
    def _refuse(asked: _Asked, reason: BaseException) -> None:
        for future in (*asked.take.values(), *asked.give_back.values()):
            if future.done():
                continue
            if isinstance(reason, asyncio.CancelledError):
                future.cancel()
            else:
                future.set_exception(reason)

    async def _opened(self) -> psycopg.AsyncConnection[DictRow]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, autocommit=True, row_factory=dict_row
            )
        return self._connection

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _texts(keys: Iterable[UUID]) -> list[str]:
    return [str(key) for key in keys]
