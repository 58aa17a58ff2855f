"""Reads the inputs of the alert conditions from the stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    FailedSwitchFact,
    IdleMinerFact,
    SourceFact,
    StopFact,
    ZoneFact,
)
from energy.allocation.decision import Command, Decision
from energy.allocation.explanation.off_sentences import why_off
from energy.allocation.reasons import Disabled, NotControlled, WhyStopped
from energy.climate.zones import ZoneDecisions
from energy.measuring.measured import not_believed
from energy.site.loads import LoadKind
from services.actions.ports import ActionStore, EmergencyStopStore, TimerFaultStore
from services.actions.records import Action, ActionStatus, TimerFault
from services.control.decided import Decided, decided
from services.control.ports import DecisionStore
from services.memory.ports import MemoryStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import PollHealth
from services.telemetry.snapshots import BuiltSnapshot, SnapshotBuilder

DECISION_FRESH_S = 600.0
"""A decision older than this is not used for alerts, s."""

FAILED_FOR_S = 24 * 3_600.0
"""A failed switch is reported for this long, unless a later one of the load succeeds, s."""

_ENDED_BADLY = {ActionStatus.FAILED, ActionStatus.ROLLED_BACK}
_ENDED = {*_ENDED_BADLY, ActionStatus.DONE}


class FactsOfSite:
    """Collects the inputs of a site's alerts; decides nothing."""

    def __init__(
        self,
        *,
        snapshots: SnapshotBuilder,
        sites: SiteStore,
        telemetry: TelemetryStore,
        memory: MemoryStore,
        decisions: DecisionStore,
        actions: ActionStore,
        emergency_stops: EmergencyStopStore,
        timer_faults: TimerFaultStore,
    ) -> None:
        self._snapshots, self._sites, self._telemetry = snapshots, sites, telemetry
        self._memory, self._decisions, self._actions = memory, decisions, actions
        self._emergency_stops, self._timer_faults = emergency_stops, timer_faults

    async def gather(self, system_id: UUID, at: datetime) -> AlertFacts:
        """The inputs at ``at``: measured by the control loop's rules, and its newest decision."""
        built = await self._snapshots.build(system_id, at, await self._memory.load(system_id))
        measured, preferences, sky = built.measured, built.preferences, built.snapshot.sky
        what = await self._decided(system_id, at)
        budget = None if what is None else what.decision.budget
        stop = await self._emergency_stops.state(system_id)
        loads = tuple(built.loads.values())
        timers = {fault.load_id: fault for fault in await self._timer_faults.faults(system_id)}
        return AlertFacts(
            at=at,
            preferences=preferences,
            telemetry_lost=measured.lost,
            waiting=measured.waiting,
            raw_voltage_v=None if measured.lost else measured.raw_voltage_v,
            rest_voltage_v=None if measured.lost else measured.rest_voltage_v,
            voltage_age_s=measured.voltage.age_s,
            voltage_reason=measured.voltage.reason,
            soc_pct=None if measured.lost else measured.soc_pct,
            battery_power_w=measured.battery_w,
            battery_temperature_c=measured.battery_temperature.usable,
            pv_power_w=measured.pv_w,
            sky_allows_w=_sky_allows_w(sky.clear_sky_w, built.learned.clear_sky_ratio),
            best_recent_ratio=built.learned.best_recent_ratio,
            usual_best_ratio=built.learned.usual_best_ratio,
            throttled=budget is not None and budget.throttled,
            base_load_w=measured.base_load.usable,
            usual_base_load_w=built.learned.mean_base_load_w,
            grid_expected=preferences.grid_import_allowed,
            usable_wh=None if budget is None else budget.usable_wh,
            reserve_wh=None if budget is None else budget.reserve_wh,
            sun_carries_base_load=sky.sun_carries_base_load,
            not_believed=not_believed(measured),
            sources=await self._sources(system_id, at, loads),
            devices=tuple(_device(load, built, timers.get(load.id)) for load in loads),
            failed_switches=await self._failed(system_id, at, loads),
            running_miners=_running_miners(built),
            local_hour=at.astimezone(ZoneInfo(preferences.timezone)).hour,
            idle_miners=() if what is None else _idle_miners(what.decision),
            zones=() if what is None else _zones(what.zones),
            emergency_stop=StopFact(by=str(stop.changed_by), reason=str(stop.reason))
            if stop.latched
            else None,
        )

    async def _decided(self, system_id: UUID, at: datetime) -> Decided | None:
        record = await self._decisions.latest(system_id)
        if record is None or at - record.at > timedelta(seconds=DECISION_FRESH_S):
            return None
        return decided(record)

    async def _sources(
        self, system_id: UUID, at: datetime, loads: Sequence[ControlledLoad]
    ) -> tuple[SourceFact, ...]:
        driving = {load.adapter_id for load in loads}
        adapters = await self._sites.adapters(system_id)
        enabled = {adapter.id for adapter in adapters if adapter.enabled}
        polls = await self._telemetry.poll_health(system_id, now=at)
        return tuple(
            _source(poll, at, drives_loads=poll.adapter_id in driving)
            for poll in polls
            if poll.adapter_id in enabled
        )

    async def _failed(
        self, system_id: UUID, at: datetime, loads: Sequence[ControlledLoad]
    ) -> tuple[FailedSwitchFact, ...]:
        names = {load.id: load.name for load in loads}
        newest: dict[UUID, Action] = {}
        for action in await self._actions.page(system_id, before=None, limit=200):
            if action.status in _ENDED:
                newest.setdefault(action.load_id, action)
        return tuple(
            FailedSwitchFact(
                load_id=str(action.load_id),
                load_name=names[action.load_id],
                rolled_back=action.status is ActionStatus.ROLLED_BACK,
                result=action.result or action.explanation,
            )
            for action in newest.values()
            if action.status in _ENDED_BADLY
            and action.load_id in names
            and at - (action.finished_at or action.created_at) < timedelta(seconds=FAILED_FOR_S)
        )


def _sky_allows_w(clear_sky_w: float | None, ratio: float | None) -> float | None:
    return None if clear_sky_w is None or ratio is None else clear_sky_w * ratio


def _device(load: ControlledLoad, built: BuiltSnapshot, timer: TimerFault | None) -> DeviceFact:
    state = built.load_states[load.id]
    silent_s = None
    if state.measured_at is not None:
        silent_s = max((built.snapshot.at - state.measured_at).total_seconds(), 0.0)
    return DeviceFact(
        id=str(load.id),
        name=load.name,
        rated_w=load.rated_w,
        is_miner=load.kind is LoadKind.MINER,
        is_on=state.was_on,
        power_w=state.power_w if load.has_meter else None,
        silent_s=silent_s,
        timer_fault=timer.clause if timer is not None and load.has_timer else None,
    )


def _source(poll: PollHealth, at: datetime, *, drives_loads: bool) -> SourceFact:
    last = poll.last_success_at
    return SourceFact(
        id=str(poll.adapter_id),
        name=poll.name,
        silent_s=None if last is None else max((at - last).total_seconds(), 0.0),
        interval_s=poll.interval_s,
        last_error=poll.last_error,
        caution=poll.caution,
        drives_loads=drives_loads,
    )


def _running_miners(built: BuiltSnapshot) -> tuple[str, ...]:
    running = {state.miner_id for state in built.states if state.is_on}
    return tuple(sorted(miner.name for miner in built.miners if miner.id in running))


def _idle_miners(decision: Decision) -> tuple[IdleMinerFact, ...]:
    profiles = {profile.id: profile for profile in decision.inputs.miners}
    return tuple(
        IdleMinerFact(
            name=miner.name,
            power_w=miner.power_w,
            reason=why_off(miner.reason, profiles[miner.miner_id]),
        )
        for miner in decision.miners
        if miner.command is Command.STAY_OFF
        and isinstance(miner.reason, WhyStopped)
        and not isinstance(miner.reason, Disabled | NotControlled)
    )


def _zones(zones: ZoneDecisions) -> tuple[ZoneFact, ...]:
    return tuple(
        ZoneFact(id=zone.zone_id, name=zone.name, warnings=zone.warnings) for zone in zones.zones
    )
