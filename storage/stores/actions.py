"""The action log on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from services.actions.records import Action, ActionChanges, ActionEvent, ActionStatus, TimerFault
from services.errors import Invalid, NotFound
from storage.connection.mapping import record
from storage.connection.pool import Pool, connected, row, rows
from storage.connection.queries import queries
from storage.connection.together import ReadsTogether

SQL = queries("actions")
CHANGEABLE = (
    "executed_at",
    "finished_at",
    "previous_on",
    "previous_speed",
    "tries",
    "measured_w",
    "result",
)


class PostgresActionStore:
    """``ActionStore``: one row per action, one row per change of its state."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether) -> None:
        self._pool, self._reads = pool, reads

    async def create(self, action: Action, *, detail: str) -> Action:
        """Insert with its first event; a known idempotency key gives the stored action."""
        values = {field.name: getattr(action, field.name) for field in fields(Action)}
        async with connected(self._pool) as connection:
            made = await (await connection.execute(SQL["create"], values)).fetchone()
            if made is None:
                key = {"key": action.idempotency_key}
                known = await (await connection.execute(SQL["by_key"], key)).fetchone()
                return action if known is None else record(Action, known)
            event = {
                "action_id": action.id,
                "at": action.created_at,
                "status": action.status,
                "actor": action.requested_by,
                "detail": detail,
            }
            await connection.execute(SQL["log"], event)
        return action

    async def transition(
        self,
        action_id: UUID,
        *,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        at: datetime,
        actor: str,
        detail: str,
        changes: ActionChanges | None = None,
    ) -> Action | None:
        """Move under a row lock, if the status is still expected."""
        given = {} if changes is None else changes
        unknown = sorted(set(given) - set(CHANGEABLE))
        if unknown:
            raise Invalid([(name, "can't be changed by a transition") for name in unknown])
        async with connected(self._pool) as connection:
            current = await (await connection.execute(SQL["lock"], {"id": action_id})).fetchone()
            if current is None:
                raise NotFound(kind="action", key=str(action_id))
            if ActionStatus(current["status"]) not in expect:
                return None
            values = {"id": action_id, "status": status}
            for name in CHANGEABLE:
                values[f"set_{name}"] = name in given
                values[name] = given.get(name)
            moved = await (await connection.execute(SQL["move"], values)).fetchone()
            event = {
                "action_id": action_id,
                "at": at,
                "status": status,
                "actor": actor,
                "detail": detail,
            }
            await connection.execute(SQL["log"], event)
        return None if moved is None else record(Action, moved)

    async def get(self, action_id: UUID) -> Action | None:
        """One by id."""
        stored_row = await row(self._pool, SQL["get"], {"id": action_id})
        return None if stored_row is None else record(Action, stored_row)

    async def events(self, action_id: UUID) -> Sequence[ActionEvent]:
        """The events of an action, oldest first."""
        stored_rows = await rows(self._pool, SQL["events"], {"action_id": action_id})
        return [record(ActionEvent, stored_row) for stored_row in stored_rows]

    async def page(
        self, system_id: UUID, *, before: datetime | None, limit: int, load_id: UUID | None = None
    ) -> Sequence[Action]:
        """Newest first."""
        values = {"system_id": system_id, "before": before, "limit": limit, "load_id": load_id}
        return [
            record(Action, stored_row) for stored_row in await rows(self._pool, SQL["page"], values)
        ]

    async def count(self, system_id: UUID, *, load_id: UUID | None = None) -> int:
        """How many actions are in the log."""
        values = {"system_id": system_id, "load_id": load_id}
        stored_row = await row(self._pool, SQL["count"], values)
        return 0 if stored_row is None else int(stored_row["total"])

    async def with_status(
        self, system_id: UUID, statuses: frozenset[ActionStatus]
    ) -> Sequence[Action]:
        """Oldest first."""
        values = {"system_id": system_id, "statuses": sorted(statuses)}
        stored_rows = await self._reads.rows(SQL["with_status"], values)
        return [record(Action, stored_row) for stored_row in stored_rows]

    async def open_sites(self) -> frozenset[UUID]:
        """Systems with an action that has not ended."""
        stored_rows = await rows(self._pool, SQL["open_sites"])
        return frozenset(stored_row["system_id"] for stored_row in stored_rows)

    async def asked_since(self, system_id: UUID, at: datetime) -> Sequence[Action]:
        """What people asked for: open, or switched at or after ``at``."""
        stored_rows = await self._reads.rows(SQL["asked_since"], {"system_id": system_id, "at": at})
        return [record(Action, stored_row) for stored_row in stored_rows]

    async def since(self, load_id: UUID, at: datetime) -> Sequence[Action]:
        """Commands sent to a load at or after ``at``, oldest first."""
        stored_rows = await self._reads.rows(SQL["since"], {"load_id": load_id, "at": at})
        return [record(Action, stored_row) for stored_row in stored_rows]


class PostgresTimerFaultStore:
    """``TimerFaultStore``: a row per switch that does not keep its timer."""

    def __init__(self, *, pool: Pool, reads: ReadsTogether) -> None:
        self._pool, self._reads = pool, reads

    async def faults(self, system_id: UUID) -> Sequence[TimerFault]:
        """Those of a site's loads."""
        found = await self._reads.rows(SQL["timer_faults"], {"system_id": system_id})
        return [record(TimerFault, stored_row) for stored_row in found]

    async def keep(self, fault: TimerFault) -> None:
        """Replace the load's."""
        await rows(self._pool, SQL["keep_timer_fault"], asdict(fault))

    async def clear(self, load_id: UUID) -> None:
        """Remove the load's."""
        await rows(self._pool, SQL["clear_timer_fault"], {"load_id": load_id})
