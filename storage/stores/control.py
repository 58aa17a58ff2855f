"""The loop's memory, the emergency stop and the runs of jobs on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from energy import dataclass_json
from services.actions.records import EmergencyStop
from services.memory.records import SiteMemory
from services.views.records import CycleCount, JobRun
from storage.connection.mapping import record
from storage.connection.pool import Pool, rows
from storage.connection.queries import queries
from storage.connection.together import NotesTogether, ReadsTogether

SQL = queries("control")
SAVE_MEMORY = SQL["save_memory"]


class PostgresMemoryStore:
    """``MemoryStore``: one document per site."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether) -> None:
        self._pool, self._reads = pool, reads

    async def load(self, system_id: UUID) -> SiteMemory:
        """The site's memory; an empty one before the first cycle."""
        stored_row = await self._reads.row(SQL["load_memory"], {"system_id": system_id})
        return (
            SiteMemory()
            if stored_row is None
            else dataclass_json.from_json(SiteMemory, stored_row["document"])
        )

    async def save(self, system_id: UUID, memory: SiteMemory) -> None:
        """Replace the site's memory."""
        await rows(self._pool, SAVE_MEMORY, memory_row(system_id, memory))


def memory_row(system_id: UUID, memory: SiteMemory) -> dict[str, object]:
    """The parameters of ``SAVE_MEMORY``."""
    document = {
        "learned": dataclass_json.to_json(memory.learned),
        "control": dataclass_json.to_json(memory.control),
        "hvac": memory.hvac,
        "learning": memory.learning,
        "last_cycle_at": dataclass_json.to_json(memory.last_cycle_at),
    }
    return {"system_id": system_id, "document": Jsonb(document)}


class PostgresEmergencyStopStore:
    """``EmergencyStopStore``: every change is a row, the newest one counts."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether) -> None:
        self._pool, self._reads = pool, reads

    async def state(self, system_id: UUID) -> EmergencyStop:
        """The newest change; not latched before the first."""
        stored_row = await self._reads.row(SQL["emergency_state"], {"system_id": system_id})
        return (
            EmergencyStop(latched=False)
            if stored_row is None
            else record(EmergencyStop, stored_row)
        )

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


class PostgresJobStore:
    """``JobStore``: the last run of each job and site."""

    def __init__(self, *, pool: Pool, notes: NotesTogether) -> None:
        self._pool, self._notes = pool, notes

    async def record(
        self, job: str, *, system_id: UUID | None, at: datetime, ms: float, error: str | None
    ) -> None:
        """Record one run."""
        values = {
            "job": job,
            "system_id": system_id,
            "at": at,
            "ok_at": at if error is None else None,
            "error": error,
            "ms": ms,
        }
        await self._notes.rows(SQL["record_job"], values)

    async def all(self) -> Sequence[JobRun]:
        """Every job's last run."""
        return [record(JobRun, stored_row) for stored_row in await rows(self._pool, SQL["jobs"])]

    async def count_cycle(
        self, system_id: UUID, *, started_at: datetime, interval_s: float
    ) -> None:
        """Count a cycle and those that were missed before it."""
        values = {"system_id": system_id, "started_at": started_at, "interval_s": interval_s}
        await self._notes.rows(SQL["count_cycle"], values)

    async def cycles(self, *, now: datetime) -> Sequence[CycleCount]:
        """The counts of the last 24 h."""
        stored_rows = await rows(self._pool, SQL["cycle_counts"], {"now": now})
        return [record(CycleCount, stored_row) for stored_row in stored_rows]

    async def forget_cycles(self, *, now: datetime) -> None:
        """Drop counts older than 30 days."""
        await rows(self._pool, SQL["forget_cycles"], {"now": now})
