"""Builds the snapshot of a cycle from the newest samples."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from energy.measuring.base_load import controlled_w
from energy.measuring.clock_jumps import after_jump, back_for_s
from energy.measuring.measured import Measured, measure
from energy.measuring.waiting import awaiting_readings
from energy.site.loads import LoadKind, OtherLoad, Zone
from energy.site.miners import ControlMemory, Learned, MinerProfile, MinerState
from energy.site.preferences import Preferences, without_addresses
from energy.site.snapshot import Reading, Snapshot
from services.memory.records import SiteMemory
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.sites.records import ControlledLoad
from services.telemetry.load_states import LOAD_FRESH_S, LoadState, load_state, unknown_now
from services.telemetry.newest_values import Newest, freshest, snapshot_of
from services.telemetry.ports import Skies, SkyModel, TelemetryStore
from services.telemetry.sky import sky_now
from services.telemetry.zone_sensors import sensors_of, told_by

MEAN_S = 600.0
RUNTIME_STEP_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSnapshot:
    """A snapshot with everything that a cycle needs beside it.

    Attributes:
        snapshot: The readings of all sources, with ages.
        measured: The measured state of the site.
        learned: Values learned of the site.
        memory: The last cycle's memory; after a pause it says to wait for first readings.
        preferences: The owner's settings at that moment.
        miners: Profiles of all miners.
        states: One state per miner.
        others: Heaters and fans.
        zones: All zones.
        temperatures: Newest reading per zone id, °C.
        loads: All controlled loads by id.
        load_states: State of each load by its id.
    """

    snapshot: Snapshot
    measured: Measured
    learned: Learned
    memory: ControlMemory
    preferences: Preferences
    miners: tuple[MinerProfile, ...]
    states: tuple[MinerState, ...]
    others: tuple[OtherLoad, ...]
    zones: tuple[Zone, ...]
    temperatures: Mapping[str, Reading | None]
    loads: Mapping[UUID, ControlledLoad]
    load_states: Mapping[UUID, LoadState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The stored values of a site at one moment, from which a snapshot is built.

    Attributes:
        preferences: The owner's settings.
        miners: Profiles of all miners.
        zones: All zones.
        loads: All controlled loads by id.
        inverters: Ids of the inverters.
        packs: Ids of the battery packs.
        sensors: Device ids of the samples that carry each device's temperature, by the device's id.
        newest: The newest value per device and metric.
        pv_mean_w: Mean PV power of the last ten minutes, W.
    """

    preferences: Preferences
    miners: tuple[MinerProfile, ...]
    zones: tuple[Zone, ...]
    loads: Mapping[UUID, ControlledLoad]
    inverters: Sequence[UUID]
    packs: Sequence[UUID]
    sensors: Mapping[str, Sequence[UUID]]
    newest: Newest
    pv_mean_w: float | None


CARRYING = (
    "battery_current_a",
    "battery_power_w",
    "inverter_battery_power_w",
    "load_power_w",
)
"""The readings in which a switch of our loads must show."""

SHOWS_WITHIN = timedelta(seconds=60)
"""Samples later than this after a switch of our loads must show it."""


class SnapshotBuilder:
    """Builds snapshots from the stores."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        settings: SettingsStore,
        telemetry: TelemetryStore,
        skies: Skies | None,
    ) -> None:
        """Without ``skies`` the snapshot's sky is unknown."""
        self._sites, self._settings = sites, settings
        self._telemetry, self._skies = telemetry, skies

    async def read(self, system_id: UUID, at: datetime) -> Readings:
        """The stored values of a site at ``at``, without samples measured later."""
        settings, (loads, devices, adapters, newest, pv_mean_w) = await asyncio.gather(
            asyncio.gather(
                self._settings.preferences(system_id),
                self._settings.miners(system_id),
                self._settings.zones(system_id),
            ),
            asyncio.gather(
                self._sites.loads(system_id),
                self._sites.devices(system_id),
                self._sites.adapters(system_id),
                self._telemetry.latest(system_id, until=at),
                self._pv_mean_w(system_id, at),
            ),
        )
        preferences, miners, zones = settings
        return Readings(
            preferences=without_addresses(preferences.value),
            miners=tuple(stored.value for stored in miners),
            zones=tuple(stored.value for stored in zones),
            loads={load.id: load for load in loads},
            inverters=_ids(devices, "inverter"),
            packs=_ids(devices, "battery_pack"),
            sensors=sensors_of(devices, loads, adapters),
            newest={(latest.device_id, latest.metric): latest for latest in newest},
            pv_mean_w=pv_mean_w,
        )

    async def build(
        self,
        system_id: UUID,
        at: datetime,
        memory: SiteMemory,
        readings: Readings | None = None,
    ) -> BuiltSnapshot:
        """The snapshot at ``at``; pass ``readings`` where they have been read for that moment
        already.
        """
        read = await self.read(system_id, at) if readings is None else readings
        preferences, loads, newest = read.preferences, read.loads, read.newest
        miners, zones = read.miners, read.zones
        control = _control_memory(memory, at)
        states = {load_id: load_state(newest, load, at) for load_id, load in loads.items()}
        back_s = back_for_s(control, at)
        if back_s is not None and back_s > preferences.failsafe_after_s:
            # What the switches say may be as old as the voltage: every one is commanded off.
            states = {load_id: unknown_now(state) for load_id, state in states.items()}
        snapshot = replace(
            snapshot_of(at, read.inverters, read.packs, newest),
            pv_mean_10min_w=read.pv_mean_w,
        )
        snapshot, in_load_w, run_s = await asyncio.gather(
            self._with_steps(system_id, snapshot),
            self._in_load_w(system_id, snapshot),
            self._run_today_s(system_id, miners, at, preferences),
        )
        miner_states = [_miner_state(miner, states, in_load_w, run_s) for miner in miners]
        others = _others(loads, states, in_load_w)
        measured = measure(
            snapshot,
            preferences,
            learned=memory.learned,
            memory=control,
            controlled_load_w=controlled_w(miners, miner_states, others),
        )
        sky = sky_now(
            await self._sky(system_id, at),
            memory.learned,
            at,
            pv_w=measured.pv_w,
            voltage_v=measured.raw_voltage_v,
            full_v=preferences.voltage_float,
        )
        return BuiltSnapshot(
            snapshot=replace(snapshot, sky=sky),
            measured=measured,
            learned=memory.learned,
            memory=control,
            preferences=preferences,
            miners=miners,
            states=tuple(miner_states),
            others=others,
            zones=zones,
            temperatures={
                zone.id: freshest(newest, told_by(zone, read.sensors), "temperature_c", at)
                for zone in zones
            },
            loads=loads,
            load_states=states,
        )

    async def _sky(self, system_id: UUID, at: datetime) -> SkyModel | None:
        if self._skies is None:
            return None
        system = await self._sites.system(system_id)
        return None if system is None else await self._skies.of(system, at)

    async def _pv_mean_w(self, system_id: UUID, at: datetime) -> float | None:
        points = await self._telemetry.series(
            system_id,
            "pv_power_w",
            start=at - timedelta(seconds=MEAN_S),
            end=at,
            step_s=MEAN_S,
        )
        known = [point.value for point in points if point.value is not None]
        return known[-1] if known else None

    async def _run_today_s(
        self,
        system_id: UUID,
        miners: Sequence[MinerProfile],
        at: datetime,
        preferences: Preferences,
    ) -> Mapping[UUID, float]:
        """Today's runtime of the miners with a daily limit, s, by device id."""
        limited = [
            UUID(miner.device_id)
            for miner in miners
            if miner.maximum_runtime_hours is not None and miner.device_id is not None
        ]
        run_s = await asyncio.gather(
            *(self._runtime_s(system_id, device_id, at, preferences) for device_id in limited)
        )
        return dict(zip(limited, run_s, strict=True))

    async def _in_load_w(self, system_id: UUID, snapshot: Snapshot) -> Mapping[UUID, float]:
        """Power of each controlled load at the time of the site's load reading, W, where known."""
        reading = snapshot.load_power_w
        if reading is None:
            return {}
        load_at = snapshot.at - timedelta(seconds=reading.age_s)
        return await self._telemetry.load_powers_at(system_id, load_at, within_s=LOAD_FRESH_S)

    async def _with_steps(self, system_id: UUID, snapshot: Snapshot) -> Snapshot:
        """The snapshot with ``stood_through_w`` set on the load and battery readings that
        repeat.
        """
        changes = {
            name: replace(reading, stood_through_w=await self._step_w(system_id, reading, snapshot))
            for name in CARRYING
            if (reading := getattr(snapshot, name)) is not None and reading.unchanged_s > 0.0
        }
        return replace(snapshot, **changes) if changes else snapshot

    async def _step_w(self, system_id: UUID, reading: Reading, snapshot: Snapshot) -> float:
        """Change of our own loads' power between the first and the newest equal sample, W ≥ 0."""
        newest_at = snapshot.at - timedelta(seconds=reading.age_s)
        first_at = newest_at - timedelta(seconds=reading.unchanged_s)
        before = await self._telemetry.load_powers_at(system_id, first_at, within_s=LOAD_FRESH_S)
        after = await self._telemetry.load_powers_at(
            system_id, newest_at - SHOWS_WITHIN, within_s=LOAD_FRESH_S
        )
        both = before.keys() & after.keys()
        return abs(math.fsum(after[load_id] - before[load_id] for load_id in both))

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
        return sum(
            p.value * min(RUNTIME_STEP_S, (at - p.at).total_seconds())
            for p in points
            if p.value is not None
        )


def _control_memory(memory: SiteMemory, at: datetime) -> ControlMemory:
    """The memory for a picture at ``at``: after a jump of the clock, and after a pause."""
    last_at = memory.last_cycle_at
    jumped = after_jump(memory.control, last_cycle_at=last_at, at=at)
    return awaiting_readings(jumped, last_cycle_at=last_at, at=at)


def _miner_state(
    miner: MinerProfile,
    states: Mapping[UUID, LoadState],
    in_load_w: Mapping[UUID, float],
    run_s: Mapping[UUID, float],
) -> MinerState:
    device_id = None if miner.device_id is None else UUID(miner.device_id)
    state = None if device_id is None else states.get(device_id)
    if device_id is None or state is None:
        return MinerState(miner_id=miner.id, is_on=None)
    return MinerState(
        miner_id=miner.id,
        is_on=state.is_on,
        power_w=state.power_w,
        power_in_load_w=in_load_w.get(device_id),
        since=state.since,
        runtime_today_s=run_s.get(device_id, 0.0),
    )


def _ids(devices: Sequence[dict[str, object]], kind: str) -> list[UUID]:
    return [UUID(str(device["id"])) for device in devices if device["kind"] == kind]


def _others(
    loads: Mapping[UUID, ControlledLoad],
    states: Mapping[UUID, LoadState],
    in_load_w: Mapping[UUID, float],
) -> tuple[OtherLoad, ...]:
    """Heaters and fans, by id."""
    return tuple(
        OtherLoad(
            id=str(load_id),
            name=load.name,
            kind=load.kind,
            rated_w=load.rated_w,
            is_on=states[load_id].is_on,
            power_w=states[load_id].power_w,
            power_in_load_w=in_load_w.get(load_id),
        )
        for load_id, load in sorted(loads.items())
        if load.kind is not LoadKind.MINER
    )
