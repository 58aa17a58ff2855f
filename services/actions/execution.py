"""Carries actions out, one command at a time per device, and settles those that a crash
interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from uuid import UUID

from energy.safety.dead_man import keeps_timer
from energy.safety.validator import BlockCode, Blocked
from energy.site.loads import Actor
from energy.wording import duration
from services.actions.action_log import ActionLog
from services.actions.dead_man import DeadManTimers
from services.actions.ports import ActionStore, DeviceLocks, Switches, TimerFaultStore
from services.actions.records import (
    IN_FLIGHT_STATUSES,
    OPEN_STATUSES,
    Action,
    ActionStatus,
    SwitchStatus,
)
from services.actions.relays import (
    ANSWER_WALL_S,
    STATE_TIMEOUT_S,
    Relays,
    dead_man_s,
    has_speed,
    state_word,
)
from services.actions.safety_check import Judge, Seen
from services.actions.side_by_side import SideBySide
from services.actions.verification import VERIFYING, Verification
from services.clock import Clock
from services.events import EventBus
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.ports import TelemetryStore

TRIES = 3
BACKOFF_S = (1.0, 3.0)
LOCK_TRIES = 100
LOCK_PAUSE_WALL_S = 0.05

PROPOSED = frozenset({ActionStatus.PROPOSED})
READY = frozenset({ActionStatus.PROPOSED, ActionStatus.APPROVED})
EXECUTING = frozenset({ActionStatus.EXECUTING})


class Execution:
    """Executes and verifies actions.

    While an action is ``executing``, the process that executes it holds the device's lock. If the
    lock is free, that process died: the action is settled by the state that the device shows.
    """

    def __init__(  # noqa: PLR0913 - the one place where everything about a device meets
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
        pauses: VendorPauses,
        timer_faults: TimerFaultStore,
        beside: SideBySide | None = None,
        answer_wall_s: float = ANSWER_WALL_S,
    ) -> None:
        """``judge`` is asked again right before each command."""
        self._actions, self._sites, self._settings = actions, sites, settings
        self._locks, self._judge, self._clock = locks, judge, clock
        self._beside = SideBySide(clock=clock) if beside is None else beside
        self._log = ActionLog(actions=actions, clock=clock, events=events)
        self._timers = DeadManTimers(faults=timer_faults, clock=clock)
        self._relays = Relays(
            switches=switches,
            telemetry=telemetry,
            clock=clock,
            pauses=pauses,
            answer_wall_s=answer_wall_s,
        )
        self._verification = Verification(
            log=self._log, relays=self._relays, settings=settings, telemetry=telemetry, clock=clock
        )

    async def execute(self, action: Action) -> Action:
        """Command the device and wait until it shows the new state; returns the action as it is
        then.

        Where the device is locked by another action, this one is left for ``advance``; a protective
        stop waits for the lock.
        """
        load = await self._load(action)
        if load is None:
            return await self._log.finish(
                action, READY, ActionStatus.FAILED, "Its load is not configured any more."
            )
        for attempt in range(LOCK_TRIES if action.urgent else 1):
            if attempt > 0:
                await asyncio.sleep(LOCK_PAUSE_WALL_S)
            async with self._locks.hold(action.load_id) as held:
                if held:
                    return await self._execute_locked(action, load)
        return action

    async def has_open(self, system_id: UUID) -> bool:
        """Whether the site has any action that has not ended."""
        return bool(await self._actions.with_status(system_id, OPEN_STATUSES))

    async def advance(self, system_id: UUID) -> None:
        """Execute ready actions, verify those under way, settle interrupted ones.

        Devices are handled in parallel, so that a silent one delays no other device's stop. When
        its time is over, its work goes on in the background, so that the next call is not delayed
        either.
        """
        ready = await self._actions.with_status(system_id, READY)
        await self._beside.run(_by_device(ready, self.execute))
        in_flight = await self._actions.with_status(system_id, IN_FLIGHT_STATUSES)
        await self._beside.run(_by_device(in_flight, self._settle))

    async def close(self) -> None:
        """Cancel background work with slow devices; the next start settles those actions."""
        await self._beside.close()

    async def reconcile(self, system_id: UUID) -> int:
        """Settle the actions that a crash left open. Returns how many were examined.

        Automatic actions that were not executed expire, because their decision is too old; the
        owner's and protective ones are left to be executed.
        """
        looked_at = 0
        for action in await self._actions.with_status(system_id, PROPOSED):
            if action.actor not in {Actor.OWNER, Actor.SAFETY}:
                await self._log.finish(
                    action,
                    PROPOSED,
                    ActionStatus.EXPIRED,
                    "The program stopped before it was executed.",
                )
                looked_at += 1
        in_flight = await self._actions.with_status(system_id, IN_FLIGHT_STATUSES)
        await self._beside.run(_by_device(in_flight, self._settle))
        return looked_at + len(in_flight)

    async def refresh_timers(self, loads: Sequence[ControlledLoad], auto_off_s: float) -> list[str]:
        """Set the dead-man timers of loads that are on again; one sentence per load that failed.

        Done under the device's lock, so that no refresh, which commands "on", follows a stop and
        undoes it.
        """
        refreshed = (self._refresh(load, auto_off_s) for load in loads)
        return [problem for problem in await asyncio.gather(*refreshed) if problem is not None]

    async def _refresh(self, load: ControlledLoad, auto_off_s: float) -> str | None:
        async with self._locks.hold(load.id) as held:
            if not held:
                return None
            status = await self._relays.ask(load)
            if status is None:
                return f"{load.name} does not answer: its timer was not refreshed."
            if not status.is_on:
                return None
            problem = await self._relays.command(load, target_on=True, auto_off_s=auto_off_s)
            if problem is not None:
                await self._timers.compare(load, auto_off_s, status)
                return f"The timer of {load.name} was not refreshed: {problem}"
            await self._look_at_timer(load, auto_off_s, status)
        return None

    async def _look_at_timer(
        self, load: ControlledLoad, asked_s: float, before: SwitchStatus
    ) -> None:
        """Whether the switch keeps its timer: by what it showed ``before`` this refresh, which the
        last one had set. Only where that was none, or too long a one, is it asked once more.
        """
        kept = not load.has_timer or keeps_timer(asked_s, before.auto_off_in_s)
        status = before if kept else await self._relays.ask(load)
        if status is not None:
            await self._timers.compare(load, asked_s, status)

    async def _execute_locked(self, action: Action, load: ControlledLoad) -> Action:
        before = await self._relays.read(load)
        is_on = None if before is None else before.is_on
        verdict = await self._judge.judge(
            action,
            load,
            self._clock.now(),
            approved=action.status is ActionStatus.APPROVED,
            seen=Seen.of(before, load),
        )
        if isinstance(verdict, Blocked):
            is_so = verdict.codes == (BlockCode.ALREADY_IN_STATE,)
            status = ActionStatus.DONE if is_so else ActionStatus.BLOCKED
            return await self._log.finish(action, READY, status, verdict.sentence)
        started = await self._log.move(
            action,
            READY,
            ActionStatus.EXECUTING,
            "The command is sent.",
            {
                "executed_at": self._clock.now(),
                "previous_on": is_on,
                "previous_speed": None if before is None else before.speed,
            },
        )
        if started is None:
            return await self._log.latest(action)
        await self._supersede(started)
        return await self._try(started, load)

    async def _try(self, action: Action, load: ControlledLoad) -> Action:
        preferences = (await self._settings.preferences(action.system_id)).value
        problem = ""
        for attempt in range(1, TRIES + 1):
            if await self._overruled(action):
                return await self._give_way(action)
            if attempt > 1:
                await self._again(action, attempt, problem)
            problem = await self._attempt(action, load, dead_man_s(preferences))
            if not problem:
                return await self._state_reached(action, load, tries=attempt)
            waits_s = None if action.urgent else await self._relays.paused_s(load)
            if waits_s is not None:
                why = f"Refused for {duration(waits_s)} by its vendor ({problem})"
                return await self._settle_by_state(action, load, why)
        if await self._overruled(action):
            return await self._give_way(action)
        return await self._verification.roll_back(action, load, f"After {TRIES} tries: {problem}.")

    async def _again(self, action: Action, attempt: int, problem: str) -> None:
        await self._log.move(
            action,
            EXECUTING,
            ActionStatus.EXECUTING,
            f"Try {attempt}: {problem}.",
            {"tries": attempt},
        )
        await self._clock.sleep(BACKOFF_S[attempt - 2])

    async def _attempt(self, action: Action, load: ControlledLoad, auto_off_s: float | None) -> str:
        """Send the command once and wait for the state; returns what went wrong, or an empty
        text.
        """
        problem = await self._relays.command(
            load,
            target_on=action.target_on,
            auto_off_s=auto_off_s,
            speed=action.target_speed,
            protective=action.urgent,
        )
        if problem is not None:
            return problem

        async def overruled() -> bool:
            return await self._overruled(action)

        status = await self._relays.wait_for(
            load, target_on=action.target_on, speed=action.target_speed, given_up=overruled
        )
        if status is not None:
            await self._timers.compare(load, auto_off_s, status)
            return ""
        word = state_word(on=action.target_on, speed=action.target_speed)
        return f"the switch did not show {word} within {STATE_TIMEOUT_S:.0f} s"

    async def _state_reached(self, action: Action, load: ControlledLoad, *, tries: int) -> Action:
        word = "on" if action.target_on else "off"
        moved = await self._log.move(
            action,
            EXECUTING,
            ActionStatus.VERIFYING,
            f"The switch shows {word}; the watts have to follow.",
            {"tries": tries},
        )
        if moved is None:
            return await self._log.latest(action)
        return await self._verification.look(moved, load)

    async def _settle(self, action: Action) -> None:
        """Settle an action in flight, unless another process holds its device's lock."""
        load = await self._load(action)
        if load is None:
            await self._log.finish(
                action,
                IN_FLIGHT_STATUSES,
                ActionStatus.FAILED,
                "Its load is not configured any more: state unknown.",
            )
            return
        async with self._locks.hold(action.load_id) as held:
            if not held:
                return
            latest = await self._log.latest(action)
            if latest.status in VERIFYING:
                await self._verification.look(latest, load)
            elif latest.status in EXECUTING:
                await self._settle_by_state(latest, load, "Interrupted")

    async def _settle_by_state(self, action: Action, load: ControlledLoad, why: str) -> Action:
        """Without a further command: by what the device shows now. ``why`` begins the result."""
        status = await self._relays.read(load)
        if status is None:
            result = f"{why}, and the device does not answer: state unknown."
            return await self._log.finish(action, EXECUTING, ActionStatus.FAILED, result)
        if status.is_on is action.target_on and has_speed(status, action.target_speed):
            return await self._state_reached(action, load, tries=max(1, action.tries))
        word = state_word(on=status.is_on, speed=status.speed)
        result = f"{why} before it took effect; the device is {word} as before."
        return await self._log.finish(action, EXECUTING, ActionStatus.ROLLED_BACK, result)

    async def _supersede(self, action: Action) -> None:
        """End other actions under way on the same device; only a protective stop passes the safety
        check while there are any.
        """
        for other in await self._actions.with_status(action.system_id, IN_FLIGHT_STATUSES):
            if other.load_id == action.load_id and other.id != action.id:
                await self._give_way(other)

    async def _give_way(self, action: Action) -> Action:
        return await self._log.finish(
            action,
            IN_FLIGHT_STATUSES,
            ActionStatus.ROLLED_BACK,
            "Superseded by a protective stop of the same device.",
        )

    async def _overruled(self, action: Action) -> bool:
        """Whether a protective stop waits for the device that this start commands."""
        if not action.target_on:
            return False
        waiting = await self._actions.with_status(action.system_id, READY)
        return any(
            other.urgent and not other.target_on and other.load_id == action.load_id
            for other in waiting
        )

    async def _load(self, action: Action) -> ControlledLoad | None:
        for load in await self._sites.loads(action.system_id):
            if load.id == action.load_id:
                return load
        return None


def _by_device(
    actions: Sequence[Action], work: Callable[[Action], Awaitable[object]]
) -> list[Coroutine[None, None, None]]:
    """One coroutine per device that does ``work`` for the device's actions one after another."""
    waiting: dict[UUID, list[Action]] = {}
    for action in actions:
        waiting.setdefault(action.load_id, []).append(action)

    async def of_one_device(actions: Sequence[Action]) -> None:
        for action in actions:
            await work(action)

    return [of_one_device(actions) for actions in waiting.values()]
