"""The emergency stop: latches, stops every controlled load at once, notifies the owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from services.actions.execution import Execution
from services.actions.ports import EmergencyStopStore
from services.actions.proposals import Proposals
from services.actions.records import Action, ActionStatus, EmergencyStop, SwitchProposal
from services.clock import Clock
from services.control.switch_requests import stop_everything
from services.errors import Invalid
from services.events import EventBus
from services.sites.ports import SiteStore
from services.telemetry.load_states import LoadState

Announce = Callable[[UUID, EmergencyStop], Awaitable[None]]


class Emergency:
    """The latch is stored, so it survives restarts, and every process reads it before a command."""

    def __init__(
        self,
        *,
        store: EmergencyStopStore,
        sites: SiteStore,
        proposals: Proposals,
        execution: Execution,
        clock: Clock,
        events: EventBus,
        announce: Announce,
    ) -> None:
        """``announce`` notifies every channel of the owner."""
        self._store, self._sites = store, sites
        self._proposals, self._execution = proposals, execution
        self._clock, self._events, self._announce = clock, events, announce

    async def state(self, system_id: UUID) -> EmergencyStop:
        """Whether it is latched, who changed it last, when and why."""
        return await self._store.state(system_id)

    async def latch(self, system_id: UUID, *, by: str, reason: str) -> EmergencyStop:
        """Latch first, then switch every load off in parallel. Latching again stops again.

        The answer names the loads that are not stopped.

        Raises:
            Unavailable: The database went away; the loads' own timers switch them off.
        """
        now = self._clock.now()
        state = await self._store.latch(
            system_id, at=now, by=by, reason=reason.strip() or "no reason given"
        )
        await self._publish(system_id, state)
        not_stopped = await self._stop_loads(system_id)
        await self._announce(system_id, state)
        return replace(state, not_stopped=not_stopped)

    async def release(self, system_id: UUID, *, by: str, reason: str) -> EmergencyStop:
        """Release the emergency stop. The caller has checked that ``by`` is an admin.

        Raises:
            Invalid: No reason is given.
        """
        if not reason.strip():
            raise Invalid([("reason", "is needed to end the emergency stop")])
        state = await self._store.release(
            system_id, at=self._clock.now(), by=by, reason=reason.strip()
        )
        await self._publish(system_id, state)
        await self._announce(system_id, state)
        return state

    async def _stop_loads(self, system_id: UUID) -> tuple[str, ...]:
        """Stop every load; the names of those whose stop is not verified."""
        loads = {load.id: load for load in await self._sites.loads(system_id)}
        unknown = {load_id: LoadState() for load_id in loads}
        stops = [self._stop(system_id, stop) for stop in stop_everything(loads, unknown)]
        not_stopped = []
        for ended in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended
            if ended.status is not ActionStatus.DONE:
                not_stopped.append(loads[ended.load_id].name)
        return tuple(sorted(not_stopped))

    async def _stop(self, system_id: UUID, stop: SwitchProposal) -> Action:
        action = await self._proposals.propose(system_id, stop)
        if action.status is ActionStatus.PROPOSED:
            return await self._execution.execute(action)
        return action

    async def _publish(self, system_id: UUID, state: EmergencyStop) -> None:
        await self._events.publish(
            "estop",
            {
                "system_id": str(system_id),
                "latched": state.latched,
                "by": state.changed_by,
                "reason": state.reason,
            },
        )
