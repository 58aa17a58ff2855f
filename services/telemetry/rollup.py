"""Rollups of raw samples into hours and local days; repeating one gives the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from energy.energy_balance.rollup import (
    MAXIMUM_GAP_S,
    EnergyPeriod,
    MinerSeries,
    SiteSeries,
    TimedValues,
    battery_cycles,
    combine,
    day_bounds,
    hours_between,
    summarize,
)
from energy.measuring.voltage_series import in_force, soc_of
from energy.site.loads import LoadKind
from energy.site.preferences import Preferences
from services.clock import Clock
from services.memory.ports import MemoryStore
from services.settings.ports import SettingsStore
from services.sites.ports import SiteStore
from services.telemetry.ports import TelemetryStore
from services.telemetry.records import BatterySample, EnergySample, LoadSample, RollupRow, Sample
from services.telemetry.suspicion import believed

HOURLY = "system_hourly_energy"
DAILY = "system_daily_summary"
BANK_HOURLY = "battery_bank_hourly"

_DAY_S = 86_400.0
_S = TypeVar("_S", EnergySample, BatterySample)


class SamplesOfSite:
    """Reads a site's raw samples as the series that are integrated."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        telemetry: TelemetryStore,
        settings: SettingsStore,
        memory: MemoryStore,
    ) -> None:
        self._sites, self._telemetry, self._settings = sites, telemetry, settings
        self._memory = memory

    async def rows(self, system_id: UUID, start: datetime, end: datetime) -> Sequence[Sample]:
        """Believed samples of the span and of ``MAXIMUM_GAP_S`` before and after."""
        edge = timedelta(seconds=MAXIMUM_GAP_S)
        rows = await self._telemetry.energy_rows(system_id, start=start - edge, end=end + edge)
        return [believed(row) for row in rows]

    async def series(self, system_id: UUID, rows: Sequence[Sample]) -> SiteSeries:
        """The site's series. The battery monitor is preferred to the inverter's battery values; SOC
        is that of the rest voltage, with the resistance of the bank as learned until now.
        """
        preferences = (await self._settings.preferences(system_id)).value
        resistance_ohm = await self.resistance_ohm(system_id)
        inverters = [row for row in rows if isinstance(row, EnergySample)]
        monitors = [row for row in rows if isinstance(row, BatterySample)]
        of_inverters = [(row.at, row.battery_voltage_v) for row in inverters]
        banks = _of_devices(monitors, lambda row: row.voltage_v) or [[]]
        voltages = [in_force(_voltages(bank), of_inverters, preferences) for bank in banks]
        socs = [
            soc_of(voltage, _currents(bank), preferences, resistance_ohm)
            for bank, voltage in zip(banks, voltages, strict=True)
        ]
        battery = _by_device(monitors, lambda row: row.power_w) or _by_device(
            inverters, lambda row: row.battery_power_w
        )
        return SiteSeries(
            pv=_by_device(inverters, lambda row: row.pv_power_w),
            load=_by_device(inverters, lambda row: row.load_power_w),
            grid=_by_device(inverters, lambda row: row.grid_power_w),
            battery=battery,
            voltage=tuple(series for series in voltages if series),
            soc=tuple(series for series in socs if series),
            miners=await self._miners(system_id, rows),
        )

    async def resistance_ohm(self, system_id: UUID) -> float:
        """Internal resistance of the bank as learned until now, Ω."""
        return (await self._memory.load(system_id)).learned.resistance_ohm

    async def _miners(self, system_id: UUID, rows: Sequence[Sample]) -> tuple[MinerSeries, ...]:
        hashrates = {
            stored.value.device_id: stored.value.hashrate_ths
            for stored in await self._settings.miners(system_id)
        }
        loads = [row for row in rows if isinstance(row, LoadSample)]
        return tuple(
            MinerSeries(
                switch=switch_series([row for row in loads if row.device_id == load.id]),
                power=[(row.at, row.power_w) for row in loads if row.device_id == load.id],
                hashrate_ths=hashrates.get(str(load.id), 0.0),
            )
            for load in await self._sites.loads(system_id)
            if load.kind is LoadKind.MINER
        )


class Rollup:
    """Fills the hourly and daily tables."""

    def __init__(
        self,
        *,
        sites: SiteStore,
        telemetry: TelemetryStore,
        settings: SettingsStore,
        memory: MemoryStore,
        clock: Clock,
    ) -> None:
        self._samples = SamplesOfSite(
            sites=sites, telemetry=telemetry, settings=settings, memory=memory
        )
        self._sites, self._telemetry, self._settings = sites, telemetry, settings
        self._clock = clock
        self._whole_day_at: dict[UUID, datetime] = {}

    async def roll(self, system_id: UUID, start: datetime, end: datetime) -> int:
        """Roll every local hour that touches [start, end) and its local days. Returns the hours.

        Hours of the future are left out; the hour in progress is rolled as far as it has come.
        """
        zone = await self._zone(system_id)
        now = self._clock.now()
        hours = hours_between(start.astimezone(UTC), min(end, now).astimezone(UTC), zone)
        if not hours:
            return 0
        last = hours[-1] + timedelta(hours=1)
        rows = await self._samples.rows(system_id, hours[0], last)
        await self._roll_hours(system_id, hours, rows, now)
        await self._roll_days(system_id, hours, zone)
        return len(hours)

    async def roll_recent(self, system_id: UUID) -> int:
        """Roll the hour in progress and the one before; once an hour the whole last day.

        A sample that comes late is thus in its hour and day within an hour, without integrating a
        whole day every few minutes.
        """
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._whole_day_at.get(system_id) == hour:
            return await self.roll(system_id, now - timedelta(hours=1), now)
        rolled = await self.roll_last_day(system_id)
        self._whole_day_at[system_id] = hour
        return rolled

    async def roll_last_day(self, system_id: UUID) -> int:
        """Roll the last 24 hours and the local days that they belong to."""
        now = self._clock.now()
        return await self.roll(system_id, now - timedelta(seconds=_DAY_S), now)

    async def _roll_hours(
        self, system_id: UUID, hours: list[datetime], rows: Sequence[Sample], now: datetime
    ) -> None:
        edge = timedelta(seconds=MAXIMUM_GAP_S)
        system_rows: list[RollupRow] = []
        bank_rows: list[RollupRow] = []
        preferences = (await self._settings.preferences(system_id)).value
        resistance_ohm = await self._samples.resistance_ohm(system_id)
        for hour in hours:
            end = min(hour + timedelta(hours=1), now)
            near = [row for row in rows if hour - edge <= row.at < end + edge]
            series = await self._samples.series(system_id, near)
            period = summarize(series, start=hour, end=end)
            system_rows.append({"system_id": system_id, "start_at": hour, **_row(period)})
            bank_rows += _bank_rows(system_id, near, (hour, end), preferences, resistance_ohm)
        await self._telemetry.save_rollup(HOURLY, system_rows)
        await self._telemetry.save_rollup(BANK_HOURLY, bank_rows)

    async def _roll_days(self, system_id: UUID, hours: list[datetime], zone: ZoneInfo) -> None:
        capacity_wh = (await self._settings.preferences(system_id)).value.battery_capacity_wh
        days = sorted({day_bounds(hour, zone) for hour in hours})
        rows: list[RollupRow] = []
        for start, end in days:
            stored = await self._telemetry.rollup(HOURLY, system_id, start=start, end=end)
            period = combine([period_of(row) for row in stored])
            rows.append(
                {
                    "system_id": system_id,
                    "start_at": start,
                    **_row(period),
                    "self_consumption_pct": period.self_consumption_pct,
                    "self_sufficiency_pct": period.self_sufficiency_pct,
                    "battery_cycles": battery_cycles(period, capacity_wh=capacity_wh),
                }
            )
        await self._telemetry.save_rollup(DAILY, rows)

    async def _zone(self, system_id: UUID) -> ZoneInfo:
        return ZoneInfo((await self._settings.preferences(system_id)).value.timezone)


def period_of(row: RollupRow) -> EnergyPeriod:
    """The period of a stored row; other columns are ignored."""
    names = {field.name for field in fields(EnergyPeriod)}
    values: dict[str, Any] = {name: value for name, value in row.items() if name in names}
    return EnergyPeriod(**values)


def switch_series(rows: Sequence[LoadSample]) -> TimedValues:
    """1 for on, 0 for off, None where the state is unknown."""
    return [(row.at, None if row.is_on is None else float(row.is_on)) for row in rows]


def _bank_rows(
    system_id: UUID,
    rows: Sequence[Sample],
    span: tuple[datetime, datetime],
    preferences: Preferences,
    resistance_ohm: float,
) -> list[RollupRow]:
    start, end = span
    monitors = [row for row in rows if isinstance(row, BatterySample)]
    bank_rows: list[RollupRow] = []
    for device_id in sorted({row.device_id for row in monitors}):
        rows_of_bank = [row for row in monitors if row.device_id == device_id]
        voltage = in_force(_voltages(rows_of_bank), (), preferences)
        power: TimedValues = [(row.at, row.power_w) for row in rows_of_bank]
        soc = soc_of(voltage, _currents(rows_of_bank), preferences, resistance_ohm)
        series = SiteSeries(voltage=(voltage,), battery=(power,), soc=(soc,))
        period = summarize(series, start=start, end=end)
        temperatures = [
            row.temperature_c
            for row in rows_of_bank
            if row.temperature_c is not None and start <= row.at < end
        ]
        bank_rows.append(
            {
                "system_id": system_id,
                "device_id": device_id,
                "start_at": start,
                **{name: getattr(period, name) for name in _BANK_COLUMNS},
                "temperature_min_c": min(temperatures, default=None),
                "temperature_max_c": max(temperatures, default=None),
                "covered_s": period.battery_covered_s,
                "missing_s": period.battery_missing_s,
            }
        )
    return bank_rows


_BANK_COLUMNS = (
    "battery_charge_wh",
    "battery_discharge_wh",
    "battery_charge_peak_w",
    "battery_discharge_peak_w",
    "voltage_min_v",
    "voltage_max_v",
    "voltage_mean_v",
    "soc_min_pct",
    "soc_max_pct",
    "soc_mean_pct",
)


def _by_device(rows: Sequence[_S], value: Callable[[_S], float | None]) -> tuple[TimedValues, ...]:
    """One series per device that has any value, in the order of the devices' ids."""
    return tuple([(row.at, value(row)) for row in of] for of in _of_devices(rows, value))


def _of_devices(rows: Sequence[_S], value: Callable[[_S], float | None]) -> list[list[_S]]:
    """The samples of each device that has any value, in the order of the devices' ids."""
    devices = sorted({row.device_id for row in rows if value(row) is not None})
    return [[row for row in rows if row.device_id == device] for device in devices]


def _voltages(rows: Sequence[BatterySample]) -> TimedValues:
    return [(row.at, row.voltage_v) for row in rows]


def _currents(rows: Sequence[BatterySample]) -> dict[datetime, float | None]:
    return {row.at: row.current_a for row in rows}


def _row(period: EnergyPeriod) -> dict[str, float | None]:
    return asdict(period)
