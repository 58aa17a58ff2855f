"""Collects the inputs of the safety validator from the stores and calls it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from energy.safety.validator import (
    InFlight,
    PastSwitch,
    SafetyContext,
    SwitchRequest,
    Verdict,
    validate,
)
from energy.site.loads import Actor, LoadKind, draws_though_off
from energy.site.miners import MinerProfile
from services.actions.ports import ActionStore, EmergencyStopStore
from services.actions.records import IN_FLIGHT_STATUSES, Action, SwitchStatus
from services.memory.ports import MemoryStore
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.sites.vendor_pauses import VendorPauses
from services.telemetry.load_states import LoadState
from services.telemetry.ports import TelemetryStore
from services.telemetry.snapshots import BuiltSnapshot, SnapshotBuilder

HISTORY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The state that the device has just reported; ``is_on`` is None when it did not answer.
    ``speed`` is that of a fan whose speed can be set. A load that reports off but draws power is
    neither on nor off (None).
    """

    online: bool
    is_on: bool | None
    speed: int | None = None

    @classmethod
    def of(cls, status: SwitchStatus | None, load: ControlledLoad) -> Seen:
        """What a status says of a load; None for no answer."""
        if status is None:
            return cls(online=False, is_on=None)
        leaks = load.has_meter and draws_though_off(
            is_on=status.is_on, power_w=status.power_w, rated_w=load.rated_w
        )
        return cls(online=True, is_on=None if leaks else status.is_on, speed=status.speed)


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
        pauses: VendorPauses,
    ) -> None:
        """The stores that the safety context is read from."""
        self._settings, self._actions = settings, actions
        self._emergency, self._memory, self._pauses = emergency, memory, pauses
        self._snapshots = SnapshotBuilder(
            sites=sites, settings=settings, telemetry=telemetry, skies=None
        )

    async def judge(
        self,
        action: Action,
        load: ControlledLoad,
        at: datetime,
        *,
        approved: bool,
        seen: Seen | None = None,
    ) -> Verdict:
        """Allowed, or blocked with every reason that applies.

        Args:
            action: The action to check.
            load: The action's load.
            at: The instant of the check.
            approved: The owner has approved the action.
            seen: The state that the device reports. Without it the newest sample is used, except
                for a protective stop, which is checked as if the state were unknown.
        """
        memory = await self._memory.load(action.system_id)
        built = await self._snapshots.build(action.system_id, at, memory)
        context = await self._context(action, load, built, seen)
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
        self, action: Action, load: ControlledLoad, built: BuiltSnapshot, seen: Seen | None
    ) -> SafetyContext:
        at, preferences, measured = built.snapshot.at, built.preferences, built.measured
        hold = timedelta(minutes=preferences.manual_hold_minutes)
        past = await self._actions.since(action.load_id, at - max(HISTORY, hold))
        stop = await self._emergency.state(action.system_id)
        state = built.load_states[action.load_id]
        if seen is None:
            seen = _expected(action, state)
        return SafetyContext(
            at=at,
            preferences=preferences,
            raw_voltage_v=None if measured.stale else measured.raw_voltage_v,
            rest_voltage_v=None if measured.stale else measured.rest_voltage_v,
            grid_power_w=measured.grid_w,
            emergency_stop=stop.latched,
            device_online=seen.online,
            is_on=seen.is_on,
            speed=seen.speed,
            since=state.since,
            profile=_profile(built.miners, action.load_id),
            recent=tuple(
                PastSwitch(
                    at=before.executed_at,
                    actor=_rank(before.actor),
                    is_on=before.target_on,
                    by=before.requested_by,
                )
                for before in past
                if before.executed_at is not None and before.id != action.id
            ),
            in_flight=await self._in_flight(action),
            rate_limited_until=await self._pauses.until(load.adapter_id),
        )

    async def _in_flight(self, action: Action) -> InFlight | None:
        for other in await self._actions.with_status(action.system_id, IN_FLIGHT_STATUSES):
            if other.load_id == action.load_id and other.id != action.id:
                return InFlight(target_on=other.target_on, by=other.requested_by)
        return None


def _rank(actor: Actor) -> Actor:
    """An agent's action was only sent because the owner approved it, so it ranks as the owner's."""
    return Actor.OWNER if actor is Actor.AGENT else actor


def _expected(action: Action, state: LoadState) -> Seen:
    """The state by the newest sample. For automatic actions a silent device counts as offline, so
    that no command is tried every cycle.
    """
    if action.urgent:
        return Seen(online=True, is_on=None)
    silent = state.is_on is None and action.actor in {Actor.RULE, Actor.ALLOCATOR}
    is_on = None if state.draws_though_off else state.is_on
    return Seen(online=not silent, is_on=is_on, speed=state.speed)


def _profile(miners: tuple[MinerProfile, ...], load_id: UUID) -> MinerProfile | None:
    return next((m for m in miners if m.device_id == str(load_id)), None)


def _power_w(load: ControlledLoad, profile: MinerProfile | None) -> float:
    if load.kind is LoadKind.MINER and profile is not None:
        return profile.power_draw_watts
    return load.rated_w
