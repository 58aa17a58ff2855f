"""Thermostats of a zone: fan, heating and the cold that forbids charging, each with hysteresis."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from energy.site.loads import Zone
from energy.site.snapshot import Reading

SENSOR_TIMEOUT_S = 900.0
"""A reading this old counts as missing, s."""

CHARGING_RELEASE_K = 2.0
"""Charging is released this far above the temperature below which it is blocked, K."""

FULL_SPEED_ABOVE_HOT_K = 5.0
"""The fan reaches its highest speed this far above ``temp_too_hot``, K."""

DEFAULT_BAND_K = 2.0
"""Width of the hysteresis where the owner has set only its outer temperature, K."""

LOW_SPEED = 1
"""The fan's lowest speed."""

SPEED_HYSTERESIS = 0.75
"""A running fan changes speed only when the wanted speed differs by at least this much, in
steps.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMemory:
    """Memory of one zone between cycles.

    Attributes:
        fan_on: The fan's thermostat is on.
        fan_speed: The fan's last speed, in tenths of its range.
        heating_on: The heating's thermostat is on.
        charging_blocked: The battery must not be charged until the zone or bank is 2 K warmer.
        last_reading_at: When the last usable reading was measured; without any, when the first
            cycle noticed that.
        miner_asked_since: Since when a miner has been asked for its heat without running.
    """

    fan_on: bool = False
    fan_speed: int = LOW_SPEED
    heating_on: bool = False
    charging_blocked: bool = False
    last_reading_at: datetime | None = None
    miner_asked_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureBand:
    """A hysteresis: the temperatures at which something goes on and off, °C."""

    on_c: float
    off_c: float


def fan_band(zone: Zone) -> TemperatureBand | None:
    """On at or above ``on_c``, off at or below ``off_c``; None without ``temp_too_hot``."""
    on_c, off_c = zone.temp_too_hot, zone.temp_hot_ok
    if on_c is None:
        return None
    return TemperatureBand(on_c=on_c, off_c=on_c - DEFAULT_BAND_K if off_c is None else off_c)


def heat_band(zone: Zone) -> TemperatureBand | None:
    """On at or below ``on_c``, off at or above ``off_c``; None without ``temp_too_cold``."""
    on_c, off_c = zone.temp_too_cold, zone.temp_cold_ok
    if on_c is None:
        return None
    return TemperatureBand(on_c=on_c, off_c=on_c + DEFAULT_BAND_K if off_c is None else off_c)


def usable_c(reading: Reading | None) -> float | None:
    """The temperature, °C; None when it is missing, 15 min old or no number."""
    if reading is None or reading.age_s >= SENSOR_TIMEOUT_S or not math.isfinite(reading.value):
        return None
    return reading.value


def thermostats(
    zone: Zone, temperature_c: float | None, before: ZoneMemory, *, sets_speed: bool
) -> ZoneMemory:
    """The zone's memory after this temperature (°C); without one it stays as it was.

    No speed is decided where the fan's device can't set one (``sets_speed`` False).
    """
    if temperature_c is None:
        return before
    fan_on = _fan_wanted(zone, temperature_c, was_on=before.fan_on)
    return replace(
        before,
        fan_on=fan_on,
        fan_speed=_speed(zone, temperature_c, before) if fan_on and sets_speed else LOW_SPEED,
        heating_on=_heat_wanted(zone, temperature_c, was_on=before.heating_on),
    )


def fan_speed(temperature_c: float, zone: Zone) -> int:
    """Speed of a fan that is on, in tenths of its range: from 1 at ``temp_hot_ok``, linearly, to
    the highest at ``temp_too_hot`` + 5 K, rounded half up; always the highest without automatic
    speed.
    """
    return math.floor(_exact_speed(temperature_c, zone) + 0.5)


def _exact_speed(temperature_c: float, zone: Zone) -> float:
    highest, band = zone.exhaust_fan_max_speed, fan_band(zone)
    if not zone.exhaust_fan_speed_auto or band is None:
        return highest
    span_k = band.on_c + FULL_SPEED_ABOVE_HOT_K - band.off_c
    speed = LOW_SPEED + (highest - LOW_SPEED) * (temperature_c - band.off_c) / span_k
    return max(LOW_SPEED, min(highest, speed))


def _speed(zone: Zone, temperature_c: float, before: ZoneMemory) -> int:
    """Speed of a fan that is on. A running fan keeps its speed within the hysteresis, because each
    change is a command to a device.
    """
    away = abs(_exact_speed(temperature_c, zone) - before.fan_speed)
    if before.fan_on and away < SPEED_HYSTERESIS and before.fan_speed <= zone.exhaust_fan_max_speed:
        return before.fan_speed
    return fan_speed(temperature_c, zone)


def charging_blocked(
    zone: Zone, zone_c: float | None, battery_c: float | None, *, was_blocked: bool
) -> bool:
    """Whether charging must be blocked, by the lower of zone and bank temperature, °C.

    Without either temperature the block stays as it was.
    """
    below_c = zone.block_charging_below_temp
    if below_c is None:
        return False
    known = [c for c in (zone_c, battery_c) if c is not None]
    if not known:
        return was_blocked
    coldest_c = min(known)
    return coldest_c < below_c or (was_blocked and coldest_c < below_c + CHARGING_RELEASE_K)


def _fan_wanted(zone: Zone, temperature_c: float, *, was_on: bool) -> bool:
    band = fan_band(zone)
    if band is None:
        return False
    return temperature_c >= band.on_c or (was_on and temperature_c > band.off_c)


def _heat_wanted(zone: Zone, temperature_c: float, *, was_on: bool) -> bool:
    band = heat_band(zone)
    if band is None:
        return False
    return temperature_c <= band.on_c or (was_on and temperature_c < band.off_c)
