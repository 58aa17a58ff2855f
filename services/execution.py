"""Carries actions out: command, read back, verify the watts, roll back; and settles what a crash left.

State first, watts later: the relay being on is not yet hashing, so a miner's start is verified over
the following minutes by ``advance`` without blocking anybody.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from energy.safety import Blocked
from services.action_events import publish_action
from services.errors import VendorError
from services.judging import Judge
from services.ports import (
    ActionStore,
    Clock,
    DeviceLocks,
    EventBus,
    SettingsStore,
    SiteStore,
    Switch,
    Switches,
    TelemetryStore,
)
from services.records import (
    IN_FLIGHT_STATUSES,
    Action,
    ActionStatus,
    ControlledLoad,
    Json,
    LoadSample,
    SwitchStatus,
)
from services.watts import follow_within, watts_follow

TRIES = 3
STATE_TIMEOUT_S = 15.0
STATE_TIMEOUT_WALL_S = 3.0
POLL_S = 1.0
POLL_WALL_S = 0.05
BACKOFF_S = (1.0, 3.0)
LOCK_TRIES = 50

READY = frozenset({ActionStatus.PROPOSED, ActionStatus.APPROVED})
EXECUTING = frozenset({ActionStatus.EXECUTING})
VERIFYING = frozenset({ActionStatus.VERIFYING})


class Execution:
    """Executes and verifies actions, one command at a time per device."""

    def __init__(
        self,
        *,
        actions: ActionStore,
        sites: SiteStore,
        settings: SettingsStore,
        telemetry: TelemetryStore,
        switches: Switches,
        locks: DeviceLocks,
        judge: Judge,
        clock: Clock,
        events: EventBus,
    ) -> None:
        """``judge`` is asked again right before each command."""
        self._actions, self._sites, self._settings = actions, sites, settings
        self._telemetry, self._switches, self._locks = telemetry, switches, locks
        self._judge, self._clock, self._events = judge, clock, events

    async def execute(self, action: Action) -> Action:
        """Command the device and see its state follow. Returns the action as it stands then."""
        load = await self._load(action)
        if load is None:
            return action
        for _ in range(LOCK_TRIES if action.urgent else 1):
            async with self._locks.hold(action.load_id) as held:
                if held:
                    return await self._execute_locked(action, load)
            await asyncio.sleep(POLL_WALL_S)
        return action

    async def advance(self, system_id: UUID) -> None:
        """Execute what is ready, verify what is under way."""
        for action in await self._actions.with_status(system_id, READY):
            await self.execute(action)
        for action in await self._actions.with_status(system_id, VERIFYING):
            load = await self._load(action)
            if load is not None:
                await self._verify(action, load)

    async def reconcile(self, system_id: UUID) -> int:
        """Settle what a crash left: nothing stays in limbo. Returns how many were settled."""
        settled = 0
        for action in await self._actions.with_status(system_id, READY):
            await self._finish(
                action, READY, ActionStatus.EXPIRED, "The program stopped before it was executed."
            )
            settled += 1
        for action in await self._actions.with_status(system_id, EXECUTING):
            await self._reconcile_one(action)
            settled += 1
        return settled

    async def refresh_timers(self, loads: list[ControlledLoad], auto_off_s: float) -> list[str]:
        """Arm the hardware timers of loads that are on anew; returns one sentence per failure."""
        problems = []
        for load in loads:
            switch = self._switches.of(load)
            try:
                status = await switch.status()
                if status.is_on:
                    await switch.turn_on(auto_off_s=auto_off_s)
                await self._remember(load, status)
            except VendorError as error:
                problems.append(f"{load.name}: the timer was not refreshed ({error.detail}).")
        return problems

    async def _execute_locked(self, action: Action, load: ControlledLoad) -> Action:
        now = self._clock.now()
        switch = self._switches.of(load)
        before = await self._status(switch, load)
        approved = action.status is ActionStatus.APPROVED
        verdict = await self._judge.judge(
            action, load, now, approved=approved, online=before is not None
        )
        if isinstance(verdict, Blocked):
            return await self._finish(action, READY, ActionStatus.BLOCKED, verdict.sentence)
        await self._supersede(action)
        started = await self._move(
            action,
            READY,
            ActionStatus.EXECUTING,
            "The command is sent.",
            {"executed_at": now, "previous_on": None if before is None else before.is_on},
        )
        if started is None:
            latest = await self._actions.get(action.id)
            return action if latest is None else latest
        return await self._try(started, load, switch)

    async def _try(self, action: Action, load: ControlledLoad, switch: Switch) -> Action:
        preferences = (await self._settings.preferences(action.system_id)).value
        auto_off_s = preferences.dead_man_minutes * 60.0 if load.has_timer else None
        problem = ""
        for attempt in range(1, TRIES + 1):
            status, problem = await self._command(action, load, switch, auto_off_s)
            if status is not None:
                return await self._state_reached(action, load, status, attempt)
            if attempt < TRIES:
                await self._clock.sleep(BACKOFF_S[attempt - 1])
        return await self._roll_back(action, load, switch, f"After {TRIES} tries: {problem}")

    async def _command(
        self, action: Action, load: ControlledLoad, switch: Switch, auto_off_s: float | None
    ) -> tuple[SwitchStatus | None, str]:
        """(status that shows the target, or None and what went wrong)."""
        try:
            if action.target_on:
                await switch.turn_on(auto_off_s=auto_off_s)
            else:
                await switch.turn_off()
        except VendorError as error:
            return None, error.detail
        status = await self._wait_for(switch, load, target_on=action.target_on)
        if status is None:
            word = "on" if action.target_on else "off"
            return None, f"the switch did not show {word} within {STATE_TIMEOUT_S:.0f} s"
        return status, ""

    async def _wait_for(
        self, switch: Switch, load: ControlledLoad, *, target_on: bool
    ) -> SwitchStatus | None:
        timeout_wall_s = max(STATE_TIMEOUT_S / self._clock.speed, STATE_TIMEOUT_WALL_S)
        pause_s = max(POLL_S, POLL_WALL_S * self._clock.speed)
        for _ in range(max(2, int(timeout_wall_s * self._clock.speed / pause_s))):
            status = await self._status(switch, load)
            if status is not None and status.is_on == target_on:
                return status
            await self._clock.sleep(pause_s)
        return None

    async def _state_reached(
        self, action: Action, load: ControlledLoad, status: SwitchStatus, tries: int
    ) -> Action:
        word = "on" if action.target_on else "off"
        moved = await self._move(
            action,
            EXECUTING,
            ActionStatus.VERIFYING,
            f"The switch shows {word}; the watts have to follow.",
            {"tries": tries},
        )
        if moved is None:
            return action
        return await self._judge_watts(moved, load, status)

    async def _verify(self, action: Action, load: ControlledLoad) -> None:
        async with self._locks.hold(action.load_id) as held:
            if not held:
                return
            status = await self._status(self._switches.of(load), load)
            if status is not None:
                await self._judge_watts(action, load, status)
            elif self._too_late(action, load):
                await self._fail(action, VERIFYING, "The switch does not answer any more.")

    async def _judge_watts(
        self, action: Action, load: ControlledLoad, status: SwitchStatus
    ) -> Action:
        if status.is_on != action.target_on:
            word = "off" if action.target_on else "on"
            return await self._fail(
                action, VERIFYING, f"The switch went back to {word} before it was verified."
            )
        if watts_follow(load, status, target_on=action.target_on):
            shown = "no meter" if status.power_w is None else f"{status.power_w:,.0f} W"
            word = "on" if action.target_on else "off"
            return await self._finish(
                action,
                VERIFYING,
                ActionStatus.DONE,
                f"Verified: {word}, {shown}.",
                {"measured_w": status.power_w},
            )
        if not self._too_late(action, load):
            return action
        shown = "unknown" if status.power_w is None else f"{status.power_w:,.0f} W"
        problem = f"The watts did not follow: {shown} after {follow_within(load)}."
        if not action.target_on:
            return await self._fail(action, VERIFYING, problem)
        return await self._roll_back(action, load, self._switches.of(load), problem)

    def _too_late(self, action: Action, load: ControlledLoad) -> bool:
        if action.executed_at is None:
            return True
        limit: timedelta = follow_within(load)
        return self._clock.now() - action.executed_at > limit

    async def _roll_back(
        self, action: Action, load: ControlledLoad, switch: Switch, problem: str
    ) -> Action:
        """Restore the earlier state; off where it is unknown."""
        earlier_on = action.previous_on is True and not action.target_on
        preferences = (await self._settings.preferences(action.system_id)).value
        try:
            if earlier_on:
                auto_off_s = preferences.dead_man_minutes * 60.0 if load.has_timer else None
                await switch.turn_on(auto_off_s=auto_off_s)
            else:
                await switch.turn_off()
        except VendorError as error:
            return await self._fail(
                action,
                IN_FLIGHT_STATUSES,
                f"{problem} The earlier state could not be restored: {error.detail}.",
            )
        status = await self._wait_for(switch, load, target_on=earlier_on)
        if status is None:
            return await self._fail(
                action, IN_FLIGHT_STATUSES, f"{problem} The earlier state could not be verified."
            )
        word = "on" if earlier_on else "off"
        return await self._finish(
            action,
            IN_FLIGHT_STATUSES,
            ActionStatus.ROLLED_BACK,
            f"{problem} Restored: {word}.",
        )

    async def _supersede(self, action: Action) -> None:
        """A protective stop ends whatever is under way on the same device."""
        for other in await self._actions.with_status(action.system_id, IN_FLIGHT_STATUSES):
            if other.load_id == action.load_id and other.id != action.id:
                await self._finish(
                    other,
                    IN_FLIGHT_STATUSES,
                    ActionStatus.ROLLED_BACK,
                    "Superseded by a newer command for the same device.",
                )

    async def _reconcile_one(self, action: Action) -> None:
        load = await self._load(action)
        status = None if load is None else await self._status(self._switches.of(load), load)
        if load is None or status is None:
            await self._fail(
                action, EXECUTING, "Interrupted, and the device does not answer: state unknown."
            )
        elif status.is_on == action.target_on:
            await self._state_reached(action, load, status, max(1, action.tries))
        else:
            word = "on" if status.is_on else "off"
            await self._finish(
                action,
                EXECUTING,
                ActionStatus.ROLLED_BACK,
                f"Interrupted before it took effect; the device is {word} as before.",
            )

    async def _status(self, switch: Switch, load: ControlledLoad) -> SwitchStatus | None:
        try:
            status = await switch.status()
        except VendorError:
            return None
        await self._remember(load, status)
        return status

    async def _remember(self, load: ControlledLoad, status: SwitchStatus) -> None:
        at = self._clock.now() if status.measured_at is None else status.measured_at
        sample = LoadSample(
            device_id=load.id,
            at=at,
            is_on=status.is_on,
            power_w=status.power_w,
            energy_wh=status.energy_wh,
            temperature_c=status.temperature_c,
        )
        await self._telemetry.append([sample])

    async def _load(self, action: Action) -> ControlledLoad | None:
        for load in await self._sites.loads(action.system_id):
            if load.id == action.load_id:
                return load
        return None

    async def _fail(self, action: Action, expect: frozenset[ActionStatus], result: str) -> Action:
        return await self._finish(action, expect, ActionStatus.FAILED, result)

    async def _finish(
        self,
        action: Action,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        result: str,
        changes: Json | None = None,
    ) -> Action:
        now: datetime = self._clock.now()
        wanted = {"finished_at": now, "result": result, **(changes or {})}
        moved = await self._move(action, expect, status, result, wanted)
        return action if moved is None else moved

    async def _move(
        self,
        action: Action,
        expect: frozenset[ActionStatus],
        status: ActionStatus,
        detail: str,
        changes: Json,
    ) -> Action | None:
        moved = await self._actions.transition(
            action.id,
            expect=expect,
            status=status,
            at=self._clock.now(),
            actor="control",
            detail=detail,
            changes=changes,
        )
        if moved is not None:
            await publish_action(self._events, moved)
        return moved
