"""What the loop keeps: memory, emergency stop, locks, job runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from energy import json_codec
from services.actions.records import EmergencyStop
from services.errors import Unavailable
from services.memory.records import SiteMemory
from services.stored import Json
from services.views.records import CycleCount
from storage.connection.mapping import record
from storage.connection.pool import AnswerLimit, Pool, kept_alive, row, rows
from storage.connection.queries import queries

SQL = queries("control")


class PostgresMemoryStore:
    """``MemoryStore``: one document per site."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def load(self, system_id: UUID) -> SiteMemory:
        """What is remembered; nothing at first."""
        found = await row(self._pool, SQL["load_memory"], {"system_id": system_id})
        return (
            SiteMemory() if found is None else json_codec.from_json(SiteMemory, found["document"])
        )

    async def save(self, system_id: UUID, memory: SiteMemory) -> None:
        """Replace it."""
        document = {
            "learned": json_codec.to_json(memory.learned),
            "control": json_codec.to_json(memory.control),
            "hvac": memory.hvac,
            "learning": memory.learning,
        }
        values = {"system_id": system_id, "document": Jsonb(document)}
        await rows(self._pool, SQL["save_memory"], values)


class PostgresEmergencyStopStore:
    """``EmergencyStopStore``: every change is a row, the newest rules."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def state(self, system_id: UUID) -> EmergencyStop:
        """The newest change; not latched before the first."""
        found = await row(self._pool, SQL["emergency_state"], {"system_id": system_id})
        return EmergencyStop(latched=False) if found is None else record(EmergencyStop, found)

    async def latch(self, system_id: UUID, *, at: datetime, by: str, reason: str) -> EmergencyStop:
        """Latch; an older latch stays as it is."""
        return await self._change(system_id, latched=True, at=at, by=by, reason=reason)

    async def release(
        self, system_id: UUID, *, at: datetime, by: str, reason: str
    ) -> EmergencyStop:
        """Release; without a latch nothing changes."""
        return await self._change(system_id, latched=False, at=at, by=by, reason=reason)

    async def _change(
        self, system_id: UUID, *, latched: bool, at: datetime, by: str, reason: str
    ) -> EmergencyStop:
        before = await self.state(system_id)
        if before.latched == latched:
            return before
        values = {
            "system_id": system_id,
            "latched": latched,
            "at": at,
            "by": by,
            "reason": reason,
        }
        await rows(self._pool, SQL["change_emergency"], values)
        return await self.state(system_id)


class PostgresDeviceLocks:
    """``DeviceLocks``: advisory locks, given back by the server when their holder dies.

    All locks of a process share one connection of their own, so that a long command does not keep
    a connection of the pool.
    """

    def __init__(self, *, dsn: str) -> None:
        self._dsn = kept_alive(dsn)
        self._connection: psycopg.AsyncConnection[DictRow] | None = None
        self._held: set[UUID] = set()
        self._opening = asyncio.Lock()

    def hold(self, load_id: UUID) -> AbstractAsyncContextManager[bool]:
        """True when the lock was taken; does not wait."""
        return self._hold(load_id)

    async def close(self) -> None:
        """Give everything back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @asynccontextmanager
    async def _hold(self, load_id: UUID) -> AsyncIterator[bool]:
        if load_id in self._held:
            yield False
            return
        self._held.add(load_id)
        try:
            taken = await self._ask("try_lock", load_id)
            try:
                yield taken
            finally:
                if taken:
                    await self._give_back(load_id)
        finally:
            self._held.discard(load_id)

    async def _ask(self, name: str, load_id: UUID) -> bool:
        limit = AnswerLimit()
        try:
            connection = await self._opened()
            limit.watch(connection)
            cursor = await connection.execute(SQL[name], {"key": str(load_id)})
            found = await cursor.fetchone()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            await self.close()
            raise limit.reason(error) from None
        finally:
            limit.end()
        return found is not None and bool(next(iter(found.values())))

    async def _give_back(self, load_id: UUID) -> None:
        """A lost connection has given the lock back already."""
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(Unavailable):
                await self._ask("unlock", load_id)

    async def _opened(self) -> psycopg.AsyncConnection[DictRow]:
        async with self._opening:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True, row_factory=dict_row
                )
            return self._connection


class PostgresJobStore:
    """``JobStore``: the last run of each job and site."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None:
        """Note one run."""
        values = {
            "job": job,
            "system_id": system_id,
            "at": at,
            "ok_at": at if error is None else None,
            "error": error,
            "ms": ms,
        }
        await rows(self._pool, SQL["record_job"], values)

    async def all(self) -> Sequence[Json]:
        """Every job's last run."""
        return [dict(each) for each in await rows(self._pool, SQL["jobs"])]

    async def count_cycle(
        self, system_id: UUID, *, started_at: datetime, interval_s: float
    ) -> None:
        """Count a cycle and those that were missed before it."""
        values = {"system_id": system_id, "started_at": started_at, "interval_s": interval_s}
        await rows(self._pool, SQL["count_cycle"], values)

    async def cycles(self, *, now: datetime) -> Sequence[CycleCount]:
        """The counts of the last 24 h."""
        found = await rows(self._pool, SQL["cycle_counts"], {"now": now})
        return [record(CycleCount, each) for each in found]

    async def forget_cycles(self, *, now: datetime) -> None:
        """Drop counts older than 30 days."""
        await rows(self._pool, SQL["forget_cycles"], {"now": now})
