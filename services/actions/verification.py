"""Verification of commands: the power must follow, or the earlier state is restored.

A closed relay does not mean that the miner hashes yet: its start is checked again by later runs,
and nothing waits for it meanwhile.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from energy.wording import duration
from services.actions.action_log import ActionLog
from services.actions.power_evidence import Evidence, evidence, follow_within, metered, shown
from services.actions.records import IN_FLIGHT_STATUSES, Action, ActionStatus, SwitchStatus
from services.actions.relays import Relays, dead_man_s, state_word
from services.clock import Clock
from services.settings.ports import SettingsStore
from services.sites.records import ControlledLoad
from services.telemetry.ports import TelemetryStore

STEP_BEFORE = timedelta(minutes=5)
VERIFYING = frozenset({ActionStatus.VERIFYING})


class Verification:
    """Ends actions: done, rolled back or failed. The caller holds the device's lock."""

    def __init__(
        self,
        *,
        log: ActionLog,
        relays: Relays,
        settings: SettingsStore,
        telemetry: TelemetryStore,
        clock: Clock,
    ) -> None:
        """``telemetry`` has the site's load, for switches without a meter."""
        self._log, self._relays, self._settings = log, relays, settings
        self._telemetry, self._clock = telemetry, clock

    async def look(self, action: Action, load: ControlledLoad) -> Action:
        """Read the device of a verifying action; end the action, or leave it for the next call."""
        status = await self._relays.read(load)
        if status is not None:
            return await self.judge_watts(action, load, status)
        if not self._too_late(action, load, 0.0):
            return action
        return await self._log.finish(
            action, VERIFYING, ActionStatus.FAILED, "The switch does not answer any more."
        )

    async def judge_watts(
        self, action: Action, load: ControlledLoad, status: SwitchStatus
    ) -> Action:
        """End a verifying action by the status its device has just reported, or leave it for
        later.
        """
        if status.is_on is not action.target_on:
            return await self._went_back(action)
        power_w = status.power_w if load.has_meter else None
        step_w = None if metered(load, power_w) else await self._step_w(action)
        followed = evidence(load, power_w, target_on=action.target_on, step_w=step_w)
        waited = self._too_late(action, load, power_w)
        if followed is Evidence.FOLLOWS or (followed is Evidence.NONE and waited):
            return await self._log.finish(
                action,
                VERIFYING,
                ActionStatus.DONE,
                f"Verified: {state_word(on=action.target_on)}, {shown(power_w)}.",
                measured_w=power_w,
            )
        if not waited:
            return action
        within = follow_within(load, power_w, target_on=action.target_on)
        limit_s = within.total_seconds()
        problem = f"The watts did not follow: {shown(power_w)} after {duration(limit_s)}."
        if not action.target_on:
            return await self._log.finish(action, VERIFYING, ActionStatus.FAILED, problem)
        return await self.roll_back(action, load, problem)

    async def roll_back(self, action: Action, load: ControlledLoad, problem: str) -> Action:
        """Restore the state (and fan speed) found before the command; off where that is unknown.

        A protective stop is never undone: it ends as failed.
        """
        if action.urgent and not action.target_on:
            return await self._failed(action, f"{problem} A protective stop is not undone.")
        earlier_on = action.previous_on is True
        earlier_speed = action.previous_speed if earlier_on else None
        preferences = (await self._settings.preferences(action.system_id)).value
        trouble = await self._relays.command(
            load,
            target_on=earlier_on,
            auto_off_s=dead_man_s(preferences),
            speed=earlier_speed,
            protective=True,
        )
        if trouble is not None:
            return await self._failed(
                action, f"{problem} The earlier state could not be restored: {trouble}."
            )
        restored = await self._relays.wait_for(load, target_on=earlier_on, speed=earlier_speed)
        if restored is None:
            return await self._failed(action, f"{problem} The earlier state could not be verified.")
        return await self._log.finish(
            action,
            IN_FLIGHT_STATUSES,
            ActionStatus.ROLLED_BACK,
            f"{problem} Restored: {state_word(on=earlier_on, speed=earlier_speed)}.",
        )

    async def _went_back(self, action: Action) -> Action:
        """The relay changed back: off again is safe (rolled back), on again is a failure."""
        back = state_word(on=not action.target_on)
        return await self._log.finish(
            action,
            VERIFYING,
            ActionStatus.ROLLED_BACK if action.target_on else ActionStatus.FAILED,
            f"The switch went back to {back} before it was verified.",
        )

    async def _failed(self, action: Action, result: str) -> Action:
        return await self._log.finish(action, IN_FLIGHT_STATUSES, ActionStatus.FAILED, result)

    def _too_late(self, action: Action, load: ControlledLoad, power_w: float | None) -> bool:
        within = follow_within(load, power_w, target_on=action.target_on)
        return self._clock.now() - _sent_at(action) >= within

    async def _step_w(self, action: Action) -> float | None:
        """How much the site's load rose since the command, W; None where a reading is missing."""
        sent_at = _sent_at(action)
        points = await self._telemetry.series(
            action.system_id,
            "load_power_w",
            start=sent_at - STEP_BEFORE,
            end=self._clock.now(),
            step_s=None,
        )
        known = [(point.at, point.value) for point in points if point.value is not None]
        before = [value for at, value in known if at <= sent_at]
        after = [value for at, value in known if at > sent_at]
        return after[-1] - before[-1] if before and after else None


def _sent_at(action: Action) -> datetime:
    return action.created_at if action.executed_at is None else action.executed_at
