"""Reads the values that alert conditions are evaluated on from the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from energy.alerts.facts import (
    AlertFacts,
    DeviceFact,
    FailedSwitchFact,
    IdleMinerFact,
    SourceFact,
    StopFact,
    ZoneFact,
)
from energy.battery.calibration import rest_voltage_v, soc_pct
from energy.climate.zones import ZoneWarning, ZoneWarningCode
from services.actions.ports import ActionStore, EmergencyStopStore
from services.actions.records import Action, ActionStatus
from services.control.ports import DecisionStore
from services.memory.ports import MemoryStore
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.stored import Json
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import Latest, PollHealth

DECISION_FRESH_S = 600.0
"""An older decision says nothing about now, s."""

FAILED_FOR_S = 24 * 3_600.0
"""A failed switch is news for this long, unless a later one succeeds, s."""

_ENDED_BADLY = {ActionStatus.FAILED, ActionStatus.ROLLED_BACK}
_ENDED = {*_ENDED_BADLY, ActionStatus.DONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Battery:
    """The newest battery values with the age of the voltage."""

    raw_v: float | None
    age_s: float | None
    current_a: float | None
    power_w: float | None
    temperature_c: float | None


class FactsOfSite:
    """Reads the stores; decides nothing."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        telemetry: TelemetryStore,
        settings: SettingsStore,
        memory: MemoryStore,
        decisions: DecisionStore,
        actions: ActionStore,
        emergency_stops: EmergencyStopStore,
    ) -> None:
        self._sites, self._telemetry, self._settings = sites, telemetry, settings
        self._memory, self._decisions, self._actions = memory, decisions, actions
        self._emergency_stops = emergency_stops

    async def gather(self, system_id: UUID, at: datetime) -> AlertFacts:
        """The facts at ``at``. Values older than the owner's limit of staleness are left out."""
        preferences = (await self._settings.preferences(system_id)).value
        learned = (await self._memory.load(system_id)).learned
        latest = list(await self._telemetry.latest(system_id, until=at))
        loads = await self._sites.loads(system_id)
        kinds = {
            UUID(str(device["id"])): str(device["kind"])
            for device in await self._sites.devices(system_id)
        }
        battery = _battery(latest, kinds, at, preferences.stale_after_s)
        rest_v = None
        if battery.raw_v is not None:
            rest_v = rest_voltage_v(battery.raw_v, battery.current_a, learned.resistance_ohm)
        document = await self._decision(system_id, at)
        decided = _part(document, "allocation")
        budget, sky = _part(decided, "budget"), _part(decided, "inputs", "snapshot", "sky")
        clear_sky_w, ratio = _number(sky, "clear_sky_w"), learned.clear_sky_ratio
        stop = await self._emergency_stops.state(system_id)
        return AlertFacts(
            at=at,
            preferences=preferences,
            raw_voltage_v=battery.raw_v,
            rest_voltage_v=rest_v,
            voltage_age_s=battery.age_s,
            soc_pct=None if rest_v is None else soc_pct(rest_v, preferences),
            battery_power_w=battery.power_w,
            battery_temperature_c=battery.temperature_c,
            pv_power_w=_number(budget, "pv_power_w"),
            sky_allows_w=None if clear_sky_w is None or ratio is None else clear_sky_w * ratio,
            throttled=budget.get("throttled") is True,
            base_load_w=_number(budget, "base_load_w"),
            usual_base_load_w=learned.mean_base_load_w,
            grid_expected=preferences.grid_import_allowed,
            usable_wh=_number(budget, "usable_wh"),
            reserve_wh=_number(budget, "reserve_wh"),
            sun_carries_base_load=sky.get("sun_carries_base_load"),
            sources=await self._sources(system_id, at, loads),
            devices=tuple(_device(load, latest, at) for load in loads),
            failed_switches=await self._failed(system_id, at, loads),
            idle_miners=_idle_miners(decided),
            zones=_zones(document),
            emergency_stop=StopFact(by=str(stop.changed_by), reason=str(stop.reason))
            if stop.latched
            else None,
        )

    async def _decision(self, system_id: UUID, at: datetime) -> Json:
        record = await self._decisions.latest(system_id)
        if record is None or at - record.at > timedelta(seconds=DECISION_FRESH_S):
            return {}
        return record.document

    async def _sources(
        self, system_id: UUID, at: datetime, loads: Sequence[ControlledLoad]
    ) -> tuple[SourceFact, ...]:
        driving = {load.adapter_id for load in loads}
        enabled = {each.id for each in await self._sites.adapters(system_id) if each.enabled}
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


def _battery(
    latest: Sequence[Latest], kinds: Mapping[UUID, str], at: datetime, stale_s: float
) -> _Battery:
    """The battery monitor's values, or the inverter's where it has none; only what is fresh."""
    packs = [each for each in latest if kinds.get(each.device_id) == "battery_pack"]
    inverters = [each for each in latest if kinds.get(each.device_id) == "inverter"]
    raw = _newest(packs, "voltage_v") or _newest(inverters, "battery_voltage_v")
    power = _newest(packs, "power_w") or _newest(inverters, "battery_power_w")
    return _Battery(
        raw_v=_fresh(raw, at, stale_s),
        age_s=None if raw is None else max((at - raw.measured_at).total_seconds(), 0.0),
        current_a=_fresh(_newest(packs, "current_a"), at, stale_s),
        power_w=_fresh(power, at, stale_s),
        temperature_c=_fresh(_newest(packs, "temperature_c"), at, stale_s),
    )


def _newest(values: Sequence[Latest], metric: str) -> Latest | None:
    mine = [each for each in values if each.metric == metric]
    return max(mine, key=lambda each: each.measured_at, default=None)


def _fresh(value: Latest | None, at: datetime, stale_s: float) -> float | None:
    if value is None or at - value.measured_at > timedelta(seconds=stale_s):
        return None
    return value.value


def _device(load: ControlledLoad, latest: Sequence[Latest], at: datetime) -> DeviceFact:
    mine = [each for each in latest if each.device_id == load.id]
    is_on, power = _newest(mine, "is_on"), _newest(mine, "power_w")
    return DeviceFact(
        id=str(load.id),
        name=load.name,
        is_on=None if is_on is None else is_on.value > 0,
        power_w=None if power is None or not load.has_meter else power.value,
        silent_s=None if is_on is None else max((at - is_on.measured_at).total_seconds(), 0.0),
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


def _idle_miners(decided: Json) -> tuple[IdleMinerFact, ...]:
    return tuple(
        IdleMinerFact(
            name=str(miner.get("name", "")),
            power_w=float(miner.get("power_w", 0.0)),
            explanation=str(miner.get("explanation", "")),
        )
        for miner in decided.get("miners", ())
        if miner.get("command") == "stay_off" and miner.get("reason") != "disabled"
    )


def _zones(document: Json) -> tuple[ZoneFact, ...]:
    return tuple(
        ZoneFact(
            id=str(zone.get("zone_id")),
            name=str(zone.get("name")),
            warnings=tuple(
                ZoneWarning(
                    code=ZoneWarningCode(warning["code"]),
                    critical=bool(warning["critical"]),
                    sentence=str(warning["sentence"]),
                )
                for warning in zone.get("warnings", ())
            ),
        )
        for zone in _part(document, "zones").get("zones", ())
    )


def _part(document: Json, *path: str) -> Json:
    """A nested object; empty where the path ends early."""
    found: Any = document
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _number(document: Json, name: str) -> float | None:
    value = document.get(name)
    return None if value is None else float(value)
