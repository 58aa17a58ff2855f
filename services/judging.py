"""Gathers what the safety validator needs to know, and asks it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from energy.battery import rest_voltage_v
from energy.loads import LoadKind
from energy.miners import MinerProfile
from energy.quality import failsafe_after_s
from energy.safety import InFlight, PastSwitch, SafetyContext, SwitchRequest, Verdict, validate
from services.ports import (
    ActionStore,
    EmergencyStopStore,
    MemoryStore,
    SettingsStore,
    SiteStore,
    TelemetryStore,
)
from services.records import IN_FLIGHT_STATUSES, Action, ControlledLoad
from services.snapshots import SnapshotBuilder

HISTORY = timedelta(hours=1)


class Judge:
    """Validates an action against the site as it is now."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        settings: SettingsStore,
        telemetry: TelemetryStore,
        actions: ActionStore,
        emergency: EmergencyStopStore,
        memory: MemoryStore,
    ) -> None:
        """All stores of the site."""
        self._settings, self._actions = settings, actions
        self._emergency, self._memory = emergency, memory
        self._snapshots = SnapshotBuilder(
            sites=sites, settings=settings, telemetry=telemetry, sky=None
        )

    async def judge(
        self,
        action: Action,
        load: ControlledLoad,
        at: datetime,
        *,
        approved: bool,
        online: bool = True,
    ) -> Verdict:
        """Allowed, or blocked with every reason that applies."""
        context = await self._context(action, load, at, online=online)
        request = SwitchRequest(
            load_id=str(load.id),
            name=load.name,
            kind=load.kind,
            target_on=action.target_on,
            target_speed=action.target_speed,
            actor=action.actor,
            approved=approved,
            protective=action.urgent,
            power_w=_power_w(load, context.profile),
            for_heat=action.reason == "heat_wanted",
        )
        return validate(request, context)

    async def _context(
        self, action: Action, load: ControlledLoad, at: datetime, *, online: bool
    ) -> SafetyContext:
        memory = await self._memory.load(action.system_id)
        built = await self._snapshots.build(action.system_id, at, memory.learned)
        snapshot, preferences = built.snapshot, built.preferences
        voltage = snapshot.battery_voltage_v or snapshot.inverter_voltage_v
        if voltage is not None and voltage.age_s > failsafe_after_s(voltage, preferences):
            voltage = None
        raw_v = None if voltage is None else voltage.value
        current = snapshot.battery_current_a
        hold = timedelta(minutes=preferences.manual_hold_minutes)
        past = await self._actions.since(load.id, at - max(HISTORY, hold))
        state = built.load_states.get(load.id)
        stop = await self._emergency.state(action.system_id)
        return SafetyContext(
            at=at,
            preferences=preferences,
            raw_voltage_v=raw_v,
            rest_voltage_v=None
            if raw_v is None
            else rest_voltage_v(
                raw_v, None if current is None else current.value, memory.learned.resistance_ohm
            ),
            grid_power_w=None if snapshot.grid_power_w is None else snapshot.grid_power_w.value,
            emergency_stop=stop.latched,
            device_online=online,
            is_on=None if state is None else state.is_on,
            since=None if state is None else state.since,
            profile=_profile(built.miners, load.id),
            recent=tuple(
                PastSwitch(
                    at=each.executed_at,
                    actor=each.actor,
                    is_on=each.target_on,
                    by=each.requested_by,
                )
                for each in past
                if each.executed_at is not None and each.id != action.id
            ),
            in_flight=await self._in_flight(action),
        )

    async def _in_flight(self, action: Action) -> InFlight | None:
        for other in await self._actions.with_status(action.system_id, IN_FLIGHT_STATUSES):
            if other.load_id == action.load_id and other.id != action.id:
                return InFlight(target_on=other.target_on, by=other.requested_by)
        return None


def _profile(miners: tuple[MinerProfile, ...], load_id: UUID) -> MinerProfile | None:
    return next((m for m in miners if m.device_id == str(load_id)), None)


def _power_w(load: ControlledLoad, profile: MinerProfile | None) -> float:
    if load.kind is LoadKind.MINER and profile is not None:
        return profile.power_draw_watts
    return load.rated_w
