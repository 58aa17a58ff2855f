"""From the newest samples to the frozen picture that one cycle decides on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from energy.loads import Zone
from energy.miners import Learned, MinerProfile, MinerState
from energy.preferences import Preferences
from energy.snapshot import Reading, Snapshot
from services.ports import SettingsStore, SiteStore, SkyModel, TelemetryStore
from services.records import ControlledLoad, Latest
from services.sky import sky_now

LOAD_FRESH_S = 300.0
"""A switch that has said nothing for longer is unknown, which is not off."""

MEAN_S = 600.0
RUNTIME_STEP_S = 300.0

Newest = Mapping[tuple[UUID, str], Latest]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSnapshot:
    """The picture with everything that belongs to it.

    Attributes:
        snapshot: Measured values with their ages.
        preferences: The owner's settings at that moment.
        miners: Profiles of all miners.
        states: One state per miner.
        zones: All zones.
        temperatures: Newest reading per zone id, °C.
        loads: All controlled loads by id.
        load_states: Per load: is it on (None unknown), watts (None without a meter).
    """

    snapshot: Snapshot
    preferences: Preferences
    miners: tuple[MinerProfile, ...]
    states: tuple[MinerState, ...]
    zones: tuple[Zone, ...]
    temperatures: Mapping[str, Reading | None]
    loads: Mapping[UUID, ControlledLoad]
    load_states: Mapping[UUID, LoadState]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadState:
    """What a controlled load last said: state, watts, when, and since when the state holds."""

    is_on: bool | None = None
    power_w: float | None = None
    measured_at: datetime | None = None
    since: datetime | None = None


class SnapshotBuilder:
    """Builds the picture of one site."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        settings: SettingsStore,
        telemetry: TelemetryStore,
        sky: SkyModel | None,
    ) -> None:
        """``sky`` None leaves the sun's potential unknown."""
        self._sites, self._settings = sites, settings
        self._telemetry, self._sky = telemetry, sky

    async def build(self, system_id: UUID, at: datetime, learned: Learned) -> BuiltSnapshot:
        """The picture at ``at``: no sample measured later is in it."""
        preferences = (await self._settings.preferences(system_id)).value
        miners = tuple(s.value for s in await self._settings.miners(system_id))
        zones = tuple(s.value for s in await self._settings.zones(system_id))
        loads = {load.id: load for load in await self._sites.loads(system_id)}
        devices = await self._sites.devices(system_id)
        found = await self._telemetry.latest(system_id, until=at)
        newest = {(each.device_id, each.metric): each for each in found}
        load_states = {load_id: _load_state(newest, load_id, at) for load_id in loads}
        mean = await self._telemetry.series(
            system_id,
            "pv_power_w",
            start=at - timedelta(seconds=MEAN_S),
            end=at,
            step_s=MEAN_S,
        )
        snapshot = self._snapshot(
            at,
            _ids(devices, "inverter"),
            _ids(devices, "battery_pack"),
            newest,
            learned,
            preferences.voltage_float,
        )
        measured = [point.value for point in mean if point.value is not None]
        snapshot = _with_mean(snapshot, measured[-1] if measured else None)
        return BuiltSnapshot(
            snapshot=snapshot,
            preferences=preferences,
            miners=miners,
            states=await self._states(system_id, miners, load_states, snapshot, preferences),
            zones=zones,
            temperatures={
                zone.id: _reading(newest, [UUID(zone.id)], "temperature_c", at) for zone in zones
            },
            loads=loads,
            load_states=load_states,
        )

    def _snapshot(
        self,
        at: datetime,
        inverters: Sequence[UUID],
        packs: Sequence[UUID],
        newest: Newest,
        learned: Learned,
        float_v: float,
    ) -> Snapshot:
        pv = _reading(newest, inverters, "pv_power_w", at)
        voltage = _reading(newest, packs, "voltage_v", at)
        pv_w = None if pv is None else pv.value
        full = voltage is not None and voltage.value >= float_v
        return Snapshot(
            at=at,
            battery_voltage_v=voltage,
            inverter_voltage_v=_reading(newest, inverters, "battery_voltage_v", at),
            battery_current_a=_reading(newest, packs, "current_a", at),
            battery_power_w=_reading(newest, packs, "power_w", at)
            or _reading(newest, inverters, "battery_power_w", at),
            battery_temperature_c=_reading(newest, packs, "temperature_c", at),
            pv_power_w=pv,
            load_power_w=_reading(newest, inverters, "load_power_w", at),
            grid_power_w=_reading(newest, inverters, "grid_power_w", at),
            sky=sky_now(self._sky, at, learned, pv_w=pv_w, full=full),
        )

    async def _states(
        self,
        system_id: UUID,
        miners: Sequence[MinerProfile],
        load_states: Mapping[UUID, LoadState],
        snapshot: Snapshot,
        preferences: Preferences,
    ) -> tuple[MinerState, ...]:
        load = snapshot.load_power_w
        load_at = None if load is None else snapshot.at - timedelta(seconds=load.age_s)
        states = []
        for miner in miners:
            device_id = None if miner.device_id is None else UUID(miner.device_id)
            state = load_states.get(device_id) if device_id is not None else None
            if device_id is None or state is None:
                states.append(MinerState(miner_id=miner.id, is_on=None))
                continue
            then = None
            if load_at is not None:
                then = await self._telemetry.at_or_before(device_id, "power_w", load_at)
            states.append(
                MinerState(
                    miner_id=miner.id,
                    is_on=state.is_on,
                    power_w=state.power_w,
                    power_in_load_w=None if then is None else then.value,
                    since=state.since,
                    runtime_today_s=await self._runtime_s(
                        system_id, device_id, snapshot.at, preferences
                    )
                    if miner.maximum_runtime_hours is not None
                    else 0.0,
                )
            )
        return tuple(states)

    async def _runtime_s(
        self, system_id: UUID, device_id: UUID, at: datetime, preferences: Preferences
    ) -> float:
        midnight = at.astimezone(ZoneInfo(preferences.timezone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        points = await self._telemetry.series(
            system_id,
            "is_on",
            start=midnight,
            end=at,
            step_s=RUNTIME_STEP_S,
            device_id=device_id,
        )
        return sum(p.value * RUNTIME_STEP_S for p in points if p.value is not None)


def _with_mean(snapshot: Snapshot, mean_w: float | None) -> Snapshot:
    values = {name: getattr(snapshot, name) for name in Snapshot.__slots__}
    return Snapshot(**{**values, "pv_mean_10min_w": mean_w})


def _ids(devices: Sequence[dict[str, object]], kind: str) -> list[UUID]:
    return [UUID(str(device["id"])) for device in devices if device["kind"] == kind]


def _reading(
    newest: Newest, device_ids: Sequence[UUID], metric: str, at: datetime
) -> Reading | None:
    """The freshest reading of a metric among devices."""
    found = [newest[key] for device in device_ids if (key := (device, metric)) in newest]
    if not found:
        return None
    best = max(found, key=lambda latest: latest.measured_at)
    return Reading(
        value=best.value,
        age_s=max(0.0, (at - best.measured_at).total_seconds()),
        unchanged_s=max(0.0, (best.measured_at - best.unchanged_since).total_seconds()),
        source=best.source,
        link=best.link,
    )


def _load_state(newest: Newest, load_id: UUID, at: datetime) -> LoadState:
    state = newest.get((load_id, "is_on"))
    power = newest.get((load_id, "power_w"))
    if state is None or (at - state.measured_at).total_seconds() > LOAD_FRESH_S:
        return LoadState(measured_at=None if state is None else state.measured_at)
    return LoadState(
        is_on=state.value > 0.0,
        power_w=None if power is None else power.value,
        measured_at=state.measured_at,
        since=state.unchanged_since if state.changed else None,
    )
